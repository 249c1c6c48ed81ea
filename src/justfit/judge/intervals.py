"""`Figure`: a number measured on some rows, and the 95% interval that such a choice of rows leaves it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy import special

LEVEL = 0.95
"""Confidence of every interval."""

RESAMPLES = 1000
"""Draws of the bootstrap: the ends of its interval then wobble by a few percent of the interval's width."""

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """A measured ``value`` and its 95% interval from ``low`` to ``high``.

    The interval tells what the choice of rows leaves open, not what other initial weights would
    give. Both ends are None where a single row leaves them unknown.
    """

    value: float
    low: float | None
    high: float | None

    def map(self, rising: Callable[[float], float]) -> "Figure":
        """The figure and interval of a ``rising`` function of this one."""
        if self.low is None or self.high is None:
            return Figure(rising(self.value), None, None)
        return Figure(rising(self.value), rising(self.low), rising(self.high))


def wilson(successes: int, total: int) -> Figure:
    """A proportion with its Wilson score interval (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    It holds its confidence near 0 and 1, where ``p +- 1.96 sqrt(p (1 - p) / n)`` does not. Of no
    rows at all the proportion is called 0, and the interval says that nothing is known.

    >>> wilson(0, 0)
    Figure(value=0.0, low=0.0, high=1.0)
    """
    if not 0 <= successes <= total:
        raise ValueError(f"There cannot be {successes} successes in {total} rows.")
    if total == 0:
        return Figure(0.0, 0.0, 1.0)
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    share = successes / total
    centre = share + z**2 / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    scale = 1 + z**2 / total
    # At the ends the two terms are equal, and only rounding keeps them from cancelling.
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == total else (centre + spread) / scale
    return Figure(share, low, high)


def mean_interval(values: npt.ArrayLike, most: float = math.inf, low: float = 0.0) -> Figure:
    """The mean of one number a row, from ``low`` to ``most``, with Student's t interval cut to that range.

    Raises:
        ValueError: no rows.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.size == 0:
        raise ValueError("No rows, so no mean.")
    mean = float(numbers.mean())
    if numbers.size == 1:
        return Figure(mean, None, None)
    spread = float(mean_margins(numbers.ravel()))
    return Figure(mean, max(low, mean - spread), min(most, mean + spread))


def mean_margins(values: Float64) -> Float64:
    """How far Student's t interval of a mean over the last axis goes to either side.

    >>> mean_margins(np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 3.0]])).round(3).tolist()
    [0.0, 2.484]
    """
    count = values.shape[-1]
    error = values.std(axis=-1, ddof=1) / math.sqrt(count)
    return np.asarray(special.stdtrit(count - 1, (1 + LEVEL) / 2) * error)


def bootstrap(rows: Float64, statistic: Callable[[Float64], float]) -> Figure:
    """``statistic`` of the column means of ``rows`` (``[rows, columns]``), with its percentile interval.

    Rows are drawn again with replacement, `RESAMPLES` times (Efron 1979,
    doi:10.1214/aos/1176344552), from a generator with a fixed seed, so that the same rows always
    give the same interval.
    """
    value = float(statistic(rows.mean(axis=0)))
    if len(rows) == 1:
        return Figure(value, None, None)
    statistics = bootstrap_draws(rows, statistic)
    low, high = np.quantile(statistics, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Figure(value, float(low), float(high))


def bootstrap_draws(rows: Float64, statistic: Callable[[Float64], float]) -> list[float]:
    """``statistic`` of the column means of each draw of ``rows``, as `bootstrap` draws them."""
    generator = np.random.default_rng(0)
    draws = (generator.integers(len(rows), size=len(rows)) for _ in range(RESAMPLES))
    return [statistic(rows[draw].mean(axis=0)) for draw in draws]


def logit_interval(value: float, error: float, rows: int) -> Figure:
    """A figure from 0 to 1 with its interval on the logit scale, so that it stays in that range.

    At 0 and 1 the standard error is 0 and says nothing. There the interval is Wilson's of ``rows``
    rows that all went one way, which is wider than the truth rather than narrower.

    Args:
        value: the figure.
        error: its standard error; not finite where the rows are too few to tell.
        rows: of the smallest group of rows that the figure rests on.

    >>> logit_interval(0.5, 0.0, 10)
    Figure(value=0.5, low=0.5, high=0.5)
    """
    if not math.isfinite(error):
        return Figure(value, None, None)
    if not 0 < value < 1:
        value = min(1.0, max(0.0, value))  # it was beyond by rounding only
        return wilson(round(value) * rows, rows)
    centre = float(special.logit(value))
    spread = NormalDist().inv_cdf((1 + LEVEL) / 2) * error / (value * (1 - value))
    if spread == 0:
        return Figure(value, value, value)
    return Figure(value, float(special.expit(centre - spread)), float(special.expit(centre + spread)))


def mean_of_independent(figures: Sequence[Figure]) -> Figure:
    """The mean of figures of different rows, its interval made of theirs (Zou and Donner 2008).

    Their distances to the value are what is added in squares (doi:10.1002/sim.3095), so that the
    interval is as lopsided as they are, and keeps a width where each of them is 0 or 1.

    Raises:
        ValueError: no figures.
    """
    if not figures:
        raise ValueError("No figures, so no mean.")
    value = math.fsum(figure.value for figure in figures) / len(figures)
    lows, highs = [], []
    for figure in figures:
        if figure.low is None or figure.high is None:
            return Figure(value, None, None)
        lows.append(figure.value - figure.low)
        highs.append(figure.high - figure.value)
    below, above = (math.hypot(*distances) / len(figures) for distances in (lows, highs))
    return Figure(value, value - below, value + above)
