"""What an audit finds in columns of numbers: missing, constant, twice there, or the label itself."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from justfit.data.bag_preparation import bag_column
from justfit.data.columns import of_kind
from justfit.data.dataset import Labels, Part
from justfit.data.duplicates import first_of_same, number_hashes
from justfit.data.finding import Finding, counted, has, named, of_rows
from justfit.data.mapped import let_go
from justfit.data.raw import Numbers, Table
from justfit.data.rows import Bags, Int64
from justfit.spec import Task

_FEWEST_ROWS = 20
"""With fewer rows a column may tell the labels by chance."""

_FEWEST_OF_CLASS = 5
"""With fewer rows of a class a column may part it from the others by chance."""

_CHUNK = 1 << 22
"""Numbers of sparse rows that are looked at as dense ones at a time."""

_LOOKED_AT = 1_000
"""Rows, spread over all, in which columns must tell the labels for all rows to be looked at."""

_UNEXPLAINED = 1e-6
"""Share of a label's variance that a column may leave when it is said to equal it: labels are float32."""


def column_findings(train: Part, raw: Numbers, task: Task) -> Iterator[Finding]:
    """What is wrong with columns."""
    values = raw.values
    finite = np.isfinite(values) if values.dtype.kind == "f" else np.ones((1, values.shape[1]), bool)
    if not finite.all():
        yield from _missing(raw, finite)
    with np.errstate(invalid="ignore"):  # of what is missing
        constant = values.min(axis=0) == values.max(axis=0)
    if constant.any():
        names = [raw.columns[column] for column in np.flatnonzero(constant)]
        yield Finding(
            "constant_columns",
            "note",
            len(names),
            (),
            f"{counted(len(names), 'column')} ({named(names)}) {has(len(names))} one value in all training "
            "rows, so nothing can be learned from them: they may be left out.",
        )
    yield from _duplicates(raw, ~constant & finite.any(axis=0))
    yield from _telling(train, raw, task)


def table_findings(train: Part, raw: Table, task: Task) -> Iterator[Finding]:
    """What is remarkable with the columns of a table, whose constant ones are left out already."""
    names = (*raw.number_names, *(column.name for column in of_kind(raw.columns, "category")))
    codes = [np.where(cells.codes < 0, np.nan, cells.codes) for cells in raw.categories]
    values = Numbers(np.column_stack([raw.numbers, *codes]), names)
    missing = np.isnan(values.values)
    if missing.any():
        columns, rows = np.flatnonzero(missing.any(axis=0)), np.flatnonzero(missing.any(axis=1))
        yield of_rows(
            "missing_values",
            "note",
            rows,
            f"{counted(len(rows), 'training row')} {has(len(rows))} missing values, in "
            f"{counted(len(columns), 'column')} ({named([names[column] for column in columns])}): a number "
            "is taken to be the median, and a column of its own says where it was missing.",
        )
    for column, texts in zip(of_kind(raw.columns, "text"), raw.texts, strict=True):
        if len(empty := np.flatnonzero([not text.strip() for text in texts])):
            yield of_rows(
                "empty_texts",
                "note",
                empty,
                f'{counted(len(empty), "training row")} {has(len(empty))} no text in column "{column.name}" '
                f"(such as row {empty[0]}).",
            )
    if names:
        # A date gives several numbers, of which some may always be the same.
        varies = np.array([len(np.unique(each[~np.isnan(each)])) > 1 for each in values.values.T])
        yield from _duplicates(values, varies)
        yield from _telling(train, values, task)
        yield from _parting(train, values, task, levels=len(codes))


