import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from report.handmade import FOUR_FOLDS, LEAK, Losses
from report.handmade import study as handmade

import justfit
from justfit.bridges import mlflow
from justfit.bridges.mlflow import log_study
from justfit.errors import SpecError, StoreError
from justfit.spec import Settings
from justfit.store import StoredStudy, StudyPaths

with warnings.catch_warnings():
    # MLflow's, of a type hint of its own.
    warnings.filterwarnings("ignore", r".*Any type hint", UserWarning)
    from mlflow.pyfunc import load_model

TWO: dict[str, Settings] = {"16-1": {"hidden": [16]}, "16-1, dropout 0.5/0": {"dropout": [0.5, 0]}}


def study(store: Path, networks: dict[str, Settings], losses: Losses, **how: Any) -> StoredStudy:
    """A study made by hand, with a report already, which takes the longest to make."""
    return with_report(handmade(store, networks, losses, **how))


def with_report(stored: StoredStudy) -> StoredStudy:
    StudyPaths(stored.folder).report.write_text("<p>a report")
    return stored


def losses(network: str, split: int, seed: int) -> list[float]:
    return [1.0, 0.8, 0.5 + 0.01 * seed + 0.1 * split + (0.2 if "dropout" in network else 0.0)]


@pytest.fixture
def uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder that MLflow keeps runs in: made at once, other than its data base."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    address = (tmp_path / "mlruns").as_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)  # for "runs:/"
    return address


Found = Callable[[], tuple[Run, dict[str, Run]]]


