"""Files and folders that appear whole or not at all, and reading that trusts nothing."""

import errno
import functools
import json
import logging
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO

from justfit.errors import StoreError
from justfit.store.paths import to_remove
from justfit.store.system import is_running, lock, sync_folder

_LOG = logging.getLogger(__name__)

JSON_LIMIT = 64 * 2**20
"""Bytes of a JSON file that is written or read; parsing takes some ten times as much memory."""

_LONGEST_LINE = 2**16
"""Bytes at the end of a file of lines in which a line that was cut off begins."""

_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free some space there and run it again"),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS), "allow it by the permissions, or choose another folder"
    ),
    **dict.fromkeys(
        (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR),
        "something else stands there, so choose another folder",
    ),
}


@contextmanager
def told(path: Path, verb: str) -> Iterator[None]:
    """Errors of the operating system as one sentence: what, where, what to do."""
    try:
        yield
    except FileNotFoundError as error:
        missing = path.parent if verb == "written" else path
        raise StoreError(f"{missing} is missing: check the name, or run it again.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        remedy = _REMEDIES.get(error.errno or 0, "check the disk and the name, and run it again")
        raise StoreError(f"{path} cannot be {verb}, {reason}: {remedy}.") from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file as `writing` does; raises what it raises."""
    with writing(path) as file:
        file.write(content)


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, aside, which is then brought to the disk and put in the place of ``path``.

    A process that dies at any point leaves the old file or the new one. Files that it wrote aside
    are removed when another process first writes a file beside it.

    Raises:
        StoreError: the disk is full, the folder is missing or may not be written.
    """
    with told(path, "written"):
        start = time.perf_counter()
        partial = _aside(path)
        try:
            with partial.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
        _LOG.debug("wrote %s: %d bytes in %.3f s", path, size, time.perf_counter() - start)


def append_line(path: Path, line: bytes) -> None:
    """Add a line to the end of a file, made where it is missing, and bring it to the disk.

    Processes that do so at the same time wait for each other. A process that dies at any point leaves all
    lines before whole, and of this one a beginning without its end at most, which the next one removes.

    Raises:
        StoreError: the disk is full, the folder is missing or may not be written.
    """
    with told(path, "written"), path.open("ab+", buffering=0) as file:
        lock(file, wait=True)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _LONGEST_LINE))
        size -= len(file.read().rpartition(b"\n")[2])
        file.truncate(size)
        try:
            _write_whole(file, line + b"\n")
            os.fsync(file.fileno())
        except BaseException:
            os.ftruncate(file.fileno(), size)
            raise
        sync_folder(path.parent)


def _write_whole(file: FileIO, content: bytes) -> None:
    """Write without a buffer; raises `OSError` where not all of it has room."""
    if file.write(content) < len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def make_folders(path: Path) -> None:
    """Make a folder and those it stands in, and bring their names to the disk, on which files in it count.

    Raises:
        StoreError: the disk is full, something else stands there, or it may not be made.
    """
    with told(path, "made"):
        made = list(takewhile(lambda each: not each.exists(), (path, *path.parents)))
        path.mkdir(parents=True, exist_ok=True)
        for each in made:
            sync_folder(each.parent)


def require_no_link(path: Path) -> None:
    """Raise `StoreError` where a folder that is to be removed is a link."""
    if path.is_symlink():
        raise StoreError(f"{path} is a link, and what it points to is left alone: remove it by hand.")


def remove_folder(path: Path) -> None:
    """Remove a folder: it vanishes at once, and nobody sees half of it. Links in it are not followed.

    Raises:
        StoreError: it is a link itself, or may not be removed.
    """
    require_no_link(path)
    with told(path, "removed"):
        aside = _aside(path.with_name("removed"))
        path.rename(aside)
        shutil.rmtree(aside)


