"""Carrying out a study: stage after stage, the choice, the final networks, the test.

Every run is kept the moment it ends. A study carried out again trains only what is missing, and one
that was killed goes on where it was: a run's figures follow from its spec alone.
"""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from justfit.data.audit import Finding, audit
from justfit.data.dataset import Dataset, Labels, Part
from justfit.data.load import load
from justfit.data.preparation import read_once
from justfit.errors import DataError, EngineError, SpecError, StoreError
from justfit.judge import Baseline, Standing, baseline
from justfit.machine import DEFAULT_STORE, MOST_THREADS
from justfit.spec import (
    Data,
    Named,
    Network,
    PreparationSpec,
    Protocol,
    Recipe,
    Study,
)
from justfit.spec.checks import require_choice, require_integer
from justfit.store import (
    StoredStudy,
    begin_study,
    is_done,
    read_study,
    write_stages,
)
from justfit.store.lock import held
from justfit.store.paths import study_folder
from justfit.workflow.ended import ended
from justfit.workflow.events import (
    Chosen,
    Event,
    Planned,
    RowCounts,
    Stored,
)
from justfit.workflow.final import carry_out_final
from justfit.workflow.followed import followed
from justfit.workflow.lost import lost_runs, retrained
from justfit.workflow.outline import foreseen
from justfit.workflow.plan import DEFAULT_NETWORK, Plan, data_of, named_candidates, plan, single
from justfit.workflow.seal import Seal
from justfit.workflow.stages import Stages, on_stored_splits

_LONGEST_REASON = 500
"""Letters of why test rows are looked at again."""


