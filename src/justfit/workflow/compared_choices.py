"""`ComparedChoices`: networks that studies have chosen, one against another on the same validation rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from justfit.data.dataset import Dataset, Labels
from justfit.errors import SpecError, StoreError
from justfit.judge import Comparison, compare_correct, compare_rows, holm, row_losses, verdict_of
from justfit.store import StoredStudy, read_validation
from justfit.store.entries import read_from
from justfit.workflow.stored_rows import dataset_of, held_out
from justfit.workflow.validation_outputs import threshold_of

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Asked:
    """A study's chosen network and what it says of the training rows that it was not trained on."""

    study: StoredStudy
    network: str
    rows: npt.NDArray[np.intp]
    outputs: npt.NDArray[np.float32]
    threshold: float


@dataclass(frozen=True, repr=False)
class ComparedChoices:
    """The network that a study has chosen against those of others, on training rows that validated both."""

    data: str
    """The data set's name."""
    first: Mapping[str, str]
    """The first study: its ``name`` and ``id``, and its ``network``."""
    comparisons: tuple[Mapping[str, Any], ...]
    """For each other study and each ``figure`` (``accuracy`` and ``loss``, or ``mae``): ``name``, ``id`` and
    ``network``; how many ``rows`` are compared; ``value`` of its network and ``first_value`` of the first
    one's; their ``difference`` with ``low`` and ``high``; ``p`` and ``verdict``."""

    def table(self) -> pa.Table:
        """A row a comparison, with the ends of the difference's 95% interval as columns of their own."""
        rows = []
        for each in self.comparisons:
            apart = each["difference"]
            ends = {"difference_low": apart["low"], "difference_high": apart["high"]}
            rows.append({**each, "difference": apart["value"], **ends})
        return pa.Table.from_pylist(rows, _SCHEMA)

    def __repr__(self) -> str:
        others = dict.fromkeys(f'"{each["network"]}" of {each["name"]}' for each in self.comparisons)
        first = f'"{self.first["network"]}" of {self.first["name"]}'
        return f"<{first} compared with {', '.join(others)} on validation rows of {self.data}>"


_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("name", "id", "network", "figure")),
        ("rows", pa.int64()),
        *((name, pa.float64()) for name in ("value", "first_value")),
        *((name, pa.float64()) for name in ("difference", "difference_low", "difference_high", "p")),
        ("verdict", pa.string()),
    ]
)


def compare_choices(
    studies: Sequence[StoredStudy], load: Callable[[StoredStudy], Dataset] = dataset_of
) -> ComparedChoices:
    """The chosen network of the first study against that of each other one.

    They are compared on the training rows that validated both. The difference of their losses, or of
    absolute errors, is by a paired bootstrap of rows; that of their accuracies by McNemar's test. All are
    corrected together, by Holm. No test row is opened. What a network says of validation rows is kept in its
    study's folder, so that it is trained again only once.

    Args:
        studies: two or more, as they are stored.
        load: gives a study's data set.

    Raises:
        StoreError: a study is not done, or of other rows than it was.
        SpecError: a study is named twice or on other rows than the first; no training row validates in one,
            or none in both.
    """
    if len({study.id for study in studies}) < len(studies):
        raise SpecError("A study is named twice, and would be compared with itself: name different ones.")
    dataset = load(studies[0])
    first, *others = [_asked(study, dataset, load) for study in studies]
    found = [(other, line) for other in others for line in _lines(first, other, dataset)]
    corrected = iter(holm([line.between.p for _, line in found if line.between.p is not None]))
    comparisons = []
    for other, line in found:
        p = None if line.between.p is None else next(corrected)
        difference, better = line.between.difference, line.figure == "accuracy"
        told = {
            "figure": line.figure,
            "rows": line.between.pairs,
            "value": float(line.other.mean()),
            "first_value": float(line.first.mean()),
            "difference": asdict(difference),
            "p": p,
            "verdict": None if p is None else verdict_of(difference.value, p, more_is_better=better),
        }
        comparisons.append({**_named(other), **told})
    return ComparedChoices(dataset.name, _named(first), tuple(comparisons))


def _named(asked: _Asked) -> dict[str, str]:
    return {"name": asked.study.name, "id": asked.study.id, "network": asked.network}


def _asked(study: StoredStudy, dataset: Dataset, load: Callable[[StoredStudy], Dataset]) -> _Asked:
    """What is stored of a study's validation rows, or else what its network says anew."""
    if study.result is None:
        raise StoreError(f"{study.name} {study.id} has chosen no network yet: carry it out first.")
    if study.is_leaked:
        raise SpecError(
            f"Test rows validate in {study.name} {study.id}, and they are opened for nothing but a study's "
            "own figures: hold training rows out instead."
        )
    own = load(study)
    if own.fingerprint != dataset.fingerprint:
        raise SpecError(
            f"{study.name} {study.id} is on other training rows than the first study, so nothing pairs their "
            "networks' answers: compare studies of the same rows."
        )
    if (kept := read_validation(study.folder)) is None:
        held = held_out(study, own)
        kept = held.rows, held.outputs
    with read_from(study.folder):
        if kept[0].size and int(kept[0][-1]) >= len(own.train):
            raise IndexError(f"row {kept[0][-1]} of validation outputs")
        chosen = str(study.result["chosen"])
        return _Asked(study, chosen, *kept, threshold_of(study, chosen))


@dataclass(frozen=True, eq=False)
class _Line:
    """Two networks by one figure of each row."""

    figure: str
    first: Values
    other: Values
    between: Comparison


def _lines(first: _Asked, other: _Asked, dataset: Dataset) -> Iterator[_Line]:
    rows, *places = np.intersect1d(first.rows, other.rows, assume_unique=True, return_indices=True)
    if not len(rows):
        raise SpecError(
            f"No row validates both in {first.study.name} {first.study.id} and in {other.study.name} "
            f"{other.study.id}: choose both by the same validation rows."
        )
    labels, task = dataset.train.labels[rows], dataset.task
    asked = [(each.outputs[place], each) for each, place in zip((first, other), places, strict=True)]
    if not task.is_classification:
        one, two = (abs(outputs[:, 0].astype(float) - labels.astype(float)) for outputs, _ in asked)
        yield _Line("mae", one, two, compare_rows(two, one))
        return
    one, two = (_right(labels, outputs, each.threshold) for outputs, each in asked)
    if labels.ndim > 1:
        yield _Line("accuracy", one, two, compare_rows(two, one, more_is_better=True))
    else:
        yield _Line("accuracy", one, two, compare_correct(two, one))
    one, two = (row_losses(task.loss(), labels, outputs) for outputs, _ in asked)
    yield _Line("loss", one, two, compare_rows(two, one))


def _right(labels: Labels, outputs: npt.NDArray[np.float32], threshold: float) -> Values:
    """1 where a row is right and 0 where it is not; of several labels a row the share that is right."""
    if labels.ndim > 1:
        shares: Values = ((outputs > 0.5) == (labels > 0.5)).mean(axis=1)
        return shares
    is_binary = outputs.shape[1] == 1
    answers = outputs[:, 0].astype(np.float64) > threshold if is_binary else outputs.argmax(axis=1)
    return np.asarray(answers == labels, np.float64)
