"""The decision threshold of a binary classifier, chosen on rows that did not train it."""

import math
from dataclasses import dataclass

import numpy as np

from justfit.judge.intervals import Float64
from justfit.judge.metrics import Labels, Outputs

AIMS = ("accuracy", "f1", "precision", "recall")
"""What a threshold can be chosen for; the last two need a share that is wanted of them at least."""

USUAL = 0.5
"""The threshold where none is chosen."""


@dataclass(frozen=True)
class Threshold:
    """Class 1 is the answer where its probability is above ``value``.

    The figures are of the rows that chose it, so they are a little too good.
    """

    value: float
    accuracy: float
    precision: float
    """0 where no row is called class 1."""
    recall: float
    """0 where no row is class 1."""
    f1: float
    """Of class 1; 0 where precision and recall are."""


def decision_threshold(
    labels: Labels, probabilities: Outputs, aim: str, at_least: float | None = None
) -> Threshold:
    """The threshold that is best for ``aim``; of equally good ones the nearest to 0.5.

    Between two neighbouring probabilities all thresholds are equal: the middle stands for them, or 0.5
    where that is between them.

    Args:
        labels: 0 or 1, ``[rows]``, of rows that took no part in training.
        probabilities: of class 1, ``[rows]`` or ``[rows, 1]``.
        aim: ``accuracy`` or ``f1`` (of class 1) to be highest; ``precision`` to be at least
            ``at_least`` with the highest recall; ``recall`` likewise with the highest precision.
        at_least: for ``precision`` and ``recall`` only, in (0, 1].

    Raises:
        ValueError: no rows, labels other than 0 and 1, a probability that is not in [0, 1], an aim
            that is not known, or one that no threshold reaches.

    >>> decision_threshold(np.array([0, 0, 1, 1]), np.array([0.1, 0.25, 0.5, 0.9]), "accuracy").value
    0.375
    """
    true, given = _checked(labels, probabilities)
    if aim not in AIMS:
        raise ValueError(f'aim "{aim}" is not known: expected one of {", ".join(AIMS)}.')
    if (aim in ("precision", "recall")) != (at_least is not None):
        raise ValueError("at_least belongs to the aims precision and recall, and they to it.")
    values, hits, called = _candidates(true, given)
    ones = float(true.sum())
    found = {
        "accuracy": (hits + len(true) - ones - (called - hits)) / len(true),
        "precision": hits / np.maximum(called, 1),
        "recall": hits / max(ones, 1),
        "f1": 2 * hits / np.maximum(called + ones, 1),
    }
    score = found[aim]
    if at_least is not None:
        reached = score >= at_least
        if not 0 < at_least <= 1 or not reached.any():
            raise ValueError(f"No threshold gives a {aim} of at least {at_least:g}.")
        score = np.where(reached, found["recall" if aim == "precision" else "precision"], -math.inf)
    best = np.flatnonzero(score == score.max())
    at = int(best[abs(values[best] - USUAL).argmin()])
    return Threshold(float(values[at]), **{name: float(figures[at]) for name, figures in found.items()})


def _candidates(true: Float64, given: Float64) -> tuple[Float64, Float64, Float64]:
    """A threshold for each way to cut the rows; how many it calls class 1 rightly, and in all."""
    order = np.argsort(-given, kind="stable")
    ends = np.append(-1, np.flatnonzero(np.append(np.diff(given[order]) != 0, True)))
    levels = given[order][ends[1:]]
    # Above the highest, between each two, below the lowest: with no rows, some, and all called class 1.
    above, below = np.append(1.0, levels), np.append(levels, 0.0)
    values = (above + below) / 2
    values = np.where(values < above, values, below)  # rounded up where nothing is between them
    values[(below <= USUAL) & (above > USUAL)] = USUAL
    hits = np.append(0.0, np.cumsum(true[order]))[ends + 1]
    # Where the lowest probability is 0, or the highest 1, no threshold from 0 to 1 is beyond it.
    possible = np.append(True, levels > 0)
    return values[possible], hits[possible], (ends + 1.0)[possible]


def _checked(labels: Labels, probabilities: Outputs) -> tuple[Float64, Float64]:
    true = np.asarray(labels, np.float64)
    given = np.asarray(probabilities, np.float64)
    if true.ndim != 1 or len(true) == 0 or given.shape not in (true.shape, (len(true), 1)):
        raise ValueError(f"Probabilities of shape {given.shape} do not fit labels of {true.shape}.")
    if not np.isin(true, (0, 1)).all():
        raise ValueError("Labels must be 0 or 1, as of a binary task.")
    if not ((given >= 0) & (given <= 1)).all():
        raise ValueError("Probabilities must be from 0 to 1.")
    return true, given.reshape(-1)
