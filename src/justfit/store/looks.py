"""`Look`: that test rows were opened, logged before they are, in one log for all studies of a store.

The log only ever grows. Removing a study leaves its looks, so that nobody can look twice unseen.
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from justfit.errors import StoreError
from justfit.store.files import append_line, broken, read_bytes
from justfit.store.paths import StudyPaths, looks_path
from justfit.store.records import DIFFERS, UNSTAMPED, is_right, read_record, stamped, write_record

FORMAT = 2
"""Of a study's selection."""

_SELECTED = ("chosen", "best_epoch", "epochs", "standing")
"""What of a result a selection keeps."""

_LIMIT = 2**28
"""Bytes of the log that are read: about a million looks."""


@dataclass(frozen=True)
class Look:
    """One opening of the test rows of a data set."""

    when: str
    """ISO 8601 in UTC."""
    study: str
    """The study's id."""
    name: str
    """The study's."""
    data: str
    """The data set's."""
    fingerprint: str
    """Of the data set: looks at the same rows are counted by it."""
    selected: str | None
    """When the choice was stored that is tested; None where test rows validate, so that they choose."""
    reason: str | None
    """Why the rows are opened again; None where the study had no result yet."""


def keep_selection(folder: Path, result: Mapping[str, Any]) -> str:
    """Store what is to be tested before any test row is opened; what is stored already stays.

    Args:
        folder: of the study.
        result: of the study as far as it is known; its choice is stored.

    Returns:
        When it was first stored, as ISO 8601 in UTC.

    Raises:
        StoreError: the disk is full, or an earlier selection was cut off or changed.
    """
    path = StudyPaths(folder).selection
    plain = json.loads(json.dumps({key: result[key] for key in _SELECTED}, allow_nan=False))
    if path.is_file():
        kept = read_selection(path)
        if kept == {"when": kept["when"], **plain}:
            return str(kept["when"])
    when = now()
    write_record(path, FORMAT, {"when": when, **plain})
    return when


def read_selection(path: Path) -> dict[str, Any]:
    """What `keep_selection` stored in a file, with ``when`` it did.

    Raises:
        StoreError: the file was cut off or changed, is another one, or too new.
    """
    selection = read_record(path, FORMAT)
    if selection.keys() != {"when", *_SELECTED} or not isinstance(selection["when"], str):
        raise broken(path, "no selection as it was written")
    return selection


def now() -> str:
    """This moment, as ISO 8601 in UTC with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def log_look(store: Path, look: Look) -> None:
    """Add a look to the log of a store; when this returns it is on the disk.

    Raises:
        StoreError: the disk is full or the folder may not be written.
    """
    line = json.dumps(dataclasses.asdict(look) | UNSTAMPED)
    append_line(looks_path(store), stamped(line.encode()))


def read_looks(store: Path, fingerprint: str | None = None) -> tuple[Look, ...]:
    """The looks that the log of a store has, the first first.

    Args:
        store: the folder that holds the studies' folders.
        fingerprint: only those at this data set.

    Raises:
        StoreError: the log cannot be read, or a line of it is no look.
    """
    path = looks_path(store)
    if not path.is_file():
        return ()
    # A last line without its end was being written when its writer died, before any row was opened.
    lines = read_bytes(path, _LIMIT).split(b"\n")[:-1]
    looks = (_look(path, number, line) for number, line in enumerate(lines, start=1))
    return tuple(look for look in looks if fingerprint in (None, look.fingerprint))


_KEYS = tuple(field.name for field in dataclasses.fields(Look))
_OPTIONAL = ("selected", "reason")
_CHECKSUM = re.compile(rb', "checksum": "([0-9a-f]{64})"\}$')


def _look(path: Path, number: int, line: bytes) -> Look:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _not_a_look(path, number, f"not valid JSON, {error}") from error
    if not isinstance(values, dict) or values.keys() - {"checksum"} != set(_KEYS):
        raise _not_a_look(path, number, f"expected an object with the keys {', '.join(_KEYS)}")
    for key, value in values.items():
        if not isinstance(value, str) and (value is not None or key not in _OPTIONAL):
            raise _not_a_look(path, number, f"key {key}: expected a text, got {value!r}")
    if "checksum" in values and not is_right(line, _CHECKSUM.search(line)):  # earlier justfits wrote none
        raise _not_a_look(path, number, DIFFERS)
    return Look(**{key: values[key] for key in _KEYS})


def _not_a_look(path: Path, number: int, what: str) -> StoreError:
    return StoreError(
        f"{path}, line {number}: {what}. The log of looks at test rows was changed: put the line right, or "
        "remove that line alone."
    )
