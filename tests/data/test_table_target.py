import datetime
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from justfit.data.table_labels import LabelColumn, labels_of
from justfit.data.table_target import infer_target
from justfit.errors import DataError, SpecError

WHERE = 'a.csv, column "label"'


def column(cells: Sequence[object], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(cells, kind)])


def infer(cells: Sequence[object], task: str | None = None) -> LabelColumn:
    return infer_target(column(cells), "label", WHERE, task)


def labels(cells: Sequence[object], task: str | None = None) -> list[object]:
    found = labels_of(column(cells), infer(cells, task), np.arange(1, len(cells) + 1), WHERE)
    return found.tolist()


@pytest.mark.parametrize(
    ("cells", "task", "classes", "reason"),
    [
        (["pos", "neg"] * 5, "binary", ("neg", "pos"), 'two different values, of which "pos" is class 1'),
        (
            ["case", "control"] * 5,
            "binary",
            ("control", "case"),
            'two different values, of which "case" is class 1',
        ),
        (["1", "0"] * 5, "binary", ("0", "1"), 'two different values, of which "1" is class 1'),
        ([2, 10] * 5, "binary", ("2", "10"), 'two different values, of which "10" is class 1'),
        ([True, False] * 5, "binary", ("false", "true"), 'two different values, of which "true" is class 1'),
        ([1.0, 0.0] * 5, "binary", ("0", "1"), 'two different values, of which "1" is class 1'),
        (["b", " a", "c ", "a"], "multiclass", ("a", "b", "c"), "3 different values"),
        (
            [str(row % 12) for row in range(120)],
            "multiclass",
            tuple(map(str, range(12))),
            (
                "12 different whole numbers in 120 rows are taken for classes; ask for the task "
                '"regression" if they are amounts'
            ),
        ),
        (
            [str(row % 12) for row in range(119)],
            "regression",
            (),
            "whole numbers, 12 different ones in 119 rows",
        ),
        (["1.5", "-2", "1e3"] * 5, "regression", (), "numbers from -2 to 1000"),
        (["1,5", "-2", "3"] * 5, "regression", (), "numbers from -2 to 3"),
        (["0.5", "0", "1"] * 5, "unit_regression", (), "numbers from 0 to 1"),
        ([0.25, 0.5, 0.75], "unit_regression", (), "numbers from 0 to 1"),
        (
            ["a;b", "b", "c; a", "a"] * 5,
            "multilabel",
            ("a", "b", "c"),
            'labels parted by ";", 3 different ones',
        ),
        (["a|b", "b|c", "a|c"] * 5, "multilabel", ("a", "b", "c"), 'labels parted by "|", 3 different ones'),
        (["a, b", "b", "a"] * 5, "multilabel", ("a", "b"), 'labels parted by ",", 2 different ones'),
        (
            ['["a", "b"]', "[]", "['b']"] * 5,
            "multilabel",
            ("a", "b"),
            "JSON lists of labels, 2 different ones",
        ),
        ([["a", "b"], [], ["b"]] * 5, "multilabel", ("a", "b"), "lists of labels, 2 different ones"),
        ([[3, 20], [100]] * 5, "multilabel", ("3", "20", "100"), "lists of labels, 3 different ones"),
        (
            ["Paris, France", "Rome, Italy", "Bonn, Germany"] * 5,
            "multiclass",
            ("Bonn, Germany", "Paris, France", "Rome, Italy"),
            "3 different values",
        ),
    ],
)
def test_the_task_follows_from_the_labels_with_a_reason(
    cells: list[object], task: str, classes: tuple[str, ...], reason: str
) -> None:
    found = infer(cells)
    assert (found.task.name, found.classes, found.reason) == (task, classes, reason)


def test_another_task_may_be_asked_for() -> None:
    stars = ["1", "2", "3", "4"] * 20
    assert infer(stars).task.name == "multiclass"
    assert infer(stars, "regression").task.name == "regression"
    assert labels(stars, "regression")[:4] == [1, 2, 3, 4]
    assert infer(["0", "1"] * 5, "unit_regression").classes == ()
    many = [f"c{row}" for row in range(2_000)] * 2
    assert len(infer(many, "multiclass").classes) == 2_000


@pytest.mark.parametrize(
    ("cells", "task", "message"),
    [
        (["a"] * 5, None, 'all 5 rows have the label "a", so there is nothing to learn'),
        (["3"] * 5, "regression", 'all 5 rows have the label "3"'),
        ([f"word {row}" for row in range(50)], None, "50 different texts in 50 rows, too many to be classes"),
        ([f"c{row}" for row in range(2_000)] * 2, None, "2,000 different texts in 4,000 rows, too many"),
        ([datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)], None, "holds dates, which are no labels"),
        (["a", "b", "c"], "binary", "3 different labels, and the task binary needs two"),
        ([["a"], ["b"]], "multiclass", "several labels a row, and the task multiclass has one"),
        ([[], []], None, "has no label in 2 rows"),
        ([{"a": 1}, {"a": 2}], None, "holds struct"),
    ],
)
def test_labels_that_nothing_can_be_learned_from_are_refused(
    cells: list[object], task: str | None, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        infer(cells, task)
    assert str(caught.value).startswith(WHERE)


def test_a_task_that_there_is_not_is_answered_with_the_nearest() -> None:
    with pytest.raises(SpecError, match='Did you mean "regression"'):
        infer(["1", "2"], "regresion")