def json_bytes(path: Path, value: object) -> bytes:
    """Plain finite values as the content of a JSON file; ``path`` is for messages.

    Raises:
        StoreError: it would be longer than `JSON_LIMIT`.
    """
    content = json.dumps(value, indent=1, allow_nan=False).encode() + b"\n"
    if len(content) > JSON_LIMIT:
        raise StoreError(
            f"{path} would take {len(content):,} bytes and may take {JSON_LIMIT:,}: use a smaller "
            "vocabulary, or fewer networks or epochs in one study."
        )
    return content


def read_bytes(path: Path, limit: int) -> bytes:
    """The content of a file of at most ``limit`` bytes.

    Raises:
        StoreError: it is missing, cannot be read or is longer.
    """
    with told(path, "read"), path.open("rb") as file:
        content = file.read(min(limit, os.fstat(file.fileno()).st_size) + 1)
    if len(content) > limit:
        raise broken(path, f"longer than the {limit:,} bytes expected")
    _LOG.debug("read %s: %d bytes", path, len(content))
    return content


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        StoreError: the file is missing, longer than `JSON_LIMIT`, cut off, or anything but one JSON object.
    """
    return json_object(path, read_bytes(path, JSON_LIMIT))


def json_object(path: Path, content: bytes) -> dict[str, Any]:
    """The object in the content of a JSON file; ``path`` is for messages.

    Raises:
        StoreError: it is cut off, or anything but one JSON object.
    """
    try:
        value = json.loads(content, parse_constant=_refuse_constant, parse_int=_int)
    except (ValueError, RecursionError) as error:
        raise broken(path, f"not valid JSON ({error})") from error
    if not isinstance(value, dict):
        raise broken(path, f"a JSON {type(value).__name__} where an object was expected")
    return value


def require_format(path: Path, values: dict[str, Any], newest: int) -> None:
    """Take the key ``format`` from the object of a JSON file; raises `StoreError` if it is not known."""
    found = values.pop("format", None)
    if isinstance(found, int) and found > newest:
        raise told_newer(path, found, newest)
    if found != newest:
        raise broken(path, f"of format {found!r} where {newest} was expected")


def told_newer(path: Path, found: int, newest: int) -> StoreError:
    """The error for a file of a format that is not known yet."""
    return StoreError(f"{path} has format {found}, and this justfit reads up to {newest}: upgrade justfit.")


def broken(path: Path, what: str) -> StoreError:
    """The error for a file that was once written whole and is now ``what``."""
    return StoreError(
        f"{path} is {what}: it was cut off or changed. Remove {to_remove(path)} and run the study again."
    )


_PARTIAL = re.compile(r"\..+\.partial-[0-9a-f]{8}-(?P<process>\d{1,10})-(?P<machine>.*)", re.DOTALL)


def require_writable(folder: Path) -> None:
    """See whether files could be written to ``folder``, so that nobody waits for what then cannot be kept.

    Raises:
        StoreError: it is no folder, or it or the one it would be made in may not be written.
    """
    folder = folder.absolute()
    with told(folder, "written"):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(there))


def _aside(final: Path) -> Path:
    """A free hidden name beside ``final`` that tells its writer; what dead writers left there is removed."""
    _tidy(final.parent.absolute(), os.getpid())
    return final.with_name(f".{final.name}.partial-{secrets.token_hex(4)}-{os.getpid()}-{platform.node()}")


@functools.lru_cache(maxsize=100)
def _tidy(folder: Path, process: int) -> None:
    """Remove what dead writers left; once in a ``process``, as thousands of runs may stand there."""
    for other in folder.iterdir():
        if is_left(other, process):
            remove_left(other)


def is_left(path: Path, process: int) -> bool:
    """Whether a process of this machine that is gone has set it aside, and not ``process``."""
    left = _PARTIAL.fullmatch(path.name)
    writer = int(left["process"]) if left and left["machine"] == platform.node() else process
    return writer != process and not is_running(writer)


def remove_left(path: Path) -> None:
    """Remove a file or folder that `is_left`."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def _int(digits: str) -> int:
    if len(digits) > 300:  # beyond the range of floats, where checks of numbers would overflow
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)
