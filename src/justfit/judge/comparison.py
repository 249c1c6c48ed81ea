"""Networks side by side: each in the best epoch of its mean curve, and how far it is from the best one."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from justfit.judge.intervals import Figure
from justfit.judge.selection import Standing, mean_curve, rank, standing
from justfit.judge.significance import (
    Comparison,
    RunKey,
    compare_paired,
    holm,
    rows_ratio,
    standard_error,
    verdict_of,
)
from justfit.store import StoredRun


@dataclass(frozen=True)
class Compared:
    """A network in the best epoch of its mean curve."""

    standing: Standing
    error: float | None
    """The standard error of the mean over runs, corrected over folds; None for one run."""
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
    p: float | None
    """How often chance alone takes equal networks so far apart, corrected for all comparisons."""
    verdict: str | None
    """``better``, ``worse`` or ``tie`` against the best; None for the best itself, and for one pair."""


def compare(
    networks: Mapping[str, Sequence[StoredRun]], figure: str, *, more_is_better: bool
) -> dict[str, Compared | None]:
    """Networks by name, the best first.

    None, and last, are those whose ``figure`` was not measured in one epoch of all their runs, or which
    have no runs. Each is compared with the best as in `compare_paired`. The runs that are compared have
    also said which is the best, so `holm` corrects for all the pairs of networks there are.

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
    found: dict[str, Compared | None] = dict.fromkeys(rank(standings, more_is_better=more_is_better))
    known = {name: stands for name in found if (stands := standings[name]) is not None}
    paired = _with_the_best(networks, known, more_is_better)
    for name, stands in known.items():
        runs, best = networks[name], paired.get(name)
        found[name] = Compared(
            standing=stands,
            error=standard_error(_values(runs, stands), rows_ratio(runs[0].spec["protocol"])),
            metric=_metric(runs, stands.best_epoch),
            updates=round(_mean([run.updates * stands.best_epoch / len(run.history) for run in runs])),
            seconds=_mean([sum(epoch.seconds for epoch in run.history[: stands.best_epoch]) for run in runs]),
            difference=best.difference if best else None,
            pairs=best.pairs if best else 0,
            p=best.p if best else None,
            verdict=best.verdict if best else None,
        )
    return found


def _with_the_best(
    networks: Mapping[str, Sequence[StoredRun]], known: Mapping[str, Standing], more_is_better: bool
) -> dict[str, Comparison]:
    """Each network compared with the first, p corrected for all pairs of them."""
    pairs = [(name, other) for other, name in combinations(known, 2)]
    found = compare_pairs(networks, known, pairs, more_is_better=more_is_better)
    return {name: each for (name, other), each in found.items() if other == next(iter(known))}


def compare_pairs(
    networks: Mapping[str, Sequence[StoredRun]],
    standings: Mapping[str, Standing],
    pairs: Sequence[tuple[str, str]],
    *,
    more_is_better: bool,
) -> dict[tuple[str, str], Comparison]:
    """The first network of each pair against the second, each in its own best epoch, as in `compare_paired`.

    p and verdict are corrected by `holm` for all the pairs. A pair without runs on the same split with the
    same seed is left out.

    Args:
        networks: the runs of each by name.
        standings: how each stands by the figure that is compared.
        pairs: of names.
        more_is_better: whether the higher figure is the better.
    """
    names = dict.fromkeys(name for pair in pairs for name in pair)
    values = {name: _values(networks[name], standings[name]) for name in names}
    ratios = {name: rows_ratio(networks[name][0].spec["protocol"]) for name in names}
    found = {
        (name, other): each
        for name, other in pairs
        if (each := compare_paired(values[name], values[other], ratio=ratios[name])) is not None
    }
    tested = {pair: each.p for pair, each in found.items() if each.p is not None}
    for pair, p in zip(tested, holm(list(tested.values())), strict=True):
        verdict = verdict_of(found[pair].difference.value, p, more_is_better=more_is_better)
        found[pair] = dataclasses.replace(found[pair], p=p, verdict=verdict)
    return found


def _values(runs: Sequence[StoredRun], stands: Standing) -> dict[RunKey, float]:
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
