"""Searching a stage's space batch by batch: a sampler proposes networks, and is told what came of them.

What it comes to is a study like any other, whose stage lists the networks that were tried.
"""

import dataclasses
import time
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from justfit.data.dataset import Dataset
from justfit.judge import sound_curve
from justfit.machine import MOST_THREADS
from justfit.spec import History, Settings, Study
from justfit.spec.checks import require_integer
from justfit.spec.space import MOST_TRIALS
from justfit.store import read_run, write_stages
from justfit.store.lock import held
from justfit.store.searches import begin_search, search_folder, write_search
from justfit.workflow.events import (
    Decided,
    Event,
    Foreseen,
    Halved,
    Planned,
    StagePlanned,
)
from justfit.workflow.final import STAGE
from justfit.workflow.followed import followed, taking_over
from justfit.workflow.outline import typical_work
from justfit.workflow.plan import Plan, plan
from justfit.workflow.searched import (
    longest,
    require_searchable,
    search_key,
    searched_stage,
    with_networks,
    with_sampler,
    with_stage,
)
from justfit.workflow.stages import Stages, on_stored_splits
from justfit.workflow.study import announced, carry_out
from justfit.workflow.trials import Ground

BATCH = 16
"""Networks asked for at once, so that they train as one cohort."""

_FIRST_RUNG = 4
"""Of a network's epochs, one in so many is trained before it may be pruned for the first time."""


@dataclass(frozen=True)
class Tried:
    """What came of a proposed network."""

    settings: Settings
    name: str
    runs: tuple[str, ...]
    """Ids in the store."""
    values: tuple[float, ...]
    """The figure that chooses, epoch by epoch from 1: the mean over splits and replicates; none where it
    diverged before."""
    value: float | None
    """The best of them, by which the network stands; None where there is none."""
    left: int | None
    """The epoch after which it was pruned; None where it stayed."""


class Sampler(Protocol):
    """Proposes networks. Seeded and told the same, it proposes the same. Trials are numbered from 0."""

    def ask(self, count: int) -> list[Settings]:
        """The next so many."""

    def is_pruned(self, trial: int, values: Sequence[float]) -> bool:
        """Whether a trial shall end, by the figure that chooses, epoch by epoch so far."""

    def tell(self, trial: int, tried: Tried) -> None:
        """What came of a trial."""


def carry_out_search(  # noqa: PLR0913 - what can be decided from outside
    study: Study,
    dataset: Dataset,
    store: Path,
    sampler: Sampler,
    *,
    kind: str,
    trials: int,
    batch: int = BATCH,
    prune: bool = False,
    minutes: float | None = None,
    threads: int | None = None,
) -> Iterator[Event]:
    """Search a study's space, then carry out the study of what was tried, and tell of it.

    What the store has of an earlier search, stopped or with fewer trials, is told to the sampler and not
    trained again, so that it goes on as if it had never ended.

    Args:
        study: one stage of which is searched.
        dataset: the one that the study names.
        store: the folder that holds the studies' folders.
        sampler: proposes networks.
        kind: what it is called.
        trials: how many networks to ask for.
        batch: how many at once.
        prune: have the sampler say after some epochs which networks end.
        minutes: no batch begins after so many; None for no limit.
        threads: processors to use, by default all; it changes no figure.

    Raises:
        StoppedError: somebody asked for it.
        JustfitError: something does not fit, all networks diverged, the disk is full, or another process is
            carrying the same search out.
    """
    require_integer("trials", trials, 1, MOST_TRIALS)
    require_integer("batch", batch, 1, MOST_TRIALS)
    if threads is not None:
        require_integer("threads", threads, 1, MOST_THREADS)
    search = _Search(study, dataset, store, sampler, kind, trials, batch, prune, minutes, threads)
    begin_search(search.folder, study)
    with held(search.folder) as holder:
        yield from followed(search.batches(), search.folder, holder, is_search=True)
        yield from search.end()


