"""Where text, answers and errors go, and how lines and tables look there."""

import json
import logging
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.table import Table
from rich.text import Text

from justfit.errors import StoreError

_results = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
_aside = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=True)
_errors = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=True)

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves the cursor, colours, turns text around or cannot be encoded; all but tabs and line feeds."""


_asked = {"quiet": False, "json": False}
"""What the command line asks for, of the command that runs."""


def ask_nothing() -> None:
    """Forget what the last command line of this process asked for."""
    _asked.update(quiet=False, json=False)
    _aside.quiet = False
    be_verbose(False)


def be_quiet(asked: bool) -> None:
    """Leave out what is said by the way."""
    _asked["quiet"] = _aside.quiet = asked


class _Details(logging.Handler):
    """Prints what is logged, a line each."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print it; text in it is text."""
        _aside.print(Text(cell(self.format(record)), style="dim"))


_DETAILS = _Details()
_DETAILS.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s", "%H:%M:%S"))


def be_verbose(asked: bool) -> None:
    """Tell what justfit logs, or no longer."""
    logger = logging.getLogger("justfit")
    if asked:
        logger.addHandler(_DETAILS)
        logger.setLevel(logging.DEBUG)
    else:
        logger.removeHandler(_DETAILS)
        logger.setLevel(logging.NOTSET)


def answer_in_json(asked: bool) -> bool:
    """Have text go to standard error, so that the answer stands alone; gives back what is asked."""
    _asked["json"] |= asked
    return asked


def console() -> Console:
    """Where text goes: standard output, or beside an answer in JSON standard error."""
    return _aside if _asked["json"] else _results


@contextmanager
def on_the_way() -> Iterator[None]:
    """What is printed in it, progress too, is no result, and left out with ``--quiet``; errors are not."""
    used = console()
    before, used.quiet = used.quiet, _asked["quiet"]
    try:
        yield
    finally:
        used.quiet = before


@contextmanager
def printing() -> Iterator[None]:
    """Raise `StoreError` where standard output is a file that has no room, or cannot be written."""
    try:
        yield
    except BrokenPipeError:  # the reader has seen enough
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"Standard output cannot be written, {reason}: send it elsewhere.") from error


def say(text: str = "") -> None:
    """Print text as it is; in it (a label, a review) markup is text, and control characters are spelt out."""
    with printing():
        console().print(Segments([Segment(_CONTROLS.sub(_spelt, text) + "\n")]))


def say_json(value: Mapping[str, object]) -> None:
    """Print the answer as one JSON object, in ASCII; numbers that are not finite are null, paths texts."""
    text = json.dumps(_finite(value), indent=1, allow_nan=False, default=str)
    with printing():
        _results.print(Segments([Segment(text + "\n")]))


def _finite(value: object) -> object:
    match value:
        case float() if not math.isfinite(value):
            return None
        case Mapping():
            return {str(key): _finite(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_finite(inner) for inner in value]
    return value


def say_error(message: str) -> None:
    """Print in one line to standard error what went wrong."""
    _errors.print(Text.assemble(("error: ", "bold red"), cell(message)))


def say_aside(message: str) -> None:
    """Print in one line to standard error what belongs to no output, as output may be read by programs."""
    _aside.print(Text(cell(message)))


def say_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1, *, folds: bool = True
) -> None:
    """Print a table whose columns after the first ``texts`` are numbers. It is never cut.

    Several columns of text are folded to the width of a terminal, unless ``folds`` is False.
    """
    lines = [[cell(text) for text in line] for line in (columns, *rows)]
    used = console()
    if texts == 1 or not folds or not used.is_terminal:
        with printing():
            used.print(Segments(_unfolded(lines, texts)))
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for number, column in enumerate(lines[0]):
        table.add_column(column, justify="left" if number < texts else "right")
    for line in lines[1:]:
        table.add_row(*line)
    with printing():
        used.print(table)


def _unfolded(lines: Sequence[Sequence[str]], texts: int) -> Iterator[Segment]:
    """A table as wide as it is, its head in bold; rich would take a second for a thousand lines."""
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        blanks = [" " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True)]
        padded = [
            f"{text}{blank}" if column < texts else f"{blank}{text}"
            for column, (text, blank) in enumerate(zip(line, blanks, strict=True))
        ]
        yield Segment("  ".join(padded), Style(bold=True) if number == 0 else None)
        yield Segment.line()


def cell(text: str) -> str:
    """Text that stays on its line and in its column: tabs and line feeds are spelt out too."""
    return re.sub("[\t\n]", _spelt, _CONTROLS.sub(_spelt, text))


def _spelt(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
