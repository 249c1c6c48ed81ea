"""`Preparation`: raw rows to the engine's rows, fitted on training rows only and saved with the model."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from justfit.data.bag_preparation import BagPreparation
from justfit.data.encoding import encode
from justfit.data.ngrams import NgramPreparation, count_ngrams, fit_ngrams
from justfit.data.on_disk import rows_on_disk
from justfit.data.raw import Ids, Numbers, Raw, Table, Texts, Vocabulary, is_lazy
from justfit.data.rows import Bags, Dense, Rows, row_blocks
from justfit.data.table_preparation import TablePreparation, fit_table, table_columns
from justfit.errors import DataError
from justfit.machine import MOST_SHARE, memory
from justfit.spec import Ngrams, PreparationSpec, Scaling, TableEncoding, TextEncoding

_BLOCK = 1 << 16
"""Rows that are prepared at a time, where not all are held."""


@dataclass(frozen=True, eq=False)
class TextPreparation:
    """Texts or word ids to `Bags`. ``vocabulary`` has at most ``num_words - 4`` words."""

    encoding: TextEncoding
    vocabulary: Vocabulary

    @property
    def columns(self) -> int:
        """Columns of the rows it makes."""
        return self.encoding.num_words

    def rows(self, raw: Raw) -> Bags:
        """The rows of ``raw``.

        Raises:
            DataError: ``raw`` is numbers, or ids of other words than those of this vocabulary.
        """
        match raw:
            case Texts():
                return encode(_ids(raw, self.vocabulary), self.encoding)
            case Ids():
                known = self.vocabulary.words
                if raw.vocabulary.words[: len(known)] != known:
                    raise DataError("The word ids are of another vocabulary: prepare the texts themselves.")
                return encode(raw, self.encoding)
            case Numbers() | Table():
                found = "columns of a table" if isinstance(raw, Table) else "numbers"
                raise DataError(f"This preparation takes texts, got rows of {len(raw.columns)} {found}.")
            case Bags():
                raise DataError(f"This preparation takes texts, got sparse rows of {raw.columns} columns.")

    def column_name(self, column: int) -> str:
        """The word that a column of the rows stands for."""
        special = {0: "(padding)", Vocabulary.START: "(start)", Vocabulary.UNKNOWN: "(unknown words)"}
        return special.get(column) or self.vocabulary.word(column)

    def raw_from_text(self, lines: Sequence[str]) -> Texts:
        """Raw rows from what a user types: each line is a text."""
        return Texts(lines)


@dataclass(frozen=True, eq=False)
class NumberPreparation:
    """Numbers to `Dense` rows: ``(value - shift) / scale``, column by column (float64, ``[columns]``)."""

    scaling: Scaling
    names: tuple[str, ...]
    shift: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]

    @property
    def columns(self) -> int:
        """Columns of the rows it makes."""
        return len(self.names)

    def rows(self, raw: Raw) -> Dense:
        """The rows of ``raw``.

        Raises:
            DataError: ``raw`` is not numbers, has other columns, a value is not finite, or there are so many
                that they would take more than half of the machine's memory.
        """
        if not isinstance(raw, Numbers):
            kinds = {Table: "a table", Bags: "sparse rows"}
            found = kinds.get(type(raw), "texts")
            raise DataError(f"This preparation takes rows of {len(self.names)} numbers, got {found}.")
        if raw.columns != self.names:
            raise DataError(_other_columns(self.names, raw.columns))
        # 8- and 16-bit values are exact in float32, and a large image set is not to be held as float64.
        wide = np.result_type(raw.values.dtype, np.float32)
        _require_memory(len(raw), self.columns, wide.itemsize + (4 if wide != np.float32 else 0))
        _require_finite(raw)
        values = raw.values.astype(wide)
        with np.errstate(all="ignore"):  # Dense names the row and column of an infinity.
            values -= self.shift.astype(wide)
            values /= self.scale.astype(wide)
            return Dense(np.ascontiguousarray(values, np.float32))

    def column_name(self, column: int) -> str:
        """The name of a column of the rows."""
        return self.names[column]

    def raw_from_text(self, lines: Sequence[str]) -> Numbers:
        """Raw rows from what a user types: each line has a number for every column, with commas between.

        Raises:
            DataError: a line has another number of values, or one is no finite number; with row (from 0)
                and column.
        """
        values = np.empty((len(lines), len(self.names)))
        for row, line in enumerate(lines):
            cells = line.split(",")
            if len(cells) != len(self.names):
                raise DataError(
                    f"Row {row}: expected {len(self.names)} numbers with commas between, got {len(cells)} "
                    f"(columns: {_few(self.names)})."
                )
            for column, (name, cell) in enumerate(zip(self.names, cells, strict=True)):
                try:
                    values[row, column] = float(cell)
                except ValueError:
                    found = f'expected a number, got "{cell.strip()}"'
                    raise DataError(f"Row {row}, column {column} ({name}): {found}.") from None
        raw = Numbers(values, self.names)
        _require_finite(raw)
        return raw


Preparation = TextPreparation | NumberPreparation | NgramPreparation | TablePreparation | BagPreparation
"""What has learned from training rows how to prepare rows of their kind."""


def fit_preparation(
    spec: PreparationSpec, raw: Raw, labels: npt.NDArray[np.generic] | None = None
) -> Preparation:
    """What ``spec`` learns from the training rows ``raw``: a vocabulary, or each column's shift and scale.

    Words are ranked by how often they stand in the texts, equally frequent ones by alphabet. Word
    ids come with published ranks, which are cut to ``num_words``. The rows' ``labels`` are asked for by
    n-grams with the weights ``log_count_ratio`` alone.

    Raises:
        DataError: ``spec`` is for the other kind of rows, there are no rows or too many for the machine's
            memory, or a value is not finite; or as `fit_ngrams`.
    """
    if len(raw) == 0:
        raise DataError("There are no training rows to fit a preparation on.")
    match spec, raw:
        case ((TextEncoding() | Ngrams()), Texts()):
            return _fit_text(spec, raw, labels)
        case TextEncoding(), Ids():
            return TextPreparation(spec, Vocabulary(raw.vocabulary.words[: words_below(spec.num_words)]))
        case Scaling(), Numbers():
            return _fit_scaling(spec, raw)
        case Scaling(kind="none"), Bags():
            return BagPreparation(raw.columns)
        case TableEncoding(), Table():
            return fit_table(raw, partial(_fit_text, spec.text, labels=labels))
    raise DataError(_misfit(spec, raw))


def read_once(spec: PreparationSpec, raw: Raw) -> None:
    """Read what each part of ``raw`` would read anew where it is fitted or prepared: the words of texts."""
    if isinstance(spec, TextEncoding) and isinstance(raw, Texts) and not is_lazy(raw):
        _ = raw.tokens


def prepared(preparation: Preparation, raw: Raw) -> Rows:
    """The rows of ``raw``: in files where there are too many texts among it to hold.

    Raises:
        DataError: as the preparation's ``rows``, or the disk is full.
    """
    if not is_lazy(raw):
        return preparation.rows(raw)
    return rows_on_disk(preparation.rows(raw.take(rows)) for rows in row_blocks(len(raw), _BLOCK))


def _misfit(spec: PreparationSpec, raw: Raw) -> str:
    """Why rows cannot be prepared so."""
    match spec, raw:
        case _, Bags():
            return "Sparse rows are taken as they are: give neither a text encoding nor a scaling."
        case _, Table():
            return "Rows of a table cannot have a text encoding or a scaling of all: give neither."
        case Ngrams(), _:
            return "N-grams are made of texts, and these rows are none: leave ngrams out."
        case TextEncoding(kind=kind), _:
            return f"Rows of numbers cannot have the text encoding {kind}: give a scaling."
        case Scaling(kind=kind), _:
            return f"Rows of text cannot have the scaling {kind}: give a text encoding."
    return "Rows of one kind cannot be prepared as a table: give an encoding or a scaling."


_COUNTED: WeakKeyDictionary[Raw, dict[PreparationSpec, int]] = WeakKeyDictionary()
"""Columns that have been counted, which for n-grams takes seconds, by rows."""


def columns_of(spec: PreparationSpec, raw: Raw) -> int:
    """Columns of the rows that a preparation of ``raw`` will make; counted once for the same rows."""
    known = _COUNTED.setdefault(raw, {})
    if spec not in known:
        known[spec] = _columns_of(spec, raw)
    return known[spec]


def _columns_of(spec: PreparationSpec, raw: Raw) -> int:
    match spec, raw:
        case TableEncoding(text=text), Table():
            return table_columns(raw, partial(columns_of, text))
        case TextEncoding(num_words=columns), _:
            return columns
        case Ngrams(), Texts():
            return count_ngrams(spec, raw).columns
        case _, Numbers(columns=names):
            return len(names)
        case _, Bags(columns=columns):
            return columns
    raise DataError("These rows cannot be prepared so.")


def _fit_text(
    spec: TextEncoding | Ngrams, raw: Texts, labels: npt.NDArray[np.generic] | None
) -> TextPreparation | NgramPreparation:
    if isinstance(spec, Ngrams):
        return fit_ngrams(spec, raw, labels)
    return TextPreparation(spec, _vocabulary(raw, spec.num_words))


def words_below(num_words: int) -> int:
    """How many words have an id below ``num_words``."""
    return num_words - Vocabulary.INDEX_FROM - 1


def _vocabulary(raw: Texts, num_words: int) -> Vocabulary:
    counter: Counter[str] = Counter()
    for texts in map(raw.take, row_blocks(len(raw), _BLOCK)) if is_lazy(raw) else (raw,):
        counter.update(texts.read().counted())
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return Vocabulary(tuple(word for word, _ in ranked[: words_below(num_words)]))


def _ids(raw: Texts, vocabulary: Vocabulary) -> Ids:
    """Word ids of texts: each begins with the start id, and words not in ``vocabulary`` are unknown."""
    read, known = raw.read(), vocabulary.ids
    found = map(known.get, read.words, repeat(Vocabulary.UNKNOWN))
    ids = np.fromiter(found, np.int32, len(read.words))
    ends = read.indptr + np.arange(len(read.indptr))
    is_word = np.ones(ends[-1], np.bool_)
    is_word[ends[:-1]] = False
    flat = np.full(ends[-1], Vocabulary.START, np.int32)
    flat[is_word] = ids[read.ids]
    return Ids(flat, ends, vocabulary)


def _fit_scaling(spec: Scaling, raw: Numbers) -> NumberPreparation:
    columns = len(raw.columns)
    shift, scale = np.zeros(columns), np.full(columns, spec.by)
    if spec.kind == "standard":  # whose deviation is taken of float64
        _require_memory(len(raw), columns, np.dtype(np.float64).itemsize)
    _require_finite(raw)
    if spec.kind == "standard":
        with np.errstate(over="ignore", invalid="ignore"):
            shift, scale = raw.values.mean(axis=0, dtype=np.float64), raw.values.std(axis=0, dtype=np.float64)
        # Rounding gives a constant column a deviation above 0, and tiny values one of 0.
        scale[(raw.values.min(axis=0) == raw.values.max(axis=0)) | (scale == 0)] = 1.0
        if (wild := ~(np.isfinite(shift) & np.isfinite(scale))).any():
            name = raw.columns[int(np.argmax(wild))]
            raise DataError(f"Column {name}: its values are too large to be standardized; divide them first.")
    return NumberPreparation(spec, raw.columns, shift, scale)


def _require_finite(raw: Numbers) -> None:
    if not (finite := np.isfinite(raw.values)).all():
        row, column = (int(axis[0]) for axis in np.nonzero(~finite))
        raise DataError(
            f"Row {row}, column {column} ({raw.columns[column]}): the value is {raw.values[row, column]}; "
            "fill in or leave out what is missing."
        )


def _require_memory(rows: int, columns: int, size: int) -> None:
    """Raise `DataError` where so many numbers of ``size`` bytes would not fit; before any of them is made."""
    needed, limit = rows * columns * size, int(MOST_SHARE * memory())
    if needed > limit:
        raise DataError(
            f"{rows:,} rows of {columns:,} numbers would take {needed / 1e9:.1f} GB as dense rows, and they "
            f"may take {limit / 1e9:.1f} GB, {MOST_SHARE:.0%} of this machine's memory: give fewer rows or "
            "columns."
        )


def _other_columns(expected: tuple[str, ...], found: tuple[str, ...]) -> str:
    if len(expected) != len(found):
        return f"This preparation takes rows of {len(expected)} numbers, got {len(found)}."
    column = next(i for i, pair in enumerate(zip(expected, found, strict=True)) if pair[0] != pair[1])
    return f"Column {column}: this preparation expects {expected[column]}, got {found[column]}."


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
