"""Whether probabilities mean what they say: reliability curve, Brier score, expected calibration error."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from justfit.judge.intervals import LEVEL, RESAMPLES, Figure, Float64, mean_interval, wilson
from justfit.judge.metrics import Counts, Labels, Outputs
from justfit.spec import Task

BINS = 10
"""Of equal width, from 0 to 1. A probability on an edge is in the lower one, as in scikit-learn."""

_BLOCK = 1 << 16
"""Rows whose part in each bin is in memory at a time."""

_ROUNDING = 1e-6
"""So far a probability in float32 may be outside of 0 to 1."""


@dataclass(frozen=True)
class Bin:
    """Answers whose probabilities are in one bin: a point of the reliability curve."""

    rows: int
    """How many answers; for multilabel one a row and label."""
    probability: float
    """Their mean."""
    share: Figure
    """How many of them are right, with Wilson's interval."""


@dataclass(frozen=True)
class Calibration:
    """How far probabilities are from the shares that come true."""

    brier: Figure
    """Mean squared difference of probabilities and labels (Brier 1950), for multiclass of all classes."""
    ece: Figure
    """Expected calibration error: the mean distance of probability and share over bins, by their rows."""
    reliability: tuple[Bin, ...]
    """Bins with at least one row, by their probability."""


def calibration(labels: Labels, probabilities: Outputs, task: Task) -> Calibration:
    """Calibration of a classifier's probabilities: of class 1 for binary, of each label for multilabel.

    For multiclass the probability is that of the answer, the most probable class, and right is
    where it is the row's class (Guo et al. 2017, arXiv:1706.04599); the Brier score is of all classes.

    Args:
        labels: class numbers ``[rows]``; for multilabel 0 or 1, ``[rows, classes]``.
        probabilities: the network's outputs ``[rows, outputs]``; for binary one column, of class 1.
        task: a classification.

    Raises:
        ValueError: shapes that do not fit each other, no rows, or a probability that is not in 0 to 1.

    >>> from justfit.spec import TASKS
    >>> found = calibration(np.array([0, 1]), np.array([[0.2], [0.8]]), TASKS["binary"])
    >>> round(found.brier.value, 6), round(found.ece.value, 6)
    (0.04, 0.2)
    """
    if len(labels) == 0:
        raise ValueError("No rows, so no calibration.")
    given = np.asarray(probabilities, np.float64).reshape(len(labels), -1)
    wrong = np.argwhere(~((given >= -_ROUNDING) & (given <= 1 + _ROUNDING)))
    if wrong.size:
        row, column = wrong[0].tolist()
        raise ValueError(f"Probability {given[row, column]:g} of row {row} is not from 0 to 1.")
    given = given.clip(0, 1)
    if task.name == "multiclass":
        classes = np.asarray(labels, np.int64)
        if classes.min() < 0 or classes.max() >= given.shape[1]:
            raise ValueError(f"Labels must be from 0 to {given.shape[1] - 1}.")
        true = np.eye(given.shape[1])[classes]
        brier = mean_interval(((given - true) ** 2).sum(axis=1), most=2.0)
        answers = given.argmax(axis=1)
        given = given.max(axis=1, keepdims=True)
        right = (answers == classes).astype(np.float64)[:, None]
    else:
        right = np.asarray(labels, np.float64).reshape(len(labels), -1)
        if right.shape != given.shape:
            raise ValueError(f"Labels of shape {right.shape} do not fit probabilities of {given.shape}.")
        brier = mean_interval(((given - right) ** 2).mean(axis=1), most=1.0)
    bins = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], given)
    return Calibration(brier, _error(bins, given - right), _reliability(bins, given, right))


def _reliability(bins: Counts, given: Float64, right: Float64) -> tuple[Bin, ...]:
    points = []
    for number in range(BINS):
        within = bins == number
        if rows := int(within.sum()):
            share = wilson(int(right[within].sum()), rows)
            points.append(Bin(rows, float(given[within].mean()), share))
    return tuple(points)


def _error(bins: Counts, excess: Float64) -> Figure:
    """The expected calibration error of ``excess`` (probability minus truth), both ``[rows, answers]``.

    What each bin adds is a mean over rows, so chance is drawn as normal numbers with the covariance of
    these means. Distances never fall below 0, so chance makes their sum too large, and the more so the
    better the truth is calibrated. Hence the lower end takes off all that chance alone may add: by the
    triangle inequality the interval then holds its confidence whatever the truth, 0 included. The upper
    end is the draws' quantile.
    """
    rows = len(excess)
    blocks = [slice(start, start + _BLOCK) for start in range(0, rows, _BLOCK)]
    means = sum(_by_bin(bins[block], excess[block]).sum(axis=0) for block in blocks) / rows
    value = float(abs(means).sum())
    if rows == 1:
        return Figure(value, None, None)
    normal = np.random.default_rng(0).standard_normal((RESAMPLES, BINS, 1))
    centred = (_by_bin(bins[block], excess[block]) - means for block in blocks)
    draws = (normal * _root(_covariance(centred, rows)).T / np.sqrt(rows)).sum(axis=1)
    added, drawn = (
        float(np.quantile(abs(each).sum(axis=1), (1 + LEVEL) / 2)) for each in (draws, means + draws)
    )
    return Figure(value, max(0.0, value - added), min(1.0, max(value, drawn)))


def _by_bin(bins: Counts, excess: Float64) -> Float64:
    """What each row adds to each bin (``[rows, bins]``)."""
    return np.stack([(excess * (bins == number)).mean(axis=1) for number in range(BINS)], axis=1)


def _covariance(centred: Iterable[Float64], rows: int) -> Float64:
    """The covariance of centred columns, of so many rows in all, that come some rows at a time.

    Summed in a fixed order, unlike by a BLAS, so that the same rows give the same interval to the last bit in
    every process.
    """
    found = np.zeros((BINS, BINS))
    for block in centred:
        for column in range(BINS):
            for row in range(column, BINS):
                found[row, column] += (block[:, row] * block[:, column]).sum()
    return found / (rows - 1)


def _root(covariance: Float64) -> Float64:
    """The lower triangular root of a covariance by Cholesky's method, which reads its lower triangle."""
    size = len(covariance)
    root = np.zeros((size, size))
    for column in range(size):
        for row in range(column, size):
            product = covariance[row, column]
            left = product - float((root[row, :column] * root[column, :column]).sum())
            if row == column:
                # What rounding leaves of a column that the others determine is none.
                root[row, column] = np.sqrt(left) if left > 1e-12 * product else 0.0
            elif root[column, column] > 0:
                root[row, column] = left / root[column, column]
    return root
