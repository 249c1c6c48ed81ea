import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from justfit.judge import Comparison, compare_correct, compare_paired, compare_rows, holm
from justfit.judge.significance import rows_ratio, standard_error

RATIO = 0.25
"""Of five folds."""

Runs = dict[tuple[int, int], float]


def on_one_split(values: list[float]) -> Runs:
    return {(1, seed): value for seed, value in enumerate(values)}


def on_folds(values: list[float]) -> Runs:
    return {(split, 0): value for split, value in enumerate(values, start=1)}


def told(found: Comparison | None) -> tuple[float, float, float, float]:
    """Difference, ends of its interval, and p."""
    assert found is not None
    assert found.difference.low is not None
    assert found.difference.high is not None
    assert found.p is not None
    return found.difference.value, found.difference.low, found.difference.high, found.p


# Runs


def test_on_one_split_it_is_the_paired_t_test() -> None:
    # Hours of sleep gained with two drugs (Student 1908): difference 1.58, t = 4.0621, p = 0.00283.
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = compare_paired(on_one_split(first), on_one_split(second), ratio=RATIO, more_is_better=True)
    assert told(found) == pytest.approx((-1.58, -2.4598858, -0.7001142, 0.002833), rel=1e-4)
    assert found is not None
    assert (found.verdict, found.pairs) == ("worse", 10)


def test_over_folds_the_variance_is_that_of_nadeau_and_bengio() -> None:
    # Differences 1, 2, 3, 4, 5: mean 3, variance 2.5, which (1/5 + 1/4) of is 1.125 instead of 0.5.
    found = compare_paired(on_folds([1, 2, 3, 4, 5]), on_folds([0] * 5), ratio=RATIO)
    half = 2.776445 * math.sqrt(1.125)  # Student's t for 4 degrees of freedom
    p = 2 * stats.t.sf(3 / math.sqrt(1.125), 4)
    assert told(found) == pytest.approx((3.0, 3 - half, 3 + half, p), rel=1e-5)
    plain = compare_paired(on_folds([1, 2, 3, 4, 5]), on_folds([0] * 5))
    assert told(plain)[3] == pytest.approx(stats.ttest_1samp([1, 2, 3, 4, 5], 0).pvalue)


def test_seeds_are_averaged_in_each_split() -> None:
    a = {(1, 0): 1.0, (1, 1): 3.0, (2, 0): 4.0, (2, 1): 4.0, (3, 0): 9.0, (3, 1): 3.0}
    b = dict.fromkeys(a, 1.0)
    found = compare_paired(a, b, ratio=RATIO)
    assert told(found) == pytest.approx(
        told(compare_paired(on_folds([2, 4, 6]), on_folds([1] * 3), ratio=RATIO))
    )
    assert found is not None
    assert found.pairs == 6


def test_only_runs_on_the_same_split_with_the_same_seed_make_a_pair() -> None:
    a, b = {(1, 0): 1.0, (1, 1): 5.0, (2, 0): 7.0}, {(1, 0): 0.0, (1, 2): 9.0}
    found = compare_paired(a, b)
    assert found == Comparison(found.difference, None, None, 1) if found else False
    assert found.difference.value == 1.0
    assert found.difference.low is None
    assert compare_paired(a, {(3, 0): 1.0}) is None


def test_what_is_always_equal_ties_and_what_always_differs_as_much_does_not() -> None:
    equal = compare_paired(on_folds([0.1, 0.2]), on_folds([0.1, 0.2]), ratio=RATIO)
    assert told(equal) == (0.0, 0.0, 0.0, 1.0)
    assert equal is not None
    assert equal.verdict == "tie"
    apart = compare_paired(on_folds([1.0, 2.0]), on_folds([0.0, 1.0]), ratio=RATIO)
    assert apart is not None
    assert (apart.p, apart.verdict) == (0.0, "worse")


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=6), st.booleans(), st.booleans())
def test_the_other_way_round_everything_is_the_other_way_round(
    values: list[float], folds: bool, more_is_better: bool
) -> None:
    keyed = on_folds if folds else on_one_split
    a, b = keyed(values), keyed(values[::-1])
    there = compare_paired(a, b, ratio=RATIO, more_is_better=more_is_better)
    back = compare_paired(b, a, ratio=RATIO, more_is_better=more_is_better)
    mean, low, high, p = told(there)
    assert told(back) == pytest.approx((-mean, -high, -low, p))
    assert there is not None
    assert back is not None
    opposite = {"better": "worse", "worse": "better", "tie": "tie"}
    assert back.verdict == opposite[there.verdict or ""]


