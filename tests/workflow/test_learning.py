"""Networks must learn what can be learned, and not what cannot."""

from pathlib import Path

import numpy as np
import pytest
from workflow.handmade import do, numbers

import justfit
from justfit.spec import HoldOut, Network, Recipe, RmsProp
from justfit.store import predict, read_model


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_classes_are_learned_and_the_stored_model_says_what_was_tested(tmp_path: Path, task: str) -> None:
    stored = do(numbers(task), tmp_path, Network((16,)), epochs=30)
    test = numbers(task).sealed.open()
    answers = predict(read_model(stored.folder), test.raw)
    said = answers.outputs > 0.5 if answers.labels is None else answers.labels
    accuracy = stored.result["test"]["accuracy"]
    assert accuracy["value"] == pytest.approx(np.mean(said == test.labels), abs=1e-9)
    assert accuracy["low"] > stored.result["test_baseline"]["figures"]["accuracy"]["high"]
    assert accuracy["value"] > 0.85
    chosen = stored.histories["validation"][stored.result["best_epoch"] - 1]
    assert chosen.val_metric > 0.85


@pytest.mark.parametrize("task", ["regression", "unit_regression"])
def test_numbers_are_learned_and_the_stored_model_says_what_was_tested(tmp_path: Path, task: str) -> None:
    stored = do(numbers(task), tmp_path, Network((16,)), epochs=30)
    test = numbers(task).sealed.open()
    answers = predict(read_model(stored.folder), test.raw)
    figures = stored.result["test"]
    assert answers.labels is None
    error = answers.outputs[:, 0].astype(np.float64) - test.labels
    assert figures["mae"]["value"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
    assert figures["r2"]["value"] == pytest.approx(1 - (error**2).mean() / test.labels.var(), rel=1e-3)
    assert figures["r2"]["low"] > 0.7
    assert figures["mae"]["high"] < stored.result["test_baseline"]["figures"]["mae"]["low"]
    # Epochs are told in the unit of the labels, which for regression is far from the network's own.
    chosen = stored.histories["validation"][stored.result["best_epoch"] - 1]
    for metric in (chosen.metric, chosen.val_metric):
        assert 0.2 < metric / figures["mae"]["value"] < 5


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_permuted_labels_cannot_be_learned(tmp_path: Path, task: str) -> None:
    stored = do(numbers(task, train=300, test=1000, permuted=True), tmp_path, epochs=10)
    test, base = stored.result["test"], stored.result["test_baseline"]["figures"]
    if task == "binary":
        assert abs(test["accuracy"]["value"] - 0.5) < 0.06
    else:
        assert test["mae"]["value"] > 0.95 * base["mae"]["value"]
        assert test["r2"]["value"] < 0.05


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "metric", "at_least"),
    [("wine", "accuracy", 0.9), ("digits", "accuracy", 0.92), ("diabetes", "r2", 0.2)],
)
def test_embedded_data_sets_are_learned_with_what_is_default(
    tmp_path: Path, name: str, metric: str, at_least: float
) -> None:
    study = justfit.run(name, recipe=Recipe(epochs=60), store=tmp_path)
    assert study.result["test"][metric]["value"] > at_least


@pytest.mark.slow
@pytest.mark.usefixtures("real_data")
def test_imdb_is_learned_as_published(tmp_path: Path) -> None:
    recipe = Recipe(RmsProp(), batch_size=512, epochs=20)
    study = justfit.run(
        "imdb", recipe=recipe, protocol=HoldOut("first", 10_000), replicates=5, store=tmp_path
    )
    result = study.result
    assert sum(layer["parameters"] for layer in result["layers"]) == 160_305
    assert result["rows"] == {"train": 15_000, "validation": 10_000, "test": 25_000}
    accuracies = result["test_replicates"]["accuracy"]["values"]
    assert len(accuracies) == 5
    # A seed moves the accuracy by some 0.004, so five leave their mean uncertain by as much: the mean's 95%
    # interval must reach into 0.883 +- 0.005.
    mean, margin = np.mean(accuracies), 2.776 * np.std(accuracies, ddof=1) / np.sqrt(5)
    assert abs(mean - 0.883) < 0.005 + margin, accuracies
    assert min(accuracies) > 0.86


@pytest.mark.slow
@pytest.mark.usefixtures("real_data")
def test_mnist_is_learned_as_published(tmp_path: Path) -> None:
    study = justfit.run("mnist", Network((512,)), Recipe(RmsProp(), batch_size=128, epochs=5), store=tmp_path)
    assert study.result["test"]["accuracy"]["value"] == pytest.approx(0.978, abs=0.004)
    assert sum(layer["parameters"] for layer in study.result["layers"]) == 784 * 512 + 512 + 512 * 10 + 10