class _Search:
    """A search being carried out; ``folder`` shows it until the study that it comes to does."""

    def __init__(  # noqa: PLR0913, PLR0917 - as above
        self,
        study: Study,
        dataset: Dataset,
        store: Path,
        sampler: Sampler,
        kind: str,
        trials: int,
        batch: int,
        prune: bool,
        minutes: float | None,
        threads: int | None,
    ) -> None:
        self.study, self.dataset, self.store, self.sampler = study, dataset, store, sampler
        self.kind, self.trials, self.batch, self.threads = kind, trials, batch, threads
        self.minutes = minutes
        self.stage = searched_stage(study)
        self.folder = search_folder(
            store, study.name, search_key(study, dataset.fingerprint, kind, batch, prune=prune)
        )
        self.how = {"sampler": kind, "trials": trials, "batch": batch, "prune": prune, "minutes": minutes}
        dimensions = require_searchable(study)
        self.epochs = longest(study, self.stage, dimensions)
        self.first_rung = max(1, self.epochs // _FIRST_RUNG) if prune and self.epochs > 1 else None
        self.start = time.perf_counter()
        self.tried: list[Tried] = []
        self.shown: list[Mapping[str, object]] = []
        self.grounds: dict[int, Ground] = {}
        self.decisions: list[str] = []

    def batches(self) -> Generator[Event, None, None]:
        """Every batch, trained and told to the sampler."""
        planned = plan(with_sampler(self.study, "random", min(self.trials, self.batch)), self.dataset)
        told = announced(planned)
        self.findings = told.findings
        batches = self._foreseen(planned, told)
        yield dataclasses.replace(told, study=self.study, foreseen=batches, keeps_rows=True)
        self.plan = on_stored_splits(planned, self.store)
        for first in range(0, self.trials, self.batch):
            if self.minutes is not None and first and time.perf_counter() - self.start > 60 * self.minutes:
                left = f"{self.trials - first:,} of {self.trials:,} networks are left out"
                yield self._decided(f"{left}: the {self.minutes:g} minutes are over.")
                break
            yield from self._batch(first, min(self.trials, first + self.batch))
        pruned = sum(each.left is not None for each in self.tried)
        diverged = sum(each.value is None for each in self.tried)
        yield self._decided(
            f"Proposed by {self.kind}: {len(self.tried):,} networks, {self.batch:,} at a time, by "
            f"{self.study.select} alone and with seed {self.study.seed}; pruned {pruned:,}, diverged at once "
            f"{diverged:,}."
        )

    def _decided(self, sentence: str) -> Decided:
        """A decision to tell, and to keep with the result."""
        self.decisions.append(f"{self.stage.name}: {sentence}")
        return Decided(self.stage.name, sentence)

    def _foreseen(self, planned: Plan, told: Planned) -> tuple[Foreseen, ...]:
        """The batches to come, and what follows them."""
        named = planned.candidates(searched_stage(planned.study), {}, {})
        runs = planned.study.validation.splits * len(planned.study.seeds_of(self.stage))
        ends_early = any(each.candidate.recipe.patience is not None for each in named)
        work = typical_work(planned, [each.candidate for each in named])
        batches = [
            Foreseen(
                self._name(first),
                min(self.batch, self.trials - first),
                runs,
                self.epochs,
                self.first_rung,
                ends_early,
                work,
            )
            for first in range(0, self.trials, self.batch)
        ]
        final = [each for each in told.foreseen if each.stage == STAGE]
        return (*batches, *final)

    def _name(self, first: int) -> str:
        return f"{self.stage.name} {first + 1}-{min(self.trials, first + self.batch)}"

    def _batch(self, first: int, last: int) -> Iterator[Event]:
        """Ask for some networks, train them, and tell what came of them."""
        asked = self.sampler.ask(last - first)
        stage = with_networks(self.stage, asked, name=self._name(first), halving=self.first_rung)
        study = dataclasses.replace(self.study, stages=(stage,), final=None)
        planned = dataclasses.replace(self.plan, study=study)
        names = [
            planned.candidates(dataclasses.replace(stage, networks=(settings,)), {}, {})[0].name
            for settings in asked
        ]
        write_search(self.folder, study, self.how)
        before = self.shown

        def keep(now: list[Mapping[str, object]]) -> None:
            self.shown = [*before, *now]
            write_stages(self.folder, self.shown)

        def prune(rung: int, histories: Mapping[str, Sequence[History]]) -> Collection[str]:
            trials = {name: first + names.index(name) for name in histories}
            return {
                name
                for name, known in histories.items()
                if self.sampler.is_pruned(trials[name], _values(known, study.select)[:rung])
            }

        stages = Stages(
            planned, self.store, keep=keep, threads=self.threads, grounds=self.grounds, prune=prune
        )
        yield from stages.carry_out()
        named = {each.name: each for each in stages.candidates[stage.name]}
        for trial, (name, settings) in enumerate(zip(names, asked, strict=True), start=first):
            stands = stages.standings[stage.name][name]
            ids = stages.run_ids(stage, named[name])
            histories = [read_run(self.store, run_id).history for run_id in ids] if stands else []
            tried = Tried(
                settings,
                name,
                tuple(ids),
                _values(histories, study.select),
                None if stands is None else stands.value,
                stages.left(stage.name).get(name),
            )
            self.sampler.tell(trial, tried)
            self.tried.append(tried)
        yield self._so_far(first, stages.more_is_better)

    def _so_far(self, first: int, more_is_better: bool) -> Decided:
        """How the search stands after a batch."""
        batch = self.tried[first:]
        pruned, diverged = (
            sum(each.left is not None for each in batch),
            sum(each.value is None for each in batch),
        )
        text = f"{len(self.tried):,} of {self.trials:,} networks tried"
        if pruned or diverged:
            text += f"; of the last {len(batch)}, {pruned} pruned and {diverged} diverged"
        if known := [each for each in self.tried if each.value is not None]:
            best = (max if more_is_better else min)(known, key=lambda each: each.value or 0.0)
            epoch = best.values.index(best.value or 0.0) + 1
            text += f"; the best is {best.name} ({self.study.select} {best.value:.4f} in epoch {epoch})"
        return Decided(self.stage.name, f"{text}.")

    def end(self) -> Iterator[Event]:
        """The study of all that was tried: its other stages, choice, final networks and test."""
        networks: list[Settings] = []
        for each in self.tried:
            # Who was pruned is a network of so many epochs, as which it stands in the store.
            settings = each.settings if each.left is None else {**each.settings, "epochs": each.left}
            if settings not in networks:
                networks.append(settings)
        stage = with_networks(self.stage, networks)
        events = carry_out(
            with_stage(self.study, self.stage, stage),
            self.dataset,
            self.store,
            threads=self.threads,
            decisions=self.decisions,
            findings=self.findings,
            start=self.start,
        )
        for event in taking_over(events, self.folder):
            match event:
                case Planned() | Halved():
                    continue
                case StagePlanned(stage=name) if name == stage.name:
                    continue
            yield event


def _values(histories: Sequence[History], select: str) -> tuple[float, ...]:
    curve = sound_curve(histories, select) if histories else None
    return () if curve is None else curve.mean
