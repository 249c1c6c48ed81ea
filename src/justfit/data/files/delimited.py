"""CSV, TSV and one text a line: tables in text, all cells strings, read by pyarrow block by block."""

import io
from collections.abc import Iterator
from itertools import chain
from typing import IO

import numpy as np
import pyarrow as pa
from pyarrow import compute, csv

from justfit.data.files.archives import Pieces
from justfit.data.files.frame import Frame, Skipped
from justfit.data.files.sniff import SAMPLE, Dialect, sniff
from justfit.data.files.text import Utf8
from justfit.data.files.told import excerpt, first_line
from justfit.data.rows import Int64
from justfit.errors import DataError

BLOCK = 1 << 24
"""Bytes read at a time; no row can be longer."""
_END = "\0"
"""In the first cell of a row added at the end, to see that no quote stands open there; `Utf8` lets none
through.
"""
_MOST_SKIPPED = 10_000


def read_delimited(text: Utf8, where: str, name: str, *, strict: bool) -> Iterator[Frame]:
    """The table in ``text``, a frame a block; ``name`` is the file's, whose ending decides doubtful cases.

    Raises:
        DataError: there is no header or no row, a quote is never closed, a row takes more than `BLOCK`
            bytes, most rows do not fit the header; or with ``strict`` a row that does not.
    """
    pieces = text.pieces()
    sample = b""
    whole = False
    while len(sample) < SAMPLE and not whole:
        piece = next(pieces, None)
        whole = piece is None
        sample += piece or b""
    dialect = sniff(sample, where, name, whole=whole)
    reading = _Reading(where, dialect, strict=strict)
    end = f"{_END}{dialect.delimiter * (len(dialect.columns) - 1)}\n".encode()
    rows = io.BufferedReader(Pieces(_ended(chain([sample[dialect.header :]], pieces), end)), 1 << 20)
    found = False
    for frame in reading.frames(rows):
        found = found or len(frame) > 0
        yield frame
    if not found:
        raise DataError(reading.nothing_usable())
    yield Frame(reading.schema.empty_table(), np.empty(0, np.int64), reading.left(), text.notes(), where)


