"""Figures in words: how numbers, shares, intervals and protocols are told."""

from collections.abc import Mapping, Sequence
from typing import Any


def percent(value: float) -> str:
    """A share of 1, such as ``88.3%``.

    >>> percent(0.8834)
    '88.3%'
    """
    return f"{100 * value:.1f}%"


def number(value: float) -> str:
    """Four decimals, or one where the number is large; never in powers of ten.

    >>> number(0.28551), number(1234.56)
    ('0.2855', '1,234.6')
    """
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.1f}"


def interval(figure: Mapping[str, Any], *, share: bool = False) -> str:
    """The ends ``low`` and ``high`` of a figure's 95% interval, where rows enough tell it.

    Args:
        figure: with both ends, each a number or None.
        share: whether they are shares of 1, to be told in percent.

    >>> interval({"low": 0.9, "high": 0.95}, share=True), interval({"low": None, "high": None})
    ('90.0% to 95.0%', 'unknown')
    """
    if figure["low"] is None or figure["high"] is None:
        return "unknown"
    show = percent if share else number
    return f"{show(figure['low'])} to {show(figure['high'])}"


def told_protocol(protocol: Mapping[str, Any]) -> str:
    """A protocol as stored, in words.

    >>> told_protocol({"name": "k_fold", "folds": 4, "how": "in_order", "repeats": 1, "seed": 0})
    '4 folds, in order'
    """
    match protocol["name"]:
        case "k_fold":
            repeats = protocol["repeats"]
            again = f", {repeats} times reshuffled" if repeats > 1 else ""
            return f"{protocol['folds']} folds, {protocol['how'].replace('_', ' ')}{again}"
        case "hold_out":
            trains = "" if protocol["train"] is None else f", {_told_size(protocol['train'])} train"
            return f"hold-out, {protocol['how']}: {_told_size(protocol['size'])} validate{trains}"
        case "test_rows":
            return "the test rows validate, which is a leak"
    return "no row validates"


def _told_size(size: float) -> str:
    return f"{size:,} rows" if isinstance(size, int) else f"{percent(size)} of the training rows"


def told_answer(answer: str | float | Sequence[str]) -> str:
    """What a baseline answers every row with: a class, several labels, or a number.

    >>> told_answer("spam"), told_answer(["a", "b"]), told_answer([]), told_answer(1.5)
    ('"spam"', '"a, b"', 'no label', '1.5000')
    """
    if not isinstance(answer, int | float | str) and not answer:
        return "no label"
    if isinstance(answer, int | float):
        return number(answer)
    return f'"{answer}"' if isinstance(answer, str) else f'"{", ".join(answer)}"'


def told_figure(figure: str, metric: str, value: float, *, leaked: bool = False) -> str:
    """A figure of an epoch: an accuracy in percent, and marked where test rows validated.

    Args:
        figure: one of `justfit.judge.selection.FIGURES`.
        metric: what the task calls ``metric``, such as ``accuracy``.
        value: the figure.
        leaked: whether the test rows validated.

    >>> told_figure("val_metric", "accuracy", 0.871), told_figure("val_data_loss", "mae", 0.5, leaked=True)
    ('87.1%', '0.5000 LEAKED')
    """
    text = percent(value) if figure.endswith("metric") and metric == "accuracy" else number(value)
    return f"{text} LEAKED" if leaked and figure.startswith("val_") else text


_TASKS = {
    "binary": "which of two classes a row has",
    "multiclass": "which of {} classes a row has",
    "multilabel": "which of {} labels a row has, any number of them",
    "regression": "a number of each row",
    "unit_regression": "a number from 0 to 1 of each row",
}


def told_task(task: str, classes: int) -> str:
    """What is to be learned, for so many classes.

    >>> told_task("multiclass", 46)
    'which of 46 classes a row has'
    """
    return _TASKS[task].format(f"{classes:,}" if classes else "several")


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(names[:-1])] * (len(names) > 1) + [*names[-1:]])
