import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from justfit.judge import ranking
from justfit.judge.intervals import wilson
from justfit.judge.ranking import MOST_CURVES, Ranking
from justfit.spec import TASKS

BINARY, MULTICLASS, MULTILABEL = TASKS["binary"], TASKS["multiclass"], TASKS["multilabel"]


def binary(labels: list[int] | np.ndarray, scores: list[float] | np.ndarray) -> Ranking:
    return ranking(np.array(labels), np.array(scores), ("no", "yes"), BINARY)


def test_areas_and_curves_of_four_rows_by_hand() -> None:
    found = binary([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    assert found.roc_auc.value == 3 / 4  # of four pairs one is the wrong way round
    assert found.pr_auc.value == pytest.approx((1 / 1 + 2 / 3) / 2)
    (curves,) = found.curves
    assert curves.name == "yes"
    assert curves.roc == ((0, 0), (0, 0.5), (0.5, 0.5), (0.5, 1), (1, 1))
    assert curves.pr == ((1, 0.5), (1, 0.666667), (0.5, 0.5), (0.5, 1), (0, 1))
    assert (curves.roc_auc, curves.pr_auc) == (found.roc_auc.value, found.pr_auc.value)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=40).filter(
        lambda rows: len({one for one, _ in rows}) == 2
    )
)
@settings(max_examples=60)
def test_areas_are_scikit_learns_with_ties_and_without(rows: list[tuple[bool, int]]) -> None:
    labels, scores = np.array([int(one) for one, _ in rows]), np.array([score / 8 for _, score in rows])
    found = binary(labels, scores)
    assert found.roc_auc.value == pytest.approx(metrics.roc_auc_score(labels, scores))
    assert found.pr_auc.value == pytest.approx(metrics.average_precision_score(labels, scores))


def test_several_classes_are_each_told_from_the_others_and_their_mean_is_taken() -> None:
    random = np.random.default_rng(0)
    labels, scores = random.integers(0, 3, 90), random.dirichlet(np.ones(3), 90)
    found = ranking(labels, scores, ("a", "b", "c"), MULTICLASS)
    assert found.roc_auc.value == pytest.approx(metrics.roc_auc_score(labels, scores, multi_class="ovr"))
    one_hot = np.eye(3)[labels]
    assert found.pr_auc.value == pytest.approx(metrics.average_precision_score(one_hot, scores))
    assert [curves.name for curves in found.curves] == ["a", "b", "c"]
    assert ranking(one_hot, scores, ("a", "b", "c"), MULTILABEL) == found


def test_a_class_without_rows_does_not_count_and_without_two_sides_there_is_no_area() -> None:
    labels, scores = np.array([0, 1, 0, 1]), np.array([[0.5, 0.4, 0.1]] * 2 + [[0.6, 0.3, 0.1]] * 2)
    found = ranking(labels, scores, ("a", "b", "c"), MULTICLASS)
    assert [curves.name for curves in found.curves] == ["a", "b"]
    assert found.roc_auc.value == 0.5
    assert binary([1, 1], [0.2, 0.4]) == Ranking(None, None, ())


def test_the_standard_error_of_the_roc_area_is_delongs_as_by_its_definition() -> None:
    random = np.random.default_rng(1)
    ones, zeros = random.normal(1, 1, 30).round(1), random.normal(0, 1, 20).round(1)
    beats = (ones[:, None] > zeros) + 0.5 * (ones[:, None] == zeros)
    area = beats.mean()
    error = np.sqrt(beats.mean(axis=1).var(ddof=1) / 30 + beats.mean(axis=0).var(ddof=1) / 20)
    figure = binary([1] * 30 + [0] * 20, np.concatenate((ones, zeros))).roc_auc
    low, high = (np.log(end / (1 - end)) for end in (figure.low, figure.high))
    assert figure.value == pytest.approx(area)
    assert (high - low) / 2 == pytest.approx(1.959964 * error / (area * (1 - area)))


@pytest.mark.slow
def test_the_interval_of_average_precision_is_as_wide_as_the_bootstraps() -> None:
    random = np.random.default_rng(2)
    labels = random.random(400) < 0.3
    scores = random.normal(size=400) + 1.5 * labels
    found = binary(labels.astype(int), scores).pr_auc
    draws = (random.integers(400, size=400) for _ in range(800))
    drawn = [metrics.average_precision_score(labels[draw], scores[draw]) for draw in draws]
    low, high = np.quantile(drawn, (0.025, 0.975))
    assert found.high - found.low == pytest.approx(high - low, rel=0.12)


def test_where_no_row_is_in_the_wrong_place_the_interval_is_not_empty() -> None:
    found = binary([0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.8, 0.9])
    assert found.roc_auc == found.pr_auc == wilson(2, 2)
    wrong = binary([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9]).roc_auc
    assert wrong == wilson(0, 2)


def test_one_row_of_a_class_leaves_the_interval_unknown() -> None:
    found = binary([0, 0, 1], [0.1, 0.5, 0.3])
    assert (found.roc_auc.value, found.roc_auc.low, found.roc_auc.high) == (0.5, None, None)


def test_the_same_answer_to_all_rows_is_worth_a_half() -> None:
    assert binary([0, 1, 1, 0, 1], [0.3] * 5).roc_auc.value == 0.5
    assert binary([0, 1, 1, 0, 1], [0.3] * 5).pr_auc.value == 0.6


def test_of_many_classes_those_with_the_most_rows_have_curves_in_their_order() -> None:
    random = np.random.default_rng(3)
    labels = np.repeat(np.arange(25), np.arange(1, 26))
    scores = random.dirichlet(np.ones(25), len(labels))
    found = ranking(labels, scores, tuple(f"class {number}" for number in range(25)), MULTICLASS)
    assert [each.name for each in found.curves] == [
        f"class {number}" for number in range(25 - MOST_CURVES, 25)
    ]
    for number, each in enumerate(found.curves, start=25 - MOST_CURVES):
        own = labels == number
        assert each.roc_auc == pytest.approx(metrics.roc_auc_score(own, scores[:, number]))
        assert each.pr_auc == pytest.approx(metrics.average_precision_score(own, scores[:, number]))


def drawn(random: np.random.Generator, rows: int) -> Ranking:
    """The ranking of rows of two classes whose scores overlap."""
    labels = random.random(rows) < 0.4
    return binary(labels.astype(int), random.normal(size=rows) + 1.4 * labels)


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    random = np.random.default_rng(4)
    truth = drawn(random, 1_000_000)
    for rows in (80, 600):
        found = [drawn(random, rows) for _ in range(400)]
        for area in ("roc_auc", "pr_auc"):
            true = getattr(truth, area).value
            held = np.mean([getattr(each, area).low <= true <= getattr(each, area).high for each in found])
            assert 0.92 <= held <= 0.98, (rows, area)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="row 1 are not finite"):
        binary([0, 1], [0.1, np.nan])
    with pytest.raises(ValueError, match="do not fit"):
        ranking(np.array([0, 1]), np.array([[0.1, 0.9], [0.2, 0.8]]), ("no", "yes"), BINARY)
