"""The ROC and the precision-recall curve of scores, with no more points than a drawing needs."""

import heapq

import numpy as np
import numpy.typing as npt

from justfit.judge.intervals import Float64

MOST_POINTS = 101
"""Of a stored curve."""

WITHIN = 0.005
"""So near to the exact curve the line through a stored one's points stays, unless that takes more points."""

_DIGITS = 6
"""Of a stored curve's points."""

Bools = npt.NDArray[np.bool_]
Points = tuple[tuple[float, float], ...]


def ranking_curves(positive: Bools, scores: Float64) -> tuple[Points, Points]:
    """The ROC and the precision-recall curve of one class against the others, thinned by `thinned`.

    Args:
        positive: which rows are of the class, ``[rows]``; some are and some are not.
        scores: of each row, the higher the surer it is of the class.

    Returns:
        (false positive rate, true positive rate) from (0, 0) to (1, 1); and (recall, precision), recall
        falling from 1 to 0, where precision is 1 by convention.
    """
    order = np.argsort(-scores, kind="stable")
    ends = _ends_of_ties(scores[order])
    hits = np.cumsum(positive[order])[ends].astype(np.float64)
    called = ends + 1.0
    ones, zeros = hits[-1], called[-1] - hits[-1]
    del order, ends
    roc = thinned(_line((0.0, 0.0), (called - hits) / zeros, hits / ones))
    return roc, thinned(_line((0.0, 1.0), hits / ones, hits / called)[::-1])


def _line(first: tuple[float, float], across: Float64, up: Float64) -> Float64:
    """Points one after another, ``[points, 2]``."""
    line = np.empty((1 + len(across), 2))
    line[0], line[1:, 0], line[1:, 1] = first, across, up
    return line


def last_of_ties(ordered: Float64) -> npt.NDArray[np.int64]:
    """For each place of ordered scores the last one with the same score."""
    ends = _ends_of_ties(ordered)
    return ends[np.searchsorted(ends, np.arange(len(ordered)))]


def _ends_of_ties(ordered: Float64) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))


def thinned(points: Float64) -> Points:
    """As few points of a line as keep it `WITHIN` of itself, or `MOST_POINTS`; both ends are among them.

    Each time the point furthest from the line drawn so far is taken, wherever it is.

    Source: Douglas and Peucker (1973), doi:10.3138/FM57-6770-U75U-7727.

    >>> thinned(np.array([[0.0, 0.0], [0.5, 0.001], [1.0, 0.0], [1.0, 1.0]]))
    ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    """
    kept = {0, len(points) - 1}
    waiting = [_furthest(points, 0, len(points) - 1)]
    while waiting and len(kept) < MOST_POINTS:
        distance, place, start, end = heapq.heappop(waiting)
        if -distance <= WITHIN:
            break
        kept.add(place)
        for ends in ((start, place), (place, end)):
            heapq.heappush(waiting, _furthest(points, *ends))
    return tuple((float(x), float(y)) for x, y in points[sorted(kept)].round(_DIGITS))


def _furthest(points: Float64, start: int, end: int) -> tuple[float, int, int, int]:
    """Of the points between two the one furthest from the straight line between them; less its distance."""
    if end - start < 2:
        return 0.0, start, start, end
    along = points[end] - points[start]
    away = points[start + 1 : end] - points[start]
    length = float(along @ along)
    share = (away @ along / length).clip(0, 1) if length > 0 else np.zeros(len(away))
    distance = np.linalg.norm(away - share[:, None] * along, axis=1)
    place = int(distance.argmax())
    return -float(distance[place]), start + 1 + place, start, end
