"""What a shell completes: commands and options, names of data sets and of studies.

Names come from looking into folders, as nobody waits for NumPy after each press of the tabulator.
"""

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from typer.completion import get_completion_inspect_parameters, install_callback, show_callback

from justfit.machine import DEFAULT_STORE

_SOURCES = Path(__file__).parents[1] / "data" / "sources"
_NO_SOURCES = ("__init__", "embedded", "source")
"""Files beside those of data sets."""

ASKS = "_JUSTFIT_COMPLETE"
"""The variable that says which shell asks."""

_STUDY = re.compile(r"[^.].*-[0-9a-f]{12}")
"""The name of a study's folder."""


class Shell(StrEnum):
    """Shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


InstallOption = Annotated[
    Shell | None,
    typer.Option(
        "--install-completion",
        callback=install_callback,
        metavar="SHELL",
        help="Have bash, zsh or fish complete commands and names from its next start on.",
    ),
]
ShowOption = Annotated[
    Shell | None,
    typer.Option(
        "--show-completion",
        callback=show_callback,
        metavar="SHELL",
        help="Print what bash, zsh or fish needs for that.",
    ),
]


def take_questions() -> None:
    """Have typer understand what shells ask by its scripts, where one asks."""
    if ASKS in os.environ:
        get_completion_inspect_parameters()


def data_names(incomplete: str) -> list[str]:
    """The data sets known by name that begin so."""
    names = (name.removesuffix(".py") for name in _names(_SOURCES) if name.endswith(".py"))
    return [name for name in names if name not in _NO_SOURCES and name.startswith(incomplete)]


def study_names(context: typer.Context, incomplete: str) -> list[str]:
    """The studies that begin so, in the store of the command line."""
    names = _names(context.params.get("store") or DEFAULT_STORE)
    return [name for name in names if _STUDY.fullmatch(name) and name.startswith(incomplete)]


def _names(folder: Path) -> list[str]:
    """What stands in a folder; nothing where it cannot be read, as there is nobody to be told."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries)
    except OSError:
        return []
