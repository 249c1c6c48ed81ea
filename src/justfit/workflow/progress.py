"""`Progress`: how far a study is and how many seconds are left, by its events.

What is left is counted in epochs, each weighed by the seconds that it takes: those measured where a network
trains already, and where it does not, by its size. Runs that may end early count by how long others
lasted (Kaplan and Meier, 1958); stages that are not yet known by how many networks they will have.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from justfit.machine import available_threads
from justfit.workflow.events import (
    Chosen,
    EpochDone,
    Event,
    Foreseen,
    Halved,
    NetworkSummary,
    Planned,
    RunDone,
    StageDone,
    StagePlanned,
    Stored,
)
from justfit.workflow.final import STAGE as FINAL
from justfit.workflow.halving import FEWEST, rungs

_BINS = 50
"""Parts of a run's epochs in which is counted how many ended."""

_KNOWN = 4.0
"""As many runs as what is thought of early ends counts for before any is seen."""

_EARLY = 0.045
"""Share of them of which is thought that it ends in each part but the first few."""

_FIRST = _BINS // 8
"""Parts in which none ends, as patience lasts so long."""

_AGAIN = 0.25
"""Seconds for which the time left is not estimated again."""


@dataclass
class _Network:
    """A network's runs in one stage."""

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


@dataclass
class _Stage:
    """A stage whose networks are known and whose runs have not all ended."""

    networks: dict[str, _Network]
    halving: int | None
    alive: int
    """Networks that have not left."""
    halved: int = 0
    """The epoch after which some left last."""


