"""A model as a ``.keras`` file, which Keras 3 opens without justfit."""

import os
import tempfile
from pathlib import Path

import numpy as np

from justfit.data.preparation import NumberPreparation
from justfit.errors import SpecError
from justfit.store import Model
from justfit.store.files import write_bytes

os.environ.setdefault("KERAS_BACKEND", "jax")  # that the extra brings; read when Keras is first imported
try:
    import keras
except ImportError as error:
    raise SpecError("Keras files need Keras and jax: pip install 'justfit[keras]'.") from error


def write_keras(model: Model, path: Path) -> str:
    """Write a model as a ``.keras`` file: its layers, and for numbers its scaling and its labels' units.

    The model in it takes float32 rows: ``numbers``, a model of numbers' columns as they are in the data, or
    ``rows`` as prepared for any other. It gives what `Predictions.outputs` has. Dropout and penalties, which
    do nothing there, are left out.

    Args:
        model: to be written.
        path: the file; one that stands there is replaced.

    Returns:
        The name of its input.

    Raises:
        StoreError: the disk is full, the folder is missing or may not be written.

    Source: ``keras.Model.save``.
    """
    preparation = model.preparation
    is_scaled = isinstance(preparation, NumberPreparation)
    name = "numbers" if is_scaled else "rows"
    stack: list[keras.Layer] = [keras.Input((preparation.columns,), dtype="float32", name=name)]
    if isinstance(preparation, NumberPreparation):
        stack += _scaled(preparation)
    first = len(stack) - 1  # the input is no layer
    layers = model.network.layers(model.task, model.kernels[-1].shape[1])
    for layer in layers:
        stack.append(keras.layers.Dense(layer.units, layer.activation, use_bias=layer.has_bias))
    if model.target is not None:
        stack.append(keras.layers.Rescaling(model.target.scale, model.target.shift))
    made = keras.Sequential(stack)
    dense = made.layers[first : first + len(layers)]
    for layer, kernel, bias in zip(dense, model.kernels, model.biases, strict=True):
        layer.set_weights([kernel] if bias is None else [kernel, bias])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        made.save(file)
        write_bytes(path, file.read_bytes())
    return name


def _scaled(preparation: NumberPreparation) -> list[keras.Layer]:
    """``(value - shift) / scale`` in float32, the shift in two parts, so that subtracting loses nothing."""
    coarse = preparation.shift.astype(np.float32).astype(np.float64)
    fine = (coarse - preparation.shift) / preparation.scale
    return [
        keras.layers.Rescaling(1.0, (-coarse).tolist()),
        keras.layers.Rescaling((1 / preparation.scale).tolist(), fine.tolist()),
    ]
