"""`Finding`: one thing that an audit has found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEVELS = ("error", "warning", "note")

_EXAMPLES = 5
"""Row numbers that a finding names at most."""


@dataclass(frozen=True)
class Finding:
    """What was found, how bad it is, and what to do."""

    what: str
    """Its kind, such as ``duplicate_rows``."""
    level: str
    """``error``: nothing can be learned so; ``warning``: figures may mislead; ``note``: good to know."""
    count: int
    """How many rows, columns, classes or splits it is about."""
    rows: tuple[int, ...]
    """Numbers of some training rows that it is about, from 0; none where it is not about single ones."""
    sentence: str
    """For people: what was found and what to do."""


def of_rows(what: str, level: str, rows: npt.NDArray[np.intp], sentence: str) -> Finding:
    """A finding about the training rows numbered ``rows``."""
    return Finding(what, level, len(rows), tuple(rows[:_EXAMPLES].tolist()), sentence)


def counted(count: int, one: str) -> str:
    """A number of things.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def has(count: int) -> str:
    """The verb that goes with so many things."""
    return "has" if count == 1 else "have"


def named(names: Sequence[str]) -> str:
    """The first few of several names.

    >>> named("abcdef")
    'a, b, c, d, e and 1 more'
    """
    more = len(names) - _EXAMPLES
    return ", ".join(names[:_EXAMPLES]) + (f" and {more:,} more" if more > 0 else "")
