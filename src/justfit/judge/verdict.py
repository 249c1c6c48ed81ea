"""Underfit, overfit from an epoch on, or just right: by the curves of several runs, not by one run's wiggle."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize

from justfit.judge.intervals import Figure, Float64, mean_interval
from justfit.judge.selection import mean_curve
from justfit.spec import History

Kind = Literal["underfit", "overfit", "just right", "unclear"]

MATERIAL = 0.01
"""A change of less than this share of the loss is none, however sure it is."""

OPEN = 0.05
"""A change that may be as large as this share of the loss, and may be none, is unclear."""

ONE_RUN = 5.0
"""So many times the noise from epoch to epoch a change must be where there is one run.

The lowest of many epochs lies 2 to 3 times the noise below the others by chance alone.
"""

_FEWEST = 3
"""Epochs that a curve must have."""


@dataclass(frozen=True)
class Verdict:
    """How a network fits, and the figures that say so. Losses are without penalties."""

    kind: Kind
    onset: int | None
    """The epoch from which it overfits, from 1; None for other kinds."""
    best_epoch: int
    """In which the mean validation loss is lowest, from 1."""
    lowest: float
    """The mean validation loss then."""
    epochs: int
    """How many all runs reached."""
    runs: int
    training: Literal["fit_loss", "data_loss"]
    """The loss of training rows: measured after each epoch, or a running mean over it with dropout on."""
    rise: Figure
    """Validation loss over the second half of the epochs after the lowest one, minus that in the lowest one.

    The lowest epoch of each run is that of the other runs, since the lowest of noisy figures is too low;
    the mean and its interval are over these differences within runs. No interval for one run.
    """
    training_rise: Figure
    """The same of the loss of training rows, at the same epochs."""
    trend: Figure
    """By how much a straight line through the validation loss changes over the last quarter of the epochs."""
    behind: Figure | None
    """The lowest validation loss minus that of the reference network, paired; None without one."""
    sentence: str


def verdict(histories: Sequence[History], reference: Sequence[History] | None = None) -> Verdict | None:
    """How a network fits, by its runs; None where no epoch was measured in all of them.

    *Overfit*: the validation loss is higher after its lowest epoch than in it, while the training loss
    falls. *Underfit*: the validation loss still falls in the last epochs, or both losses are higher than
    those of a better network. *Just right*: neither, and the intervals leave no room for it. *Unclear*:
    all else. Runs that stop out of patience stop where they are by chance high, so that full curves are
    better evidence. Folds share training rows, so over folds intervals are narrower than the truth.

    Args:
        histories: one a run.
        reference: those of a better network on the same splits with the same seeds, in the same order.

    Raises:
        ValueError: no runs, or another number of runs of the reference.

    >>> from justfit.spec import Epoch
    >>> falls, turns = [0.6, 0.4, 0.3, 0.2, 0.1, 0.05], [0.6, 0.4, 0.3, 0.4, 0.5, 0.6]
    >>> run = tuple(Epoch(n, t, t, 1, v, v, 1, 0) for n, (t, v) in enumerate(zip(falls, turns), start=1))
    >>> verdict([run, run, run]).onset
    4
    """
    if reference is not None and len(reference) != len(histories):
        raise ValueError(f"The reference has {len(reference)} runs, expected {len(histories)}.")
    curves = _curves(histories)
    if curves is None:
        return None
    validation, fit, training = curves
    runs, epochs = validation.shape
    mean = _mean(validation)
    best = int(mean.argmin())
    noise = _noise(validation)
    rises = _rises(validation, validation)
    trends, error = _trends(validation)
    found = _Evidence(
        lowest=float(mean[best]),
        rise=_change(rises, ONE_RUN * noise),
        training_rise=_change(_rises(fit, validation), 0.0),
        trend=_change(trends, ONE_RUN * noise * error),
        behind=None,
        training_behind=None,
    )
    if reference is not None and (other := _curves(reference)) is not None and other[2] == training:
        found = found.beside(validation, fit, other[0], other[1])
    kind, why = _judge(found, epochs)
    onset = best + 2 + _flat(mean[best:], noise / math.sqrt(runs)) if kind == "overfit" else None
    return Verdict(
        kind=kind,
        onset=onset,
        best_epoch=best + 1,
        lowest=found.lowest,
        epochs=epochs,
        runs=runs,
        training=training,
        rise=_shown(found.rise, runs),
        training_rise=_shown(found.training_rise, runs),
        trend=_shown(found.trend, runs),
        behind=None if found.behind is None else _shown(found.behind, runs),
        sentence=_sentence(kind, why, onset, best + 1, epochs, runs, training, found),
    )


@dataclass(frozen=True)
class _Change:
    """A mean change, and the ends between which it is sure to lie."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class _Evidence:
    """What a verdict is made of."""

    lowest: float
    rise: _Change
    training_rise: _Change
    trend: _Change
    behind: _Change | None
    training_behind: _Change | None

    def beside(self, validation: Float64, fit: Float64, other: Float64, other_fit: Float64) -> "_Evidence":
        """With how far a network is behind a reference, each in its own best epoch."""
        at, other_at = int(_mean(validation).argmin()), int(_mean(other).argmin())
        margin = OPEN * abs(float(_mean(other)[other_at]))  # of one run, more is asked for
        behind = _change(validation[:, at] - other[:, other_at], margin)
        training_behind = _change(fit[:, at] - other_fit[:, other_at], margin)
        return _Evidence(
            self.lowest, self.rise, self.training_rise, self.trend, behind, training_behind
        )


