"""How long a plan would train and how much memory it would take, by training a few batches of its cohorts."""

import dataclasses
import itertools
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from justfit.data.rows import Bags, Rows
from justfit.engine import Cohort, Labelled, Member, Training, pack
from justfit.errors import EngineError
from justfit.machine import available_threads, most_taken
from justfit.spec import Epoch, Recipe
from justfit.workflow.estimate_groups import Group, groups_of
from justfit.workflow.outline import StageOutline
from justfit.workflow.plan import Plan
from justfit.workflow.trials import Ground

MOST_SECONDS = 5.0
"""How long is measured, but for the last cohort that is begun."""

_BATCHES = 8
_EPOCHS = 3
"""Of a cohort that is measured; the first one warms up."""

_A_RUN, _AN_EPOCH = 1e-2, 1e-4
"""Seconds beside training: for keeping a run, and for telling of an epoch."""


@dataclass(frozen=True)
class Estimate:
    """What is still to be trained of a plan, and about what it takes on this machine."""

    seconds: float
    memory: int
    """Bytes of the whole process."""
    runs: int
    """Of the stages, those of the final networks and for a decision threshold not counted."""
    stored: int
    """Runs that are stored already, so that they are not trained again."""
    cohorts: int
    """Groups of runs that are trained together, one a thread."""
    threads: int


def estimate(
    plan: Plan,
    stages: Sequence[StageOutline],
    is_stored: Callable[[str], bool] = lambda _: False,
    threads: int | None = None,
    loading: float = 0.0,
) -> Estimate:
    """About how long a plan would train, and how much memory it would take.

    Cohorts are trained for a few batches of real training rows, as many side by side as there are
    threads; those for which the time does not suffice are taken to be like the others by their work.
    Stages on a winner are measured with the candidate that stands in for it. Nothing is foreseen of early
    stopping; final networks are taken to train half of the epochs where the best number is not known.
    The test rows stay sealed.

    Args:
        plan: of the study.
        stages: its outline.
        is_stored: tells of a run's id whether the run is kept already.
        threads: processors to use, by default all.
        loading: seconds in which the data set was loaded; opening its test rows takes as long a row.
    """
    threads = threads or available_threads()
    begin = time.perf_counter()
    ground = _ground(plan)
    share = 1.0 + plan.validation_rows / len(ground.train.rows)
    preparing = (time.perf_counter() - begin) * share
    groups, stored = groups_of(plan, stages, is_stored)
    packed = [(group, pack(group.members, ground.train.rows.columns, threads)) for group in groups]
    clock = _Clock(ground, plan, threads)
    clock.measure([(group, cohort, len(cohorts)) for group, cohorts in packed for cohort in cohorts])
    seconds = 0.0
    for group, cohorts in packed:
        times = [clock.seconds(group, cohort, len(cohorts)) for cohort in cohorts]
        seconds += preparing + _makespan(times, threads) + _beside(group.members, ground.train.rows.columns)
    if plan.study.final is not None or plan.is_leaked:
        tested = plan.dataset.sealed.count
        seconds += tested * preparing / share / len(ground.train.rows)
        seconds += loading * min(1.0, tested / len(plan.dataset.train))  # which may be the first rows only
    runs = sum(len(group.members) for group in groups if not group.is_final)
    memory = max((_memory(group, cohorts, ground, threads) for group, cohorts in packed), default=0)
    others = share - 1.0 + 2.0 * plan.dataset.sealed.count / len(ground.train.rows)  # raw and prepared
    memory += int(_bytes(ground.train.rows) * others) + most_taken()
    return Estimate(seconds, memory, runs, stored, sum(len(cohorts) for _, cohorts in packed), threads)


def _ground(plan: Plan) -> Ground:
    """The rows that train in the first split, prepared."""
    dataset = plan.dataset
    train = dataset.train.take(plan.splits[0].train)
    return Ground.of(plan.preparation, train, None, dataset.task, dataset.outputs)


