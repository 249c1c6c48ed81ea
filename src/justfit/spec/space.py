"""`space` of a stage: settings drawn from lists and ranges, at random or spread evenly."""

import itertools
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from justfit.errors import SpecError
from justfit.spec.checks import require_choice, require_flag, require_integer, require_number
from justfit.spec.network import A_LAYER
from justfit.spec.settings import Settings, require_setting, values_of

SAMPLERS = ("random", "quasi_random", "grid")
"""How a space is drawn from: at random, by a scrambled Halton sequence, or every combination of its lists."""

DEFAULT_TRIALS = 64

MOST_TRIALS = 100_000

WHOLE = ("embedding", "batch_size", "epochs", "patience")
"""Settings of whole numbers that can have a range."""

RANGED = (*A_LAYER, "input_dropout", *WHOLE, "clip_norm", "clip_value", "learning_rate")
"""Settings that can have a range; the others can have lists."""

RANGE_KEYS = ("from", "to", "log")

DIGITS = 4
"""Of numbers drawn from a range, so that a network's name tells all of it."""

Space = Mapping[str, object]
"""Lists and ranges by setting, as a study file has them."""


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included."""

    low: float
    high: float
    is_log: bool = False
    """Whether each factor is as likely as another, rather than each distance."""
    is_whole: bool = False

    def at(self, share: float) -> float:
        """The number so far from low to high, the share from 0 to below 1.

        >>> Range(0.0001, 0.1, is_log=True).at(1 / 3), Range(1, 4, is_whole=True).at(0.5)
        (0.001, 3)
        """
        low, high = self.low, self.high
        if self.is_whole:  # each whole number has the same room around it
            low, high = low - 0.5, high + 0.5
        if self.is_log:
            value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            value = low + share * (high - low)
        return self.nearest(value)

    def nearest(self, value: float) -> float:
        """The number of the range next to a value: a whole one, or one of `DIGITS` digits."""
        if self.is_whole:
            return int(min(max(math.floor(value + 0.5), self.low), self.high))
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)


Dimension = Range | tuple[object, ...]
"""Where the values of a setting come from: a range, or a list."""


def dimension_of(key: str, values: object) -> Dimension:
    """The range or the list that a space gives for a setting.

    Args:
        key: of the setting.
        values: ``{"from": 0.0001, "to": 0.1, "log": True}``, or what a grid may have.

    Raises:
        SpecError: it is neither, is empty, or its ends cannot be.

    >>> dimension_of("dropout", {"from": 0, "to": 0.5})
    Range(low=0.0, high=0.5, is_log=False, is_whole=False)
    """
    require_setting("setting", key)
    if key in RANGED and not isinstance(values, Mapping | list | tuple):
        raise SpecError(
            f"{key} must be a list of values to try, or a range such as {{from: 1, to: 8}}, got {values!r}."
        )
    if not isinstance(values, Mapping) or (key == "hidden" and "taper" in values):
        return values_of(key, values)
    if key not in RANGED:
        raise SpecError(f"{key} is not a number, so it has no range: list the values to try.")
    for inner in values:
        require_choice(f"key of the range of {key}", inner, RANGE_KEYS)
    if lacking := [end for end in ("from", "to") if end not in values]:
        raise SpecError(f"the range of {key} lacks {' and '.join(lacking)}: give it a number.")
    is_log = require_flag(f"log of the range of {key}", values.get("log", False))
    if key in WHOLE:
        low, high = (
            float(require_integer(f"{end} of the range of {key}", values[end], 1)) for end in ("from", "to")
        )
    else:
        low, high = (require_number(f"{end} of the range of {key}", values[end]) for end in ("from", "to"))
    if low >= high:
        raise SpecError(f"the range of {key} goes from {low:g} to {high:g}: from must be less than to.")
    if is_log and low == 0:
        raise SpecError(
            f"the range of {key} begins at 0, which has no logarithm: begin above 0, or leave log out."
        )
    return Range(low, high, is_log, key in WHOLE)


def dimensions_of(space: Space) -> dict[str, Dimension]:
    """The ranges and lists of a space by setting; raises `SpecError` as `dimension_of`."""
    return {key: dimension_of(key, values) for key, values in space.items()}


def drawn(space: Space, sampler: str, trials: int | None, seed: int) -> Iterator[Settings]:
    """Settings drawn from a space one after the other, some perhaps alike.

    The first ones are the same however many are drawn, so that more trials add to those before.

    Args:
        space: lists and ranges by setting.
        sampler: one of `SAMPLERS`.
        trials: how many to draw, by default `DEFAULT_TRIALS`; None for ``grid``, which takes all.
        seed: another one draws others.

    Raises:
        SpecError: a range that cannot be, or ``grid`` with a range.

    >>> list(drawn({"dropout": [0, 0.5], "l2": [0]}, "grid", None, seed=0))
    [{'dropout': 0, 'l2': 0}, {'dropout': 0.5, 'l2': 0}]
    """
    dimensions = dimensions_of(space)
    if sampler == "grid":
        yield from _crossed(dimensions)
        return
    points = _halton(len(dimensions), seed) if sampler == "quasi_random" else _random(len(dimensions), seed)
    for point in itertools.islice(points, trials or DEFAULT_TRIALS):
        yield {key: value_at(dimensions[key], share) for key, share in zip(dimensions, point, strict=True)}


def value_at(dimension: Dimension, share: float) -> object:
    """The value of a list or a range at a share from 0 to below 1."""
    if isinstance(dimension, Range):
        return dimension.at(share)
    return dimension[min(int(share * len(dimension)), len(dimension) - 1)]


def _crossed(dimensions: Mapping[str, Dimension]) -> Iterator[Settings]:
    lists = {}
    for key, values in dimensions.items():
        if isinstance(values, Range):
            raise SpecError(
                f"{key} has a range, which the sampler grid cannot try whole: list its values, or take "
                "another sampler."
            )
        lists[key] = values
    if (count := math.prod(len(values) for values in lists.values())) > MOST_TRIALS:
        raise SpecError(f"the space crosses {count:,} networks: at most {MOST_TRIALS:,}.")
    for values in itertools.product(*lists.values()):
        yield dict(zip(lists, values, strict=True))


def _random(dimensions: int, seed: int) -> Iterator[tuple[float, ...]]:
    # Of Python's generator only `random` is promised to give the same numbers in later versions.
    numbers = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    while True:
        yield tuple(numbers.random() for _ in range(dimensions))


def _halton(dimensions: int, seed: int) -> Iterator[tuple[float, ...]]:
    """Points of the Halton sequence, a prime base a dimension, each digit permuted by chance.

    Source: Owen, "A randomized Halton algorithm in R", 2017 (arXiv:1706.02808).
    """
    scrambles = [_Scramble(base, f"{seed}:{base}") for base in itertools.islice(_primes(), dimensions)]
    for number in itertools.count():
        yield tuple(scramble.inverse(number) for scramble in scrambles)


class _Scramble:
    """The radical inverse in one base, with a permutation of digits for each place."""

    def __init__(self, base: int, seed: str) -> None:
        self._base = base
        numbers = random.Random(seed)  # noqa: S311 - likewise
        places = math.ceil(54 / math.log2(base))  # as many as a float tells apart
        self._permuted = []
        for _ in range(places):
            keys = [numbers.random() for _ in range(base)]
            self._permuted.append(sorted(range(base), key=keys.__getitem__))

    def inverse(self, number: int) -> float:
        """The share of a number from 0."""
        share, weight = 0.0, 1.0
        for permuted in self._permuted:
            number, digit = divmod(number, self._base)
            weight /= self._base
            share += permuted[digit] * weight
        return min(share, math.nextafter(1.0, 0.0))


def _primes() -> Iterator[int]:
    for number in itertools.count(2):
        if all(number % divisor for divisor in range(2, math.isqrt(number) + 1)):
            yield number
