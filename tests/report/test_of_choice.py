from pathlib import Path

import pytest
from report.handmade import LEAK, rows_of, texts_of
from report.handreported import RESULT, cells, drawing, look, reported, tables, texts, warnings_of

from justfit.report import of_choice
from justfit.report.look import COLOURS
from justfit.report.of_choice import choice
from justfit.spec import AllRows, Settings

NETWORKS: dict[str, Settings] = {
    "small": {"hidden": [4]},
    "large": {"hidden": [16]},
    "bad": {"hidden": [8]},
}
VALUES = {"small": (0.41, 0.42, 0.40), "large": (0.38, 0.42, 0.39), "bad": (0.90, 0.91, 0.92)}


def losses(network: str, _split: int, seed: int) -> list[float]:
    return [VALUES[network][seed]]


def test_networks_are_ranked_and_ties_with_the_chosen_one_are_ties(tmp_path: Path) -> None:
    section = choice(reported(tmp_path, NETWORKS, losses, replicates=3, chosen="small"))
    drawn = drawing(section, "choice")
    lines = {row["line"]: (row["name"], row["note"]) for row in rows_of(drawn.chart) if "low" in row}
    assert lines == {0: ("large", "tie"), 1: ("small", "chosen"), 2: ("bad", "worse")}
    assert [look(drawn.chart, name)[0] for name in ("large", "small")] == [COLOURS[0], COLOURS[1]]
    (table,) = tables(section)
    assert [row[0] for row in table.rows] == ["large", "small", "bad"]
    assert table.marked == {1}
    assert cells(table, "large")["beside it"] == "tie"


def test_the_stored_reason_and_the_decisions_are_told(tmp_path: Path) -> None:
    result = {
        "decisions": ["scale_up: None overfits: more is needed."],
        "reason": "It is the smallest of two.",
    }
    told = texts(choice(reported(tmp_path, NETWORKS, losses, replicates=3, chosen="small", result=result)))
    assert told[0] == 'Taken is "small", validation loss 0.4100 (95% interval 0.3852 to 0.4348, epoch 1).'
    assert told[1] == "It is the smallest of two."
    assert told[2] == (
        '1 network ties with the chosen network "small": "large"; 1 is distinguishably worse. Verdicts are '
        "corrected for all pairs of networks."
    )
    assert told[3] == "On the way, scale up: None overfits: more is needed."


def test_an_unfinished_study_says_so_and_ranks_what_there_is(tmp_path: Path) -> None:
    section = choice(reported(tmp_path, NETWORKS, losses, replicates=3, untrained=("bad",)))
    (warning,) = warnings_of(section)
    assert warning.startswith(
        "No network is chosen yet: of the stages that have begun 6 of 9 runs are trained."
    )
    rows = {row["name"]: row["note"] for row in rows_of(drawing(section, "choice").chart) if "low" in row}
    assert rows == {"large": "best", "small": "tie"}


def test_one_run_each_tells_no_tie(tmp_path: Path) -> None:
    section = choice(reported(tmp_path, NETWORKS, losses, chosen="large"))
    assert texts(section)[-1] == 'Of 2 networks one pair of runs with the chosen network "large" cannot tell.'
    assert {row["note"] for row in rows_of(drawing(section, "choice").chart) if "name" in row} == {
        "chosen",
        "",
    }


def test_the_only_network_needs_no_chart(tmp_path: Path) -> None:
    section = choice(reported(tmp_path, {"small": {"hidden": [4]}}, losses, replicates=3, chosen="small"))
    assert section is not None
    assert len(section.blocks) == 2


def test_where_no_row_validates_the_study_has_named_the_network(tmp_path: Path) -> None:
    result = {"standing": None, "reason": "", "validation_baseline": None}
    section = choice(
        reported(
            tmp_path, {"small": {"hidden": [4]}}, losses, validation=AllRows(), chosen="small", result=result
        )
    )
    assert texts(section) == ['Taken is "small", as the study names it: no row validates that could choose.']


def test_a_leaked_choice_is_marked(tmp_path: Path) -> None:
    result = {**RESULT, "leaked": True}
    section = choice(reported(tmp_path, NETWORKS, losses, validation=LEAK, chosen="large", result=result))
    assert texts(section)[0].startswith("LEAKED: chosen by the test rows themselves.")
    drawn = drawing(section, "choice")
    assert "(leaked)" in texts_of(drawn.chart)[0]
    assert "LEAKED" in drawn.told
    assert cells(tables(section)[0], "large")["validation loss"].endswith("LEAKED")


def test_of_very_many_networks_the_best_are_shown_and_the_chosen_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_choice, "MOST", 3)
    networks: dict[str, Settings] = {f"n{number}": {"hidden": [number]} for number in range(1, 8)}
    section = choice(reported(tmp_path, networks, lambda name, *_: [int(name[1:]) / 100], chosen="n6"))
    (table,) = tables(section)
    assert [row[0] for row in table.rows] == ["n1", "n2", "n3", "n6"]
    assert table.marked == {3}
    assert "the 4 best of 7 networks" not in drawing(section, "choice").caption
    assert "of the 3 best of 7 networks and the chosen one" in drawing(section, "choice").caption
