"""What commands have in common: arguments, options, and how cells of stored figures look."""

from pathlib import Path
from typing import Annotated

import typer

from justfit import words
from justfit.cli.completion import study_names
from justfit.cli.screen import answer_in_json

StudyArgument = Annotated[
    str,
    typer.Argument(
        help="A study's folder, its name in the store, or the beginning of its id.",
        autocompletion=study_names,
    ),
]
StoreOption = Annotated[Path, typer.Option(help="The folder that holds the studies' folders.")]
ThreadsOption = Annotated[int | None, typer.Option(help="Processors to use; by default all.", min=1)]
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON object and nothing else; what else there is to say goes to standard error.",
        callback=answer_in_json,
        is_eager=True,
    ),
]


def shown(figure: str, metric: str, value: float | None, *, leaked: bool = False) -> str:
    """A figure of an epoch as a cell: an accuracy in percent, and marked where it is a leak."""
    if value is None:
        return ""
    return words.told_figure(figure, metric, value, leaked=leaked)


def shown_interval(figure: str, metric: str, low: float | None, high: float | None) -> str:
    """The ends of a figure's interval as a cell; empty where one run leaves them unknown."""
    from justfit.store.entries import within

    low, high = within(metric if figure.endswith("metric") else figure, low, high)
    return "" if low is None else f"{shown(figure, metric, low)} to {shown(figure, metric, high)}"


def told_figure(figure: str, metric: str) -> str:
    """A figure by the name of what the task measures: ``val_accuracy`` for ``val_metric``."""
    return figure.replace("metric", metric)
