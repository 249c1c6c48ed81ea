"""What moved a model's answer to a row: each of its words or columns left out in turn."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from justfit.data.ngrams import NgramPreparation
from justfit.data.preparation import NumberPreparation
from justfit.data.raw import Vocabulary
from justfit.data.rows import Bags, Dense, Rows
from justfit.store.model import Model
from justfit.store.prediction import network_scores

_TOGETHER = 512
"""Rows, each with one column left out, that are asked for at a time."""


@dataclass(frozen=True)
class Effect:
    """What one column of a row did to the answer."""

    column: int
    name: str
    """The word, or the column's name."""
    toward: float
    """How much the score falls without it."""


def effects(model: Model, row: Rows, answer: int = 0, against: int | None = None) -> tuple[Effect, ...]:
    """What each column of a row did to the score of an answer, the strongest first.

    A column is left out by setting it to 0: a word is not in the text, and a standardized number is the mean
    of the training rows. The score is what the last layer has before its activation: of a binary model the
    log odds of class ``answer``, of a multiclass one those of ``answer`` against another class, and of a
    regression its value. For a network without hidden layers the effects add up to the score without the
    bias.

    Source: occlusion, of Zeiler and Fergus (2014), arXiv:1311.2901; for text, leave one out.

    Args:
        model: the network.
        row: one prepared row.
        answer: a class number, and 0 for a regression.
        against: the class to tell it from; by default the next in rank. Multiclass alone has it.
    """
    columns = _columns(row)
    whole = network_scores(model, row)[0]
    if against is None and model.task.name == "multiclass":
        against = int(np.argsort(-np.delete(whole, answer), kind="stable")[0])
        against += against >= answer
    total = _score(model, whole[np.newaxis], answer, against)[0]
    falls = [
        total - _score(model, network_scores(model, _without(row, part)), answer, against)
        for part in np.split(columns, range(_TOGETHER, len(columns), _TOGETHER))
        if len(part)
    ]
    toward = np.concatenate(falls) if falls else np.zeros(0)
    order = np.argsort(-np.abs(toward), kind="stable")
    return tuple(
        Effect(int(columns[place]), _name(model, int(columns[place])), float(toward[place]))
        for place in order
    )


def _score(
    model: Model, scores: npt.NDArray[np.float32], answer: int, against: int | None
) -> npt.NDArray[np.float64]:
    wide = scores.astype(np.float64)
    match model.task.name:
        case "binary":
            return wide[:, 0] if answer == 1 else -wide[:, 0]
        case "multiclass":
            return wide[:, answer] - wide[:, against]
        case "multilabel":
            return wide[:, answer]
    return wide[:, 0] if model.target is None else wide[:, 0] * model.target.scale


def _columns(row: Rows) -> npt.NDArray[np.int64]:
    """The columns of a row that are not 0 already."""
    found = row.indices[row.values != 0] if isinstance(row, Bags) else np.flatnonzero(row.values[0])
    return np.asarray(found, np.int64)


def _without(row: Rows, columns: npt.NDArray[np.int64]) -> Rows:
    """The row as often as there are columns, each time with one of them set to 0."""
    count = len(columns)
    if isinstance(row, Bags):
        values = np.tile(row.values, (count, 1))
        values[np.arange(count), np.searchsorted(row.indices, columns)] = 0
        indptr = np.arange(count + 1, dtype=np.int64) * len(row.indices)
        return replace(row, indptr=indptr, indices=np.tile(row.indices, count), values=values.ravel())
    dense = np.tile(row.values, (count, 1))
    dense[np.arange(count), columns] = 0
    return Dense(dense)


def _name(model: Model, column: int) -> str:
    preparation = model.preparation
    if isinstance(preparation, NumberPreparation):
        return preparation.names[column]
    if isinstance(preparation, NgramPreparation):
        return preparation.column_name(column)
    special = {0: "(padding)", Vocabulary.START: "(start)", Vocabulary.UNKNOWN: "(unknown words)"}
    return special.get(column) or preparation.vocabulary.word(column)
