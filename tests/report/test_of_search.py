from pathlib import Path

import pytest
from report.handmade import LEAK, labels_of, rows_of, texts_of
from report.handreported import cells, drawing, reported, tables, texts, with_fits

from justfit.report.of_search import scaling, settings
from justfit.spec import Settings

SIZES: dict[str, Settings] = {"s": {"hidden": [4]}, "m": {"hidden": [8]}, "l": {"hidden": [16]}}
HELD: dict[str, Settings] = {**SIZES, "held": {"hidden": [16], "dropout": 0.5}}


def losses(network: str, _split: int, seed: int) -> list[float]:
    """The middle one is at its best in epoch 2, with 0.4."""
    lowest = {"s": 0.6, "m": 0.4, "l": 0.5}.get(network, 0.3)
    return [0.8 + 0.01 * seed, lowest + 0.01 * seed, 0.7 + 0.01 * seed, 0.9]


def test_scaling_overlays_sizes_and_marks_where_overfitting_begins(tmp_path: Path) -> None:
    found = with_fits(reported(tmp_path, HELD, losses, replicates=2), s=None, m=3, l=2, held=None)
    section = scaling(found)
    drawn = drawing(section, "scaling")
    assert set(labels_of(drawn.chart)) == {"s", "m", "l"}
    onsets = {row["name"]: row["overfits from"] for row in rows_of(drawn.chart) if "overfits from" in row}
    assert onsets == {"m": 3, "l": 2}
    assert "Triangles: overfitting begins." in texts_of(drawn.chart)[1]
    told = texts(section)
    assert told[0] == "3 networks of 40 to 160 parameters differ in size alone, and nothing holds them back."
    assert "By their curves, of 3 networks 2 are overfit, 1 is just right." in told
    assert '"l" overfits soonest, from epoch 2 on, "m" last, from epoch 3 on.' in told
    assert '"m" is overfit from epoch 3: so it is.' in told


def test_the_table_of_sizes_holds_how_each_stands_and_fits(tmp_path: Path) -> None:
    found = with_fits(reported(tmp_path, SIZES, losses, replicates=2, chosen="m"), m=3)
    (table,) = tables(scaling(found))
    assert [row[0] for row in table.rows] == ["s", "m", "l"]
    assert table.marked == {1}
    half = 12.706205 * 0.005  # Student's t of two runs; their standard error
    assert cells(table, "m") == {
        "network": "m",
        "parameters": "80",
        "runs": "2",
        "best epoch": "2",
        "validation loss": "0.4050",
        "95% interval": f"{0.405 - half:.4f} to {0.405 + half:.4f}",
        "validation accuracy": "79.8%",
        "fit": "overfit from 3",
    }


def test_ties_between_sizes_are_called_ties(tmp_path: Path) -> None:
    def noisy(network: str, _split: int, seed: int) -> list[float]:
        return [(0.8, 0.4, 0.41)["sml".index(network)] + (0.05, -0.05, 0.0)[seed] * (network == "l")]

    told = texts(scaling(reported(tmp_path, SIZES, noisy, replicates=3)))
    assert told[1] == (
        'The best is "m", validation loss 0.4000 (95% interval 0.4000 to 0.4000, epoch 1); "l" ties with it; '
        "1 is distinguishably worse."
    )


def test_one_run_each_cannot_tell_a_tie(tmp_path: Path) -> None:
    told = texts(scaling(reported(tmp_path, SIZES, losses)))
    assert 'The best is "m", validation loss 0.4000 (epoch 2), and one run each cannot tell a tie.' in told


def test_sizes_are_drawn_against_their_units_with_intervals(tmp_path: Path) -> None:
    drawn = drawing(scaling(reported(tmp_path, SIZES, losses, replicates=2)), "scaling-sizes")
    bars = {row["field"]: row["y"] for row in rows_of(drawn.chart) if "low" in row}
    assert bars == pytest.approx({"4": 0.605, "8": 0.405, "16": 0.505})
    assert "by units of the first hidden layer" in drawn.caption


def test_a_single_network_has_no_section(tmp_path: Path) -> None:
    found = reported(tmp_path, {"a": {"hidden": [4]}}, losses)
    assert scaling(found) is None
    assert settings(found) is None


def test_leaked_figures_are_marked_in_every_block(tmp_path: Path) -> None:
    section = scaling(with_fits(reported(tmp_path, SIZES, losses, validation=LEAK), s=None, m=3, l=2))
    assert section is not None
    for text in texts(section)[1:]:
        assert "LEAKED" in text
    drawn = drawing(section, "scaling")
    assert "LEAKED" in drawn.told
    assert "(leaked)" in texts_of(drawn.chart)[0]
    (table,) = tables(section)
    assert cells(table, "m")["validation loss"] == "0.4000 LEAKED"


def test_one_setting_is_drawn_along_its_axis(tmp_path: Path) -> None:
    networks: dict[str, Settings] = {
        "a": {"hidden": [4], "batch_size": 16},
        "b": {"hidden": [4], "batch_size": 32},
        "c": {"hidden": [4], "batch_size": 64},
    }
    section = settings(reported(tmp_path, networks, losses, replicates=2))
    assert (
        texts(section)[0]
        == 'Stage "second" varies batch size: 3 networks of the study differ in nothing else.'
    )
    drawn = drawing(section, "settings-1")
    assert {row["field"] for row in rows_of(drawn.chart) if "low" in row} == {"16", "32", "64"}
    assert drawn.table is not None
    assert [row[0] for row in drawn.table.rows] == ["a", "b", "c"]


def test_several_settings_are_drawn_side_by_side_the_best_first(tmp_path: Path) -> None:
    networks: dict[str, Settings] = {
        "held": {"hidden": [4], "batch_size": 16},
        "m": {"hidden": [4], "batch_size": 32},
        "l": {"hidden": [4], "learning_rate": 0.1},
    }
    section = settings(reported(tmp_path, networks, losses, left={"l": 4}))
    assert "varies batch size and learning rate" in texts(section)[0]
    rows = [row for row in rows_of(drawing(section, "settings-1").chart) if "name" in row]
    lines = {row["name"]: (row["line"], row["note"]) for row in rows}
    assert lines == {"held": (0, "best"), "m": (1, ""), "l": (2, "left after 4")}


def test_of_very_many_networks_side_by_side_the_best_are_drawn(tmp_path: Path) -> None:
    networks: dict[str, Settings] = {
        f"n{number}": {"hidden": [4], "batch_size": number, "learning_rate": number / 100}
        for number in range(1, 64)
    }
    section = settings(reported(tmp_path, networks, lambda name, *_: [int(name[1:]) / 100]))
    drawn = drawing(section, "settings-1")
    assert drawn.caption == "Validation loss in the best epoch of the 60 best of 63 networks"
    assert {row["name"] for row in rows_of(drawn.chart) if "name" in row} == {f"n{n}" for n in range(1, 61)}
    assert drawn.table is not None
    assert len(drawn.table.rows) == 63


def test_no_loss_is_told_to_be_below_0(tmp_path: Path) -> None:
    def wild(_network: str, _split: int, seed: int) -> list[float]:
        return [0.1 + 0.8 * seed]

    section = scaling(reported(tmp_path, SIZES, wild, replicates=2))
    assert cells(tables(section)[0], "s")["95% interval"] == "0.0000 to 5.5825"
