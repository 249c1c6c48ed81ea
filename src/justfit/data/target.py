"""`Target`: regression labels in units that suit a network, and back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from justfit.data.dataset import Labels
from justfit.errors import DataError
from justfit.spec import Task


@dataclass(frozen=True)
class Target:
    """What a network learns is ``(label - shift) / scale``."""

    shift: float
    scale: float

    def to_engine(self, labels: Labels) -> npt.NDArray[np.float32]:
        """Labels, ``[rows]``, in the network's units."""
        return ((labels.astype(np.float64) - self.shift) / self.scale).astype(np.float32)

    def from_engine(self, outputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Outputs of a network, any shape, in the labels' own units."""
        return (outputs.astype(np.float64) * self.scale + self.shift).astype(np.float32)


def fit_target(task: Task, labels: Labels) -> Target | None:
    """The `Target` of training labels: mean 0 and standard deviation 1 for regression.

    Labels in [0, 1] stay as they are, for the sigmoid gives just that, and classes have none.

    Raises:
        DataError: a label is not finite, or not in [0, 1] where the task says so, with its row.

    >>> from justfit.spec import task_named
    >>> fit_target(task_named("regression"), np.array([1, 3], np.float32))
    Target(shift=2.0, scale=1.0)
    """
    if task.is_classification:
        return None
    low, high = (0.0, 1.0) if task.name == "unit_regression" else (-np.inf, np.inf)
    wrong = ~(np.isfinite(labels) & (labels >= low) & (labels <= high))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"Row {row}: label {labels[row]} is not {task.label}, as the task {task.name} needs.")
    if task.name == "unit_regression":
        return Target(0.0, 1.0)
    wide = labels.astype(np.float64)
    return Target(float(wide.mean()), float(wide.std()) if np.ptp(wide) > 0 else 1.0)
