"""Raw rows as a source gives them: `Texts`, word `Ids`, `Numbers`, a `Table` of several kinds, or `Bags`."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from justfit.data.columns import Column, of_kind
from justfit.data.rows import Bags, take_ragged
from justfit.data.tokens import Tokens, tokens_of
from justfit.errors import DataError


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words by rank: ``words[0]`` is the most frequent and has id 4.

    0 pads, 1 starts a text, 2 is unknown and 3 is unused.
    """

    words: tuple[str, ...]

    INDEX_FROM = 3
    START = 1
    UNKNOWN = 2

    @cached_property
    def ids(self) -> dict[str, int]:
        """Word to id."""
        return {word: rank + self.INDEX_FROM for rank, word in enumerate(self.words, start=1)}

    def word(self, word_id: int) -> str:
        """The word with an id; ``?`` for the ids that are not words.

        >>> Vocabulary(("the", "and")).word(5)
        'and'
        """
        rank = word_id - self.INDEX_FROM
        return self.words[rank - 1] if 1 <= rank <= len(self.words) else "?"


class LazyTexts(Sequence[str]):
    """Texts that are read only when they are asked for, as there are too many to hold."""

    @abstractmethod
    def take(self, rows: npt.NDArray[np.intp]) -> "LazyTexts":
        """The texts numbered ``rows``, in that order, not yet read."""


def _taken(texts: Sequence[str], rows: npt.NDArray[np.intp]) -> Sequence[str]:
    return texts.take(rows) if isinstance(texts, LazyTexts) else [texts[row] for row in rows]


@dataclass(frozen=True, eq=False)
class Texts:
    """Raw texts, a string a row."""

    texts: Sequence[str]
    _among: "tuple[Texts, npt.NDArray[np.intp]] | None" = None
    """Texts read into words before these were taken from them, and which of them these are."""

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def tokens(self) -> Tokens:
        """The texts word by word: read once, and not again for texts that are taken from these afterwards."""
        if self._among is None:
            return tokens_of(self.texts)
        read, rows = self._among
        return read.tokens.take(rows)

    def read(self) -> Tokens:
        """`tokens`, which stay only where they were asked for before."""
        return self.tokens if self._is_read else tokens_of(self.texts)

    @property
    def _is_read(self) -> bool:
        return self._among is not None or "tokens" in vars(self)

    def take(self, rows: npt.NDArray[np.intp]) -> "Texts":
        """The rows numbered ``rows``, in that order."""
        return Texts(_taken(self.texts, rows), (self, rows) if self._is_read else None)


@dataclass(frozen=True, eq=False)
class Ids:
    """Texts as word ids in reading order: row ``i`` is ``ids[indptr[i]:indptr[i+1]]`` (int32)."""

    ids: npt.NDArray[np.int32]
    indptr: npt.NDArray[np.int64]
    vocabulary: Vocabulary

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def row(self, number: int) -> npt.NDArray[np.int32]:
        """The ids of one row."""
        return self.ids[self.indptr[number] : self.indptr[number + 1]]

    def take(self, rows: npt.NDArray[np.intp]) -> "Ids":
        """The rows numbered ``rows``, in that order."""
        indptr, entries = take_ragged(self.indptr, rows)
        return Ids(self.ids[entries], indptr, self.vocabulary)


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numeric rows of any real dtype, shape ``[rows, columns]``, with the columns' names.

    Raises:
        DataError: the values are not numbers, or their shape does not fit the names.
    """

    values: npt.NDArray[np.generic]
    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.values.dtype.kind not in "biuf":
            raise DataError(f"Values must be real numbers, got {self.values.dtype}.")
        if self.values.ndim != 2 or self.values.shape[1] != len(self.columns):
            shape = self.values.shape
            raise DataError(f"Values of shape {shape} do not fit {len(self.columns)} column names.")

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: npt.NDArray[np.intp]) -> "Numbers":
        """The rows numbered ``rows``, in that order."""
        return Numbers(self.values[rows], self.columns)


@dataclass(frozen=True, eq=False)
class Categories:
    """A level a row: row ``i`` has ``levels[codes[i]]``, and is missing where its code (int32) is -1."""

    codes: npt.NDArray[np.int32]
    levels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: npt.NDArray[np.intp]) -> "Categories":
        """The rows numbered ``rows``, in that order."""
        return Categories(self.codes[rows], self.levels)


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of columns of different kinds.

    Raises:
        DataError: the parts do not fit the columns, or differ in their number of rows.
    """

    columns: tuple[Column, ...]
    """In the order of the file; only of kinds in `justfit.data.columns.INPUTS`."""
    numbers: npt.NDArray[np.float64]
    """``[rows, numbers]``: those of columns of numbers, dates and images, in order; NaN where missing."""
    categories: tuple[Categories, ...]
    """One a column of categories."""
    texts: tuple[Sequence[str], ...]
    """One a column of texts, empty where missing."""

    def __post_init__(self) -> None:
        wanted = (
            len(self.number_names),
            len(of_kind(self.columns, "category")),
            len(of_kind(self.columns, "text")),
        )
        found = (self.numbers.shape[-1], len(self.categories), len(self.texts))
        if self.numbers.ndim != 2 or wanted != found:
            raise DataError(f"Numbers, categories and texts should be {wanted} columns, and are {found}.")
        rows = {len(self.numbers), *map(len, self.categories), *map(len, self.texts)}
        if len(rows) > 1:
            raise DataError(f"The columns of a table have {sorted(rows)} rows: they must be as long.")

    @property
    def number_names(self) -> tuple[str, ...]:
        """One for each number of a row."""
        return tuple(name for column in self.columns for name in column.numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: npt.NDArray[np.intp]) -> "Table":
        """The rows numbered ``rows``, in that order."""
        return Table(
            self.columns,
            self.numbers[rows],
            tuple(each.take(rows) for each in self.categories),
            tuple(_taken(texts, rows) for texts in self.texts),
        )

    def cells(self, row: int) -> tuple[tuple[str, str], ...]:
        """Name and value of each number, category and text of a row, for people; those missing are empty."""
        numbers = ("" if np.isnan(value) else f"{value:.10g}" for value in self.numbers[row])
        levels = ((each.codes[row], each.levels) for each in self.categories)
        names = (column.name for kind in ("category", "text") for column in of_kind(self.columns, kind))
        values = (
            *("" if code < 0 else known[code] for code, known in levels),
            *(texts[row] for texts in self.texts),
        )
        return (*zip(self.number_names, numbers, strict=True), *zip(names, values, strict=True))


Raw = Texts | Ids | Numbers | Table | Bags
"""Rows as they came, of any kind."""


def is_on_disk(raw: Raw) -> bool:
    """Whether the rows are in files, as they may be more than memory holds."""
    return raw.in_files if isinstance(raw, Bags) else is_lazy(raw)


def is_lazy(raw: Raw) -> bool:
    """Whether there are texts among the rows that are too many to hold."""
    texts = (raw.texts,) if isinstance(raw, Texts) else raw.texts if isinstance(raw, Table) else ()
    return any(isinstance(each, LazyTexts) for each in texts)
