"""Small data sets whose every label is known, for tests of the workflow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from justfit.data import Dataset, Numbers, Part, Raw, Sealed, Texts
from justfit.spec import TASKS, HoldOut, Network, PreparationSpec, Recipe, RmsProp, Scaling, TextEncoding
from justfit.store import StoredRun
from justfit.workflow import Event, Stored, carry_out, plan_run

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
    opened: Callable[[], None] = lambda: None,
) -> Dataset:
    """Six columns of normal numbers, far from 0 and of very different sizes before they are scaled."""
    random = np.random.default_rng(0)
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


def do(
    data: Dataset,
    store: Path,
    network: Network = NETWORK,
    *,
    epochs: int = 5,
    threads: int | None = None,
    seed: int = 0,
    protocol: HoldOut | None = None,
    recipe: Recipe | None = None,
    fit: bool = False,
    events: list[Event | str] | None = None,
) -> StoredRun:
    """Plan a run and carry it out; its events are appended to ``events`` as they come."""
    recipe = recipe or Recipe(RmsProp(0.01), batch_size=16, epochs=epochs)
    run = plan_run(data, network, recipe, protocol=protocol, seed=seed)
    stored = None
    for event in carry_out(data, run, store, threads=threads, fit=fit):
        if events is not None:
            events.append(event)
        if isinstance(event, Stored):
            stored = event.run
    assert stored is not None
    return stored
