"""What a stored model says of raw rows. It needs no engine: only the native forward pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from justfit import _native
from justfit.data.bag_preparation import BagPreparation
from justfit.data.files import frame_of
from justfit.data.files.objects import as_array
from justfit.data.preparation import NumberPreparation, Preparation
from justfit.data.raw import Numbers, Raw
from justfit.data.rows import Bags, Dense, Float32, Rows, native_rows
from justfit.data.table_given import given_columns, given_rows
from justfit.errors import DataError
from justfit.machine import available_threads
from justfit.spec import Layer

if TYPE_CHECKING:  # it has a method that predicts
    from justfit.store.model import Model


@dataclass(frozen=True, eq=False)
class Predictions:
    """A model's answers, one a row.

    ``outputs``: float32 ``[rows, outputs]``: probabilities, or for regression values in the labels' units.
    """

    classes: tuple[str, ...]
    """Empty for regression."""
    outputs: Float32
    labels: npt.NDArray[np.int64] | None
    """Class numbers ``[rows]``; None for regression, and for multilabel, where outputs above 0.5 count."""

    def probabilities(self) -> Float32:
        """Of each class, ``[rows, classes]``; a binary model's one output is that of class 1.

        Raises:
            DataError: the model is of a regression.
        """
        if not self.classes:
            raise DataError("A regression gives values and no probabilities: take the outputs.")
        if len(self.classes) == 2 and self.outputs.shape[1] == 1:
            return np.hstack((1 - self.outputs, self.outputs))
        return self.outputs

    def named(self) -> dict[str, Sequence[str] | Float32]:
        """What a table of the answers has, by name: ``class`` and ``probability of ...``, or ``value``.

        Of several labels a row ``classes`` has those above 0.5, with ``;`` between.
        """
        if not self.classes:
            return {"value": self.outputs[:, 0]}
        shares = self.probabilities()
        named: dict[str, Sequence[str] | Float32] = {}
        if self.labels is not None:
            named["class"] = [self.classes[label] for label in self.labels.tolist()]
        else:
            above = (shares > 0.5).tolist()
            named["classes"] = [";".join(compress(self.classes, row)) for row in above]
        columns = (f"probability of {name}" for name in self.classes)
        return named | dict(zip(columns, shares.T, strict=True))

    def table(self) -> pa.Table:
        """The same as an Arrow table, a row an answer, which pandas, polars and others take as it is."""
        return pa.table(self.named())


_FEW = 4
"""Entries so many times fewer than columns that it is quicker to hand over only the columns they are in."""

_LITTLE = 2**20
"""Products, at most, of which threads would take longer to start than they save."""


def predict(model: "Model", rows: object) -> Predictions:
    """Prepare rows as the training rows were and ask the model.

    A row gets the same figures, bit for bit, alone or among others. Nothing of the model changes, so any
    number of threads may ask it at the same time.

    Args:
        model: as `justfit.load` gives it.
        rows: strings: texts, or for a model of numbers its columns with commas between; a data frame, a dict
            of columns or a list of dicts with the columns it was trained on; an array of NumPy, or one that
            NumPy reads by DLPack, or a SciPy matrix, ``[rows, columns]``: for a model of numbers its columns,
            otherwise rows as prepared, such as words of the vocabulary; raw rows.

    Raises:
        DataError: the rows are not of the kind that the model was trained on, or a cell of a column of
            numbers is none.
    """
    return answers(model, network_outputs(model, prepared_rows(model, rows)))


def answers(model: "Model", outputs: Float32) -> Predictions:
    """What the network's outputs, ``[rows, outputs]``, mean: classes, or values in the labels' units."""
    if model.target is not None:
        return Predictions((), model.target.from_engine(outputs), None)
    labels = None
    if model.task.name == "binary":
        labels = (outputs[:, 0].astype(np.float64) > model.threshold).astype(np.int64)
    elif model.task.name == "multiclass":
        labels = outputs.argmax(axis=1)
    return Predictions(model.classes, outputs, labels)


def prepared_rows(model: "Model", rows: Any) -> Rows:
    """Rows of any kind that `predict` takes, as the network takes them; raises `DataError` as it does."""
    preparation = model.preparation
    if isinstance(rows, str):
        raise DataError("One text was given where a list of rows is expected: put it in brackets.")
    if isinstance(rows, Raw):
        return preparation.rows(rows)
    rows = as_array(rows)
    if isinstance(rows, np.ndarray) and rows.dtype.kind in "OUT":
        rows = rows.tolist()
    if isinstance(rows, np.ndarray):
        return _from_array(preparation, rows)
    if isinstance(rows, Sequence) and all(isinstance(row, str) for row in rows):
        return preparation.rows(preparation.raw_from_text(rows))
    frame = frame_of(rows)
    prepared, odd = given_rows(preparation, given_columns(preparation, model.columns, frame), frame)
    if odd:
        raise DataError(f"{odd[0].sentence} Correct them, or make them empty.")
    return prepared


def _from_array(preparation: Preparation, array: npt.NDArray[Any]) -> Rows:
    """Rows of an array: numbers to be prepared, or rows as prepared for any other model."""
    if array.ndim != 2 or array.shape[1] != preparation.columns or array.dtype.kind not in "biuf":
        found = f"{array.dtype} of shape {list(array.shape)}"
        raise DataError(f"The model takes rows of {preparation.columns} numbers, got {found}.")
    if isinstance(preparation, NumberPreparation):
        return preparation.rows(Numbers(array, preparation.names))
    if isinstance(preparation, BagPreparation):  # so that a row gets the same figures however it comes
        return Bags.from_csr(sparse.csr_array(array))
    with np.errstate(over="ignore"):  # `Dense` names the row and column of an infinity
        return Dense(np.ascontiguousarray(array, np.float32))


def network_outputs(model: "Model", rows: Rows) -> Float32:
    """The last layer's outputs for prepared rows, float32 ``[rows, outputs]``."""
    return _layer_outputs(model, rows, len(model.kernels))


