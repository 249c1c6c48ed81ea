"""``justfit search``: networks drawn from a study's space, at random, evenly, or as Optuna proposes them."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from justfit.cli.carried_out import carry_out_shown, events_shown
from justfit.cli.check import FileArgument
from justfit.cli.crews import OnOption, WorkersOption, put_to_work
from justfit.cli.screen import say, say_json
from justfit.cli.studies import JsonOption, StoreOption, ThreadsOption
from justfit.errors import SpecError
from justfit.machine import DEFAULT_STORE
from justfit.spec import Study
from justfit.spec.checks import nearest
from justfit.spec.space import SAMPLERS

if TYPE_CHECKING:
    from justfit.store import StoredStudy

TPE = "tpe"


def search(  # noqa: PLR0917 - typer calls it by keyword
    context: typer.Context,
    file: FileArgument,
    sampler: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(SAMPLERS)}, or {TPE} of Optuna; by default as the file says."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(help="Networks to try; more than before go on from there.", min=1)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Instead of the file's, of what is drawn and of the networks.", min=0)
    ] = None,
    batch: Annotated[
        int | None, typer.Option(help=f"With {TPE}: networks asked for at once; by default 16.", min=1)
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help=f"With {TPE}: end networks early that are worse than the median.")
    ] = False,
    storage: Annotated[
        str | None,
        typer.Option(help=f"With {TPE}: where Optuna's tools find all trials, such as sqlite:///trials.db."),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help=f"With {TPE}: begin no batch after so many minutes.", min=0)
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    threads: ThreadsOption = None,
    workers: WorkersOption = None,
    on: OnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search the space of a study file's stage, or its grid; then choose, retrain and test once.

    What the store has is not trained again: a search that was stopped goes on, and more trials add to
    those before.
    """
    from justfit.cli.standard_input import studies_at

    known = (*SAMPLERS, TPE)
    if sampler is not None and sampler not in known:
        raise SpecError(
            f'sampler "{sampler}" is not known: expected one of {", ".join(known)}.'
            + (_WHY_NOT.get(sampler) or nearest(sampler, known))
        )
    how = {"storage": storage, "prune": prune, "batch": batch, "minutes": minutes}
    given = [f"--{key}" for key, value in how.items() if value]
    if sampler != TPE and given:
        raise SpecError(
            f"{', '.join(given)} need{'s' if len(given) == 1 else ''} --sampler {TPE}. Of what other "
            "samplers draw, halving in the file ends networks early."
        )
    put_to_work(context, workers, on, threads)
    stored = []
    for asked in studies_at(file):
        study = asked if seed is None else replace(asked, seed=seed)
        if sampler == TPE:
            stored.append(_by_optuna(study, store, threads, trials, how))
        else:
            from justfit.workflow.searched import with_sampler

            stored.append(carry_out_shown(with_sampler(study, sampler, trials), store, threads))
    if as_json:
        from justfit.cli.show_study import whole_json

        say_json({"studies": [whole_json(study) for study in stored]})


_WHY_NOT = {
    "gp": f" gp needs PyTorch, which justfit does without: {TPE} proposes by earlier trials, too.",
    "cmaes": f" cmaes takes numbers alone, and a space may have lists: {TPE} takes both.",
}


def _by_optuna(
    study: Study, store: Path, threads: int | None, trials: int | None, how: dict[str, Any]
) -> "StoredStudy":
    from justfit.bridges.optuna import carry_out_tpe, optuna_name
    from justfit.cli.progress import download_progress
    from justfit.cli.rows import loaded
    from justfit.workflow.sampling import BATCH

    with download_progress() as progress:
        dataset, _ = loaded(study.data, progress)
    how = {**how, "batch": how["batch"] or BATCH}
    events = carry_out_tpe(study, dataset, store, trials=trials, threads=threads, **how)
    stored = events_shown(events, dataset, threads, [stage.name for stage in study.stages])
    if how["storage"] is not None:
        name = optuna_name(study, dataset.fingerprint, batch=how["batch"], prune=how["prune"])
        say(f"all trials are in Optuna's study {name} of the storage")
    return stored
