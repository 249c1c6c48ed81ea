"""Cells of columns as texts, numbers, dates and levels; whatever a file's types were."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from justfit.data.columns import ISO_DATE, ISO_TIME, Column
from justfit.data.raw import Categories
from justfit.errors import DataError

Float64 = npt.NDArray[np.float64]

MISSING = ("", "na", "n/a", "nan", "null", "none", "nil", "?", "-", ".", "#n/a", "#na")
"""What stands for a missing number or date, in any case."""

_NUMBERS = {
    "": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?",
    "thousands": r"[+-]?(0|[1-9]\d{0,2}(,\d{3})*|[1-9]\d*)(\.\d*)?",
    "comma": r"[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)(,\d+)?",
}
_INFINITE = r"(?i)[+-]?inf(inity)?"

_DAY, _MINUTE, _ZONE = r"\d{4}-\d{2}-\d{2}", r"\d{2}:\d{2}", r"\s?(?:Z|UTC|[+-]\d{2}:?\d{2})?"
_CLOCK = rf"[T ]({_MINUTE})(:\d{{2}})?(?:\.\d+)?{_ZONE}"
_SECONDS_A_DAY = 86_400

_BLOCK = 1 << 16
"""Cells that are looked up at a time."""

_FIRST = 10_000
"""Cells that are looked at to see whether the same ones come again and again."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells as numbers, NaN where missing or wrong."""

    values: Float64
    """``[rows, numbers]``"""
    wrong: npt.NDArray[np.bool_]
    """Of each row whether it has a cell that is neither missing nor such a value."""


def texts_of(column: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    """Cells as strings; those of a list of texts are joined by blanks.

    Raises:
        DataError: they are nothing that can be written as a text; the message begins with ``where``.
    """
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        if pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type):
            return pc.binary_join(column, pa.scalar(" ", kind.value_type)).cast(pa.large_string())
    elif pa.types.is_floating(kind):
        return _floats_as_texts(column)
    elif not pa.types.is_nested(kind):
        try:
            return column.cast(pa.large_string())
        except pa.ArrowException:
            pass
    raise DataError(f"{where} holds {kind}, of which no text, number or category can be made: leave it out.")


def _floats_as_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers without a point, so that a class or level is written alike in any file."""
    texts = column.cast(pa.large_string())
    return pc.replace_substring_regex(texts, r"^([+-]?\d+)\.0*$", r"\1")


def trimmed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Strings without white space around; null where nothing is left."""
    texts = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, texts.type), texts)


