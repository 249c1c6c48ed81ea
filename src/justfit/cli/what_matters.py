"""Which words or columns a network goes by, as the mean of what they do to its answers."""

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.data.dataset import Part
from justfit.data.raw import Ids, Texts
from justfit.data.rows import Bags, Rows
from justfit.store import strongest_effects
from justfit.workflow import HeldOut

ROWS = 200
"""Of the validation rows, evenly spread, that are looked at."""

_MOST = 20
"""Words or columns that are told."""


def what_matters(held: HeldOut, part: Part) -> dict[str, Any]:
    """The words or columns that did most to the answers for some rows, the strongest first.

    For each row it is told how far leaving out a word or column would move the score: of a binary network the
    log odds of class 1, of a multiclass one those of its answer against the next class, of several labels
    that of the most probable one, of a regression its value. What a number does where it is below the mean of
    the training rows counts as done by the opposite, so that signs tell what more of it does.

    Args:
        held: what the network says, with the network of each split.
        part: the rows that validate.

    Returns:
        ``rows``: how many were looked at. ``columns``: each with its ``name``, the ``rows`` of these in which
        it is not 0, ``moved`` (the mean of the distance over all rows looked at), ``toward`` (the mean with
        signs, of classes toward the one in ``speaks_for``) and ``speaks_for`` (the class that the word, or
        more of the column, speaks for most; None for a regression).
    """
    task, is_binary = held.dataset.task, held.dataset.task.name == "binary"
    places = np.linspace(0, len(part) - 1, min(len(part), ROWS)).round().astype(np.intp)
    answers = _answers(held, places)
    moved: dict[str, float] = defaultdict(float)
    rows: dict[str, int] = defaultdict(int)
    toward: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for split, model in enumerate(held.models):
        mine = held.split[places] == split
        if not mine.any():
            continue
        prepared = model.preparation.rows(part.raw.take(places[mine]))
        found = strongest_effects(model, prepared, answers[mine], model.preparation.columns)
        for row, (answer, of_row) in enumerate(zip(answers[mine].tolist(), found, strict=True)):
            # A word that is there speaks for itself, whatever weight it has been given.
            signs = {} if isinstance(part.raw, Texts | Ids) else _signs(prepared, row)
            for effect in of_row:
                moved[effect.name] += abs(effect.toward)
                rows[effect.name] += 1
                toward[effect.name][answer] += effect.toward * signs.get(effect.column, 1.0)
    strongest = sorted(moved, key=lambda name: (-moved[name], name))[:_MOST]
    columns = []
    for name in strongest:
        answer = max(toward[name], key=toward[name].__getitem__)
        signed = toward[name][answer] / len(places)
        if is_binary and signed < 0:
            answer, signed = 0, -signed
        columns.append(
            {
                "name": name,
                "rows": rows[name],
                "moved": moved[name] / len(places),
                "toward": signed,
                "speaks_for": held.dataset.classes[answer] if task.is_classification else None,
            }
        )
    return {"rows": len(places), "columns": columns}


def _signs(rows: Rows, row: int) -> dict[int, float]:
    """-1, 0 or 1 for each number of a row, by column."""
    if isinstance(rows, Bags):
        entries = slice(*rows.indptr[row : row + 2].tolist())
        return dict(zip(rows.indices[entries].tolist(), np.sign(rows.values[entries]).tolist(), strict=True))
    return dict(enumerate(np.sign(rows.values[row]).tolist()))


def _answers(held: HeldOut, places: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """The class whose score is looked at, of each row."""
    match held.dataset.task.name:
        case "binary":
            return np.ones(len(places), np.int64)
        case "multiclass" | "multilabel":
            return np.asarray(held.outputs[places].argmax(axis=1), np.int64)
    return np.zeros(len(places), np.int64)
