from pathlib import Path

import pytest
from report.handmade import FOUR_FOLDS, study

from justfit.bridges.tracked_runs import settings_of, tracked_runs
from justfit.errors import StoreError
from justfit.spec import AllRows, Settings, candidate_of, plain
from justfit.store.paths import run_path

TWO: dict[str, Settings] = {"16-1": {"hidden": [16]}, "8-1": {"hidden": [8], "dropout": 0.5}}


def losses(_network: str, split: int, seed: int) -> list[float]:
    return [1.0, 0.6 + 0.1 * split, 0.8 - 0.1 * seed]


def test_every_run_comes_once_with_its_network_and_those_that_were_tested_last(tmp_path: Path) -> None:
    stored = study(tmp_path, TWO, losses, validation=FOUR_FOLDS, replicates=2, chosen="8-1")
    found = tracked_runs(stored)
    assert [(each.network, each.stages) for each in found[:16]] == [("16-1", ("first",))] * 8 + [
        ("8-1", ("second",))
    ] * 8
    assert [each.title for each in found[:3]] == ["split 1, seed 0", "split 1, seed 1", "split 2, seed 0"]
    assert [(each.network, each.title) for each in found[16:]] == [
        ("8-1", f"final, seed {n}") for n in (0, 1)
    ]
    assert len({(each.run.id, each.part) for each in found}) == len(found)


def test_the_best_epoch_is_that_of_the_network_s_mean_curve(tmp_path: Path) -> None:
    found = tracked_runs(study(tmp_path, TWO, losses, validation=FOUR_FOLDS))
    # The first split is best in epoch 2, and the mean over all four in epoch 3.
    assert found[0].summary == {"best_val_data_loss": 0.8, "best_val_accuracy": 0.6, "best_epoch": 3}


def test_test_figures_are_those_of_each_final_run(tmp_path: Path) -> None:
    stored = study(tmp_path, TWO, losses, replicates=2, chosen="16-1")
    assert stored.result is not None
    stored.result["test_replicates"] = {
        "accuracy": {"values": [0.75, 0.5]},
        "f1 of a/b": {"values": [0.1, 0.2]},  # of a class; its name is the data's
        "roc_auc": None,
    }
    assert [each.summary for each in tracked_runs(stored)[-2:]] == [
        {"test_accuracy": 0.75},
        {"test_accuracy": 0.5},
    ]


def test_where_no_row_validates_only_what_was_tested_comes(tmp_path: Path) -> None:
    found = tracked_runs(study(tmp_path, TWO, losses, validation=AllRows(), chosen="16-1"))
    assert [(each.network, each.part, each.summary) for each in found] == [("16-1", "final", {})]


def test_what_is_not_wholly_trained_is_left_out_and_a_broken_run_is_named(tmp_path: Path) -> None:
    stored = study(tmp_path, TWO, losses, untrained=("16-1",))
    assert [each.network for each in tracked_runs(stored)] == ["8-1"]
    path = run_path(tmp_path, stored.networks["8-1"]["runs"][0])
    path.write_text("{")
    with pytest.raises(StoreError, match=path.name):
        tracked_runs(stored)


def test_settings_have_the_keys_of_a_study_file_and_plain_values() -> None:
    asked: Settings = {
        "hidden": [16, 8],
        "dropout": [0.5, 0],
        "l2": 0.001,
        "optimizer": {"name": "sgd", "momentum": 0.9},
        "learning_rate": 0.1,
        "schedule": "step:10:0.5",
        "batch_size": 32,
    }
    told = {
        "hidden": "16-8",
        "dropout": "0.5/0",
        "l2": 0.001,
        "optimizer": "sgd",
        "optimizer.momentum": 0.9,
        "learning_rate": 0.1,
        "schedule": "step",
        "batch_size": 32,
    }
    found = settings_of(plain(candidate_of(asked)))
    assert told.items() <= found.items()
    assert all(isinstance(value, str | float | int) for value in found.values())
    assert settings_of(plain(candidate_of({"hidden": []})))["hidden"] == "none"