def first_sums(model: "Model", rows: Rows) -> Float32:
    """What the first layer has before its activation for prepared rows, float32 ``[rows, units]``."""
    return _layer_outputs(model, rows, 1, last="linear")


def scores_of_sums(model: "Model", sums: Float32) -> Float32:
    """What the last layer has before its activation where the first one has ``sums``, ``[rows, outputs]``."""
    if len(model.kernels) == 1:
        return sums
    # A layer of ones passes each sum on to its activation, and changes no bit of it.
    kernels = (np.eye(sums.shape[1], dtype=np.float32), *model.kernels[1:])
    names = [*(layer.activation for layer in _layers(model)[:-1]), "linear"]
    activations = [_native.Activation.__members__[name] for name in names]
    biases = (None, *model.biases[1:])
    return _native.predict(native_rows(Dense(sums)), kernels, biases, activations, available_threads())


def network_penalty(model: "Model", rows: Rows) -> float:
    """What L1, L2 and activity penalties add to the network's loss on prepared rows, as Keras reports it."""
    penalty = 0.0
    for number, layer in enumerate(_layers(model)):
        kernel = model.kernels[number].astype(np.float64)
        penalty += layer.l1 * float(np.abs(kernel).sum()) + layer.l2 * float((kernel**2).sum())
        if layer.activity_l1 or layer.activity_l2:
            outputs = _layer_outputs(model, rows, number + 1).astype(np.float64)
            weighed = layer.activity_l1 * np.abs(outputs) + layer.activity_l2 * outputs**2
            penalty += float(weighed.sum()) / len(rows)
    return penalty


def _layers(model: "Model") -> tuple[Layer, ...]:
    return model.network.layers(model.task, model.kernels[-1].shape[1])


def _layer_outputs(model: "Model", rows: Rows, layers: int, last: str | None = None) -> Float32:
    """What the last of the first so many layers gives for prepared rows, float32 ``[rows, units]``.

    Args:
        model: the network.
        rows: prepared rows.
        layers: how many.
        last: the last one's activation, by default its own.
    """
    names = [layer.activation for layer in _layers(model)[:layers]]
    activations = [_native.Activation.__members__[name] for name in [*names[:-1], last or names[-1]]]
    kernels, biases = model.kernels[:layers], model.biases[:layers]
    if isinstance(rows, Bags) and _FEW * len(rows.indices) < rows.columns:
        rows, first = _narrowed(rows, kernels[0])
        kernels = (first, *kernels[1:])
    is_little = len(rows) * sum(kernel.size for kernel in kernels) < _LITTLE
    threads = 1 if is_little else available_threads()
    return _native.predict(native_rows(rows), kernels, biases, activations, threads)


def _narrowed(rows: Bags, kernel: Float32) -> tuple[Bags, Float32]:
    """Rows and kernel without the columns that no row has: no bit of a sum changes, as their order stays."""
    used, places = np.unique(rows.indices, return_inverse=True)
    if not len(used):
        used = np.zeros(1, np.int32)
    return Bags(rows.indptr, places.astype(np.int32), rows.values, len(used)), kernel[used]
