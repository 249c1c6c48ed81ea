from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from justfit.data.table_labels import LabelColumn, labels_of, unlabelled
from justfit.data.table_target import infer_target
from justfit.errors import DataError

nan = float("nan")
WHERE = 'a.csv, column "label"'


def column(cells: Sequence[object]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(cells)])


def infer(cells: Sequence[object], task: str | None = None) -> LabelColumn:
    return infer_target(column(cells), "label", WHERE, task)


def labels(cells: Sequence[object], task: str | None = None) -> list[object]:
    found = labels_of(column(cells), infer(cells, task), np.arange(1, len(cells) + 1), WHERE)
    return found.tolist()


def test_labels_are_numbers_of_classes_numbers_or_a_column_a_label() -> None:
    assert labels(["pos", "neg", " pos"] * 3) == [1, 0, 1] * 3
    assert labels(["10", "9", "8"], "multiclass") == [2, 1, 0]
    assert labels(["1,5", "-2", "3"] * 2) == [1.5, -2, 3] * 2
    assert labels(["a;b", "b;", "c"] * 4) == [[1, 1, 0], [0, 1, 0], [0, 0, 1]] * 4
    assert labels([["a", "b"], [], ["b", None]] * 4) == [[1, 1], [0, 0], [0, 1]] * 4
    assert labels(["x", "y", "z"], "multilabel") == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_the_types_of_labels_are_those_of_a_data_set() -> None:
    for cells, dtype in (
        (["a", "b"], np.int64),
        (["1.5", "2", "3"], np.float32),
        ([["a"], ["b"]], np.float32),
    ):
        target = infer(cells)
        assert labels_of(column(cells), target, np.arange(len(cells)), WHERE).dtype == dtype


@pytest.mark.parametrize(
    ("cells", "task", "message"),
    [
        (["yes", "no"], "regression", 'row 7: the label "yes" is not a number, as the task regression needs'),
        (["0.5", "1.5"], "unit_regression", r'row 8: the label "1.5" is not a number in \[0, 1\]'),
        (["1", "1e39"], "regression", 'row 8: the label "1e39" is not a number'),
    ],
)
def test_a_label_that_does_not_fit_is_told_with_its_row(cells: list[str], task: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        labels_of(column(cells), infer(cells, task), np.array([7, 8]), WHERE)


def test_a_label_that_no_training_row_has_is_told_with_its_row() -> None:
    for train, test in ((["a", "b", "c"], ["a", "d"]), (["a;b", "b", "a"] * 3, ["a;b", "b;d"])):
        with pytest.raises(DataError, match='row 6: the label "d" stands in no training row'):
            labels_of(column(test), infer(train), np.array([5, 6]), WHERE)


def test_rows_without_a_label_are_those_with_empty_missing_and_blank_cells() -> None:
    assert unlabelled(column(["a", None, " ", "b", ""]), WHERE) == dict.fromkeys((1, 2, 4), "no label")
    assert unlabelled(column([1.0, None, nan]), WHERE) == dict.fromkeys((1, 2), "no label")
    assert unlabelled(column([["a"], None, []]), WHERE) == {1: "no label"}
    assert unlabelled(column(["NA", "b", "?"]), WHERE) == {}


@pytest.mark.parametrize("cell", ["nan", "NaN", "NA", "n/a", "null", "?", "-", "#N/A"])
@pytest.mark.parametrize("numbers", [["0", "1"], ["1,5", "2"], ["3.5", "-2"]])
def test_among_numbers_what_stands_for_a_missing_one_is_no_label(numbers: list[str], cell: str) -> None:
    found = unlabelled(column([*numbers * 5, cell, " ", *numbers]), WHERE)
    assert found == {10: f'the label "{cell}" stands for a missing one', 11: "no label"}


def test_among_texts_the_same_cells_are_labels() -> None:
    assert unlabelled(column(["none", "some", "NA", "-", "1"]), WHERE) == {}
    assert unlabelled(column(["NA", "-"] * 5), WHERE) == {}


def test_among_many_numbers_a_label_that_is_none_is_left_out() -> None:
    cells = ["12 kg", *map(str, range(50)), "NA"]
    assert unlabelled(column(cells), WHERE) == {
        0: 'the label "12 kg" is no number',
        51: 'the label "NA" is no number',
    }
    assert unlabelled(column(["x", *map(str, range(10))] * 10), WHERE) == {}
