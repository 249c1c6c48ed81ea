"""What the commands that look at stored studies have in common: arguments, reading, cells and JSON."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from justfit import words
from justfit.cli.completion import study_names
from justfit.cli.screen import say

StudyArgument = Annotated[
    str,
    typer.Argument(
        help="A study's folder, its name in the store, or the beginning of its id.",
        autocompletion=study_names,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def shown(figure: str, metric: str, value: float | None, *, leaked: bool = False) -> str:
    """A figure of an epoch as a cell: an accuracy in percent, and marked where it is a leak."""
    if value is None:
        return ""
    return words.told_figure(figure, metric, value, leaked=leaked)


def shown_interval(figure: str, metric: str, low: float | None, high: float | None) -> str:
    """The ends of a figure's interval as a cell; empty where one run leaves them unknown."""
    from justfit.judge.studies import within

    low, high = within(metric if figure.endswith("metric") else figure, low, high)
    return "" if low is None else f"{shown(figure, metric, low)} to {shown(figure, metric, high)}"


def told_figure(figure: str, metric: str) -> str:
    """A figure by the name of what the task measures: ``val_accuracy`` for ``val_metric``."""
    return figure.replace("metric", metric)


def say_json(value: Mapping[str, object]) -> None:
    """Print one JSON object; numbers that are not finite are null."""
    say(json.dumps(_finite(value), indent=1, allow_nan=False))


def _finite(value: object) -> object:
    match value:
        case float() if not math.isfinite(value):
            return None
        case Mapping():
            return {str(key): _finite(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_finite(inner) for inner in value]
        case Path():
            return str(value)
    return value
