"""Files as streams of bytes, unpacked while they are read and never onto the disk."""

import bz2
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyarrow as pa

from justfit.data.files.told import excerpt, first_line
from justfit.errors import DataError

HARMLESS = 1 << 27
"""Unpacked bytes below which nobody asks how small they were packed."""
RATIO = 200
"""Packed once, honest tables shrink to a hundredth at best; archives made to fill a memory reach a
thousandth.
"""
BROKEN = (EOFError, OSError, RuntimeError, ValueError, zlib.error, zipfile.BadZipFile, pa.ArrowException)
"""What archives raise that are broken or made to harm."""


@dataclass(frozen=True)
class Unpacked:
    """A file's contents: ``name`` is what they would be called unpacked, ``where`` begins messages."""

    where: str
    name: str
    stream: io.BufferedReader


class Pieces(io.RawIOBase):
    """An iterator of bytes as a file that can be read once."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills as much of ``buffer`` as the piece at hand can."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._left))
        target[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


@contextmanager
def unpacked(path: Path) -> Iterator[Unpacked]:
    """The contents of ``path``: of a ``.gz``, ``.bz2``, ``.zst``, or ``.zip`` with one member, what is
    packed in it.

    Raises:
        DataError: the file cannot be read, is broken, unpacks to more than such a file honestly can, or
            holds several files or one with a path outside its folder.
    """
    with path.open("rb") as file:
        if file.peek(2)[:2] == b"PK":
            with _zip_member(path) as found:
                yield found
            return
        with unpacked_stream(file, str(path), path.name) as found:
            yield found


@contextmanager
def unpacked_stream(packed: io.BufferedReader, where: str, name: str) -> Iterator[Unpacked]:
    """The contents of an open file, as `unpacked` but of no ``.zip``; ``name`` is the file's.

    Raises:
        DataError: as `unpacked`.
    """
    magic = packed.peek(4)[:4]
    opener = next((opener for start, opener in _OPENERS.items() if magic.startswith(start)), None)
    if opener is None:
        yield Unpacked(where, name, packed)
        return
    with opener(packed) as stream:
        yield _bounded(where, PurePosixPath(name).stem, stream.read, packed.tell)


def check_growth(where: str, unpacked_size: int, packed_size: int) -> None:
    """Refuses what grows to more than `HARMLESS` bytes and `RATIO` times its size.

    Raises:
        DataError: it does.
    """
    if unpacked_size > HARMLESS and unpacked_size > RATIO * max(packed_size, 1):
        raise DataError(
            f"{packed_size:,} bytes of {where} unpack to more than {unpacked_size:,}, over {RATIO} times as "
            "many: no honest table shrinks so far. If it is one all the same, write it as plain CSV."
        )


def check_members(where: str, archive: zipfile.ZipFile) -> None:
    """Refuses a zip whose members say that they unpack to too much, or lie outside its folder.

    Raises:
        DataError: they do.
    """
    for member in archive.infolist():
        inside = PurePosixPath(member.filename.replace("\\", "/"))
        if inside.is_absolute() or ".." in inside.parts or ":" in member.filename:
            raise DataError(
                f'{where} holds "{excerpt(member.filename)}", a path outside its folder. justfit does not '
                "read such "
                "archives: unpack it with care and give the file itself."
            )
    check_growth(
        where,
        sum(member.file_size for member in archive.infolist()),
        sum(member.compress_size for member in archive.infolist()),
    )


@contextmanager
def _zip_member(path: Path) -> Iterator[Unpacked]:
    where = str(path)
    try:
        archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise DataError(
            f"{where} is a broken zip file: {first_line(error)}. Get or make it again."
        ) from error
    with archive:
        check_members(where, archive)
        members = [
            member
            for member in archive.infolist()
            if not member.filename.endswith("/") and not member.filename.startswith("__MACOSX/")
        ]
        if len(members) != 1:
            names = ", ".join(excerpt(member.filename) for member in members[:5]) or "nothing"
            raise DataError(
                f"{where} holds {len(members)} files ({names}), expected one. Unpack it and give the file "
                "or the folder."
            )
        if members[0].flag_bits & 1:
            raise DataError(f"{where} is encrypted. Unpack it and give the file itself.")
        try:
            stream = archive.open(members[0])
        except BROKEN as error:
            raise DataError(
                f"{where} cannot be unpacked: {first_line(error)}. Unpack it and give the file itself."
            ) from error
        with stream:
            name = PurePosixPath(members[0].filename).name
            size = members[0].compress_size
            yield _bounded(where, name, stream.read, lambda: size)


def _bounded(where: str, name: str, read: Callable[[int], bytes], packed_size: Callable[[], int]) -> Unpacked:
    """What ``read`` gives, watched over: ``packed_size`` is that of what it took so far."""

    def pieces() -> Iterator[bytes]:
        size = 0
        while True:
            try:
                piece = read(1 << 20)
            except BROKEN as error:
                raise DataError(
                    f"{where} is broken after {size:,} unpacked bytes: {first_line(error)}. Get or make it "
                    "again."
                ) from error
            if not piece:
                return
            size += len(piece)
            check_growth(where, size, packed_size())
            yield piece

    return Unpacked(where, name, io.BufferedReader(Pieces(pieces()), 1 << 20))


def _open_zstd(packed: IO[bytes]) -> pa.CompressedInputStream:
    return pa.CompressedInputStream(packed, "zstd")


_OPENERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda packed: gzip.GzipFile(fileobj=packed),
    b"BZh": bz2.BZ2File,
    b"\x28\xb5\x2f\xfd": _open_zstd,
}