@pytest.mark.parametrize("ratio", [-0.1, math.nan, math.inf])
def test_a_ratio_that_cannot_be_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match="expected a number from 0"):
        compare_paired(on_folds([1, 2]), on_folds([1, 2]), ratio=ratio)


def test_the_ratio_is_that_of_the_rows_of_each_protocol() -> None:
    assert rows_ratio({"name": "k_fold", "folds": 10, "how": "grouped"}) == pytest.approx(1 / 9)
    assert rows_ratio({"name": "test_rows"}) == 0.0
    # Of three cuts in time 1, 2 and 3 parts train, and one part validates.
    assert rows_ratio({"name": "k_fold", "folds": 3, "how": "time"}) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


def test_the_standard_error_is_that_of_the_mean_over_seeds_or_corrected_over_folds() -> None:
    values = [1.0, 2.0, 6.0]
    assert standard_error(on_one_split(values), RATIO) == pytest.approx(stats.sem(values))
    assert standard_error(on_folds(values), RATIO) == pytest.approx(math.sqrt((1 / 3 + RATIO) * 7))
    assert standard_error(on_folds([1.0]), RATIO) is None


def squared_errors(
    random: np.random.Generator, *, studies: int, worse: float = 0.0, rows: int = 60, repeats: int = 1
) -> np.ndarray:
    """Mean squared error in each of 5 folds, cut ``repeats`` times, of two models, ``[2, studies, splits]``.

    The label is the sum of two columns and noise. The one model sees the first column and the other the
    second, which is hidden behind noise where ``worse``.
    """
    columns = random.normal(size=(2, studies, rows))
    labels = columns.sum(axis=0) + random.normal(size=(studies, rows))
    columns[1] += worse * random.normal(size=(studies, rows))
    found = []
    for _ in range(repeats):
        folds = random.permutation(np.arange(rows) % 5)
        for fold in range(5):
            train, test = folds != fold, folds == fold
            slope = (columns[:, :, train] * labels[:, train]).sum(-1) / (columns[:, :, train] ** 2).sum(-1)
            errors = labels[:, test] - slope[..., None] * columns[:, :, test]
            found.append((errors**2).mean(-1))
    return np.stack(found, axis=-1)


def share_apart(errors: np.ndarray, ratio: float = RATIO) -> float:
    """In how many studies the two are told apart."""
    found = [
        compare_paired(on_folds(list(a)), on_folds(list(b)), ratio=ratio)
        for a, b in zip(*errors, strict=True)
    ]
    return float(np.mean([each is not None and each.verdict != "tie" for each in found]))


def test_two_equal_networks_are_told_apart_on_folds_in_at_most_7_of_100_studies() -> None:
    random = np.random.default_rng(0)
    assert share_apart(squared_errors(random, studies=3000)) <= 0.07


def test_repeating_the_folds_does_not_make_equal_networks_differ() -> None:
    random = np.random.default_rng(0)
    errors = squared_errors(random, studies=1500, repeats=4)
    assert share_apart(errors) <= 0.07
    assert share_apart(errors, ratio=0.0) > 0.2  # what the correction is for


def test_networks_are_told_apart_the_more_often_the_more_they_differ() -> None:
    random = np.random.default_rng(1)
    shares = [
        share_apart(squared_errors(random, studies=500, worse=worse, rows=200)) for worse in (0.0, 1.0, 3.0)
    ]
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.3


# Rows


def test_the_bootstrap_of_many_rows_is_close_to_the_paired_t_test() -> None:
    random = np.random.default_rng(2)
    hard = random.exponential(size=2000)
    a, b = hard + random.normal(0.02, 0.2, 2000), hard + random.normal(0.0, 0.2, 2000)
    tested = stats.ttest_rel(a, b)
    ends = tested.confidence_interval(0.95)
    mean, low, high, p = told(compare_rows(a, b))
    assert mean == pytest.approx((a - b).mean())
    assert (low, high) == pytest.approx((ends.low, ends.high), abs=0.1 * (ends.high - ends.low))
    assert p == pytest.approx(tested.pvalue, abs=0.01)
    assert compare_rows(a, b).verdict == "worse"
    assert compare_rows(a, b, more_is_better=True).verdict == "better"


