"""Mistakes, doubtful labels and groups, against planted ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.judge import (
    by_group,
    confident_mistakes,
    largest_errors,
    quarters,
    suspected_labels,
)
from justfit.judge.intervals import wilson


def planted(classes: int, rows: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of which a share is wrong, honest probabilities for the true classes, and which are wrong.

    The probabilities are those of a classifier that has learned the true classes with some noise.
    """
    random = np.random.default_rng(seed)
    true = random.integers(classes, size=rows)
    scores = random.normal(size=(rows, classes))
    scores[np.arange(rows), true] += 5
    exponents = np.exp(scores)
    probabilities = exponents / exponents.sum(axis=1, keepdims=True)
    is_wrong = random.random(rows) < share
    labels = np.where(is_wrong, (true + random.integers(1, classes, size=rows)) % classes, true)
    return labels, probabilities, is_wrong


def test_the_surest_mistakes_come_first_and_right_rows_not_at_all() -> None:
    labels = np.array([0, 0, 1, 2, 2])
    probabilities = np.array(
        [[0.1, 0.8, 0.1], [0.9, 0.1, 0.0], [0.05, 0.0, 0.95], [0.0, 0.1, 0.9], [0.4, 0.3, 0.3]], np.float32
    )
    found = confident_mistakes(labels, probabilities, 10)
    assert [(each.row, each.label, each.answer) for each in found] == [(2, 1, 2), (0, 0, 1), (4, 2, 0)]
    assert [each.size for each in found] == pytest.approx([0.95, 0.8, 0.4])
    assert confident_mistakes(labels, probabilities, 1) == found[:1]
    assert confident_mistakes(labels[[1, 3]], probabilities[[1, 3]], 5) == ()


def test_the_largest_errors_of_a_regression_come_first() -> None:
    found = largest_errors(np.array([1.0, 2.0, 3.0]), np.array([1.5, 2.0, 0.0]), 2)
    assert [(each.row, each.label, each.answer, each.size) for each in found] == [
        (2, 3.0, 0.0, 3.0),
        (0, 1.0, 1.5, 0.5),
    ]


@pytest.mark.parametrize(
    ("classes", "share", "least"), [(2, 0.05, 0.9), (2, 0.2, 0.9), (3, 0.1, 0.9), (10, 0.1, 0.75)]
)
def test_planted_wrong_labels_are_found_with_few_others(classes: int, share: float, least: float) -> None:
    for seed in range(5):
        labels, probabilities, is_wrong = planted(classes, 2_000, share, seed)
        rows = np.array([each.row for each in suspected_labels(labels, probabilities)])
        recall = is_wrong[rows].sum() / is_wrong.sum()
        precision = is_wrong[rows].mean()
        assert recall > least, (classes, share, seed, recall)
        assert precision > 0.95, (classes, share, seed, precision)
        surest = rows[: int(is_wrong.sum()) // 2]
        assert is_wrong[surest].mean() > 0.97


def test_right_labels_are_seldom_suspected() -> None:
    labels, probabilities, _ = planted(3, 2_000, 0.0, 0)
    assert len(suspected_labels(labels, probabilities)) < 20


def test_a_suspect_tells_its_label_and_what_it_looks_like() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    sure = np.array([0.9, 0.8, 0.1, 0.1, 0.2, 0.3])
    (found,) = suspected_labels(labels, np.column_stack((sure, 1 - sure)))
    assert (found.row, found.label, found.likely) == (2, 0, 1)
    assert (found.label_probability, found.likely_probability) == pytest.approx((0.1, 0.9))


def test_suspicion_follows_each_class_s_own_threshold() -> None:
    """A class that all rows are given little of needs little, as in the paper's collision of thresholds."""
    labels = np.array([0, 0, 1, 1, 0])
    first = np.array([0.95, 0.9, 0.6, 0.7, 0.62])
    (found,) = suspected_labels(labels, np.column_stack((first, 1 - first)))
    assert (found.row, found.likely) == (4, 1), (
        "the thresholds are 0.823 and 0.35, and it has 0.38 of class 1"
    )


def test_a_class_without_rows_is_never_likely() -> None:
    labels = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.3, 0.0, 0.7]] * 2 + [[0.0, 0.3, 0.7]] * 2)
    assert suspected_labels(labels, probabilities) == ()


@pytest.mark.slow
@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_the_order_of_rows_and_classes_changes_nothing(seed: int, classes: int) -> None:
    labels, probabilities, _ = planted(classes, 60, 0.2, seed)
    random = np.random.default_rng(seed)
    rows, names = random.permutation(60), random.permutation(classes)
    renamed = np.argsort(names)[labels]
    found = {(each.row, each.likely) for each in suspected_labels(labels, probabilities)}
    other = {
        (int(rows[each.row]), int(names[each.likely]))
        for each in suspected_labels(renamed[rows], probabilities[rows][:, names])
    }
    assert found == other


def test_each_group_has_its_accuracy_and_interval() -> None:
    right = np.array([True, False, True, True, False])
    groups = by_group(["short", "long", "short", "short", "long"], right)
    assert [(group.name, group.rows, group.figure) for group in groups] == [
        ("short", 3, wilson(3, 3)),
        ("long", 2, wilson(0, 2)),
    ]


def test_a_group_of_a_regression_has_its_mean_error() -> None:
    (one, other) = by_group(["a", "a", "b"], np.array([1.0, 3.0, 5.0]))
    assert one.figure.value == 2.0
    assert one.figure.low == 0.0, "two rows leave much open, but no error is below 0"
    assert (other.figure.value, other.figure.low) == (5.0, None)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=200))
def test_quarters_are_ranges_in_order_that_hold_every_row(values: list[int]) -> None:
    names, order = quarters(np.array(values))
    assert sorted(set(names), key=order.index) == order
    assert 1 <= len(order) <= 4
    for value, name in zip(values, names, strict=True):
        ends = [int(end) for end in name.split(" to ")]
        assert ends[0] <= value <= ends[-1]
    if len(set(values)) == len(values) >= 4:
        sizes = [names.count(name) for name in order]
        assert max(sizes) - min(sizes) <= 1
