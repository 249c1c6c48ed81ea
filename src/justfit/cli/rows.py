"""Which rows a command is about: a data set by name, or files of one's own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from justfit.cli.screen import cell, say, say_table
from justfit.errors import SpecError
from justfit.spec import TASKS, Data, data_in

if TYPE_CHECKING:
    from justfit.data.dataset import Dataset
    from justfit.data.user_dataset import DataReport

MOST_SHOWN = 10
"""Rows that were left out, one a line; of more, how many."""


def _of_files(text: str) -> Any:
    return typer.Option(help=text, rich_help_panel="Files")


TargetOption = Annotated[str | None, _of_files("Of a file: the column to learn.")]
TrainOption = Annotated[str | None, _of_files("The file or folder with the rows that train.")]
TestOption = Annotated[
    str | None, _of_files("A file of test rows; without one a fifth of the rows is sealed first.")
]
TaskOption = Annotated[
    str | None, _of_files(f"Of the column to learn, inferred by default: {', '.join(TASKS)}.")
]
TextOption = Annotated[list[str] | None, _of_files("A column to take as text; may be repeated.")]
CategoriesOption = Annotated[list[str] | None, _of_files("A column to take as categories; likewise.")]
NumbersOption = Annotated[list[str] | None, _of_files("A column to take as numbers; likewise.")]
DropOption = Annotated[list[str] | None, _of_files("A column to leave out; likewise.")]


def data_meant(what: str, target: str | None = None, **files: Any) -> Data:
    """The data set with a name, or the rows of a file where a target is given.

    Raises:
        SpecError: a file without a target, or a target of what is no file.
    """
    if target is not None:
        given = {key: value for key, value in files.items() if value is not None}
        return data_in(what, target=target, **given)
    if wrong := [key for key, value in files.items() if value]:
        raise SpecError(f"--{wrong[0]} belongs to a file of rows: give the column to learn too, as --target.")
    if Path(what).exists() or Path(what).suffix:
        raise SpecError(f'"{what}" is a file: give the column to learn, as --target NAME.')
    return Data(what)


def loaded(data: Data, progress: Any) -> "tuple[Dataset, DataReport | None]":
    """The rows that are meant, and what was decided of a file's columns, which is shown."""
    from justfit.data.load import load_with_report

    dataset, report = load_with_report(data, progress)
    if report is not None:
        show_report(report)
    return dataset, report


def show_report(report: "DataReport") -> None:
    """Each column of a file with its kind and the reason, the task, and the rows that were left out."""
    rows = [(cell(each.name), each.kind, cell(each.reason)) for each in report.columns]
    rows.append((cell(report.target), "target", cell(f"{report.task}: {report.task_reason}")))
    say_table(("column", "kind", "why"), rows, texts=3)
    if report.left_out:
        count = len(report.left_out)
        say(f"{count:,} row{'s' if count > 1 else ''} left out, told in left_out.csv of the study's folder:")
        for each in report.left_out[:MOST_SHOWN]:
            say(f"  row {each.row:,} of {each.source}: {cell(each.reason)}")
        if count > MOST_SHOWN:
            say(f"  and {count - MOST_SHOWN:,} more")
    for odd in report.odd:
        say(cell(odd.sentence))
    say()
