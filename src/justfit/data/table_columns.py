"""`typed`: what the columns of a table are, found by looking at the rows that train."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from justfit.data.columns import DATE_FORMS, ISO_DATE, ISO_TIME, NUMBER_FORMS, Column
from justfit.data.files.frame import is_name, shape_of
from justfit.data.files.image_paths import are_images_of_paths
from justfit.data.finding import counted
from justfit.data.table_cells import (
    MISSING,
    date_cells,
    is_dated,
    is_numeric,
    number_cells,
    texts_of,
    trimmed,
)
from justfit.errors import DataError

_MOSTLY = 0.9
"""Share of the values that must be numbers, or dates, for the others to count as missing."""

_SENTENCE = 4
"""Words that values of a text have on average."""

_PHRASE = 1.5
"""Words on average, for values that hardly repeat."""

_FEW = 20
"""Different values that are levels, however long; and fewest rows by which to call a column an id."""

_LONG = 40
"""Letters on average of what has no blanks and still is a text, where its script has none."""

_NO_BLANKS = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
"""Scripts that write words without blanks between."""

_PICTURE = r"(?i)\.(png|jpe?g|gif|bmp|tiff?|webp)$"


def typed(table: pa.Table, asked: dict[str, str], source: str) -> tuple[Column, ...]:
    """The kind of each column with the reason, by the rows of ``table``.

    Args:
        table: the rows that train, without the target.
        asked: kinds that were asked for, by name of the column.
        source: begins messages.

    Raises:
        DataError: a column cannot be what was asked, or holds what no row can be made of.
    """
    columns = [
        _asked(table.column(field.name), field.name, asked[field.name], source)
        if field.name in asked and shape_of(field) is None
        else _looked_at(table.column(field.name), field, source)
        for field in table.schema
    ]
    if not any(column.kind in ("text", "category", "number", "date", "image") for column in columns):
        columns = [_rather_text(column, table, asked) for column in columns]
    return tuple(columns)


def _looked_at(  # noqa: PLR0911 - one for each kind
    column: pa.ChunkedArray, field: pa.Field, source: str
) -> Column:
    name, where = field.name, f'{source}, column "{field.name}"'
    if (shape := shape_of(field)) is not None and is_numeric(field.type.value_type):
        axes = " x ".join(map(str, shape))
        why = f"image paths, each image read as {axes} numbers" if are_images_of_paths(field) else ""
        return Column(name, "image", why or f"{axes} numbers in each row", ",".join(map(str, shape)))
    if is_name(field):
        return Column(name, "id", "the name of each row's file")
    rows = len(column)
    by_type = is_dated(column.type) or is_numeric(column.type)
    values = (column if by_type else trimmed(texts_of(column, where))).drop_null()
    if len(values) == 0:
        return Column(name, "constant", "every cell is empty")
    different = int(pc.count_distinct(values).as_py())
    if different == 1 and len(values) == rows:
        return Column(name, "constant", f'"{_short(str(values[0].as_py()))}" in every row')
    if is_dated(column.type):
        return Column(name, "date", "dates by type", ISO_DATE if pa.types.is_date(column.type) else ISO_TIME)
    if pa.types.is_boolean(column.type):
        return Column(name, "category", "true or false")
    if (found := _number(column, values, name, where)) is not None:
        return found
    return _date(values, name, where) or _words(values, different, name, rows)


def _number(column: pa.ChunkedArray, values: pa.ChunkedArray, name: str, where: str) -> Column | None:
    """A column of numbers, or None."""
    form, share, why = "", 1.0, "every value is a number"
    if not is_numeric(column.type):
        form, share = _best_form(values)
        codes = pc.sum(pc.match_substring_regex(values, r"^0\d")).as_py()
        if share < _MOSTLY or codes:
            return None
    numbers = number_cells(column, form, where).values[:, 0]
    numbers = numbers[~np.isnan(numbers)]
    if len(numbers) == 0:
        return Column(name, "constant", "every value stands for a missing one") if share == 1 else None
    if (reason := _counts_rows(numbers, name)) is not None:
        return Column(name, "id", reason)
    if share < 1:
        why = f"{100 * share:.3g}% of the values are numbers; the others count as missing"
    if form:
        why += " (written as 1,234.5)" if form == "thousands" else " (written as 1.234,5)"
    return Column(name, "number", why, form)


def _best_form(values: pa.ChunkedArray) -> tuple[str, float]:
    """The way of writing numbers that fits most values, and the share of those present that it fits."""
    missing = pc.sum(pc.is_in(pc.utf8_lower(values), pa.array(MISSING, values.type))).as_py()
    present, best = len(values) - missing, ("", 0.0)
    if present == 0:
        return "", 1.0
    for form in NUMBER_FORMS:
        cells = number_cells(values, form, "")
        share = 1 - float(cells.wrong.sum()) / present
        if share > best[1]:
            best = form, share
        if share == 1:
            break
    return best


def _counts_rows(numbers: npt.NDArray[np.float64], name: str) -> str | None:
    """Why a column of numbers only numbers its rows; None where it does not."""
    if len(numbers) < _FEW or not (np.isfinite(numbers) & (numbers == np.floor(numbers))).all():
        return None
    steps = np.diff(numbers)
    # Of a file whose rows were shuffled or partly sealed some numbers are gone.
    if (steps > 0).all() and numbers[-1] - numbers[0] < 2 * len(numbers):
        return "whole numbers that count the rows up"
    if _is_called_id(name) and len(np.unique(numbers)) == len(numbers):
        return "called an id, and another whole number in every row"
    return None


def _is_called_id(name: str) -> bool:
    return name.lower() in ("id", "index", "key", "uuid", "guid") or name.endswith(
        ("_id", " id", "Id", "ID", "-id")
    )


def _date(values: pa.ChunkedArray, name: str, where: str) -> Column | None:
    """A column of dates, or None."""
    first = values.slice(0, 1000)
    likely = [form for form in DATE_FORMS if date_cells(first, form, where).wrong.mean() <= 1 - _MOSTLY]
    shares = [1 - float(date_cells(values, form, where).wrong.mean()) for form in likely]
    if not shares or (share := max(shares)) < _MOSTLY:
        return None
    form, *others = (each for each, fits in zip(likely, shares, strict=True) if fits == share)
    why = "every value is a date" if share == 1 else f"{100 * share:.3g}% of the values are dates"
    why += f" (written as {_written(form)})"
    if form not in (ISO_DATE, ISO_TIME) and others:
        why += f", though all would be dates written as {_written(others[0])}, too"
    return Column(name, "date", why, form)


def _written(form: str) -> str:
    """How the last evening of March is written."""
    form = {ISO_DATE: "%Y-%m-%d", ISO_TIME: "%Y-%m-%d %H:%M"}.get(form, form)
    for part, said in (("%Y", "2024"), ("%m", "03"), ("%d", "31"), ("%H", "18"), ("%M", "00"), ("%S", "00")):
        form = form.replace(part, said)
    return form


def _words(values: pa.ChunkedArray, different: int, name: str, rows: int) -> Column:
    """What a column of strings is that are neither numbers nor dates."""
    count = len(values)
    words = pc.mean(pc.count_substring_regex(values, r"\S+")).as_py()
    repeats = different <= count / 2
    if count >= _FEW and pc.all(pc.match_substring_regex(values, _PICTURE)).as_py():
        return Column(name, "id", "names of pictures, most of which are not in the file's folder")
    if different > _FEW or not repeats:
        if words >= _SENTENCE or (not repeats and words >= _PHRASE):
            return Column(name, "text", f"{words:.1f} words a value on average, and {_of(different, count)}")
        if _has_no_blanks(values):
            return Column(name, "text", f"a script without blanks, and {_of(different, count)}")
    if not repeats and count >= _FEW and different >= 0.95 * count:
        return Column(name, "id", f"{_of(different, count)}, without blanks")
    return Column(name, "category", f"{_of(different, count)}{_empty(rows - count)}")


def _has_no_blanks(values: pa.ChunkedArray) -> bool:
    letters = pc.mean(pc.utf8_length(values)).as_py()
    script = pc.mean(pc.count_substring_regex(values, _NO_BLANKS)).as_py()
    return bool(script > letters / 3 and letters > 2)


def _of(different: int, count: int) -> str:
    return f"{counted(different, 'different value')} in {counted(count, 'row')}"


def _empty(count: int) -> str:
    return f", {count:,} of them empty" if count else ""


def _asked(column: pa.ChunkedArray, name: str, kind: str, source: str) -> Column:
    where, form = f'{source}, column "{name}"', ""
    if kind == "number" and not (is_numeric(column.type) or pa.types.is_boolean(column.type)):
        values = trimmed(texts_of(column, where)).drop_null()
        form, share = _best_form(values)
        if share == 0:
            raise DataError(
                f'{where} shall be numbers, but no value is one (such as "{_short(values[0].as_py())}"): '
                "take it as a category or text, or leave it out."
            )
    return Column(name, kind, "as asked", form)


def _rather_text(column: Column, table: pa.Table, asked: dict[str, str]) -> Column:
    """A column of single words taken as text, where there is nothing else to learn from."""
    is_words = column.kind == "id" and not is_numeric(table.schema.field(column.name).type)
    if not is_words or column.name in asked or is_name(table.schema.field(column.name)):
        return column
    if "without blanks" not in column.reason:
        return column
    return Column(column.name, "text", f"{column.reason}, but there is no other column to learn from")


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def asked_kinds(
    text: Collection[str] = (), categories: Collection[str] = (), numbers: Collection[str] = ()
) -> dict[str, str]:
    """The kinds that were asked for, by column.

    Raises:
        DataError: one column is asked to be two kinds.
    """
    asked: dict[str, str] = {}
    for kind, of_kind in (("text", text), ("category", categories), ("number", numbers)):
        for name in of_kind:
            if asked.setdefault(name, kind) != kind:
                raise DataError(
                    f'Column "{name}" is asked to be a {asked[name]} and a {kind}: give it one kind.'
                )
    return asked
