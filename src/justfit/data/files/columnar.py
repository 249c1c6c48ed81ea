"""Parquet, Arrow IPC files (Feather) and streams: columns with types."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa
from pyarrow import ipc, parquet

from justfit.data.files.archives import check_growth
from justfit.data.files.frame import Frame, numbered
from justfit.data.files.sniff import unique_names
from justfit.data.files.told import first_line
from justfit.errors import DataError

_BATCH = 1 << 16
_BROKEN = (pa.ArrowException, OSError, ValueError, MemoryError)


def read_columnar(file: Path | IO[bytes], where: str, kind: str, size: int | None = None) -> Iterator[Frame]:
    """The rows of a file of ``kind`` parquet, arrow or stream, a frame a batch.

    Args:
        file: its path; of Parquet also what it is open as, with its ``size`` in bytes.
        where: begins messages.
        kind: which of the three.
        size: of the file; by default it is asked for.

    Raises:
        DataError: the file is broken, has no columns or no rows, or unpacks to more than such a file
            honestly can.
    """
    if size is None:
        size = file.stat().st_size if isinstance(file, Path) else 0
    row, taken = 1, 0
    try:
        for table in _tables(file, kind):
            frame = _frame(table, where, row)
            row += table.num_rows
            taken += table.nbytes
            check_growth(where, taken, size)
            yield frame
    except _BROKEN as error:
        raise DataError(f"{where} is broken after {row - 1:,} rows: {first_line(error)}.") from error
    if row == 1:
        raise DataError(f"{where} has no rows.")


def flattened(table: pa.Table, where: str) -> tuple[pa.Table, tuple[str, ...]]:
    """The table with a column for each field of structs, one type for each kind of string and list, and
    unique names; and notes.

    Raises:
        DataError: it has no columns.
    """
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    if not table.num_columns:
        raise DataError(f"{where} has no columns.")
    columns, notes = unique_names(table.column_names)
    for index, field in enumerate(table.schema):
        if (kind := _plain_type(field.type)) != field.type:
            table = table.set_column(index, field.with_type(kind), _cast(table.column(index), kind))
    return table.rename_columns(list(columns)).replace_schema_metadata(None), tuple(notes)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """The type for a column of ``kind``, so that who comes later need not know the ways to store the same."""
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    return kind


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """A column as one of ``kind``."""
    if pa.types.is_dictionary(column.type) and pa.types.is_string_view(column.type.value_type):
        # Arrow cannot take from such a dictionary, which is what categories of polars have.
        chunks = [
            pa.DictionaryArray.from_arrays(chunk.indices, chunk.dictionary.cast(kind))
            for chunk in column.chunks
        ]
        column = pa.chunked_array(chunks, pa.dictionary(column.type.index_type, kind))
    return column.cast(kind)


def _frame(table: pa.Table, where: str, row: int) -> Frame:
    table, notes = flattened(table, where)
    return numbered(table, where, row, notes)


def _tables(file: Path | IO[bytes], kind: str) -> Iterator[pa.Table]:
    if kind == "parquet":
        with parquet.ParquetFile(file) as opened:
            for batch in opened.iter_batches(_BATCH, use_threads=False):
                yield pa.Table.from_batches([batch])
    else:
        with pa.memory_map(str(file)) as mapped:
            yield from _ipc_tables(mapped, kind)


def _ipc_tables(mapped: pa.MemoryMappedFile, kind: str) -> Iterator[pa.Table]:
    reader = ipc.open_file(mapped) if kind == "arrow" else ipc.open_stream(mapped)
    with reader:
        batches = map(reader.get_batch, range(reader.num_record_batches)) if kind == "arrow" else iter(reader)
        for batch in batches:
            batch.validate(full=True)  # offsets are read as they stand, so a false one would leave the file
            yield pa.Table.from_batches([batch])
