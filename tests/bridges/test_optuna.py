"""Searches by Optuna itself: its own tools read back what was tried."""

import dataclasses
import logging
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState
from workflow.handmade import all_figures, numbers

import justfit
from justfit.bridges.optuna import carry_out_tpe, optimize, optuna_name
from justfit.errors import SpecError
from justfit.judge import mean_curve
from justfit.report.blocks import Sentence
from justfit.report.of_importances import importances
from justfit.report.reported import read_reported
from justfit.spec import Data, KFold, Stage, Study
from justfit.store import StoredStudy, read_run, read_study, study_folders
from justfit.store.importances import read_importances
from justfit.workflow import Event, RunDone, Stored

SPACE = {
    "hidden": {"taper": [1, "1/2"], "of": [4, 8]},
    "optimizer": ["rmsprop", {"name": "sgd", "momentum": 0.9, "learning_rate": 0.1}],
    "learning_rate": {"from": 0.001, "to": 0.3, "log": True},
    "dropout": {"from": 0, "to": 0.4},
    "batch_size": [16, 32],
    "activation": ["relu", "tanh"],
    "l2": [0, 0.001],
}
FINGERPRINT = numbers("binary").fingerprint


def study(**changes: Any) -> Study:
    given: dict[str, Any] = {
        "stages": (Stage("drawn", space=SPACE),),
        "validation": KFold(2),
        "defaults": {"epochs": 4},
    }
    return Study("handmade", Data("handmade"), **{**given, **changes})


def searched(
    store: Path, asked: Study | None = None, events: list[Event] | None = None, **how: Any
) -> StoredStudy:
    for event in carry_out_tpe(
        asked or study(), numbers("binary"), store, **{"trials": 12, "batch": 6, **how}
    ):
        if events is not None:
            events.append(event)
        if isinstance(event, Stored):
            return event.study
    raise AssertionError("a search ends with Stored")


@pytest.fixture(scope="module")
def in_memory(tmp_path_factory: pytest.TempPathFactory) -> tuple[StoredStudy, optuna.Study]:
    """A search of 24 networks, and Optuna's study of it."""
    storage = optuna.storages.InMemoryStorage()
    found = searched(tmp_path_factory.mktemp("store"), storage=storage, trials=30, prune=True)
    name = optuna_name(study(), FINGERPRINT, batch=6, prune=True)
    return found, optuna.load_study(study_name=name, storage=storage)


def test_optuna_has_every_trial_with_its_settings_as_they_were_trained(
    in_memory: tuple[StoredStudy, optuna.Study],
) -> None:
    found, trials = in_memory
    assert len(trials.trials) == 30
    assert {
        trial.user_attrs["network"] for trial in trials.trials if trial.state == TrialState.COMPLETE
    } <= set(found.networks)
    for trial in trials.trials:
        for run_id in trial.user_attrs["runs"]:
            candidate = read_run(found.folder.parent, run_id).spec["candidate"]
            network, recipe = candidate["network"], candidate["recipe"]
            assert "-".join(map(str, network["hidden"])) == trial.params["hidden"]
            assert set(network["dropout"]) == {trial.params["dropout"]}
            assert recipe["batch_size"] == trial.params["batch_size"]
            assert recipe["optimizer"]["learning_rate"] == trial.params["learning_rate"]
            assert recipe["optimizer"]["name"] in trial.params["optimizer"]


def test_optuna_has_the_mean_validation_loss_of_every_epoch_and_what_was_pruned(
    in_memory: tuple[StoredStudy, optuna.Study],
) -> None:
    found, trials = in_memory
    assert {trial.state for trial in trials.trials} == {TrialState.COMPLETE, TrialState.PRUNED}
    for trial in trials.trials:
        histories = [read_run(found.folder.parent, run_id).history for run_id in trial.user_attrs["runs"]]
        curve = mean_curve(histories, "val_data_loss")
        assert curve is not None
        assert trial.intermediate_values == dict(enumerate(curve.mean, start=1))
        if trial.state == TrialState.COMPLETE:
            assert trial.value == min(curve.mean)
            assert len(curve.mean) == 4
        else:
            assert len(curve.mean) < 4
    assert found.result is not None
    standings = [each["standing"]["value"] for each in found.networks.values()]
    assert trials.best_value == min(standings)


def test_its_importances_are_kept_with_the_study_and_told_in_the_report(
    in_memory: tuple[StoredStudy, optuna.Study],
) -> None:
    found, trials = in_memory
    complete = [trial for trial in trials.trials if trial.state == TrialState.COMPLETE]
    kept = read_importances(found.folder)
    assert kept is not None
    assert kept.evaluator == f"PED-ANOVA of Optuna {optuna.__version__}"
    assert kept.trials == len(complete)
    assert set(kept.shares) == set(SPACE)
    assert sum(kept.shares.values()) == pytest.approx(1)
    section = importances(read_reported(found.folder.parent, found.name))
    assert section is not None
    assert isinstance(section.blocks[0], Sentence)
    assert section.blocks[0].figures == dataclasses.asdict(kept)


def test_later_proposals_are_better_than_the_first_random_ones(
    in_memory: tuple[StoredStudy, optuna.Study],
) -> None:
    values = [min(trial.intermediate_values.values()) for trial in in_memory[1].trials]
    assert min(values[12:]) < min(values[:6])


