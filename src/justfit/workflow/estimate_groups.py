"""Which networks a plan would train together, as an estimate of its time needs them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from justfit.engine import Member
from justfit.spec import Run
from justfit.workflow.halving import mean_epochs
from justfit.workflow.held_out import held_out_splits
from justfit.workflow.outline import NetworkOutline, StageOutline
from justfit.workflow.plan import Plan
from justfit.workflow.trials import without_weights


@dataclass(frozen=True, eq=False)
class Group:
    """What is trained at once on the same rows; ``members`` have no weights."""

    members: tuple[Member, ...]
    rows: int
    validation: int
    is_final: bool = False


def groups_of(
    plan: Plan, stages: Sequence[StageOutline], is_stored: Callable[[str], bool]
) -> tuple[list[Group], int]:
    """The groups of a plan in the order of training, and how many runs of its stages are stored.

    Args:
        plan: of the study.
        stages: its outline.
        is_stored: tells of a run's id whether the run is kept already.
    """
    groups: list[Group] = []
    stored = 0
    epochs = {run_id: count for stage in stages for run_id, count in _halved(plan, stage)}
    for wave in dict.fromkeys(stage.wave for stage in stages):
        networks = [each for stage in stages if stage.wave == wave for each in stage.networks]
        runs = [run for network in networks for run in network.new_runs]
        missing = [run for run in runs if not is_stored(run.id)]
        stored += len(runs) - len(missing)
        for number, split in enumerate(plan.splits, start=1):
            here = [run for run in missing if run.split == number]
            if members := tuple(_member(plan, run, epochs.get(run.id)) for run in here):
                groups.append(Group(members, len(split.train), plan.validation_rows))
    return [*groups, *_final_groups(plan, stages)], stored


def _final_groups(plan: Plan, stages: Sequence[StageOutline]) -> Iterator[Group]:
    """What is trained once the choice is made: the final networks, and what a threshold is decided by."""
    if (final := plan.study.final) is None:
        return
    network = _typical(stages, final.of)
    known = final.epochs if isinstance(final.epochs, int) else network.candidate.recipe.epochs
    epochs = -(-known // 2) if final.epochs == "best" else known
    rows = len(plan.splits[0].train) if final.train_on == "training_part" else len(plan.dataset.train)
    members = tuple(_member(plan, run) for run in plan.final_runs(network.candidate, final, epochs))
    yield Group(members, rows, 0, is_final=True)
    if final.threshold is not None:
        for split in held_out_splits(plan):
            yield Group(members[:1], len(split.train), plan.validation_rows, is_final=True)


def _typical(stages: Sequence[StageOutline], of: str | None) -> NetworkOutline:
    """The network of middle size among those of which one is tested."""
    every = [network for stage in stages for network in stage.networks]
    meant = [network for stage in stages if stage.stage == of for network in stage.networks]
    meant = meant or [network for network in every if network.name == of] or every
    return sorted(meant, key=lambda network: network.parameters)[len(meant) // 2]


def _halved(plan: Plan, outline: StageOutline) -> Iterator[tuple[str, int]]:
    """The runs of a stage that loses halves, each with the epochs that it trains for in the mean."""
    stage = next(stage for stage in plan.study.stages if stage.name == outline.stage)
    if stage.halving is None:
        return
    for network in outline.networks:
        mean = mean_epochs(len(outline.networks), stage.halving, network.candidate.recipe.epochs)
        yield from ((run.id, round(mean)) for run in network.new_runs)


def _member(plan: Plan, run: Run, epochs: int | None = None) -> Member:
    """A run, of other ``epochs`` if given, as `pack` sees it."""
    member = without_weights(plan, run.candidate, run.seed)
    return member if epochs is None else replace(member, recipe=replace(member.recipe, epochs=epochs))
