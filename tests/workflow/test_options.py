"""What a network or a recipe asks for beyond its defaults reaches the engine, the choice and the store."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from workflow.handmade import Done, do, numbers, untimed

from justfit.errors import EngineError
from justfit.judge import row_losses
from justfit.spec import MONITORS, TASKS, Adam, CosineDecay, Network, Recipe, RmsProp, Sgd, Task
from justfit.store import network_outputs, read_model
from justfit.workflow import Event, StagePlanned

FAST = RmsProp(0.05)


def test_dropped_inputs_are_told_in_the_plan(tmp_path: Path) -> None:
    events: list[Event | str] = []
    stored = do(numbers("binary"), tmp_path, Network((8,), input_dropout=0.3), epochs=1, events=events)
    stage = events[1]
    assert isinstance(stage, StagePlanned)
    first = stage.networks[0].layers[0]
    assert (first.kind, first.outputs, first.detail, first.parameters) == (
        "dropout",
        6,
        "0.3 of the inputs",
        0,
    )
    assert stored.result["layers"][0] == dataclasses.asdict(first)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_inputs_are_dropped_in_training_only(tmp_path: Path, share: float) -> None:
    # Steps so small leave the weights as they are, so all figures are those of the stored network.
    recipe = Recipe(Sgd(1e-30), batch_size=16, epochs=1)
    stored = do(numbers("binary"), tmp_path, Network((8,), input_dropout=share), recipe=recipe, fit=True)
    (epoch,), loss = stored.histories["final"], final_loss(stored, TASKS["binary"])
    assert epoch.fit_loss == pytest.approx(loss, rel=1e-5)
    assert (epoch.data_loss == pytest.approx(loss, rel=1e-3)) == (share == 0)


@pytest.mark.parametrize("penalty", [{"activity_l1": 0.5}, {"activity_l2": 0.5}])
def test_a_penalty_on_outputs_is_in_the_loss_and_not_in_the_data_loss(
    tmp_path: Path, penalty: dict[str, float]
) -> None:
    stored = do(numbers("binary"), tmp_path, Network((8,), **penalty), epochs=1)
    for epoch in stored.histories["validation"]:
        assert epoch.loss > epoch.data_loss + 0.1
        assert epoch.val_loss > epoch.val_data_loss + 0.1


def test_max_norm_holds_for_the_stored_kernels_of_hidden_layers(tmp_path: Path) -> None:
    network = Network((8, 4), max_norm=(0.5, 0))
    first, second, _ = read_model(do(numbers("binary"), tmp_path, network).folder).kernels
    assert np.linalg.norm(first, axis=0).max() == pytest.approx(0.5, rel=1e-5)
    assert np.linalg.norm(second, axis=0).max() > 0.6


def test_a_schedule_that_ends_at_0_ends_the_training(tmp_path: Path) -> None:
    recipe = Recipe(Adam(0.05), batch_size=16, epochs=6, schedule=CosineDecay(3))
    losses = [
        epoch.val_loss for epoch in do(numbers("binary"), tmp_path, recipe=recipe).histories["validation"]
    ]
    assert len(set(losses[:3])) == 3
    assert len(set(losses[2:])) == 1


@pytest.mark.parametrize("clipping", [{"clip_value": 1e-12}, {"clip_norm": 1e-12}])
def test_a_gradient_that_is_clipped_to_almost_nothing_moves_nothing(
    tmp_path: Path, clipping: dict[str, float]
) -> None:
    recipe = Recipe(Sgd(1.0), batch_size=16, epochs=3, **clipping)
    losses = {
        epoch.val_loss for epoch in do(numbers("binary"), tmp_path, recipe=recipe).histories["validation"]
    }
    assert len(losses) == 1


@pytest.mark.parametrize("patience", [1, 3])
@pytest.mark.parametrize("monitor", MONITORS)
def test_patience_ends_the_training_that_chooses_and_leaves_the_final_one_alone(
    tmp_path: Path, monitor: str, patience: int
) -> None:
    recipe = Recipe(FAST, batch_size=16, epochs=60, patience=patience, monitor=monitor)
    stored = do(numbers("binary"), tmp_path, Network((32,)), recipe=recipe)
    history, best = stored.histories["validation"], stored.result["best_epoch"]
    figures = [getattr(epoch, monitor) for epoch in history]
    assert len(history) == best + patience < 60
    assert figures[best - 1] == (max(figures) if monitor == "val_metric" else min(figures))
    assert [epoch.epoch for epoch in stored.histories["final"]] == list(range(1, best + 1))


def test_patience_that_is_not_used_up_lets_all_epochs_run(tmp_path: Path) -> None:
    stored = do(numbers("binary"), tmp_path, recipe=Recipe(FAST, batch_size=16, epochs=6, patience=6))
    assert len(stored.histories["validation"]) == 6


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("monitor", MONITORS)
def test_the_chosen_epoch_follows_the_monitor(tmp_path: Path, task: str, monitor: str) -> None:
    recipe = Recipe(FAST, batch_size=16, epochs=15, monitor=monitor)
    stored = do(numbers(task), tmp_path, Network((8,), l2=0.05), recipe=recipe)
    figures = [getattr(epoch, monitor) for epoch in stored.histories["validation"]]
    best = max(figures) if (task, monitor) == ("binary", "val_metric") else min(figures)
    assert stored.result["best_epoch"] == 1 + figures.index(best)


def test_runs_that_choose_the_same_epoch_by_different_monitors_end_in_the_same_network(
    tmp_path: Path,
) -> None:
    # After the first epoch nothing moves any more, so by every monitor it is the best.
    recipe = Recipe(Adam(0.01), batch_size=16, epochs=3, schedule=CosineDecay(1))
    runs = [
        do(numbers("binary"), tmp_path, recipe=dataclasses.replace(recipe, monitor=monitor))
        for monitor in MONITORS
    ]
    assert len({run.folder for run in runs}) == len(MONITORS)
    assert {run.result["best_epoch"] for run in runs} == {1}
    assert len({tuple(run.result["final_runs"]) for run in runs}) == 1
    assert (
        untimed(runs[0].histories["final"])
        == untimed(runs[1].histories["final"])
        == untimed(runs[2].histories["final"])
    )


@pytest.mark.parametrize("monitor", MONITORS)
def test_a_network_that_diverges_at_once_has_no_best_epoch_by_any_monitor(
    tmp_path: Path, monitor: str
) -> None:
    recipe = Recipe(RmsProp(1e30), batch_size=1000, epochs=3, monitor=monitor)
    with pytest.raises(EngineError, match="diverged before one epoch was measured"):
        do(numbers("multiclass"), tmp_path, recipe=recipe)


LOSSES = [(task, loss) for task in TASKS.values() for loss in task.losses[1:]]


@pytest.mark.parametrize(("task", "loss"), LOSSES, ids=lambda value: getattr(value, "name", value))
def test_every_other_loss_that_fits_trains_and_is_what_the_test_rows_are_measured_by(
    tmp_path: Path, task: Task, loss: str
) -> None:
    recipe = Recipe(RmsProp(0.02), batch_size=16, epochs=8, loss=loss)
    stored = do(numbers(task.name), tmp_path, recipe=recipe)
    model, test = read_model(stored.folder), numbers(task.name).sealed.open()
    outputs = network_outputs(model, model.preparation.rows(test.raw))
    labels = test.labels if model.target is None else model.target.to_engine(test.labels)
    expected = row_losses(loss, labels, outputs).mean()
    assert stored.result["test"]["loss"]["value"] == pytest.approx(expected, rel=1e-6)
    first, *_, last = stored.histories["validation"]
    assert last.data_loss < first.data_loss
    for spec in stored.run_specs.values():
        assert spec["candidate"]["recipe"]["loss"] == loss


def final_loss(stored: Done, task: Task) -> float:
    """The final network's loss on all training rows, measured apart."""
    model, train = read_model(stored.folder), numbers(task.name).train
    labels = train.labels if model.target is None else model.target.to_engine(train.labels)
    return float(
        row_losses(task.loss(), labels, network_outputs(model, model.preparation.rows(train.raw))).mean()
    )


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_training_rows_are_measured_like_validation_rows_on_request(tmp_path: Path, task: str) -> None:
    network = Network((8,), dropout=0.5, l2=0.1)
    stored = do(numbers(task), tmp_path, network, fit=True)
    last = stored.histories["final"][-1]
    assert last.fit_loss == pytest.approx(final_loss(stored, TASKS[task]), rel=1e-4)
    assert last.fit_loss != pytest.approx(last.data_loss, rel=1e-3)
    train = numbers(task).train
    model = read_model(stored.folder)
    outputs = network_outputs(model, model.preparation.rows(train.raw))[:, 0]
    if model.target is None:
        expected = ((outputs > 0.5) == train.labels).mean()
    else:
        expected = np.abs(model.target.from_engine(outputs) - train.labels).mean()
    assert last.fit_metric == pytest.approx(expected, rel=1e-4)


def test_measuring_the_training_rows_changes_no_other_figure(tmp_path: Path) -> None:
    network = Network((8,), dropout=0.5)
    with_fit = do(numbers("binary"), tmp_path / "1", network, fit=True)
    without = do(numbers("binary"), tmp_path / "2", network)
    assert with_fit.folder.name != without.folder.name
    assert with_fit.result["final_runs"] == without.result["final_runs"]
    assert with_fit.result["test"] == without.result["test"]
    for name in ("validation", "final"):
        assert {epoch.fit_loss for epoch in without.histories[name]} == {None}
        cleared = [
            dataclasses.replace(epoch, fit_loss=None, fit_metric=None)
            for epoch in untimed(with_fit.histories[name])
        ]
        assert cleared == untimed(without.histories[name])
