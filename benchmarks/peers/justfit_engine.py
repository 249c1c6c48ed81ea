"""justfit itself, through `justfit.engine`."""

import dataclasses
import time
from collections.abc import Sequence

import numpy as np

from benchmarks.rows import Examples, examples
from benchmarks.worker import EpochDone, serve
from benchmarks.workloads import WORKFLOW, Workload
from justfit.engine import Cohort, Labelled, Member, Training, initial_weights, train_members
from justfit.spec import Candidate, Epoch

MANY = 1_000_000
"""Epochs of a training that ends when it is told to."""


def train_epochs(workload: Workload, validate: bool, quick: bool, epoch_done: EpochDone) -> None:
    data = examples(workload.data, quick)
    members = tuple(_member(workload.candidate, data, number, MANY) for number in range(workload.copies))
    training = Training(Cohort(members), _train(data), _validation(data) if validate else None)
    start = time.perf_counter()
    for done in training.epochs():
        seconds = (time.perf_counter() - start) / workload.copies
        accuracies = [
            epoch.val_metric for epoch in done.values() if isinstance(epoch, Epoch) and epoch.val_metric
        ]
        if not epoch_done(seconds, float(np.mean(accuracies)) if accuracies else None):
            return
        start = time.perf_counter()


def train_networks(numbers: Sequence[int], quick: bool) -> tuple[float, float | None]:
    data = examples("imdb", quick)
    networks = [WORKFLOW[number] for number in numbers]
    seconds, accuracies = 0.0, [0.0]
    for all_rows in (False, True):
        members = [
            _member(each.candidate, data, number, 2 if quick else None)
            for number, each in zip(numbers, networks, strict=True)
            if each.all_rows == all_rows
        ]
        if not members:
            continue
        train, validation = (_all(data), None) if all_rows else (_train(data), _validation(data))
        start = time.perf_counter()
        for trained in train_members(members, train, validation):
            accuracies += [epoch.val_metric for epoch in trained.history if epoch.val_metric]
        seconds += time.perf_counter() - start
    return seconds, max(accuracies)


def _member(candidate: Candidate, data: Examples, number: int, epochs: int | None) -> Member:
    layers = candidate.network.layers(data.task, data.outputs)
    recipe = dataclasses.replace(candidate.recipe, epochs=epochs or candidate.recipe.epochs)
    return Member(
        layers=layers,
        loss=data.task.loss(),
        metric=data.task.metric,
        recipe=recipe,
        weights=initial_weights(layers, data.rows.columns, number),
        dropout_seed=number,
        order_seed=0,
    )


def _all(data: Examples) -> Labelled:
    return Labelled.of(data.rows, data.labels, data.task)


def _train(data: Examples) -> Labelled:
    return _part(data, np.arange(data.validation, len(data.rows)))


def _validation(data: Examples) -> Labelled:
    return _part(data, np.arange(data.validation))


def _part(data: Examples, rows: np.ndarray) -> Labelled:
    return Labelled.of(data.rows.take(rows), data.labels[rows], data.task)


if __name__ == "__main__":
    serve(train_epochs, train_networks)
