"""The end of a study: what is trained anew, on which rows, for how many epochs, and what the test says."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from judge.test_ranking_curves import furthest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    confusion_matrix,
    f1_score,
    roc_auc_score,
    roc_curve,
)
from workflow.handmade import all_figures, carried_out, numbers, small_study, untimed

from justfit.data import Dataset, Numbers, Part, Sealed
from justfit.errors import EngineError, SealError
from justfit.judge import row_losses
from justfit.spec import TASKS, Final, HoldOut, KFold, Scaling, Stage, TestRows
from justfit.store import StoredStudy, network_outputs, predict, read_model
from justfit.workflow import Chosen, Event, RunDone
from justfit.workflow.plan import plan

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


@pytest.mark.parametrize(
    "task",
    [
        "binary",
        pytest.param("multiclass", marks=pytest.mark.slow),
        pytest.param("regression", marks=pytest.mark.slow),
    ],
)
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


def labels_and_outputs(stored: StoredStudy, data: Dataset, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels of training rows, and what the stored model says of them."""
    model, part = read_model(stored.folder), data.train.take(rows)
    return part.labels, network_outputs(model, model.preparation.rows(part.raw))[:, 0].astype(float)


@pytest.mark.parametrize(("aim", "score"), [("f1", f1_score), ("accuracy", accuracy_score)])
def test_a_threshold_is_the_best_for_validation_rows_of_a_network_that_was_not_trained_on_them(
    tmp_path: Path, aim: str, score: Any
) -> None:
    study = small_study(stages=OVERFITS, validation=HoldOut(), replicates=1, final=Final(threshold=aim))
    stored = carried_out(study, numbers("binary"), tmp_path)
    result, model = figures_of(stored), read_model(stored.folder)
    # The network of the training part alone, from a study of its own.
    final = Final(epochs=result["epochs"], train_on="training_part")
    chooser = carried_out(dataclasses.replace(study, final=final), numbers("binary"), tmp_path)
    (split,) = plan(study, numbers("binary")).splits
    labels, outputs = labels_and_outputs(chooser, numbers("binary"), split.validation)
    found = result["threshold"]
    assert (found["aim"], found["rows"]) == (aim, 48)
    assert found[aim] == pytest.approx(score(labels, outputs > found["value"]))
    assert found[aim] == pytest.approx(max(score(labels, outputs > each) for each in [0, *outputs]))
    assert model.threshold == found["value"]
    test = numbers("binary").sealed.open()
    called = network_outputs(model, model.preparation.rows(test.raw))[:, 0].astype(float) > model.threshold
    assert result["test"]["confusion"] == confusion_matrix(test.labels, called).tolist()
    np.testing.assert_array_equal(predict(model, test.raw).labels, called)


def test_no_test_row_takes_part_in_choosing_a_threshold(tmp_path: Path) -> None:
    data = numbers("binary")
    test = data.sealed.open()
    others = Sealed(len(test), lambda: Part(test.raw, 1 - test.labels))
    study = small_study(final=Final(threshold="f1"))
    one = carried_out(study, numbers("binary"), tmp_path / "one")
    other = carried_out(study, dataclasses.replace(data, sealed=others), tmp_path / "other")
    assert figures_of(one)["threshold"] == figures_of(other)["threshold"]
    assert figures_of(one)["threshold"]["rows"] == 240, (
        "each training row once, in the fold that validates it"
    )
    assert figures_of(one)["test"]["accuracy"] != figures_of(other)["test"]["accuracy"]


