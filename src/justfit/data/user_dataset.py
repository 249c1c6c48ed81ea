"""`dataset_of`: rows of files as people have them to a `Dataset`, with all that was decided on the way."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from justfit.data import mapped
from justfit.data.columns import INPUTS, Column
from justfit.data.dataset import Dataset, Labels, Part, Sealed, fingerprint
from justfit.data.files.frame import Frame
from justfit.data.files.kept import joined
from justfit.data.finding import counted
from justfit.data.on_disk import give_back_all
from justfit.data.raw import Numbers, Raw, Texts, is_on_disk
from justfit.data.rows import Bags
from justfit.data.splits import splits
from justfit.data.table_columns import asked_kinds, typed
from justfit.data.table_labels import LabelColumn, labels_of, unlabelled
from justfit.data.table_parts import PARTS, parts_of
from justfit.data.table_rows import Odd, raw_of, taken
from justfit.data.table_target import infer_target
from justfit.errors import DataError
from justfit.spec import HoldOut, Ngrams, PreparationSpec, Protocol, Scaling, TableEncoding, task_named

SEALED = 0.2
"""Share of the rows that is sealed where no test rows are given."""

MOST_TYPED = 1_000_000
"""Rows by which columns are typed, where their strings stand on the disk."""

_LOOKED_AT = 1_000
"""Texts, to see whether they are single words."""

FEWEST_ROWS = 10
"""With a label; of fewer no part can be held out that says anything."""


@dataclass(frozen=True)
class LeftOut:
    """A row that could not be used."""

    source: str
    row: int
    """Its number in the file; data rows count from 1."""
    reason: str


@dataclass(frozen=True)
class DataReport:
    """What was decided between file and data set, and why."""

    target: str
    task: str
    task_reason: str
    classes: tuple[str, ...]
    columns: tuple[Column, ...]
    """All but the target, in the order of the file; those that are inputs have a kind in `INPUTS`."""
    left_out: tuple[LeftOut, ...]
    """All rows that were not used."""
    odd: tuple[Odd, ...]
    """Cells that count as missing though they are not empty."""
    notes: tuple[str, ...]
    """Sentences about parts and reading."""
    protocol: Protocol | None
    """Which rows validate, where validation rows were given; None leaves it open."""


def dataset_of(  # noqa: PLR0913 - what can be decided about a file
    frames: Mapping[str, Frame],
    *,
    name: str,
    target: str,
    task: str | None = None,
    text: Collection[str] = (),
    drop: Collection[str] = (),
    categories: Collection[str] = (),
    numbers: Collection[str] = (),
    seed: int = 0,
    strict: bool = False,
) -> tuple[Dataset, DataReport]:
    """The data set of one file, or of files of training, validation and test rows.

    Columns are typed by the rows that train; the rows that are sealed are only checked.
    Without test rows a fifth is sealed, stratified by class, always the same for the same rows and seed.
    Validation rows stand last among the training rows; the report has the protocol that lets them validate.

    Args:
        frames: by name, as in `PARTS`; ``train`` must be there.
        name: of the data set.
        target: name of the column that holds the labels.
        task: one of `justfit.spec.TASKS`, to override what is inferred.
        text: names of columns to take as text.
        drop: names of columns to leave out.
        categories: names of columns to take as categories.
        numbers: names of columns to take as numbers.
        seed: of the choice of the rows that are sealed.
        strict: whether to stop at rows or cells that cannot be used, instead of leaving them out.

    Raises:
        DataError: rows, columns or labels cannot be used, with file, row and column.
        SpecError: there is no such task.
    """
    asked = asked_kinds(text, categories, numbers)
    frames = parts_of(frames, target, drop, asked)
    left_out: list[LeftOut] = []
    usable = {part: _usable(frame, target, drop, left_out) for part, frame in frames.items()}
    train = usable["train"]
    _require_rows(train, frames["train"], target)
    reading = _target(train, target, task)
    if "test" not in frames:
        train, reading = _without_lone_classes(train, reading, task, left_out)
    if strict and left_out:
        raise DataError(_strict(left_out))
    parts = {part: _labels(frame, reading) for part, frame in {**usable, "train": train}.items()}
    notes = [f"{len(parts[part].labels):,} {part} rows were given." for part in PARTS[1:] if part in parts]
    if "test" not in parts:
        notes.insert(0, _seal(parts, reading, seed))
    notes += _reading_notes(frames, len(parts["train"].labels))
    drawn = _drawn(parts, asked, target)
    if strict and drawn.odd:
        raise DataError(f"{drawn.odd[0].sentence} Correct them, or do not ask to be strict.")
    validation = parts.get("validation")
    report = DataReport(
        target=target,
        task=reading.task.name,
        task_reason=reading.reason,
        classes=reading.classes,
        columns=(*drawn.columns, *(Column(each, "id", "left out, as asked") for each in drop)),
        left_out=tuple(left_out),
        odd=drawn.odd,
        notes=tuple(dict.fromkeys(notes)),
        protocol=None if validation is None else HoldOut(how="last", size=len(validation.labels)),
    )
    dataset = _dataset(name, reading, drawn, report.notes)
    if train.kept or train.bags is not None:
        give_back_all()  # what reading labels and sealing took
    return dataset, report


def preparation_of(raw: Raw) -> PreparationSpec:
    """How rows of a file are prepared unless asked otherwise."""
    match raw:
        case Bags():
            return Scaling("none")  # a shift would fill every cell
        case Numbers():
            # Pixels, too: where most are bright, dividing by 255 leaves units that never learn.
            return Scaling("standard")
        case Texts(texts):
            looked_at = [text.strip() for text in texts[:_LOOKED_AT]]
            if sum(" " in text for text in looked_at) < len(looked_at) / 10:
                return Ngrams("character", longest=3)  # as single words, hardly one would come again
            return Ngrams()
        case _:
            return TableEncoding()


@dataclass(frozen=True, eq=False)
class _Labelled:
    """Rows of a frame and their labels."""

    frame: Frame
    labels: Labels

    def take(self, rows: npt.NDArray[np.intp]) -> "_Labelled":
        return _Labelled(taken(self.frame, rows), mapped.taken(self.labels, rows))


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Columns, and the two parts that were made of them."""

    columns: tuple[Column, ...]
    train: Part
    test: Part
    odd: tuple[Odd, ...]


