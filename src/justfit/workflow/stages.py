"""The stages of a study: which candidates are known, training what is missing of them, and how they stand."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from justfit.data.dataset import Part
from justfit.data.preparation import columns_of
from justfit.errors import EngineError
from justfit.judge import Standing, rank, standing
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
    write_run,
    write_stages,
)
from justfit.workflow.events import (
    EpochDone,
    Event,
    NetworkSummary,
    RunDone,
    StageDone,
    StagePlanned,
)
from justfit.workflow.plan import Plan, named_candidates
from justfit.workflow.trials import Trial, ground_of, summary, train_runs


class Stages:
    """The stages of a study being carried out: candidates and standings so far, by stage.

    Args:
        planned: the study's plan.
        folder: the study's.
        test: the test rows, where they validate.
        threads: processors to use, by default all.
    """

    def __init__(self, planned: Plan, folder: Path, test: Part | None, threads: int | None) -> None:
        self.plan, self.study = planned, planned.study
        self.folder, self.store = folder, folder.parent
        self.test, self.threads = test, threads
        self.candidates: dict[str, tuple[Named, ...]] = {}
        self.standings: dict[str, dict[str, Standing | None]] = {}

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
            winners = {} if base is None or not base.winner else {base.stage: self.winner(base.stage)}
            self.candidates[stage.name] = self.plan.candidates(stage, self.candidates, winners)
            ready.append(stage)
        named_candidates(self.candidates)
        return ready

    def winner(self, stage: str) -> Named:
        """The best candidate of a stage that is done."""
        name, found = next(iter(self.standings[stage].items()))
        if found is None:
            raise EngineError(
                f"Stage {stage} has no winner: each of its networks diverged before one epoch was measured. "
                "Lower the learning rate, or scale the columns."
            )
        return next(named for named in self.candidates[stage] if named.name == name)

    def _carry_out_together(self, stages: Sequence[Stage]) -> Iterator[Event]:
        """Train what is missing of stages whose candidates are known, all together, and rank each."""
        where: dict[str, tuple[str, str]] = {}
        missing: dict[int, list[Run]] = defaultdict(list)
        for stage in stages:
            summaries = []
            for named in self.candidates[stage.name]:
                runs = self.plan.runs(named.candidate)
                new = [each for each in runs if each.id not in where and self._is_missing(each)]
                summaries.append(self._summary(named, len(runs), len(new)))
                for each in new:
                    where[each.id] = (stage.name, named.name)
                    missing[each.split].append(each)
            yield StagePlanned(stage.name, tuple(summaries))
        self._write_stages()
        for split, group in sorted(missing.items()):
            yield from self._train(split, group, where)
        for stage in stages:
            self.standings[stage.name] = self._rank(stage) if self.plan.selects else {}
            if self.plan.selects:
                yield StageDone(stage.name, self.standings[stage.name])
        self._write_stages()

    def _is_missing(self, each: Run) -> bool:
        return not has_run(self.store, each.id) or (self.study.fit and not read_run(self.store, each.id).fits)

    def _train(
        self, split: int, runs: Sequence[Run], where: Mapping[str, tuple[str, str]]
    ) -> Iterator[Event]:
        ground = ground_of(self.plan, self.plan.splits[split - 1], self.test)
        for each, event in train_runs(ground, runs, threads=self.threads, fit=self.study.fit):
            stage, network = where[each.id]
            match event:
                case Epoch():
                    epochs = each.candidate.recipe.epochs
                    yield EpochDone(stage, network, split, each.seed, event, epochs)
                case Trial(trained=trained, updates=updates):
                    write_run(self.store, each, trained.history, trained.outcome, updates)
                    yield RunDone(stage, network, split, each.seed, trained.outcome)
                case Failed():
                    yield RunDone(stage, network, split, each.seed, event)

    def _rank(self, stage: Stage) -> dict[str, Standing | None]:
        """The networks of a stage, the best first. One that could not be trained stands nowhere."""
        found = {}
        for named in self.candidates[stage.name]:
            ids = [each.id for each in self.plan.runs(named.candidate)]
            histories = [
                read_run(self.store, run_id).history for run_id in ids if has_run(self.store, run_id)
            ]
            found[named.name] = (
                standing(histories, self.study.select, more_is_better=self.more_is_better)
                if len(histories) == len(ids)
                else None
            )
        return {name: found[name] for name in rank(found, more_is_better=self.more_is_better)}

    @property
    def more_is_better(self) -> bool:
        """Whether the figure that chooses shall be high."""
        return (self.study.select, self.plan.dataset.task.metric) == ("val_metric", "accuracy")

    def _summary(self, named: Named, runs: int, missing: int) -> NetworkSummary:
        dataset = self.plan.dataset
        columns = columns_of(self.plan.preparation, dataset.train.raw)
        layers = named.candidate.network.layers(dataset.task, dataset.outputs)
        lines = summary(named.candidate, columns, layers)
        return NetworkSummary(named.name, lines, named.candidate.recipe.epochs, runs, missing)

    def _write_stages(self) -> None:
        """Keep what is known of the stages so far."""
        stages = []
        for name, candidates in self.candidates.items():
            networks = []
            for named in candidates:
                stands = self.standings.get(name, {}).get(named.name)
                networks.append(
                    {
                        "name": named.name,
                        "candidate": plain(named.candidate),
                        "parameters": self._summary(named, 0, 0).parameters,
                        "layers": [asdict(line) for line in self._summary(named, 0, 0).layers],
                        "runs": [each.id for each in self.plan.runs(named.candidate)],
                        "standing": stands and asdict(stands),
                    }
                )
            stages.append({"name": name, "networks": networks})
        write_stages(self.folder, stages)
