"""scikit-learn's MLPClassifier on the same sparse rows. It has no RMSprop, so it takes Adam; nor dropout."""

import time

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.rows import examples
from benchmarks.worker import EpochDone, serve
from benchmarks.workloads import Workload
from justfit.data.rows import Bags


def train_epochs(workload: Workload, validate: bool, quick: bool, epoch_done: EpochDone) -> None:
    data = examples(workload.data, quick)
    assert isinstance(data.rows, Bags)
    rows, labels = data.rows.to_csr(), data.labels
    train_rows, train_labels = rows[data.validation :], labels[data.validation :]
    validation_rows, validation_labels = rows[: data.validation], labels[: data.validation]
    network, batch_size = workload.candidate.network, workload.candidate.batch_size
    model = MLPClassifier(
        network.hidden,
        activation="relu",
        solver="adam",
        alpha=2 * batch_size * max(network.l2),  # its penalty is alpha / 2 / rows of a batch
        batch_size=batch_size,
        random_state=0,
    )
    goes_on = True
    while goes_on:
        start = time.perf_counter()
        model.partial_fit(train_rows, train_labels, classes=np.unique(labels))
        accuracy = model.score(validation_rows, validation_labels) if validate else None
        goes_on = epoch_done(time.perf_counter() - start, accuracy)


if __name__ == "__main__":
    serve(train_epochs)
