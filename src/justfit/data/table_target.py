"""`read_target`: what is to be learned from a column of labels, found by looking at it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from justfit.data.columns import NUMBER_FORMS
from justfit.data.dataset import Labels
from justfit.data.rows import Int64
from justfit.data.table_cells import is_dated, is_numeric, number_cells, texts_of, trimmed
from justfit.errors import DataError
from justfit.spec import Task, task_named

_FEW_NUMBERS = 20
"""Different whole numbers that are classes, where each stands in `_ROWS_A_CLASS` rows on average."""

_ROWS_A_CLASS = 10

_MOSTLY = 0.9
"""Share of many different labels that must be numbers for the others to be left out."""

_MOST_CLASSES = 1_000
"""More are only learned where they were asked for."""

_SEPARATORS = (";", "|", ",")

_NO = (
    "no",
    "false",
    "negative",
    "neg",
    "n",
    "f",
    "off",
    "ham",
    "absent",
    "control",
    "healthy",
    "normal",
    "bad",
)
"""Of two classes one of these is class 0, whatever the alphabet says."""


@dataclass(frozen=True)
class Target:
    """How the labels in a column are read."""

    name: str
    task: Task
    classes: tuple[str, ...]
    """In the order of their numbers; empty for regression."""
    reason: str
    """Why this task, for people."""
    separator: str = ""
    """What parts the labels of a row that has several; ``json`` where they are lists."""
    form: str = ""
    """How numbers are written (`justfit.data.columns.Column`)."""


def unlabelled(column: pa.ChunkedArray, where: str) -> dict[int, str]:
    """The places of the rows without a label that can be used, each with the reason.

    That are empty, missing and blank cells; and where all but a few of many different labels are numbers,
    those that are none.
    """
    if pa.types.is_nested(column.type) or is_dated(column.type):
        return _missing(column.is_null())
    if is_numeric(column.type):
        return _missing(column.is_null(nan_is_null=True))
    texts = trimmed(texts_of(column, where))
    found = _missing(texts.is_null())
    for form in NUMBER_FORMS:
        numbers = number_cells(texts, form, where).values[:, 0]
        no_number = np.flatnonzero(np.isnan(numbers))
        others = len(no_number) - len(found)
        if others <= (1 - _MOSTLY) * (len(texts) - len(found)) and len(np.unique(numbers)) > _FEW_NUMBERS:
            for place in no_number.tolist():
                found.setdefault(place, f'the label "{str(texts[place])[:40]}" is no number')
            break
    return found


def _missing(null: pa.ChunkedArray) -> dict[int, str]:
    return dict.fromkeys(np.flatnonzero(null.to_numpy()).tolist(), "no label")


def infer_target(column: pa.ChunkedArray, name: str, where: str, task: str | None = None) -> Target:
    """How to read a column of labels, none of them missing.

    Two different values are binary, several are multiclass, lists and values with separators are multilabel,
    numbers are regression, and those in [0, 1] that are not just 0 and 1 the regression of such. A few whole
    numbers that each stand in many rows are classes.

    Args:
        column: the labels.
        name: of the column.
        where: begins messages.
        task: what to take them for instead.

    Raises:
        DataError: there is nothing to learn from them, or they are not what ``task`` needs.
    """
    wanted = None if task is None else task_named(task)
    if is_dated(column.type):
        raise DataError(f"{where} holds dates, which are no labels: give a column of classes or numbers.")
    if _is_list(column.type):
        return _several(name, "json", _parts(_json_lists(column), "json"), "lists of labels", wanted, where)
    texts = trimmed(texts_of(column, where))
    different = int(pc.count_distinct(texts).as_py())
    if different == 1:
        raise DataError(
            f'{where}: all {len(texts):,} rows have the label "{texts[0].as_py()}", so there is nothing to '
            "learn: give rows with other labels, too."
        )
    if wanted is not None:
        return _as_asked(column, texts, name, where, wanted)
    form = _number_form(column, texts, where)
    if form is not None and different > 2:
        return _of_numbers(column, texts, name, where, form)
    separator = "" if different <= 2 else _separator(texts)
    if separator:
        parts = _parts(texts.to_pylist(), separator)
        why = "JSON lists of labels" if separator == "json" else f'labels parted by "{separator}"'
        return _several(name, separator, parts, why, None, where)
    if different > max(_FEW_NUMBERS, len(texts) / 2) or different > _MOST_CLASSES:
        raise DataError(
            f"{where} has {different:,} different texts in {len(texts):,} rows, too many to be classes: name "
            'another target, or ask for the task "multiclass".'
        )
    return _of_classes(texts, name)


def labels_of(column: pa.ChunkedArray, target: Target, rows: Int64, where: str) -> Labels:
    """The labels in a column, as a data set has them.

    Args:
        column: none of them missing.
        target: how to read them.
        rows: number of each row in its file, for messages.
        where: begins messages.

    Raises:
        DataError: a label is no number, or not one of the classes, with its row.
    """
    if not target.classes:
        cells = number_cells(column, target.form, where)
        values = cells.values[:, 0]
        _require_numbers(column, values, target.task, rows, where)
        return values.astype(np.float32)
    numbers = {name: number for number, name in enumerate(target.classes)}
    if target.task.name == "multilabel":
        cells_of = (
            _json_lists(column) if _is_list(column.type) else trimmed(texts_of(column, where)).to_pylist()
        )
        labels = np.zeros((len(column), len(numbers)), np.float32)
        for row, parts in enumerate(_parts(cells_of, target.separator)):
            for part in parts:
                if part not in numbers:
                    raise _unknown(where, rows[row], part, target.classes)
                labels[row, numbers[part]] = 1
        return labels
    encoded = trimmed(texts_of(column, where)).combine_chunks().dictionary_encode()
    levels = encoded.dictionary.to_pylist()
    of_level = np.array([numbers.get(level, -1) for level in levels], np.int64)
    codes: npt.NDArray[np.int64] = of_level[encoded.indices.to_numpy()]
    if (codes < 0).any():
        row = int(np.argmin(codes))
        raise _unknown(where, rows[row], encoded[row].as_py(), target.classes)
    return codes


def _unknown(where: str, row: int, found: str, classes: Sequence[str]) -> DataError:
    return DataError(
        f'{where}, row {row}: the label "{found[:100]}" stands in no training row, so it cannot be learned '
        f"(there are {', '.join(classes[:5])}{', ...' if len(classes) > 5 else ''}): leave the row out."
    )


def _require_numbers(
    column: pa.ChunkedArray, values: npt.NDArray[np.float64], task: Task, rows: Int64, where: str
) -> None:
    with np.errstate(over="ignore"):
        wrong = ~np.isfinite(values.astype(np.float32))
    if task.name == "unit_regression":
        wrong |= (values < 0) | (values > 1)
    if wrong.any():
        row = int(np.argmax(wrong))
        found = str(column[row].as_py())[:100]
        raise DataError(
            f'{where}, row {rows[row]}: the label "{found}" is not {task.label}, as the task {task.name} '
            "needs: correct it, leave the row out, or ask for another task."
        )


def _as_asked(column: pa.ChunkedArray, texts: pa.ChunkedArray, name: str, where: str, task: Task) -> Target:
    why = "as asked"
    if not task.is_classification:
        form = _number_form(column, texts, where)
        return Target(name, task, (), why, form=form or "")
    if task.name == "multilabel":
        separator = _separator(texts) or next((s for s in _SEPARATORS if _any(texts, s)), ";")
        return _several(name, separator, _parts(texts.to_pylist(), separator), why, task, where)
    found = _of_classes(texts, name)
    if task.name == "binary" and found.task.name != "binary":
        raise DataError(
            f"{where} has {len(found.classes):,} different labels, and the task binary needs two: ask for "
            "multiclass, or leave rows out."
        )
    return Target(name, task, found.classes, why)


def _of_numbers(column: pa.ChunkedArray, texts: pa.ChunkedArray, name: str, where: str, form: str) -> Target:
    values = number_cells(column, form, where).values[:, 0]
    different, rows = len(np.unique(values)), len(values)
    if (values == np.floor(values)).all():
        if different <= _FEW_NUMBERS and rows >= different * _ROWS_A_CLASS:
            found = _of_classes(texts, name)
            why = (
                f"{different} different whole numbers in {rows:,} rows are taken for classes; ask for the "
                'task "regression" if they are amounts'
            )
            return Target(name, found.task, found.classes, why)
        why = f"whole numbers, {different:,} different ones in {rows:,} rows"
        return Target(name, task_named("regression"), (), why, form=form)
    if values.min() >= 0 and values.max() <= 1:
        return Target(name, task_named("unit_regression"), (), "numbers from 0 to 1", form=form)
    why = f"numbers from {values.min():g} to {values.max():g}"
    return Target(name, task_named("regression"), (), why, form=form)


def _of_classes(texts: pa.ChunkedArray, name: str) -> Target:
    classes = _ordered(pc.unique(texts).to_pylist())
    if len(classes) > 2:
        return Target(name, task_named("multiclass"), classes, f"{len(classes):,} different values")
    zero, one = classes
    if one.lower() in _NO:
        zero, one = one, zero
    why = f'two different values, of which "{one}" is class 1'
    return Target(name, task_named("binary"), (zero, one), why)


def _ordered(names: Sequence[str]) -> tuple[str, ...]:
    """By number where all are numbers, else by alphabet."""
    try:
        return tuple(sorted(names, key=lambda text: (float(text), text)))
    except ValueError:
        return tuple(sorted(names))


def _number_form(column: pa.ChunkedArray, texts: pa.ChunkedArray, where: str) -> str | None:
    """How the numbers are written; None where a label is none."""
    if is_numeric(column.type):
        return ""
    if pa.types.is_boolean(column.type):
        return None
    for form in NUMBER_FORMS:
        if not np.isnan(number_cells(texts, form, where).values).any():
            return form
    return None


def _separator(texts: pa.ChunkedArray) -> str:
    """What parts several labels in a cell; empty where each has one.

    The same labels must come back in several rows, and either not always as many of them or not always in
    the same place: "Paris, France" is one label.
    """
    if pc.all(pc.match_substring_regex(texts, r"^\[.*\]$")).as_py():
        return "json"
    rows = len(texts)
    for separator in _SEPARATORS:
        if pc.sum(pc.match_substring(texts, separator)).as_py() < max(2, rows / 100):
            continue
        found = list(_parts(texts.to_pylist(), separator))
        counts = Counter(part for parts in found for part in parts)
        places: dict[str, set[int]] = {}
        for parts in found:
            for place, part in enumerate(parts):
                places.setdefault(part, set()).add(place)
        moves = len({len(parts) for parts in found}) > 1 or any(len(at) > 1 for at in places.values())
        if moves and len(counts) <= max(2, sum(counts.values()) / 4):
            return separator
    return ""


def _any(texts: pa.ChunkedArray, separator: str) -> bool:
    return bool(pc.any(pc.match_substring(texts, separator)).as_py())


def _several(  # noqa: PLR0913, PLR0917 - what several labels a row are
    name: str, separator: str, parts: Sequence[Sequence[str]], why: str, task: Task | None, where: str
) -> Target:
    classes = _ordered(list({part for row in parts for part in row}))
    if task is not None and task.name != "multilabel":
        raise DataError(
            f"{where} has several labels a row, and the task {task.name} has one: ask for multilabel."
        )
    if len(classes) > _MOST_CLASSES or not classes:
        found = f"{len(classes):,} different labels" if classes else "no label"
        raise DataError(
            f"{where} has {found} in {len(parts):,} rows: from 1 to {_MOST_CLASSES:,} can be learned."
        )
    return Target(name, task_named("multilabel"), classes, f"{why}, {len(classes)} different ones", separator)


def _parts(cells: Sequence[str], separator: str) -> list[list[str]]:
    """The labels of each cell, each once."""
    if separator == "json":
        return [_json_parts(cell) for cell in cells]
    split = (
        [part.strip() for part in cell.split(separator)] if separator else [cell.strip()] for cell in cells
    )
    return [list(dict.fromkeys(part for part in parts if part)) for parts in split]


def _json_parts(cell: str) -> list[str]:
    """The labels in a JSON list; a cell that is none is a label."""
    try:
        values = json.loads(cell)
    except (ValueError, RecursionError):
        return [part.strip().strip("'\"") for part in cell.strip("[]").split(",") if part.strip()]
    return [str(value) for value in values if value is not None] if isinstance(values, list) else [cell]


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _json_lists(column: pa.ChunkedArray) -> list[str]:
    return [json.dumps(value) for value in column.to_pylist()]
