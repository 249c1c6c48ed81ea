"""Runs of one split: rows prepared by what trains, epochs and ends of each run told, refusals told apart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workflow.handmade import carried_out, numbers, small_study, untimed

from justfit.errors import EngineError
from justfit.spec import Diverged, Done, Epoch, Failed, HoldOut, KFold, Run, Stage, TestRows
from justfit.store import write_run
from justfit.store.checkpoints import checkpoint_files
from justfit.workflow import Event, RunDone, plan, trials
from justfit.workflow.plan import Plan
from justfit.workflow.trials import (
    Ground,
    Trial,
    ground_of,
    remove_checkpoints,
    require_learned,
    summary,
    train_runs,
)


def planned(task: str = "binary", **changes: Any) -> Plan:
    return plan(small_study(**changes), numbers(task))


def runs_of(found: Plan, split: int = 1) -> list[Run]:
    """The runs of all candidates of the first stage on one split."""
    named = found.candidates(found.study.stages[0], {}, {})
    return [run for each in named for run in found.runs(each.candidate) if run.split == split]


def trained(ground: Ground, runs: list[Run], **options: Any) -> dict[str, tuple[list[Epoch], Trial]]:
    """By run, the epochs that were told of it before its trial."""
    epochs: dict[str, list[Epoch]] = {run.id: [] for run in runs}
    ended: dict[str, Trial] = {}
    for run, event in train_runs(ground, runs, **({"threads": None, "fit": False} | options)):
        assert run.id not in ended, "a trial is the last that is told of a run"
        if isinstance(event, Epoch):
            epochs[run.id].append(event)
        else:
            assert isinstance(event, Trial)
            ended[run.id] = event
    return {run_id: (epochs[run_id], trial) for run_id, trial in ended.items()}


def test_the_rows_of_a_split_are_scaled_by_those_that_train() -> None:
    found = planned(validation=HoldOut("last", 48))
    ground = ground_of(found, found.splits[0])
    assert (len(ground.train.rows), len(ground.validation.rows)) == (192, 48)
    assert (ground.outputs, ground.target) == (1, None)
    raw = found.dataset.train.raw.values
    expected = (raw[192:] - raw[:192].mean(axis=0)) / raw[:192].std(axis=0)
    np.testing.assert_allclose(ground.validation.rows.values, expected, atol=1e-4)


def test_each_fold_stands_on_its_own_rows() -> None:
    found = planned(validation=KFold(3, how="in_order"))
    grounds = [ground_of(found, split) for split in found.splits]
    assert [(len(each.train.rows), len(each.validation.rows)) for each in grounds] == [(160, 80)] * 3
    labels = [each.validation.numbers[:, 0] for each in grounds]
    np.testing.assert_array_equal(np.concatenate(labels), found.dataset.train.labels)


def test_test_rows_validate_where_they_are_given() -> None:
    found = planned(validation=TestRows())
    test = numbers("binary").sealed.open()
    ground = ground_of(found, found.splits[0], test)
    assert (len(ground.train.rows), len(ground.validation.rows)) == (240, 200)
    np.testing.assert_array_equal(ground.validation.numbers[:, 0], test.labels)


def test_every_epoch_of_every_run_is_told_before_its_trial() -> None:
    found = planned(stages=(Stage("a", grid={"hidden": [[4], [8]], "epochs": [1, 3]}),))
    ground, runs = ground_of(found, found.splits[0]), runs_of(found)
    told = trained(ground, runs)
    assert set(told) == {run.id for run in runs}
    assert len(told) == 2 * 2 * 2
    for run in runs:
        epochs, trial = told[run.id]
        assert [epoch.epoch for epoch in epochs] == [*range(1, run.candidate.recipe.epochs + 1)]
        assert trial.run == run
        assert trial.trained.history == tuple(epochs)
        assert trial.trained.outcome == Done()
        assert trial.updates == len(epochs) * -(-120 // 16)


def test_a_run_is_the_same_alone_and_in_company_and_with_any_threads() -> None:
    found = planned("regression", stages=(Stage("a", grid={"hidden": [[4], [8]], "batch_size": [16, 50]}),))
    ground, runs = ground_of(found, found.splits[0]), runs_of(found)
    together = trained(ground, runs, threads=2)
    for run in runs[::3]:
        _, alone = trained(ground, [run], threads=1)[run.id]
        _, among = together[run.id]
        assert untimed(alone.trained.history) == untimed(among.trained.history)
        for one, other in zip(alone.trained.weights, among.trained.weights, strict=True):
            np.testing.assert_array_equal(one[0], other[0])


def test_candidates_meet_the_same_rows_in_the_same_order_and_seeds_do_not() -> None:
    runs = runs_of(planned())
    orders = {run.seed: set() for run in runs}
    for run in runs:
        orders[run.seed].add(run.entropy("order"))
    assert [len(order) for order in orders.values()] == [1, 1]
    assert len(set.union(*orders.values())) == 2
    assert len({run.entropy("weights") for run in runs}) == len(runs)


def test_a_run_of_fewer_epochs_is_the_beginning_of_a_longer_one() -> None:
    found = planned(stages=(Stage("a", {"dropout": 0.3}, grid={"epochs": [2, 5]}),), replicates=1)
    runs = runs_of(found)
    told = trained(ground_of(found, found.splits[0]), runs)
    short, long = (told[run.id][0] for run in runs)
    assert (len(short), len(long)) == (2, 5)
    assert untimed(long[:2]) == untimed(short)


def test_errors_are_told_in_the_unit_of_the_labels() -> None:
    found = planned("regression", replicates=1, stages=(Stage("a"),))
    ground, (run,) = ground_of(found, found.splits[0]), runs_of(found)
    # Labels lie around 500 and spread by 100; the network's own lie around 0 and spread by 1.
    (first, *_), _ = trained(ground, [run], fit=True)[run.id]
    for mae, loss in ((first.metric, first.data_loss), (first.val_metric, first.val_data_loss)):
        assert 10 < mae < 200
        assert loss < 2
    assert 10 < first.fit_metric < 200


def test_a_network_that_diverged_has_not_learned() -> None:
    wild = {"optimizer": {"name": "sgd", "learning_rate": 1e30}}
    found = planned(replicates=1, stages=(Stage("a", networks=({}, wild)),))
    runs = runs_of(found)
    told = trained(ground_of(found, found.splits[0]), runs)
    tame, diverged = (told[run.id][1] for run in runs)
    require_learned(tame)
    assert isinstance(diverged.trained.outcome, Diverged)
    with pytest.raises(EngineError, match=r"after [01] of 4 epochs: lower the learning rate, or scale"):
        require_learned(diverged)


def test_the_summary_lists_layers_with_dropout_on_lines_of_their_own() -> None:
    settings = {"hidden": [8, 4], "dropout": [0.5, 0.0], "input_dropout": 0.2, "embedding": 3}
    found = planned("multiclass", stages=(Stage("a", settings),))
    (named,) = found.candidates(found.study.stages[0], {}, {})
    layers = named.candidate.network.layers(found.dataset.task, 3)
    lines = [
        (line.kind, line.outputs, line.detail, line.parameters)
        for line in summary(named.candidate, 6, layers)
    ]
    assert lines == [
        ("dropout", 6, "0.2 of the inputs", 0),
        ("embedding", 3, "linear", 6 * 3),
        ("dense", 8, "relu", 3 * 8 + 8),
        ("dropout", 8, "0.5", 0),
        ("dense", 4, "relu", 8 * 4 + 4),
        ("dense", 3, "softmax", 4 * 3 + 3),
    ]


def test_a_run_that_the_engine_refuses_stops_no_other_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(trials.Trainings):
        """Refuses each network with a hidden layer of 8 units, and trains the others."""

        def __init__(self, members: Any, *arguments: Any, **options: Any) -> None:
            units = [member.layers[0].units for member in members]
            self.refused = [number for number, each in enumerate(units) if each == 8]
            self.kept = [number for number, each in enumerate(units) if each != 8]
            super().__init__([members[number] for number in self.kept], *arguments, **options)

        def advance(self, to: int | None = None) -> Iterator[tuple[int, Any]]:
            for number in self.refused:
                yield number, Failed("there is no room for it")
            for number, event in super().advance(to):
                yield self.kept[number], event

    events: list[Event | str] = []
    with monkeypatch.context() as patched:
        patched.setattr(trials, "Trainings", Refusing)
        stored = carried_out(small_study(), numbers("binary"), tmp_path, events=events)
    failed = [event for event in events if isinstance(event, RunDone) and isinstance(event.outcome, Failed)]
    assert {(event.network, event.split, event.seed) for event in failed} == {
        ("8-1", split, seed) for split in (1, 2) for seed in (0, 1)
    }
    assert failed[0].outcome == Failed("there is no room for it")
    assert stored.networks["8-1"]["standing"] is None
    again: list[Event | str] = []
    carried_out(small_study("again"), numbers("binary"), tmp_path, events=again)
    new = [event for event in again if isinstance(event, RunDone) and event.stage == "widths"]
    assert {event.network for event in new} == {"8-1"}
    assert {type(event.outcome) for event in new} == {Done}


@pytest.mark.usefixtures("states_after_every_epoch")
def test_a_checkpoint_is_removed_once_no_run_needs_it_and_no_sooner(tmp_path: Path) -> None:
    found = planned()
    runs, ground = runs_of(found), ground_of(found, found.splits[0])
    events = train_runs(ground, runs, threads=1, fit=False, store=tmp_path)
    trial = next(event for _, event in events if isinstance(event, Trial))
    events.close()  # as if it were killed here, before the run is kept
    (kept,) = checkpoint_files(tmp_path)
    remove_checkpoints(tmp_path, runs[:1])
    assert checkpoint_files(tmp_path) == [kept], "the others go on from it"
    for run in runs[1:]:
        write_run(tmp_path, run, trial.trained.history, trial.trained.outcome, trial.updates)
    remove_checkpoints(tmp_path, runs[:1])
    assert not checkpoint_files(tmp_path)


@pytest.mark.usefixtures("states_after_every_epoch")
def test_a_checkpoint_that_is_to_last_is_gone_on_from_when_its_cohort_has_ended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = planned()
    runs, ground = runs_of(found), ground_of(found, found.splits[0])
    once = trained(ground, runs, threads=1, store=tmp_path, lasting=True)
    assert checkpoint_files(tmp_path)
    with caplog.at_level("INFO"):
        again = trained(ground, runs, threads=1, store=tmp_path, lasting=True)
    assert "goes on from epoch" in caplog.text
    for run_id, (epochs, trial) in again.items():
        assert untimed(epochs) == untimed(once[run_id][0])
        for layer, expected in zip(trial.trained.weights, once[run_id][1].trained.weights, strict=True):
            np.testing.assert_array_equal(
                np.concatenate(layer, axis=None), np.concatenate(expected, axis=None)
            )
    remove_checkpoints(tmp_path, runs)
    assert not checkpoint_files(tmp_path)
