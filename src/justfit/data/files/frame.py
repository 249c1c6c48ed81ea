"""`Frame`: rows as they were read from a file, before anything was made of their columns."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from justfit.data.on_disk import KeptStrings, rows_on_disk
from justfit.data.rows import Bags, Int64
from justfit.errors import DataError

MOST_COLUMNS = 20_000


@dataclass(frozen=True)
class Skipped:
    """A row that could not be used: its number in the file (data rows from 1), and why."""

    row: int
    reason: str


@dataclass(frozen=True, eq=False)
class Frame:
    """Rows of a file or of a Python object.

    Columns of text formats (CSV, TSV) are all strings, empty cells null; typed formats keep their types.
    An image, or any array of more than one axis a row, is a column of fixed-size lists of numbers whose
    field has its axes in the metadata: ``shape_of(field)``. A column that only names rows (a file's name)
    has ``kind: id`` there: `is_name`.
    """

    table: pa.Table
    rows: Int64
    """The number of each row in its file: data rows from 1, so that a header is not counted."""
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    """What was decided in reading, a sentence each: encoding, delimiter, names given to columns."""
    source: str = ""
    """The file's path, or what kind of object it was: the beginning of messages."""
    bags: Bags | None = None
    """Sparse rows, as many as ``rows``, where the object was a SciPy matrix; the table then has no
    columns.
    """
    kept: Mapping[str, KeptStrings] = dataclasses.field(default_factory=dict)
    """Columns of strings that stand on the disk: the table has their places, null where there is none."""
    folder: Path | None = None
    """Of the file, in which the paths in its cells are; None where there is no file."""

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> pa.ChunkedArray:
        """The cells of a column, read into memory where they stand on the disk."""
        column = self.table.column(name)
        if name not in self.kept:
            return column
        return pa.chunked_array([self.kept[name].read(self.places(name))])

    def places(self, name: str) -> npt.NDArray[np.int32]:
        """Where the cells of a column that stands on the disk are, -1 where there is none."""
        return np.asarray(self.table.column(name).fill_null(-1).to_numpy())

    def between(self, start: int, end: int) -> "Frame":
        """Some of the rows, all of them in memory."""
        table = self.table.slice(start, end - start)
        part = Frame(table, self.rows[start:end], source=self.source, kept=self.kept)
        for number, field in enumerate(table.schema):
            if field.name in self.kept:
                column = part.column(field.name)
                table = table.set_column(number, field.with_type(column.type), column)
        return dataclasses.replace(part, table=table, kept={})


def numbered(table: pa.Table, source: str, first: int = 1, notes: tuple[str, ...] = ()) -> Frame:
    """A frame of rows that follow each other without gap from row ``first`` on."""
    return Frame(table, np.arange(first, first + table.num_rows, dtype=np.int64), (), notes, source)


def concatenated(frames: Sequence[Frame]) -> Frame:
    """One frame of several pieces of a file; the table shares their memory.

    Columns whose types differ become the widest type that holds all, in the end strings. A column that a
    piece lacks is null there.

    Raises:
        DataError: a column has types that no type holds together.
    """
    if len(frames) == 1:
        return frames[0]
    tables = [frame.table for frame in frames]
    if any(table.schema != tables[0].schema for table in tables):
        apart = _types_apart(tables)
        tables = [as_texts(table, apart, frames[0].source) for table in tables]
    return Frame(
        pa.concat_tables(tables, promote_options="permissive"),
        np.concatenate([frame.rows for frame in frames]),
        tuple(skipped for frame in frames for skipped in frame.skipped),
        tuple(dict.fromkeys(note for frame in frames for note in frame.notes)),
        frames[0].source,
        _stacked(frames),
        folder=frames[0].folder,
    )


def _stacked(frames: Sequence[Frame]) -> Bags | None:
    bags = [frame.bags for frame in frames if frame.bags is not None]
    if not bags:
        return None
    if any(each.in_files for each in bags):
        return cast("Bags", rows_on_disk(bags))
    return Bags.from_csr(sparse.vstack([each.to_csr() for each in bags], format="csr"))


def shape_of(field: pa.Field) -> tuple[int, ...] | None:
    """The axes of each row of a column, such as (28, 28); none where a cell is not a fixed number of
    numbers.
    """
    if not pa.types.is_fixed_size_list(field.type):
        return None
    stated = (field.metadata or {}).get(b"shape")
    return tuple(int(axis) for axis in stated.split(b",")) if stated else (field.type.list_size,)


def is_name(field: pa.Field) -> bool:
    """Whether a column only names its rows, so that nothing may be learned from it."""
    return (field.metadata or {}).get(b"kind") == b"id"


def _types_apart(tables: Sequence[pa.Table]) -> list[str]:
    """The columns whose types do not go together by widening."""
    types: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            types.setdefault(field.name, set()).add(field.type)
    apart = []
    for name, found in types.items():
        try:
            pa.unify_schemas([pa.schema([(name, kind)]) for kind in found], promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            apart.append(name)
    return apart


def as_texts(table: pa.Table, names: list[str], source: str) -> pa.Table:
    """The table with the columns of these names as strings."""
    for name in set(names) & set(table.column_names):
        try:
            column = table.column(name).cast(pa.string())
        except pa.ArrowException as error:
            raise DataError(
                f'{source}, column "{name}": {table.column(name).type} in some rows and another type in '
                "others. "
                "Give the column one type."
            ) from error
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def array_columns(arrays: dict[str, npt.NDArray[Any]], where: str, *, split: bool = True) -> pa.Table:
    """Arrays as columns: one of one axis as it is, one of two a column for each of its own if ``split``,
    others as lists.

    Raises:
        DataError: an array holds neither numbers, texts nor dates.
    """
    columns: dict[str, tuple[pa.Field, pa.Array]] = {}
    for name, values in arrays.items():
        parts = {name: values}
        if values.dtype.names:
            parts = {f"{name}.{field}": values[field] for field in values.dtype.names}
        elif split and values.ndim == 2 and values.shape[1] <= MOST_COLUMNS:
            parts = {f"{name}_{number}": values[:, number - 1] for number in range(1, values.shape[1] + 1)}
        for part, column in parts.items():
            columns[part] = _array_column(part, column, where)
    if not columns:
        raise DataError(f"{where} has no columns.")
    fields, data = zip(*columns.values(), strict=True)
    return pa.table(list(data), schema=pa.schema(fields))


def _array_column(name: str, values: npt.NDArray[Any], where: str) -> tuple[pa.Field, pa.Array]:
    if values.dtype.kind not in "biufUM":
        raise DataError(f'{where}, "{name}": holds {values.dtype}, expected numbers, texts or dates.')
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    if values.ndim == 1:
        return pa.field(name, flat.type), flat
    size = math.prod(values.shape[1:])
    if size == 0:
        raise DataError(f'{where}, "{name}": rows of shape {values.shape[1:]} hold nothing.')
    lists = pa.FixedSizeListArray.from_arrays(flat, size)
    return pa.field(name, lists.type, metadata={"shape": ",".join(map(str, values.shape[1:]))}), lists
