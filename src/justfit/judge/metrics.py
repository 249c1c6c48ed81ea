"""What a network's outputs are worth on labelled rows: losses, accuracy, errors, each with its interval."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from justfit.judge.intervals import (
    Figure,
    Float64,
    bootstrap,
    logit_interval,
    mean_interval,
    mean_of_independent,
    wilson,
)
from justfit.spec import Task

CLIP = 1e-7
"""Probabilities are kept this far from 0 and 1 in cross-entropies, as Keras does."""

Labels = npt.NDArray[np.int64] | npt.NDArray[np.float32]
Outputs = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Confusion = tuple[tuple[int, ...], ...]
"""Counts of rows: true classes down, predicted classes across."""


@dataclass(frozen=True)
class ClassFigures:
    """How well one class is told from the others.

    Precision and recall have Wilson intervals. The F1 score is ``2 J / (1 + J)`` where J is the
    share of right rows among those that are of the class or are called so (Hand, Christen and
    Kirielle 2021, doi:10.1007/s10994-021-05964-1), so J's Wilson interval gives that of F1. A
    share of no rows is 0, and its interval is from 0 to 1.
    """

    name: str
    precision: Figure
    recall: Figure
    f1: Figure
    support: int
    """Rows of this class."""


@dataclass(frozen=True)
class ClassificationFigures:
    """Figures of a classifier on ``rows`` rows."""

    rows: int
    accuracy: Figure
    """Share of right rows; for multilabel, of right labels."""
    balanced_accuracy: Figure | None
    """The mean recall of the classes that have rows; None for multilabel."""
    macro_f1: Figure
    """The mean F1 score of the classes that have rows or answers."""
    classes: tuple[ClassFigures, ...]
    confusion: Confusion | None
    """None for multilabel, where a row has several classes."""
    label_confusions: tuple[Confusion, ...]
    """For multilabel one 2 x 2 table a label (absent, present); otherwise empty."""


@dataclass(frozen=True)
class RegressionFigures:
    """Figures of a regression on ``rows`` rows, in the unit of the labels."""

    rows: int
    mae: Figure
    """Mean absolute error."""
    rmse: Figure
    """Root of the mean squared error."""
    r2: Figure
    """Share of the labels' variance that is explained; below 0 for worse than their mean."""


def classification_figures(
    labels: Labels, probabilities: Outputs, classes: tuple[str, ...], task: Task, threshold: float = 0.5
) -> ClassificationFigures:
    """Accuracy, confusion and figures of each class.

    Args:
        labels: class numbers ``[rows]``; for multilabel 0 or 1, ``[rows, classes]``.
        probabilities: the network's outputs ``[rows, outputs]``; for binary one column, of class 1.
        classes: names in the order of their numbers.
        task: binary predicts class 1 where its probability is above ``threshold``; multiclass the most
            probable class; multilabel each label above 0.5.
        threshold: for binary only; 0.5 is that of Keras.

    Raises:
        ValueError: shapes that do not fit each other, no rows, or a probability that is not finite.
    """
    outputs = _columns("probabilities", probabilities, len(labels))
    expected = 1 if task.name == "binary" else len(classes)
    if outputs.shape[1] != expected or (task.name == "binary" and len(classes) != 2):
        raise ValueError(
            f"{outputs.shape[1]} probabilities a row do not fit {len(classes)} classes ({task.name})."
        )
    if task.name == "multilabel":
        return _multilabel_figures(_columns("labels", labels, len(labels)) > 0.5, outputs > 0.5, classes)
    predicted = outputs.argmax(axis=1)
    if task.name == "binary":
        predicted = (outputs[:, 0] > threshold).astype(np.int64)
    table = _confusion(labels.astype(np.int64), predicted, len(classes))
    right = np.diag(table)
    figures = _class_figures(classes, right, predicted=table.sum(axis=0), support=table.sum(axis=1))
    # A row that is wrong counts against two classes; each class has the rows that it has.
    cells = np.argwhere(table)
    own = np.zeros((len(cells), len(classes)), np.int64)
    called = own.copy()
    own[np.arange(len(cells)), cells[:, 0]] = called[np.arange(len(cells)), cells[:, 1]] = 1
    return ClassificationFigures(
        rows=len(labels),
        accuracy=wilson(int(right.sum()), len(labels)),
        balanced_accuracy=mean_of_independent([each.recall for each in figures if each.support]),
        macro_f1=_macro_f1(own, called, table[tuple(cells.T)]),
        classes=figures,
        confusion=_plain(table),
        label_confusions=(),
    )


