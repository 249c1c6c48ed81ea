import json
import socket
import sys
from pathlib import Path

import pytest
from cli.ended import Command
from mlflow.tracking import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

WINE = ("run", "wine", "--hidden", "4", "--epochs", "2", "--batch-size", "64")


@pytest.fixture
def wine(store: Path) -> Path:
    return min(store.glob("wine-*"))


@pytest.fixture
def mlruns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return (tmp_path / "mlruns").as_uri()


@pytest.mark.slow
def test_a_run_writes_for_both_beside_its_folder(command: Command, tmp_path: Path, mlruns: str) -> None:
    ended = command(*WINE, "--tensorboard", "logs", "--mlflow", mlruns)
    assert ended.code == 0, ended.err
    (study,) = (tmp_path / "justfit-runs").glob("wine-*")
    told, other = ended.out.splitlines()[-2:]
    assert told == f"event files for TensorBoard in logs/{study.name}"
    client = MlflowClient(mlruns)
    runs = client.search_runs([client.get_experiment_by_name("wine").experiment_id])
    (parent,) = (run.info.run_id for run in runs if "mlflow.parentRunId" not in run.data.tags)
    assert other == f"run {parent} in MLflow at {mlruns}"


@pytest.mark.slow
def test_a_stored_study_is_written_for_mlflow(command: Command, wine: Path, mlruns: str) -> None:
    ended = command("export", wine, "--to", "mlflow", "--out", mlruns)
    run = ended.out.split()[1]
    assert (ended.code, ended.out) == (0, f"run {run} in MLflow at {mlruns}\n")
    assert MlflowClient(mlruns).get_run(run).data.tags["justfit.folder"] == wine.name
    again = command("export", wine, "--to", "mlflow", "--out", mlruns, "--json")
    assert json.loads(again.out) == {"study": str(wine), "format": "mlflow", "written": [run]}


def test_a_stored_study_is_written_for_tensorboard(command: Command, wine: Path) -> None:
    ended = command("export", wine, "--to", "tensorboard", "--out", "logs")
    assert ended.out == f"event files for TensorBoard in logs/{wine.name}\n"
    (run,) = Path("logs", wine.name).glob("*/split 1, seed 0/train")
    assert "epoch_loss" in EventAccumulator(str(run)).Reload().Tags()["scalars"]


def test_a_server_that_does_not_answer_is_told_before_anything_is_trained(
    command: Command, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = command(*WINE, "--mlflow", f"http://127.0.0.1:{port}").error
    assert error.startswith(f"No MLflow server answers at http://127.0.0.1:{port}, connection refused")
    assert not (tmp_path / "justfit-runs").exists()


@pytest.mark.parametrize(
    ("to", "package", "bridge"),
    [
        ("mlflow", "mlflow.tracking", "mlflow_client"),
        ("tensorboard", "tensorboard.plugins.hparams", "tensorboard"),
    ],
)
def test_a_package_that_is_missing_is_told_with_how_to_get_it(
    command: Command, monkeypatch: pytest.MonkeyPatch, to: str, package: str, bridge: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"justfit.bridges.{bridge}", raising=False)
    assert f"pip install 'justfit[{to}]'" in command("export", "nothing", "--to", to, "--out", "there").error


def test_a_study_that_is_not_there_is_told(command: Command, store: Path) -> None:
    error = command("export", "winter", "--to", "tensorboard", "--out", "logs", "--store", store).error
    assert error.startswith('No study "winter"')
