"""What a stored model says of raw rows. It needs no engine: only the native forward pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from justfit import _native
from justfit.data.raw import Ids, Numbers, Raw, Texts
from justfit.data.rows import Float32, Rows, native_rows
from justfit.errors import DataError
from justfit.machine import available_threads
from justfit.spec import Layer
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


def predict(model: Model, rows: Raw | Sequence[str]) -> Predictions:
    """Prepare rows as the training rows were and ask the model.

    A row gets the same figures alone or among others.

    Args:
        model: as `justfit.read_model` gives it.
        rows: raw rows, or strings: texts, or for a model of numbers its columns with commas between.

    Raises:
        DataError: the rows are not of the kind that the model was trained on.
    """
    if isinstance(rows, str):
        raise DataError("One text was given where a list of rows is expected: put it in brackets.")
    raw = rows if isinstance(rows, Texts | Ids | Numbers) else model.preparation.raw_from_text(rows)
    outputs = network_outputs(model, model.preparation.rows(raw))
    if model.target is not None:
        return Predictions((), model.target.from_engine(outputs), None)
    labels = None
    if model.task.name == "binary":
        labels = (outputs[:, 0].astype(np.float64) > model.threshold).astype(np.int64)
    elif model.task.name == "multiclass":
        labels = outputs.argmax(axis=1)
    return Predictions(model.classes, outputs, labels)


def network_outputs(model: Model, rows: Rows) -> Float32:
    """The last layer's outputs for prepared rows, float32 ``[rows, outputs]``."""
    return _layer_outputs(model, rows, len(model.kernels))


def network_scores(model: Model, rows: Rows) -> Float32:
    """What the last layer has before its activation (log odds, or a value), float32 ``[rows, outputs]``."""
    return _layer_outputs(model, rows, len(model.kernels), last="linear")


def network_penalty(model: Model, rows: Rows) -> float:
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


def _layers(model: Model) -> tuple[Layer, ...]:
    return model.network.layers(model.task, model.kernels[-1].shape[1])


def _layer_outputs(model: Model, rows: Rows, layers: int, last: str | None = None) -> Float32:
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
    return _native.predict(native_rows(rows), kernels, biases, activations, available_threads())