def _usable(frame: Frame, target: str, drop: Collection[str], left_out: list[LeftOut]) -> Frame:
    """The rows with a label, without the columns to drop; tells of the others."""
    where = f'{frame.source}, column "{target}"'
    left_out += [LeftOut(frame.source, each.row, each.reason) for each in frame.skipped]
    without = unlabelled(frame.column(target), where)
    left_out += [LeftOut(frame.source, int(frame.rows[place]), why) for place, why in sorted(without.items())]
    if len(without) == len(frame):
        which = f'row with a label in column "{target}"' if len(frame) else "row"
        raise DataError(f"{frame.source} has no {which}: give some.")
    kept = frame if not without else taken(frame, np.delete(np.arange(len(frame)), list(without)))
    there = [name for name in drop if name in kept.table.column_names]
    return dataclasses.replace(kept, table=kept.table.drop_columns(there)) if there else kept


def _require_rows(train: Frame, whole: Frame, target: str) -> None:
    if len(train) < FEWEST_ROWS:
        raise DataError(
            f'{whole.source} has {counted(len(train), "row")} with a label in column "{target}": at least '
            f"{FEWEST_ROWS} are needed to train, validate and test."
        )


def _target(train: Frame, target: str, task: str | None) -> LabelColumn:
    return infer_target(train.column(target), target, f'{train.source}, column "{target}"', task)


def _labels(frame: Frame, reading: LabelColumn) -> _Labelled:
    where = f'{frame.source}, column "{reading.name}"'
    return _Labelled(frame, labels_of(frame.column(reading.name), reading, frame.rows, where))


def _has_one_class_a_row(reading: LabelColumn) -> bool:
    return reading.task.name in ("binary", "multiclass")


def _without_lone_classes(
    train: Frame, reading: LabelColumn, task: str | None, left_out: list[LeftOut]
) -> tuple[Frame, LabelColumn]:
    """Without the rows that are the only ones of their class, which cannot both train and test."""
    if not _has_one_class_a_row(reading):
        return train, reading
    labels = _labels(train, reading).labels.astype(np.int64, copy=False)
    lone = np.bincount(labels, minlength=len(reading.classes)) == 1
    if not lone.any():
        return train, reading
    alone = lone[labels]
    for row in np.flatnonzero(alone).tolist():
        name = reading.classes[int(labels[row])]
        left_out.append(LeftOut(train.source, int(train.rows[row]), f'the only row of class "{name}"'))
    rest = taken(train, np.flatnonzero(~alone))
    _require_rows(rest, train, reading.name)
    return rest, _target(rest, reading.name, task)


