"""Keras on the backend that KERAS_BACKEND names, through ``Model.fit`` on dense float32 rows."""

import time
from collections.abc import Sequence

import keras
import numpy as np

from benchmarks.rows import Examples, dense_rows, examples
from benchmarks.worker import EpochDone, serve
from benchmarks.workloads import WORKFLOW, Workload
from justfit.data import Labels
from justfit.data.rows import Float32
from justfit.spec import Candidate

Part = tuple[Float32, Labels]

FULL_EPOCHS = 2
"""Of each network of the workflow, timed after a first one, which holds the preparations of a fit."""


class _Epochs(keras.callbacks.Callback):
    """Tells of each epoch, validation included, and waits for what comes next before the fit goes on."""

    def __init__(self, epoch_done: EpochDone) -> None:
        super().__init__()
        self._epoch_done = epoch_done
        self._start = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        seconds = time.perf_counter() - self._start
        if not self._epoch_done(seconds, (logs or {}).get("val_accuracy")):
            self.model.stop_training = True


def train_epochs(workload: Workload, validate: bool, quick: bool, epoch_done: EpochDone) -> None:
    model = _model(workload.candidate, examples(workload.data, quick))
    train, validation = _parts(workload.data, quick)
    _fit(model, workload.candidate, train, validation if validate else None, epoch_done)


def train_networks(numbers: Sequence[int], quick: bool) -> tuple[float, float | None]:
    """Seconds extrapolated: of a fit of some epochs, and the later ones' mean for each epoch left out."""
    total, best = 0.0, 0.0
    train, validation = _parts("imdb", quick)
    everything = dense_rows("imdb", quick), examples("imdb", quick).labels
    for number in numbers:
        published = WORKFLOW[number]
        times: list[float] = []

        def epoch_done(seconds: float, accuracy: float | None, times: list[float] = times) -> bool:
            nonlocal best
            best = max(best, accuracy or 0.0)
            times.append(seconds)
            return len(times) <= FULL_EPOCHS

        model = _model(published.candidate, examples("imdb", quick))
        parts = (everything, None) if published.all_rows else (train, validation)
        total += _fit(model, published.candidate, *parts, epoch_done)
        epochs = 2 if quick else published.candidate.recipe.epochs
        total += (epochs - len(times)) * float(np.mean(times[1:]))
    return total, best


def _parts(data: str, quick: bool) -> tuple[Part, Part]:
    """What trains and what validates, as views."""
    some, rows = examples(data, quick), dense_rows(data, quick)
    count = some.validation
    return (rows[count:], some.labels[count:]), (rows[:count], some.labels[:count])


def _fit(
    model: keras.Model, candidate: Candidate, train: Part, validation: Part | None, epoch_done: EpochDone
) -> float:
    """Train until ``epoch_done`` says that it is enough; gives the seconds of ``Model.fit`` alone."""
    start = time.perf_counter()
    model.fit(
        *train,
        batch_size=candidate.batch_size,
        epochs=1_000_000,
        verbose=0,
        validation_data=validation,
        callbacks=[_Epochs(epoch_done)],
    )
    return time.perf_counter() - start


def _model(candidate: Candidate, data: Examples) -> keras.Model:
    keras.backend.clear_session()
    network, outputs = candidate.network, data.outputs
    layers: list[keras.Layer] = [keras.Input((data.rows.columns,))]
    for units, dropout, l1, l2 in zip(network.hidden, network.dropout, network.l1, network.l2, strict=True):
        penalty = keras.regularizers.L1L2(l1, l2) if l1 or l2 else None
        layers.append(keras.layers.Dense(units, activation=network.activation, kernel_regularizer=penalty))
        if dropout:
            layers.append(keras.layers.Dropout(dropout))
    layers.append(keras.layers.Dense(outputs, activation="sigmoid" if outputs == 1 else "softmax"))
    model = keras.Sequential(layers)
    loss = "binary_crossentropy" if outputs == 1 else "sparse_categorical_crossentropy"
    model.compile(optimizer=candidate.recipe.optimizer.name, loss=loss, metrics=["accuracy"])
    return model


if __name__ == "__main__":
    serve(train_epochs, train_networks)
