"""`Pace`: how many seconds an epoch of a network takes, by those that were measured."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from statistics import fmean

from justfit.machine import available_threads

COHORT = 8_000.0
"""What a cohort's epoch takes beside its networks, as `justfit.engine.epoch_work` measures theirs."""


@dataclass
class NetworkRuns:
    """A network's runs in one stage, as they are seen from outside."""

    epochs: int
    waiting: int
    """Runs that have not begun."""
    work: float
    ends_early: bool
    seconds: float = 0.0
    """Of epochs measured, with its share of those that it had in company."""
    units: float = 0.0
    """The work of these epochs, with its share of what a cohort takes."""
    measured: int = 0
    """Epochs."""
    running: dict[tuple[int, int], int] = field(default_factory=dict)
    """Epochs done by split and seed."""
    has_left: bool = False
    """Whether it left its stage, so that its runs have ended though that is not yet told."""
    losses: dict[int, list[float]] = field(default_factory=dict)
    """On validation rows, by epoch."""
    lasted: list[float] = field(default_factory=list)
    """Of runs that ended, the share of their epochs."""

    def best(self) -> tuple[float, int]:
        """The lowest mean loss on validation rows so far, and its epoch; infinite where none was told."""
        found = ((fmean(losses), epoch) for epoch, losses in self.losses.items())
        return min(found, default=(float("inf"), 0))

    def shares(self) -> Iterator[float]:
        """The shares of their epochs that its runs have done: those that wait, and those in training."""
        yield from [0.0] * self.waiting
        yield from (epochs / self.epochs for epochs in self.running.values())


@dataclass
class _Told:
    """What was told of a cohort."""

    epoch: int = 0
    seconds: float = 0.0
    before: float = 0.0
    """Of these, those in which this process did not train."""


class Pace:
    """Seconds of epochs, shared out among the networks that had them in one cohort."""

    def __init__(self) -> None:
        self._together: dict[float, list[NetworkRuns]] = {}
        """Networks that had an epoch in one cohort, by its seconds, which no two cohorts have alike."""
        self._seconds = self._units = 0.0
        self._members = self._cohorts = 0
        self._cohort_of: dict[Hashable, float] = {}
        """Of each run the seconds of its first epoch, by which its cohort is known."""
        self._told: dict[float, _Told] = {}

    def tell(self, network: NetworkRuns, seconds: float) -> None:
        """Note an epoch of a network, and the seconds that its cohort took."""
        self._together.setdefault(seconds, []).append(network)
        # A cohort tells of its members in one go, though others may do so at the same time.
        while len(self._together) > available_threads() + 1:
            self._measure(next(iter(self._together)))

    def hear(self, run: Hashable, epoch: int, seconds: float, training: float) -> None:
        """Note an epoch of a run's cohort, told after so many seconds of training in this process.

        What is told of more seconds than there were was trained by a process before this one.
        """
        told = self._told.setdefault(self._cohort_of.setdefault(run, seconds), _Told())
        if epoch > told.epoch:
            told.epoch, told.seconds = epoch, told.seconds + seconds
            told.before = max(told.before, told.seconds - training)

    def _measure(self, seconds: float) -> None:
        networks = self._together.pop(seconds)
        beside = COHORT / len(networks)
        units = sum(network.work + beside for network in networks)
        for network in networks:
            network.seconds += seconds * (network.work + beside) / units
            network.units += network.work + beside
            network.measured += 1
        self._seconds += seconds
        self._units += units
        self._members += len(networks)
        self._cohorts += 1

    @property
    def is_known(self) -> bool:
        """Whether an epoch was measured."""
        return self._cohorts > 0

    @property
    def seconds(self) -> float:
        """Of all epochs that were trained in this process, those not yet shared out included."""
        return self._seconds + sum(self._together) - sum(each.before for each in self._told.values())

    def of_work(self, work: float, company: float | None = None, like: NetworkRuns | None = None) -> float:
        """Seconds of one epoch of a network.

        Args:
            work: of the network.
            company: how many train in its cohort; None for as many as did so far.
            like: one that takes as long for its work; None for the mean of all.
        """
        measured = like is not None and like.units > 0
        seconds, units = (like.seconds, like.units) if like and measured else (self._seconds, self._units)
        company = company or self._members / max(1, self._cohorts)
        return seconds / max(units, 1e-9) * (work + COHORT / max(1.0, company))

    def of(self, network: NetworkRuns) -> float:
        """Seconds of one epoch of a network, as measured, or by its work."""
        return network.seconds / network.measured if network.measured else self.of_work(network.work)
