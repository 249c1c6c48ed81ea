"""`leading`: which networks lead while a study goes on and few of their runs have ended."""

from collections.abc import Collection, Mapping
from statistics import fmean

from justfit.workflow.pace import NetworkRuns

_TIE = 0.05
"""The share of a loss by which networks differ that may as well stand the other way round in the end."""


def leading(networks: Collection[NetworkRuns]) -> list[NetworkRuns]:
    """Networks on whose validation rows something was told, those first that are likely to lead in the end.

    Where runs have ended, those in training do not count, as large networks learn in fewer epochs.
    Splits differ by more than networks do: a network's loss in a split is held against that of the others
    there. What only some of the splits tell counts for less. Of those that lead, or nearly, the smallest
    comes first: chance will decide among them, and what builds on a large one takes several times as long.
    """
    ended = any(each.ended for each in networks)
    lows = {id(each): low for each in networks if (low := each.lows(ended=ended))}
    splits = set[int]().union(*lows.values())
    means = {split: fmean(low[split] for low in lows.values() if split in low) for split in splits}

    def stands(low: Mapping[int, float]) -> float:
        """A network's loss as a share of that of the mean network."""
        shares = (loss / means[split] if means[split] else 1.0 for split, loss in low.items())
        return 1 + len(low) / len(splits) * (fmean(shares) - 1)

    found = [(stands(lows[id(each)]), each) for each in networks if id(each) in lows]
    nearly = min((stand for stand, _ in found), default=0.0) * (1 + _TIE)
    found.sort(key=lambda each: (0.0, each[1].work) if each[0] <= nearly else (each[0], 0.0))
    return [network for _, network in found]
