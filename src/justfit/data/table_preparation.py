"""`TablePreparation`: columns of different kinds to one row of numbers, fitted on training rows only."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import sparse

from justfit.data.columns import Column, of_kind
from justfit.data.raw import Categories, Raw, Table, Texts
from justfit.data.rows import Bags, Dense, Rows
from justfit.errors import DataError
from justfit.spec.checks import nearest

if TYPE_CHECKING:
    from justfit.data.ngrams import NgramPreparation
    from justfit.data.preparation import TextPreparation

Float64 = npt.NDArray[np.float64]

_LEAST_ROWS = 2
"""Training rows in which a level must stand to have a column of its own."""

_SPARSE = 0.25
"""Share of a row's columns that are filled, below which rows without texts are kept sparse, too."""

MISSING, OTHER = "(missing)", "(other)"
"""Stand for levels in names of columns."""


@dataclass(frozen=True, eq=False)
class NumberColumns:
    """How numbers become columns, one entry a number: imputed, then ``(value - shift) / scale``."""

    median: Float64
    shift: Float64
    scale: Float64
    flagged: npt.NDArray[np.bool_]
    """Whether a column of its own says where the number was missing."""


@dataclass(frozen=True)
class Levels:
    """The levels of a category that have a column; then come that of all others, and that of missing ones."""

    levels: tuple[str, ...]
    missing: bool
    """Whether missing ones have a column of their own; otherwise they count as others."""

    @property
    def columns(self) -> int:
        """How many columns it becomes."""
        return len(self.levels) + 1 + self.missing

    def places(self, cells: Categories) -> npt.NDArray[np.int64]:
        """Of each row which of the columns is 1."""
        known = {level: place for place, level in enumerate(self.levels)}
        other = len(self.levels)
        # The code of what is missing, -1, is the last place.
        of_code = [*(known.get(level, other) for level in cells.levels), other + self.missing]
        return np.array(of_code, np.int64)[cells.codes]


@dataclass(frozen=True, eq=False)
class TablePreparation:
    """Rows of a `Table` to `Dense` rows, or to `Bags` where there is text or a row fills few of its columns.

    Columns are the numbers, where the flagged ones were missing, the levels of each category, the words of
    each text.
    """

    inputs: tuple[Column, ...]
    numbers: NumberColumns
    categories: tuple[Levels, ...]
    """One a column of categories."""
    texts: "tuple[TextPreparation | NgramPreparation, ...]"
    """One a column of texts."""

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Columns of each block: the numbers, the flags, each category, each text."""
        numbers, flags = len(self.numbers.median), int(self.numbers.flagged.sum())
        levels = (each.columns for each in self.categories)
        return (numbers, flags, *levels, *(each.columns for each in self.texts))

    @property
    def columns(self) -> int:
        """Columns of the rows it makes."""
        return sum(self.widths)

    @property
    def is_sparse(self) -> bool:
        """Whether it makes `Bags`."""
        filled = len(self.numbers.median) + len(self.categories)
        return bool(self.texts) or filled < _SPARSE * self.columns

    def rows(self, raw: Raw) -> Rows:
        """The rows of ``raw``.

        Raises:
            DataError: ``raw`` is no table, or has other columns.
        """
        if not isinstance(raw, Table):
            raise DataError(
                f"This preparation takes a table of {len(self.inputs)} columns: {self._inputs()}."
            )
        if raw.columns != self.inputs:
            found = ", ".join(f"{column.name} ({column.kind})" for column in raw.columns)
            raise DataError(f"This preparation takes the columns {self._inputs()}, got {found}.")
        numbers, flags = self._numbers(raw.numbers)
        places = [levels.places(cells) for levels, cells in zip(self.categories, raw.categories, strict=True)]
        if not self.is_sparse:
            values = np.zeros((len(raw), self.columns), np.float32)
            for start, block in ((0, numbers), (numbers.shape[1], flags)):
                values[:, start : start + block.shape[1]] = block
            starts = np.cumsum(self.widths)[1:-1]
            for start, place in zip(starts, places, strict=True):
                values[np.arange(len(raw)), start + place] = 1
            return Dense(values)
        ones, ends = np.ones(len(raw), np.float32), np.arange(len(raw) + 1)
        blocks = [sparse.csr_array(numbers), sparse.csr_array(flags)]
        blocks += [
            sparse.csr_array((ones, place, ends), shape=(len(raw), levels.columns))
            for levels, place in zip(self.categories, places, strict=True)
        ]
        blocks += [
            text.rows(Texts(texts)).to_csr() for text, texts in zip(self.texts, raw.texts, strict=True)
        ]
        return Bags.from_csr(sparse.hstack(blocks, format="csr"))

    def column_name(self, column: int) -> str:
        """What a column of the rows is, for people: "age", "colour = red", "good in review"."""
        block = 0
        while column >= self.widths[block]:
            column -= self.widths[block]
            block += 1
        names = [name for each in self.inputs for name in each.numbers]
        if block == 0:
            return names[column]
        if block == 1:
            return f"{names[int(np.flatnonzero(self.numbers.flagged)[column])]} is missing"
        if (place := block - 2) < len(self.categories):
            levels = (*self.categories[place].levels, OTHER, MISSING)
            return f"{of_kind(self.inputs, 'category')[place].name} = {levels[column]}"
        place -= len(self.categories)
        return f"{self.texts[place].column_name(column)} in {of_kind(self.inputs, 'text')[place].name}"

    def raw_from_text(self, lines: Sequence[str]) -> Table:
        """Raw rows from what a user types: each line is ``name=value, name=value``.

        What is left out is missing. A comma parts values only where the name of a column and ``=`` follow.

        Raises:
            DataError: a column is not known or a value is no number, with row (from 0) and column.
        """
        cells = [self._typed_cells(row, line) for row, line in enumerate(lines)]
        numbers = np.full((len(lines), len(self.numbers.median)), np.nan)
        start = 0
        for column in self.inputs:
            width = len(column.numbers)
            if column.kind == "number":
                for row, values in enumerate(cells):
                    numbers[row, start] = _number(row, column.name, values.get(column.name, ""))
            elif width and any(column.name in values for values in cells):
                raise DataError(f'Column "{column.name}" is of kind {column.kind}: give such rows in a file.')
            start += width
        return Table(
            self.inputs,
            numbers,
            tuple(_levels(cells, column.name) for column in of_kind(self.inputs, "category")),
            tuple(
                [values.get(column.name, "") for values in cells] for column in of_kind(self.inputs, "text")
            ),
        )

    def _typed_cells(self, row: int, line: str) -> dict[str, str]:
        names = [column.name for column in self.inputs]
        known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        cells: dict[str, str] = {}
        for part in re.split(rf",(?=\s*(?:{known})\s*=)", line):
            name, equals, value = part.partition("=")
            if not equals or name.strip() not in names:
                hint = nearest(name.strip(), names) if equals else ""
                raise DataError(
                    f'Row {row}: expected name=value with commas between, got "{part.strip()[:60]}" '
                    f"(columns: {self._inputs()}).{hint}"
                )
            cells[name.strip()] = value.strip()
        return cells

    def _numbers(self, values: Float64) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Standardized numbers, and where the flagged ones were missing."""
        missing = np.isnan(values)
        filled = np.where(missing, self.numbers.median, values)
        with np.errstate(over="ignore"):  # rows refuse an infinity
            numbers = ((filled - self.numbers.shift) / self.numbers.scale).astype(np.float32)
        return numbers, missing[:, self.numbers.flagged].astype(np.float32)

    def _inputs(self) -> str:
        return ", ".join(f"{column.name} ({column.kind})" for column in self.inputs)


