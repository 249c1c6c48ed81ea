"""Keras on the backend that KERAS_BACKEND names, through ``Model.fit`` on dense float32 rows."""

import time
from collections.abc import Sequence

import keras
import numpy as np

from benchmarks.rows import dense_rows, examples
from benchmarks.worker import EpochDone, serve
from benchmarks.workloads import WORKFLOW, Workload
from justfit.spec import Candidate

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
    _fit(workload.candidate, workload.data, quick, epoch_done, validate=validate)


def train_networks(numbers: Sequence[int], quick: bool) -> tuple[float, float | None]:
    """Seconds extrapolated: of a fit of some epochs, and the later ones' mean for each epoch left out."""
    total, best = 0.0, 0.0
    for number in numbers:
        published = WORKFLOW[number]
        times: list[float] = []

        def epoch_done(seconds: float, accuracy: float | None, times: list[float] = times) -> bool:
            nonlocal best
            best = max(best, accuracy or 0.0)
            times.append(seconds)
            return len(times) <= FULL_EPOCHS

        all_rows = published.all_rows
        total += _fit(
            published.candidate, "imdb", quick, epoch_done, validate=not all_rows, all_rows=all_rows
        )
        epochs = 2 if quick else published.candidate.recipe.epochs
        total += (epochs - len(times)) * float(np.mean(times[1:]))
    return total, best


def _fit(
    candidate: Candidate,
    data: str,
    quick: bool,
    epoch_done: EpochDone,
    *,
    validate: bool,
    all_rows: bool = False,
) -> float:
    """Train until `epoch_done` says that it is enough; gives the seconds of ``Model.fit`` alone."""
    some, rows = examples(data, quick), dense_rows(data, quick)
    begin = 0 if all_rows else some.validation
    keras.backend.clear_session()
    model = _model(candidate, rows.shape[1], some.outputs)
    start = time.perf_counter()
    model.fit(
        rows[begin:],
        some.labels[begin:],
        batch_size=candidate.batch_size,
        epochs=1_000_000,
        verbose=0,
        validation_data=(rows[: some.validation], some.labels[: some.validation]) if validate else None,
        callbacks=[_Epochs(epoch_done)],
    )
    return time.perf_counter() - start


def _model(candidate: Candidate, columns: int, outputs: int) -> keras.Model:
    network = candidate.network
    layers: list[keras.Layer] = [keras.Input((columns,))]
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