def bag_findings(train: Part, raw: Bags, task: Task) -> Iterator[Finding]:
    """What is remarkable with the columns of sparse rows."""
    counts, is_empty = np.zeros(raw.columns, np.int64), np.zeros(len(raw), bool)
    for start, end in raw.blocks():
        part = raw.between(start, end)
        filled = part.values != 0
        of_row = np.repeat(np.arange(len(part)), np.diff(part.indptr))[filled]
        is_empty[start:end] = np.bincount(of_row, minlength=len(part)) == 0
        np.add.at(counts, part.indices[filled], 1)
        let_go(raw.values, raw.indices)
    if len(empty := np.flatnonzero(is_empty)):
        yield of_rows(
            "empty_rows",
            "warning",
            empty,
            f"{counted(len(empty), 'training row')} {has(len(empty))} 0 in every column (such as row "
            f"{empty[0]}), so nothing can be learned from them: leave out what is empty.",
        )
    if unused := int(np.count_nonzero(counts == 0)):
        yield Finding(
            "constant_columns",
            "note",
            unused,
            (),
            f"{unused:,} of {counted(raw.columns, 'column')} {has(unused)} 0 in all training rows, so "
            "nothing can be learned from them: they may be left out.",
        )
    yield from _told_by(_label_bag_columns(raw, counts, train.labels, task))


def _label_bag_columns(raw: Bags, counts: Int64, labels: Labels, task: Task) -> list[str]:
    """Names of the columns that tell the label of every row.

    Such a column can be 0 only in rows of the same label, so that most columns need no look.
    """
    several = labels.T if labels.ndim > 1 else [labels]
    most = max(int(np.unique(each, return_counts=True)[1].max()) for each in several)
    likely = np.flatnonzero(counts >= len(raw) - most)
    if len(raw) > _LOOKED_AT:  # what tells all labels tells those of some rows
        rows = np.linspace(0, len(raw) - 1, _LOOKED_AT).astype(np.intp)
        if all(len(np.unique(each[rows])) > 1 for each in several):
            likely = likely[_telling_columns(raw.take(rows), likely, labels[rows], task)]
    return [bag_column(int(likely[each])) for each in _telling_columns(raw, likely, labels, task)]


