"""`StagesLeft`: the stages of a study that train or are yet to come, and the seconds that they have left.

Stages that are not yet known are taken to be like those that lead so far, and larger where larger ones come.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from statistics import fmean

from justfit.workflow.events import Foreseen, NetworkSummary, StagePlanned
from justfit.workflow.final import STAGE as FINAL
from justfit.workflow.lasting import BINS, Lasting, alive, parts_left
from justfit.workflow.leading import leading
from justfit.workflow.pace import NetworkRuns, Pace

_SHARE = 0.6
"""Of its epochs that a run is thought to be trained for, where it may end early and nothing else is known."""

_DOUBT = 0.1
"""Added to both sides of odds, as few runs tell little of shares near 0 and 1."""

_OVERFITS = 0.5, 0.75
"""The share of its epochs for which a network's runs last where it surely overfits, and where it does not."""

_BEST = 0.9
"""The share of epochs thought to be best, which counts beside that of who leads while others are to come."""


@dataclass
class TrainingStage:
    """A stage whose networks are known and whose runs have not all ended."""

    networks: dict[str, NetworkRuns]
    runs: int
    halving: int | None
    alive: int
    """Networks that have not left."""
    lasting: Lasting
    halved: int = 0
    """The epoch after which some left last."""
    dearer: float = 1.0
    """How much dearer the stages after it are, if one of its networks leads in the end."""

    def end(self, run: tuple[int, int]) -> None:
        """Note a run that has ended; it counts when those beside it have, as small networks take longer."""
        networks = self.networks.values()
        if not any(run in each.running for each in networks):
            for each in networks:
                if run in each.lowest:
                    each.ended.add(run)

    def done(self) -> float:
        """The share of their epochs that its runs have done; those that have ended count whole."""
        left = sum(1 - share for network in self.networks.values() for share in network.shares())
        return 1 - left / max(1, self.runs)