def run(  # noqa: PLR0913 - what can be decided about a network
    study: Study | Data | str,
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
        study: a study, to which the arguments up to ``seed`` do not belong; or data; or a data set's name,
            as ``justfit data`` lists them.
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
    if not isinstance(study, Study):
        data = Data(study) if isinstance(study, str) else study
        data = data if preparation is None else data_of(data, preparation)
        study = single(data, network, recipe, protocol=protocol, replicates=replicates, seed=seed, fit=fit)
    return ended(carry_out(study, load(study.data), Path(store)))


def carry_out(  # noqa: PLR0913 - what can be decided from outside
    study: Study,
    dataset: Dataset,
    store: Path,
    *,
    threads: int | None = None,
    decisions: Sequence[str] = (),
    findings: tuple[Finding, ...] | None = None,
    again: str | None = None,
    start: float | None = None,
) -> Iterator[Event]:
    """Carry out a study and tell of it; of a stored one only the end.

    Runs that a stored one has lost since are trained again; its result stands.

    Args:
        study: what to do.
        dataset: the one that the study names.
        store: the folder that holds the studies' folders.
        threads: processors to use, by default all; it changes no figure.
        decisions: how the study came to be, a sentence a step, to be kept with its result.
        findings: of the audit of these rows, where there was one; otherwise they are audited now.
        again: why a study that is done looks at the test rows once more; what it chose is trained anew and
            tested. None where it does not.
        start: when the work began, by `time.perf_counter`, where that was before.

    Raises:
        StoppedError: somebody asked for it.
        JustfitError: something does not fit, all networks of a stage diverged, the disk is full, or another
            process is carrying the study out.
    """
    if threads is not None:
        require_integer("threads", threads, 1, MOST_THREADS)
    planned = plan(study, dataset)
    if again is not None:
        _require_second_look(study, store, again)
    folder = begin_study(store, study)
    if is_done(folder) and again is None and not lost_runs(stored := read_study(folder)):
        yield Stored(stored)
        return
    with held(folder) as holder:
        if is_done(folder) and again is None:  # with lost runs, or by another process a moment ago
            stored = read_study(folder)
            yield from followed(retrained(planned, stored, lost_runs(stored), threads), folder, holder)
            return
        seal = Seal(dataset, study, store, again)
        events = _Workflow(planned, folder, threads, decisions, seal).events(
            findings, time.perf_counter() if start is None else start
        )
        yield from followed(events, folder, holder)


def _require_second_look(study: Study, store: Path, again: str) -> None:
    """Raise `SpecError` where there was no first look at test rows, or there is no reason for another."""
    if not again.strip() or not again.isprintable() or len(again) > _LONGEST_REASON:
        raise SpecError(
            f"The reason to look at test rows again must be a line of 1 to {_LONGEST_REASON} characters: "
            "say in a few words what the second look is for."
        )
    if study.final is None:
        raise SpecError(f"{study.name} tests nothing, so there is no look at test rows to repeat.")
    if not is_done(study_folder(store, study.name, study.id)):
        raise SpecError(
            f"{study.name} has no result yet, so there is no look at test rows to repeat: run it without a "
            "reason to look again."
        )


class _Workflow:
    """A study being carried out, from the plan to the test."""

    def __init__(
        self, planned: Plan, folder: Path, threads: int | None, decisions: Sequence[str], seal: Seal
    ) -> None:
        self.plan = on_stored_splits(planned, folder.parent)
        self.study = planned.study
        self.folder, self.threads, self.decisions, self.seal = folder, threads, decisions, seal
        self.test: Part | None = None
        """The test rows, where they validate."""

    def events(self, findings: tuple[Finding, ...] | None, start: float) -> Generator[Event, None, None]:
        """All of the study."""
        if self.plan.is_leaked:
            self.test = self.seal.open(selected=None)
        planned = announced(self.plan, self.test, findings)
        yield planned
        keep = partial(write_stages, self.folder)
        self.stages = Stages(self.plan, self.folder.parent, keep=keep, test=self.test, threads=self.threads)
        yield from self.stages.carry_out()
        result: dict[str, object] = {
            "data": self.plan.dataset.name,
            "classes": self.plan.dataset.classes,
            "task": self.plan.dataset.task.name,
            "rows": asdict(planned.rows),
            "leaked": self.plan.is_leaked,
            "notes": self.plan.dataset.notes,
            "audit": [asdict(finding) for finding in planned.findings],
            "decisions": list(self.decisions),
            "validation_baseline": planned.baseline and asdict(planned.baseline),
        }
        named, chosen = self._choose()
        yield chosen
        result |= {
            "chosen": chosen.network,
            "best_epoch": chosen.standing and chosen.standing.best_epoch,
            "epochs": chosen.epochs,
            "standing": chosen.standing and asdict(chosen.standing),
            "reason": chosen.reason,
        }
        if self.seal.reason is not None:
            result = self._first_result(result)
        yield from carry_out_final(
            self.plan,
            named,
            chosen,
            self.folder,
            result,
            start=start,
            seal=self.seal,
            test=self.test,
            threads=self.threads,
        )

    def _first_result(self, result: Mapping[str, object]) -> dict[str, object]:
        """The stored result; raises `StoreError` where it did not test what is chosen now."""
        first = read_study(self.folder).result or {}
        keys = ("chosen", "epochs")
        (name, epochs), (now, epochs_now) = ([found.get(key) for key in keys] for found in (first, result))
        if (name, epochs) != (now, epochs_now):
            raise StoreError(
                f'{self.folder} tested "{name}", epochs: {epochs}, and from its runs "{now}", epochs: '
                f"{epochs_now}, is chosen now, so that a second look would be at another network: give the "
                "study another name, so that it is one of its own."
            )
        return first

    def _choose(self) -> tuple[Named, Chosen]:
        """The network to test and its epochs."""
        final = self.study.final
        of = final.of if final else None
        named_all = named_candidates(self.stages.candidates)
        if not self.plan.selects:
            named = (
                named_all[of]
                if of in named_all
                else self.stages.candidates[of or self.study.stages[0].name][0]
            )
            return named, Chosen(named.name, self._epochs(named, None), None, final is not None)
        standings = {name: found for stage in self.stages.standings.values() for name, found in stage.items()}
        if of in self.stages.standings:
            choice = self.stages.choice_of(of)
            name, reason = choice.name, choice.reason
        elif of is not None:
            name = require_choice("of", of, [*self.stages.standings, *standings], "under final")
            reason = f"{name} is named in the study."
        else:
            best = self.stages.choose(list(self.stages.standings))
            name, reason = (best.name, best.reason) if best else (next(iter(standings)), "")
        found = standings[name]
        if found is None:
            raise EngineError(
                f'"{name}" cannot be tested: it diverged before one epoch was measured in all of its runs. '
                "Lower the learning rate, or scale the columns."
            )
        named = named_all[name]
        return named, Chosen(name, self._epochs(named, found), found, final is not None, reason)

    def _epochs(self, named: Named, found: Standing | None) -> int:
        """How many epochs the final networks are trained for."""
        epochs = self.study.final.epochs if self.study.final else "best"
        if isinstance(epochs, int):
            return epochs
        if epochs == "best" and found is not None:
            return found.best_epoch
        return named.candidate.recipe.epochs


def announced(
    planned: Plan, test: Part | None = None, findings: tuple[Finding, ...] | None = None
) -> Planned:
    """What a plan is about, what is to be known of its rows, and what its networks must beat.

    Args:
        planned: the plan.
        test: the test rows, where they validate.
        findings: of the audit of its rows, where there was one.

    Raises:
        DataError: the audit finds that nothing can be learned from these rows.
    """
    dataset = planned.dataset
    if findings is None:
        read_once(planned.preparation, dataset.train.raw)
        findings = audit(dataset, planned.study.validation, planned.splits)
    if errors := [finding.sentence for finding in findings if finding.level == "error"]:
        raise DataError(f"{dataset.name}: {' '.join(errors)}")
    guess: Baseline | None = None
    if planned.selects:
        train, validation = _labels(planned, test)
        guess = baseline(train, validation, dataset.classes, dataset.task)
    return Planned(
        study=planned.study,
        rows=RowCounts(len(planned.splits[0].train), planned.validation_rows, dataset.sealed.count),
        splits=len(planned.splits),
        is_leaked=planned.is_leaked,
        baseline=guess,
        notes=dataset.notes,
        findings=findings,
        foreseen=foreseen(planned),
    )


def _labels(planned: Plan, test: Part | None) -> tuple[Labels, Labels]:
    """Labels of the rows that train in any split, and of those that validate in any."""
    labels = planned.dataset.train.labels
    train, validation = np.zeros((2, len(labels)), np.bool_)
    for split in planned.splits:
        train[split.train] = validation[split.validation] = True
    return labels[train], labels[validation] if test is None else test.labels
