"""Outputs for validation rows: from networks that were not trained on them, and as stored runs have it."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from workflow.handmade import carried_out, dataset, numbers, small_study

from justfit.data import Dataset, Numbers
from justfit.errors import SpecError, StoreError
from justfit.judge import loss_figure, row_losses, suspected_labels
from justfit.spec import AllRows, Data, Final, HoldOut, KFold, Recipe, Scaling, Stage, TestRows
from justfit.store import network_outputs
from justfit.workflow import validation_outputs


def sealed(data: Dataset) -> Dataset:
    """The same data set, whose test rows nobody may read."""

    def read() -> None:
        raise AssertionError("a test row was opened")

    fresh = numbers(data.task.name, opened=read)
    return dataclasses.replace(data, sealed=fresh.sealed)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize(
    "validation",
    [
        HoldOut(size=60, seed=3),
        pytest.param(KFold(4), marks=pytest.mark.slow),
        pytest.param(KFold(3, repeats=2), marks=pytest.mark.slow),
    ],
)
def test_their_loss_is_that_of_the_stored_runs_in_the_best_epoch(
    tmp_path: Path, task: str, validation: HoldOut | KFold
) -> None:
    study = small_study(validation=validation, data=Data("handmade", rows=200), seed=5)
    stored = carried_out(study, numbers(task), tmp_path)
    data = sealed(numbers(task))
    for name in stored.networks:
        held = validation_outputs(stored, data, name)
        assert held.network == name
        assert held.epochs == stored.networks[name]["standing"]["best_epoch"]
        folds = validation.folds if isinstance(validation, KFold) else 1
        assert len(held.models) == folds
        first_seed = [run for run in stored.runs(name) if run.spec["seed"] == 5][:folds]
        for number, run in enumerate(first_seed):
            mine = held.split == number
            labels = data.train.labels[held.rows[mine]]
            losses = row_losses(data.task.loss(), labels, held.outputs[mine])
            expected = run.history[held.epochs - 1].val_data_loss
            assert loss_figure(losses).value == pytest.approx(expected, rel=1e-5)


def test_every_row_comes_once_from_the_fold_in_which_it_validated(tmp_path: Path) -> None:
    stored = carried_out(small_study(validation=KFold(3, repeats=2)), numbers("binary"), tmp_path)
    held = validation_outputs(stored, numbers("binary"))
    assert stored.result is not None
    assert held.network == stored.result["chosen"]
    assert held.rows.tolist() == [*range(240)]
    raw = numbers("binary").train.raw
    for number, model in enumerate(held.models):
        rows = held.rows[held.split == number]
        assert 79 <= len(rows) <= 81
        own = network_outputs(model, model.preparation.rows(raw.take(rows)))
        np.testing.assert_array_equal(own, held.outputs[held.split == number])
    probabilities = held.probabilities()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(probabilities[:, 1], held.outputs[:, 0])


def test_of_a_regression_they_are_in_the_labels_units(tmp_path: Path) -> None:
    stored = carried_out(small_study(), numbers("regression"), tmp_path)
    held = validation_outputs(stored, numbers("regression"))
    errors = np.abs(held.outputs[:, 0] - numbers("regression").train.labels)
    runs = [run for run in stored.runs(held.network) if run.spec["seed"] == 0]
    expected = np.mean([run.history[held.epochs - 1].val_metric for run in runs])
    assert errors.mean() == pytest.approx(expected, rel=1e-4)


def test_planted_wrong_labels_are_found_through_a_whole_study(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(600, 4))
    values[:, 0] = np.where(random.random(600) < 0.5, 3.0, -3.0) + values[:, 0]
    true = (values[:, 0] > 0).astype(np.int64)
    is_wrong = random.random(600) < 0.08
    parts = [(Numbers(values, tuple("abcd")), np.where(is_wrong, 1 - true, true))] * 2
    data = dataset("binary", *parts, Scaling("standard"))
    study = small_study(
        stages=(Stage("only", {"hidden": [4]}),), validation=KFold(4), replicates=1, final=None
    )
    held = validation_outputs(carried_out(study, data, tmp_path), data)
    suspects = suspected_labels(data.train.labels[held.rows], held.probabilities())
    rows = held.rows[[suspect.row for suspect in suspects]]
    assert is_wrong[rows].mean() > 0.9
    assert is_wrong[rows].sum() > 0.75 * is_wrong.sum()


def test_a_network_trained_with_patience_is_trained_to_its_best_epoch(tmp_path: Path) -> None:
    stages = (Stage("only", {"hidden": [8], "patience": 2, "epochs": 30}),)
    study = small_study(stages=stages, validation=HoldOut(), replicates=1, final=Final())
    stored = carried_out(study, numbers("binary", permuted=True), tmp_path)
    held = validation_outputs(stored, numbers("binary", permuted=True))
    (run,) = stored.runs(held.network)
    assert held.epochs < Recipe().epochs
    labels = numbers("binary", permuted=True).train.labels[held.rows]
    accuracy = ((held.outputs[:, 0] > 0.5) == labels).mean()
    assert accuracy == pytest.approx(run.history[held.epochs - 1].val_metric)


def test_what_has_no_validation_rows_or_no_best_epoch_is_told(tmp_path: Path) -> None:
    one = {"stages": (Stage("only", {"hidden": [4]}),), "replicates": 1}
    leaked = carried_out(small_study("leaked", validation=TestRows(), **one), numbers("binary"), tmp_path)
    with pytest.raises(SpecError, match="Test rows validate in leaked"):
        validation_outputs(leaked, sealed(numbers("binary")))
    final = Final(epochs=2)
    none = carried_out(
        small_study("none", validation=AllRows(), final=final, **one), numbers("binary"), tmp_path
    )
    with pytest.raises(SpecError, match="No row validates in none"):
        validation_outputs(none, sealed(numbers("binary")))
    good = carried_out(small_study("good", **one), numbers("binary"), tmp_path)
    with pytest.raises(StoreError, match='has no network "other"'):
        validation_outputs(good, sealed(numbers("binary")), "other")
    unfinished = dataclasses.replace(good, result=None)
    with pytest.raises(StoreError, match="good has chosen no network yet"):
        validation_outputs(unfinished, sealed(numbers("binary")))
