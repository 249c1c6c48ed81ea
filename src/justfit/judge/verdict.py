"""Underfit, overfit from an epoch on, or just right: by curves of several runs, not by one run's wiggle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from justfit.judge.evidence import OPEN, Change, Evidence, Training, evidence_of, losses_of, width
from justfit.judge.intervals import Figure
from justfit.spec import History
from justfit.store import StoredRun

Kind = Literal["underfit", "overfit", "just right", "unclear"]

MATERIAL = 0.01
"""A change of less than this share of the loss is none, however sure it is."""

_FEWEST = 4
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
    training: Training
    """Which loss of training rows was looked at."""
    rise: Figure
    """Mean validation loss of the last quarter of the epochs minus that of the lowest quarter.

    Which neighbouring epochs are a run's lowest, its other runs tell, since the lowest of noisy figures is
    too low. Mean and interval are over these differences within runs. No interval for one run.
    """
    training_rise: Figure
    """The same of the loss of training rows, between the same epochs."""
    trend: Figure
    """Mean validation loss of the last quarter of the epochs minus that of the quarter before it."""
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
    curves = losses_of(histories)
    if curves is None:
        return None
    found = evidence_of(curves, None if reference is None else losses_of(reference))
    kind, why = _judge(found)
    return Verdict(
        kind=kind,
        onset=found.turn if kind == "overfit" else None,
        best_epoch=found.best,
        lowest=found.lowest,
        epochs=found.epochs,
        runs=found.runs,
        training=curves.training,
        rise=found.shown(found.rise),
        training_rise=found.shown(found.training_rise),
        trend=found.shown(found.trend),
        behind=None if found.behind is None else found.shown(found.behind),
        sentence=_sentence(kind, why, found),
    )


def verdicts(
    networks: Mapping[str, Sequence[StoredRun]], best: str | None = None
) -> dict[str, Verdict | None]:
    """The verdict on each network by name; None for one without runs, or without an epoch measured in all.

    Those with runs on the same splits with the same seeds as the ``best`` one are held against it, too.
    """
    reference = networks[best] if best is not None else ()
    found: dict[str, Verdict | None] = {}
    for name, runs in networks.items():
        is_beside = name != best and bool(runs) and _places(runs) == _places(reference)
        other = [run.history for run in reference] if is_beside else None
        found[name] = verdict([run.history for run in runs], other) if runs else None
    return found


def _places(runs: Sequence[StoredRun]) -> list[tuple[int, int]]:
    return [(run.spec["split"], run.spec["seed"]) for run in runs]


def _judge(found: Evidence) -> tuple[Kind, str]:
    """The kind, and which of its reasons it is."""
    material, wide = MATERIAL * abs(found.lowest), OPEN * abs(found.lowest)
    behind, fits_less = found.behind, found.training_behind
    is_over = found.best < found.epochs and found.rise.low > material
    is_last = found.best > found.epochs - width(found.epochs)
    is_behind = behind is not None and fits_less is not None and behind.low > material and fits_less.low > 0
    reasons: tuple[tuple[bool, Kind, str], ...] = (
        (found.epochs < _FEWEST, "unclear", "short"),
        (is_over and found.training_rise.value < 0, "overfit", ""),
        (is_over, "unclear", "unstable"),
        (is_last and found.trend.high < -material, "underfit", "falling"),
        (is_behind, "underfit", "behind"),
        (found.rise.high > wide, "unclear", "rise"),
        (found.trend.low < -wide, "unclear", "trend"),
    )
    return next(((kind, why) for holds, kind, why in reasons if holds), ("just right", ""))


def _sentence(kind: Kind, why: str, found: Evidence) -> str:
    """The verdict in words, with its figures."""
    lowest = f"the validation loss is lowest in epoch {found.best} ({found.lowest:.4g})"
    last = f"in epochs {found.epochs - width(found.epochs) + 1} to {found.epochs}"
    bottom = "where it is lowest" if found.runs == 1 else "where the other runs are lowest"
    rise = f"{last} it is {_differs(found.rise, found)} than {bottom}"
    trend = f"{last} it is {_differs(found.trend, found)} than in as many epochs before"
    fit = "training loss" + (" (a running mean over each epoch)" if found.training == "data_loss" else "")
    training = f"the {fit} {_changes(found.training_rise, found)}"
    match kind, why:
        case "overfit", _:
            told = f"from epoch {found.turn}: {lowest} and {rise}, while {training}"
        case _, "falling":
            told = f": {lowest} and still falls, {trend}: train longer, or with a higher learning rate"
        case _, "behind" if found.behind and found.training_behind:
            told = (
                f": {lowest}, {_differs(found.behind, found)} than the best network's, and its {fit} then is "
                f"{_differs(found.training_behind, found)}, too: more units, or less regularization"
            )
        case _, "short":
            told = f": {found.epochs} epochs are too few to tell a trend from chance; at least {_FEWEST}"
        case _, "unstable":
            told = (
                f": {lowest} and {rise}, but {training}, so training is unstable rather than overfit: try a "
                "lower learning rate"
            )
        case "unclear", _:
            chance = "one run cannot tell that from chance" if found.runs == 1 else "that may be chance"
            told = f": {lowest} and {rise if why == 'rise' else trend}; {chance}: train more replicates"
        case _ if found.rise.value == 0:  # the lowest epoch is among the last
            told = f": {lowest} and has come to a level, {trend}"
        case _:
            told = f": {lowest} and stays level, {rise}"
    return f"{kind.capitalize()}{' ' * (kind == 'overfit')}{told}."


def _differs(change: Change, found: Evidence) -> str:
    """A difference in words, such as ``0.25 lower (95% interval 0.2 to 0.3, 3 runs)``."""
    return f"{abs(change.value):.3g} {'higher' if change.value >= 0 else 'lower'}{_between(change, found)}"


def _changes(change: Change, found: Evidence) -> str:
    return f"{'rises' if change.value >= 0 else 'falls'} by {abs(change.value):.3g}{_between(change, found)}"


def _between(change: Change, found: Evidence) -> str:
    """The interval in the direction that the words beside it tell."""
    if found.runs == 1:
        return " in one run"
    low, high = (change.low, change.high) if change.value >= 0 else (-change.high, -change.low)
    return f" (95% interval {low:.3g} to {high:.3g}, {found.runs} runs)"
