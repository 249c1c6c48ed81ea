"""`LabelColumn`: the labels of rows as numbers, read from a column of a file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from justfit.data.columns import NUMBER_FORMS
from justfit.data.dataset import Labels
from justfit.data.mapped import is_mapped, to_file
from justfit.data.rows import Int64
from justfit.data.table_cells import category_cells, is_dated, is_numeric, number_cells, texts_of, trimmed
from justfit.errors import DataError
from justfit.spec import Task

FEW_NUMBERS = 20
"""Different numbers at most that may be classes, and more of which are numbers."""

_MOSTLY = 0.9
"""Share of many different labels that must be numbers for the others to be left out."""


@dataclass(frozen=True)
class LabelColumn:
    """A column of labels, and how they are read."""

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

    That are empty, missing and blank cells; where all others are numbers, what stands for a missing one; and
    where all but a few of many different labels are numbers, those that are none.
    """
    if pa.types.is_nested(column.type) or is_dated(column.type):
        return _missing(column.is_null())
    if is_numeric(column.type):
        return _missing(column.is_null(nan_is_null=True))
    texts = trimmed(texts_of(column, where))
    found = _missing(texts.is_null())
    for form in NUMBER_FORMS:
        cells = number_cells(texts, form, where)
        numbers = cells.values[:, 0]
        no_number = np.flatnonzero(np.isnan(numbers))
        if not cells.wrong.any() and len(no_number) < len(texts):
            for place in no_number.tolist():
                found.setdefault(place, f'the label "{texts[place]}" stands for a missing one')
            break
        others = len(no_number) - len(found)
        if others <= (1 - _MOSTLY) * (len(texts) - len(found)) and len(np.unique(numbers)) > FEW_NUMBERS:
            for place in no_number.tolist():
                found.setdefault(place, f'the label "{str(texts[place])[:40]}" is no number')
            break
    return found


def _missing(null: pa.ChunkedArray) -> dict[int, str]:
    return dict.fromkeys(np.flatnonzero(null.to_numpy()).tolist(), "no label")


def labels_of(column: pa.ChunkedArray, target: LabelColumn, rows: Int64, where: str) -> Labels:
    """The labels in a column, as a data set has them.

    Args:
        column: none of them missing.
        target: how to read them.
        rows: number of each row in its file, for messages; where they stand in a file, so do the labels.
        where: begins messages.

    Raises:
        DataError: a label is no number, or not one of the classes, with its row.
    """
    if not target.classes:
        cells = number_cells(column, target.form, where)
        values = cells.values[:, 0]
        _require_numbers(column, values, target.task, rows, where)
        return to_file(values, dtype=np.float32) if is_mapped(rows) else values.astype(np.float32)
    numbers = {name: number for number, name in enumerate(target.classes)}
    if target.task.name == "multilabel":
        cells_of = (
            json_lists(column) if is_list(column.type) else trimmed(texts_of(column, where)).to_pylist()
        )
        labels = np.zeros((len(column), len(numbers)), np.float32)
        for row, parts in enumerate(parts_of(cells_of, target.separator)):
            for part in parts:
                if part not in numbers:
                    raise _unknown(where, rows[row], part, target.classes)
                labels[row, numbers[part]] = 1
        return labels
    found = category_cells(column, where)
    of_level = np.array([numbers.get(level, -1) for level in found.levels], np.int64)
    if (of_level < 0).any():
        row = int(np.argmin(of_level[found.codes]))
        raise _unknown(where, rows[row], found.levels[found.codes[row]], target.classes)
    codes: npt.NDArray[np.int64] = (
        to_file(of_level, found.codes) if is_mapped(rows) else of_level[found.codes]
    )
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


def parts_of(cells: Sequence[str], separator: str) -> list[list[str]]:
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


def is_list(kind: pa.DataType) -> bool:
    """Whether cells of a type are lists."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def json_lists(column: pa.ChunkedArray) -> list[str]:
    """Lists as JSON."""
    return [json.dumps(value, default=str) for value in column.to_pylist()]
