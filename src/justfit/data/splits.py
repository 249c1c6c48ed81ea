"""`split`: which rows of the training part train and which validate."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import train_test_split

from justfit.data.dataset import Labels
from justfit.errors import DataError, SpecError
from justfit.spec import AllRows, Protocol, Task

_MAX_SEED = 2**32 - 1
"""The largest that scikit-learn takes."""


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers (intp, ascending) of the training part; no row stands in both."""

    train: npt.NDArray[np.intp]
    validation: npt.NDArray[np.intp]


def split(protocol: Protocol, labels: Labels, task: Task) -> Split:
    """The rows of a training part, given by its ``labels``, that train and those that validate.

    Stratified is scikit-learn's ``train_test_split`` with the protocol's seed; where labels are
    not classes of which each row has one, rows are only shuffled.

    Raises:
        SpecError: the protocol leaves no row to train or validate, or its seed is above 2**32 - 1.
        DataError: the classes are too small, or too many for so few rows, to be stratified.
    """
    rows = np.arange(len(labels))
    if isinstance(protocol, AllRows):
        return Split(rows, rows[:0])
    count = protocol.rows(len(labels))
    if protocol.how == "first":
        return Split(rows[count:], rows[:count])
    if protocol.how == "last":
        return Split(rows[:-count], rows[-count:])
    classes = labels if task.name in ("binary", "multiclass") else None
    if classes is not None:
        _require_stratifiable(classes, count)
    if protocol.seed > _MAX_SEED:
        raise SpecError(f"seed {protocol.seed} is too large to shuffle rows with: at most {_MAX_SEED}.")
    train, validation = train_test_split(rows, test_size=count, stratify=classes, random_state=protocol.seed)
    return Split(np.sort(train), np.sort(validation))


def _require_stratifiable(classes: Labels, count: int) -> None:
    present, members = np.unique(classes, return_counts=True)
    remedy = "give more rows, or validate without stratifying (first:, last:)."
    if (members < 2).any():
        alone = present[members < 2][0]
        raise DataError(
            f"Class {alone} has 1 training row, so it cannot be in both parts of a stratified split: "
            f"leave the class out, {remedy}"
        )
    if min(count, len(classes) - count) < len(present):
        raise DataError(
            f"A stratified split of {len(classes)} rows with {count} to validate leaves one part "
            f"with fewer rows than there are classes ({len(present)}): {remedy}"
        )
