"""Tables and study files in standard input, where ``-`` stands for their name."""

from pathlib import Path

import pytest
from cli.ended import Command

from justfit.store import read_study, study_folders

STUDY = b"data: wine\ndefaults: {epochs: 2}\nstages: {widths: {grid: {hidden: [[4], [8]]}}}\n"


def table(rows: int = 60) -> bytes:
    """Numbers and words that tell a class easily."""
    lines = [f"{row % 2 * 3 + row % 5},{row % 7}.5,{'good' if row % 2 else 'bad'}" for row in range(rows)]
    return "\n".join(["near,far,opinion", *lines, ""]).encode()


def test_a_study_file_is_checked_without_a_name(command: Command, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_bytes(STUDY)
    assert command("check", "-", stdin=STUDY) == command("check", "study.yaml")
    wrong = command("check", "-", stdin=STUDY.replace(b"epochs: 2", b"epochs: 0"))
    assert wrong.code == 1
    assert wrong.err.startswith("error: standard input, line 2, defaults.epochs: ")
    assert command("check", "-", stdin=b"").err == (
        "error: standard input: is empty: give at least data and stages.\n"
    )


def test_what_a_study_takes_is_told_without_a_name(command: Command) -> None:
    ended = command("plan", "-", stdin=STUDY)
    assert ended.code == 0
    assert "to train: " in ended.out


def test_a_table_is_looked_at_and_leaves_nothing(command: Command, tmp_path: Path) -> None:
    shown = command("data", "show", "-", "--target", "opinion", "--row", "0", stdin=table())
    assert shown.code == 0
    assert "training row 0 of 48" in shown.out
    audited = command("data", "audit", "-", "--target", "opinion", stdin=table())
    assert audited.out.splitlines()[-1].startswith("standard_input: 0 errors")
    answer = command("data", "audit", "-", "--json", stdin=table()).answer
    assert answer["targets"] == ["near", "far", "opinion"]
    assert list(tmp_path.iterdir()) == []


def test_a_row_of_a_table_is_shown_by_its_columns(command: Command, tmp_path: Path) -> None:
    rows = "\n".join(f"{row % 10}.5,{'' if row % 3 else 'red'},{row % 2}" for row in range(40))
    (tmp_path / "colours.csv").write_text(f"size,colour,label\n{rows}\n")
    answer = command("data", "show", "colours.csv", "--target", "label", "--json").answer
    assert set(answer["columns"]) == {"size", "colour"}
    size, colour = answer["columns"]["size"], answer["columns"]["colour"]
    assert f"{size},{colour},{answer['class']}" in rows.splitlines()
    text = command("data", "show", "colours.csv", "--target", "label").out
    assert f"size {size:g}" in " ".join(text.split())


@pytest.mark.slow
def test_a_table_is_kept_so_that_its_study_can_be_carried_out_again(command: Command, tmp_path: Path) -> None:
    asked = ("run", "-", "--target", "opinion", "--hidden", "4", "--epochs", "2")
    first = command(*asked, stdin=table())
    assert first.code == 0, first.err
    (folder,) = study_folders(tmp_path / "justfit-runs")
    kept = Path(read_study(folder).spec["data"]["files"]["train"])
    assert kept.read_bytes() == table()
    assert kept.is_relative_to(tmp_path / "justfit-runs")
    first_line = command("show", folder).out.splitlines()[0]
    assert f", train {kept}, target opinion, " in first_line
    assert "{" not in first_line, "what was said of the data is told in words"
    again = command(*asked, stdin=table())
    assert again.out.splitlines()[-1] == first.out.splitlines()[-1], "the same bytes are the same study"
    assert study_folders(tmp_path / "justfit-runs") == [folder]
    assert command("run", folder).code == 0, "it is found without standard input"
    other = command(*asked, stdin=table(80))
    assert other.code == 0
    assert len(study_folders(tmp_path / "justfit-runs")) == 2


@pytest.mark.parametrize("asked", [("run",), ("data", "show"), ("data", "audit")])
def test_what_may_be_a_study_file_is_no_table(command: Command, asked: tuple[str, ...]) -> None:
    error = command(*asked, "-", stdin=STUDY).error
    assert "--target NAME" in error
    assert "A study file is run by its name." in error


@pytest.mark.parametrize("arguments", [("run", "-", "--hidden", "4"), ("data", "audit", "-")])
def test_nothing_in_standard_input_is_told(command: Command, arguments: tuple[str, ...]) -> None:
    assert "is empty: it has 0 bytes" in command(*arguments, "--target", "opinion", stdin=b"").error
