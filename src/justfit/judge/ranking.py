"""How well probabilities put rows of a class before the others: ROC and precision-recall, with areas."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from justfit.judge.intervals import Figure, Float64, logit_interval
from justfit.judge.metrics import Labels, Outputs
from justfit.judge.ranking_curves import Bools, Points, last_of_ties, ranking_curves
from justfit.spec import Task

MOST_CURVES = 20
"""Of more classes those with the most rows have curves."""


@dataclass(frozen=True)
class ClassCurves:
    """The curves of one class against the others, thinned by `justfit.judge.ranking_curves.thinned`."""

    name: str
    roc: Points
    """(false positive rate, true positive rate), from (0, 0) to (1, 1)."""
    pr: Points
    """(recall, precision), recall falling to 0, where precision is 1 by convention."""
    roc_auc: float
    pr_auc: float
    """The areas, as in `Ranking`."""


@dataclass(frozen=True)
class Ranking:
    """Areas and curves; of several classes each is told from the others, and the areas' mean is taken.

    Classes of which there is no row, or nothing but rows, have no curves and do not count. Of the others
    at most `MOST_CURVES` have curves, those with the most rows.
    """

    roc_auc: Figure | None
    """Area under the ROC curve: how often a row of the class is before one that is not. None without curves.

    Its standard error is that of DeLong, DeLong and Clarke-Pearson 1988 (doi:10.2307/2531595).
    """
    pr_auc: Figure | None
    """Area under the precision-recall curve, as average precision: without a line between its points.

    Its standard error is that of the infinitesimal jackknife.
    """
    curves: tuple[ClassCurves, ...]


def ranking(labels: Labels, probabilities: Outputs, classes: tuple[str, ...], task: Task) -> Ranking:
    """ROC and precision-recall of a classifier's probabilities: of class 1 for binary, else of each class.

    Intervals are 95%, on the logit scale. An area of 1 leaves its error unknown: then the interval
    is Wilson's of as many rows as the smaller side has, which is wider than the truth.

    Args:
        labels: class numbers ``[rows]``; for multilabel 0 or 1, ``[rows, classes]``.
        probabilities: the network's outputs ``[rows, outputs]``; for binary one column, of class 1.
        classes: names in the order of their numbers.
        task: a classification.

    Raises:
        ValueError: shapes that do not fit each other, or a probability that is not finite.

    >>> from justfit.spec import TASKS
    >>> found = ranking(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]), ("a", "b"), TASKS["binary"])
    >>> found.roc_auc.value, round(found.pr_auc.value, 4)
    (0.75, 0.8333)
    """
    scores = np.asarray(probabilities, np.float64).reshape(len(labels), -1)
    if not np.isfinite(scores).all():
        raise ValueError(
            f"Probabilities of row {int(np.argwhere(~np.isfinite(scores))[0][0])} are not finite."
        )
    if task.name == "multilabel":
        positive = np.asarray(labels, np.float64).reshape(len(labels), -1) > 0.5
    elif task.name == "binary":
        positive = np.asarray(labels)[:, None] == 1
    else:
        positive = np.asarray(labels)[:, None] == np.arange(len(classes))
    if positive.shape != scores.shape:
        raise ValueError(f"Labels of shape {positive.shape} do not fit probabilities of {scores.shape}.")
    names = classes[1:] if task.name == "binary" else classes
    pairs = [
        (name, positive[:, number], scores[:, number])
        for number, name in enumerate(names)
        if 0 < positive[:, number].sum() < len(labels)
    ]
    sides = [(one, score) for _, one, score in pairs]
    return Ranking(
        roc_auc=_mean_area(sides, _roc_area),
        pr_auc=_mean_area(sides, _pr_area),
        curves=tuple(
            ClassCurves(name, *ranking_curves(one, score), _roc_area(one, score)[0], _pr_area(one, score)[0])
            for name, one, score in _largest(pairs)
        ),
    )


def _largest(pairs: Sequence[tuple[str, Bools, Float64]]) -> list[tuple[str, Bools, Float64]]:
    """The classes with the most rows, in their order."""
    order = sorted(range(len(pairs)), key=lambda number: -int(pairs[number][1].sum()))
    return [pairs[number] for number in sorted(order[:MOST_CURVES])]


def _mean_area(
    sides: Sequence[tuple[Bools, Float64]], area: Callable[[Bools, Float64], tuple[float, Float64]]
) -> Figure | None:
    """The mean area of all classes; what each row adds to its error is summed before it is squared."""
    if not sides:
        return None
    found = [area(positive, scores) for positive, scores in sides]
    value = math.fsum(each for each, _ in found) / len(found)
    influence = np.mean([each for _, each in found], axis=0)
    fewest = min(min(int(positive.sum()), int((~positive).sum())) for positive, _ in sides)
    error = math.sqrt(float((influence**2).sum())) if fewest > 1 else math.inf
    return logit_interval(value, error, fewest)


def _roc_area(positive: Bools, scores: Float64) -> tuple[float, Float64]:
    """The area under the ROC curve, and what each row adds to its error (squares summed: DeLong's variance).

    By midranks, as Sun and Xu 2014 (doi:10.1109/LSP.2014.2337313).
    """
    ones, zeros = int(positive.sum()), int((~positive).sum())
    ranks = _midranks(scores)
    # Of each row the share of the other side that it is rightly before or behind.
    placed = np.empty(len(scores))
    placed[positive] = (ranks[positive] - _midranks(scores[positive])) / zeros
    placed[~positive] = 1 - (ranks[~positive] - _midranks(scores[~positive])) / ones
    area = float(placed[positive].mean())
    count = np.where(positive, ones, zeros)
    return area, (placed - area) / np.sqrt(count * np.maximum(count - 1, 1))


def _midranks(scores: Float64) -> Float64:
    """Ranks from 1, those of equals their mean: ``rankdata``, without all of SciPy's statistics."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks: Float64 = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks


def _pr_area(positive: Bools, scores: Float64) -> tuple[float, Float64]:
    """Average precision, and what each row adds to its error: its derivative by the row's weight."""
    order = np.argsort(-scores, kind="stable")
    one, last = positive[order].astype(np.float64), last_of_ties(scores[order])
    ones = float(one.sum())
    called = last + 1.0
    precision = np.cumsum(one)[last] / called
    area = float((one * precision).sum()) / ones
    # A row changes the precision at each of the rows of the class that stand with it or behind it.
    first = len(scores) - 1 - last_of_ties(scores[order][::-1])[::-1]
    counted = np.cumsum((one / called)[::-1])[::-1][first]
    lost = np.cumsum((one * precision / called)[::-1])[::-1][first]
    influence = np.empty(len(scores))
    influence[order] = (one * (precision - area + counted) - lost) / ones
    return area, influence * math.sqrt(ones / max(ones - 1, 1))
