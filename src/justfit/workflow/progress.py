"""`Progress`: how far a study is and how many seconds are left, by its events.

What is left is counted in epochs, each weighed by the seconds that it takes: those measured where a network
trains already, and where it does not, by its size (`StagesLeft`). Rows prepared for a split and test rows
opened count by themselves.
"""

import math
import time
from collections.abc import Callable

from justfit.workflow.events import (
    Chosen,
    EpochDone,
    Event,
    Halved,
    Planned,
    RunDone,
    StageDone,
    StagePlanned,
    Stored,
)
from justfit.workflow.final import STAGE as FINAL
from justfit.workflow.pace import NetworkRuns, Pace
from justfit.workflow.stages_left import StagesLeft

_AGAIN = 0.25
"""Seconds for which the time left is not estimated again."""

_STEADY = 0.05
"""Of the time for which something was told, the part in which most of a change comes in: what networks that
lead for a moment would take is not told in full."""

_TEST = 0.3
"""Of the seconds before training, in which training rows are split and audited, those that a test takes of as
many rows."""


class Progress:
    """Counts epochs and runs, and estimates what is left.

    Args:
        clock: gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.done = self.total = self.runs = self.all_runs = 0
        """Epochs and runs, of the stages known so far; those that an early end saved count as done."""
        self._clock = clock
        self._begin = self._last = clock()
        """When it was made, and when anything was told last."""
        self._before = 0.0
        """Seconds before anything was planned."""
        self._training, self._preparing, self._prepared = 0.0, 0.0, 0
        """Seconds in which training went on, those in which rows were prepared, and of how many splits."""
        self._splits, self._fresh, self._keeps = 1, set[int](), False
        """How many there are, those prepared for the stages that train now, and whether they are kept."""
        self._planning = False
        """Whether a stage was planned since the last epoch."""
        self._replicates, self._testing = 1, 0.0
        self._pace = Pace()
        self._stages = StagesLeft(self._pace)
        self._share, self._next = 0.0, float("-inf")
        self._left: float | None = None
        self._at = 0.0
        self._told = self._looked = 0.0
        """When something was told first, and when it was estimated last."""

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
                stage = self._stages.training[event.stage]
                stage.alive, stage.halved = len(event.stay), event.epoch
                for name in event.left:
                    stage.networks[name].has_left = True
            case StageDone():
                self._stages.end(event.stage)
            case Stored():
                self._stages.training, self._stages.foreseen, self._testing = {}, {}, 0.0
                self._left = None
        self._last = self._clock()

    @property
    def share(self) -> float:
        """Of the work that is done, from 0 to 1; it never falls."""
        self._estimate()
        return self._share

    @property
    def seconds_left(self) -> float | None:
        """About how long it will still take; None before an epoch was measured."""
        self._estimate()
        return None if self._left is None else max(0.0, self._left - (self._clock() - self._at))

    def _plan(self, event: Planned | StagePlanned | Chosen) -> None:
        """Note what will be trained."""
        match event:
            case Planned():
                self._before = self._clock() - self._begin
                self._replicates, self._splits = event.replicates, event.splits
                self._keeps = event.keeps_rows
                self._stages.growth = (event.rows.train + event.rows.validation) / event.rows.train
                self._stages.foreseen = {each.stage: each for each in event.foreseen}
                self._testing = (
                    _TEST * self._before * event.rows.test / (self._stages.growth * event.rows.train)
                )
                if FINAL not in self._stages.foreseen:
                    self._testing = 0.0
            case StagePlanned():
                self._stages.plan(event)
                if not self._planning and not self._keeps:
                    self._fresh = set()
                self._planning = True
                for each in event.networks:
                    self._add(each.epochs, each.missing)
            case Chosen() if event.is_tested:
                runs = self._stages.plan_final(event.network, event.epochs, self._replicates)
                self._fresh, self._planning = set(range(2, self._splits + 1)), True
                self._add(event.epochs, runs)

    def _add(self, epochs: int, runs: int) -> None:
        self.total += epochs * runs
        self.all_runs += runs

    def _network_of(self, event: EpochDone | RunDone) -> NetworkRuns:
        return self._stages.training[event.stage].networks[event.network]

    def _epoch(self, event: EpochDone) -> None:
        self.done += 1
        since = self._clock() - self._last
        if event.split not in self._fresh or self._planning:
            self._preparing += max(0.0, since - event.epoch.seconds)
            halves = self._stages.training[event.stage].halving is not None
            new = set(range(1, self._splits + 1)) if halves and self._planning else {event.split}
            self._prepared += len(new - self._fresh)
            self._fresh |= new
            self._training += min(since, event.epoch.seconds)
        else:
            self._training += since
        self._planning = False
        network, run = self._network_of(event), (event.split, event.seed)
        before, epochs = network.running.get(run), event.epoch.epoch
        if before is None:
            network.waiting -= 1
        network.running[run] = epochs
        if network.ends_early:
            lasting = self._stages.training[event.stage].lasting
            lasting.reached((before or 0) / network.epochs, epochs / network.epochs)
        if event.epoch.val_data_loss is not None:
            network.hear(run, epochs, event.epoch.val_data_loss)
        self._pace.tell(network, event.epoch.seconds)
        self._pace.hear((event.stage, event.network, *run), epochs, event.epoch.seconds, self._training)

    def _run_done(self, event: RunDone) -> None:
        self.runs += 1
        self._training += self._clock() - self._last
        network, run = self._network_of(event), (event.split, event.seed)
        if run not in network.running:
            network.waiting -= 1
        epochs = network.running.pop(run, 0)
        # What ends early leaves nothing to wait for.
        self.done += network.epochs - epochs
        if not network.has_left:
            network.lasted.append(epochs / network.epochs)
            self._stages.training[event.stage].end(run)
            if network.ends_early and epochs < network.epochs:
                self._stages.training[event.stage].lasting.ended(epochs / network.epochs)

    def _estimate(self) -> None:
        """Estimate what is left, where the last estimate is old."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _AGAIN
        if not self._pace.is_known:
            return
        left = self._stages.left()
        # Several cohorts train at a time, and between epochs runs are kept.
        own, least = self._pace.seconds, 1e-3  # less is told where all epochs were trained before
        at_once = self._training / own if min(own, self._training) > least else 1.0
        self._left = self._steadied(left * at_once + self._rows_left() + self._testing)
        self._at = self._last
        self._share = max(self._share, (done_all := now - self._begin) / (done_all + self._left))

    def _steadied(self, left: float) -> float:
        """What is left, between what was told last and what is estimated now."""
        now = self._clock()
        if self._left is None:
            self._told = self._looked = now
            return left
        before = self._left - (self._last - self._at)
        window = _STEADY * (now - self._told)
        weight = 1 - math.exp((self._looked - now) / window) if window else 1.0
        self._looked = now
        return max(0.0, before + weight * (left - before))

    def _rows_left(self) -> float:
        """Seconds in which rows will be prepared."""
        each = self._preparing / max(1, self._prepared)
        goes_on = any(
            network.waiting and not network.has_left
            for stage in self._stages.training.values()
            for network in stage.networks.values()
        )
        splits = max(0, self._splits - len(self._fresh)) if goes_on else 0
        if FINAL in self._stages.training:
            return each * self._stages.growth * self._planning
        if not self._keeps:
            splits += self._splits * sum(stage != FINAL for stage in self._stages.foreseen)
        return each * (splits + self._stages.growth * (FINAL in self._stages.foreseen))
