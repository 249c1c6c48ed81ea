"""What every engine must keep: the same history, weights and outputs as Keras 3 on its jax backend.

An engine is a class with the seam of `justfit.engine.Training`. Each case starts Keras and the engine from
the same weights, gives them the rows in the same order, and trains 3 epochs without dropout.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

import jax
import keras
import numpy as np

from justfit.data.rows import Bags, Dense, Rows
from justfit.engine import Cohort, Labelled, Member, Training, initial_weights
from justfit.spec import TASKS, CosineDecay, Epoch, Layer, Network, Recipe, StepDecay, Task

# Compiling a model takes far longer than training it here, and its optimizations are most of that.
jax.config.update("jax_disable_most_optimizations", True)

ROWS, VALIDATION_ROWS, COLUMNS, BATCH_SIZE, STEPS, EPOCHS = 64, 25, 30, 16, 4, 3
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Case:
    """One network on one kind of rows, as both sides train it."""

    name: str
    network: Network = field(default_factory=lambda: Network((8, 5)))
    recipe: Recipe = field(default_factory=Recipe)
    task: str = "binary"
    outputs: int = 1
    sparse: bool = True
    row_weights: bool = False
    short_batch: bool = False
    """Whether an epoch's last batch lacks rows; for jax that is a second model to compile."""

    @property
    def rows(self) -> int:
        """Rows that train."""
        return ROWS - 4 * self.short_batch


@dataclass(frozen=True)
class Figures:
    """What training leaves on either side."""

    history: dict[str, list[float]]
    weights: Sequence[np.ndarray]
    outputs: np.ndarray


def check_parity(engine: type[Training], case: Case) -> None:
    """Fails where the engine's figures are not Keras's within 1e-4, relative to the largest of each array."""
    assert_same(train_with(engine, case), train_with_keras(case), case)


def assert_same(found: Figures, expected: Figures, case: Case) -> None:
    """Fails where figures are not those expected within 1e-4, relative to the largest of each array."""
    for name, values in expected.history.items():
        np.testing.assert_allclose(
            found.history[name], values, rtol=TOLERANCE, err_msg=f"{case.name}: {name}"
        )
    for number, (weights, reference) in enumerate(zip(found.weights, expected.weights, strict=True)):
        _assert_close(weights, reference, f"{case.name}: weights {number}")
    _assert_close(found.outputs, expected.outputs, f"{case.name}: outputs")


def _assert_close(found: np.ndarray, expected: np.ndarray, what: str) -> None:
    largest = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE * largest, err_msg=what)


def train_with(engine: type[Training], case: Case) -> Figures:
    """The engine's figures for a case."""
    train, validation, everything = labelled_rows(case)
    training = engine(_InOrder((member_of(case),)), train, validation, threads=2)
    epochs = [epochs[0] for epochs in training.epochs()]
    assert all(isinstance(epoch, Epoch) for epoch in epochs)
    names = ("loss", "metric", "val_loss", "val_metric")
    history = {name: [getattr(epoch, name) for epoch in epochs] for name in names}
    flat = [array for layer in training.weights() for array in layer if array is not None]
    return Figures(history, flat, training.outputs(everything))


class _InOrder(Cohort):
    """A cohort whose rows keep their order, as Keras's with shuffle=False."""

    def order(self, epoch: int, rows: int) -> np.ndarray:
        assert epoch >= 1
        return np.arange(rows)


def member_of(case: Case) -> Member:
    """The case's network and recipe, started as Keras is started."""
    task, layers = TASKS[case.task], _layers(case)
    return Member(
        layers=layers,
        loss=task.loss(case.recipe.loss),
        metric=task.metric,
        recipe=Recipe(**{**vars(case.recipe), "batch_size": BATCH_SIZE, "epochs": EPOCHS}),
        weights=initial_weights(layers, COLUMNS, seed=7),
        dropout_seed=0,
        order_seed=0,
    )


def labelled_rows(case: Case) -> tuple[Labelled, Labelled, Rows]:
    """Training rows in the order they train, validation rows, and all rows in place."""
    rows, labels, order, weights = _data(case)
    kind = Bags.from_csr if case.sparse else Dense
    train = Labelled.of(
        kind(rows[order]), labels[order], TASKS[case.task], weights if case.row_weights else None
    )
    return train, Labelled.of(kind(rows[case.rows :]), labels[case.rows :], TASKS[case.task]), kind(rows)


@functools.cache
def train_with_keras(case: Case) -> Figures:
    """Keras's figures for a case."""
    model = keras_model(case)
    return keras_figures(model, model.fit(**keras_arguments(case)).history, case)


def keras_model(case: Case) -> keras.Sequential:
    """The case's network and recipe as Keras has them, compiled, started as the engine is started."""
    task, layers = TASKS[case.task], _layers(case)
    model = keras.Sequential([keras.Input((COLUMNS,)), *(_keras_layer(layer) for layer in layers)])
    flat = [
        array for layer in initial_weights(layers, COLUMNS, seed=7) for array in layer if array is not None
    ]
    model.set_weights(flat)
    loss = task.loss(case.recipe.loss)
    if task.output_activation == "softmax" and loss == "categorical_crossentropy":
        loss = "sparse_categorical_crossentropy"
    model.compile(optimizer=_keras_optimizer(case.recipe), loss=loss, metrics=[_keras_metric(case)])
    return model