def is_numeric(kind: pa.DataType) -> bool:
    """Whether cells of a type are numbers already."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_dated(kind: pa.DataType) -> bool:
    """Whether cells of a type are dates already."""
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def number_cells(column: pa.ChunkedArray, form: str, where: str) -> Cells:
    """Cells as numbers, ``[rows, 1]``. Infinite ones stay infinite."""
    if is_numeric(column.type) or pa.types.is_boolean(column.type):
        values = column.cast(pa.uint8()) if pa.types.is_boolean(column.type) else column
        numbers = _floats(values.cast(pa.float64(), safe=False))
        return Cells(numbers[:, np.newaxis], np.zeros(len(numbers), bool))
    texts = trimmed(texts_of(column, where))
    if len(texts) > _FIRST and pc.count_distinct(texts.slice(0, _FIRST)).as_py() < _FIRST / 10:
        return _by_level(texts, form, where)
    numbers = _floats(_as_floats(texts, form))
    return Cells(numbers[:, np.newaxis], _wrong(texts, np.isnan(numbers)))


def _by_level(texts: pa.ChunkedArray, form: str, where: str) -> Cells:
    """As `number_cells`, each of the strings that come again and again being read once."""
    encoded = texts.combine_chunks().dictionary_encode()
    cells = number_cells(pa.chunked_array([encoded.dictionary]), form, where)
    codes = pc.fill_null(encoded.indices, len(cells.wrong)).to_numpy()
    return Cells(np.append(cells.values, [[np.nan]], axis=0)[codes], np.append(cells.wrong, False)[codes])


def date_cells(column: pa.ChunkedArray, form: str, where: str) -> Cells:
    """Cells as the numbers that `Column.numbers` names, ``[rows, parts]``."""
    if is_dated(column.type):
        texts = None
        dates = pc.cast(column, pa.timestamp("s"), safe=False)
    else:
        texts = trimmed(texts_of(column, where))
        dates = _parsed(texts, form)
    seconds = _floats(dates.cast(pa.int64()).cast(pa.float64()))
    parts = [
        seconds / _SECONDS_A_DAY,
        *(_floats(part(dates).cast(pa.float64())) for part in (pc.year, pc.month, pc.day_of_week)),
    ]
    if len(Column("", "date", form=form).numbers) > len(parts):
        parts.append(_floats(pc.hour(dates).cast(pa.float64())))
    wrong = np.zeros(len(seconds), bool) if texts is None else _wrong(texts, np.isnan(seconds))
    return Cells(np.stack(parts, axis=1), wrong)


def image_cells(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """The numbers of fixed-size lists, ``[rows, numbers]``, in their own type; zeros where a row has none."""
    size, chunks = column.type.list_size, []
    for chunk in column.chunks:
        values = pc.fill_null(chunk, pa.scalar([0] * size, chunk.type)) if chunk.null_count else chunk
        chunks.append(values.flatten().to_numpy(zero_copy_only=False).reshape(-1, size))
    return np.concatenate(chunks) if chunks else np.zeros((0, size))


def category_cells(column: pa.ChunkedArray, where: str) -> Categories:
    """Cells as levels in the order in which they first stand there."""
    # Of millions of cells, texts are made of those alone that differ.
    alike = is_numeric(column.type) or pa.types.is_string(column.type)
    encoded = pc.dictionary_encode(column if alike else texts_of(column, where)).unify_dictionaries()
    if encoded.num_chunks == 0:
        return Categories(np.zeros(0, np.int32), ())
    texts = trimmed(texts_of(pa.chunked_array([encoded.chunk(0).dictionary]), where)).to_pylist()
    codes = {level: code for code, level in enumerate(dict.fromkeys(filter(None, texts)))}
    code_at = np.array([*(codes.get(text, -1) for text in texts), -1], np.int32)
    found, filled = np.empty(len(encoded), np.int32), 0
    for chunk in encoded.chunks:
        for start in range(0, len(chunk), _BLOCK):
            places = pc.fill_null(chunk.indices.slice(start, _BLOCK), -1).to_numpy()
            found[filled : filled + len(places)] = code_at[places]
            filled += len(places)
    return Categories(found, tuple(codes))


def text_cells(column: pa.ChunkedArray, where: str) -> list[str]:
    """Cells as strings, empty where missing."""
    texts: list[str] = pc.fill_null(texts_of(column, where), "").to_pylist()
    return texts


def _as_floats(texts: pa.ChunkedArray, form: str) -> pa.ChunkedArray:
    """Strings as numbers, null where they are none."""
    if not form:
        try:  # in most files all are numbers, which is seen thrice as fast so
            return texts.cast(pa.float64())
        except pa.ArrowInvalid:
            pass
    fits = pc.or_(_fits(texts, _NUMBERS[form]), _fits(texts, _INFINITE))
    plain = pc.if_else(fits, texts, pa.scalar(None, texts.type))
    if form == "thousands":
        plain = pc.replace_substring(plain, ",", "")
    elif form == "comma":
        plain = pc.replace_substring(pc.replace_substring(plain, ".", ""), ",", ".")
    return plain.cast(pa.float64())


def _parsed(texts: pa.ChunkedArray, form: str) -> pa.ChunkedArray:
    if form in (ISO_DATE, ISO_TIME):
        whole = _DAY if form == ISO_DATE else f"{_DAY}({_CLOCK})?"
        texts = pc.if_else(_fits(texts, whole), texts, pa.scalar(None, texts.type))
        for written, plain in (
            (f"^({_DAY})$", r"\1 00:00:00"),
            (f"^({_DAY})[T ]({_MINUTE})({_ZONE})$", r"\1 \2:00"),
            (f"^({_DAY}){_CLOCK}$", r"\1 \2\3"),
        ):
            texts = pc.replace_substring_regex(texts, written, plain)
        form = "%Y-%m-%d %H:%M:%S"
    found = pc.strptime(texts, format=form, unit="s", error_is_null=True)
    # The 31st of February is taken for a day in March, and is none.
    place = 1 + [part[0] for part in form.split("%")[1:4]].index("d")
    day = pc.replace_substring_regex(texts, r"^0*(\d+)\D0*(\d+)\D0*(\d+).*$", rf"\{place}")
    same = pc.equal(pc.cast(pc.day(found), pa.large_string()), day)
    return pc.if_else(same, found, pa.scalar(None, found.type))


def _fits(texts: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    flags, rest = ("(?i)", pattern.removeprefix("(?i)")) if pattern.startswith("(?i)") else ("", pattern)
    return pc.match_substring_regex(texts, f"{flags}^({rest})$")


def _wrong(texts: pa.ChunkedArray, missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Where a cell has something that is no value and does not stand for a missing one."""
    wrong = missing & ~_booleans(texts.is_null())
    if wrong.any():
        wrong[wrong] = ~_booleans(pc.is_in(pc.utf8_lower(texts.filter(wrong)), pa.array(MISSING, texts.type)))
    return wrong


def _floats(column: pa.ChunkedArray) -> Float64:
    return np.array(pc.fill_null(column, np.nan).to_numpy(), np.float64)


def _booleans(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    return np.array(pc.fill_null(column, False).to_numpy(), bool)
