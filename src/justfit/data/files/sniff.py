"""Delimiter, quote and header of a table in text, by looking at its beginning."""

import csv
import io
import re
from dataclasses import dataclass
from itertools import accumulate, islice

from justfit.data.files.frame import MOST_COLUMNS
from justfit.errors import DataError

SAMPLE = 1 << 18
"""Bytes at the beginning that are looked at."""
_RECORDS = 500
_END = "\0"
"""A last line that no text has: where it is no record of its own, a quote stands open."""
_DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}
NO_DELIMITER = "\x1f"
"""Divides cells where there is one column, as no text has it."""
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """How a table is written: ``columns`` are its names, rows begin after ``header`` bytes of UTF-8."""

    delimiter: str
    quote: str | None
    columns: tuple[str, ...]
    header: int
    notes: tuple[str, ...] = ()


def sniff(sample: bytes, where: str, name: str, *, whole: bool) -> Dialect:
    """The dialect of a table from its first bytes (UTF-8); ``name`` is the file's, ``whole`` if that is all
    of it.

    A ``.txt`` file whose lines do not divide evenly is one text a line, without header.

    Raises:
        DataError: it has no header that could be used.
    """
    text = sample.decode("utf-8", "ignore")
    stated = _SEPARATOR_LINE.match(text)
    skipped = stated.end() if stated else 0
    text = text[skipped:]
    if not text.strip():
        raise DataError(f"{where} is empty. Expected a header with the names of the columns, and rows.")
    delimiter, quote, evenly = _divided(text, stated[1] if stated else None, whole=whole)
    is_prose = not evenly or (delimiter == "," and ", " in text)
    if name.lower().endswith(".txt") and is_prose:
        return Dialect(NO_DELIMITER, None, ("text",), 0, ("Read as one text a line, without header.",))
    records, ends = _records(text, delimiter, quote, whole=whole)
    if not records:
        raise DataError(
            f"{where}: the first line does not end within {SAMPLE:,} bytes, or a quote ({quote}) in it is "
            "never closed. Expected a header with the names of the columns."
        )
    first = records[0]
    if quote and text[: ends[0]].count(quote) % 2:
        raise DataError(
            f"{where}: a quote ({quote}) in the header is never closed. Close it or take it away."
        )
    if len(first) > MOST_COLUMNS:
        raise DataError(f"{where}: the header has {len(first):,} columns, expected at most {MOST_COLUMNS:,}.")
    notes = []
    if delimiter == NO_DELIMITER:
        notes = ["There is one column."]
    elif delimiter != ",":
        notes = [f"Cells are divided by {_DELIMITERS.get(delimiter, delimiter)}."]
    if quote != '"':
        notes.append("Quotes are taken as they stand." if quote is None else "Cells are quoted by '.")
    if all(_NUMBER.fullmatch(cell.strip()) for cell in first):
        notes.append("All cells of the first line are numbers: there is no header, and columns are numbered.")
        columns, header = tuple(f"column_{number}" for number in range(1, len(first) + 1)), skipped
    else:
        columns, renamed = unique_names(first)
        notes.extend(renamed)
        header = len(text[: ends[0]].encode()) + (len(stated[0].encode()) if stated else 0)
    return Dialect(delimiter, quote, columns, header, tuple(notes))


def unique_names(names: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Names of columns in one line, each once and none empty; and a note where that changed one.

    >>> unique_names(["a", ""])
    (('a', 'column_2'), ['Column 2 had no name: it is called "column_2".'])
    """
    unique: dict[str, None] = {}
    notes = []
    taken = {" ".join(name.split()) for name in names}
    for number, given in enumerate(names, start=1):
        name = " ".join(given.split())
        if not name or name in unique:
            new = f"{name or 'column'}_{number}"
            while new in taken or new in unique:
                new += "_"
            notes.append(
                f'Column {number} is named "{name}" as another before it: it is called "{new}".'
                if name
                else f'Column {number} had no name: it is called "{new}".'
            )
            name = new
        unique[name] = None
    return tuple(unique), notes


def _divided(text: str, stated: str | None, *, whole: bool) -> tuple[str, str | None, bool]:
    """Delimiter and quote under which most records have as many cells as the first; and whether all have."""
    best = -1.0
    found: tuple[str, str | None, bool] = (NO_DELIMITER, '"', False)
    for delimiter in [stated] if stated else _DELIMITERS:
        for quote in _quotes(text, delimiter):
            records, _ = _records(text, delimiter, quote, whole=whole)
            if not records or len(records[0]) < 2:
                continue
            rows = records[1:]
            even = sum(len(row) == len(records[0]) for row in rows)
            share = even / len(rows) if rows else 1.0
            if share > best:
                best = share
                found = (delimiter, quote, even == len(rows) > 0)
    return found


def _quotes(text: str, delimiter: str) -> tuple[str | None, ...]:
    """How cells may be quoted: by what wraps most of them; where nothing does, maybe not at all."""
    end = re.escape(delimiter)
    single, double = (
        len(re.findall(rf"(?:^|{end}){mark}[^{mark}\n]*{mark}(?={end}|\r?$)", text, re.MULTILINE))
        for mark in ("'", '"')
    )
    if single > double and 3 * single > text.count("\n"):
        return ("'",)
    return ('"',) if double else ('"', None)


def _records(
    text: str, delimiter: str, quote: str | None, *, whole: bool
) -> tuple[list[list[str]], list[int]]:
    """The complete records at the beginning of ``text`` that are not blank, and where each ends in it.

    At the end of the whole text an open quote leaves a record without cells.
    """
    lines = list(io.StringIO(text, newline=""))
    if not whole and lines:
        lines.pop()
    ends = [0, *accumulate(map(len, lines))]
    if quote is None:
        reader = csv.reader([*lines, _END], delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader([*lines, _END], delimiter=delimiter, quotechar=quote)
    records: list[list[str]] = []
    record_ends: list[int] = []
    try:
        for record in islice(reader, _RECORDS):
            if reader.line_num > len(lines):
                if record != [_END] and whole and records:
                    records.append([])
                break
            if record:
                records.append(record)
                record_ends.append(ends[reader.line_num])
    except csv.Error:  # a cell longer than the module takes: what stood before it tells enough
        pass
    return records, record_ends