def test_without_a_threshold_asked_for_there_is_none(tmp_path: Path) -> None:
    stored = carried_out(small_study(), numbers("binary"), tmp_path)
    assert figures_of(stored)["threshold"] is None
    assert read_model(stored.folder).threshold == 0.5


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_test_figures_tell_of_ranking_and_calibration_and_each_class_has_its_curves(
    tmp_path: Path, task: str
) -> None:
    data = numbers(task)
    stored = carried_out(small_study(), data, tmp_path)
    result, model, test = figures_of(stored), read_model(stored.folder), numbers(task).sealed.open()
    outputs = network_outputs(model, model.preparation.rows(test.raw)).astype(float)
    true = np.eye(3)[test.labels] if task == "multiclass" else test.labels.reshape(200, -1)
    figures = result["test"]
    assert figures["roc_auc"]["value"] == pytest.approx(roc_auc_score(true, outputs))
    assert figures["pr_auc"]["value"] == pytest.approx(average_precision_score(true, outputs))
    axis = 0 if task == "multiclass" else None
    brier = ((outputs - true) ** 2).mean(axis=axis).sum()
    assert figures["brier"]["value"] == pytest.approx(brier)
    assert sum(point["rows"] for point in figures["reliability"]) == (600 if task == "multilabel" else 200)
    names = data.classes[1:] if task == "binary" else data.classes
    assert [curves["name"] for curves in figures["curves"]] == [*names]
    for column, curves in enumerate(figures["curves"]):
        of = true[:, column], outputs[:, column]
        assert curves["roc_auc"] == pytest.approx(roc_auc_score(*of))
        false_rate, found_rate, _ = roc_curve(*of, drop_intermediate=False)
        assert (curves["roc"][0], curves["roc"][-1]) == ([0, 0], [1, 1])
        assert furthest(np.stack([false_rate, found_rate], axis=1), curves["roc"]) < 0.0051
    means = result["test_replicates"]
    for name in ("macro_f1", "brier", "ece", "roc_auc", "pr_auc"):
        assert means[name]["values"][0] == figures[name]["value"]
        assert figures[name]["low"] <= figures[name]["value"] <= figures[name]["high"]


@pytest.mark.parametrize("task", ["regression", "unit_regression"])
def test_a_regression_keeps_its_predictions_beside_the_labels_of_the_test_rows(
    tmp_path: Path, task: str
) -> None:
    stored = carried_out(small_study(), numbers(task), tmp_path)
    pairs = np.array(figures_of(stored)["test"]["residuals"])
    test = numbers(task).sealed.open()
    np.testing.assert_allclose(np.sort(pairs[:, 0]), np.sort(test.labels.astype(float)))
    predicted = np.asarray(predict(read_model(stored.folder), test.raw).outputs, float).ravel()
    np.testing.assert_allclose(np.sort(pairs[:, 1]), np.sort(predicted), rtol=1e-5)


@pytest.mark.slow
def test_of_200_studies_the_test_interval_of_accuracy_holds_the_truth_in_92_to_98_percent(
    tmp_path: Path,
) -> None:
    random = np.random.default_rng(0)

    def drawn(rows: int) -> Part:
        values = random.normal(size=(rows, 3))
        labels = random.random(rows) < 1 / (1 + np.exp(-2 * values[:, 0] - values[:, 1]))
        return Part(Numbers(values, ("one", "two", "three")), labels.astype(np.int64))

    endless, held = drawn(100_000), []
    settings = {"hidden": [4], "epochs": 3, "batch_size": 16}
    study = small_study(stages=(Stage("only", settings),), validation=HoldOut(), replicates=1)
    for number in range(200):
        train, test = drawn(100), drawn(100)
        data = Dataset(
            name="handmade",
            task=TASKS["binary"],
            classes=("no", "yes"),
            train=train,
            sealed=Sealed(100, lambda test=test: test),
            preparation=Scaling("standard"),
            fingerprint=f"{number:016x}",
        )
        stored = carried_out(study, data, tmp_path / str(number))
        model = read_model(stored.folder)
        labels = predict(model, endless.raw).labels
        truth = np.mean(labels == endless.labels)
        accuracy = figures_of(stored)["test"]["accuracy"]
        held.append(accuracy["low"] <= truth <= accuracy["high"])
    assert 0.92 <= np.mean(held) <= 0.98


@pytest.mark.parametrize(
    "task",
    [
        "binary",
        "regression",
        *(
            pytest.param(task, marks=pytest.mark.slow)
            for task in ("multiclass", "multilabel", "unit_regression")
        ),
    ],
)
def test_the_mean_output_of_the_replicates_is_a_row_of_its_own(tmp_path: Path, task: str) -> None:
    result = carried_out(small_study(replicates=3), numbers(task), tmp_path).result
    assert result is not None
    together, each = result["test_ensemble"], result["test_replicates"]
    # Losses are convex: that of a mean is at most the mean of theirs, and less where networks differ.
    assert together["loss"]["value"] < each["loss"]["value"]
    assert together["loss"]["low"] < together["loss"]["value"] < together["loss"]["high"]
    figure = "accuracy" if "accuracy" in each else "mae"
    assert abs(together[figure]["value"] - each[figure]["value"]) < max(0.1, 0.5 * each[figure]["value"])


def test_one_replicate_has_no_mean_output(tmp_path: Path) -> None:
    result = carried_out(small_study(replicates=1), numbers("binary"), tmp_path).result
    assert result is not None
    assert result["test_ensemble"] is None
