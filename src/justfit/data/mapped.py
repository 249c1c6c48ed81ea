"""Arrays in nameless files, mapped into memory: gone with the process that made them, however it ends."""

import contextlib
import mmap
import os
import tempfile
import weakref
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from justfit.errors import DataError

_DISK = "/var/tmp"  # noqa: S108 - files in it are made without a name
"""Where the file hierarchy standard wants large temporary files; /tmp may be a part of memory."""

_ROWS = 1 << 16
"""That are written at a time."""


def temporary_folder() -> str:
    """Where such files are made: what TMPDIR names, else where large ones belong."""
    if "TMPDIR" not in os.environ and os.access(_DISK, os.W_OK | os.X_OK):
        return _DISK
    return tempfile.gettempdir()


class GrowingArray:
    """An array in a file, made by adding to its end and then mapped.

    Raises:
        DataError: the disk is full, or no file can be made there.
    """

    def __init__(self, dtype: type[np.generic]) -> None:
        self._dtype, self._folder = dtype, temporary_folder()
        try:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed when mapped
            weakref.finalize(self, _close, self._file)
        except OSError as error:
            raise self._told(error) from error

    def add(self, values: npt.ArrayLike) -> None:
        """Numbers to stand behind those that are there."""
        try:
            self._file.write(np.ascontiguousarray(values, self._dtype).data)
        except OSError as error:
            raise self._told(error) from error

    def mapped(self) -> npt.NDArray[Any]:
        """All numbers, read-only, on one axis; nothing can be added any more."""
        try:
            with self._file:
                if self._file.seek(0, os.SEEK_END) == 0:
                    return np.empty(0, self._dtype)
                mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise self._told(error) from error
        return np.frombuffer(mapped, self._dtype)

    def _told(self, error: OSError) -> DataError:
        return DataError(
            f"The rows take too much memory to be kept there, and {self._folder} cannot hold them: "
            f"{error.strerror or error}. Free some space there, or name another folder in TMPDIR."
        )


def _close(file: IO[bytes]) -> None:
    with contextlib.suppress(OSError):  # a full disk was told of when it was written to
        file.close()


def to_file(
    array: npt.NDArray[Any],
    rows: npt.NDArray[np.signedinteger[Any]] | None = None,
    dtype: type[np.generic] | None = None,
) -> npt.NDArray[Any]:
    """The numbers of an array in a file, mapped and read-only.

    Args:
        array: with one row or more on its first axis.
        rows: of it, in this order; None for all.
        dtype: of the numbers; None for that of the array.

    Raises:
        DataError: the disk is full, or no file can be made there.

    >>> to_file(np.array([5, 6, 7]), np.array([2, 0])).tolist()
    [7, 5]
    """
    count = len(array) if rows is None else len(rows)
    kept = GrowingArray(dtype or array.dtype.type)
    for start in range(0, count, _ROWS):
        part = slice(start, start + _ROWS)
        kept.add(array[part if rows is None else rows[part]])
    mapped: npt.NDArray[Any] = kept.mapped().reshape(count, *array.shape[1:])
    return mapped


def taken(array: npt.NDArray[Any], rows: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
    """The rows numbered ``rows``, in that order; in a file where the array is in one."""
    return to_file(array, rows) if is_mapped(array) else array[rows]


def is_mapped(array: object) -> bool:
    """Whether an array stands in a file that is mapped into memory."""
    return _file_of(array) is not None


def let_go(*arrays: object) -> None:
    """Have arrays that are mapped count no longer as memory of the process; they are read anew if need be."""
    for array in arrays:
        mapped = _file_of(array)
        if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            mapped.madvise(mmap.MADV_DONTNEED)


def _file_of(array: object) -> mmap.mmap | None:
    while isinstance(array, np.ndarray | memoryview):
        array = array.base if isinstance(array, np.ndarray) else array.obj
    return array if isinstance(array, mmap.mmap) else None