def test_the_bootstrap_never_calls_chance_impossible_and_equal_rows_tie() -> None:
    apart = compare_rows(np.ones(50), np.zeros(50))
    assert apart.p is not None
    assert 0 < apart.p < 0.01
    assert (apart.verdict, apart.pairs) == ("worse", 50)
    equal = compare_rows([1.0, 2.0], [1.0, 2.0])
    assert (equal.p, equal.verdict) == (1.0, "tie")


def test_one_row_tells_nothing_apart() -> None:
    found = compare_rows([1.0], [0.0])
    assert (found.difference.value, found.difference.low, found.p, found.verdict) == (1.0, None, None, None)


@pytest.mark.slow
def test_the_bootstrap_holds_its_level_on_equal_networks() -> None:
    random = np.random.default_rng(3)
    studies = random.normal(size=(2, 200, 40))
    apart = [compare_rows(a, b).verdict != "tie" for a, b in zip(*studies, strict=True)]
    # 200 studies at 5% to 7%: more than 24 come by chance in 1 of 100.
    assert sum(apart) <= 24


def matched(both: int, won: int, lost: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows that both, one or none of two networks get right."""
    counts = (both, won, lost, neither)
    return np.repeat([1, 1, 0, 0], counts), np.repeat([1, 0, 1, 0], counts)


def test_mcnemar_gives_the_published_mid_p() -> None:
    # Fagerland, Lydersen and Laake 2013, airway hyper-responsiveness before and after: 1, 1, 7 and 12 of 21.
    # The exact p is 0.070 and the mid-p 0.039.
    found = compare_correct(*matched(1, 1, 7, 12))
    assert found.p == pytest.approx(2 * 9 / 256 - 8 / 256)
    assert found.p == pytest.approx(0.039, abs=5e-4)
    assert (found.verdict, found.pairs) == ("worse", 21)
    assert found.difference.value == pytest.approx(-6 / 21)


def test_the_interval_of_mcnemar_is_close_to_that_of_many_rows() -> None:
    # Agresti 1990, approval of a prime minister: 794, 150, 86 and 570; 0.04, Wald's 0.021 to 0.059.
    value, low, high, p = told(compare_correct(*matched(794, 150, 86, 570)))
    assert (value, low, high) == pytest.approx((0.04, 0.0213, 0.0586), abs=5e-4)
    assert p == pytest.approx(3.1e-5, rel=0.1)  # of z = (150 - 86) / sqrt(236) = 4.17


@given(st.integers(0, 30), st.integers(0, 30))
def test_the_mid_p_is_half_a_step_below_the_exact_one(won: int, lost: int) -> None:
    found = compare_correct(*matched(5, won, lost, 5))
    exact = stats.binomtest(won, won + lost).pvalue if won + lost else 1.0
    point = stats.binom.pmf(won, won + lost, 0.5)
    assert found.p == pytest.approx(min(1.0, exact - point) if won != lost else 1.0)


def test_networks_that_are_right_on_the_same_rows_tie() -> None:
    found = compare_correct([True, False, True], [True, False, True])
    assert (found.difference.value, found.p, found.verdict) == (0.0, 1.0, "tie")
    assert found.difference.low is not None
    assert found.difference.low < 0 < -found.difference.low


@pytest.mark.parametrize(("a", "b"), [([], []), ([1.0], [1.0, 2.0]), ([[1.0]], [[1.0]])])
def test_rows_that_are_not_the_same_are_refused(a: list[float], b: list[float]) -> None:
    for function in (compare_rows, compare_correct):
        with pytest.raises(ValueError, match="on the same rows, one number a row"):
            function(a, b)


# Many


def test_holm_is_what_was_published() -> None:
    # Wright 1992, Biometrics 48:1005-1013, and R's p.adjust: the smallest times 4, the next times 3, ...
    assert holm([0.01, 0.02, 0.03, 0.005]) == pytest.approx([0.03, 0.04, 0.04, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_keeps_the_order_and_lies_between_no_correction_and_bonferroni(values: list[float]) -> None:
    found = holm(values)
    for p, corrected in zip(values, found, strict=True):
        assert p <= corrected <= min(1.0, p * len(values)) + 1e-12
    assert np.argsort(values, kind="stable").tolist() == sorted(
        range(len(values)), key=lambda at: (found[at], values[at], at)
    )
