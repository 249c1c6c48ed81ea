"""The stages of a study: which candidates are known, training what is missing of them, and how they stand."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from justfit.data.dataset import Part
from justfit.engine import epoch_work
from justfit.errors import EngineError
from justfit.judge import Choice, Compared, Standing, choose, compare
from justfit.spec import (
    Epoch,
    Failed,
    Named,
    Run,
    Stage,
    plain,
)
from justfit.store import (
    has_run,
    read_run,
    read_splits,
    splits_key,
    write_run,
    write_splits,
)
from justfit.workflow.events import (
    EpochDone,
    Event,
    Halved,
    NetworkSummary,
    RunDone,
    StageDone,
    StagePlanned,
)
from justfit.workflow.halving import Halving, Prune
from justfit.workflow.plan import Plan, named_candidates
from justfit.workflow.trials import (
    Ground,
    Trial,
    ground_of,
    remove_checkpoints,
    summary,
    train_runs,
    without_weights,
)

_LOG = logging.getLogger(__name__)


def on_stored_splits(planned: Plan, store: Path) -> Plan:
    """The plan on the splits that were kept when these rows were first cut so; they are kept otherwise.

    Raises:
        StoreError: kept splits cannot be read, or the disk is full.
    """
    if not planned.selects or planned.is_leaked:
        return planned
    protocol = planned.study.validation
    key = splits_key(planned.dataset.fingerprint, protocol)
    kept = read_splits(store, key, protocol, len(planned.dataset.train))
    if kept is None:
        write_splits(store, key, planned.splits)
        return planned
    return replace(planned, splits=kept)


class Stages:
    """The stages of a study being carried out: candidates and standings so far, by stage.

    Args:
        planned: the study's plan.
        store: the folder that holds the studies' folders.
        keep: called with what is known of the stages, as `justfit.store.write_stages` takes it, when they
            are planned and when they are done.
        test: the test rows, where they validate.
        threads: processors to use, by default all.
        grounds: prepared rows by split, where several in turn shall share them; what lacks is added.
        prune: says who leaves a stage of which candidates leave early; by default the worse half.
    """

    def __init__(  # noqa: PLR0913 - where it reads and writes
        self,
        planned: Plan,
        store: Path,
        *,
        keep: Callable[[list[Mapping[str, object]]], None],
        test: Part | None = None,
        threads: int | None = None,
        grounds: dict[int, Ground] | None = None,
        prune: Prune | None = None,
    ) -> None:
        self.grounds, self.prune = grounds, prune
        self.plan, self.study = planned, planned.study
        self.keep, self.store = keep, store
        self.test, self.threads = test, threads
        self.candidates: dict[str, tuple[Named, ...]] = {}
        self.standings: dict[str, dict[str, Standing | None]] = {}
        self.choices: dict[str, Choice | None] = {}
        """By stage that is done; None where no row validates, or all of its networks diverged."""
        self.halvings: dict[str, Halving] = {}
        """By stage of which candidates leave early."""

    def carry_out(self) -> Iterator[Event]:
        """Train and rank all stages, those together whose candidates are known at the same time.

        Raises:
            EngineError: a winner is wanted of a stage whose networks all diverged.
            StoreError: the disk is full, or a stored run cannot be read.
        """
        waiting = list(self.study.stages)
        while waiting:
            ready = self._ready(waiting)
            waiting = [stage for stage in waiting if stage not in ready]
            yield from self._carry_out_together(ready)

    def _ready(self, waiting: Sequence[Stage]) -> list[Stage]:
        """Stages, from the first on, whose candidates are known: none builds on a winner not yet found."""
        ready: list[Stage] = []
        for stage in waiting:
            base = stage.base
            if base is not None and base.winner and base.stage not in self.standings:
                break
            if ready and (stage.halving or ready[-1].halving):
                break  # candidates leave by what those of their own stage have reached
            winners = {} if base is None or not base.winner else {base.stage: self.winner(base.stage)}
            self.candidates[stage.name] = self.plan.candidates(stage, self.candidates, winners)
            ready.append(stage)
        named_candidates(self.candidates)
        return ready

    def winner(self, stage: str) -> Named:
        """The candidate that is taken of a stage that is done."""
        name = self.choice_of(stage).name
        return next(named for named in self.candidates[stage] if named.name == name)

    def choice_of(self, stage: str) -> Choice:
        """Which candidate is taken of a stage that is done; raises `EngineError` where all diverged."""
        choice = self.choices[stage]
        if choice is None:
            raise EngineError(
                f"Stage {stage} has no winner: each of its networks diverged before one epoch was measured. "
                "Lower the learning rate, or scale the columns."
            )
        return choice

    def choose(self, stages: Sequence[str]) -> Choice | None:
        """The candidate to take of stages that are done, by the study's rule; None where all diverged."""
        among = [stage for stage in self.study.stages if stage.name in stages]
        return self._choice(self._compared(among, with_left=False))

    def _choice(self, found: Mapping[str, Compared | None]) -> Choice | None:
        candidates = named_candidates(self.candidates)
        parameters = {name: self._summary(candidates[name], 0, 0).parameters for name in found}
        return choose(found, parameters, rule=self.study.rule, leaked=self.plan.is_leaked)

    def _carry_out_together(self, stages: Sequence[Stage]) -> Iterator[Event]:
        """Train what is missing of stages whose candidates are known, all together, and rank each."""
        where: dict[str, tuple[str, str]] = {}
        missing: dict[int, list[Run]] = defaultdict(list)
        every: list[Run] = []
        for stage in stages:
            summaries = []
            halving = self._begin_halving(stage)
            for named in self.candidates[stage.name]:
                runs = self.plan.runs(named.candidate, stage)
                every += runs
                is_missing = self._is_missing if halving is None else halving.is_missing
                new = [each for each in runs if each.id not in where and is_missing(each)]
                summaries.append(self._summary(named, len(runs), len(new)))
                for each in new:
                    missing[each.split].append(each)
                where |= {each.id: (stage.name, named.name) for each in (runs if halving else new)}
            planned = sum(summary.runs for summary in summaries)
            reused = planned - sum(summary.missing for summary in summaries)
            _LOG.info("stage %s: %d of %d runs are there already", stage.name, reused, planned)
            yield StagePlanned(stage.name, tuple(summaries), stage.halving)
        self._write_stages()
        if (halving := self.halvings.get(stages[0].name)) is not None:
            for told in halving.carry_out(self._ground, threads=self.threads):
                yield told if isinstance(told, Halved) else self._kept(*where[told[0].id], *told)
        else:
            for split, group in sorted(missing.items()):
                ground = self._ground(split)
                for each, event in self._trained(ground, group):
                    yield self._kept(*where[each.id], each, event)
        remove_checkpoints(self.store, every)
        for stage in stages:
            self.standings[stage.name], self.choices[stage.name] = {}, None
            if self.plan.selects:
                found = self._compared([stage])
                self.standings[stage.name] = {
                    name: each.standing if each else None for name, each in found.items()
                }
                left = self.left(stage.name)
                stayed = {name: each for name, each in found.items() if name not in left}
                self.choices[stage.name] = self._choice(stayed)
                yield StageDone(stage.name, self.standings[stage.name], self.choices[stage.name])
        self._write_stages()

    def _trained(self, ground: Ground, runs: Sequence[Run]) -> Iterator[tuple[Run, Epoch | Trial | Failed]]:
        return train_runs(
            ground, runs, threads=self.threads, fit=self.study.fit, store=self.store, weights=False
        )

    def _is_missing(self, each: Run) -> bool:
        return not has_run(self.store, each.id) or (self.study.fit and not read_run(self.store, each.id).fits)

    def _begin_halving(self, stage: Stage) -> Halving | None:
        """Where worse candidates of a stage leave early, what decides which."""
        if stage.halving is None:
            return None
        self.halvings[stage.name] = Halving(
            self.store,
            stage.name,
            {named.name: self.plan.runs(named.candidate, stage) for named in self.candidates[stage.name]},
            stage.halving,
            self.study.select,
            more_is_better=self.more_is_better,
            fit=self.study.fit,
            prune=self.prune,
        )
        return self.halvings[stage.name]

    def _kept(self, stage: str, network: str, each: Run, event: Epoch | Trial | Failed) -> Event:
        """What to tell of a run in training; one that has ended is kept first."""
        match event:
            case Epoch():
                epochs = each.candidate.recipe.epochs
                return EpochDone(stage, network, each.split, each.seed, event, epochs)
            case Trial(run=run, trained=trained, updates=updates):
                write_run(self.store, run, trained.history, trained.outcome, updates)
                return RunDone(stage, network, each.split, each.seed, trained.outcome)
            case Failed():
                return RunDone(stage, network, each.split, each.seed, event)

    def _ground(self, split: int) -> Ground:
        """The prepared rows of a split; only shared ones are kept in memory."""
        kept = {} if self.grounds is None else self.grounds
        if split not in kept:
            kept[split] = ground_of(self.plan, self.plan.splits[split - 1], self.test)
        return kept[split]

    def _compared(self, stages: Sequence[Stage], *, with_left: bool = True) -> dict[str, Compared | None]:
        """The networks of stages, the best first. One that could not be trained stands nowhere."""
        ids = {
            named.name: self.run_ids(stage, named)
            for stage in stages
            for named in self.candidates[stage.name]
            if with_left or named.name not in self.left(stage.name)
        }
        runs = {
            name: [read_run(self.store, run_id) for run_id in of_name]
            if all(has_run(self.store, run_id) for run_id in of_name)
            else []
            for name, of_name in ids.items()
        }
        return compare(runs, self.study.select, more_is_better=self.more_is_better)

    def left(self, stage: str) -> Mapping[str, int]:
        """The candidates of a stage that left early, and after which epoch."""
        return self.halvings[stage].left if stage in self.halvings else {}

    def run_ids(self, stage: Stage, named: Named) -> list[str]:
        """The runs of a candidate; of one that left early, those that it came to."""
        ids = [each.id for each in self.plan.runs(named.candidate, stage)]
        short = self.halvings[stage.name].shortened if stage.name in self.halvings else {}
        return [short[each].id if each in short else each for each in ids]

    @property
    def more_is_better(self) -> bool:
        """Whether the figure that chooses shall be high."""
        return (self.study.select, self.plan.dataset.task.metric) == ("val_metric", "accuracy")

    def _summary(self, named: Named, runs: int, missing: int) -> NetworkSummary:
        dataset = self.plan.dataset
        layers = named.candidate.network.layers(dataset.task, dataset.outputs)
        lines = summary(named.candidate, self.plan.columns, layers)
        recipe = named.candidate.recipe
        return NetworkSummary(
            named.name,
            lines,
            recipe.epochs,
            runs,
            missing,
            epoch_work(without_weights(self.plan, named.candidate), self.plan.columns),
            ends_early=recipe.patience is not None,
        )

    def _write_stages(self) -> None:
        """Keep what is known of the stages so far."""
        stages: list[Mapping[str, object]] = []
        for stage in self.study.stages:
            if stage.name not in self.candidates:
                continue
            networks = []
            for named in self.candidates[stage.name]:
                stands = self.standings.get(stage.name, {}).get(named.name)
                lines = self._summary(named, 0, 0)
                networks.append(
                    {
                        "name": named.name,
                        "candidate": plain(named.candidate),
                        "parameters": lines.parameters,
                        "layers": [asdict(line) for line in lines.layers],
                        "left": self.left(stage.name).get(named.name),
                        "runs": self.run_ids(stage, named),
                        "standing": stands and asdict(stands),
                    }
                )
            choice = self.choices.get(stage.name)
            stages.append({"name": stage.name, "choice": choice and asdict(choice), "networks": networks})
        self.keep(stages)
