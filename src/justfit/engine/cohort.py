"""What an engine trains: members that share rows, row order and batch size."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.data.mapped import to_file
from justfit.data.rows import Bags, Float32, Int32, Rows
from justfit.engine.order import block_order
from justfit.errors import EngineError
from justfit.spec import Layer, Recipe, Task

Weights = tuple[tuple[Float32, Float32 | None], ...]
"""Kernel ``[inputs, units]`` and bias ``[units]`` (None for an embedding) of each layer, in order."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows with what the last layer shall give for them, in one of two forms.

    ``numbers``: float32 ``[rows, outputs]``. ``classes``: int32 class numbers ``[rows]``, for softmax
    outputs; ``numbers`` is then empty. ``weights``: float32 ``[rows]``, what each row's loss weighs;
    None for 1.

    Raises:
        EngineError: no rows, labels or weights of another type, shape or number, or one of them that
            cannot be, with its row.
    """

    rows: Rows
    numbers: Float32
    classes: Int32 | None = None
    weights: Float32 | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", _laid_out("Labels", self.numbers, np.float32, 2))
        if self.classes is not None:
            object.__setattr__(self, "classes", _laid_out("Class numbers", self.classes, np.int32, 1))
        if self.weights is not None:
            object.__setattr__(self, "weights", _laid_out("Row weights", self.weights, np.float32, 1))
        labels = len(self.numbers) if self.classes is None else len(self.classes)
        if len(self.rows) != labels:
            raise EngineError(f"There are {len(self.rows)} rows but {labels} labels.")
        if labels == 0:
            raise EngineError("There are no rows: at least 1 is needed.")
        if not np.isfinite(self.numbers).all():
            row = int(np.argmin(np.isfinite(self.numbers).all(axis=1)))
            raise EngineError(f"Row {row}: the label is {self.numbers[row]}, not finite.")
        if self.weights is None:
            return
        if len(self.weights) != labels:
            raise EngineError(f"There are {labels} rows but {len(self.weights)} weights.")
        if not (right := np.isfinite(self.weights) & (self.weights >= 0)).all():
            row = int(np.argmin(right))
            raise EngineError(f"Row {row}: the weight is {self.weights[row]}, expected a number from 0 up.")

    @classmethod
    def of(
        cls, rows: Rows, labels: npt.NDArray[Any], task: Task, weights: npt.ArrayLike | None = None
    ) -> "Labelled":
        """Rows and a data set's labels, in the form that the task's last layer is compared with."""
        row_weights = None if weights is None else np.ascontiguousarray(weights, np.float32)
        if task.output_activation == "softmax":
            with np.errstate(invalid="ignore"):
                classes = labels.astype(np.int32)
            if (wrong := np.flatnonzero(classes != labels)).size:
                raise EngineError(
                    f"Row {wrong[0]}: the label is {labels[wrong[0]]}, expected a class number."
                )
            return cls(rows, np.empty((0, 1), np.float32), classes, row_weights)
        in_file = isinstance(rows, Bags) and rows.in_files
        numbers = to_file(labels, dtype=np.float32) if in_file else labels.astype(np.float32)
        return cls(rows, np.ascontiguousarray(numbers.reshape(len(labels), -1)), None, row_weights)


def _laid_out(what: str, array: object, dtype: type[np.generic], axes: int) -> npt.NDArray[Any]:
    """The array as the native module takes it: a copy where it does not lie so in memory."""
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != axes:
        found = (
            f"{array.dtype} with {array.ndim} axes" if isinstance(array, np.ndarray) else type(array).__name__
        )
        raise EngineError(f"{what} must be {np.dtype(dtype)} with {axes} axes, got {found}.")
    return np.require(array, requirements=("C", "ALIGNED"))


def class_weights(labels: npt.NDArray[np.int64], classes: int) -> Float32:
    """Weights ``[classes]`` with which each class weighs the same: ``rows / (classes * rows of the class)``.

    As scikit-learn's ``balanced``. A class without rows counts as none, and weighs as one with one row.

    >>> [round(weight, 2) for weight in class_weights(np.array([0, 0, 0, 1]), 2).tolist()]
    [0.67, 2.0]
    """
    counts = np.bincount(labels, minlength=classes)
    weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.asarray(weights, np.float32)


@dataclass(frozen=True, eq=False)
class Member:
    """One network of a cohort, everything resolved."""

    layers: tuple[Layer, ...]
    loss: str
    metric: str
    recipe: Recipe
    weights: Weights | int
    """Before the first step, or the seed that `initial_weights` makes them from when the training begins."""
    dropout_seed: int
    """64 bits; follows from the run's id, not from the cohort it is packed into."""
    order_seed: int
    """Of the shuffles and of the inputs dropped: the same for all runs that are compared with each other."""
    input_dropout: float = 0.0
    id: str = ""
    """Of the run, to find its place in a checkpoint again; empty where there is none."""

    def initial_weights(self, inputs: int) -> Weights:
        """Its weights before the first step, for rows of ``inputs`` columns."""
        if isinstance(self.weights, int):
            return initial_weights(self.layers, inputs, self.weights)
        return self.weights

    @property
    def company(self) -> tuple[object, ...]:
        """What members of one cohort have in common."""
        recipe = self.recipe
        return (
            *(recipe.batch_size, recipe.shuffle_block),
            *(self.order_seed, self.input_dropout, self.layers[-1].units),
        )


@dataclass(frozen=True, eq=False)
class Cohort:
    """Members trained together.

    Raises:
        EngineError: they differ in batch size, row order, input dropout or number of outputs.
    """

    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        if len({member.company for member in self.members}) != 1:
            raise EngineError(
                "A cohort's members must have the same batch size, shuffle, order seed, input dropout and "
                "outputs."
            )
        if self.members[0].recipe.batch_size is None:
            raise EngineError("A cohort's recipes must say their batch size.")

    @property
    def batch_size(self) -> int:
        """Rows of one optimizer step."""
        return self.members[0].recipe.batch_size or 0

    @property
    def epochs(self) -> int:
        """Of the member that trains longest."""
        return max(member.recipe.epochs for member in self.members)

    def order(self, epoch: int, rows: int) -> npt.NDArray[np.int64]:
        """The order of the rows in an epoch (from 1), whatever happened before it."""
        random = np.random.default_rng([self.members[0].order_seed, epoch])
        block = self.members[0].recipe.shuffle_block
        return random.permutation(rows) if block is None else block_order(random, rows, block)


def initial_weights(layers: tuple[Layer, ...], inputs: int, seed: int) -> Weights:
    """Weights as Keras starts them: kernels glorot-uniform, biases zero, embeddings uniform in +-0.05.

    Source: Glorot and Bengio 2010; ``keras.initializers.GlorotUniform``.
    """
    weights = []
    for number, layer in enumerate(layers):
        random = np.random.default_rng([seed, number])
        limit = 0.05 if layer.kind == "embedding" else np.sqrt(6.0 / (inputs + layer.units))
        kernel = random.random((inputs, layer.units), dtype=np.float32)
        # In place: a cohort's first layers are many megabytes.
        kernel *= 2.0
        kernel -= 1.0
        kernel *= np.float32(limit)
        weights.append((kernel, np.zeros(layer.units, np.float32) if layer.has_bias else None))
        inputs = layer.units
    return tuple(weights)
