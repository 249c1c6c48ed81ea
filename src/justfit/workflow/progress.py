"""`Progress`: how far a study is and how many seconds are left, by its events.

What is left is counted in epochs, each weighed by the seconds that it takes: those measured where a network
trains already, and where it does not, by its size. Stages that are not yet known are taken to be like
those that lead so far. Rows prepared for a split and test rows opened count by themselves.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

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
from justfit.workflow.lasting import BINS, Lasting, alive, parts_left
from justfit.workflow.pace import NetworkRuns, Pace

_SHARE = 0.6
"""Of its epochs that a run is thought to be trained for, where it may end early and nothing else is known."""

_DOUBT, _BEST = 0.2, 0.9
"""How much what is thought of early ends counts beside a stage that was seen; and the share of epochs thought
to be best, which counts beside that of who leads while networks are still to come."""

_AGAIN = 0.25
"""Seconds for which the time left is not estimated again."""

_TEST = 0.3
"""Of the seconds before training, in which training rows are split and audited, those that a test takes of as
many rows."""


@dataclass
class _Stage:
    """A stage whose networks are known and whose runs have not all ended."""

    networks: dict[str, NetworkRuns]
    halving: int | None
    alive: int
    """Networks that have not left."""
    lasting: Lasting
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
        self._replicates, self._growth, self._testing = 1, 1.0, 0.0
        self._stages: dict[str, _Stage] = {}
        self._ended: list[tuple[float, float]] = []
        """Of stages that ended, the share of epochs that a run was thought to last for, and did."""
        self._known: dict[str, NetworkRuns] = {}
        self._of: dict[str, list[str]] = {}
        """The networks of each stage that was planned."""
        self._foreseen: dict[str, Foreseen] = {}
        self._pace = Pace()
        self._share, self._next = 0.0, float("-inf")
        self._left: float | None = None
        self._at = 0.0

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
                self._end(event.stage)
            case Stored():
                self._stages, self._foreseen, self._testing = {}, {}, 0.0
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
                self._growth = (event.rows.train + event.rows.validation) / event.rows.train
                self._foreseen = {each.stage: each for each in event.foreseen}
                self._testing = _TEST * self._before * event.rows.test / (self._growth * event.rows.train)
                if FINAL not in self._foreseen:
                    self._testing = 0.0
            case StagePlanned():
                self._plan_stage(event)
            case Chosen() if event.is_tested:
                foreseen = self._foreseen.get(FINAL)
                runs = self._replicates if foreseen is None else foreseen.runs
                self._foreseen.clear()
                known = self._known.get(event.network)
                final = NetworkRuns(event.epochs, runs, known.work if known else 1.0, ends_early=False)
                final.seconds, final.measured = (
                    self._growth * self._final_seconds([known] if known else []),
                    1,
                )
                self._stages[FINAL] = _Stage({event.network: final}, None, 1, Lasting(1.0))
                self._fresh, self._planning = set(range(2, self._splits + 1)), True
                self._add(event.epochs, runs)

    def _plan_stage(self, event: StagePlanned) -> None:
        foreseen = self._foreseen.pop(event.stage, None)
        share = self._expected(foreseen) if foreseen is not None else self._likely(_SHARE)
        before = [self._known[each.name].lasted for each in event.networks if each.name in self._known]
        if lasted := [share for each in before for share in each]:
            share = fmean(lasted)
        networks = {each.name: _network(each) for each in event.networks}
        self._stages[event.stage] = _Stage(networks, event.halving, len(networks), Lasting(share))
        for name, network in networks.items():
            if (known := self._known.get(name)) is not None:
                network.losses, network.lasted = known.losses, known.lasted
        self._known |= networks
        self._of[event.stage] = list(networks)
        if not self._planning and not self._keeps:
            self._fresh = set()
        self._planning = True
        for each in event.networks:
            self._add(each.epochs, each.missing)

    def _end(self, name: str) -> None:
        stage = self._stages.pop(name, None)
        if stage is None:
            return
        early = [each for each in stage.networks.values() if each.ends_early and not each.has_left]
        if lasted := [share for each in early for share in each.lasted]:
            self._ended.append((stage.lasting.share, fmean(lasted)))

    def _add(self, epochs: int, runs: int) -> None:
        self.total += epochs * runs
        self.all_runs += runs

    def _network_of(self, event: EpochDone | RunDone) -> NetworkRuns:
        return self._stages[event.stage].networks[event.network]

    def _epoch(self, event: EpochDone) -> None:
        self.done += 1
        since = self._clock() - self._last
        if event.split not in self._fresh or self._planning:
            self._preparing += max(0.0, since - event.epoch.seconds)
            halves = self._stages[event.stage].halving is not None
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
            lasting = self._stages[event.stage].lasting
            lasting.reached((before or 0) / network.epochs, epochs / network.epochs)
        if event.epoch.val_data_loss is not None:
            network.losses.setdefault(epochs, []).append(event.epoch.val_data_loss)
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
            if network.ends_early and epochs < network.epochs:
                self._stages[event.stage].lasting.ended(epochs / network.epochs)

    def _estimate(self) -> None:
        """Estimate what is left, where the last estimate is old."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _AGAIN
        if not self._pace.is_known:
            return
        left = sum(self._stage_left(stage) for stage in self._stages.values())
        left += sum(self._foreseen_left(each) for each in self._foreseen.values())
        # Several cohorts train at a time, and between epochs runs are kept.
        own, least = self._pace.seconds, 1e-3  # less is told where all epochs were trained before
        at_once = self._training / own if min(own, self._training) > least else 1.0
        self._left = left * at_once + self._rows_left() + self._testing
        self._at = self._last
        self._share = max(self._share, (done_all := now - self._begin) / (done_all + self._left))

    def _rows_left(self) -> float:
        """Seconds in which rows will be prepared."""
        each = self._preparing / max(1, self._prepared)
        goes_on = any(
            network.waiting and not network.has_left
            for stage in self._stages.values()
            for network in stage.networks.values()
        )
        splits = max(0, self._splits - len(self._fresh)) if goes_on else 0
        if FINAL in self._stages:
            return each * self._growth * self._planning
        if not self._keeps:
            splits += self._splits * sum(stage != FINAL for stage in self._foreseen)
        return each * (splits + self._growth * (FINAL in self._foreseen))

    def _stage_left(self, stage: _Stage) -> float:
        """Seconds of epochs, one after the other, that a stage has left."""
        left, stay = 0.0, stage.lasting.stay()
        for network in stage.networks.values():
            if not network.has_left:
                here = alive(stage.halving, stage.alive, network.epochs, stage.halved)
                trains = stay if network.ends_early else [1.0] * BINS
                parts = sum(parts_left(share, here, trains) for share in network.shares())
                left += self._pace.of(network) * parts * network.epochs
        return left

    def _foreseen_left(self, stage: Foreseen) -> float:
        """The same of a stage of which only its size is known."""
        leaders = self._leaders(stage)
        here = alive(stage.halving, stage.networks, stage.epochs)
        share = self._expected(stage) if stage.ends_early else 1.0
        parts = parts_left(0.0, here, Lasting(share).stay() if stage.halving else [share] * BINS)
        if stage.stage == FINAL:
            seconds = self._growth * stage.times * self._final_seconds(leaders)
        elif leaders:
            seconds = stage.times * fmean(
                self._pace.of_work(each.work, stage.company, each) for each in leaders
            )
        else:
            seconds = self._pace.of_work(stage.work or self._mean_work(), stage.company)
        return seconds * stage.networks * stage.runs * stage.epochs * parts

    def _final_seconds(self, leaders: Sequence[NetworkRuns]) -> float:
        """Of an epoch of a network like these on the rows of a split; replicates have no company."""
        if not leaders:
            return self._pace.of_work(self._mean_work(), 1.0)
        return fmean(self._pace.of_work(each.work, 1.0, each) for each in leaders)

    def _mean_work(self) -> float:
        return fmean(each.work for each in self._known.values()) if self._known else 1.0

    def _leaders(self, stage: Foreseen) -> list[NetworkRuns]:
        """The networks that a stage is thought to build on: the best so far, where there are any."""
        names: Iterable[str] = self._known if stage.base is None else self._of.get(stage.base, ())
        known = [self._known[name] for name in names]
        told = [each for each in known if each.losses] or known
        return sorted(told, key=lambda each: each.best())[: stage.leaders]

    def _expected(self, stage: Foreseen) -> float:
        """The share of their epochs that the runs of a foreseen stage are thought to last for."""
        leaders = self._leaders(stage)
        if stage.stage == FINAL:
            best = [each.best()[1] / each.epochs for each in leaders if each.losses]
            return fmean([*best, *[_BEST] * (len(self._foreseen) > 1)] or [_SHARE])
        return self._likely(stage.share)

    def _likely(self, share: float) -> float:
        """What is thought of a share of epochs, seeing how far off it was of other stages."""
        now = [
            (stage.lasting.share, stage.lasting.expected())
            for stage in self._stages.values()
            if any(network.ends_early for network in stage.networks.values())
        ]
        thought, came = (sum(1 - pair[at] for pair in [*self._ended, *now]) for at in (0, 1))
        return 1 - (1 - share) * (came + _DOUBT) / (thought + _DOUBT)


def _network(summary: NetworkSummary) -> NetworkRuns:
    return NetworkRuns(summary.epochs, summary.missing, summary.work, summary.ends_early)
