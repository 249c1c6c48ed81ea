"""Classes that weigh the same, however few rows they have."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from workflow.handmade import carried_out, dataset, numbers, small_study, untimed

from justfit.data import Dataset, Numbers
from justfit.errors import SpecError
from justfit.spec import Data, HoldOut, Scaling, Stage, Study


def rare(share: float = 0.06, rows: int = 800) -> Dataset:
    """Two classes that overlap, one of them rare."""
    random = np.random.default_rng(0)
    labels = (random.random(2 * rows) < share).astype(np.int64)
    values = random.normal(size=(2 * rows, 3)) + 0.9 * labels[:, None]
    halves = (slice(rows), slice(rows, None))
    parts = [(Numbers(values[half], ("a", "b", "c")), labels[half]) for half in halves]
    return dataset("binary", *parts, Scaling("none"))


def study(weights: str | None) -> Study:
    data = Data("handmade", class_weights=weights)
    stages = (Stage("one", {"hidden": [4], "epochs": 20}),)
    return small_study(data=data, stages=stages, validation=HoldOut(size=0.3))


def test_balanced_classes_find_more_of_the_rare_one(tmp_path: Path) -> None:
    results = [carried_out(study(weights), rare(), tmp_path).result for weights in (None, "balanced")]
    plain, balanced = (result["test_replicates"] for result in results if result is not None)
    assert plain["recall of yes"]["value"] < 0.3
    assert balanced["recall of yes"]["value"] > 0.6
    assert balanced["balanced_accuracy"]["value"] > plain["balanced_accuracy"]["value"] + 0.1


def test_losses_weigh_the_rows_as_scikit_learn_s_balanced_does(tmp_path: Path) -> None:
    stored = [carried_out(study(weights), rare(), tmp_path) for weights in (None, "balanced")]
    first, second = (each.runs(next(iter(each.networks)))[0] for each in stored)
    assert untimed(first.history) != untimed(second.history)
    assert first.id != second.id
    # Always the frequent class is nearly free unweighted, and never balanced.
    assert min(epoch.val_data_loss for epoch in first.history) < 0.35
    assert min(epoch.val_data_loss for epoch in second.history) > 0.35


@pytest.mark.parametrize("task", ["multilabel", "regression", "unit_regression"])
def test_only_classes_of_which_each_row_has_one_can_be_balanced(tmp_path: Path, task: str) -> None:
    asked = dataclasses.replace(small_study(), data=Data("handmade", class_weights="balanced"))
    with pytest.raises(SpecError, match="only classes of which each row has one can be balanced"):
        carried_out(asked, numbers(task), tmp_path)


def test_another_word_than_balanced_is_refused() -> None:
    with pytest.raises(SpecError, match="expected one of balanced"):
        Data("handmade", class_weights="even")
