"""The figures of test rows in words, in the order in which they are told."""

from collections.abc import Mapping
from typing import Any

from justfit.words import interval, number, percent

FIGURES = {
    "loss": "loss",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "brier": "Brier score",
    "ece": "calibration error",
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "r2": "r2",
}
"""What each is called; any may be missing."""

IN_PERCENT = ("accuracy", "balanced_accuracy")


def told_value(name: str, value: float) -> str:
    """A figure of test rows, an accuracy in percent.

    >>> told_value("accuracy", 0.871), told_value("mae", 2.5)
    ('87.1%', '2.5000')
    """
    return percent(value) if name in IN_PERCENT else number(value)


def told_interval(name: str, figure: Mapping[str, Any]) -> str:
    """Its 95% interval, likewise."""
    return interval(figure, share=name in IN_PERCENT)


def metric_in(figures: Mapping[str, Any]) -> str:
    """``accuracy`` or ``mae``, which of the two is there."""
    return "accuracy" if "accuracy" in figures else "mae"