@dataclass
class _Clock:
    """Seconds of one epoch on the measured rows, by the kind of cohort."""

    ground: Ground
    plan: Plan
    threads: int
    measured: dict[tuple[object, ...], float] = field(default_factory=dict)
    """Seconds of a row that trains, with its share of validation."""
    rate: float = 0.0
    """The median of seconds a row and unit of work."""

    def measure(self, cohorts: Sequence[tuple[Group, tuple[int, ...], int]]) -> None:
        """Train a few batches of each kind of cohort, those that take longest first, while there is time."""
        work: Counter[tuple[object, ...]] = Counter()
        kinds = {}
        for group, cohort, beside in cohorts:
            kind = self._kind(group, cohort, beside)
            kinds[kind] = group, cohort, beside
            work[kind] += int(self._work(group, cohort) * group.rows * _mean_epochs(group, cohort))
        end = time.perf_counter() + MOST_SECONDS
        rates: list[float] = []
        for kind, _ in work.most_common():
            if rates and time.perf_counter() > end:
                break
            group, cohort, beside = kinds[kind]
            self.measured[kind] = self._row_seconds(group, cohort, beside)
            rates.append(self.measured[kind] / self._work(group, cohort))
        self.rate = statistics.median(rates) if rates else 0.0

    def seconds(self, group: Group, cohort: tuple[int, ...], beside: int) -> float:
        """About how long a cohort of a group trains, which has ``beside`` cohorts."""
        kind = self._kind(group, cohort, beside)
        row_seconds = self.measured.get(kind, self.rate * self._work(group, cohort))
        return row_seconds * group.rows * _mean_epochs(group, cohort)

    def _inner(self, beside: int) -> int:
        """Threads of one cohort, as `justfit.engine.training_events` has it."""
        return 1 if beside >= self.threads else self.threads

    def _kind(self, group: Group, cohort: tuple[int, ...], beside: int) -> tuple[object, ...]:
        """Cohorts of one kind take as long a row."""
        members = [group.members[number] for number in cohort]
        alike = [(member.layers, member.input_dropout, _endless(member.recipe)) for member in members]
        return (self._inner(beside), group.validation > 0, *alike)

    def _work(self, group: Group, cohort: tuple[int, ...]) -> float:
        """A rough measure of the time that a row takes."""
        rows = self.ground.train.rows
        work = 300.0
        for member in (group.members[number] for number in cohort):
            units = [layer.units for layer in member.layers]
            dense = sum(before * after for before, after in itertools.pairwise(units))
            swept = rows.columns / (member.recipe.batch_size or 1)
            work += units[0] * (_entries(rows) / len(rows) + swept) + 3 * dense + 100.0
        return work

    def _row_seconds(self, group: Group, cohort: tuple[int, ...], beside: int) -> float:
        """Seconds of a row in one epoch, measured side by side as it will be."""
        members = [group.members[number] for number in cohort]
        started = tuple(
            dataclasses.replace(
                member,
                weights=number,
                recipe=_endless(member.recipe),
            )
            for number, member in enumerate(members)
        )
        count = min(group.rows, len(self.ground.train.rows), _BATCHES * (members[0].recipe.batch_size or 1))
        train = _first(self.ground.train, count)
        validates = -(-count * group.validation // group.rows)
        validation = _first(self.ground.train, validates) if validates else None
        inner = self._inner(beside)

        def epochs(_: int) -> float:
            training = Training(Cohort(started), train, validation, threads=inner, fit=self.plan.study.fit)
            times = [time.perf_counter()]
            for done in training.epochs():
                times.append(time.perf_counter())
                if not all(isinstance(epoch, Epoch) for epoch in done.values()):
                    break
            return min(after - before for before, after in itertools.pairwise(times))

        side_by_side = self.threads if inner == 1 else 1
        try:
            with ThreadPoolExecutor(side_by_side) as executor:
                seconds = statistics.mean(executor.map(epochs, range(side_by_side)))
        except EngineError:
            return 0.0  # told when its turn comes; it trains nothing
        return seconds / count


def _endless(recipe: Recipe) -> Recipe:
    """Without what decides when training ends."""
    return dataclasses.replace(recipe, epochs=_EPOCHS, patience=None, monitor=Recipe.monitor)


def _mean_epochs(group: Group, cohort: Sequence[int]) -> float:
    """Members leave when they are done, and the others go on faster."""
    return statistics.mean(group.members[number].recipe.epochs for number in cohort)


def _makespan(times: Sequence[float], threads: int) -> float:
    """When the last of the cohorts ends, if each begins on the first processor that is free."""
    free = [0.0] * threads
    for seconds in times:
        at = free.index(min(free))
        free[at] += seconds
    return max(free)


def _beside(members: Sequence[Member], columns: int) -> float:
    """Seconds for initial weights, for telling of epochs and for keeping runs."""
    drawn = sum(_parameters(member, columns) for member in members)
    told = sum(member.recipe.epochs for member in members)
    return drawn * _A_WEIGHT + told * _AN_EPOCH + len(members) * _A_RUN


_A_WEIGHT = 5e-9
"""Seconds to draw an initial weight."""


def _first(labelled: Labelled, rows: int) -> Labelled:
    """The first rows, over again where there are fewer."""
    numbers = np.arange(rows) % len(labelled.rows)
    classes = labelled.classes
    return Labelled(
        labelled.rows.take(numbers),
        labelled.numbers if classes is not None else labelled.numbers[numbers],
        None if classes is None else classes[numbers],
    )


def _memory(group: Group, cohorts: Sequence[tuple[int, ...]], ground: Ground, threads: int) -> int:
    """Bytes of all initial weights of a group, and of the largest cohorts that train side by side."""
    columns = ground.train.rows.columns
    sizes = sorted(
        (sum(_training(group.members[n], columns) for n in cohort) for cohort in cohorts), reverse=True
    )
    return 4 * sum(_parameters(member, columns) for member in group.members) + sum(sizes[:threads])


def _training(member: Member, columns: int) -> int:
    """Bytes of a member in training: weights, gradients and two states at most, and a batch's activations."""
    units = sum(layer.units for layer in member.layers)
    return 4 * (5 * _parameters(member, columns) + 2 * (member.recipe.batch_size or 1) * units)


def _parameters(member: Member, columns: int) -> int:
    widths = (columns, *(layer.units for layer in member.layers))
    return sum(layer.parameters(inputs) for layer, inputs in zip(member.layers, widths, strict=False))


def _entries(rows: Rows) -> int:
    return len(rows.values) if isinstance(rows, Bags) else rows.values.size


def _bytes(rows: Rows) -> int:
    return (8 if isinstance(rows, Bags) else 4) * _entries(rows)
