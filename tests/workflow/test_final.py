"""The end of a study: what is trained anew, on which rows, for how many epochs, and what the test says."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workflow.handmade import all_figures, carried_out, numbers, small_study, untimed

from justfit.errors import EngineError, SealError
from justfit.judge import row_losses
from justfit.spec import TASKS, Final, HoldOut, KFold, Stage, TestRows
from justfit.store import StoredStudy, network_outputs, read_model
from justfit.workflow import Chosen, Event, RunDone

OVERFITS = (
    Stage(
        "only",
        {
            "name": "overfits",
            "hidden": [16],
            "epochs": 12,
            "optimizer": {"name": "rmsprop", "learning_rate": 0.05},
        },
    ),
)
"""On permuted labels its validation loss soon rises, so that the best epoch is not the last."""


def figures_of(stored: StoredStudy) -> dict[str, Any]:
    assert stored.result is not None
    return stored.result


@pytest.mark.parametrize("epochs", ["best", "last", 1, 15])
def test_the_final_networks_are_trained_for_as_many_epochs_as_asked(
    tmp_path: Path, epochs: str | int
) -> None:
    study = small_study(stages=OVERFITS, final=Final(epochs=epochs))
    stored = carried_out(study, numbers("binary", permuted=True), tmp_path)
    result = figures_of(stored)
    curve = np.mean(
        [[epoch.val_data_loss for epoch in run.history] for run in stored.runs("overfits")], axis=0
    )
    best = 1 + int(curve.argmin())
    assert 1 < best < 12
    expected = {"best": best, "last": 12}.get(epochs, epochs)
    assert (result["best_epoch"], result["epochs"]) == (best, expected)
    for run in stored.final_runs:
        assert [epoch.epoch for epoch in run.history] == [*range(1, expected + 1)]
        assert run.spec["candidate"]["recipe"]["epochs"] == expected
        assert {epoch.val_loss for epoch in run.history} == {None}
    assert result["updates"] == expected * 240 / 16 == stored.final_runs[0].updates


def test_the_network_that_is_tested_can_be_named_or_be_the_winner_of_a_stage(tmp_path: Path) -> None:
    named = carried_out(small_study(final=Final(of="4-4-1")), numbers("binary"), tmp_path)
    assert figures_of(named)["chosen"] == "4-4-1"
    assert figures_of(named)["standing"] == named.networks["4-4-1"]["standing"]
    for stage in named.stages:
        study = small_study(final=Final(of=stage["name"]))
        best = min(stage["networks"], key=lambda network: network["standing"]["value"])
        assert figures_of(carried_out(study, numbers("binary"), tmp_path))["chosen"] == best["name"]


def test_the_training_part_trains_alone_where_so_asked_as_the_best_epoch_s_checkpoint_would(
    tmp_path: Path,
) -> None:
    study = small_study(
        stages=OVERFITS, validation=HoldOut(size=60), final=Final(train_on="training_part"), replicates=2
    )
    stored = carried_out(study, numbers("binary", permuted=True), tmp_path)
    result = figures_of(stored)
    assert result["final_rows"] == 180
    assert result["updates"] == 12 * result["best_epoch"]
    for chooser, final in zip(stored.runs("overfits"), stored.final_runs, strict=True):
        assert untimed(final.history) == untimed(chooser.history[: result["best_epoch"]])
        assert final.spec["protocol"] == chooser.spec["protocol"]


@pytest.mark.parametrize("validation", [HoldOut(), TestRows()])
def test_a_final_run_that_is_one_that_chose_leaves_it_whole(
    tmp_path: Path, validation: HoldOut | TestRows
) -> None:
    study = small_study(
        stages=(Stage("only", {"hidden": [4]}),),
        validation=validation,
        final=Final(epochs="last", train_on="training_part"),
    )
    stored = carried_out(study, numbers("binary"), tmp_path)
    assert figures_of(stored)["final_runs"] == stored.networks["4-1"]["runs"]
    for run in stored.final_runs:
        assert all(epoch.val_loss is not None for epoch in run.history)
    again = carried_out(dataclasses.replace(study, name="again"), numbers("binary"), tmp_path)
    assert again.networks == stored.networks


def test_nothing_tested_leaves_the_test_rows_sealed_and_no_model(tmp_path: Path) -> None:
    opened: list[str] = []
    events: list[Event | str] = []
    data = numbers("binary", opened=lambda: opened.append("opened"))
    stored = carried_out(small_study(final=None), data, tmp_path, events=events)
    result = figures_of(stored)
    assert not opened
    assert "Tested" not in {type(event).__name__ for event in events}
    assert result["final_runs"] == []
    assert stored.final_runs == ()
    assert "test" not in result
    assert not (stored.folder / "model").exists()
    (chosen,) = [event for event in events if isinstance(event, Chosen)]
    assert (chosen.network, chosen.is_tested) == (result["chosen"], False)
    assert len(data.sealed.open()) == 200, "they can still be opened"


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_test_figures_are_those_of_the_stored_model_and_their_means_those_of_all_replicates(
    tmp_path: Path, task: str
) -> None:
    stored = carried_out(small_study(replicates=3), numbers(task), tmp_path / "all")
    result, metric = figures_of(stored), "mae" if task == "regression" else "accuracy"
    test, model = numbers(task).sealed.open(), read_model(stored.folder)
    outputs = network_outputs(model, model.preparation.rows(test.raw))
    labels = test.labels if model.target is None else model.target.to_engine(test.labels)
    loss = row_losses(TASKS[task].loss(), labels, outputs).mean()
    assert result["test"]["loss"]["value"] == pytest.approx(loss, rel=1e-6)
    values = result["test_replicates"][metric]["values"]
    assert values[0] == result["test"][metric]["value"]
    found = result["test_replicates"][metric]
    half = 4.302653 * np.std(values, ddof=1) / np.sqrt(3)  # Student's t of 2 degrees of freedom
    assert found["value"] == pytest.approx(np.mean(values))
    assert found["high"] - found["value"] == pytest.approx(half, rel=1e-5)
    assert found["value"] - found["low"] == pytest.approx(half, rel=1e-5)
    # Each replicate's figures are those of a study of it alone.
    for seed in range(3):
        alone = small_study(
            stages=(Stage("only", network_of(stored)),),
            seed=seed,
            replicates=1,
            final=Final(epochs=result["epochs"]),
        )
        other = figures_of(carried_out(alone, numbers(task), tmp_path / "alone"))
        assert other["test"][metric]["value"] == values[seed]


def network_of(stored: StoredStudy) -> dict[str, Any]:
    """The settings of the chosen network that `small_study` varies."""
    network = stored.networks[figures_of(stored)["chosen"]]["candidate"]["network"]
    return {"hidden": network["hidden"], "dropout": network["dropout"]}


def test_one_replicate_has_no_interval_over_replicates(tmp_path: Path) -> None:
    means = figures_of(carried_out(small_study(replicates=1), numbers("binary"), tmp_path))["test_replicates"]
    assert {(found["low"], found["high"]) for found in means.values()} == {(None, None)}


def test_penalties_of_the_tested_network_stand_beside_its_loss(tmp_path: Path) -> None:
    stages = (Stage("only", {"hidden": [4], "l1": 0.01, "l2": 0.1, "name": "penalized"}),)
    stored = carried_out(small_study(stages=stages), numbers("binary"), tmp_path)
    kernel = read_model(stored.folder).kernels[0].astype(np.float64)
    expected = 0.01 * np.abs(kernel).sum() + 0.1 * (kernel**2).sum()
    result = figures_of(stored)
    assert result["test"]["penalty"] == pytest.approx(expected, rel=1e-6)
    with_penalties = result["test_replicates"]["loss_with_penalties"]["values"][0]
    assert with_penalties == pytest.approx(result["test"]["loss"]["value"] + expected, rel=1e-6)
    without = figures_of(carried_out(small_study(), numbers("binary"), tmp_path))
    assert without["test"]["penalty"] == 0
    assert "loss_with_penalties" not in without["test_replicates"]


def test_a_final_network_that_diverges_is_told_and_the_study_stays_unfinished(tmp_path: Path) -> None:
    # As many epochs as go well on the rows that choose; far more do not.
    wild = {"hidden": [], "optimizer": {"name": "sgd", "learning_rate": 10.0}, "epochs": 2, "batch_size": 48}
    study = small_study(
        stages=(Stage("only", wild),), validation=HoldOut(), final=Final(epochs=500), replicates=1
    )
    events: list[Event | str] = []
    data = numbers("regression", opened=lambda: events.append("opened"))
    with pytest.raises(EngineError, match=r"in the final training, after \d+ of 500 epochs: lower the learn"):
        carried_out(study, data, tmp_path, events=events)
    assert "opened" not in events
    assert len([event for event in events if isinstance(event, RunDone)]) == 1
    assert not list(tmp_path.rglob("result.json"))


@pytest.mark.parametrize("fit", [False, True])
def test_final_runs_are_measured_with_the_fit_where_the_study_asks_for_it(tmp_path: Path, fit: bool) -> None:
    stored = carried_out(small_study(fit=fit), numbers("binary"), tmp_path)
    for run in stored.final_runs:
        assert all((epoch.fit_loss is not None) == fit for epoch in run.history)


def test_a_study_whose_rows_were_opened_before_is_told_so(tmp_path: Path) -> None:
    data = numbers("binary")
    carried_out(small_study(), data, tmp_path)
    with pytest.raises(SealError, match="opened before"):
        carried_out(small_study("other"), data, tmp_path)


def test_the_result_is_the_same_whatever_the_order_of_replicates_ended(tmp_path: Path) -> None:
    one, two = (
        carried_out(
            small_study(replicates=4, validation=KFold(2)), numbers("binary"), tmp_path / str(n), threads=n
        )
        for n in (1, 4)
    )
    assert all_figures(one)["result"] == all_figures(two)["result"]
    assert [run.spec["seed"] for run in two.final_runs] == [0, 1, 2, 3]
