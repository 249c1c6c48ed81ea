"""Checks that nouns make of their own values; each raises a `SpecError` that says what is legal."""

import difflib
import math
from collections.abc import Sequence

from justfit.errors import SpecError


def nearest(name: str, legal: Sequence[str]) -> str:
    """A hint naming the legal value closest to ``name``, or an empty string.

    >>> nearest("imbd", ["imdb", "mnist"])
    ' Did you mean "imdb"?'
    """
    close = difflib.get_close_matches(name, legal, n=1)
    return f' Did you mean "{close[0]}"?' if close else ""


def is_text(value: object) -> bool:
    """Whether a value is a text that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def require_choice(what: str, value: object, legal: Sequence[str], where: str = "") -> str:
    """``value`` if it is one of ``legal``, else a `SpecError` that lists them."""
    if isinstance(value, str) and value in legal:
        return value
    context = f" {where}" if where else ""
    raise SpecError(
        f'{what} "{value}" is not known{context}: expected one of {", ".join(legal)}.'
        + nearest(str(value), legal)
    )


def require_integer(what: str, value: object, low: int, high: int | None = None) -> int:
    """``value`` if it is a whole number in ``[low, high]``, else a `SpecError`."""
    bounds = f"at least {low}" if high is None else f"from {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise SpecError(f"{what} must be a whole number {bounds}, got {value!r}.")
    if value < low or (high is not None and value > high):
        raise SpecError(f"{what} must be a whole number {bounds}, got {value}.")
    return value


def require_number(  # noqa: PLR0913 - an interval has two ends, each open or closed
    what: str,
    value: object,
    low: float = 0.0,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """``value`` as a float if it is finite and between ``low`` and ``high``, else a `SpecError`."""
    open_low, open_high = open_low or low == -math.inf, open_high or high == math.inf
    if isinstance(value, int | float) and not isinstance(value, bool):
        above = value > low if open_low else value >= low
        below = value < high if open_high else value <= high
        if above and below:
            return float(value) + 0.0  # -0.0 is 0.0
    interval = f"{'(' if open_low else '['}{low:g}, {high:g}{')' if open_high else ']'}"
    raise SpecError(f"{what} must be a number in {interval}, got {value!r}.")


def set_number(
    noun: object, key: str, high: float = math.inf, *, open_low: bool = False, open_high: bool = False
) -> None:
    """Check a frozen noun's number from 0 up and keep it as a float: 1 and 1.0 shall be the same spec."""
    number = require_number(key, getattr(noun, key), 0.0, high, open_low=open_low, open_high=open_high)
    object.__setattr__(noun, key, number)


def require_flag(what: str, value: object) -> bool:
    """``value`` if it is true or false, else a `SpecError`."""
    if isinstance(value, bool):
        return value
    raise SpecError(f"{what} must be true or false, got {value!r}.")
