"""What moved a model's answer to a row: each of its words or columns left out in turn."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from justfit.data.rows import Bags, Rows
from justfit.store.model import Model
from justfit.store.prediction import first_sums, scores_of_sums

_NUMBERS = 2**22
"""Of first-layer units that are held at a time, for rows that each have one column left out."""

Float64 = npt.NDArray[np.float64]


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
    others = None if against is None else np.array([against])
    return _strongest(model, row, np.array([answer]), others, None)[0]


def strongest_effects(
    model: Model, rows: Rows, answers: npt.NDArray[np.int64], most: int
) -> list[tuple[Effect, ...]]:
    """Of each of many rows the ``most`` columns that did most to its answer, as `effects` has them.

    Args:
        model: the network.
        rows: prepared rows.
        answers: a class number a row, and 0 for a regression.
        most: columns a row.
    """
    return _strongest(model, rows, answers, None, most)


def _strongest(
    model: Model,
    rows: Rows,
    answers: npt.NDArray[np.int64],
    against: npt.NDArray[np.int64] | None,
    most: int | None,
) -> list[tuple[Effect, ...]]:
    sums = first_sums(model, rows)
    whole = scores_of_sums(model, sums)
    if against is None:
        against = _next_in_rank(whole, answers)
    of_row, columns, values = _entries(rows)
    total = _score(model, whole, answers, against)
    toward = np.empty(len(columns))
    for part in _parts(len(columns), sums.shape[1]):
        places = of_row[part]
        without = sums[places] - values[part, np.newaxis] * model.kernels[0][columns[part]]
        scores = scores_of_sums(model, without)
        toward[part] = total[places] - _score(model, scores, answers[places], against[places])
    order = np.lexsort((-np.abs(toward), of_row))
    ends = np.searchsorted(of_row, np.arange(len(rows) + 1)).tolist()
    found = []
    for start, end in pairwise(ends):
        strongest = order[start : end if most is None else min(end, start + most)].tolist()
        found.append(
            tuple(
                Effect(
                    int(columns[place]),
                    model.preparation.column_name(int(columns[place])),
                    float(toward[place]),
                )
                for place in strongest
            )
        )
    return found


def _next_in_rank(whole: npt.NDArray[np.float32], answers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Of each row the class with the highest score but for its answer."""
    others = whole.copy()
    others[np.arange(len(others)), np.minimum(answers, whole.shape[1] - 1)] = -np.inf
    found: npt.NDArray[np.int64] = others.argmax(axis=1)
    return found


def _parts(entries: int, units: int) -> Iterator[slice]:
    size = max(1, _NUMBERS // units)
    for start in range(0, entries, size):
        yield slice(start, start + size)


def _score(
    model: Model,
    scores: npt.NDArray[np.float32],
    answers: npt.NDArray[np.int64],
    against: npt.NDArray[np.int64],
) -> Float64:
    """The score of each row's answer."""
    wide = scores.astype(np.float64)
    rows = np.arange(len(wide))
    match model.task.name:
        case "binary":
            return np.where(answers == 1, wide[:, 0], -wide[:, 0])
        case "multiclass":
            return wide[rows, answers] - wide[rows, against]
        case "multilabel":
            return wide[rows, answers]
    return wide[:, 0] if model.target is None else wide[:, 0] * model.target.scale


def _entries(rows: Rows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Row, column and value of all numbers that are not 0 already, row by row."""
    if not isinstance(rows, Bags):
        of_row, columns = np.nonzero(rows.values)
        return of_row, columns, rows.values[of_row, columns]
    filled = rows.values != 0
    of_row = np.repeat(np.arange(len(rows)), np.diff(rows.indptr))[filled]
    return of_row, rows.indices[filled].astype(np.int64), rows.values[filled]