class StagesLeft:
    """What is trained and what is foreseen.

    Args:
        pace: of the epochs so far.
    """

    def __init__(self, pace: Pace) -> None:
        self.training: dict[str, TrainingStage] = {}
        self.foreseen: dict[str, Foreseen] = {}
        self.growth = 1.0
        """How many times the rows of a split the final networks train on."""
        self._pace = pace
        self._known: dict[str, NetworkRuns] = {}
        self._of: dict[str, list[str]] = {}
        """The networks of each stage that was planned."""
        self._ended: list[tuple[float, float]] = []
        """Of stages that ended, the share of epochs that a run was thought to last for, and did."""

    def plan(self, event: StagePlanned) -> None:
        """Note that a stage trains now."""
        if event.stage in self.foreseen:
            for name in takewhile(lambda name: name != event.stage, list(self.foreseen)):
                if self.foreseen[name].if_leads:  # one after it begins, so it will not come
                    del self.foreseen[name]
        foreseen = self.foreseen.pop(event.stage, None)
        share = self._expected(foreseen) if foreseen is not None else self._likely(_SHARE)
        before = [self._known[each.name].lasted for each in event.networks if each.name in self._known]
        if lasted := [share for each in before for share in each]:
            share = fmean(lasted)
        networks = {each.name: _network(each) for each in event.networks}
        stage = TrainingStage(
            networks,
            sum(each.missing for each in event.networks),
            event.halving,
            alive=len(networks),
            lasting=Lasting(share),
            dearer=1.0 if foreseen is None else foreseen.dearer,
        )
        self.training[event.stage] = stage
        for name, network in networks.items():
            if (known := self._known.get(name)) is not None:
                network.losses, network.lowest = known.losses, known.lowest
                network.lasted, network.ended = known.lasted, known.ended
        self._known |= networks
        self._of[event.stage] = list(networks)

    def plan_final(self, network: str, epochs: int, replicates: int) -> int:
        """Note that the final networks train now, and that nothing comes after them.

        Returns:
            How many there are.
        """
        foreseen = self.foreseen.get(FINAL)
        runs = replicates if foreseen is None else foreseen.runs
        self.foreseen.clear()
        known = self._known.get(network)
        final = NetworkRuns(epochs, runs, known.work if known else 1.0, ends_early=False)
        times = 1.0 if foreseen is None else foreseen.times
        final.seconds = self.growth * times * self._final_seconds([known] if known else [])
        final.measured = 1
        self.training[FINAL] = TrainingStage({network: final}, runs, None, 1, Lasting(1.0))
        return runs

    def end(self, name: str) -> None:
        """Note that a stage has ended."""
        stage = self.training.pop(name, None)
        if stage is None:
            return
        early = [each for each in stage.networks.values() if each.ends_early and not each.has_left]
        if lasted := [share for each in early for share in each.lasted]:
            self._ended.append((stage.lasting.share, fmean(lasted)))

    def left(self) -> float:
        """Seconds of epochs, one after the other, that all stages have left."""
        return sum(map(self._stage_left, self.training.values())) + self._foreseen_left()

    def _stage_left(self, stage: TrainingStage) -> float:
        """The same of a stage that trains."""
        left, stay = 0.0, stage.lasting.stay()
        for network in stage.networks.values():
            if not network.has_left:
                here = alive(stage.halving, stage.alive, network.epochs, stage.halved)
                trains = stay if network.ends_early else [1.0] * BINS
                parts = sum(parts_left(share, here, trains) for share in network.shares())
                left += self._pace.of(network) * parts * network.epochs
        return left

    def _foreseen_left(self) -> float:
        """The same of stages of which only their sizes are known."""
        left, dearer = 0.0, 1.0
        for trains in self.training.values():
            # They are thought to lead in the end, as others of half their width did before.
            if trains.dearer > 1 and trains.done() < 1 and not self._leads(trains.networks):
                dearer *= trains.dearer
        for stage in self.foreseen.values():
            chance = self._chance(stage)
            left += chance * dearer * self._size_left(stage)
            dearer *= 1 + chance * (stage.dearer - 1)
        return left

    def _chance(self, stage: Foreseen) -> float:
        """Whether a stage comes, as far as can be said.

        Who leads early on may not in the end; and where its runs end early, it overfits: none wider comes.
        """
        if not stage.if_leads:
            return 1.0
        if not self._leads(stage.if_leads):
            return 0.0
        known = [self._known[name] for name in stage.if_leads if name in self._known]
        lasted = [share for network in known for share in network.lasted]
        low, high = _OVERFITS
        fits = min(1.0, max(0.0, (fmean(lasted) - low) / (high - low))) if lasted else 1.0
        return fits * min((each.done() for each in self.training.values()), default=1.0)

    def _leads(self, networks: Collection[str]) -> bool:
        """Whether one of some networks is the best so far."""
        first = next(iter(leading(self._known.values())), None)
        return any(self._known[name] is first for name in networks if name in self._known)

    def _size_left(self, stage: Foreseen) -> float:
        """The same of one stage, if it comes."""
        leaders = self._leaders(stage)
        networks = stage.networks
        if stage.anyway:
            networks *= len(leaders) if stage.anyway[0] in self._known else 2
        here = alive(stage.halving, networks, stage.epochs)
        share = self._expected(stage) if stage.ends_early else 1.0
        parts = parts_left(0.0, here, Lasting(share).stay() if stage.halving else [share] * BINS)
        if stage.stage == FINAL:
            seconds = self.growth * stage.times * self._final_seconds(leaders)
        elif leaders:
            seconds = stage.times * fmean(self._pace.of_work(each.work, stage.company) for each in leaders)
        else:
            seconds = stage.times * self._pace.of_work(stage.work or self._mean_work(), stage.company)
        return seconds * networks * stage.runs * stage.epochs * parts

    def _final_seconds(self, leaders: Sequence[NetworkRuns]) -> float:
        """Of an epoch of a network like these on the rows of a split; replicates have no company."""
        if not leaders:
            return self._pace.of_work(self._mean_work(), 1.0)
        return fmean(self._pace.of_work(each.work, 1.0) for each in leaders)

    def _mean_work(self) -> float:
        return fmean(each.work for each in self._known.values()) if self._known else 1.0

    def _leaders(self, stage: Foreseen) -> list[NetworkRuns]:
        """The networks that a stage is thought to build on: the best so far, where there are any."""
        names: Iterable[str] = self._known if stage.base is None else self._of.get(stage.base, ())
        known = [self._known[name] for name in names]
        leaders = (leading(known) or known)[: stage.leaders]
        anyway = [self._known[name] for name in stage.anyway if name in self._known]
        return [*anyway[:1], *(each for each in leaders if not any(each is other for other in anyway))]

    def _expected(self, stage: Foreseen) -> float:
        """The share of their epochs that the runs of a foreseen stage are thought to last for."""
        leaders = self._leaders(stage)
        if stage.stage == FINAL:
            best = [each.best_epoch() / each.epochs for each in leaders if each.losses]
            return fmean([*best, *[_BEST] * (len(self.foreseen) > 1)] or [_SHARE])
        return self._likely(stage.share)

    def _likely(self, share: float) -> float:
        """What is thought of a share of epochs, seeing how far off, by its odds, it was of other stages."""
        now = [
            (stage.lasting.share, stage.lasting.expected())
            for stage in self.training.values()
            if any(network.ends_early for network in stage.networks.values())
        ]
        if not (pairs := [*self._ended, *now]):
            return share
        thought, came = (fmean(pair[at] for pair in pairs) for at in (0, 1))
        odds = _odds(came) / _odds(thought) * share / (1 - share)
        return odds / (1 + odds)


def _odds(share: float) -> float:
    return (share + _DOUBT) / (1 - share + _DOUBT)


def _network(summary: NetworkSummary) -> NetworkRuns:
    return NetworkRuns(summary.epochs, summary.missing, summary.work, summary.ends_early)
