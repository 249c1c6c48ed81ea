"""`audit`: what is wrong or remarkable with the rows and labels of a data set, before anything is trained."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from justfit.data.audit_columns import bag_findings, column_findings, table_findings
from justfit.data.audit_labels import label_findings, order_findings, split_findings, takes_file_order
from justfit.data.dataset import Dataset, Part, Split
from justfit.data.duplicates import (
    UInt64,
    WordHashes,
    first_of_same,
    hashed_texts,
    number_hashes,
    row_hashes,
)
from justfit.data.finding import LEVELS, counted, has, of_rows
from justfit.data.finding import Finding as Finding
from justfit.data.near_duplicates import near_duplicates
from justfit.data.raw import Numbers, Table
from justfit.data.rows import Bags
from justfit.machine import give_back
from justfit.spec import Protocol

_LONG = 20
"""Times the median length, above which a text is called extremely long."""


def audit(
    dataset: Dataset, protocol: Protocol | None = None, splits: Sequence[Split] = ()
) -> tuple[Finding, ...]:
    """What there is to say about the training rows of a data set and their labels, the worst first.

    The test rows stay sealed: how many of them stand in the training part, too, or nearly repeat a row of
    it, is counted by `Sealed.overlap`.

    Args:
        dataset: whose rows.
        protocol: which rows validate; None where that is not decided yet.
        splits: those of the protocol.

    Raises:
        DataError: the file of the test rows cannot be read.
    """
    train, task, classes = dataset.train, dataset.task, dataset.classes
    found = [
        *label_findings(train.labels, task, classes),
        *order_findings(train.labels, task, protocol),
        *(split_findings(train.labels, task, classes, splits) if takes_file_order(protocol) else ()),
    ]
    texts = None
    if isinstance(train.raw, Numbers):
        found += column_findings(train, train.raw, task)
        hashes = number_hashes(train.raw.values)
    elif isinstance(train.raw, Table):
        found += table_findings(train, train.raw, task)
        hashes = row_hashes(train.raw)
    elif isinstance(train.raw, Bags):
        found += bag_findings(train, train.raw, task)
        hashes = row_hashes(train.raw)
    else:
        texts = hashed_texts(train.raw)
        hashes = texts.hashes
        found += _length_findings(texts.lengths)
        found += _near(near_duplicates(texts.first), len(hashes))
    found += _same(hashes, train, classification=task.is_classification)
    found += _overlap(hashes, texts.first if texts else None, dataset)
    del hashes, texts
    give_back()
    return tuple(sorted(found, key=lambda each: LEVELS.index(each.level)))


def _length_findings(lengths: npt.NDArray[np.int64]) -> Iterator[Finding]:
    middle = float(np.median(lengths))
    shortest, longest = int(lengths.min()), int(lengths.max())
    said = f"The training texts have {shortest:,} to {longest:,} words, and half of them up to {middle:,.0f}."
    yield of_rows("lengths", "note", np.array([lengths.argmin(), lengths.argmax()]), said)
    if len(empty := np.flatnonzero(lengths == 0)):
        text = f"{counted(len(empty), 'training text')} {has(len(empty))} no word (such as row {empty[0]})"
        yield of_rows("empty_texts", "warning", empty, f"{text}: leave out what is empty.")
    if len(long := np.flatnonzero(lengths > _LONG * max(middle, 1))):
        yield of_rows(
            "long_texts",
            "warning",
            long,
            f"{counted(len(long), 'training text')} {has(len(long))} more than {_LONG} times as many words "
            f"as the median (such as row {long[0]}): see whether several texts stand in one row.",
        )


def _near(near: npt.NDArray[np.intp], count: int) -> Iterator[Finding]:
    """Near repeats among the first ones of ``count`` texts."""
    if len(near) < count:
        yield Finding(
            "near_duplicates_of_first",
            "note",
            len(near),
            (),
            f"Texts that nearly repeat another are looked for among the first {len(near):,} of {count:,} "
            "training texts alone, as all would take too much memory, and likewise among the test texts.",
        )
    if len(rows := np.flatnonzero(near != np.arange(len(near)))):
        yield of_rows(
            "near_duplicate_rows",
            "warning",
            rows,
            f"{counted(len(rows), 'training text')} nearly repeat{_s(rows)} an earlier one (as row "
            f"{rows[0]} does row {near[rows[0]]}), so one may train and the other validate: leave one out, "
            "or group them.",
        )


def _same(hashes: UInt64, train: Part, *, classification: bool) -> Iterator[Finding]:
    """Rows that repeat another one, and those of them that have another label."""
    first = first_of_same(hashes)
    rows = np.flatnonzero(first != np.arange(len(first)))
    if len(rows) == 0:
        return
    yield of_rows(
        "duplicate_rows",
        "warning",
        rows,
        f"{counted(len(rows), 'training row')} repeat{_s(rows)} an earlier one (as row {rows[0]} does row "
        f"{first[rows[0]]}), so one may train and the other validate: leave one out, or group them.",
    )
    differ = train.labels[rows] != train.labels[first[rows]]
    if differ.ndim > 1:
        differ = differ.any(axis=1)
    if len(other := rows[differ]):
        yield of_rows(
            "two_labels",
            "warning" if classification else "note",
            other,
            f"{counted(len(other), 'training row')} {has(len(other))} another label than an equal row before "
            f"(such as row {other[0]} and row {first[other[0]]}), and no network can learn both: correct "
            "them, or leave them out.",
        )


def _overlap(hashes: UInt64, words: WordHashes | None, dataset: Dataset) -> Iterator[Finding]:
    if (overlap := dataset.sealed.overlap(hashes, words)) is None:
        return
    of = f"of {dataset.sealed.count:,} test rows"
    if count := overlap.test_rows:
        rows = np.flatnonzero(overlap.train)
        yield Finding(
            "overlap",
            "warning",
            count,
            tuple(rows[:5].tolist()),
            f"{count:,} {of} {'stands' if count == 1 else 'stand'} in the training part, too (such as "
            f"training row {rows[0]}), which flatters test figures: leave such rows out of either part.",
        )
    if count := overlap.near_test_rows:
        yield Finding(
            "near_overlap",
            "warning",
            count,
            overlap.near,
            f"{count:,} {of} nearly {'repeats' if count == 1 else 'repeat'} a training row (such as "
            f"training row {overlap.near[0]}), which flatters test figures: leave such rows out of either "
            "part.",
        )


def _s(rows: npt.NDArray[np.intp]) -> str:
    """The ending of a verb."""
    return "s" if len(rows) == 1 else ""
