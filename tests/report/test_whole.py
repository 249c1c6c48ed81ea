import json
import math
import re
from pathlib import Path

import pytest
from report import handreported
from report.golden import HOSTILE, SPELT, require_gold
from report.golden import report as told
from report.handmade import FOUR_FOLDS, LEAK

from justfit.errors import StoreError
from justfit.report import html, whole
from justfit.report.blocks import Report, Section
from justfit.report.markdown import to_markdown
from justfit.report.plain import plain_report
from justfit.report.reported import Reported
from justfit.report.whole import drawings, report_of, write_copies, write_report

ONE = {"8-1": {"hidden": [8]}}
TWO = {**ONE, "16-1": {"hidden": [16], "dropout": 0.5}}


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """No library that draws: putting it together takes seconds."""
    monkeypatch.setattr(html, "vega", lambda: "")


def losses(network: str, split: int, _seed: int) -> list[float]:
    return [0.8, 0.5 + 0.01 * split + 0.1 * (network == "16-1"), 0.6, 0.7]


RESULT = {
    "chosen": "8-1",
    "data": "wine",
    "epochs": 2,
    "reason": "8-1 is the smallest of 2 networks within one standard error.",
    "standing": {"figure": "val_data_loss", "best_epoch": 2, "value": 0.525, "spread": 0.0129, "runs": 4},
    "best_epoch": 2,
    "learned": True,
    "seconds": 1.25,
    "justfit": "0.1.0",
    "audit": [
        {"what": "few_rows", "level": "warning", "count": 1, "rows": [3], "sentence": "There are few rows."}
    ],
}


def reported(store: Path, **result: object) -> Reported:
    """Two networks on four folds, the first of which is chosen and not tested."""
    return handreported.reported(
        store, TWO, losses, chosen="8-1", validation=FOUR_FOLDS, result={**RESULT, **result}
    )


def test_the_report_of_a_study_written_by_hand_is_as_it_was_read_and_found_good(tmp_path: Path) -> None:
    found = report_of(reported(tmp_path))
    require_gold("study.md", to_markdown(found))
    require_gold("study.json", json.dumps(plain_report(found), indent=1) + "\n")


def test_sections_stand_in_the_order_of_the_workflow_and_charts_have_names_of_their_own(
    tmp_path: Path,
) -> None:
    found = report_of(reported(tmp_path))
    keys = [section.key for section in found.sections]
    order = [
        *("data", "protocol", "baselines", "scaling", "regularization", "settings", "choice", "final"),
        *("test", "errors", "warnings", "repeat"),
    ]
    assert keys == [key for key in order if key in keys]
    assert keys[:2] == ["data", "protocol"]
    assert keys[-2:] == ["warnings", "repeat"]
    names = [drawing.name for drawing in drawings(found)]
    assert names
    assert len(set(names)) == len(names)


def test_the_lead_tells_what_came_out(tmp_path: Path) -> None:
    tested = {
        "test": {"accuracy": {"value": 0.9, "low": 0.8, "high": 0.95}},
        "test_baseline": handreported.accuracy(0.55, 0.35, 0.75, ham=11, spam=9),
    }
    lead = whole.lead(reported(tmp_path, **tested))
    first, second, *_ = lead
    assert first.text == (
        '"8-1" answers 90.0% (95% interval 80.0% to 95.0%) of 20 test rows right; "ham" for every row would '
        "be right for 55.0%."
    )
    assert first.figures["accuracy"] == tested["test"]["accuracy"]
    assert first.figures["baseline"] == 0.55
    assert second.text == f"It was chosen among 2 networks by 8 runs: {RESULT['reason']}"


