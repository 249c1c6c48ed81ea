import json
from pathlib import Path

import pytest
from cli.begun import begun
from cli.ended import Command
from markdown_it import MarkdownIt
from workflow.handmade import numbers, small_study

from justfit.report import html
from justfit.store import StudyPaths, read_mistakes, study_folders


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """No library that draws: putting it together takes seconds."""
    monkeypatch.setattr(html, "vega", lambda: "")


def folder(store: Path, name: str) -> Path:
    return next(each for each in study_folders(store) if each.name.startswith(name))


def test_the_report_is_written_into_the_study_s_folder_with_its_mistakes(
    command: Command, store: Path
) -> None:
    ended = command("report", "diabetes", "--store", store)
    path = StudyPaths(folder(store, "diabetes")).report
    assert (ended.code, ended.out) == (0, f"written to {path}\n")
    assert ended.err == ""
    page = path.read_text()
    assert "<h1" in page
    assert read_mistakes(path.parent) is not None
    assert 'id="errors"' in page


@pytest.mark.slow
def test_a_folder_gets_page_markdown_and_charts(command: Command, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "here"
    ended = command("report", "breast_cancer", "--store", store, "--out", out)
    assert ended.code == 0, ended
    charts = sorted((out / "charts").iterdir())
    assert ended.out.splitlines() == [
        f"written to {out / 'report.html'}",
        f"written to {out / 'report.md'}",
        f"{len(charts)} files of charts written to {out / 'charts'}",
    ]
    tokens = MarkdownIt("commonmark").parse((out / "report.md").read_text())
    images = [
        str(child.attrs["src"]) for token in tokens for child in token.children or () if child.type == "image"
    ]
    assert images
    assert {out / name for name in images} == {path for path in charts if path.suffix == ".svg"}
    assert {path.with_suffix(".svg") for path in charts if path.suffix == ".png"} == {
        out / name for name in images
    }


def test_json_has_the_sentences_with_their_figures_and_nothing_else(command: Command, store: Path) -> None:
    ended = command("report", "breast_cancer", "--store", store, "--json")
    found = json.loads(ended.out)
    assert (found["format"], found["title"], found["leaked"]) == (1, "breast_cancer", False)
    assert 0 < found["lead"][0]["figures"]["accuracy"]["value"] <= 1
    kinds = {block["kind"] for section in found["sections"] for block in section["blocks"]}
    assert {"sentence", "table", "drawing", "code"} <= kinds
    assert "vega" not in ended.out


def test_an_unfinished_study_has_a_report_too(command: Command, tmp_path: Path) -> None:
    store = tmp_path / "store"
    path = StudyPaths(begun(small_study(), numbers("binary"), store, runs=3)).report
    ended = command("report", "small", "--store", store)
    assert (ended.code, ended.err) == (0, "")
    assert "is not done yet" in path.read_text()


@pytest.mark.slow
def test_data_that_are_gone_leave_the_mistakes_out(command: Command, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    lines = [f"{number},{number % 7},{'yes' if number % 2 else 'no'}" for number in range(60)]
    rows.write_text("\n".join(["a,b,label", *lines]) + "\n")
    assert command("run", rows, "--target", "label", "--hidden", "2", "--epochs", "1").code == 0
    rows.unlink()
    StudyPaths(folder(Path("justfit-runs"), "rows")).mistakes.unlink()
    ended = command("report", "rows")
    assert ended.code == 0
    assert ended.err.startswith("The report tells no mistakes. ")
    assert ended.err.count("\n") == 1
    page = StudyPaths(folder(Path("justfit-runs"), "rows")).report.read_text()
    assert "What the network gets wrong is not known yet" in page
    assert 'id="errors"' not in page


def test_an_unknown_study_is_refused(command: Command, store: Path) -> None:
    assert 'No study "wnie"' in command("report", "wnie", "--store", store).error
