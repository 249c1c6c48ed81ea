"""What a network gets wrong on validation rows, gathered as plain values."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.cli.data import picture
from justfit.data.columns import of_kind
from justfit.data.dataset import Part
from justfit.data.raw import Ids, Numbers, Raw, Table, Texts
from justfit.data.tokens import tokens
from justfit.errors import SpecError
from justfit.judge import (
    Group,
    Suspect,
    by_group,
    confident_mistakes,
    largest_errors,
    quarters,
    suspected_labels,
)
from justfit.spec.checks import require_choice
from justfit.store import effects
from justfit.store.entries import within
from justfit.workflow import HeldOut

_LINES = 14
"""Of a picture."""

_NAMED = 6
"""Words or columns that are told for one answer, and as many against it."""

_MISSING = "missing"

Label = str | float


@dataclass(frozen=True)
class Wrong:
    """One wrong answer."""

    place: int
    """Of its row among the rows that validate."""
    label: Label
    answer: Label
    size: float
    output: int
    """Which output of the network it is about."""
    sign: int = 1
    """-1 where the answer is that a label is absent, so that what raises the output speaks against it."""
    against: int | None = None
    """The output of the label, where one class is told from another."""


@dataclass(frozen=True)
class _Doubt:
    """One label that may be wrong."""

    place: int
    label: Label
    likely: Label
    suspect: Suspect


@dataclass(frozen=True, eq=False)
class Answers:
    """All that a network says of labelled rows, held against the labels."""

    wrong: list[Wrong]
    """The surest first."""
    doubts: list[_Doubt]
    """The most suspicious first."""
    scores: npt.NDArray[Any]
    """Of each row whether it is right, its share of right labels, or its absolute error."""


def found_mistakes(held: HeldOut, most: int, by: Sequence[str]) -> dict[str, Any]:
    """All that is told; rows are numbers of training rows, from 0.

    Args:
        held: what the network says.
        most: how many mistakes and doubtful labels.
        by: columns to group rows by, too.

    Raises:
        SpecError: there is no such column.
    """
    part, task = held.dataset.train.take(held.rows), held.dataset.task
    found = answers_of(held, part.labels)
    is_of_classes = task.is_classification
    (whole,) = by_group(["all"] * len(part), found.scores)
    return {
        "network": held.network,
        "epochs": held.epochs,
        "splits": len(held.models),
        "rows": len(part),
        "figure": task.metric,
        "all": _plain(whole, task.metric)["figure"],
        "mistakes_in_all": len(found.wrong) if is_of_classes else None,
        "mistakes": [
            {
                "row": int(held.rows[each.place]),
                "label": each.label,
                "answer": each.answer,
                "size": each.size,
                "text": _text(part, each.place),
                "effects": _effects(held, part, each),
                "picture": picture(part.raw, each.place, _LINES) if isinstance(part.raw, Numbers) else [],
            }
            for each in found.wrong[:most]
        ],
        "suspects_in_all": len(found.doubts) if is_of_classes else None,
        "suspects": [
            {
                "row": int(held.rows[each.place]),
                "label": each.label,
                "likely": each.likely,
                "label_probability": each.suspect.label_probability,
                "likely_probability": each.suspect.likely_probability,
                "text": _text(part, each.place),
            }
            for each in found.doubts[:most]
        ],
        "groups": {
            title: [_plain(group, task.metric) for group in groups]
            for title, groups in _groups(held, part, found.scores, by)
        },
    }


def answers_of(held: HeldOut, labels: npt.NDArray[Any]) -> Answers:
    """Wrong answers, doubtful labels and scores of the rows that validate.

    Args:
        held: what the network says.
        labels: of these rows.
    """
    classes, task = held.dataset.classes, held.dataset.task
    if not task.is_classification:
        errors = largest_errors(labels, held.outputs[:, 0], len(labels))
        wrong = [Wrong(each.row, each.label, each.answer, each.size, 0) for each in errors]
        return Answers(wrong, [], abs(labels.astype(float) - held.outputs[:, 0].astype(float)))
    if task.name == "multilabel":
        return _answers_of_labels(held, labels)
    probabilities, answers = held.probabilities(), held.answers()
    is_multiclass = task.name == "multiclass"
    wrong = [
        Wrong(
            each.row,
            classes[int(each.label)],
            classes[int(each.answer)],
            each.size,
            int(each.answer),
            against=int(each.label) if is_multiclass else None,
        )
        for each in confident_mistakes(labels, probabilities, len(labels), answers)
    ]
    doubts = [
        _Doubt(each.row, classes[each.label], classes[each.likely], each)
        for each in suspected_labels(labels, probabilities)
    ]
    return Answers(wrong, doubts, answers == labels)


def _answers_of_labels(held: HeldOut, labels: npt.NDArray[Any]) -> Answers:
    """Where a row has several labels, each of them is a question of its own: present or absent."""
    classes, outputs = held.dataset.classes, held.outputs
    present, count = (labels > 0.5).astype(np.int64), len(held.dataset.classes)

    def named(column: int, is_present: float) -> str:
        return classes[column] if is_present else f"not {classes[column]}"

    wrong = [
        Wrong(
            each.row // count,
            named(each.row % count, each.label),
            named(each.row % count, each.answer),
            each.size,
            each.row % count,
            sign=1 if each.answer else -1,
        )
        for each in confident_mistakes(present.ravel(), _both(outputs.ravel()), present.size)
    ]
    doubts = [
        _Doubt(each.row, named(column, each.label), named(column, each.likely), each)
        for column in range(count)
        for each in suspected_labels(present[:, column], _both(outputs[:, column]))
    ]
    doubts.sort(key=lambda each: each.suspect.label_probability - each.suspect.likely_probability)
    return Answers(wrong, doubts, ((outputs > 0.5) == (present > 0)).mean(axis=1))


def _both(present: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The probabilities of absent and present, ``[rows, 2]``."""
    return np.stack([1 - present, present], axis=1)


