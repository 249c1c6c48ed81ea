"""Carrying out a study, or the whole workflow, while showing how it goes on and what came out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from justfit.cli.rows import loaded
from justfit.cli.screen import say_aside
from justfit.errors import EngineError
from justfit.spec import Data, Study, TestRows, protocol_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from justfit.data.dataset import Dataset
    from justfit.store import StoredStudy
    from justfit.workflow import Event


def search_shown(
    data: Data, dataset: "Dataset", store: Path, threads: int | None, **how: Any
) -> "StoredStudy":
    """Carry out the whole workflow on a data set, and show each decision and what came out."""
    from justfit.workflow import carry_out_automatically

    events = carry_out_automatically(data, dataset, store, threads=threads, **how)
    return events_shown(events, dataset, threads)


def events_shown(
    events: "Iterator[Event]", dataset: "Dataset", threads: int | None, stages: "Sequence[str] | None" = None
) -> "StoredStudy":
    """Show each decision of a search as it goes on, and what came out.

    Args:
        events: of the search.
        dataset: that it is about.
        threads: processors to use, by default all.
        stages: those whose networks are told; None for all.
    """
    # Imported here for the same reason as below.
    from justfit.cli.progress import study_progress
    from justfit.cli.show_run import (
        show_choice,
        show_decision,
        show_halving,
        show_plan,
        show_result,
        show_standings,
    )
    from justfit.workflow import (
        Chosen,
        Decided,
        Halved,
        Noted,
        Planned,
        StageDone,
        Stored,
    )

    with study_progress() as tell:
        for event in events:
            tell(event)
            match event:
                case Planned():
                    show_plan(event, named=stages is not None)
                case Halved(stage=stage) | StageDone(stage=stage) if stages and stage not in stages:
                    pass
                case Decided():
                    show_decision(event)
                case Halved():
                    show_halving(event)
                case StageDone():
                    show_standings(event, most=5)
                case Chosen():
                    show_choice(event)
                case Noted(sentence):
                    say_aside(sentence)
                case Stored():
                    stored = event.study
    _look_at_mistakes(stored, dataset, threads)
    show_result(stored, dataset.task)
    return stored


def carry_out_shown(
    study: Study,
    store: Path,
    threads: int | None,
    again: str | None = None,
    dataset: "Dataset | None" = None,
) -> "StoredStudy":
    """Carry out one study, and show how it goes on and what came out; its rows are loaded if not given."""
    # Imported here because these take SciPy and scikit-learn along, which --help need not wait for.
    from justfit.cli.progress import download_progress, epoch_progress, study_progress
    from justfit.cli.show_run import (
        show_choice,
        show_halving,
        show_plan,
        show_result,
        show_stage,
        show_standings,
    )
    from justfit.workflow import (
        Chosen,
        Halved,
        Noted,
        Planned,
        StageDone,
        StagePlanned,
        Stored,
        carry_out,
    )

    if dataset is None:
        with download_progress() as progress:
            dataset, _ = loaded(study.data, progress)
    one, leaked = _trains_one_network(study), isinstance(study.validation, TestRows)
    with epoch_progress(dataset.task, leaked=leaked) if one else study_progress() as tell:
        for event in carry_out(study, dataset, store, threads=threads, again=again):
            tell(event)
            match event:
                case Planned():
                    show_plan(event)
                case StagePlanned():
                    show_stage(event)
                case Halved():
                    show_halving(event)
                case StageDone():
                    show_standings(event, leaked=leaked)
                case Chosen():
                    show_choice(event, leaked=leaked)
                case Noted(sentence):
                    say_aside(sentence)
                case Stored():
                    stored = event.study
    _look_at_mistakes(stored, dataset, threads)
    show_result(stored, dataset.task)
    return stored


def go_on_shown(folder: Path, threads: int | None) -> "StoredStudy":
    """Go on with a study or a search that has begun in a store, and show it; of a done one what came out."""
    from justfit.cli.progress import download_progress
    from justfit.spec.study_file import read_studies
    from justfit.store import StudyPaths, read_study

    study = read_study(folder)
    if study.search is None:
        (asked,) = read_studies(StudyPaths(folder).file)
        return carry_out_shown(asked, folder.parent, threads)
    data = Data(**study.spec["data"])
    with download_progress() as progress:
        dataset, _ = loaded(data, progress)
    if "sampler" in study.search:
        from justfit.bridges.optuna import carry_out_tpe

        (asked,) = read_studies(StudyPaths(folder).file)
        how = {key: study.search[key] for key in ("trials", "batch", "prune", "minutes")}
        events = carry_out_tpe(asked, dataset, folder.parent, threads=threads, **how)
        return events_shown(events, dataset, threads, [stage.name for stage in asked.stages])
    how = {key: study.search[key] for key in ("breadth", "minutes")}
    protocol = protocol_of(study.spec["validation"]) if study.search["protocol"] else None
    return search_shown(
        data, dataset, folder.parent, threads, **how, protocol=protocol, seed=study.spec["seed"]
    )


def _look_at_mistakes(stored: "StoredStudy", dataset: "Dataset", threads: int | None) -> None:
    """Find what the chosen network gets wrong of validation rows, for the report; that costs no result."""
    from justfit.cli.mistakes_kept import keep_mistakes

    try:
        keep_mistakes(stored, dataset, threads)
    except EngineError as error:
        say_aside(f"The report tells no mistakes. {error}")


def _trains_one_network(study: Study) -> bool:
    """Whether there is one run to choose by, whose every epoch can be told."""
    (stage, *more) = study.stages
    several = more or stage.grid or stage.zip or stage.space or len(stage.networks) > 1
    return not several and study.replicates == 1 and study.validation.splits == 1
