"""What a study would train, told before anything is: every stage expanded, with stand-ins for winners."""

import statistics
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from justfit.engine import epoch_work
from justfit.spec import Candidate, From, Named, Run, Stage, candidate_of
from justfit.workflow.events import Foreseen
from justfit.workflow.final import STAGE
from justfit.workflow.plan import Plan
from justfit.workflow.trials import without_weights


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


def foreseen(plan: Plan) -> tuple[Foreseen, ...]:
    """About what will be trained once winners are known, the final networks included."""
    stages = plan.study.stages
    found = []
    if any(stage.base is not None and stage.base.winner for stage in stages):
        known = outline(plan)
        candidates = {each.name: each.candidate for stage in known for each in stage.networks}
        pairs = zip(stages, known, strict=True)
        found = [_foreseen(plan, stage, told, candidates) for stage, told in pairs if told.wave > 1]
    final = plan.study.final
    if final is not None:
        defaults = plan.resolve(candidate_of(plan.study.defaults)).recipe.epochs
        epochs = final.epochs if isinstance(final.epochs, int) else defaults
        is_best = final.epochs == "best"
        found.append(Foreseen(STAGE, 1, plan.study.replicates, epochs, ends_early=is_best, leaders=1))
    return tuple(found)


def _foreseen(plan: Plan, stage: Stage, told: StageOutline, candidates: Mapping[str, Candidate]) -> Foreseen:
    """About what a stage on a winner will train; ``candidates`` are all that stand in the outline."""
    recipes = [network.candidate.recipe for network in told.networks]
    work = typical_work(plan, [network.candidate for network in told.networks])
    # Where the stage does not say its widths itself, they are the winner's.
    on_winner = told.stand_in is not None and not any(
        "hidden" in settings for settings in (stage.settings, stage.grid, stage.zip, *stage.networks)
    )
    return Foreseen(
        stage.name,
        len(recipes),
        -(-told.runs // len(recipes)),
        max(recipe.epochs for recipe in recipes),
        stage.halving,
        ends_early=any(recipe.patience is not None for recipe in recipes),
        work=work,
        leaders=int(on_winner),
        base=stage.base.stage if on_winner and stage.base is not None else None,
        times=work / typical_work(plan, [candidates[told.stand_in or ""]]) if on_winner else 1.0,
    )


def typical_work(plan: Plan, candidates: Sequence[Candidate]) -> float:
    """Of an epoch of the middle one, in the measure of `justfit.engine.epoch_work`."""
    return statistics.median(epoch_work(without_weights(plan, each), plan.columns) for each in candidates)


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
