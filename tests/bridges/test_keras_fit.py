# ruff: noqa: ARG002 - Keras calls callbacks with more than these need

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from contracts.engine import Case, assert_same, keras_arguments, keras_figures, keras_model, train_with_keras
from keras import callbacks, layers
from scipy import sparse

import justfit
from justfit.errors import DataError, EngineError, SpecError
from justfit.spec import Adam, CosineDecay, Nadam, Network, Recipe, RmsProp, Sgd, StepDecay

pytestmark = pytest.mark.filterwarnings(
    # Of Keras under NumPy 2.
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


CASES = [
    Case("binary"),
    Case(
        "penalized, several classes",
        Network((8, 5), "tanh", l1=0.001, l2=(0, 0.02), activity_l2=0.01, max_norm=(0.8, 0)),
        Recipe(Adam(0.01), schedule=CosineDecay(1.5, 0.0, warmup=1)),
        "multiclass",
        5,
        sparse=False,
        short_batch=True,
    ),
    Case("one-hot", Network((8,)), Recipe(Nadam(0.01), loss="mse", clip_norm=0.5), "multiclass", 4),
    Case(
        "several labels", Network((6,), "gelu"), Recipe(Sgd(0.1, 0.9, True), clip_value=0.01), "multilabel", 3
    ),
    Case(
        "numbers",
        Network((6,)),
        Recipe(RmsProp(0.02), loss="huber", schedule=StepDecay(0.75, 0.5)),
        "regression",
    ),
    Case(
        "weighted",
        Network((8,), embedding=6),
        Recipe(Adam(0.01), loss="hinge"),
        row_weights=True,
        short_batch=True,
    ),
]


@pytest.mark.slow  # Keras compiles each for seconds
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_keras_model_is_trained_as_keras_trains_it(case: Case) -> None:
    model = keras_model(case)
    history = justfit.from_keras(model).fit(**keras_arguments(case))
    assert_same(keras_figures(model, history.history, case), train_with_keras(case), case)


RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(60, 6)).astype(np.float32)
LABELS = (ROWS[:, 0] + ROWS[:, 1] > 0).astype(np.float32)


def network(rate: float = 0.05, *stack: keras.Layer, **compiled: Any) -> keras.Sequential:
    """A small compiled model, not built."""
    model = keras.Sequential(
        [*stack, layers.Dense(4, activation="tanh"), layers.Dense(1, activation="sigmoid")]
    )
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", **{"metrics": ["accuracy"], **compiled})
    return model


def fit(model: keras.Sequential, *arguments: Any, **named: Any) -> callbacks.History:
    """Trained silently on the rows, for 3 epochs unless told."""
    return justfit.from_keras(model).fit(
        *(arguments or (ROWS, LABELS)), **{"epochs": 3, "verbose": 0, **named}
    )


def weights(model: keras.Sequential) -> list[np.ndarray]:
    return [np.array(variable.value) for variable in model.weights]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stack", "rows", "arguments"),
    [
        (
            lambda: [layers.Embedding(50, 6, embeddings_regularizer="l2"), layers.GlobalAveragePooling1D()],
            RANDOM.integers(0, 50, (64, 9)),
            {"validation_split": 0.25},
        ),
        (
            lambda: [
                layers.Flatten(),
                layers.Rescaling(1 / 255, -0.5),
                layers.Dense(8, use_bias=False),
                layers.Activation("relu"),
                layers.ActivityRegularization(0.01, 0.02),
            ],
            RANDOM.integers(1, 255, (64, 4, 5)),
            {"class_weight": {0: 2.0, 2: 0.5}, "validation_split": 0.25},
        ),
        (
            lambda: [layers.Dense(8, "gelu", kernel_constraint="max_norm")],
            RANDOM.normal(size=(64, 20)),
            {"sample_weight": np.arange(64.0) / 32},
        ),
    ],
    ids=["averaged embedding", "images", "weights"],
)
def test_other_layers_and_arguments_do_what_they_do_in_keras(
    stack: Callable[[], list[keras.Layer]], rows: np.ndarray, arguments: dict[str, Any]
) -> None:
    def made() -> keras.Sequential:
        keras.utils.set_random_seed(2)
        penalty = keras.regularizers.L1L2(0.01, 0.02)
        last = layers.Dense(
            3, "softmax", kernel_regularizer=penalty, kernel_constraint=keras.constraints.MaxNorm(1)
        )
        model = keras.Sequential([*stack(), last])
        model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["acc"])
        return model

    labels = np.arange(64) % 3
    usual = {"batch_size": 16, "epochs": 3, "shuffle": False, "verbose": 0}
    theirs, ours = made(), made()
    expected = theirs.fit(rows, labels, **usual, **arguments).history
    found = justfit.from_keras(ours).fit(rows, labels, **usual, **arguments).history
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, err_msg=name)
    for own, their in zip(weights(ours), weights(theirs), strict=True):
        np.testing.assert_allclose(own, their, rtol=1e-4, atol=1e-5)


