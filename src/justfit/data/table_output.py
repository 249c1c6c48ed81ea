"""Tables with columns added, as CSV, JSON lines or Parquet, some rows at a time."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from justfit.errors import DataError

FORMATS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
"""By the ending of a file's name."""


def with_columns(table: pa.Table, added: Mapping[str, Sequence[Any] | npt.NDArray[Any]]) -> pa.Table:
    """``table`` with columns behind its own; a name that it has already gets ``(predicted)`` after it.

    >>> with_columns(pa.table({"class": ["a"]}), {"class": ["b"]}).column_names
    ['class', 'class (predicted)']
    """
    for name, values in added.items():
        others = (
            f"{name} (predicted{number})" for number in ("", *(f" {each}" for each in range(2, 10_000)))
        )
        free = next(each for each in (name, *others) if each not in table.column_names)
        cells = np.ascontiguousarray(values) if isinstance(values, np.ndarray) else values
        table = table.append_column(free, pa.array(cells))
    return table


def write_tables(tables: Iterable[pa.Table], kind: str, sink: BinaryIO) -> None:
    """Write tables of the same columns one after the other.

    Args:
        tables: in order; the first one's columns are those of all.
        kind: one of the values of `FORMATS`.
        sink: open, and left so.

    Raises:
        DataError: a later table has other columns, or types that the format cannot hold beside the first
            one's.
    """
    writers = {"csv": _write_csv, "jsonl": _write_json_lines, "parquet": _write_parquet}
    writers[kind](tables, sink)


def _write_csv(tables: Iterable[pa.Table], sink: BinaryIO) -> None:
    names = None
    for table in tables:
        flat = _flat(_in_order(table, names))
        options = pyarrow.csv.WriteOptions(include_header=names is None)
        pyarrow.csv.write_csv(flat, sink, options)
        names = names or flat.column_names


def _write_json_lines(tables: Iterable[pa.Table], sink: BinaryIO) -> None:
    for table in tables:
        for batch in table.to_batches(max_chunksize=_AT_A_TIME):
            lines = (json.dumps(row, ensure_ascii=False, default=str) for row in batch.to_pylist())
            sink.write("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass"))


def _write_parquet(tables: Iterable[pa.Table], sink: BinaryIO) -> None:
    writer = None
    try:
        for table in tables:
            if writer is None:
                writer = pyarrow.parquet.ParquetWriter(sink, table.schema)
            try:
                writer.write_table(_in_order(table, writer.schema.names).cast(writer.schema))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
                raise DataError(
                    f"Columns have other types further down ({error}), which Parquet cannot hold: write CSV "
                    "or JSON lines."
                ) from error
    finally:
        if writer is not None:
            writer.close()


_AT_A_TIME = 10_000
"""Rows that are Python objects."""


def _in_order(table: pa.Table, names: Sequence[str] | None) -> pa.Table:
    """The columns in the order of ``names``, null where there is none; raises `DataError` for others."""
    if names is None or list(names) == table.column_names:
        return table
    if others := [name for name in table.column_names if name not in names]:
        raise DataError(
            f'Column "{others[0]}" first comes further down the file, where the output has its columns '
            "already: write JSON lines."
        )
    absent = pa.nulls(table.num_rows)
    found = {name: table.column(name) if name in table.column_names else absent for name in names}
    return pa.table(found)


def _flat(table: pa.Table) -> pa.Table:
    """Lists and the like as JSON, for CSV has only cells."""
    for place, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            cells = table.column(place).to_pylist()
            texts = [None if cell is None else json.dumps(cell, default=str) for cell in cells]
            table = table.set_column(place, field.name, pa.array(texts, pa.string()))
    return table
