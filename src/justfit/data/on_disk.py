"""Strings and rows in files, so that there may be more of them than memory holds.

The files have no name: they are gone with the process that made them, however it ends. They are mapped into
memory, from which the system takes their pages back when it needs them.
"""

from collections.abc import Iterable, Iterator
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from justfit.data.mapped import GrowingArray, let_go
from justfit.data.raw import LazyTexts
from justfit.data.rows import Bags, Dense, Rows
from justfit.machine import give_back

BLOCK = 1 << 14
"""Strings that are read at a time."""

Int32 = npt.NDArray[np.int32]


def give_back_all() -> None:
    """Have Arrow and the C library give back to the system what memory they hold without need."""
    pa.default_memory_pool().release_unused()
    give_back()


class KeptStrings:
    """Strings in files, known by their places; first all are added, then they are read."""

    def __init__(self) -> None:
        self._content, self._ends = GrowingArray(np.uint8), GrowingArray(np.int64)
        self._ends.add([0])
        self._count, self._bytes = 0, 0
        self._mapped: tuple[npt.NDArray[Any], npt.NDArray[Any]] | None = None

    def add(self, strings: pa.ChunkedArray) -> Int32:
        """The place of each, -1 where there is none."""
        for chunk in strings.cast(pa.large_string()).chunks:
            if not len(chunk):
                continue
            _, ends, content = chunk.buffers()
            own = np.frombuffer(ends, np.int64, len(chunk) + 1, 8 * chunk.offset)
            size = int(own[-1] - own[0])
            if size:
                self._content.add(np.frombuffer(content, np.uint8, size, own[0]))
            self._ends.add(own[1:] - own[0] + self._bytes)
            self._bytes += size
        places = np.arange(self._count, self._count + len(strings), dtype=np.int32)
        self._count += len(strings)
        if strings.null_count:
            places[strings.is_null().to_numpy()] = -1
        return places

    def read(self, places: Int32) -> pa.LargeStringArray:
        """The strings at ``places``, null at -1."""
        if self._mapped is None:
            self._mapped = self._ends.mapped(), self._content.mapped()
        every = pa.LargeStringArray.from_buffers(self._count, *map(pa.py_buffer, self._mapped))
        found = every.take(pa.array(places, mask=places < 0))
        let_go(*self._mapped)
        return found


class TextsOnDisk(LazyTexts):
    """Texts that are read some at a time, in any order; an empty one where there is none.

    Args:
        kept: the strings.
        places: of each text in them, -1 where it has none.
    """

    def __init__(self, kept: KeptStrings, places: Int32) -> None:
        self._kept, self._places = kept, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> "TextsOnDisk": ...
    def __getitem__(self, at: int | slice) -> "str | TextsOnDisk":
        if isinstance(at, slice):
            return TextsOnDisk(self._kept, self._places[at])
        return self._read(self._places[at : at + 1 or None])[0]

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), BLOCK):
            yield from self._read(self._places[start : start + BLOCK])

    def take(self, rows: npt.NDArray[np.intp]) -> "TextsOnDisk":
        """The texts numbered ``rows``, in that order."""
        return TextsOnDisk(self._kept, self._places[rows])

    def _read(self, places: Int32) -> list[str]:
        texts: list[str] = pc.fill_null(self._kept.read(places), "").to_pylist()
        return texts


def rows_on_disk(blocks: Iterable[Rows]) -> Rows:
    """Blocks of rows of the same columns as one, in files.

    Raises:
        DataError: the disk is full.
    """
    arrays: dict[str, GrowingArray] = {}
    columns, entries, sparse = 0, 0, False
    for block in blocks:
        columns, sparse = block.columns, isinstance(block, Bags)
        parts: dict[str, npt.NDArray[Any]] = {"values": block.values}
        if isinstance(block, Bags):
            parts |= {"indices": block.indices, "indptr": block.indptr[bool(arrays) :] + entries}
            entries += len(block.indices)
        for name, part in parts.items():
            if name not in arrays:
                arrays[name] = GrowingArray(part.dtype.type)
            arrays[name].add(part)
    mapped = {name: array.mapped() for name, array in arrays.items()}
    return Bags(**mapped, columns=columns) if sparse else Dense(mapped["values"].reshape(-1, columns))
