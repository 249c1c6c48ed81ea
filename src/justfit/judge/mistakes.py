"""What a network got wrong on rows it was not trained on: the surest mistakes, doubtful labels, and groups.

Rows are numbers of rows in the arrays given, from 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from justfit.judge.intervals import Figure, mean_interval, wilson

Numbers = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64] | Numbers
"""Class numbers, or values of a regression."""


@dataclass(frozen=True)
class Mistake:
    """A row whose answer was not its label."""

    row: int
    label: float
    """The class number, or for a regression the value."""
    answer: float
    """Likewise."""
    size: float
    """The probability given to the wrong class, or the absolute error."""


@dataclass(frozen=True)
class Suspect:
    """A row whose label may be wrong."""

    row: int
    label: int
    likely: int
    """The class it looks like."""
    label_probability: float
    likely_probability: float


@dataclass(frozen=True)
class Group:
    """How well the rows of a group are answered."""

    name: str
    rows: int
    figure: Figure
    """Accuracy with a Wilson interval, or the mean absolute error with Student's."""


def confident_mistakes(
    labels: Labels, probabilities: Numbers, most: int, answers: npt.NDArray[np.int64] | None = None
) -> tuple[Mistake, ...]:
    """The ``most`` rows whose wrong class was given the highest probability, the surest first.

    Args:
        labels: class numbers, ``[rows]``.
        probabilities: ``[rows, classes]``.
        most: how many to give.
        answers: class numbers, ``[rows]``, where a threshold decides; by default the most probable class.

    >>> confident_mistakes(np.array([0, 1, 1]), np.array([[0.5, 0.5], [0.75, 0.25], [1.0, 0.0]]), 1)
    (Mistake(row=2, label=1, answer=0, size=1.0),)
    """
    if answers is None:
        answers = probabilities.argmax(axis=1)
    size = probabilities[np.arange(len(answers)), answers]
    wrong = np.flatnonzero(answers != labels)
    first = wrong[np.argsort(-size[wrong], kind="stable")][:most]
    return tuple(Mistake(int(row), int(labels[row]), int(answers[row]), float(size[row])) for row in first)


def largest_errors(labels: Labels, answers: Numbers, most: int) -> tuple[Mistake, ...]:
    """The ``most`` rows whose value was missed by most, the largest error first.

    Args:
        labels: values, ``[rows]``.
        answers: likewise.
        most: how many to give.
    """
    wide, given = labels.astype(np.float64), answers.astype(np.float64)
    errors = np.abs(wide - given)
    first = np.argsort(-errors, kind="stable")[:most]
    return tuple(Mistake(int(row), float(wide[row]), float(given[row]), float(errors[row])) for row in first)


def suspected_labels(labels: Labels, probabilities: Numbers) -> tuple[Suspect, ...]:
    """Rows whose labels may be wrong, by confident learning, the most suspicious first.

    A class's threshold is the mean probability that rows with its label are given for it. A row counts as
    confidently of the class with the highest probability among those that reach their thresholds; where
    that is not its label, it is suspected. The order is by how much more probable that class is.

    The probabilities must come from networks that were not trained on the row.

    Source: Northcutt, Jiang and Chuang (2021), doi:10.1613/jair.1.12125, the off-diagonals of the confident
    joint, ranked by normalized margin.

    Args:
        labels: class numbers, ``[rows]``; a class without rows is never likely.
        probabilities: ``[rows, classes]``.
    """
    labels, wide = labels.astype(np.int64), probabilities.astype(np.float64)
    rows, classes = wide.shape
    present = np.bincount(labels, minlength=classes) > 0
    thresholds = np.array(
        [wide[labels == name, name].mean() if present[name] else np.inf for name in range(classes)]
    )
    reached = np.where(wide >= thresholds, wide, -1.0)
    likely = reached.argmax(axis=1)
    places = np.arange(rows)
    suspect = np.flatnonzero((reached.max(axis=1) >= 0) & (likely != labels))
    margin = wide[places, likely] - wide[places, labels]
    return tuple(
        Suspect(
            int(row),
            int(labels[row]),
            int(likely[row]),
            float(wide[row, labels[row]]),
            float(wide[row, likely[row]]),
        )
        for row in suspect[np.argsort(-margin[suspect], kind="stable")]
    )


def by_group(names: Sequence[str], scores: npt.NDArray[np.bool_] | Numbers) -> tuple[Group, ...]:
    """How well each group of rows is answered, in the order in which the groups first come.

    Args:
        names: the group of each row.
        scores: whether each row is right (bool), or its absolute error.

    >>> [group.figure.value for group in by_group(["a", "b", "a"], np.array([True, True, False]))]
    [0.5, 1.0]
    """
    of = np.asarray(names, dtype=object)
    found = []
    for name in dict.fromkeys(names):
        mine = scores[of == name]
        figure = wilson(int(mine.sum()), len(mine)) if mine.dtype == np.bool_ else mean_interval(mine)
        found.append(Group(name, len(mine), figure))
    return tuple(found)


def quarters(values: Labels) -> tuple[list[str], list[str]]:
    """Rows cut into up to four groups of about the same size by a number each.

    Args:
        values: a finite number a row.

    Returns:
        The group of each row, by its range, and the groups in rising order.

    >>> quarters(np.array([1, 2, 3, 4, 5, 6, 7, 8]))[1]
    ['1 to 2', '3 to 4', '5 to 6', '7 to 8']
    """
    cuts = np.unique(np.quantile(values, (0.25, 0.5, 0.75), method="lower"))
    part = np.searchsorted(cuts, values, side="left")
    ranges = {}
    for number in np.unique(part):
        mine = values[part == number]
        low, high = f"{mine.min():.6g}", f"{mine.max():.6g}"
        ranges[int(number)] = low if low == high else f"{low} to {high}"
    return [ranges[int(number)] for number in part], list(ranges.values())
