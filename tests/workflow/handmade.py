"""Small data sets whose every label is known, for tests of the workflow."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from justfit.data import Dataset, Numbers, Part, Raw, Sealed, Texts
from justfit.spec import (
    TASKS,
    Data,
    Epoch,
    From,
    History,
    KFold,
    Network,
    PreparationSpec,
    Protocol,
    Recipe,
    RmsProp,
    Scaling,
    Stage,
    Study,
    TextEncoding,
)
from justfit.store import StoredRun, StoredStudy
from justfit.workflow import Event, Stored, carry_out, single

CLASSES = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "multilabel": ("x", "y", "z")}
NETWORK = Network((8,))
COLUMNS = tuple(f"column_{number}" for number in range(6))


def dataset(
    task: str,
    train: tuple[Raw, np.ndarray],
    test: tuple[Raw, np.ndarray],
    preparation: PreparationSpec,
    opened: Callable[[], None] = lambda: None,
) -> Dataset:
    """A data set of given parts; ``opened`` is called when its test rows are read."""

    def read() -> Part:
        opened()
        return Part(*test)

    return Dataset(
        name="handmade",
        task=TASKS[task],
        classes=CLASSES.get(task, ()),
        train=Part(*train),
        sealed=Sealed(len(test[1]), read),
        preparation=preparation,
        fingerprint="0123456789abcdef",
        notes=("Made by hand.",),
    )


def labels_of(task: str, values: np.ndarray) -> np.ndarray:
    """Labels that follow from the first three columns, by a rule that a small network can learn."""
    first, second, third = values[:, 0], values[:, 1], values[:, 2]
    match task:
        case "binary":
            return (first + second > 0).astype(np.int64)
        case "multiclass":
            return values[:, :3].argmax(axis=1)
        case "multilabel":
            return (values[:, :3] > 0).astype(np.float32)
        case "regression":
            return (500 + 100 * (first + np.sin(third))).astype(np.float32)
        case _:
            return (1 / (1 + np.exp(-2 * first))).astype(np.float32)


def numbers(
    task: str,
    train: int = 240,
    test: int = 200,
    *,
    permuted: bool = False,
    seed: int = 0,
    opened: Callable[[], None] = lambda: None,
) -> Dataset:
    """Six columns of normal numbers, far from 0 and of very different sizes before they are scaled."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(train + test, 6))
    labels = labels_of(task, values)
    if permuted:
        labels = random.permutation(labels)
    raw = values * 10.0 ** np.arange(6) + 50
    parts = [(Numbers(raw[rows], COLUMNS), labels[rows]) for rows in (slice(train), slice(train, None))]
    return dataset(task, *parts, Scaling("standard"), opened)


def texts(train: list[str], train_labels: list[int], test: list[str], test_labels: list[int]) -> Dataset:
    """Texts of two classes, with room for 30 different words."""
    parts = [(Texts(rows), np.array(labels)) for rows, labels in ((train, train_labels), (test, test_labels))]
    return dataset("binary", *parts, TextEncoding(num_words=34))


@dataclass(frozen=True, eq=False)
class Done:
    """A study of one network that has been carried out."""

    study: StoredStudy

    @property
    def folder(self) -> Path:
        return self.study.folder

    @property
    def result(self) -> dict[str, Any]:
        assert self.study.result is not None
        return self.study.result

    @property
    def runs(self) -> dict[str, StoredRun]:
        """The first run that chose, and the first that was tested."""
        return {"validation": self.study.runs(self.result["chosen"])[0], "final": self.study.final_runs[0]}

    @property
    def histories(self) -> dict[str, History]:
        return {name: run.history for name, run in self.runs.items()}

    @property
    def run_specs(self) -> dict[str, dict[str, Any]]:
        return {name: run.spec for name, run in self.runs.items()}


def do(
    data: Dataset,
    store: Path,
    network: Network = NETWORK,
    *,
    epochs: int = 5,
    threads: int | None = None,
    seed: int = 0,
    protocol: Protocol | None = None,
    recipe: Recipe | None = None,
    fit: bool = False,
    events: list[Event | str] | None = None,
) -> Done:
    """Carry out the study of one network; its events are appended to ``events`` as they come."""
    recipe = recipe or Recipe(RmsProp(0.01), batch_size=16, epochs=epochs)
    study = single(data.name, network, recipe, protocol=protocol, seed=seed, fit=fit)
    return Done(carried_out(study, data, store, threads=threads, events=events))


def carried_out(
    study: Study,
    data: Dataset,
    store: Path,
    *,
    threads: int | None = None,
    events: list[Event | str] | None = None,
) -> StoredStudy:
    """What a study leaves; its events are appended to ``events`` as they come."""
    for event in carry_out(study, data, store, threads=threads):
        if events is not None:
            events.append(event)
    assert isinstance(event, Stored)
    return event.study


def small_study(name: str = "small", **changes: Any) -> Study:
    """Two stages, of three networks and of two on the better of them, on the numbers of this module."""
    given: dict[str, Any] = {
        "data": Data("handmade"),
        "defaults": {
            "optimizer": {"name": "rmsprop", "learning_rate": 0.02},
            "batch_size": 16,
            "epochs": 4,
        },
        "stages": (
            Stage("widths", grid={"hidden": [[4], [8], [4, 4]]}),
            Stage("dropout", grid={"dropout": [0.2, 0.5]}, base=From("widths", winner=True)),
        ),
        "validation": KFold(2),
        "replicates": 2,
    }
    return Study(name, **(given | changes))


def untimed(epochs: History) -> list[Epoch]:
    """A history without its times."""
    return [dataclasses.replace(epoch, seconds=0.0) for epoch in epochs]


def all_figures(stored: StoredStudy) -> dict[str, Any]:
    """All that a study left, without its times and its looks, which have times."""
    runs = {name: stored.runs(name) for name in stored.networks}
    return {
        "spec": stored.spec,
        "stages": stored.stages,
        "result": {**(stored.result or {}), "seconds": None, "looks": None},
        "runs": {
            name: [(run.id, run.outcome, run.updates, untimed(run.history)) for run in found]
            for name, found in {**runs, "final": stored.final_runs}.items()
        },
    }
