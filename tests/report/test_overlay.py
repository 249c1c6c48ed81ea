import math
from pathlib import Path

import pytest
from report.handmade import (
    FOUR_FOLDS,
    LEAK,
    THREE_TIMES_FOUR,
    bests_of,
    curve_of,
    labels_of,
    rows_of,
    study,
    texts_of,
)

from justfit.errors import SpecError, StoreError
from justfit.report.overlay import folds, overlay
from justfit.spec import AllRows
from justfit.store.paths import run_path

TWO = {"small": {"hidden": [4]}, "large": {"hidden": [16]}}


def losses(network: str, _split: int, seed: int) -> list[float]:
    """The small network is at its best in epoch 3, the large one in epoch 2."""
    ends = [0.9, 0.7, 0.5, 0.6] if network == "small" else [0.8, 0.4, 0.6, 0.9]
    return [loss + 0.02 * seed for loss in ends]


def test_each_network_is_the_mean_of_its_runs_with_a_ring_at_its_best_epoch(tmp_path: Path) -> None:
    chart = overlay(study(tmp_path, TWO, losses, replicates=3))
    assert curve_of(chart, "small") == pytest.approx({1: 0.92, 2: 0.72, 3: 0.52, 4: 0.62})
    assert curve_of(chart, "large") == pytest.approx({1: 0.82, 2: 0.42, 3: 0.62, 4: 0.92})
    assert bests_of(chart) == {"small": 3, "large": 2}
    assert set(labels_of(chart)) == {"small", "large"}
    assert texts_of(chart) == (
        "handmade: validation loss, without penalties",
        "Mean of 3 replicates, with its 95% interval. Rings: best epochs by val_data_loss.",
    )


def test_the_band_is_student_s_interval_of_the_mean(tmp_path: Path) -> None:
    chart = overlay(study(tmp_path, {"small": {"hidden": [4]}}, losses, replicates=3))
    (first,) = [row for row in rows_of(chart) if "low" in row and row["epoch"] == 1]
    half = 4.302653 * 0.02 / math.sqrt(3)  # t of 2 degrees of freedom; the deviation of 0.90, 0.92, 0.94
    assert (first["low"], first["high"]) == pytest.approx((0.92 - half, 0.92 + half))


def test_a_band_shows_no_accuracy_above_1(tmp_path: Path) -> None:
    def nearly_perfect(_network: str, _split: int, seed: int) -> list[float]:
        return [0.04 * seed, 0.02 * seed]

    chart = overlay(study(tmp_path, TWO, nearly_perfect, replicates=2), figure="val_metric")
    highs = [row["high"] for row in rows_of(chart) if "high" in row]
    assert highs
    assert max(highs) <= 1.0


def test_only_networks_that_are_named_are_drawn(tmp_path: Path) -> None:
    chart = overlay(study(tmp_path, TWO, losses), ["large"])
    assert labels_of(chart) == ["large"]
    assert curve_of(chart, "small") == {}


def test_of_other_figures_the_ring_stays_at_the_epoch_that_was_chosen(tmp_path: Path) -> None:
    chart = overlay(study(tmp_path, TWO, losses), figure="metric")
    assert bests_of(chart) == {"small": 3, "large": 2}
    assert curve_of(chart, "small")[3] == pytest.approx(1 - 0.5 / 4)
    assert texts_of(chart)[0] == "handmade: training accuracy"


@pytest.mark.parametrize(
    "count", [pytest.param(1, marks=pytest.mark.slow), 5, pytest.param(14, marks=pytest.mark.slow)]
)
def test_so_many_networks_all_have_a_name_and_a_look_of_their_own(tmp_path: Path, count: int) -> None:
    networks = {f"n{number}": {"hidden": [number]} for number in range(1, count + 1)}
    spec = overlay(study(tmp_path, networks, losses)).to_dict()
    marks = [layer["mark"] for layer in spec["layer"] if layer["mark"]["type"] == "line"]
    assert len({(mark["color"], tuple(mark["strokeDash"])) for mark in marks}) == count
    assert len([layer for layer in spec["layer"] if layer["mark"]["type"] == "text"]) == count


@pytest.mark.slow
def test_of_43_networks_the_seven_best_are_named_and_the_others_grey(tmp_path: Path) -> None:
    networks = {f"n{number}": {"hidden": [number]} for number in range(1, 44)}
    chart = overlay(study(tmp_path, networks, lambda network, *_: [1.0, 1 / int(network[1:])]))
    assert set(labels_of(chart)) == {f"n{number}" for number in range(37, 44)}
    assert len({row["name"] for row in rows_of(chart) if "name" in row}) == 43
    assert "the 7 best of 43 networks" in texts_of(chart)[1]


def test_figures_of_test_rows_are_marked_as_leaked_in_title_and_subtitle(tmp_path: Path) -> None:
    leaked = study(tmp_path, TWO, losses, validation=LEAK)
    for chart in (overlay(leaked), folds(leaked, "small"), overlay(leaked, figure="loss")):
        title, subtitle = texts_of(chart)
        assert title.endswith("(leaked)")
        assert "Validated on the test rows: leaked." in subtitle


def test_runs_that_diverged_are_told_of(tmp_path: Path) -> None:
    chart = overlay(study(tmp_path, TWO, losses, diverged=("small",)))
    assert "1 of 2 runs diverged" in texts_of(chart)[1]


def test_a_network_that_never_measured_a_finite_figure_is_left_out_and_told_of(tmp_path: Path) -> None:
    lost = study(
        tmp_path,
        TWO,
        lambda network, *_: [math.inf] if network == "small" else [0.5, 0.4],
        diverged=("small",),
    )
    chart = overlay(lost)
    assert labels_of(chart) == ["large"]
    assert "1 of 2 networks have no epoch that all runs reached." in texts_of(chart)[1]


