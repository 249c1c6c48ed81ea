"""Who watches what Python code carries out: nobody, or in a notebook what shows how far it is."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

Watch = Callable[[], AbstractContextManager[Callable[[Any], None]]]
"""Begins to watch one study, and gives what to call with each of its events."""


def _nobody() -> AbstractContextManager[Callable[[Any], None]]:
    return nullcontext(lambda _event: None)


_watches: list[Watch] = [_nobody]


def watch_with(watch: Watch | None) -> None:
    """Have studies that are carried out from now on watched so; by nobody where it is None."""
    _watches[:] = [watch or _nobody]


def watching() -> AbstractContextManager[Callable[[Any], None]]:
    """Begin to watch a study as `watch_with` has it."""
    return _watches[0]()
