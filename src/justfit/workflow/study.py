"""Carrying out a study: stage after stage, the choice, the final networks, the test.

Every run is kept the moment it ends. A study carried out again trains only what is missing, and one
that was killed goes on where it was: a run's figures follow from its spec alone.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from justfit.data.dataset import Dataset, Part
from justfit.data.preparation import columns_of
from justfit.data.sources import load_dataset
from justfit.errors import EngineError
from justfit.judge import Baseline, Standing, baseline, rank, standing
from justfit.machine import DEFAULT_STORE, MOST_THREADS
from justfit.spec import (
    Data,
    Epoch,
    Failed,
    Named,
    Network,
    PreparationSpec,
    Protocol,
    Recipe,
    Run,
    Stage,
    Study,
    plain,
)
from justfit.spec.checks import require_choice, require_integer
from justfit.store import (
    StoredStudy,
    begin_study,
    has_run,
    is_done,
    read_run,
    read_splits,
    read_study,
    splits_key,
    write_run,
    write_splits,
    write_stages,
)
from justfit.workflow.events import (
    Chosen,
    EpochDone,
    Event,
    NetworkSummary,
    Planned,
    RowCounts,
    RunDone,
    StageDone,
    StagePlanned,
    Stored,
)
from justfit.workflow.final import carry_out_final
from justfit.workflow.plan import DEFAULT_NETWORK, Plan, data_of, named_candidates, plan, single
from justfit.workflow.trials import Trial, ground_of, summary, train_runs


def run(  # noqa: PLR0913 - what can be decided about a network
    study: Study | str,
    network: Network = DEFAULT_NETWORK,
    recipe: Recipe | None = None,
    *,
    preparation: PreparationSpec | None = None,
    protocol: Protocol | None = None,
    replicates: int = 1,
    seed: int = 0,
    store: str | Path = DEFAULT_STORE,
    fit: bool = False,
) -> StoredStudy:
    """Carry out a study, or that of one network on a named data set; what is stored is not done again.

    Args:
        study: a study, to which the arguments up to ``seed`` do not belong; or a data set's name, as
            ``justfit data`` lists them.
        network: hidden widths and regularization.
        recipe: optimizer, batch size, epochs, and what else decides how it is trained.
        preparation: how rows are prepared; by default as the data set says.
        protocol: which training rows validate; by default a stratified fifth.
        replicates: how often each network is trained, with seeds from ``seed`` on.
        seed: another one gives other initial weights, row order and dropout, on the same split.
        store: the folder that holds the studies' folders.
        fit: measure the training rows like validation rows, too, after each epoch. It changes no other
            figure.

    Returns:
        The stored study, figures of the test rows included.

    Raises:
        JustfitError: something does not fit; the message says what.
    """
    if isinstance(study, str):
        data = Data(study) if preparation is None else data_of(study, preparation)
        study = single(data, network, recipe, protocol=protocol, replicates=replicates, seed=seed, fit=fit)
    for event in carry_out(study, load_dataset(study.data.name), Path(store)):
        if isinstance(event, Stored):
            return event.study
    raise AssertionError("carry_out ends with Stored")


def carry_out(study: Study, dataset: Dataset, store: Path, *, threads: int | None = None) -> Iterator[Event]:
    """Carry out a study and tell of it; of a stored one only the end.

    Args:
        study: what to do.
        dataset: the one that the study names.
        store: the folder that holds the studies' folders.
        threads: processors to use, by default all; it changes no figure.

    Raises:
        JustfitError: something does not fit, all networks of a stage diverged, or the disk is full.
    """
    if threads is not None:
        require_integer("threads", threads, 1, MOST_THREADS)
    planned = plan(study, dataset)
    folder = begin_study(store, study)
    if is_done(folder):
        yield Stored(read_study(folder))
        return
    yield from _Workflow(planned, folder, threads).events()


class _Workflow:
    """A study being carried out: its candidates and standings so far."""

    def __init__(self, planned: Plan, folder: Path, threads: int | None) -> None:
        self.plan = self._with_stored_splits(planned, folder.parent)
        self.study = planned.study
        self.folder, self.store = folder, folder.parent
        self.threads = threads
        self.candidates: dict[str, tuple[Named, ...]] = {}
        self.standings: dict[str, dict[str, Standing | None]] = {}
        self.test: Part | None = None
        """The test rows, where they validate."""

    @staticmethod
    def _with_stored_splits(planned: Plan, store: Path) -> Plan:
        """The plan with the splits that an earlier study on the same rows kept; they are kept otherwise."""
        if not planned.selects or planned.is_leaked:
            return planned
        protocol = planned.study.validation
        key = splits_key(planned.dataset.fingerprint, protocol)
        kept = read_splits(store, key, protocol, len(planned.dataset.train))
        if kept is None:
            write_splits(store, key, planned.splits)
            return planned
        return Plan(planned.study, planned.dataset, planned.preparation, kept)

    def events(self) -> Iterator[Event]:
        """All of the study."""
        start = time.perf_counter()
        if self.plan.is_leaked:
            self.test = self.plan.dataset.sealed.open()
        planned = self._planned()
        yield planned
        waiting = list(self.study.stages)
        while waiting:
            ready = self._ready(waiting)
            waiting = [stage for stage in waiting if stage not in ready]
            yield from self._carry_out_stages(ready)
        result: dict[str, object] = {
            "data": self.plan.dataset.name,
            "classes": self.plan.dataset.classes,
            "task": self.plan.dataset.task.name,
            "rows": asdict(planned.rows),
            "leaked": self.plan.is_leaked,
            "notes": self.plan.dataset.notes,
            "validation_baseline": planned.baseline and asdict(planned.baseline),
        }
        named, chosen = self._choose()
        yield chosen
        result |= {
            "chosen": chosen.network,
            "best_epoch": chosen.standing and chosen.standing.best_epoch,
            "epochs": chosen.epochs,
            "standing": chosen.standing and asdict(chosen.standing),
        }
        yield from carry_out_final(
            self.plan, named, chosen, self.folder, result, start=start, test=self.test, threads=self.threads
        )

    def _planned(self) -> Planned:
        dataset = self.plan.dataset
        train, validation = self._labels()
        guess: Baseline | None = None
        if self.plan.selects:
            guess = baseline(train, validation, dataset.classes, dataset.task)
        return Planned(
            study=self.study,
            folder=self.folder,
            rows=RowCounts(len(self.plan.splits[0].train), self.plan.validation_rows, dataset.sealed.count),
            splits=len(self.plan.splits),
            is_leaked=self.plan.is_leaked,
            baseline=guess,
            notes=dataset.notes,
        )

    def _labels(self) -> tuple[np.ndarray, np.ndarray]:
        """Labels of the rows that train in any split, and of those that validate in any."""
        labels = self.plan.dataset.train.labels
        train, validation = (
            np.unique(np.concatenate([getattr(split, part) for split in self.plan.splits]))
            for part in ("train", "validation")
        )
        return labels[train], labels[validation] if self.test is None else self.test.labels

    def _ready(self, waiting: Sequence[Stage]) -> list[Stage]:
        """Stages, from the first on, whose candidates are known: none builds on a winner not yet found."""
        ready: list[Stage] = []
        for stage in waiting:
            base = stage.base
            if base is not None and base.winner and base.stage not in self.standings:
                break
            winners = {} if base is None or not base.winner else {base.stage: self._winner(base.stage)}
            self.candidates[stage.name] = self.plan.candidates(stage, self.candidates, winners)
            ready.append(stage)
        named_candidates(self.candidates)
        return ready

    def _winner(self, stage: str) -> Named:
        """The best candidate of a stage that is done."""
        name, found = next(iter(self.standings[stage].items()))
        if found is None:
            raise EngineError(
                f"Stage {stage} has no winner: each of its networks diverged before one epoch was measured. "
                "Lower the learning rate, or scale the columns."
            )
        return next(named for named in self.candidates[stage] if named.name == name)

    def _carry_out_stages(self, stages: Sequence[Stage]) -> Iterator[Event]:
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
                standing(histories, self.study.select, more_is_better=self._more_is_better)
                if len(histories) == len(ids)
                else None
            )
        return {name: found[name] for name in rank(found, more_is_better=self._more_is_better)}

    @property
    def _more_is_better(self) -> bool:
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

    def _choose(self) -> tuple[Named, Chosen]:
        """The network to test and its epochs."""
        final = self.study.final
        of = final.of if final else None
        named_all = named_candidates(self.candidates)
        if not self.plan.selects:
            named = named_all[of] if of in named_all else self.candidates[of or self.study.stages[0].name][0]
            return named, Chosen(named.name, self._epochs(named, None), None, final is not None)
        standings = {name: found for stage in self.standings.values() for name, found in stage.items()}
        if of in self.standings:
            name = self._winner(of).name
        elif of is not None:
            name = require_choice("of", of, [*self.standings, *standings], "under final")
        else:
            name = rank(standings, more_is_better=self._more_is_better)[0]
        found = standings[name]
        if found is None:
            raise EngineError(
                f'"{name}" cannot be tested: it diverged before one epoch was measured in all of its runs. '
                "Lower the learning rate, or scale the columns."
            )
        named = named_all[name]
        return named, Chosen(name, self._epochs(named, found), found, final is not None)

    def _epochs(self, named: Named, found: Standing | None) -> int:
        """How many epochs the final networks are trained for."""
        epochs = self.study.final.epochs if self.study.final else "best"
        if isinstance(epochs, int):
            return epochs
        if epochs == "best" and found is not None:
            return found.best_epoch
        return named.candidate.recipe.epochs