def keras_arguments(case: Case) -> dict[str, object]:
    """What Keras's ``fit`` is called with: the rows in the order they train."""
    rows, labels, order, weights = _data(case)
    if _keras_metric(case) == "categorical_accuracy":
        labels = np.eye(case.outputs, dtype=np.float32)[labels]
    return {
        "x": rows[order],
        "y": labels[order],
        "sample_weight": weights if case.row_weights else None,
        "batch_size": BATCH_SIZE,
        "epochs": EPOCHS,
        "shuffle": False,
        "verbose": 0,
        "validation_data": (rows[case.rows :], labels[case.rows :]),
        "validation_batch_size": VALIDATION_ROWS,
    }


def keras_figures(model: keras.Sequential, history: dict[str, list[float]], case: Case) -> Figures:
    """What training left in a Keras model."""
    rows, _, _, _ = _data(case)
    renamed = {name.replace(_keras_metric(case), "metric"): values for name, values in history.items()}
    arrays = [np.asarray(variable.value) for variable in model.weights]  # get_weights warns under NumPy 2
    return Figures(renamed, arrays, model.predict(rows, batch_size=len(rows), verbose=0))


def _keras_metric(case: Case) -> str:
    task = TASKS[case.task]
    if task.output_activation != "softmax":
        return {"accuracy": "binary_accuracy", "mae": "mae"}[task.metric]
    is_sparse = task.loss(case.recipe.loss) == "categorical_crossentropy"
    return "sparse_categorical_accuracy" if is_sparse else "categorical_accuracy"


def _layers(case: Case) -> tuple[Layer, ...]:
    return case.network.layers(_task(case), case.outputs)


def _task(case: Case) -> Task:
    return TASKS[case.task]


def _data(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows (training, then validation), labels, the order of the training rows, and weights in that order."""
    random = np.random.default_rng(3)
    count = case.rows + VALIDATION_ROWS
    rows = random.normal(size=(count, COLUMNS)).astype(np.float32)
    if case.sparse:
        rows *= random.random(rows.shape) < 0.2
        rows[:, 5] = 0.0  # a word that no row holds
        rows[7] = 0.0  # a row without a word
    shape = (count, case.outputs)
    labels = {
        "binary": lambda: random.integers(0, 2, count),
        "multiclass": lambda: random.integers(0, case.outputs, count),
        "multilabel": lambda: random.integers(0, 2, shape).astype(np.float32),
        "regression": lambda: random.normal(size=shape).astype(np.float32),
        "unit_regression": lambda: random.random(shape).astype(np.float32),
    }[case.task]()
    return rows, labels, random.permutation(case.rows), random.random(case.rows).astype(np.float32) * 3


def _keras_layer(layer: Layer) -> keras.layers.Layer:
    penalties = keras.regularizers.L1L2
    return keras.layers.Dense(
        layer.units,
        activation=layer.activation,
        use_bias=layer.has_bias,
        kernel_initializer="zeros",  # until weights are set
        kernel_regularizer=penalties(layer.l1, layer.l2) if layer.l1 or layer.l2 else None,
        activity_regularizer=(
            penalties(layer.activity_l1, layer.activity_l2)
            if layer.activity_l1 or layer.activity_l2
            else None
        ),
        kernel_constraint=keras.constraints.MaxNorm(layer.max_norm) if layer.max_norm else None,
    )


_CLASSES = {
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
    "adagrad": "Adagrad",
    "adadelta": "Adadelta",
    "adamax": "Adamax",
    "nadam": "Nadam",
    "ftrl": "Ftrl",
}


def _keras_optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    numbers = {name: value for name, value in vars(recipe.optimizer).items() if name != "name"}
    numbers["learning_rate"] = _keras_schedule(recipe)
    optimizer = getattr(keras.optimizers, _CLASSES[recipe.optimizer.name])
    return optimizer(**numbers, clipnorm=recipe.clip_norm, clipvalue=recipe.clip_value)


def _keras_schedule(recipe: Recipe) -> float | keras.optimizers.schedules.LearningRateSchedule:
    schedules, rate = keras.optimizers.schedules, recipe.optimizer.learning_rate
    match recipe.schedule:
        case StepDecay(every=every, factor=factor, warmup=0):
            return schedules.ExponentialDecay(rate, round(every * STEPS), factor, staircase=True)
        case CosineDecay(epochs=epochs, floor=floor, warmup=0):
            return schedules.CosineDecay(rate, round(epochs * STEPS), floor)
        case CosineDecay(epochs=epochs, floor=floor, warmup=warmup):
            return schedules.CosineDecay(
                0.0, round(epochs * STEPS), floor, warmup_target=rate, warmup_steps=round(warmup * STEPS)
            )
        case schedule:
            assert schedule.warmup == 0, "Keras has warm-up for cosine decay only"
            return rate
