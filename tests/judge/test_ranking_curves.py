import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from justfit.judge.ranking_curves import MOST_POINTS, WITHIN, Points, ranking_curves, thinned

ROUNDED = 2e-6


def furthest(exact: np.ndarray, drawn: Points) -> float:
    """How far the exact curve's corners are from the drawn line at most; between them it is never further."""
    points = np.array(drawn)
    starts, along = points[:-1], np.diff(points, axis=0)
    length = np.maximum((along**2).sum(axis=1), 1e-300)
    worst = 0.0
    for corner in exact:
        share = (((corner - starts) * along).sum(axis=1) / length).clip(0, 1)
        worst = max(worst, float(np.linalg.norm(starts + share[:, None] * along - corner, axis=1).min()))
    return worst


def exact_curves(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    false, true, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    return np.stack([false, true], axis=1), np.stack([recall, precision], axis=1)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=40).filter(
        lambda rows: len({one for one, _ in rows}) == 2
    )
)
@settings(max_examples=60)
def test_curves_go_through_scikit_learns_points_with_ties_and_without(rows: list[tuple[bool, int]]) -> None:
    labels, scores = np.array([one for one, _ in rows]), np.array([score / 8 for _, score in rows])
    for exact, drawn in zip(exact_curves(labels, scores), ranking_curves(labels, scores), strict=True):
        assert furthest(exact, drawn) <= WITHIN + ROUNDED
        for point in drawn:
            assert np.abs(exact - point).max(axis=1).min() <= ROUNDED, "a point that is none of the curve's"


@pytest.mark.parametrize("rows", [300, 3_000])
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_curves_of_many_rows_have_few_points_and_stay_near_the_exact_ones(rows: int, share: float) -> None:
    random = np.random.default_rng(rows)
    labels = random.random(rows) < share
    scores = random.normal(size=rows) + 1.5 * labels
    for exact, drawn in zip(exact_curves(labels, scores), ranking_curves(labels, scores), strict=True):
        assert len(drawn) <= MOST_POINTS
        assert np.abs(exact[[0, -1]] - np.array(drawn)[[0, -1]]).max() <= ROUNDED
        assert furthest(exact, drawn) <= WITHIN + ROUNDED


def test_the_area_under_a_thinned_curve_is_hardly_another() -> None:
    random = np.random.default_rng(3)
    labels = random.random(20_000) < 0.5
    scores = random.normal(size=20_000) + 2 * labels
    roc = np.array(ranking_curves(labels, scores)[0])
    assert np.trapezoid(roc[:, 1], roc[:, 0]) == pytest.approx(
        metrics.roc_auc_score(labels, scores), abs=0.003
    )
    assert (np.diff(roc, axis=0) >= 0).all()


def test_where_the_points_do_not_suffice_the_line_is_as_near_as_they_allow() -> None:
    steps = np.arange(201) // 2 / 100, np.arange(1, 202) // 2 / 100
    stairs = np.stack(steps, axis=1)  # 201 corners, none on the line between its neighbours
    drawn = thinned(stairs)
    assert len(drawn) == MOST_POINTS
    assert WITHIN < furthest(stairs, drawn) <= 0.01 / np.sqrt(2) + ROUNDED


def test_what_lies_on_a_straight_line_or_does_not_move_needs_no_points() -> None:
    line = np.stack([np.linspace(0, 1, 50), np.linspace(0, 1, 50)], axis=1)
    assert thinned(line) == ((0, 0), (1, 1))
    assert thinned(np.array([[0.5, 0.5]] * 4)) == ((0.5, 0.5), (0.5, 0.5))