def fit_table(
    raw: Table, fit_text: "Callable[[Texts], TextPreparation | NgramPreparation]"
) -> TablePreparation:
    """What is learned from the training rows ``raw``.

    Args:
        raw: the rows.
        fit_text: fits the preparation of one column of texts.

    Raises:
        DataError: numbers are too large to be standardized.
    """
    return TablePreparation(
        inputs=raw.columns,
        numbers=_fit_numbers(raw),
        categories=tuple(_fit_levels(cells) for cells in raw.categories),
        texts=tuple(
            _fit_text(column.name, texts, fit_text)
            for column, texts in zip(of_kind(raw.columns, "text"), raw.texts, strict=True)
        ),
    )


def table_columns(raw: Table, of_text: Callable[[Texts], int]) -> int:
    """Columns of the rows that a preparation fitted on ``raw`` makes."""
    flags = int(np.isnan(raw.numbers).any(axis=0).sum())
    levels: int = sum(_fit_levels(cells).columns for cells in raw.categories)
    texts = sum(of_text(Texts(each)) for each in raw.texts)
    return len(raw.number_names) + flags + levels + texts


def _fit_text(
    name: str, texts: Sequence[str], fit_text: "Callable[[Texts], TextPreparation | NgramPreparation]"
) -> "TextPreparation | NgramPreparation":
    try:
        return fit_text(Texts(texts))
    except DataError as error:
        raise DataError(f'Column "{name}": {error} Or leave the column out.') from error


def _fit_numbers(raw: Table) -> NumberColumns:
    values = raw.numbers
    missing = np.isnan(values)
    flagged = np.asarray(missing.any(axis=0))
    median = np.zeros(values.shape[1])
    for column in range(values.shape[1]):
        present = values[~missing[:, column], column]
        if len(present):
            median[column] = np.median(present)
    filled = np.where(missing, median, values)
    with np.errstate(over="ignore", invalid="ignore"):
        shift, scale = filled.mean(axis=0), filled.std(axis=0)
    # Rounding gives a constant column a deviation above 0 and another mean, and tiny values a deviation of 0.
    constant = filled.min(axis=0) == filled.max(axis=0)
    shift, scale = np.where(constant, filled[0], shift), np.where(constant | (scale == 0), 1.0, scale)
    if (wild := ~(np.isfinite(shift) & np.isfinite(scale))).any():
        name = raw.number_names[int(np.argmax(wild))]
        raise DataError(f"Column {name}: its values are too large to be standardized; divide them first.")
    return NumberColumns(median, shift, scale, flagged)


def _fit_levels(cells: Categories) -> Levels:
    present = cells.codes[cells.codes >= 0]
    counts = np.bincount(present, minlength=len(cells.levels))
    levels = sorted(level for level, count in zip(cells.levels, counts, strict=True) if count >= _LEAST_ROWS)
    return Levels(tuple(levels), missing=len(cells) - len(present) >= _LEAST_ROWS)


def _number(row: int, name: str, cell: str) -> float:
    if not cell:
        return np.nan
    try:
        value = float(cell)
    except ValueError:
        value = np.inf
    if not np.isfinite(value):
        raise DataError(f'Row {row}, column {name}: expected a number, got "{cell[:60]}".')
    return value


def _levels(cells: Sequence[dict[str, str]], name: str) -> Categories:
    found = [values.get(name, "") for values in cells]
    levels = tuple(dict.fromkeys(level for level in found if level))
    codes = [levels.index(level) if level else -1 for level in found]
    return Categories(np.array(codes, np.int32), levels)
