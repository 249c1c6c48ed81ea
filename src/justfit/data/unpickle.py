"""Arrays and ragged integer lists out of ``.npz`` files that nobody vouches for.

NumPy keeps lists of different lengths as pickles, and unpickling runs whatever a file says.
Here the names a pickle may use are three, and they stand for nothing that acts: no code of
NumPy or anyone else is called with what a file holds, and nothing is read that is larger
than it says or than `MAX_BYTES`.
"""

import math
import pickle
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from justfit.data.files.told import first_line
from justfit.data.npy import BROKEN_HEADER, read_npy_header
from justfit.errors import DataError

MAX_BYTES = 1 << 26
"""A member larger than this when decompressed is refused; MNIST's images take 45 MiB."""

_BROKEN_PICKLE = (
    pickle.UnpicklingError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
)
_BROKEN_FILE = (
    *BROKEN_HEADER,
    *(zipfile.BadZipFile, zlib.error, RuntimeError, MemoryError),
)

_ADMITTED = {
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("numpy.core.multiarray", "_reconstruct"): "array",
    ("numpy._core.multiarray", "_reconstruct"): "array",
}


@dataclass(frozen=True)
class Member:
    """What the header of one array in a ``.npz`` file says."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    crc: int
    """The zip archive's checksum of its contents."""

    @property
    def identity(self) -> str:
        """A text that changes with the contents, at no cost of reading them."""
        return f"{self.dtype.str}{self.shape} {self.crc:08x}"


def read_header(path: Path, name: str) -> Member:
    """Shape, type and checksum of the array ``name``, without reading it.

    Raises:
        DataError: the file is not readable as ``.npz``, or has no such array, or a false header.
    """
    with _opened(path, name) as (_, member, _):
        return member


def read_array(path: Path, name: str) -> npt.NDArray[Any]:
    """The numeric array ``name`` of a ``.npz`` file; read-only.

    Raises:
        DataError: as `read_header`, or the array is not numeric, or its data does not fit its header.
    """
    with _opened(path, name) as (stream, member, size):
        if member.dtype.kind not in "biuf":
            raise DataError(f"{path}: {name} holds {member.dtype}, expected numbers.")
        values = np.frombuffer(stream.read(size), member.dtype)
        return values.reshape(member.shape, order="F" if member.fortran_order else "C")


def read_lists(path: Path, name: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """The object array ``name`` of a ``.npz`` file: one list of integers a row, pickled.

    Returns:
        The integers of all rows one after the other (int32, ``[entries]``), and where each row
        begins and ends among them (int64, ``[rows + 1]``).

    Raises:
        DataError: as `read_header`, or the pickle asks for anything but an array of lists of integers.
    """
    with _opened(path, name) as (stream, member, size):
        where = f"{path}: {name}"
        if member.dtype != np.dtype(object) or len(member.shape) != 1:
            raise DataError(f"{where} is {member.dtype} of shape {member.shape}, expected a row of lists.")
        try:
            made = _Unpickler(stream, where).load()
        except _BROKEN_PICKLE as error:
            reason = " ".join(str(error).split()).rstrip(".")  # some are of several lines
            raise DataError(f"{where} is not a pickled array of lists: {reason}.") from error
        rows = _lists(made)
    if rows is None or len(rows) != member.shape[0]:
        raise DataError(f"{where} is not a pickled array of {member.shape[0]} lists.")
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    # A pickle can name one long list many times over; honest integers take a byte each at least.
    if (total := int(lengths.sum())) > size:
        raise DataError(f"{where} unfolds to {total} integers from {size} bytes, which no honest file does.")
    flat = array("i")
    for number, row in enumerate(rows):
        try:
            flat.extend(row)
        except (TypeError, OverflowError) as error:
            raise DataError(f"{where}, row {number}: expected integers of 32 bits: {error}.") from error
    return np.frombuffer(flat, np.int32), np.concatenate(([0], np.cumsum(lengths)))


class _Inert:
    """Stands in a pickle for a NumPy name and for what the pickle makes with it; only remembers."""

    __slots__ = ("arguments", "name", "state")

    def __init__(self, name: str, arguments: tuple[object, ...] = ()) -> None:
        self.name, self.arguments = name, arguments
        self.state: object = None

    def __call__(self, *arguments: object) -> "_Inert":
        return _Inert(self.name, arguments)

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: IO[bytes], where: str) -> None:
        super().__init__(stream)
        self._where = where

    def find_class(self, module: str, name: str) -> Any:
        """Only what NumPy itself writes into an object array."""
        if (module, name) not in _ADMITTED:
            raise DataError(
                f"{self._where} asks for {module}.{name}, which data has no need of: the file is refused. "
                "Take it from where it is published."
            )
        return _Inert(_ADMITTED[module, name])


def _lists(made: object) -> list[list[Any]] | None:
    """The lists in what stands for a pickled object array of one axis, or None if it is no such thing."""
    match made:
        case _Inert(
            name="array", state=(int(), tuple(), _Inert(name="dtype", arguments=("O8", *_)), _, list(items))
        ):
            return items if all(type(item) is list for item in items) else None
    return None


@contextmanager
def _opened(path: Path, name: str) -> Iterator[tuple[IO[bytes], Member, int]]:
    """A member's data, its header, and the number of bytes that follow the header."""
    try:
        with zipfile.ZipFile(path) as archive:
            info = _info(path, archive, f"{name}.npy")
            with archive.open(info) as stream:
                shape, fortran_order, dtype = read_npy_header(stream)
                size = info.file_size - stream.tell()
                expected = math.prod(shape) * dtype.itemsize
                if not dtype.hasobject and expected != size:
                    says = f"{dtype} of shape {shape}, {expected} bytes"
                    raise DataError(f"{path}: {name} says it is {says}, but holds {size} bytes.")
                yield stream, Member(shape, dtype, fortran_order, info.CRC), size
    except _BROKEN_FILE as error:
        why = first_line(error)
        raise DataError(
            f"{path}: {name} cannot be read ({why}): the file is damaged or not in the .npz form. "
            "Delete it and get it again."
        ) from error


def _info(path: Path, archive: zipfile.ZipFile, member: str) -> zipfile.ZipInfo:
    if member not in (names := archive.namelist()):
        raise DataError(f"{path} has no {member}; it has {', '.join(names[:9]) or 'nothing'}.")
    info = archive.getinfo(member)
    if info.file_size > MAX_BYTES:
        raise DataError(f"{path}: {member} says it has {info.file_size} bytes; at most {MAX_BYTES} are read.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{path}: {member} is compressed in a way that .npz files are not.")
    return info
