"""A folder of sparse rows in CSR form, an array a file, copied to files of the process's own and mapped."""

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from justfit.data.files.arrays import BROKEN_ARRAY, array_header
from justfit.data.files.frame import Frame, array_columns
from justfit.data.files.told import first_line
from justfit.data.mapped import GrowingArray, to_file
from justfit.data.rows import MOST_ENTRIES, Bags
from justfit.errors import DataError

_BLOCK = 1 << 20
"""Numbers that are copied at a time."""

_MOST_LABEL_BYTES = 1 << 10
"""Of one label, where labels are texts."""


def is_csr(path: Path) -> bool:
    """Whether a folder has sparse rows."""
    return (path / "indptr.npy").is_file()


def read_csr(path: Path) -> Iterator[Frame]:
    """The rows in ``indptr.npy``, ``indices.npy`` and ``values.npy`` of a folder, as SciPy's CSR matrices
    have them, with ``labels.npy`` as their column ``labels`` where it is there.

    ``shape.npy`` says rows and columns; without it there are as many columns as the largest index needs. The
    arrays are copied block by block, so that nothing that happens to the files later can change or end what
    is made of them.

    Raises:
        DataError: a file is missing or broken, holds no numbers of one axis, or the arrays do not make rows.
    """
    indptr, indices = _copied(path / "indptr.npy", np.int64), _copied(path / "indices.npy", np.int32)
    values = _copied(path / "values.npy", np.float32)
    rows = len(indptr) - 1
    if rows < 1:
        raise DataError(f"{path} has no rows: indptr.npy has {len(indptr)} numbers, one more than rows.")
    columns = _columns(path, rows, indices)
    try:
        bags = Bags(indptr, indices, values, columns)
    except DataError as error:
        raise DataError(f"{path}, rows counted from 0: {error} Make the files again.") from error
    table = _labels(path / "labels.npy", rows)
    yield Frame(table, to_file(np.arange(1, rows + 1)), (), (), str(path), bags)


def _columns(path: Path, rows: int, indices: npt.NDArray[Any]) -> int:
    stated = path / "shape.npy"
    if not stated.exists():
        ends = (indices[start : start + _BLOCK].max() for start in range(0, len(indices), _BLOCK))
        return 1 + int(max(ends, default=0))
    shape = _copied(stated, np.int64).tolist()
    if len(shape) != 2 or shape[0] != rows:
        raise DataError(
            f"{stated} says {shape}, expected as many rows as indptr.npy has, {rows:,}, and columns."
        )
    return int(shape[1])


def _labels(path: Path, rows: int) -> pa.Table:
    """The labels as a column; a table without any where there is no such file."""
    if not path.exists():
        return pa.table({})
    labels = _read(path)
    if len(labels) != rows:
        raise DataError(f"{path} has {len(labels):,} labels, and indptr.npy {rows:,} rows: give one a row.")
    return array_columns({"labels": labels}, str(path))


def _copied(path: Path, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """The numbers in a file as ``dtype``, read-only and mapped."""
    kept = GrowingArray(dtype)
    for block in _blocks(path, "iuf" if dtype is np.float32 else "iu"):
        with np.errstate(over="ignore"):  # an infinity is told with its row
            converted = block.astype(dtype)
        if dtype is not np.float32 and (wrong := np.flatnonzero(converted != block)).size:
            raise DataError(f"{path} holds {block[wrong[0]]}, which {np.dtype(dtype)} cannot.")
        kept.add(converted)
    return kept.mapped()


def _read(path: Path) -> npt.NDArray[Any]:
    return np.concatenate(list(_blocks(path, "biufUM")))


def _blocks(path: Path, kinds: str) -> Iterator[npt.NDArray[Any]]:
    """The numbers in a file of one axis, some at a time; an empty block first."""
    try:
        with path.open("rb") as file:
            dtype, count = _checked_header(file, path, kinds)
            yield np.empty(0, dtype)
            while count:
                data = file.read(dtype.itemsize * min(count, _BLOCK))
                block = np.frombuffer(data[: len(data) // dtype.itemsize * dtype.itemsize], dtype)
                if not len(block):
                    raise DataError(
                        f"{path} became shorter while it was read: leave it alone, and read it again."
                    )
                count -= len(block)
                yield block
    except FileNotFoundError as error:
        raise DataError(
            f"{path} is missing: sparse rows need indptr.npy, indices.npy, values.npy and labels.npy."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _checked_header(file: io.BufferedReader, path: Path, kinds: str) -> tuple[np.dtype[Any], int]:
    """Type and number of what follows in an ``.npy`` file, whose size must be that."""
    try:
        shape, _, dtype = array_header(file, str(path))
    except BROKEN_ARRAY as error:
        raise DataError(f"{path} is broken: {first_line(error)}. Get or make it again.") from error
    if len(shape) != 1 or dtype.kind not in kinds or not 0 < dtype.itemsize <= _MOST_LABEL_BYTES:
        wanted = "one axis of whole numbers" if kinds == "iu" else "one axis of numbers"
        raise DataError(f"{path} holds {dtype} of shape {shape}, expected {wanted}.")
    start = file.tell()
    found, expected = file.seek(0, io.SEEK_END) - start, math.prod(shape) * dtype.itemsize
    if found != expected or shape[0] > MOST_ENTRIES:
        raise DataError(
            f"{path}: the header says {shape[0]:,} numbers of {dtype}, in {expected:,} bytes; {found:,} "
            f"follow, and {MOST_ENTRIES:,} numbers may. Get or make it again."
        )
    file.seek(start)
    return dtype, shape[0]