def _curves(histories: Sequence[History]) -> tuple[Float64, Float64, Literal["fit_loss", "data_loss"]] | None:
    """Validation and training losses ``[runs, epochs]``, over the epochs that all runs measured."""
    validation = mean_curve(histories, "val_data_loss")
    fit = mean_curve(histories, "fit_loss")
    training: Literal["fit_loss", "data_loss"] = "fit_loss" if fit is not None else "data_loss"
    fit = fit or mean_curve(histories, "data_loss")
    if validation is None or fit is None:
        return None
    epochs = min(len(validation.mean), len(fit.mean))
    first, second = (
        np.array([[getattr(epoch, figure) for epoch in run[:epochs]] for run in histories], np.float64)
        for figure in ("val_data_loss", training)
    )
    return first, second, training


def _mean(values: Float64) -> Float64:
    """Over runs, summed exactly as in `mean_curve`, so that both have the same best epoch."""
    return np.array([math.fsum(column) / len(values) for column in values.T])


def _noise(values: Float64) -> float:
    """The standard deviation of one run's figure in one epoch about what its level and the epoch explain.

    Of one run it follows from how far each epoch is from the line between its neighbours.
    """
    runs, epochs = values.shape
    if runs > 1 and epochs > 1:
        about = values - values.mean(axis=0)
        about -= about.mean(axis=1, keepdims=True)
        return math.sqrt(float((about**2).sum()) / ((runs - 1) * (epochs - 1)))
    bends = np.diff(values[0], n=2)
    return math.sqrt(float((bends**2).mean()) / 6) if bends.size else math.inf


def _rises(values: Float64, validation: Float64) -> Float64:
    """Of each run, its mean over the last epochs minus that over its lowest ones, which other runs tell."""
    runs, epochs = validation.shape
    width = _window(epochs)
    others = (validation.sum(axis=0) - validation) / (runs - 1) if runs > 1 else validation
    sums = np.cumsum(np.pad(others, ((0, 0), (1, 0))), axis=1)
    lowest = (sums[:, width:] - sums[:, :-width]).argmin(axis=1)
    later = values[:, epochs - width :].mean(axis=1)
    return later - np.array([run[at : at + width].mean() for run, at in zip(values, lowest, strict=True)])


