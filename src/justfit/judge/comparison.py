"""Networks side by side: each in the best epoch of its mean curve, and how far it is from the best one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from justfit.judge.intervals import Figure, mean_interval
from justfit.judge.selection import Standing, mean_curve, rank, standing
from justfit.store import StoredRun


@dataclass(frozen=True)
class Compared:
    """A network in the best epoch of its mean curve."""

    standing: Standing
    metric: float | None
    """The mean over runs of ``val_metric`` in that epoch; None where no row validates."""
    updates: int
    """Optimizer steps up to that epoch, the mean over runs."""
    seconds: float
    """Wall time up to that epoch, the mean over runs; others were trained in the same cohort meanwhile."""
    difference: Figure | None
    """The mean over ``pairs`` of its figure minus the best network's; None for the best, or without pairs."""
    pairs: int
    """How many of its runs stand beside one of the best network on the same split with the same seed."""


def compare(
    networks: Mapping[str, Sequence[StoredRun]], figure: str, *, more_is_better: bool
) -> dict[str, Compared | None]:
    """Networks by name, the best first.

    None, and last, are those whose ``figure`` was not measured in one epoch of all their runs, or which
    have no runs. Folds share training rows, so over folds the intervals are narrower than the truth.

    Args:
        networks: the runs of each.
        figure: one of `justfit.judge.selection.FIGURES`.
        more_is_better: whether the highest figure is the best.

    Raises:
        ValueError: no such figure.
    """
    standings = {
        name: standing([run.history for run in runs], figure, more_is_better=more_is_better) if runs else None
        for name, runs in networks.items()
    }
    found: dict[str, Compared | None] = {}
    best: dict[tuple[int, int], float] | None = None
    for name in rank(standings, more_is_better=more_is_better):
        stands, runs = standings[name], networks[name]
        if stands is None:
            found[name] = None
            continue
        values = _values(runs, stands)
        pairs = [key for key in values if best is not None and key in best]
        differences = [values[key] - best[key] for key in pairs] if best is not None else []
        found[name] = Compared(
            standing=stands,
            metric=_metric(runs, stands.best_epoch),
            updates=round(_mean([run.updates * stands.best_epoch / len(run.history) for run in runs])),
            seconds=_mean([sum(epoch.seconds for epoch in run.history[: stands.best_epoch]) for run in runs]),
            difference=mean_interval(differences, low=-math.inf) if differences else None,
            pairs=len(pairs),
        )
        best = values if best is None else best
    return found


def _values(runs: Sequence[StoredRun], stands: Standing) -> dict[tuple[int, int], float]:
    """The figure of each run in the best epoch, by split and seed."""
    return {
        (run.spec["split"], run.spec["seed"]): getattr(run.history[stands.best_epoch - 1], stands.figure)
        for run in runs
    }


def _metric(runs: Sequence[StoredRun], epoch: int) -> float | None:
    curve = mean_curve([run.history for run in runs], "val_metric")
    return curve.mean[epoch - 1] if curve is not None and epoch <= len(curve.mean) else None


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
