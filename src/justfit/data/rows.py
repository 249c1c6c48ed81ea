"""Rows as the engine takes them: `Bags` (sparse) or `Dense`, checked once when made and then read-only."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from justfit import _native
from justfit.data.mapped import GrowingArray, is_mapped, let_go
from justfit.errors import DataError

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

MOST_ENTRIES = 2**31 - 1
"""Of sparse rows together."""

_CHECKED = 1 << 18
"""Entries and rows that are checked, or taken out of a file, at a time."""


@dataclass(frozen=True, eq=False)
class Bags:
    """Sparse rows in CSR form: row ``i`` has ``values[indptr[i]:indptr[i+1]]`` at ``indices[...]``.

    ``indptr``: int64, shape ``[rows + 1]``; ``indices``: int32, shape ``[entries]``, ascending
    without repeats in each row, each in ``[0, columns)``; ``values``: float32, shape ``[entries]``, finite.

    Raises:
        DataError: something does not fit, with the row's number (from 0).
    """

    indptr: Int64
    indices: Int32
    values: Float32
    columns: int

    def __post_init__(self) -> None:
        for name, dtype in (("indptr", np.int64), ("indices", np.int32), ("values", np.float32)):
            object.__setattr__(self, name, _frozen(name, getattr(self, name), dtype, dimensions=1))
        _check_bags(self)

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def in_files(self) -> bool:
        """Whether the entries are in files that are mapped, as they may be more than memory holds."""
        return is_mapped(self.indices)

    def take(self, rows: npt.NDArray[np.intp]) -> "Bags":
        """The rows numbered ``rows``, in that order; of rows in files in files, too.

        Raises:
            DataError: the disk is full.
        """
        if self.in_files:
            return self._taken_to_files(rows)
        indptr, entries = take_ragged(self.indptr, rows)
        return Bags(indptr, self.indices[entries], self.values[entries], self.columns)

    def _taken_to_files(self, rows: npt.NDArray[np.intp]) -> "Bags":
        if len(rows) == len(self) and all(
            np.array_equal(rows[start : start + _CHECKED], np.arange(start, min(start + _CHECKED, len(self))))
            for start in range(0, len(self), _CHECKED)
        ):
            return self
        ends, indices, values = GrowingArray(np.int64), GrowingArray(np.int32), GrowingArray(np.float32)
        ends.add([0])
        count = 0
        for start in range(0, len(rows), self._step()):
            part = rows[start : start + self._step()]
            indptr, entries = take_ragged(self.indptr, part)
            ends.add(indptr[1:] + count)
            indices.add(self.indices[entries])
            values.add(self.values[entries])
            count += len(entries)
            let_go(self.indptr, self.indices, self.values)
        return Bags(ends.mapped(), indices.mapped(), values.mapped(), self.columns)

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Where blocks of rows begin and end that have about as many entries as are looked at at a time."""
        step = self._step()
        for start in range(0, len(self), step):
            yield start, min(start + step, len(self))

    def between(self, start: int, end: int) -> "Bags":
        """The rows from ``start`` to before ``end``, in place but for where each begins."""
        indptr = self.indptr[start : end + 1]
        entries = slice(int(indptr[0]), int(indptr[-1]))
        return Bags(indptr - indptr[0], self.indices[entries], self.values[entries], self.columns)

    def _step(self) -> int:
        return max(1, _CHECKED * len(self) // max(1, len(self.indices)))

    @classmethod
    def from_csr(cls, matrix: sparse.csr_array | sparse.csr_matrix) -> "Bags":
        """Bags of a SciPy CSR matrix; repeated entries are added up.

        Raises:
            DataError: its values are no real numbers, or one is not finite as float32.
        """
        if matrix.dtype.kind not in "biuf" or matrix.ndim != 2:
            raise DataError(
                f"Sparse rows must be real numbers of two axes, got {matrix.dtype} of shape {matrix.shape}."
            )
        matrix = sparse.csr_array(matrix, copy=True)
        matrix.sum_duplicates()
        with np.errstate(over="ignore"):  # an infinity is told with its row
            values = matrix.data.astype(np.float32)
        return cls(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), values, matrix.shape[1])

    def to_csr(self) -> sparse.csr_array:
        """The same rows as a SciPy CSR array."""
        return sparse.csr_array((self.values, self.indices, self.indptr), shape=(len(self), self.columns))


