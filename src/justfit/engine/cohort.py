"""What an engine trains: members that share rows, row order and batch size."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.data.rows import Float32, Int32, Rows
from justfit.errors import EngineError
from justfit.spec import Layer, Optimizer, Task

Weights = tuple[tuple[Float32, Float32 | None], ...]
"""Kernel ``[inputs, units]`` and bias ``[units]`` (None for an embedding) of each layer, in order."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows with what the last layer shall give for them, in one of two forms.

    ``numbers``: float32 ``[rows, outputs]``. ``classes``: int32 class numbers ``[rows]``, for softmax
    outputs; ``numbers`` is then empty.

    Raises:
        EngineError: there are no rows, as many labels, or a label is not finite.
    """

    rows: Rows
    numbers: Float32
    classes: Int32 | None = None

    def __post_init__(self) -> None:
        labels = len(self.numbers) if self.classes is None else len(self.classes)
        if len(self.rows) != labels:
            raise EngineError(f"There are {len(self.rows)} rows but {labels} labels.")
        if labels == 0:
            raise EngineError("There are no rows: at least 1 is needed.")
        if not np.isfinite(self.numbers).all():
            row = int(np.argmin(np.isfinite(self.numbers).all(axis=1)))
            raise EngineError(f"Row {row}: the label is {self.numbers[row]}, not finite.")

    @classmethod
    def of(cls, rows: Rows, labels: npt.NDArray[Any], task: Task) -> "Labelled":
        """Rows and a data set's labels, in the form that the task's last layer is compared with."""
        if task.output_activation == "softmax":
            return cls(rows, np.empty((0, 1), np.float32), labels.astype(np.int32))
        return cls(rows, np.ascontiguousarray(labels.astype(np.float32).reshape(len(labels), -1)))


@dataclass(frozen=True, eq=False)
class Member:
    """One network of a cohort, everything resolved."""

    layers: tuple[Layer, ...]
    loss: str
    metric: str
    optimizer: Optimizer
    weights: Weights
    """Before the first step."""
    dropout_seed: int
    """64 bits; follows from the run's id, not from the cohort it is packed into."""


@dataclass(frozen=True, eq=False)
class Cohort:
    """Members trained together, and the numbers they share."""

    members: tuple[Member, ...]
    batch_size: int
    epochs: int
    order_seed: int
    """Of the shuffles, a new one each epoch; the same for all runs compared with each other."""

    def order(self, epoch: int, rows: int) -> npt.NDArray[np.int64]:
        """The order of the rows in an epoch (from 1), whatever happened before it."""
        return np.random.default_rng([self.order_seed, epoch]).permutation(rows)


def initial_weights(layers: tuple[Layer, ...], inputs: int, seed: int) -> Weights:
    """Weights as Keras starts them: kernels glorot-uniform, biases zero, embeddings uniform in +-0.05.

    Source: Glorot and Bengio 2010; ``keras.initializers.GlorotUniform``.
    """
    weights = []
    for number, layer in enumerate(layers):
        random = np.random.default_rng([seed, number])
        limit = 0.05 if layer.kind == "embedding" else np.sqrt(6.0 / (inputs + layer.units))
        kernel = random.random((inputs, layer.units), dtype=np.float32)
        kernel = (2.0 * kernel - 1.0) * np.float32(limit)
        weights.append((kernel, np.zeros(layer.units, np.float32) if layer.has_bias else None))
        inputs = layer.units
    return tuple(weights)
