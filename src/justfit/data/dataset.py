"""`Dataset`: raw rows, labels, and test rows that stay sealed until the final step."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from justfit.data.columns import Column
from justfit.data.duplicates import UInt64, WordHashes, among, hashed_texts, row_hashes
from justfit.data.mapped import taken
from justfit.data.near_duplicates import near_training_rows
from justfit.data.raw import Ids, Numbers, Raw, Table, Texts
from justfit.data.rows import Bags
from justfit.errors import DataError, SealError
from justfit.spec import PreparationSpec, Task

Labels = npt.NDArray[np.int64] | npt.NDArray[np.float32]
"""Class numbers (int64, ``[rows]``) for binary and multiclass; float32 ``[rows]`` for regression and
``[rows, labels]`` for multilabel."""


@dataclass(frozen=True, eq=False)
class Part:
    """Raw rows and their labels, one label a row."""

    raw: Raw
    labels: Labels
    groups: npt.NDArray[np.int64] | None = None
    """A number a row, the same for rows that belong together; None where nothing is known."""

    def __post_init__(self) -> None:
        if len(self.raw) != len(self.labels):
            raise DataError(f"There are {len(self.raw)} rows but {len(self.labels)} labels.")
        if self.groups is not None and len(self.groups) != len(self.labels):
            raise DataError(f"There are {len(self.labels)} rows but {len(self.groups)} groups.")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: npt.NDArray[np.intp]) -> "Part":
        """The rows numbered ``rows``, in that order."""
        groups = None if self.groups is None else self.groups[rows]
        return Part(self.raw.take(rows), taken(self.labels, rows), groups)


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers (intp, ascending) of the rows that train and of those that validate; none does both."""

    train: npt.NDArray[np.intp]
    validation: npt.NDArray[np.intp]


_BLOCK = 1 << 16
"""Texts that are read at a time."""

_EXAMPLES = 5
"""Of training texts that test texts nearly repeat."""


@dataclass(frozen=True, eq=False)
class Overlap:
    """Which training rows stand in the test part, and how many test rows those are."""

    test_rows: int
    train: npt.NDArray[np.bool_]
    """Of each training row whether it does."""
    near_test_rows: int = 0
    """How many test texts are none of the training texts, but nearly repeat one."""
    near: tuple[int, ...] = ()
    """Numbers of some training texts that they nearly repeat, rising."""


