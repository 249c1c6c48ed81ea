"""The two consoles, and how lines, tables and figures look on them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
_errors = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=True)

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves the cursor, colours, turns text around or cannot be encoded; all but tabs and line feeds."""

_NATURAL = 1_000_000
"""Columns that no line needs."""


_asked = {"quiet": False}
"""What stands before the command."""


def be_quiet(quiet: bool) -> None:
    """Leave out, or show again, what is said by the way."""
    _asked["quiet"] = quiet


@contextmanager
def on_the_way() -> Iterator[None]:
    """What is printed in it, progress too, is no result, and left out with ``--quiet``; errors are not."""
    before, console.quiet = console.quiet, _asked["quiet"]
    try:
        yield
    finally:
        console.quiet = before


def say(text: str = "") -> None:
    """Print text as it is; in it (a label, a review) markup is text, and control characters are spelt out."""
    console.print(Segments([Segment(_CONTROLS.sub(_spelt, text) + "\n")]))


def say_error(message: str) -> None:
    """Print in one line to standard error what went wrong."""
    _errors.print(Text.assemble(("error: ", "bold red"), cell(message)))


def say_aside(message: str) -> None:
    """Print in one line to standard error what belongs to no output, as output may be read by programs."""
    if not _asked["quiet"]:
        _errors.print(Text(cell(message)))


def say_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1, *, folds: bool = True
) -> None:
    """Print a table whose columns after the first ``texts`` are numbers. It is never cut.

    Several columns of text are folded to the width of a terminal, unless ``folds`` is False.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(cell(column), justify="left" if number < texts else "right")
    for row in rows:
        table.add_row(*(cell(text) for text in row))
    if texts == 1 or not folds or not console.is_terminal:
        table.width = console.measure(table, options=console.options.update(width=_NATURAL)).maximum
    console.print(table)


def cell(text: str) -> str:
    """Text that stays on its line and in its column: tabs and line feeds are spelt out too."""
    return re.sub("[\t\n]", _spelt, _CONTROLS.sub(_spelt, text))


def _spelt(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
