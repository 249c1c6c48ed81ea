import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from justfit.judge import Curve, Standing, mean_curve, rank, standing
from justfit.judge.intervals import Figure
from justfit.judge.selection import FIGURES
from justfit.spec import Epoch, History


def losses(*values: float | None) -> History:
    """A run whose validation figures all are these."""
    return tuple(
        Epoch(number, 1.0, 1.0, 0.5, value, value, value, seconds=0.1)
        for number, value in enumerate(values, start=1)
    )


def accuracies(*values: tuple[float, float]) -> History:
    """A run of pairs of validation loss and accuracy."""
    return tuple(
        Epoch(number, 1.0, 1.0, 0.5, loss, loss, accuracy, seconds=0.1)
        for number, (loss, accuracy) in enumerate(values, start=1)
    )


def curve_of(runs: Sequence[History], figure: str = "val_loss") -> Curve:
    found = mean_curve(runs, figure)
    assert found is not None
    return found


def stands(*runs: History, figure: str = "val_loss", more_is_better: bool = False) -> Standing:
    found = standing(runs, figure, more_is_better=more_is_better)
    assert found is not None
    return found


# Curves

VALUES = st.floats(-1e6, 1e6)
TABLES = st.integers(2, 6).flatmap(
    lambda epochs: st.lists(st.lists(VALUES, min_size=epochs, max_size=epochs), min_size=2, max_size=6)
)


@given(TABLES)
def test_mean_band_and_spread_are_those_of_numpy_and_scipy(table: list[list[float]]) -> None:
    found = curve_of([losses(*row) for row in table])
    array = np.array(table)
    size = max(1.0, float(np.abs(array).max()))
    np.testing.assert_allclose(found.mean, array.mean(axis=0), atol=1e-12 * size)
    np.testing.assert_allclose(found.spread, array.std(axis=0, ddof=1), atol=1e-12 * size)
    error = stats.sem(array, axis=0)
    half = stats.t.ppf(0.975, df=len(table) - 1) * error
    expected = np.column_stack((array.mean(axis=0) - half, array.mean(axis=0) + half))
    np.testing.assert_allclose(found.band, expected, rtol=1e-9, atol=1e-9 * size)
    assert (found.runs, found.figure) == (len(table), "val_loss")


def test_one_run_is_its_own_mean_without_band_or_spread() -> None:
    assert curve_of([losses(0.5, 0.4)]) == Curve("val_loss", 1, (0.5, 0.4), None, None)


def test_a_curve_goes_as_far_as_the_shortest_run() -> None:
    found = curve_of([losses(3, 1, 1), losses(5, 3)])
    assert found.mean == (4.0, 2.0)
    assert len(found.band) == len(found.spread) == 2


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf, None])
def test_a_curve_ends_where_a_run_has_no_finite_figure(broken: float | None) -> None:
    assert curve_of([losses(3, 1, broken, 0), losses(5, 3, 1, 0)]).mean == (4.0, 2.0)


@pytest.mark.parametrize("runs", [[losses(None, None)], [losses(math.nan, 1)], [losses(1, 1), ()]])
def test_where_no_epoch_was_measured_in_all_runs_there_is_no_curve(runs: list[History]) -> None:
    assert mean_curve(runs, "val_loss") is None


def test_every_figure_of_an_epoch_has_its_curve() -> None:
    epoch = Epoch(1, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, seconds=9.0, fit_loss=7.0, fit_metric=8.0)
    assert [curve_of([(epoch,)], figure).mean[0] for figure in FIGURES] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert mean_curve([losses(1, 1)], "fit_loss") is None


@pytest.mark.parametrize(("runs", "figure"), [([], "val_loss"), ([losses(1)], "seconds"), ([losses(1)], "x")])
def test_a_curve_of_no_run_or_no_figure_is_refused(runs: list[History], figure: str) -> None:
    with pytest.raises(ValueError, match=f"one of loss, .* over at least one run, got '{figure}'"):
        mean_curve(runs, figure)


# The best epoch


def test_the_best_epoch_is_that_of_the_mean_curve_and_not_of_any_run() -> None:
    # Alone the runs would choose epochs 1 and 3.
    found = stands(losses(1, 2, 6), losses(6, 2, 1))
    assert (found.best_epoch, found.value, found.runs, found.figure) == (2, 2.0, 2, "val_loss")
    assert found.spread == 0.0
    assert found.interval == Figure(2.0, 2.0, 2.0)