def regression_figures(labels: Labels, predictions: Outputs) -> RegressionFigures:
    """Mean absolute error, root mean squared error and R2 of one number a row.

    Where labels do not vary, R2 is 1 if every prediction is right and 0 if not, as in scikit-learn.

    Raises:
        ValueError: shapes that do not fit each other, no rows, or a prediction that is not finite.
    """
    true = _columns("labels", labels, len(labels))
    error = _columns("predictions", predictions, len(labels)) - true
    if error.shape[1] != 1 or true.shape[1] != 1:
        raise ValueError(f"{true.shape[1]} labels and {error.shape[1]} predictions a row: expected 1 each.")
    # Differences to the mean keep the variance exact where labels are large and vary little.
    centred = true - true.mean()
    return RegressionFigures(
        rows=len(true),
        mae=mean_interval(abs(error)),
        rmse=mean_interval(error**2).map(math.sqrt),
        r2=bootstrap(np.hstack((error**2, centred, centred**2)), _r2),
    )


def row_losses(loss: str, labels: Labels, outputs: Outputs) -> Float64:
    """The loss of each row, ``[rows]``, as Keras defines it, in float64 and without penalties.

    Args:
        loss: ``binary_crossentropy``, ``categorical_crossentropy``, ``mse``, ``mae``, ``huber`` or
            ``hinge`` (labels 0 and 1 count as -1 and 1).
        labels: class numbers ``[rows]`` where there are several outputs; otherwise numbers
            ``[rows]`` or ``[rows, outputs]``. The losses of a row's outputs are averaged.
        outputs: of the last layer, ``[rows, outputs]``.

    Raises:
        ValueError: shapes that do not fit each other, no rows, an output that is not finite, or a label
            that is no class number.
        KeyError: another loss.

    >>> row_losses("mse", np.array([1, 0]), np.array([[0.5], [0.0]]))
    array([0.25, 0.  ])
    """
    given = _columns("outputs", outputs, len(labels))
    true = _columns("labels", labels, len(labels))
    if labels.ndim == 1 and given.shape[1] > 1:
        true = _one_hot(true[:, 0], given.shape[1])
    if true.shape != given.shape:
        raise ValueError(f"{loss}: labels of shape {true.shape} do not fit outputs of shape {given.shape}.")
    losses: Float64 = _LOSSES[loss](true, given).mean(axis=1)
    return losses


def loss_figure(losses: Float64) -> Figure:
    """The mean of `row_losses` with its interval; raises ValueError for no rows."""
    return mean_interval(losses)


def _binary_crossentropy(true: Float64, given: Float64) -> Float64:
    clipped = given.clip(CLIP, 1 - CLIP)
    losses: Float64 = -(true * np.log(clipped) + (1 - true) * np.log(1 - clipped))
    return losses


def _categorical_crossentropy(true: Float64, given: Float64) -> Float64:
    shares = given / given.sum(axis=1, keepdims=True)
    losses: Float64 = -(true * np.log(shares.clip(CLIP, 1 - CLIP))).sum(axis=1, keepdims=True)
    return losses


def _squared_error(true: Float64, given: Float64) -> Float64:
    return (given - true) ** 2


def _absolute_error(true: Float64, given: Float64) -> Float64:
    return abs(given - true)


def _huber(true: Float64, given: Float64) -> Float64:
    size = abs(given - true)
    losses: Float64 = np.where(size <= 1, 0.5 * size**2, size - 0.5)
    return losses


def _hinge(true: Float64, given: Float64) -> Float64:
    losses: Float64 = np.maximum(0.0, 1 - (2 * true - 1) * given)
    return losses


_LOSSES = {
    "binary_crossentropy": _binary_crossentropy,
    "categorical_crossentropy": _categorical_crossentropy,
    "mse": _squared_error,
    "mae": _absolute_error,
    "huber": _huber,
    "hinge": _hinge,
}