class Sealed:
    """Test rows that are not read, let alone reachable, before `open` is called, once.

    Everything that trains, tunes or chooses works on arrays taken from the training part; only
    the final step of the workflow holds the data set and opens this.

    Args:
        count: how many rows there are.
        read: reads them with their labels; called by `open` alone.
        read_raw: reads them without their labels, for `overlap`; None where the source cannot.
    """

    def __init__(
        self, count: int, read: Callable[[], Part], read_raw: Callable[[], Raw] | None = None
    ) -> None:
        self.count = count
        self._read: Callable[[], Part] | None = read
        self._read_raw = read_raw

    def __repr__(self) -> str:
        return f"<{self.count} sealed test rows>" if self._read else f"<{self.count} test rows, opened>"

    def open(self) -> Part:
        """The test rows.

        Raises:
            SealError: they were opened before.
            DataError: the source gives another number of rows than it promised.
        """
        if self._read is None:
            raise SealError("The test rows were opened before: they can be looked at once.")
        read, self._read = self._read, None
        part = read()
        if len(part) != self.count:
            raise DataError(f"The source promised {self.count} test rows and gave {len(part)}.")
        return part

    def overlap(self, hashes: UInt64, words: WordHashes | None = None) -> Overlap | None:
        """What training and test part have in common, found without opening the seal.

        No label of a test row is read. The rows are read, become hashes here, and are let go: what
        leaves are counts, and which training rows were met.

        Args:
            hashes: of the training rows, as `justfit.data.duplicates.row_hashes` gives them.
            words: of the training rows, where they are texts, to count near repeats, too.

        Returns:
            The overlap; None where the source cannot read test rows without their labels.

        Raises:
            DataError: the test rows cannot be read.
        """
        if self._read_raw is None:
            return None
        raw, near = self._read_raw(), np.zeros(0, np.intp)
        if words is not None and isinstance(raw, Texts | Ids):
            texts = hashed_texts(raw)
            own, near = texts.hashes, near_training_rows(words, texts.first)
        else:
            own = row_hashes(raw)
        near = near[near >= 0]
        train = among(hashes, own)
        return Overlap(
            test_rows=int(among(own, hashes[train]).sum()),
            train=train,
            near_test_rows=len(near),
            near=tuple(np.unique(near)[:_EXAMPLES].tolist()),
        )


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named data set: what is to be learned, the training rows, and the sealed test rows."""

    name: str
    task: Task
    classes: tuple[str, ...]
    """Names of the classes in the order of their numbers; empty for regression."""
    train: Part
    sealed: Sealed = field(repr=False)
    preparation: PreparationSpec
    """How its rows are prepared unless asked otherwise."""
    fingerprint: str
    """16 hexadecimal digits that change when a row or a label does."""
    notes: tuple[str, ...] = ()
    """What a reader of its figures must know, a sentence each."""
    columns: tuple[Column, ...] = ()
    """Of the file that the rows come from, those that they are made of; none where there is no file."""

    @property
    def outputs(self) -> int:
        """Units of the last layer."""
        return self.task.outputs(len(self.classes))

    def first(self, rows: int) -> "Dataset":
        """The same data set with only the first ``rows`` training rows; the test rows are the same, sealed.

        With all of them it is this data set, and so its runs are those already trained.

        Raises:
            DataError: there are not so many.
        """
        if rows > len(self.train):
            raise DataError(f"{self.name} has {len(self.train)} training rows, not {rows}: ask for fewer.")
        if rows == len(self.train):
            return self
        train = self.train.take(np.arange(rows))
        note = f"Only the first {rows:,} of {len(self.train):,} training rows are used."
        return dataclasses.replace(
            self,
            train=train,
            fingerprint=fingerprint(train, sealed=self.fingerprint),
            notes=(*self.notes, note),
        )


def fingerprint(train: Part, sealed: str) -> str:
    """16 hexadecimal digits of training rows, their labels, and a text that identifies the sealed rows."""
    digest = hashlib.sha256(sealed.encode())
    arrays: tuple[npt.NDArray[np.generic], ...]
    match train.raw:
        case Texts(texts):
            for piece in _as_json(texts):
                digest.update(piece)
            arrays = ()
        case Ids(ids, indptr):
            arrays = (ids, indptr)
        case Numbers(values, columns):
            digest.update(json.dumps(columns).encode())
            arrays = (values,)
        case Table(columns, values, categories, columns_of_texts):
            levels = [each.levels for each in categories]
            kinds = [(column.name, column.kind, column.form) for column in columns]
            digest.update(json.dumps([kinds, levels]).encode().removesuffix(b"]") + b", [")
            for number, texts in enumerate(columns_of_texts):
                digest.update(b", " if number else b"")
                for piece in _as_json(texts):
                    digest.update(piece)
            digest.update(b"]]")
            arrays = (values, *(each.codes for each in categories))
        case Bags(indptr, indices, entries, width):
            digest.update(f"sparse{width}".encode())
            arrays = (indptr, indices, entries)
    groups = () if train.groups is None else (train.groups,)
    for array in (*arrays, train.labels, *groups):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]


def _as_json(texts: Sequence[str]) -> Iterator[bytes]:
    """What ``json.dumps`` gives for a list of texts, in pieces."""
    yield b"["
    for start in range(0, len(texts), _BLOCK):
        block = json.dumps(list(texts[start : start + _BLOCK])).encode()
        yield (b", " if start else b"") + block[1:-1]
    yield b"]"
