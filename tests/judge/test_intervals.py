import math

import numpy as np
import pytest
from scipy import special, stats

from justfit.judge.intervals import (
    Figure,
    bootstrap,
    logit_interval,
    mean_interval,
    mean_of_independent,
    wilson,
)


@pytest.mark.parametrize(("successes", "total"), [(0, 1), (1, 1), (0, 50), (50, 50), (3, 7), (2207, 2500)])
def test_the_wilson_interval_is_scipys(successes: int, total: int) -> None:
    theirs = stats.binomtest(successes, total).proportion_ci(0.95, method="wilson")
    ours = wilson(successes, total)
    assert ours.value == successes / total
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_of_no_rows_nothing_is_known() -> None:
    assert wilson(0, 0) == Figure(0.0, 0.0, 1.0)


@pytest.mark.parametrize(("successes", "total"), [(-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes: int, total: int) -> None:
    with pytest.raises(ValueError, match="There cannot be"):
        wilson(successes, total)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.883])
def test_the_wilson_interval_holds_the_true_share_as_often_as_it_says(share: float) -> None:
    draws = np.random.default_rng(1).binomial(200, share, size=2000)
    intervals = {count: wilson(count, 200) for count in set(draws.tolist())}
    held = [intervals[count].low <= share <= intervals[count].high for count in draws.tolist()]
    assert 0.93 <= np.mean(held) <= 0.975


def test_the_mean_interval_is_scipys_t_interval() -> None:
    values = np.random.default_rng(2).gamma(3.0, size=30)
    low, high = stats.t.interval(0.95, df=29, loc=values.mean(), scale=stats.sem(values))
    figure = mean_interval(values)
    assert (figure.value, figure.low, figure.high) == pytest.approx((values.mean(), low, high))


def test_the_mean_interval_stays_within_what_is_possible() -> None:
    assert mean_interval([0.0, 0.0, 1.0]).low == 0.0
    assert mean_interval([1.0, 1.0, 0.0], most=1.0).high == 1.0


def test_the_mean_interval_of_what_may_be_negative_is_cut_only_where_asked() -> None:
    values = [-3.0, 1.0, 1.5, -2.0]
    low, high = stats.t.interval(0.95, df=3, loc=np.mean(values), scale=stats.sem(values))
    figure = mean_interval(values, low=-math.inf)
    assert (figure.low, figure.high) == pytest.approx((low, high))
    assert mean_interval(values, low=-1.0, most=1.0) == Figure(np.mean(values), -1.0, 1.0)


def test_equal_values_leave_an_interval_of_no_width() -> None:
    assert mean_interval([0.5, 0.5, 0.5]) == Figure(0.5, 0.5, 0.5)


def test_one_row_has_a_mean_but_no_interval() -> None:
    assert mean_interval([0.25]) == Figure(0.25, None, None)
    assert mean_interval([0.25]).map(math.sqrt) == Figure(0.5, None, None)


def test_no_rows_have_no_mean() -> None:
    with pytest.raises(ValueError, match="No rows"):
        mean_interval([])


def test_the_mean_interval_holds_the_true_mean_as_often_as_it_says() -> None:
    samples = np.random.default_rng(3).exponential(size=(1000, 100))
    figures = [mean_interval(sample) for sample in samples]
    assert 0.92 <= np.mean([figure.low <= 1.0 <= figure.high for figure in figures]) <= 0.97


def test_the_bootstrap_agrees_with_scipys() -> None:
    rows = np.random.default_rng(4).normal(5.0, 2.0, size=(80, 2))

    def ratio(first: np.ndarray, second: np.ndarray, axis: int = -1) -> np.ndarray:
        return first.mean(axis=axis) / second.mean(axis=axis)

    theirs = stats.bootstrap(
        tuple(rows.T), ratio, paired=True, n_resamples=5000, method="percentile", random_state=5
    ).confidence_interval
    ours = bootstrap(rows, lambda means: means[0] / means[1])
    width = theirs.high - theirs.low
    assert ours.value == pytest.approx(ratio(*rows.T))
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.1 * width)


def test_the_bootstrap_gives_the_same_rows_the_same_interval() -> None:
    rows = np.random.default_rng(6).normal(size=(20, 1))
    assert bootstrap(rows, lambda means: means[0]) == bootstrap(rows, lambda means: means[0])


def test_the_bootstrap_holds_the_true_value_as_often_as_it_says() -> None:
    samples = np.random.default_rng(7).normal(size=(60, 100, 1))
    figures = [bootstrap(sample, lambda means: means[0]) for sample in samples]
    assert np.mean([figure.low <= 0.0 <= figure.high for figure in figures]) >= 0.86


def test_an_interval_on_the_logit_scale_stays_from_0_to_1_and_is_symmetric_there() -> None:
    found = logit_interval(0.9, 0.2, 10)
    assert 0 < found.low < 0.9 < found.high < 1
    assert special.logit(found.high) + special.logit(found.low) == pytest.approx(2 * special.logit(0.9))
    narrow = logit_interval(0.5, 0.001, 10)
    assert narrow.high - narrow.low == pytest.approx(2 * 1.959964 * 0.001, rel=1e-5)


def test_at_the_ends_of_the_range_an_interval_on_the_logit_scale_is_wilsons() -> None:
    assert logit_interval(1.0, 0.0, 7) == wilson(7, 7)
    assert logit_interval(0.0, 0.0, 7) == wilson(0, 7)
    assert logit_interval(0.7, math.inf, 1) == Figure(0.7, None, None)


def test_the_mean_of_independent_figures_has_an_interval_of_their_distances() -> None:
    found = mean_of_independent([Figure(0.5, 0.2, 0.6), Figure(0.7, 0.3, 0.8)])
    assert found.value == pytest.approx(0.6)
    assert found.low == pytest.approx(0.6 - math.hypot(0.3, 0.4) / 2)
    assert found.high == pytest.approx(0.6 + math.hypot(0.1, 0.1) / 2)
    assert mean_of_independent([wilson(3, 4)]) == wilson(3, 4)
    assert mean_of_independent([wilson(3, 4), Figure(0.5, None, None)]) == Figure(0.625, None, None)
    with pytest.raises(ValueError, match="No figures"):
        mean_of_independent([])