def test_history_looks_like_keras() -> None:
    model = network()
    history = fit(model, validation_data=(ROWS, LABELS))
    assert isinstance(history, callbacks.History)
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert all(len(values) == 3 for values in history.history.values())
    assert history.epoch == [0, 1, 2]
    assert history.params == {"verbose": 0, "epochs": 3, "steps": 2}
    assert history.model is model
    assert set(fit(network(metrics=["acc"])).history) == {"loss", "acc"}
    assert set(fit(network(metrics=None), validation_split=0.5).history) == {"loss", "val_loss"}


@pytest.mark.slow  # Keras compiles
def test_code_that_goes_on_with_the_model_finds_it_trained(tmp_path: Path) -> None:
    model = network()
    checkpoint = callbacks.ModelCheckpoint(str(tmp_path / "last.keras"))
    history = fit(model, epochs=20, validation_data=(ROWS, LABELS), callbacks=[checkpoint])
    loss, accuracy = model.evaluate(ROWS, LABELS, verbose=0)
    assert loss == pytest.approx(history.history["val_loss"][-1], rel=1e-5)
    assert accuracy == pytest.approx(history.history["val_accuracy"][-1])
    assert accuracy > 0.9
    trainer = justfit.from_keras(model)
    assert trainer.evaluate(ROWS, LABELS, verbose=0)[0] == loss
    np.testing.assert_array_equal(trainer.predict(ROWS, verbose=0), model.predict(ROWS, verbose=0))
    last = keras.models.load_model(tmp_path / "last.keras")
    np.testing.assert_array_equal(last.predict(ROWS, verbose=0), model.predict(ROWS, verbose=0))
    model.save(tmp_path / "model.keras")
    opened = keras.models.load_model(tmp_path / "model.keras")
    again = justfit.from_keras(opened).fit(ROWS, LABELS, epochs=1, verbose=0)
    assert again.history["loss"][0] < history.history["loss"][0]
    model.fit(ROWS, LABELS, epochs=1, verbose=0)


def test_training_begins_with_the_weights_that_the_model_has() -> None:
    model = network()
    model.build((None, 6))
    before = weights(model)
    fit(model, epochs=0)
    for now, then in zip(weights(model), before, strict=True):
        np.testing.assert_array_equal(now, then)
    first = fit(model, epochs=5).history["loss"]
    assert fit(model, epochs=1).history["loss"][0] < first[-1]


def test_random_numbers_follow_keras() -> None:
    def history() -> dict[str, list[float]]:
        keras.utils.set_random_seed(7)
        model = network(0.05, layers.Dropout(0.2), layers.Dense(5), layers.Dropout(0.5))
        return dict(fit(model).history)

    assert history() == history()


def test_sparse_rows_give_what_dense_ones_give() -> None:
    rows = np.where(RANDOM.random((60, 200)) < 0.02, 1.0, 0.0)
    found = []
    for given in (rows, sparse.csr_array(rows), sparse.coo_matrix(rows)):
        keras.utils.set_random_seed(3)
        found.append(fit(network(), given, LABELS, validation_split=0.5).history)
    assert found[0] == found[1] == found[2]