def test_the_lead_of_a_regression_tells_the_mean_error(tmp_path: Path) -> None:
    tested = {
        "test": {"mae": {"value": 4.25, "low": None, "high": None}},
        "test_baseline": {"answer": 151.6, "figures": {"mae": {"value": 59.5}}},
        "learned": False,
    }
    first, second, *_ = whole.lead(reported(tmp_path, **tested))
    assert first.text == (
        '"8-1" is off by 4.2500 (95% interval unknown) on average over 20 test rows; 151.6 for every row '
        "would be off by 59.5000."
    )
    assert second.text == "Nothing was learned that can be told from guessing."
    assert second.is_warning


def test_an_unfinished_study_is_told_as_far_as_it_came(tmp_path: Path) -> None:
    found = report_of(handreported.reported(tmp_path, TWO, losses, untrained=("16-1",)))
    assert [(each.text, each.is_warning) for each in found.lead] == [
        ("handmade is not done yet: so far 1 runs of 2 networks are trained.", True)
    ]
    assert {"protocol", "warnings", "repeat"} <= {section.key for section in found.sections}
    assert not [section.key for section in found.sections if section.key in ("test", "final", "errors")]


def test_a_leaked_study_says_so_first(tmp_path: Path) -> None:
    leaked = handreported.reported(tmp_path, ONE, losses, validation=LEAK)
    assert report_of(leaked).leaked
    assert "**LEAKED: networks were chosen by the test rows" in to_markdown(report_of(leaked))


def test_a_section_whose_files_are_broken_says_so_and_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Reported) -> Section:
        raise KeyError("lost")

    def refuses(_: Reported) -> Section:
        raise StoreError("runs/x.json is cut off: remove it.")

    monkeypatch.setattr(
        whole, "_SECTIONS", {"Protocol": fails, "The test": refuses, "Warnings": whole._SECTIONS["Warnings"]}
    )
    found = report_of(reported(tmp_path))
    assert [section.key for section in found.sections] == ["protocol", "test", "warnings"]
    assert "files that do not fit together (KeyError: 'lost')" in found.sections[0].blocks[0].text
    assert found.sections[1].blocks[0].text == "This cannot be told. runs/x.json is cut off: remove it."
    assert found.sections[1].blocks[0].is_warning


def test_a_diverged_study_has_a_report(tmp_path: Path) -> None:
    lost = handreported.reported(
        tmp_path, TWO, lambda network, *_: [0.8, math.inf if network == "16-1" else 0.5], diverged=("16-1",)
    )
    text = to_markdown(report_of(lost))
    assert "1 of 2 runs diverged, of 16-1" in text
    assert "cannot be told" not in text


def test_names_from_data_stay_text_throughout(tmp_path: Path) -> None:
    found = handreported.reported(
        tmp_path,
        {HOSTILE: {"hidden": [8]}, "b": {"hidden": [4]}},
        losses,
        chosen=HOSTILE,
        validation=FOUR_FOLDS,
        result={**RESULT, "chosen": HOSTILE, "classes": [HOSTILE, "n" * 10_000], "notes": [HOSTILE]},
    )
    path = write_report(found)
    page = path.read_text()
    assert path.name == "report.html"
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "{{7*7}}" in page
    assert SPELT.partition(" ")[2][:20] in page
    assert "cannot be told" not in page


def test_copies_stand_in_a_folder_with_every_chart_that_they_show(tmp_path: Path) -> None:
    page, markdown, *charts = write_copies(told("x"), tmp_path / "out")
    assert page.read_text().startswith("<!DOCTYPE html>")
    shown = re.findall(r"\]\((charts/[^)]+)\)", markdown.read_text())
    assert shown == ["charts/scaling.svg", "charts/twin.svg"]
    for name in shown:
        assert (markdown.parent / name).read_text().startswith("<svg")
        assert (markdown.parent / name).with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in charts} == {path.name for path in (tmp_path / "out" / "charts").iterdir()}


def test_a_report_without_charts_makes_no_pictures(tmp_path: Path) -> None:
    written = write_copies(Report("t", (), (), leaked=False), tmp_path / "out")
    assert [path.name for path in written] == ["report.html", "report.md"]
