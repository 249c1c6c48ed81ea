"""What every engine must keep: the same history, weights and outputs as Keras 3 on its jax backend.

An engine is a class with the seam of `justfit.engine.Training`. Each case starts Keras and the engine
from the same weights, gives them the rows in the same order, and trains 3 epochs without dropout.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import keras
import numpy as np

from justfit.data.rows import Bags, Dense
from justfit.engine import Cohort, Labelled, Member, Training, initial_weights
from justfit.spec import TASKS, Adam, Epoch, Layer, Network, Optimizer, RmsProp, Sgd, Task

ROWS, VALIDATION_ROWS, COLUMNS, BATCH_SIZE, EPOCHS = 60, 25, 30, 16, 3  # the last batch is short


@dataclass(frozen=True)
class Case:
    """One network on one kind of rows, as both sides train it."""

    name: str
    network: Network = field(default_factory=lambda: Network((8, 5)))
    optimizer: Optimizer = field(default_factory=RmsProp)
    task: str = "binary"
    outputs: int = 1
    loss: str | None = None
    sparse: bool = True


CASES = [
    Case("sparse rows"),
    Case("dense rows", sparse=False),
    Case("no hidden layer", Network(())),
    Case("no hidden layer, dense rows", Network(()), sparse=False),
    Case("widths beyond one vector", Network((40, 33, 17))),
    Case("tanh", Network((8, 5), "tanh")),
    Case("sigmoid", Network((8, 5), "sigmoid"), sparse=False),
    Case("l1", Network((8, 5), l1=0.01)),
    Case("l2", Network((8, 5), l2=0.01)),
    Case(
        "l1 and l2 on one layer each, dense rows", Network((8, 5), l1=(0.01, 0), l2=(0, 0.02)), sparse=False
    ),
    Case("averaged embedding", Network((8,), embedding=6), Adam(0.01)),
    Case("sgd", optimizer=Sgd(0.1)),
    Case("sgd with momentum", optimizer=Sgd(0.1, momentum=0.9)),
    Case("sgd with nesterov momentum", optimizer=Sgd(0.1, momentum=0.9, nesterov=True), sparse=False),
    Case("rmsprop with other numbers", optimizer=RmsProp(0.01, rho=0.7, epsilon=1e-3)),
    Case("adam", optimizer=Adam(0.01)),
    Case("adam with other numbers, dense rows", optimizer=Adam(0.01, beta_1=0.8, beta_2=0.9), sparse=False),
    Case("multiclass", Network((12,)), task="multiclass", outputs=5),
    Case(
        "multiclass, dense rows",
        Network((12,), l2=0.01),
        Adam(0.01),
        task="multiclass",
        outputs=20,
        sparse=False,
    ),
    Case("multilabel", task="multilabel", outputs=4),
    Case("regression", task="regression", optimizer=RmsProp(0.01)),
    Case("regression in [0, 1]", task="unit_regression", optimizer=RmsProp(0.01)),
    Case("regression in [0, 1] by cross-entropy", task="unit_regression", loss="binary_crossentropy"),
    Case("binary by mse", Network((8,), "tanh"), Adam(0.01), loss="mse"),
]


@dataclass(frozen=True)
class Figures:
    """What training leaves on either side."""

    history: dict[str, list[float]]
    weights: Sequence[np.ndarray]
    outputs: np.ndarray


def check_parity(engine: type[Training], case: Case) -> None:
    """Fails where the engine's figures are not Keras's within 1e-4, relative to the largest of each array."""
    expected, found = train_with_keras(case), train_with(engine, case)
    for name, values in expected.history.items():
        np.testing.assert_allclose(found.history[name], values, rtol=1e-4, err_msg=f"{case.name}: {name}")
    for number, (weights, reference) in enumerate(zip(found.weights, expected.weights, strict=True)):
        _assert_close(weights, reference, f"{case.name}: weights {number}")
    _assert_close(found.outputs, expected.outputs, f"{case.name}: outputs")


def _assert_close(found: np.ndarray, expected: np.ndarray, what: str) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max(), err_msg=what)


def train_with(engine: type[Training], case: Case) -> Figures:
    """The engine's figures for a case."""
    rows, labels, order = _data(case)
    task, layers = _task(case), _layers(case)
    weights = initial_weights(layers, COLUMNS, seed=7)
    member = Member(layers, task.loss(case.loss), task.metric, case.optimizer, weights, dropout_seed=0)
    kind = Bags.from_csr if case.sparse else Dense
    train = Labelled.of(kind(rows[order]), labels[order], task)
    validation = Labelled.of(kind(rows[ROWS:]), labels[ROWS:], task)
    training = engine(_InOrder((member,), BATCH_SIZE, EPOCHS, order_seed=0), train, validation, threads=2)
    epochs = [epochs[0] for epochs in training.epochs()]
    assert all(isinstance(epoch, Epoch) for epoch in epochs)
    names = {"loss": "loss", "metric": "metric", "val_loss": "val_loss", "val_metric": "val_metric"}
    history = {name: [getattr(epoch, field) for epoch in epochs] for name, field in names.items()}
    flat = [array for layer in training.weights() for array in layer if array is not None]
    return Figures(history, flat, training.outputs(kind(rows)))