class Collecting(callbacks.Callback):
    """Keeps what it is called with."""

    def __init__(self) -> None:
        super().__init__()
        self.called: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.called.append("begin")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.called.append(epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.called.append((epoch, dict(logs), self.model.weights[0].value.sum().item()))

    def on_train_end(self, logs: Any = None) -> None:
        self.called.append("end")


def test_callbacks_are_called_as_keras_calls_them_and_find_the_weights_of_the_epoch() -> None:
    collecting = Collecting()
    history = fit(network(), epochs=np.int64(2), callbacks=collecting)
    begin, first, (_, logs, weight), second, (_, _, later), end = collecting.called
    assert (begin, first, second, end) == ("begin", 0, 1, "end")
    assert logs == {name: values[0] for name, values in history.history.items()}
    assert weight != later
    assert collecting.params == history.params


def test_early_stopping_ends_the_training_and_brings_the_best_weights_back(tmp_path: Path) -> None:
    model = network(0.5)
    noise = RANDOM.integers(0, 2, 60)
    checkpoint = callbacks.ModelCheckpoint(
        str(tmp_path / "best.weights.h5"), save_best_only=True, save_weights_only=True
    )
    stopping = callbacks.EarlyStopping("val_accuracy", patience=3, restore_best_weights=True)
    told = Collecting()
    history = fit(
        model, ROWS, noise, epochs=100, validation_split=0.5, callbacks=[checkpoint, stopping, told]
    ).history
    best = int(np.argmax(history["val_accuracy"]))
    assert len(history["loss"]) == best + 4 < 100
    sums = [call[2] for call in told.called if isinstance(call, tuple)]
    assert model.weights[0].value.sum().item() == sums[best]
    model.load_weights(tmp_path / "best.weights.h5")
    assert model.weights[0].value.sum().item() == sums[int(np.argmin(history["val_loss"]))]


class Meddling(callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.weights[0].assign(self.model.weights[0] * 2)


class Slowing(callbacks.Callback):
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model.optimizer.learning_rate = 0.1 / (epoch + 1)


class Batches(callbacks.Callback):
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        pass


class Saving(callbacks.ModelCheckpoint):
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        pass


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (lambda: Saving("a.keras"), "The callback Saving has on_train_batch_end"),
        (Batches, "The callback Batches has on_train_batch_end, which is never called"),
        (lambda: callbacks.LambdaCallback(on_train_batch_begin=print), "has on_train_batch_begin"),
        (lambda: callbacks.ModelCheckpoint("a.keras", save_freq=10), "has on_train_batch_end"),
        (lambda: callbacks.LearningRateScheduler(lambda epoch: 0.1), "compile with a schedule"),  # noqa: ARG005
        (callbacks.ReduceLROnPlateau, "changes the learning rate"),
        (lambda: "early", "expected Keras callbacks"),
        (Meddling, "changed the model's weights between epochs"),
        (Slowing, "changed the optimizer between epochs"),
    ],
)
def test_callbacks_that_cannot_be_followed_are_refused_by_name(callback: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        fit(network(), callbacks=[callback()])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps_per_epoch": 3}, "fit has steps_per_epoch 3, which justfit does not have"),
        ({"initial_epoch": 1}, "initial_epoch 1"),
        ({"validation_freq": 2}, "validation_freq 2"),
        ({"use_multiprocessing": True}, "use_multiprocessing True"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"epochs": -1}, "epochs must be"),
        ({"shuffle": "batch"}, "shuffle must be true or false, got 'batch'"),
        ({"class_weight": {0: 2}, "sample_weight": LABELS}, "give one of them"),
        ({"validation_data": ROWS}, r"validation_data must be \(x, y\)"),
        ({"validation_split": 2}, "validation_split must be"),
    ],
)
def test_arguments_that_the_engine_does_not_have_are_refused_by_name(arguments: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        fit(network(), **arguments)
    fit(network(), epochs=1, initial_epoch=0, steps_per_epoch=None, validation_batch_size=5)


def test_rows_that_the_model_does_not_take_are_told() -> None:
    model = network(0.05, keras.Input((5,)))
    with pytest.raises(DataError, match=r"A row of x has the shape \[6\], and the model takes \[5\]"):
        fit(model)
    for given, kind in ((None, "NoneType"), (iter(ROWS), "ndarray_iterator|iterator"), (ROWS[:0], "ndarray")):
        with pytest.raises(DataError, match=f"x is ({kind}) without rows, expected an array of rows"):
            fit(network(), given, LABELS)
    with pytest.raises(DataError, match=r"validation_data: a row of x has the shape \[4\]"):
        fit(network(), validation_data=(ROWS[:, :4], LABELS))


def test_a_loss_that_becomes_infinite_is_told_and_leaves_the_weights_from_before() -> None:
    model = keras.Sequential([layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e30), "mse")
    told = Collecting()
    with pytest.raises(
        EngineError, match=r"infinite or not a number in epoch \d: scale the rows, or take a lower"
    ):
        fit(model, epochs=10, callbacks=[told])
    assert np.isfinite(weights(model)[0]).all()


def test_keras_prints_the_epochs(capsys: pytest.CaptureFixture[str]) -> None:
    fit(network(), verbose=2, validation_split=0.5)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/3"
    assert "accuracy:" in lines[1]
    assert "val_loss:" in lines[1]
    fit(network())
    assert capsys.readouterr().out == ""