class Progress:
    """Counts epochs and runs, and estimates what is left.

    Args:
        clock: gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.done = self.total = self.runs = self.all_runs = 0
        """Epochs and runs, of the stages known so far; those that an early end saved count as done."""
        self._clock = clock
        self._start: float | None = None
        """When training began, later by what it took since to prepare the rows of other splits."""
        self._told = 0.0
        """When an epoch was told last."""
        self._splits: set[int] = set()
        self._replicates, self._growth = 1, 1.0
        self._stages: dict[str, _Stage] = {}
        self._known: dict[str, _Network] = {}
        self._foreseen: dict[str, Foreseen] = {}
        self._together: dict[float, list[_Network]] = {}
        """Networks that had an epoch in one cohort, by its seconds, which no two cohorts have alike."""
        self._seconds = self._work = 0.0
        """Of all epochs measured."""
        self._reached, self._quit = [0] * (_BINS + 1), [0] * (_BINS + 1)
        """Of runs that may end early: how many came to a part of their epochs, and ended early in it."""
        self._share, self._next = 0.0, float("-inf")
        self._left: float | None = None

    def tell(self, event: Event) -> None:
        """Count what an event adds."""
        match event:
            case Planned() | StagePlanned() | Chosen():
                self._plan(event)
            case EpochDone():
                self._epoch(event)
            case RunDone():
                self._run_done(event)
            case Halved():
                stage = self._stages[event.stage]
                stage.alive, stage.halved = len(event.stay), event.epoch
                for name in event.left:
                    stage.networks[name].has_left = True
            case StageDone():
                self._stages.pop(event.stage, None)
            case Stored():
                self._stages, self._foreseen = {}, {}

    @property
    def share(self) -> float:
        """Of the work that is done, from 0 to 1; it never falls."""
        self._estimate()
        return self._share

    @property
    def seconds_left(self) -> float | None:
        """About how long it will still take; None before an epoch was measured."""
        self._estimate()
        return self._left

    def _plan(self, event: Planned | StagePlanned | Chosen) -> None:
        """Note what will be trained."""
        match event:
            case Planned():
                self._replicates = event.replicates
                self._growth = (event.rows.train + event.rows.validation) / event.rows.train
                self._foreseen = {each.stage: each for each in event.foreseen}
            case StagePlanned():
                self._foreseen.pop(event.stage, None)
                networks = {each.name: _network(each) for each in event.networks}
                self._stages[event.stage] = _Stage(networks, event.halving, len(networks))
                self._known |= networks
                for each in event.networks:
                    self._add(each.epochs, each.missing)
            case Chosen() if event.is_tested:
                foreseen = self._foreseen.get(FINAL)
                runs = self._replicates if foreseen is None else foreseen.runs
                self._foreseen.clear()
                known = self._known.get(event.network)
                seconds = self._growth * (self._epoch_seconds(known) if known else self._mean_seconds())
                final = _Network(event.epochs, runs, 1.0, ends_early=False)
                final.seconds, final.measured = seconds, int(seconds > 0)
                self._stages[FINAL] = _Stage({event.network: final}, None, 1)
                self._add(event.epochs, runs)

    def _add(self, epochs: int, runs: int) -> None:
        self.total += epochs * runs
        self.all_runs += runs

    def _network_of(self, event: EpochDone | RunDone) -> _Network:
        return self._stages[event.stage].networks[event.network]

    def _epoch(self, event: EpochDone) -> None:
        self.done += 1
        now = self._clock()
        if self._start is None:
            self._start = now - event.epoch.seconds
        elif event.split not in self._splits:
            self._start += max(0.0, now - self._told - event.epoch.seconds)
        self._splits.add(event.split)
        self._told = now
        network, run = self._network_of(event), (event.split, event.seed)
        before, epochs = network.running.get(run), event.epoch.epoch
        if before is None:
            network.waiting -= 1
        network.running[run] = epochs
        if network.ends_early:
            for part in range(_part(before or 0, network), _part(epochs, network)):
                self._reached[part + 1] += 1
        self._together.setdefault(event.epoch.seconds, []).append(network)
        # A cohort tells of its members in one go, though others may do so at the same time.
        while len(self._together) > available_threads() + 1:
            self._measure(next(iter(self._together)))

    def _measure(self, seconds: float) -> None:
        """Share an epoch's seconds out among the networks that had it in one cohort."""
        networks = self._together.pop(seconds)
        work = sum(network.work for network in networks)
        for network in networks:
            network.seconds += seconds * network.work / work
            network.measured += 1
        self._seconds += seconds
        self._work += work

    def _run_done(self, event: RunDone) -> None:
        self.runs += 1
        network, run = self._network_of(event), (event.split, event.seed)
        if run not in network.running:
            network.waiting -= 1
        epochs = network.running.pop(run, 0)
        # What ends early leaves nothing to wait for.
        self.done += network.epochs - epochs
        if network.ends_early and not network.has_left and epochs < network.epochs:
            self._quit[_part(epochs, network)] += 1

    def _epoch_seconds(self, network: _Network) -> float:
        """Of one epoch of a network, as measured, or by its size."""
        if network.measured:
            return network.seconds / network.measured
        return self._of_work(network.work)

    def _of_work(self, work: float) -> float:
        return work * self._seconds / self._work if self._work else 0.0

    def _mean_seconds(self) -> float:
        """Of one epoch of a network of which nothing is known."""
        return sum(map(self._epoch_seconds, self._known.values())) / max(1, len(self._known))

    def _estimate(self) -> None:
        """Estimate what is left, where the last estimate is old."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _AGAIN
        if self._start is None or not self._seconds:
            return
        stay = self._stay()
        left = sum(self._stage_left(stage, stay) for stage in self._stages.values())
        left += sum(self._foreseen_left(each, stay) for each in self._foreseen.values())
        done = self._seconds + sum(self._together)
        # Several cohorts train at a time, and between epochs rows are prepared and runs kept.
        self._left = left * (now - self._start) / done
        self._share = max(self._share, done / (done + left))

    def _stay(self) -> list[float]:
        """Of runs that may end early, the share still in training when each part of their epochs begins."""
        stay = [1.0]
        for part in range(_BINS):
            seen = self._reached[part + 1] + self._quit[part]
            thought = _EARLY if part >= _FIRST else 0.0
            stay.append(stay[-1] * (1 - (self._quit[part] + _KNOWN * thought) / (seen + _KNOWN)))
        return stay[:-1]

    def _stage_left(self, stage: _Stage, stay: Sequence[float]) -> float:
        """Seconds of epochs, one after the other, that a stage has left."""
        left = 0.0
        for network in stage.networks.values():
            if not network.has_left:
                alive = _alive(stage.halving, stage.alive, network.epochs, stage.halved)
                trains = stay if network.ends_early else [1.0] * _BINS
                left += self._epoch_seconds(network) * _epochs_left(network, alive, trains)
        return left

    def _foreseen_left(self, stage: Foreseen, stay: Sequence[float]) -> float:
        """The same of a stage of which only its size is known."""
        alive = _alive(stage.halving, stage.networks, stage.epochs)
        goes_on = [here * (stays if stage.ends_early else 1) for here, stays in zip(alive, stay, strict=True)]
        seconds = self._of_work(stage.work) if stage.work else self._mean_seconds()
        return seconds * stage.networks * stage.runs * stage.epochs * sum(goes_on) / _BINS


def _network(summary: NetworkSummary) -> _Network:
    return _Network(summary.epochs, summary.missing, summary.work, summary.ends_early)


def _part(epochs: int, network: _Network) -> int:
    return min(_BINS, epochs * _BINS // network.epochs)


def _alive(halving: int | None, networks: int, epochs: int, after: int = 0) -> list[float]:
    """Of a stage's networks, the share that has not left when each part of their epochs begins."""
    share, alive = [1.0] * _BINS, networks
    for rung in rungs(halving, epochs) if halving else ():
        if rung > after and alive > FEWEST:
            alive = -(-alive // 2)
            first = -(-rung * _BINS // epochs)
            share[first:] = [alive / networks] * (_BINS - first)
    return share


def _epochs_left(network: _Network, alive: Sequence[float], trains: Sequence[float]) -> float:
    """Epochs that a network's runs have left in the mean.

    Args:
        network: still in its stage.
        alive: of networks like it, the share that has not left when each part begins.
        trains: of their runs, the share that has not ended by itself.
    """
    sums = [0.0, *accumulate(here * share for here, share in zip(alive, trains, strict=True))]
    left = network.waiting * sums[-1]
    for epochs in network.running.values():
        at = epochs * _BINS / network.epochs
        part = min(int(at), _BINS - 1)
        left += (sums[-1] - sums[part]) / trains[part] - (at - part) * alive[part]
    return left * network.epochs / _BINS
