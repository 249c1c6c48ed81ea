import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from justfit.judge import calibration
from justfit.spec import TASKS

BINARY, MULTICLASS, MULTILABEL = TASKS["binary"], TASKS["multiclass"], TASKS["multilabel"]


def world(random: np.random.Generator, rows: int, bend: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities, which are right where ``bend`` is 1 and too sure of themselves above it."""
    odds = 2 * random.normal(size=rows)
    labels = (random.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    return labels, (1 / (1 + np.exp(-bend * odds)))[:, None]


def test_binary_figures_counted_by_hand() -> None:
    labels, probabilities = np.array([0, 1, 1, 0]), np.array([[0.15], [0.15], [0.95], [0.62]])
    found = calibration(labels, probabilities, BINARY)
    assert found.brier.value == pytest.approx((0.15**2 + 0.85**2 + 0.05**2 + 0.62**2) / 4)
    # Of the two rows at 0.15 a half is right, and the others are alone in their bins.
    assert found.ece.value == pytest.approx((2 * 0.35 + 0.62 + 0.05) / 4)
    told = [(point.rows, point.probability, point.share.value) for point in found.reliability]
    assert told == [(2, 0.15, 0.5), (1, 0.62, 0.0), (1, 0.95, 1.0)]


def test_curve_and_brier_score_of_binary_labels_are_scikit_learns() -> None:
    labels, probabilities = world(np.random.default_rng(1), 500)
    probabilities[:20] = np.linspace(0, 1, 20)[:, None]
    probabilities[20:31] = np.linspace(0, 1, 11)[:, None]
    found = calibration(labels, probabilities, BINARY)
    shares, means = calibration_curve(labels, probabilities[:, 0], n_bins=10)
    assert [point.share.value for point in found.reliability] == pytest.approx(shares)
    assert [point.probability for point in found.reliability] == pytest.approx(means)
    assert found.brier.value == pytest.approx(brier_score_loss(labels, probabilities[:, 0]))


def test_of_several_classes_the_probability_of_the_answer_is_asked() -> None:
    labels = np.array([0, 1, 2, 2])
    probabilities = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.0, 0.2, 0.8], [0.1, 0.1, 0.8]])
    found = calibration(labels, probabilities, MULTICLASS)
    assert found.brier.value == pytest.approx(brier_score_loss(labels, probabilities))
    assert found.ece.value == pytest.approx((2 * abs(0.6 - 0.5) + 2 * abs(0.8 - 1)) / 4)
    assert [point.rows for point in found.reliability] == [2, 2]


def test_each_label_of_a_row_is_asked_where_it_may_have_several() -> None:
    labels = np.array([[1, 0], [0, 0]])
    found = calibration(labels, np.array([[0.75, 0.25], [0.25, 0.35]]), MULTILABEL)
    assert found.brier.value == pytest.approx((3 * 0.25**2 + 0.35**2) / 4)
    assert found.ece.value == pytest.approx((2 * 0.25 + 0.35 + 0.25) / 4)
    assert [point.rows for point in found.reliability] == [2, 1, 1]


def test_one_row_leaves_intervals_unknown_and_sure_right_answers_have_no_error() -> None:
    one = calibration(np.array([1]), np.array([[0.7]]), BINARY)
    assert (one.brier.low, one.ece.low, one.ece.high) == (None, None, None)
    sure = calibration(np.array([0, 1, 1]), np.array([[0.0], [1.0], [1.0]]), BINARY)
    assert (sure.brier.value, sure.ece.value, sure.ece.low, sure.ece.high) == (0, 0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("bend", "rows"), [(1.0, 200), (1.0, 2000), (2.0, 200), (2.0, 2000)])
def test_intervals_hold_the_truth_at_least_as_often_as_they_say(bend: float, rows: int) -> None:
    random = np.random.default_rng(2)
    all_of_them = calibration(*world(random, 1_000_000, bend), BINARY)
    truth = 0.0 if bend == 1 else all_of_them.ece.value
    found = [calibration(*world(random, rows, bend), BINARY) for _ in range(300)]
    assert np.mean([each.ece.low <= truth <= each.ece.high for each in found]) >= 0.93
    brier = all_of_them.brier.value
    assert 0.92 <= np.mean([each.brier.low <= brier <= each.brier.high for each in found]) <= 0.98
    for each in found:
        assert 0 <= each.ece.low <= each.ece.value <= each.ece.high <= 1


@pytest.mark.parametrize(
    ("labels", "probabilities", "task", "message"),
    [
        (np.empty(0, np.int64), np.empty((0, 1)), BINARY, "No rows"),
        (np.array([0, 1]), np.array([[0.2], [1.5]]), BINARY, r"Probability 1\.5 of row 1"),
        (np.array([0, 1]), np.array([[0.2], [np.nan]]), BINARY, "Probability nan of row 1"),
        (np.array([0, 1]), np.array([[0.2, 0.8], [0.1, 0.9]]), BINARY, "do not fit"),
        (np.array([0, 2]), np.array([[0.2, 0.8], [0.1, 0.9]]), MULTICLASS, "Labels must be from 0 to 1"),
    ],
)
def test_what_does_not_fit_is_refused(labels: np.ndarray, probabilities: np.ndarray, task, message) -> None:
    with pytest.raises(ValueError, match=message):
        calibration(labels, probabilities, task)
