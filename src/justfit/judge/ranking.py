"""How well probabilities put rows of a class before the others: ROC and precision-recall, with areas."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from justfit.judge.intervals import Figure, Float64, logit_interval
from justfit.judge.metrics import Labels, Outputs
from justfit.spec import Task

MOST_POINTS = 200
"""Of a stored curve: no point left out is further than a hundredth from one that is kept."""

_DIGITS = 6
"""Of a stored curve's points."""

Bools = npt.NDArray[np.bool_]
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class ClassCurves:
    """The curves of one class against the others, at most `MOST_POINTS` points each."""

    name: str
    roc: Points
    """(false positive rate, true positive rate), from (0, 0) to (1, 1)."""
    pr: Points
    """(recall, precision), recall falling to 0, where precision is 1 by convention."""


@dataclass(frozen=True)
class Ranking:
    """Areas and curves; of several classes each is told from the others, and the areas' mean is taken.

    Classes of which there is no row, or nothing but rows, have no curves and do not count.
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
        curves=tuple(ClassCurves(name, *_curves(one, score)) for name, one, score in pairs),
    )


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
    ranks = rankdata(scores)
    # Of each row the share of the other side that it is rightly before or behind.
    placed = np.empty(len(scores))
    placed[positive] = (ranks[positive] - rankdata(scores[positive])) / zeros
    placed[~positive] = 1 - (ranks[~positive] - rankdata(scores[~positive])) / ones
    area = float(placed[positive].mean())
    count = np.where(positive, ones, zeros)
    return area, (placed - area) / np.sqrt(count * np.maximum(count - 1, 1))


def _pr_area(positive: Bools, scores: Float64) -> tuple[float, Float64]:
    """Average precision, and what each row adds to its error: its derivative by the row's weight."""
    order = np.argsort(-scores, kind="stable")
    one, last = positive[order].astype(np.float64), _last_of_ties(scores[order])
    ones = float(one.sum())
    called = last + 1.0
    precision = np.cumsum(one)[last] / called
    area = float((one * precision).sum()) / ones
    # A row changes the precision at each of the rows of the class that stand with it or behind it.
    first = len(scores) - 1 - _last_of_ties(scores[order][::-1])[::-1]
    counted = np.cumsum((one / called)[::-1])[::-1][first]
    lost = np.cumsum((one * precision / called)[::-1])[::-1][first]
    influence = np.empty(len(scores))
    influence[order] = (one * (precision - area + counted) - lost) / ones
    return area, influence * math.sqrt(ones / max(ones - 1, 1))


def _last_of_ties(ordered: Float64) -> npt.NDArray[np.int64]:
    """For each place the last one with the same score."""
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    return ends[np.searchsorted(ends, np.arange(len(ordered)))]


def _curves(positive: Bools, scores: Float64) -> tuple[Points, Points]:
    """The ROC and the precision-recall curve, a point for each score that occurs."""
    order = np.argsort(-scores, kind="stable")
    ends = np.unique(_last_of_ties(scores[order]))
    hits = np.cumsum(positive[order])[ends].astype(np.float64)
    called = ends + 1.0
    ones, zeros = hits[-1], called[-1] - hits[-1]
    roc = np.stack([(called - hits) / zeros, hits / ones], axis=1)
    pr = np.stack([hits / ones, hits / called], axis=1)
    return _thinned(np.vstack([(0.0, 0.0), roc])), _thinned(np.vstack([(0.0, 1.0), pr])[::-1])


def _thinned(points: Float64) -> Points:
    """At most `MOST_POINTS` of the points, evenly along the curve, both ends among them."""
    if len(points) > MOST_POINTS:
        along = np.append(0.0, np.cumsum(abs(np.diff(points, axis=0)).sum(axis=1)))
        wanted = np.linspace(0, along[-1], MOST_POINTS)
        points = points[np.unique(np.searchsorted(along, wanted).clip(max=len(points) - 1))]
    return tuple((float(x), float(y)) for x, y in points.round(_DIGITS))
