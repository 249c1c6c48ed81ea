"""The common-sense baseline: what a network must beat to have learned anything."""

from dataclasses import dataclass

import numpy as np

from justfit.judge.metrics import (
    ClassificationFigures,
    Labels,
    RegressionFigures,
    classification_figures,
    regression_figures,
)
from justfit.spec import Task


@dataclass(frozen=True)
class Baseline:
    """The same answer to every row, and its figures."""

    answer: str | float | tuple[str, ...]
    """The most frequent class; the mean label for regression; the labels most rows have for multilabel."""
    figures: ClassificationFigures | RegressionFigures


def baseline(training: Labels, labels: Labels, classes: tuple[str, ...], task: Task) -> Baseline:
    """The best single answer by the ``training`` labels, and its figures on ``labels``.

    Of equally frequent classes the first is taken. Labels are shaped as in `classification_figures`
    and `regression_figures`.

    Raises:
        ValueError: no labels, or labels that do not fit the classes.

    >>> from justfit.spec import TASKS
    >>> ham = baseline(np.array([0, 0, 1]), np.array([0, 1]), ("ham", "spam"), TASKS["binary"])
    >>> ham.answer, ham.figures.accuracy.value
    ('ham', 0.5)
    """
    if len(training) == 0:
        raise ValueError("No training labels, so no baseline.")
    if not task.is_classification:
        mean = float(training.mean(dtype=np.float64))
        return Baseline(mean, regression_figures(labels, np.full(len(labels), mean)))
    if task.name == "multilabel":
        output = (training.mean(axis=0) > 0.5).astype(np.float64)
        answer: str | tuple[str, ...] = tuple(name for name, on in zip(classes, output, strict=True) if on)
    else:
        majority = int(np.bincount(training.astype(np.int64), minlength=len(classes)).argmax())
        answer = classes[majority]
        output = np.array([float(majority)]) if task.name == "binary" else np.eye(len(classes))[majority]
    probabilities = np.tile(output, (len(labels), 1))
    return Baseline(answer, classification_figures(labels, probabilities, classes, task))
