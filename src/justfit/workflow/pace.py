"""`Pace`: how many seconds an epoch of a network takes, by those that were measured."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from math import isfinite
from statistics import fmean

from justfit.machine import available_threads

_MOST_BESIDE = 5_000.0
"""What a cohort's epoch takes beside its networks at most, as `justfit.engine.epoch_work` measures theirs."""


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
    measured: int = 0
    """Epochs."""
    running: dict[tuple[int, int], int] = field(default_factory=dict)
    """Epochs done by split and seed."""
    has_left: bool = False
    """Whether it left its stage, so that its runs have ended though that is not yet told."""
    losses: dict[tuple[int, int], dict[int, float]] = field(default_factory=dict)
    """On validation rows, by split and seed, and there by epoch."""
    lowest: dict[tuple[int, int], float] = field(default_factory=dict)
    """Of these, each run's."""
    ended: set[tuple[int, int]] = field(default_factory=set)
    """Runs, by split and seed, that count in full beside others."""
    lasted: list[float] = field(default_factory=list)
    """Of runs that ended, the share of their epochs."""

    def hear(self, run: tuple[int, int], epoch: int, loss: float) -> None:
        """Note a run's loss on validation rows; what is no number counts as nothing."""
        if isfinite(loss):
            self.losses.setdefault(run, {})[epoch] = loss
            self.lowest[run] = min(loss, self.lowest.get(run, loss))

    def lows(self, *, ended: bool = False) -> dict[int, float]:
        """The lowest loss on validation rows so far by split; the mean over its runs, or those that ended."""
        found: dict[int, list[float]] = {}
        for run, lowest in self.lowest.items():
            if run in self.ended or not ended:
                found.setdefault(run[0], []).append(lowest)
        return {split: fmean(lows) for split, lows in found.items()}

    def best_epoch(self) -> int:
        """Where the mean loss on validation rows is lowest, of the epochs told of every run; 0 for none."""
        runs = list(self.losses.values())
        told = set.intersection(*map(set, runs)) if runs else set[int]()
        return min(told, key=lambda epoch: (fmean(run[epoch] for run in runs), epoch), default=0)

    def shares(self) -> Iterator[float]:
        """The shares of their epochs that its runs have done: those that wait, and those in training."""
        yield from [0.0] * self.waiting
        yield from (epochs / self.epochs for epochs in self.running.values())


class CohortPace:
    """What a cohort's epoch takes: so long for each unit of its networks' work, and a constant time beside.

    Least squares through what each took a unit, so that small cohorts count as much as large ones.
    """

    def __init__(self) -> None:
        self.measured = 0
        self._x = self._xx = self._y = self._xy = 0.0

    def tell(self, work: float, seconds: float) -> None:
        """Note an epoch of a cohort whose networks have so much work together."""
        x, y = 1 / work, seconds / work
        self.measured += 1
        self._x, self._xx = self._x + x, self._xx + x * x
        self._y, self._xy = self._y + y, self._xy + x * y

    def line(self) -> tuple[float, float]:
        """Seconds for a unit of work, and what the constant time comes to in units of work."""
        count = max(1, self.measured)
        spread = count * self._xx - self._x**2
        beside = _MOST_BESIDE / 2
        if spread > 1e-6 * self._x**2:  # which it is not where all cohorts had as much work
            constant = (count * self._xy - self._x * self._y) / spread
            unit = (self._y - constant * self._x) / count
            beside = min(max(0.0, constant), _MOST_BESIDE * unit) / unit if unit > 0 else _MOST_BESIDE
        return self._y / (count + beside * self._x), beside


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
        self._seconds = 0.0
        self._members = 0
        self._cohorts = CohortPace()
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
        work = sum(network.work for network in networks)
        self._cohorts.tell(work, seconds)
        _, beside = self._cohorts.line()
        for network in networks:
            network.seconds += seconds * (network.work + beside / len(networks)) / (work + beside)
            network.measured += 1
        self._seconds += seconds
        self._members += len(networks)

    @property
    def is_known(self) -> bool:
        """Whether an epoch was measured."""
        return self._cohorts.measured > 0

    @property
    def seconds(self) -> float:
        """Of all epochs that were trained in this process, those not yet shared out included."""
        return self._seconds + sum(self._together) - sum(each.before for each in self._told.values())

    def of_work(self, work: float, company: float | None = None) -> float:
        """Seconds of one epoch of a network of such work.

        Args:
            work: of the network.
            company: how many train in its cohort; None for as many as did so far.
        """
        unit, beside = self._cohorts.line()
        company = company or self._members / max(1, self._cohorts.measured)
        return unit * (work + beside / max(1.0, company))

    def of(self, network: NetworkRuns) -> float:
        """Seconds of one epoch of a network, as measured, or by its work."""
        return network.seconds / network.measured if network.measured else self.of_work(network.work)
