"""JSON lines, and a JSON array of objects."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import json as arrow_json

from justfit.data.files.frame import MOST_COLUMNS, Frame, Skipped
from justfit.data.files.text import Utf8
from justfit.data.files.told import excerpt, first_line
from justfit.errors import DataError

BLOCK = 1 << 24
"""Bytes read at a time."""
LARGEST_ARRAY = 1 << 28
"""Bytes of a JSON array or of one line, which have to be in memory as a whole."""
_ARRAY_ROWS = 10_000
_MOST_SKIPPED = 10_000
_DEEPEST = 64
_KINDS: dict[type, str] = {
    list: "a list",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def read_json(text: Utf8, where: str, *, strict: bool) -> Iterator[Frame]:
    """The objects in ``text``, a row each; types may differ from frame to frame (`concatenated` makes them
    one).

    An object in an object gives columns ``outer.inner``. Lines that are not an object are skipped.

    Raises:
        DataError: there is no object, most lines are none, an array is broken; or with ``strict`` a line
            that is none.
    """
    blocks = _blocks(text, where)
    lines = next(blocks)
    reading = _Rows(where, strict=strict)
    start = next((line for line in lines if line.strip()), b"")
    frames: Iterator[Frame] = map(reading.of_lines, chain([lines], blocks))
    if start.lstrip().startswith(b"["):
        frames = reading.of_array(chain([lines], blocks))
    columns: tuple[str, ...] = ()
    for frame in frames:
        columns = columns or tuple(frame.table.column_names)
        yield frame
    if not columns:
        first = f" {reading.first_skipped}." if reading.first_skipped else ""
        raise DataError(f"{where} has no row that could be used: expected a JSON object a line.{first}")
    yield Frame(pa.table({}), np.empty(0, np.int64), (), text.notes(), where)


class _Rows:
    """One pass over the objects, with their numbers."""

    def __init__(self, where: str, *, strict: bool) -> None:
        self._where, self._strict = where, strict
        self._row = self._skipped = 0
        self.first_skipped = ""

    def of_lines(self, lines: list[bytes]) -> Frame:
        """The rows in some lines; blank ones are none."""
        lines = [line for line in lines if line.strip()]
        if lines and max(map(_depth, lines)) <= _DEEPEST:
            table = _by_pyarrow(b"\n".join(lines), len(lines))
            if table is not None:
                numbers = np.arange(self._row + 1, self._row + 1 + len(lines))
                self._row += len(lines)
                return Frame(table, numbers, (), (), self._where)
        return self._frame(map(_object, lines))

    def of_array(self, blocks: Iterator[list[bytes]]) -> Iterator[Frame]:
        """The rows in one array."""
        text = self._whole(blocks)
        decode = json.JSONDecoder().raw_decode
        position = _past_space(text, text.index("[") + 1)
        found: list[tuple[Any, str]] = []
        while text[position : position + 1] != "]":
            try:
                value, position = decode(text, position)
            except (ValueError, RecursionError) as error:
                row = self._row + len(found) + 1
                raise DataError(
                    f"{self._where}, row {row}: the JSON array is broken: {first_line(error)}."
                ) from error
            position = _past_space(text, position)
            found.append(_as_object(value))
            if text[position : position + 1] == ",":
                position = _past_space(text, position + 1)
            elif text[position : position + 1] != "]":
                row = self._row + len(found)
                raise DataError(
                    f"{self._where}: expected a comma or ] after row {row} of the JSON array, found "
                    f'"{excerpt(text[position : position + 60])}".'
                )
            if len(found) == _ARRAY_ROWS:
                yield self._frame(iter(found))
                found = []
        yield self._frame(iter(found))
        if rest := text[position + 1 :].strip():
            raise DataError(
                f'{self._where}: the JSON array is followed by "{excerpt(rest)}". Expected nothing after it.'
            )

    def _whole(self, blocks: Iterator[list[bytes]]) -> str:
        pieces: list[bytes] = []
        size = 0
        for lines in blocks:
            pieces.extend(lines)
            size += sum(map(len, lines))
            if size > LARGEST_ARRAY:
                raise DataError(
                    f"{self._where}: a JSON array of more than {LARGEST_ARRAY >> 20} MB. Write it as JSON "
                    "lines, an object a line."
                )
        return b"\n".join(pieces).decode()

    def _frame(self, found: Iterator[tuple[dict[str, Any] | None, str]]) -> Frame:
        rows, numbers, skipped = [], [], []
        for row, reason in found:
            self._row += 1
            if row is None:
                skipped.append(Skipped(self._row, reason))
                self._skip(reason)
            else:
                rows.append(row)
                numbers.append(self._row)
        table = _table(rows, self._where)
        return Frame(table, np.array(numbers, np.int64), tuple(skipped), (), self._where)

    def _skip(self, reason: str) -> None:
        self._skipped += 1
        self.first_skipped = self.first_skipped or f"Row {self._row}: {reason}"
        if self._strict:
            raise DataError(f"{self._where}, row {self._row}: {reason}. Mend it, or read without strict.")
        if self._skipped > _MOST_SKIPPED and 2 * self._skipped > self._row:
            raise DataError(
                f"{self._where}: more than half of its first {self._row:,} rows are no JSON objects. "
                f"{self.first_skipped}."
            )


def column_of(values: list[Any]) -> pa.Array:
    """An Arrow array of Python values: of their common type, or of strings where they have none."""
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeError, ValueError):
        return pa.array([None if value is None else _as_text(value) for value in values], pa.string())


def _table(rows: list[dict[str, Any]], where: str) -> pa.Table:
    """A column a key, null where an object lacks it."""
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
        if len(names) > MOST_COLUMNS:
            raise DataError(f"{where}: its rows have more than {MOST_COLUMNS:,} different keys.")
    if not names:
        return pa.table({})
    return pa.table([column_of([row.get(name) for row in rows]) for name in names], names=list(names))


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.encode("utf-8", "replace").decode()  # JSON can spell half a character


def _by_pyarrow(block: bytes, rows: int) -> pa.Table | None:
    """The rows in lines of JSON; none where something is amiss."""
    options = arrow_json.ReadOptions(use_threads=False, block_size=len(block) + 1)
    try:
        table = arrow_json.read_json(pa.BufferReader(block), read_options=options)
    except pa.ArrowException:
        return None
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    if table.num_rows != rows or not table.num_columns or table.num_columns > MOST_COLUMNS:
        return None
    if len(set(table.column_names)) < table.num_columns:
        return None
    nested = (field.type for field in table.schema if pa.types.is_list(field.type))
    return None if any(pa.types.is_nested(kind.value_type) for kind in nested) else table


def _object(line: bytes) -> tuple[dict[str, Any] | None, str]:
    """The object in a line, or why there is none."""
    if _depth(line) > _DEEPEST:
        return None, f"brackets stand more than {_DEEPEST} deep in each other"
    try:
        return _as_object(json.loads(line))
    except (ValueError, RecursionError) as error:
        return None, f"not JSON: {first_line(error)}"


def _as_object(value: Any) -> tuple[dict[str, Any] | None, str]:
    """A flat object of a JSON value, or why there is none."""
    if not isinstance(value, dict):
        return None, f"expected an object, found {_KINDS[type(value)]}"
    row: dict[str, Any] = {}
    waiting = [("", value, 0)]
    while waiting:
        prefix, inner, depth = waiting.pop()
        if depth > _DEEPEST:
            return None, f"brackets stand more than {_DEEPEST} deep in each other"
        for key, item in inner.items():
            name = _as_text(prefix + key)
            if isinstance(item, dict):
                waiting.append((f"{name}.", item, depth + 1))
            else:
                row[name] = _flat_item(item)
    return (row, "") if row else (None, "the object is empty")


def _flat_item(item: Any) -> Any:
    """``item``, or its JSON where it is a list of more than plain values."""
    if isinstance(item, list) and any(isinstance(inner, list | dict) for inner in item):
        try:
            return _as_text(item)
        except RecursionError:
            return None
    return item


def _past_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()


def _depth(line: bytes) -> int:
    """How deep brackets stand in each other in a line, or more; beyond `_DEEPEST` nobody counts."""
    most = line.count(b"[") + line.count(b"{")
    if most <= _DEEPEST:
        return most
    depth = deepest = 0
    for match in _STRING_OR_BRACKET.finditer(line):
        depth += (match[0] in b"[{") - (match[0] in b"]}")
        deepest = max(deepest, depth)
        if deepest > _DEEPEST:
            break
    return deepest


def _blocks(text: Utf8, where: str) -> Iterator[list[bytes]]:
    """Whole lines, about `BLOCK` bytes at a time."""
    pieces: list[bytes] = []
    size = 0
    for piece in text.pieces():
        pieces.append(piece)
        size += len(piece)
        if size >= BLOCK and b"\n" in piece:
            lines = b"".join(pieces).split(b"\n")
            pieces = [lines.pop()]
            size = len(pieces[0])
            yield lines
        elif size > LARGEST_ARRAY:
            raise DataError(f"{where}: a line takes more than {LARGEST_ARRAY >> 20} MB.")
    yield b"".join(pieces).split(b"\n")
