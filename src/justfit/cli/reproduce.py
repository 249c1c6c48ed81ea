"""``justfit reproduce``: the published studies, carried out, beside what was published."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from justfit.cli.carried_out import carry_out_shown
from justfit.cli.crews import OnOption, WorkersOption, put_to_work
from justfit.cli.screen import say, say_json, say_table
from justfit.cli.studies import JsonOption, StoreOption, ThreadsOption
from justfit.errors import SpecError
from justfit.machine import DEFAULT_STORE
from justfit.spec.checks import require_choice

if TYPE_CHECKING:
    from justfit.report.reproduction import Reproduction

DOCUMENTS = ("workflow", "variants", "kfold", "lecture", "tanh")


def reproduce(  # noqa: PLR0917 - typer calls it by keyword
    context: typer.Context,
    document: Annotated[str, typer.Argument(help=f"{', '.join(DOCUMENTS)} or all.")] = "all",
    replicates: Annotated[
        int | None, typer.Option(help="Train so often instead of as the study files say.", min=1)
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    threads: ThreadsOption = None,
    workers: WorkersOption = None,
    on: OnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Carry out published studies, and say figure by figure whether what came out agrees."""
    require_choice("document", document, (*DOCUMENTS, "all"))
    from justfit.report.reproduction_page import write_reproduction

    put_to_work(context, workers, on, threads)
    names = DOCUMENTS if document == "all" else (document,)
    found = [_reproduced(name, store, replicates, threads) for name in names]
    for each in found:
        _show(each)
    figures = [row for each in found for row in each.figures]
    agreeing = sum(row.agreement.agrees for row in figures)
    say()
    say(f"{agreeing} of {len(figures)} published figures agree")
    written = write_reproduction(found, store / "reproduced")
    for path in written:
        say(f"written to {path}")
    if as_json:
        documents = [dataclasses.asdict(each) for each in found]
        say_json({"figures": len(figures), "agreeing": agreeing, "documents": documents, "written": written})


def _reproduced(name: str, store: Path, replicates: int | None, threads: int | None) -> "Reproduction":
    from justfit.report import reproduction as documents
    from justfit.spec.study_file import parse_studies

    studies = {}
    for study in parse_studies((documents.FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), name):
        # What is trained once, such as an iterated k-fold, has its repeats in itself.
        if replicates is not None and study.replicates > 1:
            study = dataclasses.replace(study, replicates=replicates)  # noqa: PLW2901
        studies[study.name] = carry_out_shown(study, store, threads)
    refused = ""
    if file := documents.published()[name].get("refused"):
        try:
            parse_studies((documents.FOLDER / file).read_text(encoding="utf-8"), Path(file).stem)
        except SpecError as error:
            refused = str(error)
        else:
            raise AssertionError(f"{file} was to be refused")
    return documents.reproduction(name, studies, refused)


def _show(each: "Reproduction") -> None:
    from justfit.report.reproduction_page import figure_table, parameter_table

    say()
    say(f"{each.name}: {each.title}")
    say()
    heads, rows = figure_table(each.figures)
    say_table(heads, rows, texts=3, folds=False)
    if each.parameters:
        say()
        heads, rows = parameter_table(each.parameters)
        say_table(heads, rows, texts=2, folds=False)
    for reading in each.readings:
        say()
        say(f"{reading.study}, stage {reading.stage}. Published: {reading.published}. Ours:")
        for line in reading.ours:
            say(f"  {line}")
    if each.refused:
        say()
        say(f"refused, as published: {each.refused}")
