"""`Lasting`: how long runs last that may end early, by how long others did (Kaplan and Meier, 1958)."""

from collections.abc import Sequence
from itertools import accumulate

from justfit.workflow.halving import FEWEST, rungs

BINS = 50
"""Parts of a run's epochs."""

_FIRST = BINS // 8
"""Parts in which none is thought to end, as patience lasts so long."""

_KNOWN = 4.0
"""As many runs as what is thought of early ends counts for before any is seen."""


class Lasting:
    """Runs of one stage that may end early.

    Args:
        share: of its epochs that a run is thought to be trained for, before any is seen.
    """

    def __init__(self, share: float) -> None:
        self.share = min(0.999, max(_FIRST / BINS + 0.01, share))
        self._thought = _hazard(self.share)
        self._reached, self._quit = [0] * (BINS + 1), [0] * (BINS + 1)

    def reached(self, before: float, after: float) -> None:
        """Note that a run came from one share of its epochs to another."""
        for part in range(_part(before), _part(after)):
            self._reached[part + 1] += 1

    def ended(self, share: float) -> None:
        """Note that a run ended by itself after a share of its epochs."""
        self._quit[_part(share)] += 1

    def stay(self) -> list[float]:
        """The share of runs still in training when each part of their epochs begins."""
        stay = [1.0]
        for part in range(BINS):
            seen = self._reached[part + 1] + self._quit[part]
            thought = self._thought if part >= _FIRST else 0.0
            stay.append(stay[-1] * (1 - (self._quit[part] + _KNOWN * thought) / (seen + _KNOWN)))
        return stay[:-1]

    def expected(self) -> float:
        """The share of its epochs that a run is expected to be trained for."""
        return sum(self.stay()) / BINS


def parts_left(share: float, alive: Sequence[float], stay: Sequence[float]) -> float:
    """Of a run's epochs, the share that it has left in the mean.

    Args:
        share: that it has done.
        alive: of networks like it, the share that has not left when each part begins.
        stay: of their runs, the share that has not ended by itself.
    """
    sums = [0.0, *accumulate(here * goes_on for here, goes_on in zip(alive, stay, strict=True))]
    if not share:
        return sums[-1] / BINS
    at = share * BINS
    part = min(int(at), BINS - 1)
    # A run in training has not ended by itself so far, and has not left.
    return max(0.0, (sums[-1] - sums[part]) / max(stay[part], 1e-9) - (at - part) * alive[part]) / BINS


def alive(halving: int | None, networks: int, epochs: int, after: int = 0) -> list[float]:
    """Of a stage's networks, the share that has not left when each part of their epochs begins.

    Args:
        halving: the epoch after which the worse half leaves first; None where none does.
        networks: that are still there.
        epochs: of a run.
        after: the epoch after which some left last.
    """
    share, stay = [1.0] * BINS, networks
    for rung in rungs(halving, epochs) if halving else ():
        if rung > after and stay > FEWEST:
            stay = -(-stay // 2)
            first = -(-rung * BINS // epochs)
            share[first:] = [stay / networks] * (BINS - first)
    return share


def _part(share: float) -> int:
    return min(BINS, int(share * BINS + 1e-9))


def _hazard(share: float) -> float:
    """The share of runs that ends in each part but the first few, where they last for so long in the mean."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        lasts = sum((1 - middle) ** later for later in range(BINS - _FIRST))
        low, high = (middle, high) if _FIRST + lasts > share * BINS else (low, middle)
    return low
