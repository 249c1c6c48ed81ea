"""``justfit check``: what a study file would have trained, or everything that is wrong with it."""

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from justfit.cli.screen import say, say_error, say_json, say_table
from justfit.cli.studies import JsonOption
from justfit.errors import JustfitError, StudyFileError
from justfit.spec import Study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from justfit.workflow import Plan
    from justfit.workflow.outline import StageOutline

    Outlined = tuple[Plan, tuple[StageOutline, ...], float]

FileArgument = Annotated[
    Path, typer.Argument(metavar="STUDY.YAML", help="A study file, or - for one in standard input.")
]


def check(file: FileArgument, as_json: JsonOption = False) -> None:
    """Say what a study file would have trained, or all that is wrong with it. Nothing is trained."""
    studies = outlined(file, as_json=as_json)
    if as_json:
        say_json({"file": file, "studies": [plain_outline(plan, stages) for plan, stages, _ in studies]})
        return
    for number, (plan, stages, _) in enumerate(studies):
        if number:
            say()
        show_outline(plan, stages)
        show_end(plan.study, sum(stage.runs for stage in stages))
    say()
    say("nothing was trained or written")


def outlined(file: Path, *, as_json: bool) -> "list[Outlined]":
    """The studies of a file, planned and outlined, and the seconds in which the rows of each were loaded.

    It ends the command with all that is wrong, a line each.
    """
    from justfit.cli.standard_input import file_told, studies_at
    from justfit.spec.study_yaml import Problem

    name = file_told(file)
    problems: list[dict[str, Any]] = []
    found: list[Outlined] = []
    try:
        for study in studies_at(file):
            try:
                found.append(_outlined(study))
            except JustfitError as error:
                message = f"{name}, study {study.name}: {error}"
                problems.append(
                    {"line": None, "column": None, "path": "", "study": study.name, "message": message}
                )
    except StudyFileError as error:
        told = [problem for problem in error.problems if isinstance(problem, Problem)]
        problems = [
            {**dataclasses.asdict(problem), "study": None, "message": problem.told(name)} for problem in told
        ]
    if not problems:
        return found
    for problem in problems:
        say_error(problem["message"])
    if as_json:
        say_json({"file": file, "problems": problems})
    raise typer.Exit(1)


def _outlined(study: Study) -> "Outlined":
    from justfit.cli.progress import download_progress
    from justfit.data.load import load
    from justfit.workflow import plan
    from justfit.workflow.outline import outline

    start = time.perf_counter()
    with download_progress() as progress:
        dataset = load(study.data, progress)
    loading = time.perf_counter() - start
    planned = plan(study, dataset)
    return planned, outline(planned), loading


def show_outline(plan: "Plan", stages: "Sequence[StageOutline]") -> None:
    """The rows and the splits, and each stage with its networks."""
    from justfit.cli.show_run import show_plan
    from justfit.workflow import Planned
    from justfit.workflow.events import RowCounts

    study, dataset = plan.study, plan.dataset
    rows = RowCounts(len(plan.splits[0].train), plan.validation_rows, dataset.sealed.count)
    show_plan(Planned(study, rows, len(plan.splits), plan.is_leaked, None, dataset.notes))
    for stage in stages:
        say()
        say(_heading(stage))
        rows_of = [
            (
                network.name,
                f"{network.parameters:,}",
                f"{network.candidate.recipe.epochs:,}",
                f"{network.candidate.batch_size:,}",
                f"{len(network.new_runs):,}" if network.is_new else "as before",
            )
            for network in stage.networks
        ]
        say_table(("network", "parameters", "epochs", "batch size", "runs"), rows_of)


def _heading(stage: "StageOutline") -> str:
    count = len(stage.networks)
    text = f"stage {stage.stage}, {count:,} network{'s' if count > 1 else ''}"
    if stage.base is not None:
        text += f", built on {'the winner of ' if stage.base.winner else ''}{stage.base.stage}"
    if stage.stand_in is not None:
        text += f'; no winner is known before training, so "{stage.stand_in}" stands in for it here'
    return text


def show_end(study: Study, runs: int) -> None:
    """How many runs there are, how one network is chosen, and what is tested."""
    final, again = study.final, f"{study.replicates} time{'s' if study.replicates > 1 else ''}"
    say()
    if runs:
        say(f"{runs:,} runs; the best epoch and the best network are those of the best mean {study.select}")
    if final is None:
        say("nothing is tested")
        return
    of = "the best network" if final.of is None else f"the winner of stage {final.of}"
    if final.of is not None and final.of not in {stage.name for stage in study.stages}:
        of = f'"{final.of}"'
    epochs = {"best": "its best number of epochs", "last": "all its epochs"}.get(
        str(final.epochs), f"{final.epochs} epochs"
    )
    rows = "all training rows" if final.train_on == "all_rows" else "the rows that trained it"
    say(f"tested once: {of}, trained anew {again} on {rows} for {epochs}")


def plain_outline(plan: "Plan", stages: "Sequence[StageOutline]") -> dict[str, Any]:
    """What `check` shows, as plain values."""
    study = plan.study
    return {
        "name": study.name,
        "id": study.id,
        "data": plan.dataset.name,
        "leaked": plan.is_leaked,
        "rows": {
            "train": len(plan.splits[0].train),
            "validation": plan.validation_rows,
            "test": plan.dataset.sealed.count,
        },
        "splits": len(plan.splits),
        "replicates": study.replicates,
        "runs": sum(stage.runs for stage in stages),
        "select": study.select,
        "final": study.final and dataclasses.asdict(study.final),
        "stages": [
            {
                "name": stage.stage,
                "from": stage.base and dataclasses.asdict(stage.base),
                "stand_in": stage.stand_in,
                "networks": [
                    {
                        "name": network.name,
                        "parameters": network.parameters,
                        "epochs": network.candidate.recipe.epochs,
                        "batch_size": network.candidate.batch_size,
                        "runs": network.runs,
                        "new": network.is_new,
                    }
                    for network in stage.networks
                ],
            }
            for stage in stages
        ],
    }
