"""The two consoles, and how figures look on them."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


def say(line: str = "") -> None:
    """Print a line as it is; markup in it (a label, a review) is text."""
    console.print(line, markup=False)


def say_error(message: str) -> None:
    """Print what went wrong to standard error."""
    _errors.print(f"[bold red]error:[/] {escape(message)}")


def new_table(*columns: str) -> Table:
    """A plain table whose columns but the first are numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(escape(column), justify="right" if number else "left", no_wrap=number > 0)
    return table


def percent(value: float) -> str:
    """A share, such as ``88.3%``."""
    return f"{100 * value:.1f}%"


def interval(figure: Mapping[str, Any], *, share: bool = False) -> str:
    """A figure's 95% interval."""
    show = percent if share else number
    return f"{show(figure['low'])} to {show(figure['high'])}"


def number(value: float) -> str:
    """Four significant digits, never in powers of ten where people read it."""
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.1f}"
