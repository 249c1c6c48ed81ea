"""Labels and predictions of a regression, as few as a drawing needs."""

import numpy as np

from justfit.judge.metrics import Labels, Outputs

MOST_PAIRS = 500
"""That are kept."""


def residuals(labels: Labels, predictions: Outputs) -> tuple[tuple[float, float], ...]:
    """Pairs of label and prediction, by how far the prediction is above the label.

    Of more than `MOST_PAIRS` rows those are kept whose errors are evenly spaced quantiles of all errors, so
    that the largest errors to both sides are among them, and a share of the pairs is that share of the rows.

    Args:
        labels: one number a row, ``[rows]`` or ``[rows, 1]``.
        predictions: likewise.

    Raises:
        ValueError: shapes that do not fit each other.

    >>> residuals(np.array([1.0, 2.0]), np.array([3.0, 2.5]))
    ((2.0, 2.5), (1.0, 3.0))
    """
    true = np.asarray(labels, np.float64).reshape(-1)
    given = np.asarray(predictions, np.float64).reshape(-1)
    if true.shape != given.shape:
        raise ValueError(f"{len(true)} labels do not fit {len(given)} predictions.")
    order = np.argsort(given - true, kind="stable")
    places = np.linspace(0, len(order) - 1, min(len(order), MOST_PAIRS)).round().astype(np.intp)
    return tuple((float(true[row]), float(given[row])) for row in order[places])
