import importlib
import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from report.handmade import FOUR_FOLDS, LEAK, study
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.io_wrapper import IsTensorFlowEventsFile
from tensorboard.plugins.hparams import metadata

from justfit.bridges import tensorboard
from justfit.bridges.tensorboard import FILE, write_events
from justfit.errors import SpecError, StoreError
from justfit.spec import Settings
from justfit.store import StoredStudy
from justfit.store.paths import run_path

TWO: dict[str, Settings] = {"16-1": {"hidden": [16]}, "16-1, dropout 0.5/0": {"dropout": [0.5, 0]}}


def losses(network: str, split: int, seed: int) -> list[float]:
    return [1.0, 0.8, 0.5 + 0.01 * seed + 0.1 * split + (0.2 if "dropout" in network else 0.0)]


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Steps and values by tag, as TensorBoard's own reader finds them."""
    found = EventAccumulator(str(folder)).Reload()
    return {
        tag: [(event.step, round(event.value, 5)) for event in found.Scalars(tag)]
        for tag in found.Tags()["scalars"]
    }


def written(folder: Path) -> list[Path]:
    """All files, relative to the folder."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def told(folder: Path, tag: str) -> Any:
    """What the HParams page reads in a folder's event file."""
    found = EventAccumulator(str(folder)).Reload()
    content = found.SummaryMetadata(tag).plugin_data.content
    parse = {
        metadata.EXPERIMENT_TAG: metadata.parse_experiment_plugin_data,
        metadata.SESSION_START_INFO_TAG: metadata.parse_session_start_info_plugin_data,
        metadata.SESSION_END_INFO_TAG: metadata.parse_session_end_info_plugin_data,
    }
    return parse[tag](content)


def settings(folder: Path) -> dict[str, object]:
    hparams = told(folder, metadata.SESSION_START_INFO_TAG).hparams
    return {key: getattr(value, value.WhichOneof("kind")) for key, value in hparams.items()}


def test_tensorboard_s_reader_finds_what_keras_would_have_written_from_epoch_1_on(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses)
    folder = write_events(stored, tmp_path / "logs")
    assert folder == tmp_path / "logs" / stored.folder.name
    run = folder / "16-1" / "split 1, seed 0"
    assert scalars(run / "train") == {
        "epoch_loss": [(1, 100.5), (2, 100.4), (3, 100.3)],
        "epoch_data_loss": [(1, 0.5), (2, 0.4), (3, 0.3)],
        "epoch_accuracy": [(1, 0.75), (2, 0.8), (3, 0.85)],
    }
    assert scalars(run / "validation") == {
        "epoch_loss": [(1, 101.0), (2, 100.8), (3, 100.6)],
        "epoch_data_loss": [(1, 1.0), (2, 0.8), (3, 0.6)],
        "epoch_accuracy": [(1, 0.5), (2, 0.6), (3, 0.7)],
    }
    assert not (run / "fit").exists()


def test_every_run_of_every_network_has_its_own_folder(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses, validation=FOUR_FOLDS, replicates=2, chosen="16-1")
    folder = write_events(stored, tmp_path / "logs")
    files = written(folder)
    # Each run's own, of training and of validation; the final runs validate on nothing; one of the study.
    assert len(files) == 2 * 4 * 2 * 3 + 2 * 2 + 1
    assert all(path.name == FILE and IsTensorFlowEventsFile(str(path)) for path in files)
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 2
    fold = scalars(folder / "16-1" / "split 3, seed 1" / "validation")
    assert fold["epoch_data_loss"][-1] == (3, pytest.approx(0.5 + 0.01 + 0.3))
    assert {path.name for path in (folder / "16-1" / "final, seed 1").iterdir()} == {"train", FILE}


