"""What a study would train, told before anything is: every stage expanded, with stand-ins for winners."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from justfit.spec import Candidate, From, Named, Run, Stage
from justfit.workflow.plan import Plan


@dataclass(frozen=True)
class NetworkOutline:
    """One network of a stage."""

    name: str
    candidate: Candidate
    """Its batch size and loss decided."""
    parameters: int
    runs: int
    new_runs: tuple[Run, ...]
    """Those that no earlier stage has; the others serve here, too."""

    @property
    def is_new(self) -> bool:
        """Whether no earlier stage has trained it as often."""
        return bool(self.new_runs) or self.runs == 0


@dataclass(frozen=True)
class StageOutline:
    """One stage as it would be trained."""

    stage: str
    base: From | None
    stand_in: str | None
    """The candidate shown in the place of a winner that is not yet known, here or in a stage below."""
    wave: int
    """From 1; stages of one wave are trained together, those of the next when its winners are known."""
    networks: tuple[NetworkOutline, ...]

    @property
    def runs(self) -> int:
        """Runs to train that no earlier stage has."""
        return sum(len(network.new_runs) for network in self.networks)


def outline(plan: Plan) -> tuple[StageOutline, ...]:
    """The stages of a plan with all their networks.

    A winner is known only when its stage is trained: the first candidate stands in for it.

    Raises:
        SpecError: a stage's candidates cannot be, or cannot be run on this data set.
    """
    stages: list[StageOutline] = []
    before: dict[str, tuple[Named, ...]] = {}
    winners: dict[str, Named] = {}
    seen: set[str] = set()
    wave = 1
    for stage in plan.study.stages:
        if stage.base is not None and stage.base.winner and _wave_of(stages, stage.base.stage) == wave:
            wave += 1
        before[stage.name] = plan.candidates(stage, before, winners)
        winners[stage.name] = before[stage.name][0]
        networks = []
        for named in before[stage.name]:
            networks.append(_network(plan, stage, named, seen))
            seen.update(run.id for run in networks[-1].new_runs)
        stand_in = _stand_in(stage, stages, winners)
        stages.append(StageOutline(stage.name, stage.base, stand_in, wave, tuple(networks)))
    return tuple(stages)


def _network(plan: Plan, stage: Stage, named: Named, seen: Set[str]) -> NetworkOutline:
    dataset, candidate = plan.dataset, named.candidate
    parameters = candidate.network.parameters(plan.columns, dataset.task, dataset.outputs)
    runs = plan.runs(candidate, stage)
    new = tuple(run for run in runs if run.id not in seen)
    return NetworkOutline(named.name, candidate, parameters, len(runs), new)


def _wave_of(stages: Sequence[StageOutline], name: str) -> int:
    return next(stage.wave for stage in stages if stage.stage == name)


def _stand_in(stage: Stage, earlier: Sequence[StageOutline], winners: Mapping[str, Named]) -> str | None:
    """Who stands in for a winner, where the stage or one below it builds on one."""
    base = stage.base
    if base is None:
        return None
    if base.winner:
        return winners[base.stage].name
    return next(below.stand_in for below in earlier if below.stage == base.stage)
