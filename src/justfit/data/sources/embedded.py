"""What the data sets inside scikit-learn share; each has a file of its own."""

from typing import Any

import numpy as np

from justfit.data.dataset import Dataset, Labels, Part
from justfit.data.raw import Numbers
from justfit.data.sources.source import SEALED_NOTE, seal_fifth
from justfit.spec import PreparationSpec, task_named

NEEDS = "nothing: embedded in scikit-learn"


def embedded(name: str, task: str, bunch: Any, preparation: PreparationSpec) -> Dataset:
    """The data set in ``bunch``, as scikit-learn's ``load_`` functions give it."""
    kind = task_named(task)
    classes = tuple(str(name) for name in bunch.target_names) if kind.is_classification else ()
    labels: Labels = bunch.target.astype(np.int64 if kind.is_classification else np.float32)
    columns = tuple(str(name) for name in bunch.feature_names)
    train, sealed, digest = seal_fifth(Part(Numbers(bunch.data, columns), labels), kind)
    return Dataset(name, kind, classes, train, sealed, preparation, digest, (SEALED_NOTE,))