def test_a_standing_has_students_interval_of_its_best_epoch() -> None:
    values = [0.31, 0.28, 0.35, 0.3, 0.29]
    found = stands(*[losses(1, value, 2) for value in values])
    low, high = stats.t.interval(0.95, df=4, loc=np.mean(values), scale=stats.sem(values))
    assert found.best_epoch == 2
    assert found.value == pytest.approx(np.mean(values))
    assert found.spread == pytest.approx(np.std(values, ddof=1))
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))
    assert found.interval.value == found.value


def test_one_run_stands_without_spread_and_interval() -> None:
    found = stands(losses(0.5, 0.4, 0.45))
    assert (found.best_epoch, found.value, found.spread) == (2, 0.4, None)
    assert found.interval == Figure(0.4, None, None)


def test_more_is_better_for_accuracy_and_less_for_errors() -> None:
    run = accuracies((0.5, 0.6), (0.4, 0.8), (0.3, 0.7))
    assert stands(run, figure="val_metric", more_is_better=True).best_epoch == 2
    assert stands(run, figure="val_metric").best_epoch == 1
    assert stands(run, figure="val_data_loss").best_epoch == 3


def test_negative_figures_are_compared_like_others() -> None:
    found = stands(losses(-1, -3, -2), losses(-1, -3.5, -2))
    assert (found.best_epoch, found.value) == (2, -3.25)
    assert found.interval.low < found.value < found.interval.high < 0
    assert stands(losses(-1, -3, -2), more_is_better=True).best_epoch == 1


@pytest.mark.parametrize("more_is_better", [False, True])
def test_of_equal_epochs_the_earliest_is_best(more_is_better: bool) -> None:
    assert stands(losses(0.4, 0.4, 0.4), more_is_better=more_is_better).best_epoch == 1


@given(st.lists(VALUES, min_size=2, max_size=7), st.data())
def test_epochs_are_equal_whichever_run_has_which_of_the_same_figures(
    values: list[float], data: st.DataObject
) -> None:
    other = data.draw(st.permutations(values))
    runs = [losses(*pair) for pair in zip(values, other, strict=True)]
    assert stands(*runs).best_epoch == stands(*runs, more_is_better=True).best_epoch == 1


def test_a_run_that_ended_early_counts_as_far_as_it_came() -> None:
    found = stands(losses(0.5, 0.4), losses(0.6, 0.5, 0.1))
    assert (found.best_epoch, found.value) == (2, pytest.approx(0.45))


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_the_accuracy_of_a_diverged_network_makes_no_epoch_the_best(broken: float) -> None:
    sound = accuracies((0.5, 0.6), (0.4, 0.7), (0.3, 0.8))
    wild = accuracies((0.5, 0.6), (broken, 0.9), (broken, 0.9))
    assert stands(sound, wild, figure="val_metric", more_is_better=True).best_epoch == 1


@pytest.mark.parametrize("diverged", [(), losses(math.inf, 1.0), losses(None)])
def test_a_candidate_of_which_one_run_was_never_measured_stands_nowhere(diverged: History) -> None:
    assert standing([losses(0.5), diverged], "val_loss", more_is_better=False) is None


def test_infinite_training_figures_do_not_hide_validation() -> None:
    epochs = tuple(Epoch(n, math.inf, math.inf, 0.5, v, v, v, 0.1) for n, v in ((1, 0.5), (2, 0.4)))
    assert stands(epochs).best_epoch == 2


# The order of candidates


def one(value: float) -> Standing:
    return stands(losses(value))


def test_candidates_stand_in_the_order_of_their_figure() -> None:
    standings = {"a": one(0.5), "b": one(-0.3), "c": one(0.4)}
    assert rank(standings, more_is_better=False) == ["b", "c", "a"]
    assert rank(standings, more_is_better=True) == ["a", "c", "b"]


@pytest.mark.parametrize("more_is_better", [False, True])
def test_of_equal_candidates_the_earlier_is_first_and_those_without_a_figure_are_last(
    more_is_better: bool,
) -> None:
    standings = {"wild": None, "b": one(0.5), "a": one(0.5), "tame": None}
    assert rank(standings, more_is_better=more_is_better) == ["b", "a", "wild", "tame"]


def test_no_candidates_have_no_order() -> None:
    assert rank({}, more_is_better=False) == []
