"""`Column`: what a column of a file is, and what becomes of it in a row."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from justfit.errors import DataError

KINDS = ("text", "category", "number", "date", "id", "constant", "image")
"""What a column can be. ``id`` and ``constant`` ones are left out, for nothing can be learned from them."""

INPUTS = ("text", "category", "number", "date", "image")
"""Kinds that rows are made of."""

ISO_DATE, ISO_TIME = "iso", "iso time"
"""Forms of dates that are written as 2024-03-31, and of those with hours, or that are dates by type."""

NUMBER_FORMS = ("", "thousands", "comma")
"""Ways to write a number: 1234.5; 1,234.5; and 1.234,5."""

_CLOCKS = ("", " %H:%M", " %H:%M:%S")
_DAYS = ("%d.%m.%Y", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y")
DATE_FORMS = (ISO_DATE, ISO_TIME, *(day + clock for day in _DAYS for clock in _CLOCKS))
"""Ways to write a date, the more usual first."""

_MOST_PIXELS = 10_000_000

_DAY_PARTS = ("days", "year", "month", "weekday")
"""Numbers that a date becomes: days since 1970, year, month from 1, and weekday from 0 for Monday."""


@dataclass(frozen=True)
class Column:
    """A column, its kind, and why it is taken for that.

    Raises:
        DataError: there is no such kind, or no such form of it.
    """

    name: str
    kind: str
    """One of `KINDS`."""
    reason: str = field(default="", compare=False)
    """For people, such as "4 different values in 1,000 rows"."""
    form: str = ""
    """How its cells are written. Of numbers: empty, ``thousands`` (1,234.5) or ``comma`` (1.234,5); of dates:
    ``iso``, ``iso time`` or a format of ``strptime``; of images: their axes, as 28,28."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DataError(
                f'Column "{self.name}": kind is "{self.kind}", expected one of {", ".join(KINDS)}.'
            )
        if self.kind == "image":
            fits = re.fullmatch(r"[1-9]\d{0,7}(,[1-9]\d{0,7}){0,3}", self.form, re.ASCII) is not None
            fits = fits and math.prod(self.shape) <= _MOST_PIXELS
        else:
            fits = self.form in {"number": NUMBER_FORMS, "date": DATE_FORMS}.get(self.kind, ("",))
        if not fits:
            raise DataError(f'Column "{self.name}": a {self.kind} cannot have the form "{self.form[:60]}".')

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes of an image; of any other column none."""
        return tuple(map(int, self.form.split(","))) if self.kind == "image" else ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of the numbers that each of its cells becomes; none of texts and categories.

        >>> Column("sold", "date", form="iso").numbers
        ('sold (days)', 'sold (year)', 'sold (month)', 'sold (weekday)')
        """
        match self.kind:
            case "number":
                return (self.name,)
            case "date":
                parts = (*_DAY_PARTS, "hour") if "time" in self.form or "%H" in self.form else _DAY_PARTS
                return tuple(f"{self.name} ({part})" for part in parts)
            case "image":
                places = product(*map(range, self.shape))
                return tuple(f"{self.name} ({','.join(map(str, place))})" for place in places)
        return ()


def of_kind(columns: Sequence[Column], kind: str) -> tuple[Column, ...]:
    """The columns of a kind, in their order."""
    return tuple(column for column in columns if column.kind == kind)
