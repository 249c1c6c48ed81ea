"""Whether two networks differ: on the same runs, or on the same rows of one split."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from justfit.judge.intervals import LEVEL, Figure, bootstrap_draws

BETTER, WORSE, TIE = "better", "worse", "tie"

RunKey = tuple[int, int]
"""The split of a run, from 1, and its seed."""


@dataclass(frozen=True)
class Comparison:
    """One network against another on what they were both measured on."""

    difference: Figure
    """The mean of its figure minus the other's, with its 95% interval, whose ends are None for one pair."""
    p: float | None
    """How often chance alone takes two equal networks so far apart; None for one pair."""
    verdict: str | None
    """``better`` or ``worse`` than the other where ``p`` is below 0.05, else ``tie``; None for one pair."""
    pairs: int


def compare_paired(
    values: Mapping[RunKey, float],
    other: Mapping[RunKey, float],
    *,
    ratio: float = 0.0,
    more_is_better: bool = False,
) -> Comparison | None:
    """Two networks by a figure of their runs, paired by split and seed; None without a pair.

    On one split it is a paired t test over the seeds, which tells of other seeds on that split and
    not of other rows. On several splits, folds and their repeats, seeds are averaged in each, and it is the
    corrected resampled t test (Nadeau and Bengio 2003, doi:10.1023/A:1024068626366): folds share training
    rows, so the variance of the mean over n splits is (1/n + ``ratio``) of that from split to split.

    Args:
        values: of the one network, by split and seed.
        other: of the other.
        ratio: rows that validate for one that trains, see `rows_ratio`.
        more_is_better: whether the higher figure is the better.

    Raises:
        ValueError: ``ratio`` is negative or not finite.

    >>> a, b = {(1, 0): 0.5, (1, 1): 0.6, (1, 2): 0.5}, {(1, 0): 0.3, (1, 1): 0.4, (1, 2): 0.2}
    >>> found = compare_paired(a, b)
    >>> found.verdict, round(found.p, 3), found.pairs
    ('worse', 0.02, 3)
    """
    differences = {key: value - other[key] for key, value in values.items() if key in other}
    if not differences:
        return None
    mean, error, freedom = _mean_and_error(differences, ratio)
    if error is None:
        return Comparison(Figure(mean, None, None), None, None, len(differences))
    spread = float(special.stdtrit(freedom, (1 + LEVEL) / 2)) * error
    p = float(mean == 0)
    if error > 0:
        p = 2 * float(special.stdtr(freedom, -abs(mean) / error))
    difference = Figure(mean, mean - spread, mean + spread)
    return Comparison(difference, p, verdict_of(mean, p, more_is_better=more_is_better), len(differences))


def standard_error(values: Mapping[RunKey, float], ratio: float = 0.0) -> float | None:
    """The standard error of the mean over runs, corrected over splits as in `compare_paired`; None for one.

    >>> round(standard_error({(1, 0): 1.0, (1, 1): 3.0}), 3)
    1.0
    """
    return _mean_and_error(values, ratio)[1]


def _mean_and_error(values: Mapping[RunKey, float], ratio: float) -> tuple[float, float | None, int]:
    """The mean, its standard error and degrees of freedom."""
    if not (math.isfinite(ratio) and ratio >= 0):
        raise ValueError(f"The ratio of validating to training rows is {ratio}: expected a number from 0.")
    splits = sorted({split for split, _ in values})
    if len(splits) > 1:
        units = [_mean([value for key, value in values.items() if key[0] == split]) for split in splits]
    else:
        units, ratio = list(values.values()), 0.0
    mean, count = _mean(units), len(units)
    if count == 1:
        return mean, None, 0
    # The mean of equal numbers can be off by a rounding, which would pass for a spread.
    squares = math.fsum((unit - mean) ** 2 for unit in units) if len(set(units)) > 1 else 0.0
    return mean, math.sqrt((1 / count + ratio) * squares / (count - 1)), count - 1


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def rows_ratio(protocol: Mapping[str, Any]) -> float:
    """How many rows validate for one that trains in a k-fold, as a run's spec has it; 0 for one split.

    >>> rows_ratio({"name": "k_fold", "folds": 5, "how": "stratified"}), rows_ratio({"name": "hold_out"})
    (0.25, 0.0)
    """
    if protocol["name"] != "k_fold":
        return 0.0
    folds = int(protocol["folds"])
    if protocol["how"] == "time":  # one part validates after 1, 2, ... parts that train
        return _mean([1 / parts for parts in range(1, folds + 1)])
    return 1 / (folds - 1)