def _groups(
    held: HeldOut, part: Part, scores: npt.NDArray[Any], by: Sequence[str]
) -> Iterator[tuple[str, list[Group]]]:
    """By what rows are grouped, and the groups in order."""
    classes, labels = held.dataset.classes, part.labels
    if labels.ndim > 1:
        right = (held.outputs > 0.5) == (labels > 0.5)
        yield "label", list(by_group([*classes] * len(labels), right.ravel()))
    else:
        named = (
            ([classes[int(label)] for label in labels], [*classes])
            if held.dataset.task.is_classification
            else quarters(labels)
        )
        yield "class" if classes else "label", _in_order(*named, scores)
    match part.raw:
        case Texts(texts):
            words = np.array([len(tokens(text)) for text in texts])
            yield "words", _in_order(*quarters(words), scores)
        case Ids(indptr=indptr):
            yield "words", _in_order(*quarters(np.diff(indptr)), scores)
    for column in by:
        yield column, _in_order(*_by_column(held.dataset.name, part.raw, column), scores)


def _by_column(data: str, raw: Raw, column: str) -> tuple[list[str], list[str]]:
    """The group of each row by a column, and the groups in order."""
    match raw:
        case Numbers(values, names):
            require_choice("by", column, names)
            return quarters(values[:, names.index(column)].astype(float))
        case Table():
            of_categories = [each.name for each in of_kind(raw.columns, "category")]
            require_choice("by", column, (*raw.number_names, *of_categories))
            if column in of_categories:
                cells = raw.categories[of_categories.index(column)]
                return [*map((*cells.levels, _MISSING).__getitem__, cells.codes)], [*cells.levels, _MISSING]
            return _quarters_of_known(raw.numbers[:, raw.number_names.index(column)])
    raise SpecError(f"{data} has rows of text, which have no columns: leave out --by.")


def _quarters_of_known(values: npt.NDArray[np.float64]) -> tuple[list[str], list[str]]:
    """Quarters of numbers of which some are missing."""
    known = ~np.isnan(values)
    named, order = quarters(values[known]) if known.any() else ([], [])
    names = iter(named)
    return [next(names) if is_known else _MISSING for is_known in known], [*order, _MISSING]


def _in_order(names: list[str], order: list[str], scores: npt.NDArray[Any]) -> list[Group]:
    return sorted(by_group(names, scores), key=lambda group: order.index(group.name))


def _plain(group: Group, metric: str) -> dict[str, Any]:
    """A group as plain values, its interval cut to what an accuracy can be."""
    low, high = within(metric, group.figure.low, group.figure.high)
    return dataclasses.asdict(
        dataclasses.replace(group, figure=dataclasses.replace(group.figure, low=low, high=high))
    )


def _text(part: Part, place: int) -> str | None:
    """The words of a row, or the cells of a table; None where it has numbers alone."""
    match part.raw:
        case Texts(texts):
            return texts[place]
        case Ids() as raw:
            ids = raw.row(place).tolist()
            return " ".join(raw.vocabulary.word(word) for word in ids if word != raw.vocabulary.START)
        case Table() as raw if not of_kind(raw.columns, "image"):
            return ", ".join(f"{name} {value}" for name, value in raw.cells(place) if value)
    return None


def _effects(held: HeldOut, part: Part, wrong: Wrong) -> list[dict[str, Any]]:
    """What moved the answer most, and what spoke most against it."""
    model = held.models[held.split[wrong.place]]
    row = model.preparation.rows(part.raw.take(np.array([wrong.place])))
    found = effects(model, row, wrong.output, wrong.against)
    told = [(effect.name, wrong.sign * effect.toward) for effect in found]
    toward = [each for each in told if each[1] > 0][:_NAMED]
    against = [each for each in told if each[1] < 0][:_NAMED]
    return [{"name": name, "toward": moved} for name, moved in (*toward, *against)]
