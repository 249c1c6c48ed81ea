"""What the data sets inside scikit-learn share; each has a file of its own."""

from typing import Any

import numpy as np

from justfit.data.dataset import Dataset, Labels, Part
from justfit.data.raw import Numbers
from justfit.data.sources.source import SEALED_NOTE, seal_fifth
from justfit.spec import PreparationSpec, task_named

NEEDS = "nothing: embedded in scikit-learn"


def bunch(name: str, **options: bool) -> Any:
    """What scikit-learn's ``load_`` function of that name gives."""
    from sklearn import datasets  # noqa: PLC0415 - takes more than a second, and most rows are of other sources

    return getattr(datasets, f"load_{name}")(**options)


def embedded(name: str, task: str, found: Any, preparation: PreparationSpec) -> Dataset:
    """The data set in a `bunch`."""
    kind = task_named(task)
    classes = tuple(str(name) for name in found.target_names) if kind.is_classification else ()
    labels: Labels = found.target.astype(np.int64 if kind.is_classification else np.float32)
    columns = tuple(str(name) for name in found.feature_names)
    train, sealed, digest = seal_fifth(Part(Numbers(found.data, columns), labels), kind)
    return Dataset(name, kind, classes, train, sealed, preparation, digest, (SEALED_NOTE,))
