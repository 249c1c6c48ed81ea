"""A model for Keras: as a ``.keras`` file, which opens without justfit, or ready to be trained further."""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from justfit.data.preparation import NumberPreparation
from justfit.errors import SpecError
from justfit.spec import Constant, CosineDecay, Layer, Recipe, StepDecay
from justfit.spec.settings import candidate_of
from justfit.store import Model, StoredStudy, find_model, load, read_model, read_study
from justfit.store.files import write_bytes

os.environ.setdefault("KERAS_BACKEND", "jax")  # that the extra brings; read when Keras is first imported
try:
    import keras as keras
except ImportError as error:
    raise SpecError("Keras models need Keras and jax: pip install 'justfit[keras]'.") from error

OPTIMIZER_NAMES: dict[type, str] = {
    keras.optimizers.SGD: "sgd",
    keras.optimizers.RMSprop: "rmsprop",
    keras.optimizers.Adam: "adam",
    keras.optimizers.AdamW: "adamw",
    keras.optimizers.Adagrad: "adagrad",
    keras.optimizers.Adadelta: "adadelta",
    keras.optimizers.Adamax: "adamax",
    keras.optimizers.Nadam: "nadam",
    keras.optimizers.Ftrl: "ftrl",
}
"""What justfit calls Keras's optimizers."""


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
    made = _built(model, _plain)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        made.save(file)
        write_bytes(path, file.read_bytes())
    return str(made.inputs[0].name)


def to_keras(source: Model | StoredStudy | str | Path) -> keras.Sequential:
    """A network as a compiled Keras model with its weights, which Keras can train further.

    It takes float32 rows as the model of `write_keras` does and gives the same outputs, and has the
    network's dropout and penalties besides. Labels are in the data's units: 0 and 1 for one of two classes,
    class numbers for one of several (the loss is ``sparse_categorical_crossentropy``), 0 and 1 a class for
    several labels a row, or numbers. The optimizer begins anew: its moments and steps are not kept.

    Args:
        source: a study as `justfit.run` gives it, or a study's folder, name or id: compiled as it was
            trained. Or a model of `justfit.load`, or a ``.justfit`` file, which do not say how they were
            trained: compiled with the loss of their task and RMSprop with its usual numbers.

    Raises:
        SpecError: the learning rate warms up in a way that Keras has no schedule for.
        StoreError: there is no such study or model, or a file of it is missing, cut off or changed.
    """
    if isinstance(source, Model):
        model, recipe, steps = source, Recipe(), 1
    else:
        path = find_model(source.folder if isinstance(source, StoredStudy) else source)
        model, recipe, steps = _with_recipe(path) if path.is_dir() else (load(path), Recipe(), 1)
    made = _built(model, _trainable, model.network.input_dropout)
    loss = model.task.loss(recipe.loss)
    if model.task.name == "multiclass" and loss == "categorical_crossentropy":
        loss = "sparse_categorical_crossentropy"
    metric = "binary_accuracy" if model.task.name == "multilabel" else model.task.metric
    made.compile(_optimizer(recipe, steps), loss, metrics=[metric])
    made.optimizer.build(made.trainable_variables)
    return made


def _with_recipe(folder: Path) -> tuple[Model, Recipe, int]:
    """A study's model, how it was trained, and in how many steps an epoch."""
    study = read_study(folder)
    run = study.final_runs[0]
    candidate = candidate_of({**run.spec["candidate"]["network"], **run.spec["candidate"]["recipe"]})
    return read_model(folder), candidate.recipe, max(1, round(run.updates / max(1, len(run.history))))


def _built(model: Model, dense: Any, input_dropout: float = 0.0) -> keras.Sequential:
    """A model's scaling, layers with their weights, and labels' units; ``dense`` makes a layer's parts."""
    preparation = model.preparation
    is_scaled = isinstance(preparation, NumberPreparation)
    name = "numbers" if is_scaled else "rows"
    stack: list[keras.Layer] = [keras.Input((preparation.columns,), dtype="float32", name=name)]
    if isinstance(preparation, NumberPreparation):
        stack += _scaled(preparation)
    if input_dropout:
        stack.append(keras.layers.Dropout(input_dropout))
    for layer in model.network.layers(model.task, model.kernels[-1].shape[1]):
        stack += dense(layer)
    if model.target is not None:
        stack.append(keras.layers.Rescaling(model.target.scale, model.target.shift))
    made = keras.Sequential(stack)
    layers = [layer for layer in made.layers if isinstance(layer, keras.layers.Dense)]
    for layer, kernel, bias in zip(layers, model.kernels, model.biases, strict=True):
        layer.set_weights([kernel] if bias is None else [kernel, bias])
    return made


def _plain(layer: Layer) -> list[keras.Layer]:
    """A layer as it predicts."""
    return [keras.layers.Dense(layer.units, layer.activation, use_bias=layer.has_bias)]


def _trainable(layer: Layer) -> list[keras.Layer]:
    """A layer as it is trained, with what regularizes it."""
    penalty = keras.regularizers.L1L2
    dense = keras.layers.Dense(
        layer.units,
        layer.activation,
        use_bias=layer.has_bias,
        kernel_regularizer=penalty(layer.l1, layer.l2) if layer.l1 or layer.l2 else None,
        activity_regularizer=(
            penalty(layer.activity_l1, layer.activity_l2) if layer.activity_l1 or layer.activity_l2 else None
        ),
        kernel_constraint=keras.constraints.MaxNorm(layer.max_norm) if layer.max_norm else None,
    )
    return [dense, keras.layers.Dropout(layer.dropout)] if layer.dropout else [dense]


def _scaled(preparation: NumberPreparation) -> list[keras.Layer]:
    """``(value - shift) / scale`` in float32, the shift in two parts, so that subtracting loses nothing."""
    coarse = preparation.shift.astype(np.float32).astype(np.float64)
    fine = (coarse - preparation.shift) / preparation.scale
    return [
        keras.layers.Rescaling(1.0, (-coarse).tolist()),
        keras.layers.Rescaling((1 / preparation.scale).tolist(), fine.tolist()),
    ]


def _optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """A recipe's optimizer, with its schedule over so many steps an epoch, and its clipping."""
    kind = {name: kind for kind, name in OPTIMIZER_NAMES.items()}[recipe.optimizer.name]
    numbers = {name: value for name, value in vars(recipe.optimizer).items() if name != "name"}
    numbers["learning_rate"] = _schedule(recipe, steps)
    return kind(**numbers, clipnorm=recipe.clip_norm, clipvalue=recipe.clip_value)


def _schedule(recipe: Recipe, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    schedules, rate = keras.optimizers.schedules, recipe.optimizer.learning_rate

    def in_steps(epochs: float) -> int:
        return max(1, round(epochs * steps))

    match recipe.schedule:
        case Constant(warmup=0):
            return rate
        case StepDecay(every=every, factor=factor, warmup=0):
            return schedules.ExponentialDecay(rate, in_steps(every), factor, staircase=True)
        case CosineDecay(epochs=epochs, floor=floor, warmup=0):
            return schedules.CosineDecay(rate, in_steps(epochs), floor)
        case CosineDecay(epochs=epochs, floor=floor, warmup=warmup):
            return schedules.CosineDecay(
                0.0, in_steps(epochs), floor, warmup_target=rate, warmup_steps=in_steps(warmup)
            )
    raise SpecError(
        f"The schedule {recipe.schedule.name} warms up over {recipe.schedule.warmup:g} epochs, and Keras has "
        "warm-up for cosine decay only: take the model with justfit.load, and compile it as you like."
    )