def compare_rows(values: npt.ArrayLike, other: npt.ArrayLike, *, more_is_better: bool = False) -> Comparison:
    """Two networks by a figure of each row of one split: a paired bootstrap of the rows.

    Rows are drawn again with replacement (Efron 1979, doi:10.1214/aos/1176344552), the same for both
    networks, from a generator with a fixed seed. It tells of other rows, and not of other seeds.

    Args:
        values: one number a row, such as its loss, ``[rows]``.
        other: of the other network, on the same rows.
        more_is_better: whether the higher figure is the better.

    Raises:
        ValueError: no rows, or not the same number of them.
    """
    differences = _paired(values, other)
    mean = float(differences.mean())
    if len(differences) == 1:
        return Comparison(Figure(mean, None, None), None, None, 1)
    means = bootstrap_draws(differences[:, None], lambda column: float(column[0]))
    low, high = np.quantile(means, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    # One is added, as what was measured is a draw, too: chance is never called impossible.
    tail = min(sum(each <= 0 for each in means), sum(each >= 0 for each in means))
    p = min(1.0, 2 * (tail + 1) / (len(means) + 1))
    return Comparison(
        Figure(mean, float(low), float(high)),
        p,
        verdict_of(mean, p, more_is_better=more_is_better),
        len(differences),
    )


def compare_correct(correct: npt.ArrayLike, other: npt.ArrayLike) -> Comparison:
    """Two networks by whether each row of one split was classified right: McNemar's test.

    Only rows that one of the two gets right tell them apart. ``p`` is the exact conditional test's mid-p
    (Fagerland, Lydersen and Laake 2013, doi:10.1186/1471-2288-13-91), and the interval of the difference of
    the accuracies is that of Agresti and Min (2005, doi:10.1002/sim.1781).

    Args:
        correct: true where the one network is right, ``[rows]``.
        other: of the other network, on the same rows.

    Raises:
        ValueError: no rows, or not the same number of them.

    >>> found = compare_correct([True] * 7 + [False] + [True] * 13, [False] * 7 + [True] + [True] * 13)
    >>> found.verdict, round(found.p, 3)
    ('better', 0.039)
    """
    differences = _paired(np.asarray(correct, bool), np.asarray(other, bool))
    rows = len(differences)
    won, lost = int((differences > 0).sum()), int((differences < 0).sum())
    p = min(1.0, 2 * _binomial(won + lost, min(won, lost)))
    mean = (won - lost) / rows
    shifted = (won - lost) / (rows + 2)
    error = math.sqrt((won + lost + 1) - (won - lost) ** 2 / (rows + 2)) / (rows + 2)
    half = float(special.ndtri((1 + LEVEL) / 2)) * error
    difference = Figure(mean, max(-1.0, shifted - half), min(1.0, shifted + half))
    return Comparison(difference, p, verdict_of(mean, p, more_is_better=True), rows)


def _binomial(trials: int, successes: int) -> float:
    """P(X < successes) + P(X = successes) / 2 of as many tosses of a coin."""
    at_most = float(special.bdtr(successes, trials, 0.5)) if trials else 1.0
    below = float(special.bdtr(successes - 1, trials, 0.5)) if successes else 0.0
    return (at_most + below) / 2


def _paired(values: npt.ArrayLike, other: npt.ArrayLike) -> npt.NDArray[np.float64]:
    first, second = np.asarray(values, np.float64), np.asarray(other, np.float64)
    if first.ndim != 1 or first.shape != second.shape or not first.size:
        raise ValueError(
            f"Two networks are compared on the same rows, one number a row: got shapes {first.shape} and "
            f"{second.shape}."
        )
    return first - second


def holm(p_values: Sequence[float]) -> list[float]:
    """The p of each of several comparisons, corrected so that it is of any of them being wrong.

    Source: Holm 1979, Scandinavian Journal of Statistics 6:65.

    Args:
        p_values: of the comparisons, all that were made, also to find out which to look at.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for place, number in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[number]))
        corrected[number] = highest
    return corrected


def verdict_of(difference: float, p: float, *, more_is_better: bool) -> str:
    """``better``, ``worse`` or ``tie`` by a difference and how often chance makes one.

    >>> verdict_of(0.1, 0.01, more_is_better=False), verdict_of(0.1, 0.2, more_is_better=False)
    ('worse', 'tie')
    """
    if p >= 1 - LEVEL:
        return TIE
    return BETTER if (difference > 0) == more_is_better else WORSE