def test_training_rows_measured_like_validation_rows_are_a_part_of_their_own(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses, fit=True, task="regression")
    fit = write_events(stored, tmp_path / "logs") / "16-1" / "split 1, seed 0" / "fit"
    assert scalars(fit) == {
        "epoch_data_loss": [(1, 0.125), (2, 0.1), (3, 0.075)],
        "epoch_mae": [(1, 0.875), (2, 0.9), (3, 0.925)],
    }


def test_rows_that_test_and_validate_are_marked_in_every_name(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses, validation=LEAK)
    folder = write_events(stored, tmp_path / "logs")
    run = folder / "16-1" / "split 1, seed 0"
    assert {path.name for path in run.iterdir()} == {"train", "validation LEAKED", FILE}
    assert set(scalars(run)) == {"best_val_data_loss_LEAKED", "best_val_accuracy_LEAKED", "best_epoch"}
    figures = [metric.name.tag for metric in told(folder, metadata.EXPERIMENT_TAG).metric_infos]
    assert figures == ["best_val_data_loss_LEAKED", "best_val_accuracy_LEAKED", "best_epoch"]


def test_a_network_s_settings_and_the_figures_of_its_best_epoch_stand_for_it(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses, validation=FOUR_FOLDS)
    folder = write_events(stored, tmp_path / "logs")
    run = folder / "16-1" / "split 2, seed 0"
    found = settings(run)
    assert {
        "network": "16-1",
        "hidden": "16",
        "batch_size": 16,
        "learning_rate": 0.001,
    }.items() <= found.items()
    assert scalars(run) == {
        "best_val_data_loss": [(3, 0.7)],
        "best_val_accuracy": [(3, 0.65)],
        "best_epoch": [(3, 3.0)],
    }
    start = told(run, metadata.SESSION_START_INFO_TAG)
    assert start.group_name == f"16-1 ({stored.folder.name})"
    infos = {info.name: info for info in told(folder, metadata.EXPERIMENT_TAG).hparam_infos}
    assert infos["dropout"].differs
    assert not infos["batch_size"].differs
    assert (infos["batch_size"].domain_interval.min_value, infos["batch_size"].domain_interval.max_value) == (
        16,
        16,
    )


def test_a_setting_that_is_a_text_anywhere_is_a_text_everywhere(tmp_path: Path) -> None:
    folder = write_events(study(tmp_path / "store", TWO, losses), tmp_path / "logs")
    found = [settings(place) for place in folder.glob("*/split 1, seed 0")]
    assert {each["network"]: each["dropout"] for each in found} == dict(zip(TWO, ["0", "0.5/0"], strict=True))


def test_a_run_that_diverged_has_failed_and_its_network_says_how_many_did(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses, diverged=("16-1",))
    run = write_events(stored, tmp_path / "logs") / "16-1" / "split 1, seed 0"
    assert told(run, metadata.SESSION_END_INFO_TAG).status == tensorboard.api_pb2.STATUS_FAILURE
    assert settings(run)["diverged_runs"] == 1


@pytest.mark.parametrize("name", ["a/b", "größer 网络", "n" * 300, "../up", "<b>bold</b>"])
def test_a_name_of_any_kind_is_told_whole_and_its_folder_stays_in_its_place(
    tmp_path: Path, name: str
) -> None:
    stored = study(tmp_path / "store", {name: {"hidden": [4]}}, losses)
    folder = write_events(stored, tmp_path / "logs")
    (place,) = (path for path in folder.iterdir() if path.is_dir())
    assert settings(place / "split 1, seed 0")["network"] == name


def test_times_end_when_the_run_was_kept_and_go_as_its_epochs_did(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses)
    os.utime(run_path(tmp_path / "store", stored.networks["16-1"]["runs"][0]), (1_000_000.0, 1_000_000.0))
    train = write_events(stored, tmp_path / "logs") / "16-1" / "split 1, seed 0" / "train"
    events = EventAccumulator(str(train)).Reload().Scalars("epoch_loss")
    assert [event.wall_time for event in events] == [999_999.0, 999_999.5, 1_000_000.0]


