"""How well a stage has searched: best values at the edge, too few values, runs that diverged or disagree."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np

from justfit.judge.selection import Standing, rank, standing
from justfit.spec import Candidate, Diverged
from justfit.store import StoredRun

SearchKind = Literal["diverged", "replicates", "few points", "edge"]


@dataclass(frozen=True)
class Tried:
    """A network of a stage with its runs."""

    candidate: Candidate
    runs: Sequence[StoredRun]


@dataclass(frozen=True)
class SearchFinding:
    """Something to mend in a search, and what to try next."""

    kind: SearchKind
    setting: str | None
    """The setting it is about; None where it is about no single one."""
    sentence: str


SHARES = ("dropout", "input_dropout")
"""Settings whose next value is as far on; that of others is as many times as large."""

PENALTIES = ("l1", "l2", "activity_l1", "activity_l2")
"""Settings that are off at 0."""

WHOLE = ("width", "layers", "batch_size")
"""Settings that are whole numbers from 1."""

LEARNING_RATE = "learning_rate"

_POWER = 16
"""Runs of each of two networks that tell a difference of one standard deviation.

In 4 cases of 5, two-sided at 5%: 2 (1.96 + 0.84) ** 2. For smaller differences it grows with the square.
"""


def search_findings(
    tried: Mapping[str, Tried], figure: str, *, more_is_better: bool
) -> tuple[SearchFinding, ...]:
    """What to mend after a stage and what to try next, the gravest first.

    Where runs of one network differ more than networks do, values are not looked at: which is the best may be
    chance.

    Args:
        tried: the networks of the stage by name; those without runs count as not tried.
        figure: one of `justfit.judge.selection.FIGURES`, that chooses.
        more_is_better: whether the highest figure is the best.

    Raises:
        ValueError: no such figure.
    """
    tried = {name: each for name, each in tried.items() if each.runs}
    found = _diverged(list(tried.values()))
    standings = {
        name: standing([run.history for run in each.runs], figure, more_is_better=more_is_better)
        for name, each in tried.items()
    }
    ranked = rank(standings, more_is_better=more_is_better)
    values = [_values(tried[name].runs, stands) for name in ranked if (stands := standings[name]) is not None]
    if len(values) < 2:
        return tuple(found)
    if all(len(each) == 1 for each in values):
        found.append(SearchFinding("replicates", "replicates", _ONCE))
    elif (disagreeing := _replicates(values)) is not None:
        return (*found, disagreeing)
    return (*found, *_settings([tried[name].candidate for name in ranked[: len(values)]]))


_ONCE = (
    "Each network was trained once, so nothing tells a difference from chance: train 3 or more seeds of each."
)


def _values(runs: Sequence[StoredRun], stands: Standing) -> dict[tuple[int, int], float]:
    """The figure of each run in the best epoch of the mean curve, by split and seed."""
    return {
        (run.spec["split"], run.spec["seed"]): getattr(run.history[stands.best_epoch - 1], stands.figure)
        for run in runs
    }


def _diverged(tried: Sequence[Tried]) -> list[SearchFinding]:
    """Whether runs diverged, and of which learning rates."""
    wild = [each for each in tried if any(isinstance(run.outcome, Diverged) for run in each.runs)]
    if not wild:
        return []
    outcomes = [run.outcome for each in tried for run in each.runs]
    diverged, runs = sum(isinstance(outcome, Diverged) for outcome in outcomes), len(outcomes)
    rate = min(each.candidate.recipe.optimizer.learning_rate for each in wild)
    sentence = (
        f"{diverged} of {runs} runs diverged ({100 * diverged / runs:.0f}%), of {len(wild)} of {len(tried)} "
        f"networks: try a learning rate below {rate:g}, such as {_rounded(rate / 3):g}, or clip_norm 1."
    )
    return [SearchFinding("diverged", LEARNING_RATE, sentence)]


def _replicates(values: Sequence[Mapping[tuple[int, int], float]]) -> SearchFinding | None:
    """Whether runs of one network differ more than networks do; ``values``: of each, the best first.

    Differences are taken between runs on the same split with the same seed, so that what makes a split hard
    does not count. Of two runs each of which differs by s, the difference does by s times the root of 2.
    """
    best, *others = values
    differences = [
        np.array([each[place] - best[place] for place in each if place in best]) for each in others
    ]
    paired = [each for each in differences if len(each) > 1]
    if not paired:
        return None
    spread = math.sqrt(math.fsum(float(each.var(ddof=1)) for each in paired) / len(paired) / 2)
    gap = median(abs(float(each.mean())) for each in paired)
    runs = max(len(each) for each in paired)
    if gap >= spread * min(1.0, 2 * math.sqrt(2 / runs)):
        return None
    enough = max(runs + 1, math.ceil(_POWER * (spread / gap) ** 2)) if gap > 0 else math.inf
    more = f"train about {enough:,} runs of each to tell these apart, or " if enough <= _MOST_RUNS else ""
    told = "half of the other networks" if len(paired) > 1 else "the other network"
    sentence = (
        f"Runs of one network differ by {spread:.3g} (standard deviation), and {told} by at most {gap:.3g} "
        f"from the best, which may be chance: {more}take the smallest."
    )
    return SearchFinding("replicates", "replicates", sentence)


_MOST_RUNS = 100
"""More runs of each network than this nobody would train."""


def _settings(candidates: Sequence[Candidate]) -> list[SearchFinding]:
    """Settings of which too few values were tried, or the last one is best; ``candidates``: best first."""
    found = []
    numbers = [_numbers(candidate) for candidate in candidates]
    for key, best in numbers[0].items():
        if key == LEARNING_RATE and len({candidate.recipe.optimizer.name for candidate in candidates}) > 1:
            continue  # another optimizer's rates are not comparable
        values = sorted({each[key] for each in numbers if key in each})
        if len(values) == 2:
            found += _few(key, values, best)
        elif len(values) > 2 and (beyond := _beyond(key, values, best)) is not None:
            last = "highest" if best == values[-1] else "lowest"
            sentence = (
                f"{key}: the best network has {best:g}, the {last} of {len(values)} values that were tried: "
                f"try {beyond:g}."
            )
            found.append(SearchFinding("edge", key, sentence))
    return found


def _few(key: str, values: Sequence[float], best: float) -> list[SearchFinding]:
    between, beyond = _between(key, *values), _beyond(key, values, best)
    advice = [f"{value:g} {where}" for value, where in ((between, "between"), (beyond, "beyond")) if value]
    if not advice:
        return []
    sentence = (
        f"{key}: only {values[0]:g} and {values[1]:g} were tried, and the best network has {best:g}: try "
        f"{' and '.join(advice)}."
    )
    return [SearchFinding("few points", key, sentence)]


def _numbers(candidate: Candidate) -> dict[str, float]:
    """The settings of a candidate that are numbers, where all layers have the same."""
    network, recipe = candidate.network, candidate.recipe
    found: dict[str, float] = {"layers": len(network.hidden), "input_dropout": network.input_dropout}
    if network.hidden:
        found["width"] = max(network.hidden)
    for key in ("dropout", *PENALTIES):
        layers = set(getattr(network, key))
        if len(layers) == 1:
            found[key] = layers.pop()
    found[LEARNING_RATE] = recipe.optimizer.learning_rate
    if recipe.batch_size is not None:
        found["batch_size"] = recipe.batch_size
    return found


def _beyond(key: str, values: Sequence[float], best: float) -> float | None:
    """The value after the last one tried, where that is the best; None where it is not, or none comes."""
    if best not in (values[0], values[-1]):
        return None
    is_highest = best == values[-1]
    near = values[-2] if is_highest else values[1]
    if not is_highest and (best == 0 or (key in WHOLE and best == 1)):
        return None  # nothing is less than off, or than one
    if key == "layers":
        return best + 1 if is_highest else best - 1
    if key in SHARES and is_highest:
        return _rounded(min(2 * best - near, (1 + best) / 2))
    return _fitted(key, best * best / near if near > 0 else 10 * best)


def _between(key: str, low: float, high: float) -> float | None:
    """A value between two; None where there is none."""
    if key in SHARES:
        return _rounded((low + high) / 2)
    middle = _fitted(key, math.sqrt(low * high) if low > 0 else high / 10)
    return middle if low < middle < high else None


def _fitted(key: str, value: float) -> float:
    return max(1, round(value)) if key in WHOLE else _rounded(value)


def _rounded(value: float) -> float:
    """To two digits, as a person would try it.

    >>> _rounded(0.000333), _rounded(0.75)
    (0.00033, 0.75)
    """
    return float(f"{value:.2g}")