@dataclass(frozen=True, eq=False)
class Dense:
    """Dense rows: ``values`` is float32, C-contiguous, shape ``[rows, columns]``, finite.

    Raises:
        DataError: something does not fit, with the row's number (from 0).
    """

    values: Float32

    def __post_init__(self) -> None:
        values = _frozen("values", self.values, np.float32, dimensions=2)
        object.__setattr__(self, "values", values)
        if values.shape[1] < 1:
            raise DataError("Dense rows have no columns: at least 1 is needed.")
        _require_finite(values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def columns(self) -> int:
        """Numbers in a row."""
        return int(self.values.shape[1])

    def take(self, rows: npt.NDArray[np.intp]) -> "Dense":
        """The rows numbered ``rows``, in that order."""
        return Dense(self.values[rows])


Rows = Bags | Dense
"""Rows as the engine takes them."""


def size_of(rows: Rows) -> tuple[int, int]:
    """How many numbers the rows have that are kept, of sparse ones those that are not zero, and their bytes.

    >>> size_of(Dense(np.zeros((2, 3), np.float32)))
    (6, 24)
    """
    if isinstance(rows, Bags):
        return rows.values.size, rows.values.nbytes + rows.indices.nbytes + rows.indptr.nbytes
    return rows.values.size, rows.values.nbytes


def native_rows(rows: Rows) -> _native.Rows:
    """The same rows as the native module takes them, in place."""
    if isinstance(rows, Bags):
        return _native.bags(rows.indptr, rows.indices, rows.values, rows.columns)
    return _native.dense(rows.values)


def row_blocks(rows: int, size: int) -> Iterator[npt.NDArray[np.intp]]:
    """The numbers of so many rows, ``size`` at a time.

    >>> [block.tolist() for block in row_blocks(5, 2)]
    [[0, 1], [2, 3], [4]]
    """
    for start in range(0, rows, size):
        yield np.arange(start, min(start + size, rows))


def take_ragged(indptr: Int64, rows: npt.NDArray[np.intp]) -> tuple[Int64, Int64]:
    """The ``indptr`` of the rows numbered ``rows``, in that order, and which entries they hold."""
    lengths = indptr[rows + 1] - indptr[rows]
    taken = np.concatenate(([0], np.cumsum(lengths)))
    return taken, np.arange(taken[-1]) + np.repeat(indptr[rows] - taken[:-1], lengths)


def _frozen(name: str, array: object, dtype: type[np.generic], dimensions: int) -> npt.NDArray[Any]:
    """``array`` contiguous and read-only: a view of it, or a copy where it was not contiguous."""
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != dimensions:
        found = (
            f"{array.dtype} with {array.ndim} axes" if isinstance(array, np.ndarray) else type(array).__name__
        )
        raise DataError(f"{name} must be {np.dtype(dtype)} with {dimensions} axes, got {found}.")
    array = np.ascontiguousarray(array)
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def _check_bags(bags: Bags) -> None:
    indptr, indices, columns = bags.indptr, bags.indices, bags.columns
    if not 1 <= columns <= np.iinfo(np.int32).max:
        raise DataError(f"columns must be from 1 to {np.iinfo(np.int32).max}, got {columns}.")
    if len(indptr) < 1 or indptr[0] != 0 or indptr[-1] != len(indices) or len(indices) != len(bags.values):
        raise DataError(
            "indptr must begin with 0 and end with the number of entries, as many as indices and values: got "
            f"{indptr[:1].tolist()}..{indptr[-1:].tolist()} for {len(indices)} indices and "
            f"{len(bags.values)} values."
        )
    if len(indices) > MOST_ENTRIES:
        raise DataError(
            f"{len(bags):,} sparse rows hold {len(indices):,} entries, and may hold {MOST_ENTRIES:,}: give "
            "fewer rows, or have fewer or shorter n-grams."
        )
    for start in range(0, len(bags), _CHECKED):
        ends = indptr[start : start + _CHECKED + 1]
        if (falling := np.flatnonzero(np.diff(ends) < 0)).size:
            at = int(falling[0])
            raise DataError(f"Row {start + at}: indptr falls from {ends[at]} to {ends[at + 1]}.")
    for start in range(0, len(indices), _CHECKED):
        _check_entries(bags, start, min(start + _CHECKED, len(indices)))
        let_go(indptr, indices, bags.values)


def _check_entries(bags: Bags, start: int, end: int) -> None:
    """Raise `DataError` where some entries cannot be, or do not follow on each other."""
    indptr, indices = bags.indptr, bags.indices

    def row_of(entry: int) -> int:
        return int(np.searchsorted(indptr, entry, side="right")) - 1

    found = indices[start:end]
    if found.min() < 0 or found.max() >= bags.columns:
        entry = start + int(np.argmax((found < 0) | (found >= bags.columns)))
        raise DataError(f"Row {row_of(entry)}: index {indices[entry]} is outside [0, {bags.columns}).")
    after = indices[start + 1 : end + 1]
    not_rising = after <= indices[start : start + len(after)]
    first, last = np.searchsorted(indptr, (start + 1, end + 1))
    begins = indptr[first:last]  # of rows, which need not go on rising
    not_rising[begins[begins < len(indices)] - 1 - start] = False
    if not_rising.any():
        entry = start + int(np.argmax(not_rising)) + 1
        raise DataError(
            f"Row {row_of(entry)}: index {indices[entry]} follows {indices[entry - 1]}; "
            "indices must rise within a row, without repeats."
        )
    if not (finite := np.isfinite(bags.values[start:end])).all():
        entry = start + int(np.argmin(finite))
        raise DataError(f"Row {row_of(entry)}: the value at index {indices[entry]} is {bags.values[entry]}.")


def _require_finite(values: Float32) -> None:
    if not np.isfinite(values).all():
        row, column = (int(axis[0]) for axis in np.nonzero(~np.isfinite(values)))
        raise DataError(f"Row {row}, column {column}: the value is {values[row, column]}.")
