"""`held`: one process at a time carries a study out, and others are told which."""

import errno
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from justfit.errors import StoreError
from justfit.store.files import read_bytes, told, write_bytes
from justfit.store.looks import now
from justfit.store.paths import StudyPaths
from justfit.store.system import is_running, lock

_LIMIT = 2**12
"""Bytes of a lock."""

_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
"""How file systems say that they have no locks."""


@dataclass(frozen=True)
class Holder:
    """The process that carries a study out."""

    process: int
    machine: str
    started: str
    """When it began, ISO 8601 in UTC."""
    process_start: str | None
    """What tells it from a later process of the same number; None where the system does not say."""

    @classmethod
    def here(cls) -> "Holder":
        """This process."""
        return cls(os.getpid(), platform.node(), now(), _process_start(os.getpid()))

    @classmethod
    def of(cls, values: Any) -> "Holder | None":
        """The one that plain values describe; None where they are anything else."""
        if not isinstance(values, dict) or values.keys() != set(_KEYS):
            return None
        process, machine, started, process_start = (values[key] for key in _KEYS)
        texts = isinstance(machine, str) and isinstance(started, str)
        if type(process) is not int or process < 1 or not texts or not isinstance(process_start, str | None):
            return None
        return cls(process, machine, started, process_start)

    def plain(self) -> dict[str, object]:
        """As `of` takes it."""
        return asdict(self)

    @property
    def told(self) -> str:
        """By number and machine, for a message."""
        return f"process {self.process} on {self.machine}"

    @property
    def is_alive(self) -> bool | None:
        """Whether it still runs; None where that cannot be seen, on another machine."""
        if self.machine != platform.node():
            return None
        if not is_running(self.process):
            return False
        return self.process_start is None or _process_start(self.process) in (None, self.process_start)


_KEYS = ("process", "machine", "started", "process_start")


@contextmanager
def held(folder: Path) -> Iterator[Holder]:
    """Hold a study, so that no other process carries it out meanwhile; a process that dies lets go of it.

    A request to stop that was left from before is withdrawn, and one that came meanwhile at the end.

    Raises:
        StoreError: another process holds it, or its folder may not be written.
    """
    paths = StudyPaths(folder)
    with told(paths.lock, "written"):
        file = _locked(paths.lock)
    with file:
        with told(paths.lock, "written"):
            paths.stop.unlink(missing_ok=True)
            holder = Holder.here()
            file.truncate(0)
            file.write(json.dumps(holder.plain()).encode())
        try:
            yield holder
        finally:
            with told(paths.lock, "removed"):
                if _stands_at(paths.lock, file):  # and was not removed with its folder
                    paths.stop.unlink(missing_ok=True)
                    paths.lock.unlink(missing_ok=True)


def holder_of(folder: Path) -> Holder | None:
    """Who carries a study out now; None where nobody does. On another machine it is taken to live."""
    try:
        content = read_bytes(StudyPaths(folder).lock, _LIMIT)
    except StoreError:
        return None
    holder = _holder(content)
    return None if holder is None or holder.is_alive is False else holder


def request_stop(folder: Path) -> Holder:
    """Ask whoever carries a study out to stop after the current epoch.

    Returns:
        Who was asked.

    Raises:
        StoreError: nobody carries it out, or its folder may not be written.
    """
    holder = holder_of(folder)
    if holder is None:
        raise StoreError(f"{folder.name} is not being carried out by anyone, so there is nothing to stop.")
    write_bytes(StudyPaths(folder).stop, b"")
    return holder


def is_stop_wanted(folder: Path) -> bool:
    """Whether somebody has asked for a stop."""
    return StudyPaths(folder).stop.exists()


def _locked(path: Path) -> FileIO:
    """The file of a lock, open and locked; raises `StoreError` where another process has it."""
    while True:
        file = path.open("ab+", buffering=0)
        try:
            _lock(path, file)
            # Whoever held it before may have removed the file while this one was opened.
            if _stands_at(path, file):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _stands_at(path: Path, file: FileIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _lock(path: Path, file: FileIO) -> None:
    """Lock a file, or raise `StoreError`; on file systems without locks what stands in it decides."""
    is_locked = True
    try:
        lock(file, wait=False)
    except BlockingIOError:
        pass
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        is_locked = False
    else:
        return
    other = _read(file)
    if other is not None and other.is_alive is False:
        other = None  # who let go by dying, before the one that has it now
    if other is not None or is_locked:
        who = "another process" if other is None else f"{other.told}, since {other.started[:19]} UTC"
        raise StoreError(
            f"{path.parent.name} is being carried out already, by {who}: wait for its end, or end it with "
            "`justfit stop`, and try again."
        )


def _read(file: FileIO) -> Holder | None:
    file.seek(0)
    return _holder(file.read(_LIMIT) or b"")


def _holder(content: bytes) -> Holder | None:
    try:
        return Holder.of(json.loads(content))
    except (ValueError, RecursionError):
        return None


def _process_start(process: int) -> str | None:
    """When a process began, in ticks of the boot that is named; None where the system does not say."""
    try:
        # The name, which stands in parentheses, may have spaces and parentheses itself.
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{fields[19]}"
    except (OSError, UnicodeDecodeError, IndexError):
        return None
