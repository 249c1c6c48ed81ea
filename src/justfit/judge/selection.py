"""Mean curves over replicates and splits, the best epoch by them, and candidates in the order they give."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from justfit.judge.intervals import Figure, mean_margins
from justfit.spec import Epoch, History

FIGURES = (
    "loss",
    "data_loss",
    "metric",
    "val_loss",
    "val_data_loss",
    "val_metric",
    "fit_loss",
    "fit_metric",
)
"""Of an `Epoch`, what a curve can be drawn of."""


@dataclass(frozen=True)
class Curve:
    """A figure over the epochs, from 1: mean over ``runs`` runs, and the band of its 95% interval.

    The band is Student's, and None where there is one run. Folds share training rows, so over folds
    it is narrower than the truth.
    """

    figure: str
    runs: int
    mean: tuple[float, ...]
    band: tuple[tuple[float, float], ...] | None
    spread: tuple[float, ...] | None
    """Standard deviation from run to run; None for one run."""


def mean_curve(histories: Sequence[History], figure: str) -> Curve | None:
    """The mean curve over the epochs that all runs reached and measured; None where there is no such epoch.

    Raises:
        ValueError: no runs, or no such figure.
    """
    if not histories or figure not in FIGURES:
        raise ValueError(f"A curve is of one of {', '.join(FIGURES)} over at least one run, got {figure!r}.")
    values = [[getattr(epoch, figure) for epoch in history] for history in histories]
    length = min(len(run) for run in values)
    rows = [[math.nan if value is None else value for value in run[:length]] for run in values]
    array = np.array(rows, np.float64)
    measured = int(np.cumprod(np.isfinite(array).all(axis=0)).sum()) if length else 0
    if measured == 0:
        return None
    array = array[:, :measured]
    by_epoch = np.ascontiguousarray(array.T)
    # Summed exactly, so that epochs with the same figures are equal whichever run has which.
    mean = tuple(math.fsum(values) / len(rows) for values in by_epoch.tolist())
    if len(rows) == 1:
        return Curve(figure, 1, mean, None, None)
    middle, margin = by_epoch.mean(axis=1), mean_margins(by_epoch)
    band = tuple(zip((middle - margin).tolist(), (middle + margin).tolist(), strict=True))
    return Curve(figure, len(rows), mean, band, tuple(array.std(axis=0, ddof=1).tolist()))


@dataclass(frozen=True)
class Standing:
    """How a candidate stands by the figure that chooses."""

    figure: str
    best_epoch: int
    """Of the mean curve, the earliest of equals, from 1."""
    value: float
    """The mean over runs in that epoch."""
    spread: float | None
    """The standard deviation from run to run; None for one run."""
    interval: Figure
    runs: int


def sound_curve(histories: Sequence[History], figure: str) -> Curve | None:
    """The mean curve as `mean_curve` has it, over the epochs before any run diverged."""
    # A network that has diverged still has an accuracy, which must not win.
    return mean_curve([tuple(takewhile(_is_sound, history)) for history in histories], figure)


def standing(histories: Sequence[History], figure: str, *, more_is_better: bool) -> Standing | None:
    """The best epoch of a candidate's mean curve, and its figure then.

    None where not one epoch was measured in all runs: a run that diverged counts as far as it came.

    >>> from justfit.spec import Epoch
    >>> runs = [(Epoch(1, 1, 1, 1, v, v, 0, 0), Epoch(2, 1, 1, 1, w, w, 0, 0)) for v, w in ((3, 1), (4, 2))]
    >>> found = standing(runs, "val_loss", more_is_better=False)
    >>> found.best_epoch, found.value
    (2, 1.5)
    """
    curve = sound_curve(histories, figure)
    if curve is None:
        return None
    at = int(np.argmax(curve.mean) if more_is_better else np.argmin(curve.mean))
    low, high = curve.band[at] if curve.band else (None, None)
    return Standing(
        figure=figure,
        best_epoch=at + 1,
        value=curve.mean[at],
        spread=curve.spread[at] if curve.spread else None,
        interval=Figure(curve.mean[at], low, high),
        runs=curve.runs,
    )


def _is_sound(epoch: Epoch) -> bool:
    return epoch.val_loss is None or math.isfinite(epoch.val_loss)


def rank(standings: Mapping[str, Standing | None], *, more_is_better: bool) -> list[str]:
    """Names of candidates, the best first; of equals the earlier; those without a standing last."""

    def key(name: str) -> float:
        found = standings[name]
        if found is None:
            return math.inf
        return -found.value if more_is_better else found.value

    return sorted(standings, key=key)