def _one_hot(labels: Float64, classes: int) -> Float64:
    """Class numbers ``[rows]`` as 0 or 1 for each class, ``[rows, classes]``."""
    wrong = np.flatnonzero((labels < 0) | (labels >= classes) | (labels % 1 != 0))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(f"Label {labels[row]:g} of row {row} is no class number from 0 to {classes - 1}.")
    return np.eye(classes)[labels.astype(np.int64)]


def _columns(what: str, array: npt.ArrayLike, rows: int) -> Float64:
    """``array`` as finite float64 numbers ``[rows, columns]``, one column if it had no second axis."""
    numbers = np.asarray(array, dtype=np.float64)
    if rows == 0 or numbers.ndim not in (1, 2) or len(numbers) != rows:
        raise ValueError(f"{what} of shape {numbers.shape} do not fit {rows} labelled rows.")
    if not np.isfinite(numbers).all():
        raise ValueError(f"{what} of row {int(np.argwhere(~np.isfinite(numbers))[0][0])} are not finite.")
    return numbers.reshape(rows, -1)


def _multilabel_figures(
    true: npt.NDArray[np.bool_], predicted: npt.NDArray[np.bool_], classes: tuple[str, ...]
) -> ClassificationFigures:
    if true.shape != predicted.shape:
        raise ValueError(f"Labels of shape {true.shape} do not fit probabilities of shape {predicted.shape}.")
    right = (true & predicted).sum(axis=0)
    own, called = true.astype(np.int64), predicted.astype(np.int64)
    pairs = zip(own.T, called.T, strict=True)
    return ClassificationFigures(
        rows=len(true),
        # Labels of one row go wrong together, so rows and not labels are what counts as drawn at random.
        accuracy=mean_interval((true == predicted).mean(axis=1), most=1.0),
        balanced_accuracy=None,
        macro_f1=_macro_f1(own, called, np.ones(len(true), np.int64)),
        classes=_class_figures(classes, right, predicted=predicted.sum(axis=0), support=true.sum(axis=0)),
        confusion=None,
        label_confusions=tuple(_plain(_confusion(*pair, 2)) for pair in pairs),
    )


def _class_figures(
    classes: tuple[str, ...], right: Counts, predicted: Counts, support: Counts
) -> tuple[ClassFigures, ...]:
    """Figures of each class from how many rows are rightly called it, are called it, and are of it."""
    counts = zip(classes, right.tolist(), predicted.tolist(), support.tolist(), strict=True)
    return tuple(
        ClassFigures(
            name,
            precision=wilson(hits, called),
            recall=wilson(hits, true),
            f1=wilson(hits, called + true - hits).map(lambda jaccard: 2 * jaccard / (1 + jaccard)),
            support=true,
        )
        for name, hits, called, true in counts
    )


def _macro_f1(own: Counts, called: Counts, rows: Counts) -> Figure:
    """The mean F1 score of the classes, its error by the delta method: rows' derivatives, squared, summed.

    Args:
        own: 0 or 1 for each class of so many equal rows, ``[kinds, classes]``.
        called: likewise what they are called.
        rows: how many rows there are of each kind, ``[kinds]``.
    """
    answered = rows @ (own + called)
    counted = answered > 0
    if not counted.any():
        return Figure(0.0, 0.0, 1.0)
    own, called, answered = own[:, counted], called[:, counted], answered[counted]
    f1 = 2 * (rows @ (own * called)) / answered
    influence = ((2 * own * called - (own + called) * f1) / answered).mean(axis=1)
    error = math.sqrt(float(rows @ influence**2))
    return logit_interval(float(f1.mean()), error, int(np.ceil(answered.min() / 2)))


def _confusion(true: Counts, predicted: Counts, classes: int) -> Counts:
    if true.min() < 0 or true.max() >= classes:
        raise ValueError(f"Labels must be from 0 to {classes - 1}, got {true.min()} to {true.max()}.")
    return np.bincount(true * classes + predicted, minlength=classes**2).reshape(classes, classes)


def _plain(table: Counts) -> Confusion:
    return tuple(tuple(int(count) for count in row) for row in table)


def _r2(means: Float64) -> float:
    squared_error, label, squared_label = means
    variance = squared_label - label**2
    if variance > 0:
        return float(1 - squared_error / variance)
    return 1.0 if squared_error == 0 else 0.0
