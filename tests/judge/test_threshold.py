from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from justfit.judge import Threshold, decision_threshold


def test_the_best_threshold_of_five_rows_by_hand() -> None:
    labels, probabilities = np.array([0, 0, 1, 1, 1]), np.array([0.1, 0.3, 0.4, 0.45, 0.9])
    found = decision_threshold(labels, probabilities, "accuracy")
    assert found == Threshold(pytest.approx(0.35), 1.0, 1.0, 1.0, 1.0)


def test_f1_calls_more_rows_the_rare_class_than_accuracy_does() -> None:
    labels = np.array([0] * 8 + [1, 1, 0, 0, 0, 1])
    probabilities = np.arange(1, 15) / 40
    accuracy = decision_threshold(labels, probabilities, "accuracy")
    f1 = decision_threshold(labels, probabilities, "f1")
    assert (accuracy.accuracy, accuracy.recall) == (12 / 14, 1 / 3)
    assert (f1.recall, f1.precision, f1.f1) == (1.0, 0.5, pytest.approx(2 / 3))
    assert f1.value < accuracy.value


def test_a_wanted_share_is_reached_and_the_other_one_is_as_high_as_it_can_be() -> None:
    labels = np.array([0, 1, 0, 1, 1, 0, 1, 1])
    probabilities = np.arange(1, 9) / 10
    precise = decision_threshold(labels, probabilities, "precision", 0.9)
    assert (precise.precision, precise.recall) == (1.0, 0.4)
    whole = decision_threshold(labels, probabilities, "recall", 0.7)
    assert (whole.recall, whole.precision) == (0.8, 0.8)


def test_one_half_is_kept_where_no_other_threshold_is_better() -> None:
    assert decision_threshold(np.array([0, 1]), np.array([0.1, 0.8]), "f1").value == 0.5
    # Both 0.2 and 0.9 as well as 0.6 are equally good; 0.6 is nearest.
    labels = np.array([0, 1, 0, 1])
    assert decision_threshold(labels, np.array([0.1, 0.6, 0.7, 0.9]), "accuracy").value == 0.5


ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10)), min_size=1, max_size=25)


@pytest.mark.slow
@given(ROWS, st.sampled_from(["accuracy", "f1"]))
@settings(max_examples=80)
def test_no_threshold_is_better_and_figures_are_scikit_learns(rows: list[tuple[int, int]], aim: str) -> None:
    labels = np.array([label for label, _ in rows])
    probabilities = np.array([score / 10 for _, score in rows], np.float32)
    score = {"accuracy": metrics.accuracy_score, "f1": lambda *of: metrics.f1_score(*of, zero_division=0)}[
        aim
    ]
    found = decision_threshold(labels, probabilities, aim)
    called = probabilities.astype(float) > found.value
    assert 0 <= found.value <= 1
    assert getattr(found, aim) == pytest.approx(score(labels, called))
    assert found.recall == pytest.approx(metrics.recall_score(labels, called, zero_division=0))
    assert found.precision == pytest.approx(metrics.precision_score(labels, called, zero_division=0))
    for other in [*np.arange(0.05, 1, 0.1), 1]:  # one between each two scores, and above all
        assert score(labels, probabilities.astype(float) > other) <= getattr(found, aim) + 1e-12


@pytest.mark.parametrize(
    ("labels", "probabilities", "asked", "message"),
    [
        ([], [], {"aim": "f1"}, "do not fit"),
        ([0, 2], [0.1, 0.2], {"aim": "f1"}, "Labels must be 0 or 1"),
        ([0, 1], [0.1, 1.2], {"aim": "f1"}, "Probabilities must be from 0 to 1"),
        ([0, 1], [0.1, 0.2], {"aim": "loss"}, 'aim "loss" is not known'),
        ([0, 1], [0.1, 0.2], {"aim": "recall"}, "at_least belongs to"),
        ([0, 1], [0.1, 0.2], {"aim": "f1", "at_least": 0.5}, "at_least belongs to"),
        (
            [1, 0],
            [0.1, 0.2],
            {"aim": "precision", "at_least": 0.9},
            r"No threshold gives a precision of .* 0\.9",
        ),
        ([1, 0], [0.1, 0.2], {"aim": "recall", "at_least": 1.5}, "No threshold gives a recall"),
    ],
)
def test_what_cannot_be_is_refused(
    labels: list[int], probabilities: list[float], asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        decision_threshold(np.array(labels), np.array(probabilities), **asked)
