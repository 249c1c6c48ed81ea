"""`retrained`: runs that a finished study has lost, trained again; its result stands, nothing is tested."""

import dataclasses
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence

from justfit.errors import StoreError
from justfit.judge import Choice
from justfit.spec import Epoch, Failed
from justfit.store import StoredStudy, has_run, write_run
from justfit.store.findings import Finding, read_into
from justfit.store.paths import run_path
from justfit.store.repairing import put_aside
from justfit.store.runs import FORMAT, read_run
from justfit.store.study_check import named_runs
from justfit.workflow.events import Chosen, EpochDone, Event, Noted, RunDone, Stored
from justfit.workflow.final import STAGE, final_ground
from justfit.workflow.plan import Plan, named_candidates
from justfit.workflow.seal import Seal
from justfit.workflow.stages import Stages, on_stored_splits
from justfit.workflow.trials import Trial, require_learned, train_runs

_REASON = "runs that were lost are trained again, which test rows validate"
"""Why a leaked study opens them once more."""

_MOST = 5
"""Lost runs, or networks that stand otherwise, that are named one by one."""

_STANDS = ("figure", "value", "best_epoch", "runs")
"""What is compared of how a network stands."""


def lost_runs(study: StoredStudy) -> dict[str, Finding]:
    """The runs of a finished study whose files are missing, cut off or changed, by id.

    Raises:
        StoreError: a run cannot be read though its file may be whole: it is of a newer format, or this user
            may not read it.
    """
    store, lost = study.folder.parent, {}
    for run_id in dict.fromkeys(run_id for run_id, _ in named_runs(study)):
        found: list[Finding] = []
        read_into(found, run_path(store, run_id), lambda run_id=run_id: read_run(store, run_id), FORMAT)  # type: ignore[misc]
        for finding in found:
            if finding.kind not in ("missing", "broken"):
                raise StoreError(finding.message)
            lost[run_id] = finding
    return lost


def retrained(
    planned: Plan, study: StoredStudy, lost: Mapping[str, Finding], threads: int | None
) -> Generator[Event, None, None]:
    """Train the lost runs of a finished study again, and tell of it.

    What stands of the study stays as it is, its choices and its result included; where a run's figures are
    others now, that is told. Where test rows validate, training takes another look at them, which is logged.

    Args:
        planned: of the study.
        study: it is held by this process.
        lost: as `lost_runs` gives it.
        threads: processors to use, by default all.

    Raises:
        EngineError: a network diverged that did not before.
        StoreError: the disk is full, or a file of the study is broken.
    """
    assert study.result is not None
    store = study.folder.parent
    if lost:
        yield Noted(_told(study, lost))
    else:  # as another process is done a moment ago
        yield Stored(study)
        return
    for run_id, finding in lost.items():
        if finding.kind == "broken":
            put_aside(store, run_path(store, run_id))
    test = Seal(planned.dataset, planned.study, store, _REASON).open(None) if planned.is_leaked else None
    stages = _AsChosen(
        on_stored_splits(planned, store), store, keep=lambda _: None, test=test, threads=threads
    )
    stages.chosen = {stage["name"]: stage["choice"] for stage in study.stages}
    yield from stages.carry_out()
    yield from _otherwise(stages, study)
    final = [run_id for run_id in study.result["final_runs"] if run_id in lost]
    if final and not all(has_run(store, run_id) for run_id in final):
        yield from _final_again(stages, study, final)
    if left := [run_id for run_id in lost if not has_run(store, run_id)]:
        yield Noted(
            f"{_count(left)} could not be trained again: {', '.join(left[:_MOST])}. The result stands."
        )
    yield Stored(study)


class _AsChosen(Stages):
    """The stages of a finished study: who was taken stays taken."""

    chosen: Mapping[str, Mapping[str, str] | None]
    """As the study's stages have it."""

    def choice_of(self, stage: str) -> Choice:
        """As it was stored."""
        stored = self.chosen.get(stage)
        return super().choice_of(stage) if stored is None else Choice(**stored)


def _final_again(stages: Stages, study: StoredStudy, lost: Collection[str]) -> Iterator[Event]:
    """Train the final networks of these ids, as they were trained before their test."""
    assert study.result is not None
    plan, final = stages.plan, stages.study.final
    assert final is not None, "only what was tested has final runs"
    name, epochs = study.result["chosen"], study.result["epochs"]
    named = named_candidates(stages.candidates)[name]
    runs = [run for run in plan.final_runs(named.candidate, final, epochs) if run.id in lost]
    standings = [found[name] for found in stages.standings.values() if name in found]
    yield Chosen(name, epochs, standings[0] if standings else None, reason=study.result["reason"])
    ground = final_ground(plan, stages.test)
    fit, store = stages.study.fit, stages.store
    for run, event in train_runs(ground, runs, threads=stages.threads, fit=fit, store=store):
        match event:
            case Epoch():
                yield EpochDone(STAGE, name, 1, run.seed, event, epochs)
            case Trial(trained=trained, updates=updates):
                require_learned(event)
                write_run(store, run, trained.history, trained.outcome, updates)
                yield RunDone(STAGE, name, 1, run.seed, trained.outcome)
            case Failed():
                yield RunDone(STAGE, name, 1, run.seed, event)


def _told(study: StoredStudy, lost: Mapping[str, Finding]) -> str:
    """Which runs are lost, and what is done about it."""
    assert study.result is not None
    of = dict.fromkeys(study.result["final_runs"], f"the final {study.result['chosen']}")
    for stage in study.stages:
        for network in stage["networks"]:
            of |= dict.fromkeys(network["runs"], network["name"])
    told = [f"{run_id} ({of[run_id]}, {finding.kind})" for run_id, finding in lost.items()]
    stands = "its result stands, and its test rows stay sealed"
    if study.is_leaked:
        stands = "its result stands, and test rows validate once more, LEAKED as they are"
    return (
        f"{study.folder.name} is done, but lacks {_count(lost)}: {_few(told)}. What is missing or broken is "
        f"trained again; {stands}."
    )


def _otherwise(stages: Stages, study: StoredStudy) -> Iterator[Noted]:
    """Tell which networks stand otherwise than it is stored."""
    told, mark = [], " LEAKED" * study.is_leaked
    for stage in study.stages:
        for network in stage["networks"]:
            found = stages.standings.get(stage["name"], {}).get(network["name"])
            now, stored = dataclasses.asdict(found) if found else {}, network["standing"] or {}
            if any(now.get(key) != stored.get(key) for key in _STANDS):
                before, after = (str(each.get("value")) + mark for each in (stored, now))
                told.append(f'"{network["name"]}" in stage {stage["name"]} ({before} stored, {after} now)')
    if told:
        yield Noted(
            f"Trained again, not all networks of {study.folder.name} stand as they are stored: {_few(told)}. "
            "What is stored was changed, or trained by another version; its result stands. Give the study "
            "another name to carry all of it out anew."
        )


def _count(runs: Collection[str]) -> str:
    return f"{len(runs):,} {'run' if len(runs) == 1 else 'runs'}"


def _few(told: Sequence[str]) -> str:
    return ", ".join(told[:_MOST]) + (f" and {len(told) - _MOST:,} more" if len(told) > _MOST else "")