def _strict(left_out: Sequence[LeftOut]) -> str:
    first = left_out[0]
    rows = "row cannot" if len(left_out) == 1 else "rows cannot"
    return (
        f"{len(left_out):,} {rows} be used, the first is row {first.row} of {first.source}: {first.reason}. "
        "Correct them, or do not ask to be strict."
    )


def _seal(parts: dict[str, _Labelled], reading: LabelColumn, seed: int) -> str:
    """Move a fifth of the training rows to the test rows, and say so."""
    train = parts["train"]
    count = HoldOut(size=SEALED).rows(len(train.labels))
    task, how = reading.task, "taken by chance"
    if _has_one_class_a_row(reading):
        members = np.bincount(train.labels.astype(np.int64, copy=False))
        how = "with the shares of the classes"
        if min(count, len(train.labels) - count) < np.count_nonzero(members):
            task, how = (
                task_named("regression"),
                "taken by chance, for there are too many classes for their shares",
            )
    (parted,) = splits(HoldOut(size=SEALED, seed=seed), train.labels, task)
    parts["train"], parts["test"] = train.take(parted.train), train.take(parted.validation)
    return f"{count:,} of {len(train.labels):,} rows were sealed first as test rows, {how} (seed {seed})."


def _reading_notes(frames: Mapping[str, Frame], train_rows: int) -> list[str]:
    notes = [note for frame in frames.values() for note in frame.notes]
    if frames["train"].kept and train_rows > MOST_TYPED:
        notes.append(f"Columns are typed by the first {MOST_TYPED:,} of {train_rows:,} training rows.")
    return notes


def _drawn(parts: Mapping[str, _Labelled], asked: dict[str, str], target: str) -> _Drawn:
    """Columns typed by the rows that train, and the raw rows of both parts."""
    train, test = parts["train"], parts["test"]
    looked_at = train.frame.between(0, MOST_TYPED) if train.frame.kept else train.frame
    columns = typed(looked_at.table.drop_columns([target]), asked, train.frame.source)
    if train.frame.bags is None and not any(column.kind in INPUTS for column in columns):
        said = "; ".join(f"{column.name}: {column.reason}" for column in columns[:5])
        raise DataError(f"{train.frame.source} has no column to learn from ({said or 'only the target'}).")
    pool, labels = train.frame, train.labels
    if (validation := parts.get("validation")) is not None:
        source = f"{train.frame.source} and {validation.frame.source}"
        pool = dataclasses.replace(joined([train.frame, validation.frame]), source=source)
        labels = np.concatenate([labels, validation.labels])
    raw, odd = raw_of(pool, columns)
    test_raw, test_odd = raw_of(test.frame, columns)
    return _Drawn(columns, _part(raw, labels), _part(test_raw, test.labels), _together((*odd, *test_odd)))


def _part(raw: Raw, labels: Labels) -> Part:
    """Rows and their labels, which are in a file where the rows are."""
    return Part(raw, mapped.to_file(labels) if is_on_disk(raw) and not mapped.is_mapped(labels) else labels)


def _together(odd: Sequence[Odd]) -> tuple[Odd, ...]:
    """One for each column of a file, though its rows train and test."""
    found: dict[tuple[str, str], Odd] = {}
    for each in odd:
        key = each.source, each.column
        rows = sorted({*found[key].rows, *each.rows}) if key in found else each.rows
        found[key] = dataclasses.replace(found.get(key, each), rows=tuple(rows))
    return tuple(found.values())


def _dataset(name: str, reading: LabelColumn, drawn: _Drawn, notes: tuple[str, ...]) -> Dataset:
    train, test = drawn.train, drawn.test
    return Dataset(
        name=name,
        task=reading.task,
        classes=reading.classes,
        train=train,
        sealed=Sealed(len(test), lambda: test, lambda: test.raw),
        preparation=preparation_of(train.raw),
        fingerprint=fingerprint(train, sealed=fingerprint(test, sealed="")),
        notes=notes,
        columns=tuple(column for column in drawn.columns if column.kind in INPUTS),
    )
