"""`Finding`: what a check of a store has found of one of its files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from justfit.errors import StoreError
from justfit.store.files import JSON_LIMIT, json_object, read_bytes

FAULTS = ("broken", "newer", "missing", "torn", "unreadable")
"""Kinds that are faults: changed or cut off; of a newer format; named but not there; a last line without its
end; not to be read by this user, or from this disk."""

NOTES = ("left", "unused")
"""Kinds that are none: left by a process that is gone; named by nothing in the store."""

T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """What there is to say of a file."""

    path: Path
    kind: str
    """One of `FAULTS` or `NOTES`."""
    message: str
    """The path, what was expected, what was found and what to do."""

    @property
    def is_fault(self) -> bool:
        """Whether something is wrong, or only left over."""
        return self.kind in FAULTS


def read_into(found: list[Finding], path: Path, read: Callable[[], T], newest: int | None = None) -> T | None:
    """What ``read`` gives; where that cannot be, None, and a finding on ``path`` is added to ``found``.

    Args:
        found: the findings so far.
        path: of the file that is read.
        read: a reader of the store, which raises `StoreError`.
        newest: the newest format of that file that is known; None where it has none.
    """
    try:
        return read()
    except StoreError as error:
        found.append(Finding(path, kind_of(path, newest), str(error)))
        return None


def kind_of(path: Path, newest: int | None) -> str:
    """What is wrong with a file that a reader refused.

    A file that another justfit would read, or that only this user may not read, is not broken: it must not
    be put out of use.
    """
    if not path.exists():
        return "missing"
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError:
        return "unreadable"
    if newest is not None:
        try:
            found = json_object(path, read_bytes(path, JSON_LIMIT)).get("format")
        except StoreError:
            return "broken"
        if isinstance(found, int) and found > newest:
            return "newer"
    return "broken"