@pytest.fixture
def found(uri: str) -> Found:
    """Asks for the study's run, and the nested runs by name, of the one study that stands there."""

    def asked() -> tuple[Run, dict[str, Run]]:
        client = MlflowClient(uri)
        runs = client.search_runs([each.experiment_id for each in client.search_experiments()])
        (parent,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
        nested = {run.info.run_name: run for run in runs if run is not parent}
        assert len(nested) == len(runs) - 1
        assert {run.data.tags["mlflow.parentRunId"] for run in nested.values()} <= {parent.info.run_id}
        return parent, nested

    return asked


def curve(uri: str, run: Run, figure: str) -> list[tuple[int, float]]:
    return [
        (each.step, round(each.value, 6))
        for each in MlflowClient(uri).get_metric_history(run.info.run_id, figure)
    ]


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> StoredStudy:
    """A study that was carried out: two networks, two seeds, tested."""
    stage = justfit.Stage("widths", grid={"hidden": [[4], [8]]})
    asked = justfit.Study(
        "wine",
        justfit.Data("wine"),
        (stage,),
        justfit.KFold(2),
        {"epochs": 2, "batch_size": 64},
        replicates=2,
    )
    return with_report(justfit.run(asked, store=tmp_path_factory.mktemp("runs")))


def test_each_run_of_a_network_is_nested_with_its_settings_and_curves_from_epoch_1(
    tmp_path: Path, uri: str, found: Found
) -> None:
    stored = study(tmp_path / "store", TWO, losses, validation=FOUR_FOLDS)
    assert log_study(stored, uri) == found()[0].info.run_id
    parent, nested = found()
    assert set(nested) == {f"{name}: split {split}, seed 0" for name in TWO for split in (1, 2, 3, 4)}
    run = nested["16-1: split 2, seed 0"]
    told = {
        "network": "16-1",
        "hidden": "16",
        "dropout": "0.0",
        "optimizer": "rmsprop",
        "learning_rate": "0.001",
    }
    assert told.items() <= run.data.params.items()
    assert nested["16-1, dropout 0.5/0: split 1, seed 0"].data.params["dropout"] == "0.5/0"
    assert curve(uri, run, "val_data_loss") == [(1, 1.0), (2, 0.8), (3, 0.7)]
    assert curve(uri, run, "loss") == [(1, 100.5), (2, 100.4), (3, 100.35)]
    assert curve(uri, run, "best_val_accuracy") == [(3, 0.65)]
    assert run.data.metrics["best_epoch"] == 3
    tags = {
        "justfit.run": stored.networks["16-1"]["runs"][1],
        "justfit.part": "split 2",
        "justfit.leaked": "no",
    }
    assert tags.items() <= run.data.tags.items()
    assert run.info.status == "FINISHED"
    assert parent.data.params["validation.folds"] == "4"
    assert parent.data.params["stages"] == "first, second"


def test_a_study_s_run_has_its_choice_and_its_test_figures_with_their_intervals(
    wine: StoredStudy, uri: str, found: Found
) -> None:
    log_study(wine, uri)
    parent, nested = found()
    result = wine.result
    assert result is not None
    assert len(nested) == 2 * 2 * 2 + 2
    figures = parent.data.metrics
    test, mean = result["test"]["accuracy"], result["test_replicates"]["accuracy"]
    assert [figures[f"test_accuracy{end}"] for end in ("", "_low", "_high")] == list(test.values())
    assert figures["test_mean_accuracy"] == mean["value"]
    assert figures["test_ensemble_accuracy"] == result["test_ensemble"]["accuracy"]["value"]
    assert figures["test_baseline_accuracy"] == result["test_baseline"]["figures"]["accuracy"]["value"]
    assert figures["best_val_data_loss"] == result["standing"]["value"]
    finals = [nested[f"{result['chosen']}: final, seed {seed}"].data.metrics for seed in (0, 1)]
    assert [each["test_accuracy"] for each in finals] == mean["values"]
    tags = {
        "chosen": result["chosen"],
        "reason": result["reason"],
        "tested": "yes",
        "leaked": "no",
        "networks": "2",
    }
    assert {f"justfit.{key}": text for key, text in tags.items()}.items() <= parent.data.tags.items()
    assert parent.info.status == "FINISHED"


@pytest.mark.slow
def test_a_study_s_files_and_its_model_stand_with_it(wine: StoredStudy, uri: str) -> None:
    StudyPaths(wine.folder).report.unlink()
    run = log_study(wine, uri)
    client = MlflowClient(uri)
    assert {file.path for file in client.list_artifacts(run)} == {"study.yaml", "result.json", "report.html"}
    rows = justfit.load_dataset("wine").train.raw
    model = load_model(f"runs:/{run}/model")
    answered = model.predict({name: rows.values[:5, place] for place, name in enumerate(rows.columns)})
    expected = justfit.load(wine.folder).predict(rows.values[:5])
    assert answered["class"].tolist() == [expected.classes[label] for label in expected.labels]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an MLflow server of its own, on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    places = ["--backend-store-uri", f"sqlite:///{tmp_path / 'mlflow.db'}", "--artifacts-destination"]
    with subprocess.Popen(
        [*command, *places, str(tmp_path / "artifacts"), "--workers", "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            monkeypatch.setenv("MLFLOW_TRACKING_URI", address)  # for "runs:/"
            deadline = time.monotonic() + 180
            while not answers(address):
                assert time.monotonic() < deadline
                with pytest.raises(subprocess.TimeoutExpired):  # it has not ended
                    process.wait(0.2)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.slow
def test_a_server_takes_a_study_and_gives_its_figures_and_its_model(wine: StoredStudy, server: str) -> None:
    run = log_study(wine, server)
    assert log_study(wine, server) == run
    client = MlflowClient(server)
    experiment = client.get_experiment_by_name("wine")
    parent, *nested = sorted(
        client.search_runs([experiment.experiment_id]), key=lambda each: each.info.run_id != run
    )
    assert wine.result is not None
    assert parent.data.metrics["test_accuracy"] == wine.result["test"]["accuracy"]["value"]
    assert len(nested) == 2 * 2 * 2 + 2
    assert {each.data.tags["mlflow.parentRunId"] for each in nested} == {run}
    steps = {each.step for each in client.get_metric_history(nested[0].info.run_id, "loss")}
    assert steps == set(range(1, max(steps) + 1))
    assert {file.path for file in client.list_artifacts(run)} == {"study.yaml", "result.json", "report.html"}
    rows = justfit.load_dataset("wine").train.raw
    frame = {name: rows.values[:5, place] for place, name in enumerate(rows.columns)}
    answered = load_model(f"runs:/{run}/model").predict(frame)
    expected = justfit.load(wine.folder).predict(rows.values[:5]).probabilities()
    assert answered.iloc[:, 1:].to_numpy().tolist() == expected.tolist()


def test_a_study_written_again_stands_once_and_keeps_what_was_noted(
    wine: StoredStudy, uri: str, found: Found
) -> None:
    first = log_study(wine, uri)
    before = found()[1]
    client = MlflowClient(uri)
    client.set_tag(first, "mlflow.note.content", "to be discussed")
    assert log_study(wine, uri) == first
    parent, after = found()
    assert parent.data.tags["mlflow.note.content"] == "to be discussed"
    assert {run.info.run_id for run in after.values()} == {run.info.run_id for run in before.values()}
    assert len(curve(uri, parent, "test_accuracy")) == 1
    assert len(client.search_logged_models([parent.info.experiment_id])) == 1


def test_a_nested_run_that_was_left_half_written_is_written_anew(
    tmp_path: Path, uri: str, found: Found
) -> None:
    stored = study(tmp_path / "store", TWO, losses)
    log_study(stored, uri)
    half = found()[1]["16-1: split 1, seed 0"]
    client = MlflowClient(uri)
    client.update_run(half.info.run_id, "RUNNING")
    log_study(stored, uri)
    whole = found()[1]["16-1: split 1, seed 0"]
    assert whole.info.run_id != half.info.run_id
    assert curve(uri, whole, "val_data_loss") == [(1, 1.0), (2, 0.8), (3, 0.6)]


def test_a_run_that_diverged_has_failed_and_says_when(tmp_path: Path, uri: str, found: Found) -> None:
    def endless(network: str, split: int, seed: int) -> list[float]:
        return [1.0, float("inf")] if network == "16-1" else losses(network, split, seed)

    log_study(study(tmp_path / "store", TWO, endless, diverged=("16-1",)), uri)
    parent, nested = found()
    run = nested["16-1: split 1, seed 0"]
    assert (run.info.status, run.data.tags["justfit.diverged_in_epoch"]) == ("FAILED", "3")
    assert curve(uri, run, "val_data_loss") == [(1, 1.0)]  # what is not finite cannot stand in a curve
    assert parent.data.tags["justfit.runs_that_diverged"] == "1"


def test_a_network_that_left_early_says_after_which_epoch(tmp_path: Path, uri: str, found: Found) -> None:
    stored = study(tmp_path / "store", TWO, losses)
    stored.networks["16-1"]["left"] = 3
    log_study(stored, uri)
    parent, nested = found()
    left = {name: run.data.tags.get("justfit.left_after_epoch") for name, run in nested.items()}
    assert left == {"16-1: split 1, seed 0": "3", "16-1, dropout 0.5/0: split 1, seed 0": None}
    assert parent.data.tags["justfit.networks_that_left_early"] == "1"


def test_rows_that_test_and_validate_are_marked_in_every_name(tmp_path: Path, uri: str, found: Found) -> None:
    log_study(study(tmp_path / "store", TWO, losses, validation=LEAK), uri)
    parent, nested = found()
    run = nested["16-1: split 1, seed 0"]
    assert parent.data.tags["justfit.leaked"] == run.data.tags["justfit.leaked"] == "yes"
    leaked = {name for name in run.data.metrics if "val_" in name}
    assert leaked == {f"{name}_LEAKED" for name in ("val_loss", "val_data_loss", "val_accuracy")} | {
        f"best_{name}_LEAKED" for name in ("val_data_loss", "val_accuracy")
    }


def test_a_study_that_is_not_done_says_so_and_what_it_lacks(tmp_path: Path, uri: str, found: Found) -> None:
    log_study(study(tmp_path / "store", TWO, losses, untrained=("16-1",)), uri)
    parent, nested = found()
    assert list(nested) == ["16-1, dropout 0.5/0: split 1, seed 0"]
    assert parent.info.status == "KILLED"
    tags = {"done": "no", "tested": "no", "networks": "2", "networks_not_trained": "1"}
    assert {f"justfit.{key}": text for key, text in tags.items()}.items() <= parent.data.tags.items()


def test_a_study_without_a_test_is_done_and_has_no_model(tmp_path: Path, uri: str, found: Found) -> None:
    stage = justfit.Stage("one", {"hidden": [4], "epochs": 1, "batch_size": 64})
    asked = justfit.Study("untested", justfit.Data("wine"), (stage,), justfit.KFold(2), final=None)
    log_study(with_report(justfit.run(asked, store=tmp_path / "store")), uri)
    parent, nested = found()
    assert (parent.info.status, parent.data.tags["justfit.tested"], len(nested)) == ("FINISHED", "no", 2)
    assert not any(name.startswith("test") for name in parent.data.metrics)
    assert not MlflowClient(uri).search_logged_models([parent.info.experiment_id])


@pytest.mark.parametrize("name", ["a/b", "größer 网络", "n" * 300, "<b>bold</b>", "it's `quoted`"])
def test_a_name_of_any_kind_is_found_again_and_told_whole(
    tmp_path: Path, uri: str, found: Found, name: str
) -> None:
    stored = study(tmp_path / "store", {name: {"hidden": [4]}}, losses)
    assert log_study(stored, uri) == log_study(stored, uri)
    ((shown, run),) = found()[1].items()
    assert run.data.params["network"] == name
    assert len(shown) <= 250
    assert shown == f"{name}: split 1, seed 0" or shown.endswith("...: split 1, seed 0")


def test_a_text_that_is_longer_than_mlflow_takes_is_cut_and_stands_whole_in_a_file(
    tmp_path: Path, uri: str, found: Found
) -> None:
    name = "n" * 7000
    log_study(study(tmp_path / "store", {name: {"hidden": [4]}}, losses), uri)
    (run,) = found()[1].values()
    assert run.data.params["network"].endswith("n...")
    whole = MlflowClient(uri).download_artifacts(run.info.run_id, "whole_texts.json", str(tmp_path))
    assert json.loads(Path(whole).read_text())["network"] == name


def test_the_experiment_is_named_for_the_data_or_as_mlflow_is_told(
    tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = study(tmp_path / "store", TWO, losses)
    log_study(stored, uri)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    log_study(stored, uri)
    names = {experiment.name for experiment in MlflowClient(uri).search_experiments()}
    assert {"wine", "mine"} <= names


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)
    with pytest.raises(SpecError, match=r"pip install 'justfit\[mlflow\]'"):
        importlib.reload(mlflow)


def test_what_mlflow_refuses_is_told_in_one_sentence(
    tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "n" * 501)
    with pytest.raises(StoreError, match=r"MLflow at file:.* cannot be written to: .*500"):
        log_study(study(tmp_path / "store", TWO, losses), uri)