def test_a_study_written_again_has_each_epoch_once(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses)
    folder = write_events(stored, tmp_path / "logs")
    before = {path: (folder / path).read_bytes() for path in written(folder)}
    write_events(stored, tmp_path / "logs")
    assert {path: (folder / path).read_bytes() for path in written(folder)} == before


def test_networks_not_wholly_trained_are_left_out(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses, untrained=("16-1",))
    files = written(write_events(stored, tmp_path / "logs"))
    assert len(files) == 4
    assert not any("16-1/" in path.as_posix() for path in files)


def test_a_study_without_a_trained_network_leaves_an_empty_folder(tmp_path: Path) -> None:
    assert not written(
        write_events(study(tmp_path / "s", TWO, losses, untrained=tuple(TWO)), tmp_path / "logs")
    )


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(StoreError, match="logs"):
        write_events(study(tmp_path / "store", TWO, losses), tmp_path / "logs")


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(SpecError, match=r"pip install 'justfit\[tensorboard\]'"):
        importlib.reload(tensorboard)


def test_tensorflow_is_not_loaded() -> None:
    assert "tensorflow" not in sys.modules


def asked(address: str, what: str, **request: object) -> Any:
    """What TensorBoard's HParams page is answered."""
    sent = urllib.request.Request(
        f"{address}data/plugin/hparams/{what}",
        json.dumps({"experimentName": "", **request}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(sent, timeout=30) as answer:
        return json.load(answer)


def groups_of(logs: Path) -> tuple[Any, dict[str, Any]]:
    """The experiment and the trials by name, asked of a TensorBoard of its own."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logs), "--port", "0"]
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--load_fast=false", "--reload_interval=0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            assert process.stderr is not None
            # It says where it is once it has read everything, or ends.
            said = (re.search(r"http://127\.0\.0\.1:\d+/", line) for line in process.stderr)
            address = next(found[0] for found in said if found)
            states = ["STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING", "STATUS_UNKNOWN"]
            groups = asked(
                address, "session_groups", allowedStatuses=states, colParams=[], startIndex=0, sliceSize=100
            )
            return asked(address, "experiment"), {each["name"]: each for each in groups["sessionGroups"]}
        finally:
            process.kill()


def with_test(stored: StoredStudy, name: str, values: list[float]) -> StoredStudy:
    """The study with test figures of its final runs."""
    assert stored.result is not None
    stored.result["test_replicates"] = {name: {"values": values}}
    return stored


@pytest.mark.slow
def test_tensorboard_s_page_of_settings_has_every_network_with_its_figures(tmp_path: Path) -> None:
    stored = study(
        tmp_path / "store",
        TWO,
        losses,
        validation=FOUR_FOLDS,
        replicates=2,
        chosen="16-1",
        diverged=("16-1",),
    )
    write_events(with_test(stored, "accuracy", [0.75, 0.5]), tmp_path / "logs")
    experiment, groups = groups_of(tmp_path / "logs")
    assert {"hidden", "dropout", "learning_rate"} <= {info["name"] for info in experiment["hparamInfos"]}
    chosen, other = (groups[f"{name} ({stored.folder.name})"] for name in TWO)
    assert len(groups) == 2
    figures = {each["name"]["tag"]: round(each["value"], 4) for each in chosen["metricValues"]}
    mean = 0.5 + 0.1 * 2.5 + 0.005  # of four folds and two seeds
    assert figures == {
        "best_val_data_loss": mean,
        "best_val_accuracy": round(1 - mean / 2, 4),
        "best_epoch": 3.0,
        "test_accuracy": 0.625,
    }
    assert len(chosen["sessions"]) == 4 * 2 + 2
    assert {each["status"] for each in chosen["sessions"]} == {"STATUS_FAILURE", "STATUS_SUCCESS"}
    assert other["hparams"]["dropout"] == "0.5/0"
    assert not any(each["name"]["tag"].startswith("test") for each in other["metricValues"])
