import math
from pathlib import Path

import pytest
from report.handmade import LEAK, labels_of, rows_of, study, texts_of

from justfit.report.curves import curves
from justfit.spec import AllRows


def losses(_network: str, _split: int, seed: int) -> list[float]:
    return [0.8, 0.6, 0.4 + 0.02 * seed, 0.6]


ONE = {"16-1": {"hidden": [16]}}


def values(chart: object, rows: str) -> list[tuple[int, float]]:
    """Epochs and values of the lines of some rows in both panels."""
    found = [row for row in rows_of(chart) if row.get("name") == rows]
    return [(row["epoch"], round(row["value"], 6)) for row in found]


def test_losses_have_no_penalties_and_stand_beside_the_metric(tmp_path: Path) -> None:
    chart = curves(study(tmp_path, ONE, losses, replicates=3), "16-1")
    assert values(chart, "training")[:3] == [(1, 0.4), (2, 0.3), (3, 0.21)]
    assert values(chart, "validation")[2::4] == [(3, 0.42), (3, 0.79)]
    assert {row["label"] for row in rows_of(chart) if isinstance(row.get("label"), str)} == {"best epoch 3"}
    title, subtitle = texts_of(chart)
    assert title == "handmade: 16-1"
    assert subtitle == (
        "Training: mean over each epoch. Validation: after it. "
        "Mean of 3 replicates, with its 95% interval. Best epoch by val_data_loss."
    )


def test_training_rows_measured_like_validation_rows_are_a_curve_of_their_own(tmp_path: Path) -> None:
    chart = curves(study(tmp_path, ONE, losses, fit=True), "16-1")
    assert set(labels_of(chart)) == {"fit", "training", "validation"}
    assert values(chart, "fit")[0] == (1, 0.1)
    assert "Fit: training rows, measured like validation rows." in texts_of(chart)[1]


@pytest.mark.parametrize("settings", [{"dropout": 0.5}, {"input_dropout": 0.1}])
def test_dropout_is_told_of_where_there_is_some(tmp_path: Path, settings: dict[str, float]) -> None:
    chart = curves(study(tmp_path, {"16-1": {"hidden": [16], **settings}}, losses), "16-1")
    assert "mean over each epoch, dropout on. Validation: after it, dropout off." in texts_of(chart)[1]


def test_without_validation_there_is_neither_its_curve_nor_a_best_epoch(tmp_path: Path) -> None:
    chart = curves(study(tmp_path, ONE, losses, validation=AllRows(), chosen="16-1"), "16-1")
    assert set(labels_of(chart)) == {"training"}
    assert "best" not in str(chart.to_dict()).lower()
    assert "alidation" not in str(chart.to_dict())


def test_an_epoch_that_is_not_finite_ends_its_curve(tmp_path: Path) -> None:
    lost = study(tmp_path, ONE, lambda *_: [0.8, 0.6, math.nan, 0.6], diverged=("16-1",))
    assert [epoch for epoch, _ in values(curves(lost, "16-1"), "validation")] == [1, 2, 1, 2]


def test_leaked_curves_say_so(tmp_path: Path) -> None:
    title, subtitle = texts_of(curves(study(tmp_path, ONE, losses, validation=LEAK), "16-1"))
    assert title == "handmade: 16-1 (leaked)"
    assert "Validated on the test rows: leaked." in subtitle