class _Reading:
    """One pass over the rows, with the numbers of those that do not fit."""

    def __init__(self, where: str, dialect: Dialect, *, strict: bool) -> None:
        self._where, self._dialect, self._strict = where, dialect, strict
        self._next_row = 1
        self._unfit: list[Skipped] = []
        self._refused: DataError | None = None
        self._unfit_count = 0
        self._open_row: int | None = None
        self.schema = pa.schema([(name, pa.string()) for name in dialect.columns])

    def frames(self, stream: IO[bytes]) -> Iterator[Frame]:
        """Each block's rows, without the added last one."""
        try:
            reader = csv.open_csv(stream, *self._options())
            held = next(reader, pa.RecordBatch.from_pylist([], schema=self.schema))
            for batch in reader:
                if batch.num_rows:
                    yield self._frame(held)
                    held = batch
        except pa.ArrowInvalid as error:
            raise self._told(error) from error
        if self._refused:
            raise self._refused
        self._require_closed(held)
        yield self._frame(held.slice(0, held.num_rows - 1))

    def left(self) -> tuple[Skipped, ...]:
        """What was skipped after the last row of a block."""
        left, self._unfit = tuple(self._unfit), []
        return left

    def nothing_usable(self) -> str:
        """The sentence for a table without rows, or with none that fits."""
        columns = ", ".join(self._dialect.columns[:5])
        if not self._unfit_count:
            return f"{self._where} has a header ({columns}) but no rows."
        first = self._unfit[0]
        return (
            f"{self._where}: none of its {self._unfit_count:,} rows fits the header ({columns}). Row "
            f"{first.row}: {first.reason}"
        )

    def _frame(self, batch: pa.RecordBatch) -> Frame:
        unfit = [skipped for skipped in self._unfit if skipped.row >= self._next_row]
        numbers = np.arange(self._next_row, self._next_row + batch.num_rows + len(unfit))
        numbers = np.setdiff1d(numbers, [skipped.row for skipped in unfit], assume_unique=True)[
            : batch.num_rows
        ]
        if len(numbers):
            self._next_row = int(numbers[-1]) + 1
        passed = tuple(skipped for skipped in self._unfit if skipped.row < self._next_row)
        self._unfit = [skipped for skipped in self._unfit if skipped.row >= self._next_row]
        notes = self._dialect.notes + self._swallowed(batch, numbers)
        return Frame(pa.Table.from_batches([batch]), numbers, passed, notes, self._where)

    def _swallowed(self, batch: pa.RecordBatch, numbers: Int64) -> tuple[str, ...]:
        """A note on the first cell of a block that ends as one does whose quote the next cell's quote
        closed.
        """
        quote = self._dialect.quote
        if quote is None:
            return ()
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            likely = compute.and_(compute.ends_with(column, quote), compute.match_substring(column, "\n"))
            for index in compute.indices_nonzero(likely.fill_null(fill_value=False)).to_pylist():
                text = column[index].as_py()
                if text.count(quote) % 2:
                    lines = text.count("\n")
                    note = (
                        f'Row {numbers[index]}, column "{name}": a quote ({quote}) opened there seems not '
                        f"to be closed, so that {lines} lines after it were taken into the cell. Close or "
                        "double it."
                    )
                    return (note,)
        return ()

    def _options(self) -> tuple[csv.ReadOptions, csv.ParseOptions, csv.ConvertOptions]:
        dialect = self._dialect
        return (
            # Only one thread tells the numbers of rows.
            csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=dialect.columns),
            csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                newlines_in_values=dialect.quote is not None,
                # In a table of one column an empty line is an empty cell.
                ignore_empty_lines=len(dialect.columns) > 1,
                invalid_row_handler=self._skip,
            ),
            csv.ConvertOptions(
                column_types=self.schema,
                check_utf8=False,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )

    def _skip(self, row: csv.InvalidRow) -> str:
        if _END in row.text:
            self._open_row = row.number
            return "skip"
        cells = "1 cell" if row.actual_columns == 1 else f"{row.actual_columns} cells"
        reason = f"{cells} where the header has {row.expected_columns}: {excerpt(row.text)}"
        self._unfit.append(Skipped(row.number, reason))
        self._unfit_count += 1
        if self._strict:
            self._refused = DataError(
                f"{self._where}, row {row.number}: {reason}. Mend it, or read without strict."
            )
        elif self._unfit_count > _MOST_SKIPPED and 2 * self._unfit_count > row.number:
            first = self._unfit[0]
            self._refused = DataError(
                f"{self._where}: more than half of its first {row.number:,} rows do not fit the header. Row "
                f"{first.row}: {first.reason}. Quote cells that hold the delimiter, or mend the header."
            )
        return "error" if self._refused else "skip"

    def _told(self, error: pa.ArrowInvalid) -> DataError:
        if self._refused:
            return self._refused
        if "straddl" in str(error):
            quote = (
                f", or a quote ({self._dialect.quote}) in it is never closed" if self._dialect.quote else ""
            )
            return DataError(
                f"{self._where}: a row after row {self._next_row - 1} takes more than {BLOCK >> 20} "
                f"MB{quote}. Mend it, or leave it out."
            )
        return DataError(
            f"{self._where} cannot be read as a table after row {self._next_row - 1}: {first_line(error)}."
        )

    def _require_closed(self, last: pa.RecordBatch) -> None:
        """Refuses a file whose added row, and maybe many before it, were taken into an open quote."""
        if _is_end(last):
            return
        row = self._open_row or int(self._frame(last).rows[-1])
        raise DataError(
            f"{self._where}, row {row}: a quote ({self._dialect.quote}) is opened and never closed, so that "
            "all after it would be one cell. Close it, double it, or take it away."
        )


def _ended(pieces: Iterator[bytes], end: bytes) -> Iterator[bytes]:
    """``pieces``, and ``end`` in a line of its own."""
    last = b"\n"
    for piece in pieces:
        last = piece[-1:] or last
        yield piece
    yield end if last in b"\r\n" else b"\n" + end


def _is_end(batch: pa.RecordBatch) -> bool:
    return batch.num_rows > 0 and bool(batch.column(0)[-1].as_py() == _END)
