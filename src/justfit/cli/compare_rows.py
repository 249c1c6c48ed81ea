"""Networks that studies have chosen, one against another on the same validation rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.cli.held_out import dataset_of, held_out
from justfit.cli.screen import cell, say, say_table
from justfit.data.dataset import Dataset, Labels
from justfit.errors import SpecError, StoreError
from justfit.judge import Comparison, compare_correct, compare_rows, holm, row_losses, verdict_of
from justfit.judge.studies import is_leaked, read_from
from justfit.store import StoredStudy, find_study, read_study, read_validation
from justfit.words import number, percent
from justfit.workflow import threshold_of

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Asked:
    """A study's chosen network and what it says of the training rows that it was not trained on."""

    study: StoredStudy
    network: str
    rows: npt.NDArray[np.intp]
    outputs: npt.NDArray[np.float32]
    threshold: float


def compare_studies(store: Path, references: Sequence[str]) -> dict[str, Any]:
    """The chosen network of the first study against that of each other one, as plain values.

    They are compared on the training rows that validated both. The difference of their losses, or of
    absolute errors, is by a paired bootstrap of rows; that of their accuracies by McNemar's test. All are
    corrected together, by Holm. No test row is opened. What a network says of validation rows is kept in its
    study's folder, so that it is trained again only once.

    Raises:
        StoreError: a study is not there, not done, or of other rows than the first.
        SpecError: no training row validates in a study, or none in both.
    """
    studies = [read_study(find_study(store, reference)) for reference in references]
    if len({study.id for study in studies}) < len(studies):
        raise SpecError("A study is named twice, and would be compared with itself: name different ones.")
    dataset = dataset_of(studies[0])
    first, *others = [_asked(study, dataset) for study in studies]
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
    return {"data": dataset.name, "first": _named(first), "comparisons": comparisons}


def show_studies(found: Mapping[str, Any]) -> None:
    """Print what `compare_studies` has found."""
    first = found["first"]
    say(cell(f"{first['name']} {first['id']}: {first['network']}, on validation rows of {found['data']}"))
    columns = ("against it", "id", "network", "rows", "figure", "value", "first", "difference")
    rows = []
    for each in found["comparisons"]:
        show = percent if each["figure"] == "accuracy" else number
        apart = each["difference"]
        ends = "unknown" if apart["low"] is None else f"{show(apart['low'])} to {show(apart['high'])}"
        figures = (show(each["value"]), show(each["first_value"]), show(apart["value"]))
        tail = ("" if each["p"] is None else number(each["p"]), each["verdict"] or "")
        head = (each["name"], each["id"], each["network"], f"{each['rows']:,}", each["figure"])
        rows.append((*head, *figures, ends, *tail))
    say_table((*columns, "its 95% interval", "p", "verdict"), rows, texts=3)
    say()
    say("rows: those that validate in both studies, each asked of networks that were not trained on it")
    say("they chose these networks, too, which favours the one that was chosen among more")
    say("difference: from the first study's; p: by McNemar's test for accuracy, else by a paired bootstrap")
    say("of rows, corrected for all lines (Holm); it tells of other rows, not of other seeds")


def _named(asked: _Asked) -> dict[str, str]:
    return {"name": asked.study.name, "id": asked.study.id, "network": asked.network}


def _asked(study: StoredStudy, dataset: Dataset) -> _Asked:
    """What is stored of a study's validation rows, or else what its network says anew."""
    if study.result is None:
        raise StoreError(f"{study.name} {study.id} has chosen no network yet: carry it out first.")
    if is_leaked(study):
        raise SpecError(
            f"Test rows validate in {study.name} {study.id}, and they are opened for nothing but a study's "
            "own figures: hold training rows out instead."
        )
    own = dataset_of(study)
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