@pytest.mark.slow
def test_a_figure_far_above_the_others_makes_the_axis_logarithmic(tmp_path: Path) -> None:
    def scale(top: float) -> str:
        stored = study(tmp_path / str(top), {"n": {"hidden": [1]}}, lambda *_: [0.5, top, 0.4, 0.3])
        layers = overlay(stored).to_dict()["layer"]
        return next(
            layer["encoding"]["y"]["scale"]["type"] for layer in layers if layer["mark"]["type"] == "line"
        )

    assert (scale(2.0), scale(1e6), scale(1e307)) == ("linear", "log", "log")


def test_unfinished_networks_are_left_out_but_cannot_be_asked_for(tmp_path: Path) -> None:
    begun = study(tmp_path, TWO, losses, untrained=("large",))
    assert labels_of(overlay(begun)) == ["small"]
    with pytest.raises(StoreError, match="missing"):
        overlay(begun, ["large"])


def test_a_chart_is_drawn_from_its_own_runs_or_not_at_all(tmp_path: Path) -> None:
    """Of the published mistakes the fifth: a history plotted as that of another network."""
    stored = study(tmp_path, TWO, losses)
    run_path(tmp_path, stored.networks["large"]["runs"][0]).unlink()
    with pytest.raises(StoreError, match="missing"):
        overlay(stored, ["small", "large"])


def test_what_cannot_be_drawn_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    stored = study(tmp_path, TWO, losses)
    with pytest.raises(SpecError, match=r'figure "val_los" is not known.*Did you mean "val_loss"'):
        overlay(stored, figure="val_los")
    with pytest.raises(StoreError, match=r'no network "smal".*Did you mean "small"'):
        overlay(stored, ["smal"])
    with pytest.raises(SpecError, match=r"fit_loss was measured in no epoch.*fit: true"):
        overlay(stored, figure="fit_loss")
    with pytest.raises(SpecError, match="has no trained network yet"):
        overlay(study(tmp_path / "new", TWO, losses, untrained=("small", "large")))


def test_without_validation_the_network_that_was_tested_is_drawn(tmp_path: Path) -> None:
    stored = study(tmp_path, TWO, losses, validation=AllRows(), chosen="large")
    chart = overlay(stored, figure="data_loss")
    assert labels_of(chart) == ["large"]
    assert bests_of(chart) == {}
    with pytest.raises(SpecError, match=r"val_data_loss was measured in no epoch.*hold rows out"):
        overlay(stored)
    with pytest.raises(SpecError, match='"small" was not tested, so it was never trained'):
        overlay(stored, ["small"])


def by_fold(_network: str, split: int, _seed: int) -> list[float]:
    return [0.9, 0.5 + 0.1 * split, 0.8]


def test_each_fold_is_a_line_beside_the_mean(tmp_path: Path) -> None:
    chart = folds(study(tmp_path, TWO, by_fold, validation=FOUR_FOLDS), "small")
    assert set(labels_of(chart)) == {"fold 1", "fold 2", "fold 3", "fold 4", "mean"}
    assert curve_of(chart, "fold 3")[2] == pytest.approx(0.8)
    assert curve_of(chart, "mean") == pytest.approx({1: 0.9, 2: 0.75, 3: 0.8})
    assert {row["label"] for row in rows_of(chart) if isinstance(row.get("label"), str)} == {"best epoch 2"}
    title, subtitle = texts_of(chart)
    assert title == "handmade: small"
    assert "4 folds" in subtitle
    assert "narrower than the truth" in subtitle


@pytest.mark.slow
def test_folds_of_repeats_are_counted_from_1_in_each(tmp_path: Path) -> None:
    chart = folds(study(tmp_path, TWO, by_fold, validation=THREE_TIMES_FOUR), "small")
    assert curve_of(chart, "repeat 2, fold 1")[2] == pytest.approx(0.5 + 0.1 * 5)
    assert len(labels_of(chart)) == 13
    assert "4 folds x 3 repeats" in texts_of(chart)[1]


@pytest.mark.slow
def test_many_runs_are_not_named(tmp_path: Path) -> None:
    chart = folds(study(tmp_path, TWO, losses, replicates=30), "small")
    assert labels_of(chart) == ["mean"]
    assert curve_of(chart, "seed 29")[1] == pytest.approx(0.9 + 0.02 * 29)


def test_a_triangle_marks_where_a_network_overfits(tmp_path: Path) -> None:
    chart = overlay(study(tmp_path, TWO, losses), onsets={"large": 3})
    marks = [(row["name"], row["epoch"], row["value"]) for row in rows_of(chart) if "overfits from" in row]
    assert marks == [("large", 3, pytest.approx(0.6))]
    assert texts_of(chart)[1].endswith("Triangles: overfitting begins.")


def test_of_several_networks_the_best_has_its_band(tmp_path: Path) -> None:
    networks = {name: {"hidden": [units]} for units, name in enumerate("abcdef", start=1)}

    def falling(network: str, _split: int, seed: int) -> list[float]:
        return [0.9 - 0.1 * "abcdef".index(network) + 0.01 * seed]

    chart = overlay(study(tmp_path, networks, falling, replicates=2))
    bands = [(row["low"] + row["high"]) / 2 for row in rows_of(chart) if "low" in row]
    assert bands == pytest.approx([0.405])
    assert "that of the best network with its 95% interval" in texts_of(chart)[1]
