"""`listed`: the studies of a store at once, by an index of what their files say.

The index is ``index.sqlite``, a help and no truth of anything: a row counts only while the files that it was
made of are the same, by their times, lengths and places on the disk, and while its own hash is right. What is
missing, out of date or damaged is read from the files again and put right without a word. Where the disk
cannot be written, or has no locks, all is read from the files.
"""

import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from justfit.errors import StoreError
from justfit.store.files import read_bytes
from justfit.store.paths import StudyPaths, index_path

_LOG = logging.getLogger(__name__)

FORMAT = 1
"""Raised when a row says something else, so that rows from before count no more."""

MANY = 20
"""Studies from which on an index is worth its place; fewer are read as fast."""

_SETTLED = 2 * 10**9
"""Nanoseconds after which another write shows in a file's times, on any disk."""

_WAIT = 0.2
"""Seconds that a process waits for another that writes the index, before it goes on without."""

_LONGEST, _LARGEST = 2**26, 2**30
"""Bytes of a row, and of an index, that are read."""

_MODES = slice(18, 20)
"""Where a file of SQLite says whether it has a log beside it."""

_TABLE = (
    "CREATE TABLE IF NOT EXISTS studies "
    "(name TEXT PRIMARY KEY, stamp TEXT NOT NULL, entry TEXT NOT NULL, checksum TEXT NOT NULL)"
)
_ROWS = "SELECT name, stamp, entry, checksum FROM studies WHERE length(entry) <= ?"

Make = Callable[[Path], Mapping[str, Any]]
Listed = tuple[Path, dict[str, Any] | StoreError]
Row = tuple[str, str, str]
"""Stamp, entry as JSON, and the hash of both."""


def listed(folders: Sequence[Path], trained: Collection[str], make: Make) -> list[Listed]:
    """What a list tells of studies, as plain values, or the error of one that cannot be read.

    What had to be read of their files is put into the index, where there are `MANY` and it can be written.

    Args:
        folders: of studies of one store.
        trained: the ids of all runs that the store has.
        make: reads what a list tells of a study, as `justfit.store.entries.read_entry` does.
    """
    if not folders:
        return []
    store = folders[0].parent
    rows = _rows(store, [folder.name for folder in folders])
    found: list[Listed] = []
    made = {}
    for folder in folders:
        begun, stamp = time.time_ns(), stamp_of(folder)
        entry = _entry(folder.name, stamp, rows.get(folder.name))
        if entry is None:
            try:
                entry = dict(make(folder))
            except StoreError as error:
                found.append((folder, error))
                continue
            last = max((time for times in stamp for time in times[:2]), default=begun)
            if last < begun - _SETTLED and stamp == stamp_of(folder):
                made[folder.name] = _row(folder.name, stamp, entry)
        entry["runs_trained"] = sum(run_id in trained for run_id in entry.pop("runs"))
        found.append((folder, {"folder": str(folder), **entry}))
    if made and len(folders) >= MANY:
        _keep(store, made)
    return found


def stamp_of(folder: Path) -> list[list[int]]:
    """What changes when a study's files do, of those that a list is made of."""
    paths = StudyPaths(folder)
    return [_stamp(path) for path in (paths.study, paths.stages, paths.result)]


def _stamp(path: Path) -> list[int]:
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino]


def _row(name: str, stamp: list[list[int]], entry: Mapping[str, Any]) -> Row:
    told = json.dumps(stamp), json.dumps(entry)
    return *told, _checksum(name, *told)


def _checksum(name: str, stamp: str, entry: str) -> str:
    return hashlib.sha256(json.dumps([FORMAT, name, stamp, entry]).encode()).hexdigest()


def _entry(name: str, stamp: list[list[int]], row: Row | None) -> dict[str, Any] | None:
    """What a row says of a study; None where it does not hold."""
    if row is None or row[0] != json.dumps(stamp) or row[2] != _checksum(name, *row[:2]):
        return None
    return dict(json.loads(row[1]))


def _rows(store: Path, names: Iterable[str]) -> dict[str, Row]:
    """The rows of the index by study; none where it cannot be read."""
    path, found = index_path(store), {}
    if not path.is_file():
        return {}
    try:
        with closing(_connected(path)) as index:
            for name in names:
                for row in index.execute(f"{_ROWS} AND name = ?", (_LONGEST, name)):
                    found[name] = _texts(row[1:])
    except sqlite3.Error as error:
        _LOG.debug("files are read, as %s cannot be used (%s)", path, error)
        if _is_damage(error):
            remove_index(store)
        return {}
    return found


def _texts(values: Sequence[object]) -> Row:
    """A row as texts, whatever a file that was changed holds."""
    stamp, entry, checksum = map(str, values)
    return stamp, entry, checksum


def _connected(path: Path) -> sqlite3.Connection:
    index = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
    index.execute("PRAGMA trusted_schema = OFF")  # a store may come from a stranger
    return index


def _keep(store: Path, made: Mapping[str, Row]) -> None:
    """Put rows into the index, or leave it where another process writes it now, or it cannot be written."""
    path = index_path(store)
    try:
        with closing(_connected(path)) as index:
            index.execute("PRAGMA journal_mode = WAL")  # so that others read meanwhile
            index.execute("PRAGMA synchronous = NORMAL")  # what the last moments wrote can be made again
            index.execute("BEGIN IMMEDIATE")
            index.execute(_TABLE)
            named = index.execute("SELECT name FROM studies").fetchall()
            gone = [row for row in named if not (store / str(row[0])).is_dir()]
            index.executemany("DELETE FROM studies WHERE name = ?", gone)
            rows = [(name, *row) for name, row in made.items()]
            index.executemany("INSERT OR REPLACE INTO studies VALUES (?, ?, ?, ?)", rows)
            index.execute("COMMIT")
    except sqlite3.Error as error:
        _LOG.debug("%s cannot be written (%s)", path, error)


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether a file is none of SQLite's, or changed, and not just of no use now."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)  # it has none where a text is no UTF-8
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def remove_index(store: Path) -> bool:
    """Remove the index, which is made anew when studies are listed; whether that could be."""
    path = index_path(store)
    for each in (path, *(path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm"))):
        with suppress(OSError):
            each.unlink(missing_ok=True)
    return not path.exists()


def wrong_in_index(store: Path) -> str | None:
    """What is wrong with the index of a store; None where nothing is, or there is none. Nothing is written.

    Raises:
        StoreError: it may not be read, or is too long.
    """
    path = index_path(store)
    if not path.is_file():
        return None
    content = bytearray(read_bytes(path, _LARGEST))
    content[_MODES] = bytes(min(1, each) for each in content[_MODES])  # as it is, without a log beside it
    try:
        with closing(sqlite3.connect(":memory:")) as index:
            index.deserialize(bytes(content))
            index.execute("PRAGMA trusted_schema = OFF")
            (found,) = index.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                return str(found)
            is_begun = index.execute("SELECT 1 FROM sqlite_schema WHERE name = 'studies'").fetchone()
            rows = index.execute(_ROWS, (_LONGEST,)).fetchall() if is_begun else []
    except sqlite3.Error as error:
        return str(error)
    for name, *values in rows:
        stamp, entry, checksum = _texts(values)
        if checksum != _checksum(str(name), stamp, entry):
            return f"what it says of {name} is not what was written"
    return None
