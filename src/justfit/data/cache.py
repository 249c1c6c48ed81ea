"""The user's cache: published files, downloaded into it (`find_file`), and what takes long (`kept`)."""

import hashlib
import http.client
import json
import logging
import os
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

import platformdirs

from justfit.errors import DataError

_LOG = logging.getLogger(__name__)

Progress = Callable[[str, int, int | None], None]
"""Called as a download goes on: the file's name, its bytes so far, its bytes in all where known."""

_TIMEOUT_SECONDS = 30
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class PublishedFile:
    """A file that somebody publishes and a source reads."""

    name: str
    url: str
    checksum: str
    """As its publisher gives it: ``sha256:`` or ``md5:`` and hexadecimal digits."""
    size: int
    """Its bytes: no more than these are taken."""
    about: str
    """What it is and how large, for messages."""
    instead: str | None = None
    """The name of a file that will do as well, where JUSTFIT_DATA has it."""


def find_file(file: PublishedFile, progress: Progress | None = None) -> Path:
    """Where ``file``, or what will do instead, is on this machine; downloaded if need be.

    A file in the folder that the environment variable JUSTFIT_DATA names is taken at its owner's
    word. One in the user's cache must have the published checksum. A download that was cut off
    goes on where it stopped, and only a complete, checked file gets the file's name.

    Raises:
        DataError: a checksum is wrong, the file cannot be had, or the cache cannot be written.
    """
    named = os.environ.get("JUSTFIT_DATA")
    for name in filter(None, (file.name, file.instead)):
        if named and (path := Path(named) / name).is_file():
            _LOG.info("%s found as %s, in the folder that JUSTFIT_DATA names: not checked", file.name, path)
            return path
    path = _folder() / file.name
    try:
        if not path.is_file():
            _download(file, path, progress)
        elif (found := _checksum(path, file)) != file.checksum:
            raise DataError(
                f"{path} is not the published file: expected {file.checksum}, found {found}. "
                "Delete it to have it downloaded again."
            )
    except OSError as error:
        raise DataError(
            f"{file.name} could not be kept in {path.parent}: {error.strerror or error}. "
            f"Mend that, or set JUSTFIT_DATA to a folder that has {file.name}."
        ) from error
    _LOG.info("%s found as %s: its checksum is %s, as published", file.name, path, file.checksum)
    return path


def kept(name: str, made: Callable[[], Any]) -> Any:
    """Plain values that take long to make, from the user's cache where they were kept before.

    A file that cannot be read, was changed, or cannot be written is as good as none.

    Args:
        name: of what is kept: all that it depends on must be in it.
        made: gives the values.
    """
    path = _folder() / f"{name}.json"
    try:
        checksum, _, content = path.read_bytes().partition(b"\n")
        if checksum == hashlib.sha256(content).hexdigest().encode():
            return json.loads(content)
    except OSError:
        pass
    values = made()
    content = json.dumps(values, ensure_ascii=True).encode()
    aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
        aside.replace(path)
    except OSError as error:
        _LOG.info("%s cannot be kept: %s", path, error.strerror or error)
        with suppress(OSError):
            aside.unlink()
    return values


def _folder() -> Path:
    return platformdirs.user_cache_path("justfit")


def _download(file: PublishedFile, path: Path, progress: Progress | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("ab") as out:
            _receive(file, out, progress)
            out.flush()
            os.fsync(out.fileno())
    except _TooLargeError:
        part.unlink()
        raise
    if (found := _checksum(part, file)) != file.checksum:
        part.unlink()
        raise DataError(
            f"{file.url} gave another file than the published {file.name}: expected {file.checksum}, "
            f"found {found}. What came was deleted; try again, or put the right file into {path.parent}."
        )
    part.replace(path)


def _receive(file: PublishedFile, out: BinaryIO, progress: Progress | None) -> None:
    """Appends to ``out`` what it lacks of ``file``."""
    done = out.tell()
    headers = {"Range": f"bytes={done}-"} if done else {}
    request = urllib.request.Request(file.url, headers=headers)  # noqa: S310 - the url is a constant of a source
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)  # noqa: S310 - as above
    except urllib.error.HTTPError as error:
        error.close()
        if done and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # Nothing was missing, or the part is too long: the checksum tells.
        raise _unreachable(file, f"answers {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(file, f"cannot be reached: {getattr(error, 'reason', error)}") from error
    with response:
        if done and response.status != HTTPStatus.PARTIAL_CONTENT:
            out.truncate(0)
            done = 0
        total = None if response.length is None else done + response.length
        if total is not None:
            _require_size(file, total)
        for chunk in _chunks(file, response):
            done += len(chunk)
            _require_size(file, done)
            out.write(chunk)
            if progress:
                progress(file.name, done, total)
    if total is not None and done < total:
        raise _cut_off(file, f"after {done} of {total} bytes")


def _chunks(file: PublishedFile, response: http.client.HTTPResponse) -> Iterator[bytes]:
    """What comes in; apart from the writing, so that a network error is not taken for one of the disk."""
    while True:
        try:
            chunk = response.read(_CHUNK_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise _cut_off(file, f"({error})") from error
        if not chunk:
            return
        yield chunk


class _TooLargeError(DataError):
    """More comes than what is published has."""


def _require_size(file: PublishedFile, size: int) -> None:
    """Raise `_TooLargeError` where there are more bytes than the file has: a server may send without end."""
    if size > file.size:
        raise _TooLargeError(
            f"{file.url} sends another file than the published {file.name}, which has {file.size:,} bytes: "
            f"{size:,} bytes and perhaps more. What came was deleted; try again, or set JUSTFIT_DATA to a "
            f"folder that has {file.name}."
        )


def _cut_off(file: PublishedFile, how: str) -> DataError:
    return DataError(f"The download of {file.url} broke off {how}. Run again to go on where it stopped.")


def _unreachable(file: PublishedFile, how: str) -> DataError:
    named = os.environ.get("JUSTFIT_DATA")
    folder = f"{named} (JUSTFIT_DATA)" if named else "JUSTFIT_DATA (not set)"
    cache = _folder()
    return DataError(
        f"{file.name} ({file.about}) was not found: looked in {folder} and in {cache}, and {file.url} {how}. "
        f"Put the file into {cache}, or set JUSTFIT_DATA to a folder that has it, or try again when online."
    )


def _checksum(path: Path, file: PublishedFile) -> str:
    """The checksum of the file at ``path``, of the kind that was published for ``file``."""
    kind = file.checksum.partition(":")[0]
    with path.open("rb") as stream:
        return f"{kind}:{hashlib.file_digest(stream, kind).hexdigest()}"
