import copy
from typing import Any

import pytest
from report.handmade import rows_of
from report.told import column
from workflow.handmade import do, numbers

from justfit.report.blocks import Drawing
from justfit.report.of_predictions import of_predictions
from justfit.report.reported import Reported, read_reported


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    stored = do(numbers("regression"), tmp_path_factory.mktemp("store"), epochs=2).study
    return read_reported(stored.folder.parent, stored.folder.name)


def drawn(found: Reported, **test: Any) -> Drawing:
    result = copy.deepcopy(found.study.result)
    assert result is not None
    result["test"] |= test
    (drawing,) = of_predictions(found, result)
    assert isinstance(drawing, Drawing)
    return drawing


def test_predictions_are_drawn_as_stored_and_their_errors_told_by_quantiles(found: Reported) -> None:
    pairs = [[10.0, 10.0 + error] for error in (-2, -1, 0, 1, 6)]
    drawing = drawn(found, residuals=pairs)
    assert [[row["label"], row["prediction"]] for row in rows_of(drawing.chart) if "error" in row] == pairs
    assert drawing.told == (
        "Half of the errors lie between -1.0000 and 1.0000; the furthest below its label is off by 2.0000, "
        "the "
        "furthest above it by 6.0000."
    )
    assert drawing.table is not None
    assert column(drawing.table, "error")["median"] == "0.0000"
    assert "5 of 200 rows, by evenly spaced quantiles" in str(drawing.chart.to_dict()["title"])


def test_errors_to_one_side_are_told_as_they_are(found: Reported) -> None:
    assert drawn(found, residuals=[[1.0, 2.0], [1.0, 3.0]]).told == "Errors go from 1.0000 to 2.0000."


def test_the_stored_pairs_are_those_of_the_test_rows(found: Reported) -> None:
    assert found.study.result is not None
    pairs = found.study.result["test"]["residuals"]
    labels = numbers("regression").sealed.open().labels
    assert sorted(label for label, _ in pairs) == pytest.approx(sorted(labels.tolist()))
    errors = [given - label for label, given in pairs]
    assert errors == sorted(errors)
    mae = sum(map(abs, errors)) / len(errors)
    assert mae == pytest.approx(found.study.result["test"]["mae"]["value"])
