"""`infer_target`: what is to be learned from a column of labels, found by looking at it."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from justfit.data.columns import NUMBER_FORMS
from justfit.data.table_cells import is_dated, is_numeric, number_cells, texts_of, trimmed
from justfit.data.table_labels import FEW_NUMBERS, LabelColumn, is_list, json_lists, parts_of
from justfit.errors import DataError
from justfit.spec import Task, task_named

_ROWS_A_CLASS = 10
"""Rows that each of a few whole numbers stands in on average, where they are classes."""

_MOST_CLASSES = 1_000
"""More are only learned where they were asked for."""

_SEPARATORS = (";", "|", ",")

_NO = (
    "no", "n", "false", "f", "negative", "neg", "off", "ham", "absent", "control", "healthy", "normal", "bad",
)  # fmt: skip
"""Of two classes one of these is class 0, whatever the alphabet says."""


def infer_target(column: pa.ChunkedArray, name: str, where: str, task: str | None = None) -> LabelColumn:
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
    if is_list(column.type):
        return _several(name, "json", parts_of(json_lists(column), "json"), "lists of labels", wanted, where)
    # Of millions of labels, texts are made of those alone that differ.
    some = column if pa.types.is_nested(column.type) else pa.chunked_array([pc.unique(column)])
    levels = trimmed(texts_of(some, where))
    different = int(pc.count_distinct(levels).as_py())
    if different == 1:
        rows = len(column)
        raise DataError(
            f'{where}: all {rows:,} rows have the label "{levels[0].as_py()}", so there is nothing to '
            "learn: give rows with other labels, too."
        )
    if wanted is not None:
        return _as_asked(column, levels, name, where, wanted)
    form = _number_form(column, levels, where)
    if form is not None and different > 2:
        return _of_numbers(column, levels, name, where, form)
    if different <= 2:
        return _of_classes(levels, name)
    texts = trimmed(texts_of(column, where))
    separator = _separator(texts)
    if separator:
        parts = parts_of(texts.to_pylist(), separator)
        why = "JSON lists of labels" if separator == "json" else f'labels parted by "{separator}"'
        return _several(name, separator, parts, why, None, where)
    if different > max(FEW_NUMBERS, len(texts) / 2) or different > _MOST_CLASSES:
        raise DataError(
            f"{where} has {different:,} different texts in {len(texts):,} rows, too many to be classes: name "
            'another target, or ask for the task "multiclass".'
        )
    return _of_classes(levels, name)


def _as_asked(
    column: pa.ChunkedArray, levels: pa.ChunkedArray, name: str, where: str, task: Task
) -> LabelColumn:
    why = "as asked"
    if not task.is_classification:
        form = _number_form(column, levels, where)
        return LabelColumn(name, task, (), why, form=form or "")
    if task.name == "multilabel":
        texts = trimmed(texts_of(column, where))
        separator = _separator(texts) or next((s for s in _SEPARATORS if _any(texts, s)), ";")
        return _several(name, separator, parts_of(texts.to_pylist(), separator), why, task, where)
    found = _of_classes(levels, name)
    if task.name == "binary" and found.task.name != "binary":
        raise DataError(
            f"{where} has {len(found.classes):,} different labels, and the task binary needs two: ask for "
            "multiclass, or leave rows out."
        )
    return LabelColumn(name, task, found.classes, why)


def _of_numbers(
    column: pa.ChunkedArray, levels: pa.ChunkedArray, name: str, where: str, form: str
) -> LabelColumn:
    values = number_cells(column, form, where).values[:, 0]
    different, rows = len(np.unique(values)), len(values)
    if (values == np.floor(values)).all():
        if different <= FEW_NUMBERS and rows >= different * _ROWS_A_CLASS:
            found = _of_classes(levels, name)
            why = (
                f"{different} different whole numbers in {rows:,} rows are taken for classes; ask for the "
                'task "regression" if they are amounts'
            )
            return LabelColumn(name, found.task, found.classes, why)
        why = f"whole numbers, {different:,} different ones in {rows:,} rows"
        return LabelColumn(name, task_named("regression"), (), why, form=form)
    if values.min() >= 0 and values.max() <= 1:
        return LabelColumn(name, task_named("unit_regression"), (), "numbers from 0 to 1", form=form)
    why = f"numbers from {values.min():g} to {values.max():g}"
    return LabelColumn(name, task_named("regression"), (), why, form=form)


def _of_classes(levels: pa.ChunkedArray, name: str) -> LabelColumn:
    classes = _ordered(pc.unique(levels).to_pylist())
    if len(classes) > 2:
        return LabelColumn(name, task_named("multiclass"), classes, f"{len(classes):,} different values")
    zero, one = classes
    if one.lower() in _NO:
        zero, one = one, zero
    why = f'two different values, of which "{one}" is class 1'
    return LabelColumn(name, task_named("binary"), (zero, one), why)


def _ordered(names: Sequence[str]) -> tuple[str, ...]:
    """By number where all are numbers, else by alphabet."""
    try:
        return tuple(sorted(names, key=lambda text: (float(text), text)))
    except ValueError:
        return tuple(sorted(names))


def _number_form(column: pa.ChunkedArray, levels: pa.ChunkedArray, where: str) -> str | None:
    """How the numbers are written; None where a label is none."""
    if is_numeric(column.type):
        return ""
    if pa.types.is_boolean(column.type):
        return None
    for form in NUMBER_FORMS:
        if not np.isnan(number_cells(levels, form, where).values).any():
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
        found = list(parts_of(texts.to_pylist(), separator))
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
) -> LabelColumn:
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
    return LabelColumn(
        name, task_named("multilabel"), classes, f"{why}, {len(classes)} different ones", separator
    )