@pytest.mark.slow
def test_a_file_holds_the_trials_and_gets_each_of_them_once(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'trials.db'}"
    searched(tmp_path / "store", storage=address, trials=2)
    searched(tmp_path / "store", storage=address, trials=3)
    name = optuna_name(study(), FINGERPRINT, batch=6, prune=False)
    assert optuna.get_all_study_names(address) == [name]
    trials = optuna.load_study(study_name=name, storage=address).trials
    assert [trial.number for trial in trials] == list(range(3))
    assert all(trial.state == TrialState.COMPLETE for trial in trials)


def test_a_search_that_was_stopped_asks_the_same_again_and_comes_to_the_same(tmp_path: Path) -> None:
    whole = searched(tmp_path / "whole")
    stopped = carry_out_tpe(study(), numbers("binary"), tmp_path / "store", trials=12, batch=6)
    ended = 0
    for event in stopped:
        ended += isinstance(event, RunDone)
        if ended == 17:  # within the second batch, which follows from the figures of the first
            break
    stopped.close()  # type: ignore[attr-defined]
    (folder,) = study_folders(tmp_path / "store")
    assert read_study(folder).search == {
        "sampler": "tpe", "trials": 12, "batch": 6, "prune": False, "minutes": None,
    }  # fmt: skip
    assert all_figures(searched(tmp_path / "store")) == all_figures(whole)


def test_more_trials_go_on_from_those_before(tmp_path: Path) -> None:
    few = searched(tmp_path, trials=9)
    events: list[Event] = []
    more = searched(tmp_path, events=events)
    names = list(more.networks)
    assert names[: len(few.networks)] == list(few.networks)
    new = {event.network for event in events if isinstance(event, RunDone) and event.stage != "final"}
    assert new == set(names[len(few.networks) :])


def test_another_seed_proposes_others(tmp_path: Path) -> None:
    names = [
        set(searched(tmp_path, dataclasses.replace(study(), seed=seed), trials=3).networks) for seed in (0, 1)
    ]
    assert not names[0] & names[1]


def test_networks_that_diverge_at_once_are_told_as_pruned_and_end_nothing(tmp_path: Path) -> None:
    space = {"learning_rate": {"from": 0.01, "to": 1e30, "log": True}}
    storage = optuna.storages.InMemoryStorage()
    asked = study(stages=(Stage("drawn", {"optimizer": "sgd"}, space=space),))
    found = searched(tmp_path, asked, storage=storage)
    (name,) = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=name, storage=storage).trials
    told = {trial.user_attrs["network"]: trial for trial in trials}
    diverged = {name for name, network in found.networks.items() if network["standing"] is None}
    assert diverged
    assert diverged < set(told)
    for name, trial in told.items():
        assert (trial.state == TrialState.PRUNED) == (name in diverged)
        assert bool(trial.intermediate_values) == (name not in diverged)
    assert found.result is not None
    assert found.result["chosen"] not in diverged


def test_nothing_of_optuna_is_printed_logged_or_warned_and_its_logging_stays_as_it_was(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    optuna.logging.enable_propagation()
    before = optuna.logging.get_verbosity()
    with caplog.at_level(logging.DEBUG):
        searched(tmp_path, trials=3, storage=optuna.storages.InMemoryStorage(), prune=True)
    optuna.logging.disable_propagation()
    assert capfd.readouterr() == ("", "")
    assert not [record for record in caplog.records if record.name.startswith("optuna")]
    assert optuna.logging.get_verbosity() == before


@pytest.mark.parametrize(
    "address",
    ["postgresql://me:secret@nowhere/x", "nosql://me:secret@nowhere/x", "sqlite:////no/folder/x.db", "x"],
)
def test_a_storage_that_cannot_be_used_is_told_before_anything_is_trained(
    tmp_path: Path, address: str
) -> None:
    events = carry_out_tpe(study(), numbers("binary"), tmp_path / "store", storage=address)
    with pytest.raises(SpecError, match="Optuna cannot use this storage") as told:
        next(events)
    assert "secret" not in str(told.value)
    assert not (tmp_path / "store").exists()


def test_trials_of_another_program_in_the_same_study_are_not_mixed_in(tmp_path: Path) -> None:
    storage = optuna.storages.InMemoryStorage()
    name = optuna_name(study(), FINGERPRINT, batch=6, prune=False)
    other = optuna.create_study(storage=storage, study_name=name)
    other.add_trial(optuna.trial.create_trial(value=0.0))
    with pytest.raises(SpecError, match="The storage has other trials in its study handmade-"):
        searched(tmp_path, storage=storage, trials=2)


def test_from_python_a_space_is_searched_in_one_call(tmp_path: Path) -> None:
    widths = Stage("widths", space={"hidden": [[4], [8]], "dropout": {"from": 0, "to": 0.5}}, trials=3)
    asked = Study("wine", Data("wine"), (widths,), defaults={"epochs": 3})
    found = justfit.optimize(asked, store=tmp_path)
    assert justfit.optimize is optimize
    assert len(found.networks) == 3
    assert found.result is not None
    assert found.result["test"]["accuracy"]["value"] > 0


def test_without_optuna_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    monkeypatch.delitem(sys.modules, "justfit.bridges.optuna")
    with pytest.raises(SpecError, match=r"pip install 'justfit\[optuna\]'"):
        _ = justfit.optimize