class _InOrder(Cohort):
    """A cohort whose rows keep their order, as Keras's with shuffle=False."""

    def order(self, epoch: int, rows: int) -> np.ndarray:
        assert epoch >= 1
        return np.arange(rows)


def train_with_keras(case: Case) -> Figures:
    """Keras's figures for a case."""
    rows, labels, order = _data(case)
    task, layers = _task(case), _layers(case)
    model = keras.Sequential([keras.Input((COLUMNS,)), *(_keras_layer(layer) for layer in layers)])
    flat = [
        array for layer in initial_weights(layers, COLUMNS, seed=7) for array in layer if array is not None
    ]
    model.set_weights(flat)
    loss = task.loss(case.loss)
    metric = {"accuracy": "binary_accuracy", "mae": "mae"}[task.metric]
    if task.output_activation == "softmax":
        loss, metric = "sparse_categorical_crossentropy", "sparse_categorical_accuracy"
    model.compile(optimizer=_keras_optimizer(case.optimizer), loss=loss, metrics=[metric])
    history = model.fit(
        rows[order], labels[order], batch_size=BATCH_SIZE, epochs=EPOCHS, shuffle=False, verbose=0,
        validation_data=(rows[ROWS:], labels[ROWS:]), validation_batch_size=VALIDATION_ROWS,
    ).history  # fmt: skip
    renamed = {name.replace(metric, "metric"): values for name, values in history.items()}
    weights = [np.asarray(variable.value) for variable in model.weights]  # get_weights warns under NumPy 2
    return Figures(renamed, weights, model.predict(rows, verbose=0))


def _task(case: Case) -> Task:
    return TASKS[case.task]


def _layers(case: Case) -> tuple[Layer, ...]:
    return case.network.layers(_task(case), case.outputs)


def _data(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows (training, then validation), labels, and the order in which the training rows train."""
    random = np.random.default_rng(3)
    count = ROWS + VALIDATION_ROWS
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
    return rows, labels, random.permutation(ROWS)


def _keras_layer(layer: Layer) -> keras.layers.Layer:
    penalty = keras.regularizers.L1L2(l1=layer.l1, l2=layer.l2) if layer.l1 or layer.l2 else None
    return keras.layers.Dense(
        layer.units, activation=layer.activation, use_bias=layer.has_bias, kernel_regularizer=penalty
    )


def _keras_optimizer(optimizer: Optimizer) -> keras.optimizers.Optimizer:
    numbers = {name: value for name, value in vars(optimizer).items() if name != "name"}
    classes = {
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
        "adam": keras.optimizers.Adam,
    }
    return classes[optimizer.name](**numbers)