def _window(epochs: int) -> int:
    """How many neighbouring epochs are looked at together."""
    return min(epochs, max(2, -(-epochs // 4)))


def _trends(values: Float64) -> tuple[Float64, float]:
    """Of each run, the change along a line through its last epochs; and its error in terms of the noise."""
    epochs = values.shape[1]
    last = min(epochs, max(_FEWEST, -(-epochs // 3)))
    steps = np.arange(last) - (last - 1) / 2
    size = float((steps**2).sum()) or 1.0
    slopes = values[:, epochs - last :] @ steps / size
    return slopes * (last - 1), (last - 1) / math.sqrt(size)


def _change(values: Float64, margin: float) -> _Change:
    """The mean over runs with its 95% interval; of one run within a ``margin``."""
    found = mean_interval(values, low=-math.inf)
    if found.low is None or found.high is None:
        return _Change(found.value, found.value - margin, found.value + margin)
    return _Change(found.value, found.low, found.high)


def _shown(change: _Change, runs: int) -> Figure:
    return Figure(change.value, change.low, change.high) if runs > 1 else Figure(change.value, None, None)


def _judge(found: _Evidence, epochs: int) -> tuple[Kind, str]:
    """The kind, and which of its reasons it is."""
    material, wide = MATERIAL * abs(found.lowest), OPEN * abs(found.lowest)
    behind, training_behind = found.behind, found.training_behind
    if epochs < _FEWEST:
        return "unclear", "short"
    if found.rise.low > 0 and found.rise.value > material:
        return ("overfit", "") if found.training_rise.value < 0 else ("unclear", "unstable")
    if found.trend.high < 0 and found.trend.value < -material:
        return "underfit", "falling"
    if behind and training_behind and min(behind.low, training_behind.low) > 0 and behind.value > material:
        return "underfit", "behind"
    if found.rise.high > wide:
        return "unclear", "rise"
    if found.trend.low < -wide:
        return "unclear", "trend"
    return "just right", ""


def _flat(mean: Float64, noise: float) -> int:
    """For how many epochs after its lowest one a mean curve stays level before it turns up.

    Two lines, level and then rising, are fitted for each place where they may meet; only to the bottom
    of the curve, as a rise that steepens is no line. A place after the first must fit clearly better.
    """
    risen = np.flatnonzero(optimize.isotonic_regression(mean).x > mean[0] + _BOTTOM * noise)
    bottom = mean[: max(2, int(risen[0]) + 1 if risen.size else len(mean))]
    steps = np.arange(len(bottom))
    errors = []
    for place in steps[:-1]:
        rising = np.maximum(0, steps - place) - np.maximum(0, steps - place).mean()
        slope = max(0.0, float(rising @ bottom / (rising @ rising)))
        errors.append(float(((bottom - bottom.mean() - slope * rising) ** 2).sum()))
    at = int(np.argmin(errors))
    return at if errors[0] - errors[at] > _BETTER * noise**2 else 0


_BOTTOM = 8.0
"""How many times its noise a mean curve may rise and still be called its bottom."""

_BETTER = 4.0
"""By how many times the variance of the mean a sum of squares must be less to be clearly better.

With 8 and 4, at the noise of five runs on IMDB, the onset is within one epoch in 97% of sharp turns, 92%
of turns like those on IMDB and 70 to 86% of curves that stay level for 3 to 6 epochs before they rise.
"""


def _sentence(  # noqa: PLR0913, PLR0917 - all that it tells
    kind: Kind,
    why: str,
    onset: int | None,
    best: int,
    epochs: int,
    runs: int,
    training: str,
    found: _Evidence,
) -> str:
    """The verdict in words, with its figures."""
    lowest = f"the validation loss is lowest in epoch {best} ({found.lowest:.4g})"
    rise = f"{_told(found.rise, runs)} over the second half of the epochs after it"
    trend = f"over the last quarter of {epochs} epochs it {_changes(found.trend, runs)}"
    fit = "training loss" if training == "fit_loss" else "training loss (a running mean with dropout on)"
    match kind, why:
        case "overfit", _:
            assert onset is not None
            return (
                f"Overfit from epoch {onset}: {lowest} and {rise}, while the {fit} "
                f"{_changes(found.training_rise, runs)}."
            )
        case "underfit", "falling":
            return f"Underfit: {lowest}, and {trend}: train longer, or with more units."
        case "underfit", _:
            assert found.behind is not None
            assert found.training_behind is not None
            return (
                f"Underfit: {lowest}, {_told(found.behind, runs)} than the best network's, and its {fit} then is "
                f"{_told(found.training_behind, runs)}, too: it needs more units or less regularization."
            )
        case "unclear", "short":
            return f"Unclear: {epochs} epochs are too few to tell a trend from chance; at least {_FEWEST}."
        case "unclear", "unstable":
            return (
                f"Unclear: {lowest} and {rise}, but the {fit} {_changes(found.training_rise, runs)}, so "
                "training is unstable rather than overfit: try a lower learning rate."
            )
        case "unclear", _:
            more = "one run cannot tell it from chance" if runs == 1 else "that may be chance"
            told = rise if why == "rise" else f"over the last quarter it {_changes(found.trend, runs)}"
            return f"Unclear: {lowest} and {told}; {more}: train more replicates."
    return f"Just right: {lowest}, and it stays level: {rise}."


def _told(change: _Change, runs: int) -> str:
    """A difference in words, with its interval.

    >>> _told(_Change(-0.25, -0.3, -0.2), 3)
    '0.25 lower (95% interval -0.3 to -0.2, paired over 3 runs)'
    """
    return f"{abs(change.value):.3g} {'higher' if change.value >= 0 else 'lower'}{_between(change, runs)}"


def _changes(change: _Change, runs: int) -> str:
    return f"{'rises' if change.value > 0 else 'falls'} by {abs(change.value):.3g}{_between(change, runs)}"


def _between(change: _Change, runs: int) -> str:
    if runs == 1:
        return " in its one run"
    return f" (95% interval {change.low:.3g} to {change.high:.3g}, paired over {runs} runs)"