def _telling_columns(raw: Bags, columns: npt.NDArray[np.intp], labels: Labels, task: Task) -> list[int]:
    """Which of some columns, by their places among them, tell all labels."""
    step, found = max(1, _CHUNK // len(raw)), []
    for first in range(0, len(columns), step):
        some = columns[first : first + step]
        values = np.empty((len(raw), len(some)), np.float32)
        for start, end in raw.blocks():
            values[start:end] = raw.between(start, end).to_csr()[:, some].toarray()
            let_go(raw.values, raw.indices)
        found += [first + each for each in _label_columns(values, labels, task)]
    return found


def _parting(train: Part, raw: Numbers, task: Task, levels: int) -> Iterator[Finding]:
    """The columns by which the classes lie apart; the last ``levels`` ones are codes of categories."""
    if task.name not in ("binary", "multiclass"):
        return
    counts = np.bincount(train.labels.astype(np.int64))
    if counts[counts > 0].min() < _FEWEST_OF_CLASS:
        return
    equal = set(_label_columns(raw.values, train.labels, task))
    found = []
    for number, values in enumerate(raw.values.T):
        order = np.lexsort((train.labels, values))
        same_label = np.diff(train.labels[order]) == 0
        same_value = np.diff(values[order]) == 0
        is_level = number >= len(raw.columns) - levels
        if number in equal or np.isnan(values).any() or (same_value & ~same_label).any():
            continue
        parts = 1 + np.count_nonzero(~same_label)
        of_many_rows = np.count_nonzero(~same_value) < len(values) / _FEWEST_OF_CLASS
        if of_many_rows if is_level else parts == np.count_nonzero(counts):
            found.append(raw.columns[number])
    if found:
        yield Finding(
            "parting_columns",
            "warning",
            len(found),
            (),
            f"By {counted(len(found), 'column')} alone ({named(found)}) all training rows fall into their "
            "classes without an exception: leave out what is only known once the label is.",
        )


def _telling(train: Part, raw: Numbers, task: Task) -> Iterator[Finding]:
    return _told_by([raw.columns[column] for column in _label_columns(raw.values, train.labels, task)])


def _told_by(telling: Sequence[str]) -> Iterator[Finding]:
    if telling:
        yield Finding(
            "label_columns",
            "error",
            len(telling),
            (),
            f"{counted(len(telling), 'column')} ({named(telling)}) {_tells(len(telling))} the label of every "
            "training row exactly, so there is nothing left to learn: leave out what is made from the label.",
        )


def _missing(raw: Numbers, finite: npt.NDArray[np.bool_]) -> Iterator[Finding]:
    empty = ~finite.any(axis=0)
    if empty.any():
        names = [raw.columns[column] for column in np.flatnonzero(empty)]
        yield Finding(
            "empty_columns",
            "error",
            len(names),
            (),
            f"{counted(len(names), 'column')} ({named(names)}) {has(len(names))} no value in any training "
            "row: leave out what is empty.",
        )
    rows = np.flatnonzero(~finite[:, ~empty].all(axis=1))
    if len(rows):
        column = int(np.argmax(~finite[rows[0]] & ~empty))
        yield of_rows(
            "missing_values",
            "warning",
            rows,
            f"{counted(len(rows), 'training row')} {has(len(rows))} values that are missing or infinite "
            f"(such as row {rows[0]}, column {raw.columns[column]}): fill them in, or leave the rows out.",
        )


def _duplicates(raw: Numbers, whole: npt.NDArray[np.bool_]) -> Iterator[Finding]:
    if raw.values.dtype == np.uint8:
        return  # pixels, of which neighbours are often the same
    columns = np.flatnonzero(whole)
    first = columns[first_of_same(number_hashes(raw.values[:, columns].T))]
    again = np.flatnonzero(first != columns)
    if len(again):
        pairs = [f"{raw.columns[columns[each]]} as {raw.columns[first[each]]}" for each in again]
        yield Finding(
            "duplicate_columns",
            "warning",
            len(again),
            (),
            f"{counted(len(again), 'column')} {has(len(again))} the values of an earlier one "
            f"({named(pairs)}): that tells nothing new and counts twice, so leave it out.",
        )


def _label_columns(values: npt.NDArray[np.generic], labels: Labels, task: Task) -> list[int]:
    """Numbers of the columns that tell the label of every row, or one of its labels where it has several."""
    if len(labels) < _FEWEST_ROWS:
        return []
    if not task.is_classification:
        return _equal_to_numbers(values, labels)
    found: set[int] = set()
    for each in labels.T if labels.ndim > 1 else [labels]:
        found.update(_equal_to_classes(values, each))
    return sorted(found)


def _equal_to_classes(values: npt.NDArray[np.generic], labels: Labels) -> list[int]:
    """The columns with one value for each class, and another one for each other class."""
    columns = np.arange(values.shape[1])
    classes = np.unique(labels)
    of_class: list[npt.NDArray[np.generic]] = []
    for name in classes:
        rows = values[np.ix_(labels == name, columns)]
        constant = (rows == rows[0]).all(axis=0)
        columns = columns[constant]
        of_class = [*(each[constant] for each in of_class), rows[0, constant]]
        if len(columns) == 0:
            return []
    different = len(classes)
    return [
        int(column)
        for place, column in enumerate(columns)
        if len({row[place] for row in of_class}) == different > 1
    ]


def _equal_to_numbers(values: npt.NDArray[np.generic], labels: Labels) -> list[int]:
    """The columns from which the label follows by a factor and a shift."""
    label = labels.astype(np.float64)
    label -= label.mean()
    spread = float(label @ label)
    if not 0 < spread < np.inf:
        return []
    found = []
    for number in range(values.shape[1]):
        column = values[:, number].astype(np.float64)
        if not np.isfinite(column).all() or not (size := np.abs(column).max()):
            continue
        column = column / size
        column -= column.mean()
        norm = float(column @ column)
        if norm > 1e-12 and 1 - float(column @ label) ** 2 / (norm * spread) < _UNEXPLAINED:
            found.append(number)
    return found


def _tells(count: int) -> str:
    return "tells" if count == 1 else "tell"
