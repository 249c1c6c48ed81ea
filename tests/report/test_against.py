from pathlib import Path
from typing import Any

import pytest
from report.handmade import LEAK, labels_of, rows_of, study, texts_of

from justfit.errors import SpecError
from justfit.report.against import against
from justfit.spec import Settings


def points_of(chart: Any) -> list[dict[str, Any]]:
    """The points as they stand from left to right, each once."""
    found = {row["name"]: row for row in rows_of(chart) if "field" in row}
    return sorted(found.values(), key=lambda row: row["x"])


def scale_of(chart: Any, axis: str) -> dict[str, Any]:
    return next(layer["encoding"][axis]["scale"] for layer in chart.to_dict()["layer"])


def batches(*sizes: int) -> dict[str, Settings]:
    return {f"batch {size}": {"hidden": [8], "batch_size": size} for size in sizes}


def by_size(network: str, _split: int, seed: int) -> list[float]:
    """Best in epoch 2, where the loss is a thousandth of the number in the name."""
    value = float(network.rsplit(maxsplit=1)[-1]) / 1000
    return [value + 0.5, value + 0.01 * seed, value + 0.4]


def test_each_network_stands_at_its_value_with_the_figure_of_its_best_epoch(tmp_path: Path) -> None:
    chart = against(study(tmp_path, batches(64, 16, 32), by_size, replicates=3), "batch_size")
    points = points_of(chart)
    assert [(row["field"], row["x"]) for row in points] == [
        ("16", pytest.approx(16)),
        ("32", pytest.approx(32)),
        ("64", pytest.approx(64)),
    ]
    assert [row["y"] for row in points] == pytest.approx([0.026, 0.042, 0.074])
    assert all(row["low"] < row["y"] < row["high"] for row in points)
    assert texts_of(chart) == (
        "handmade: validation loss, without penalties, by batch size",
        "At the best epoch of each network, by val_data_loss. Mean of 3 replicates, with its 95% interval.",
    )
    assert labels_of(chart) == []


@pytest.mark.parametrize(("sizes", "kind"), [((16, 320), "linear"), ((16, 336), "log")])
def test_the_axis_is_logarithmic_where_values_span_more_than_a_factor_of_20(
    tmp_path: Path, sizes: tuple[int, int], kind: str
) -> None:
    chart = against(study(tmp_path, batches(*sizes), by_size), "batch_size")
    assert scale_of(chart, "x")["type"] == kind


def test_zero_beside_values_far_apart_stands_beside_them(tmp_path: Path) -> None:
    networks = {f"L2 {value:f}": {"hidden": [8], "l2": value} for value in (0.01, 0, 0.0001)}
    points = points_of(against(study(tmp_path, networks, by_size), "l2"))
    assert [row["field"] for row in points] == ["0", "0.0001", "0.01"]
    assert [row["x"] for row in points] == pytest.approx([0, 1, 2])


def test_what_else_differs_is_told_apart_by_name_and_colour(tmp_path: Path) -> None:
    networks = {
        f"{width} {dropout} {size}": {"hidden": [width], "dropout": dropout, "batch_size": size}
        for width in (8, 16)
        for dropout in (0, 0.5)
        for size in (16, 32, 64)
    }
    chart = against(study(tmp_path, networks, by_size), "batch_size")
    assert set(labels_of(chart)) == {"8, dropout 0", "8, dropout 0.5", "16, dropout 0", "16, dropout 0.5"}
    lines = [layer["mark"]["color"] for layer in chart.to_dict()["layer"] if layer["mark"]["type"] == "line"]
    assert len(set(lines)) == len(lines) == 4
    at_16 = [row["x"] for row in points_of(chart) if row["field"] == "16"]
    assert len(set(at_16)) == 4  # beside each other, not on top of each other
    assert max(at_16) < min(row["x"] for row in points_of(chart) if row["field"] == "32")


def test_optimizers_stand_side_by_side(tmp_path: Path) -> None:
    networks = {
        "a 1": {"hidden": [8], "optimizer": "adam"},
        "b 2": {"hidden": [8], "optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True}},
    }
    points = points_of(against(study(tmp_path, networks, by_size), "optimizer"))
    assert [row["field"] for row in points] == ["adam", "sgd momentum 0.9 nesterov"]


def test_sizes_of_the_network_are_fields_too(tmp_path: Path) -> None:
    networks = {"a 1": {"hidden": [8, 4]}, "b 2": {"hidden": [16, 8]}, "c 3": {"hidden": [16, 16]}}
    stored = study(tmp_path, networks, by_size)

    def fields(field: str) -> dict[str, str]:
        return {row["name"]: row["field"] for row in points_of(against(stored, field))}

    assert fields("units") == {"a 1": "8", "b 2": "16", "c 3": "16"}
    assert fields("parameters") == {"a 1": "120", "b 2": "240", "c 3": "320"}
    assert fields("hidden") == {"a 1": "8-4", "b 2": "16-8", "c 3": "16-16"}
    assert set(labels_of(against(stored, "units"))) == {"widths 1-1/2", "widths 1-1"}


def test_a_single_run_has_a_point_without_a_bar(tmp_path: Path) -> None:
    points = points_of(against(study(tmp_path, batches(16, 32), by_size), "batch_size"))
    assert all(row["low"] == row["y"] == row["high"] for row in points)


def test_leaked_figures_say_so(tmp_path: Path) -> None:
    chart = against(study(tmp_path, batches(16, 32), by_size, validation=LEAK), "batch_size")
    title, subtitle = texts_of(chart)
    assert title.endswith("by batch size (leaked)")
    assert "Validated on the test rows: leaked." in subtitle


def test_a_field_that_does_not_differ_or_is_none_is_refused(tmp_path: Path) -> None:
    stored = study(tmp_path, batches(16, 32), by_size)
    with pytest.raises(SpecError, match=r"dropout is 0.* in all 2 networks.*what differs is batch_size\."):
        against(stored, "dropout")
    with pytest.raises(SpecError, match="draw several networks"):
        against(stored, "batch_size", ["batch 16"])
    with pytest.raises(SpecError, match=r'field "batch" is not known.*Did you mean "batch_size"'):
        against(stored, "batch")
