import importlib
import os
import sys
from pathlib import Path

import pytest
from report.handmade import FOUR_FOLDS, study
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.io_wrapper import IsTensorFlowEventsFile

from justfit.bridges import tensorboard
from justfit.bridges.tensorboard import write_events
from justfit.errors import SpecError, StoreError
from justfit.spec import Settings
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


def test_tensorboard_s_reader_finds_what_keras_would_have_written_from_epoch_1_on(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses)
    write_events(stored, tmp_path / "logs")
    run = tmp_path / "logs" / stored.folder.name / "16-1" / "split 1, seed 0"
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
    written = write_events(stored, tmp_path / "logs")
    assert len(set(written)) == len(written) == 2 * 4 * 2 * 2 + 2  # the final runs validate on nothing
    assert all(IsTensorFlowEventsFile(str(path)) for path in written)
    networks = tmp_path / "logs" / stored.folder.name
    assert len(list(networks.iterdir())) == 2
    fold = scalars(networks / "16-1" / "split 3, seed 1" / "validation")
    assert fold["epoch_data_loss"][-1] == (3, pytest.approx(0.5 + 0.01 + 0.3))
    assert {path.name for path in (networks / "16-1" / "final, seed 1").iterdir()} == {"train"}


def test_training_rows_measured_like_validation_rows_are_a_part_of_their_own(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses, fit=True, task="regression")
    write_events(stored, tmp_path / "logs")
    fit = tmp_path / "logs" / stored.folder.name / "16-1" / "split 1, seed 0" / "fit"
    assert scalars(fit) == {
        "epoch_data_loss": [(1, 0.125), (2, 0.1), (3, 0.075)],
        "epoch_mae": [(1, 0.875), (2, 0.9), (3, 0.925)],
    }


def test_times_end_when_the_run_was_kept_and_go_as_its_epochs_did(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses)
    os.utime(run_path(tmp_path / "store", stored.networks["16-1"]["runs"][0]), (1_000_000.0, 1_000_000.0))
    first = write_events(stored, tmp_path / "logs")[0]
    events = EventAccumulator(str(first.parent)).Reload().Scalars("epoch_loss")
    assert [event.wall_time for event in events] == [999_999.0, 999_999.5, 1_000_000.0]


def test_a_study_written_again_has_each_epoch_once(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses)
    first = write_events(stored, tmp_path / "logs")
    before = [path.read_bytes() for path in first]
    assert write_events(stored, tmp_path / "logs") == first
    assert [path.read_bytes() for path in first] == before
    assert len(list(first[0].parent.iterdir())) == 1


def test_networks_not_wholly_trained_are_left_out(tmp_path: Path) -> None:
    stored = study(tmp_path / "store", TWO, losses, untrained=("16-1",))
    written = write_events(stored, tmp_path / "logs")
    assert len(written) == 2
    assert not any("16-1/" in path.as_posix() for path in written)


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
