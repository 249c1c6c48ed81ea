import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from justfit.data.preparation import NumberPreparation
from justfit.errors import StoreError
from justfit.spec import TASKS, Epoch, History, Network, Scaling
from justfit.store import Model, RunPaths, find_run, is_done, read_model, read_run, run_folder, write_run

SPEC = {"format": 1, "data": "wine", "seed": 0}
RESULT = {"accuracy": {"value": 0.9, "low": 0.8, "high": None}}
MODEL = Model(
    name="wine",
    run_id="0123456789ab",
    task=TASKS["binary"],
    classes=("red", "white"),
    network=Network(()),
    preparation=NumberPreparation(Scaling("none"), ("acid",), np.zeros(1), np.ones(1)),
    target=None,
    kernels=(np.ones((1, 1), np.float32),),
    biases=(np.zeros(1, np.float32),),
)


def history(validated: bool, loss: float = 0.5) -> History:
    val = (0.6, 0.55, 0.8) if validated else (None, None, None)
    return tuple(Epoch(number, loss, 0.45, 0.9, *val, seconds=0.01) for number in (1, 2, 3))


def write(folder: Path, loss: float = 0.5) -> Path:
    histories = {"validation": history(validated=True, loss=loss), "final": history(validated=False)}
    write_run(folder, spec=SPEC, histories=histories, result=RESULT, model=MODEL)
    return folder


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = write(tmp_path / "run")
    run = read_run(folder)
    assert (run.folder, run.spec, run.result) == (folder, SPEC, RESULT)
    assert run.histories == {"validation": history(validated=True), "final": history(validated=False)}
    assert read_model(folder).run_id == "0123456789ab"


@pytest.mark.parametrize("loss", [float("inf"), float("-inf"), float("nan")])
def test_a_diverged_loss_is_kept(tmp_path: Path, loss: float) -> None:
    run = read_run(write(tmp_path / "run", loss))
    np.testing.assert_equal(run.histories["validation"][2].loss, loss)


def test_a_folder_without_a_result_is_not_done(tmp_path: Path) -> None:
    folder = write(tmp_path / "run")
    assert is_done(folder)
    RunPaths(folder).result.unlink()
    assert not is_done(folder)
    with pytest.raises(StoreError, match=r"result\.json is missing: run it again"):
        read_run(folder)


def test_a_run_is_never_written_over(tmp_path: Path) -> None:
    folder = write(tmp_path / "run")
    with pytest.raises(StoreError, match="exists already"):
        write(folder)
    assert is_done(folder)


@pytest.mark.parametrize("name", ["spec", "history", "result"])
def test_a_file_cut_off_at_any_point_is_named(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / "run")
    path = getattr(RunPaths(folder), name)
    content = path.read_bytes()
    for length in range(0, len(content) - 2, 17):
        path.write_bytes(content[:length])
        with pytest.raises(StoreError, match=path.name):
            read_run(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: value.pop("final"), "'final'"),
        (lambda value: value.update(final={}), "expected a list of epochs"),
        (lambda value: value["final"].pop(0), "epoch 1: expected an object with epoch 1"),
        (lambda value: value["final"].insert(0, []), "epoch 1: expected an object"),
        (lambda value: value["final"][1].pop("loss"), "epoch 2: expected an object"),
        (
            lambda value: value["final"][1].update(loss="low"),
            "epoch 2, key loss: expected a number, got 'low'",
        ),
        (lambda value: value["final"][1].update(loss=None), "epoch 2, key loss: expected a number, got None"),
        (lambda value: value["final"][1].update(loss=True), "epoch 2, key loss: expected a number, got True"),
        (lambda value: value.update(format=2), "upgrade justfit"),
    ],
)
def test_a_changed_history_is_refused_with_its_epoch_and_key(tmp_path: Path, change, message: str) -> None:
    folder = write(tmp_path / "run")
    path = RunPaths(folder).history
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))
    with pytest.raises(StoreError, match=message):
        read_run(folder)


def test_a_writer_killed_at_any_moment_leaves_a_whole_run_or_nothing_visible(tmp_path: Path) -> None:
    # Each child kills itself in front of an open, fsync, rename or new folder, one later than the last.
    script = textwrap.dedent(
        """
        import os, pathlib, signal, sys
        from test_runs import write

        def dying(function):
            def call(*arguments, **named):
                global left
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*arguments, **named)
            return call

        store, killed = pathlib.Path(sys.argv[1]), 0
        while True:
            left = killed
            if (child := os.fork()) == 0:
                os.fsync = dying(os.fsync)
                for name in ("mkdir", "open", "rename", "replace"):
                    setattr(pathlib.Path, name, dying(getattr(pathlib.Path, name)))
                write(store / f"run-{killed}")
                os._exit(0)
            if os.WIFEXITED(os.waitpid(child, 0)[1]):
                break
            killed += 1
        print(killed)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path],
        capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([*sys.path, str(Path(__file__).parent)])},
    )  # fmt: skip
    killed = int(done.stdout)
    assert killed > 20
    visible = [folder for folder in tmp_path.iterdir() if not folder.name.startswith(".")]
    assert 1 < len(visible) < killed
    for folder in visible:
        assert read_run(folder).result == RESULT
        assert read_model(folder).kernels[0] == MODEL.kernels[0]
    hidden = {folder for folder in tmp_path.iterdir() if folder.name.startswith(".")}
    assert len(hidden) <= 1, "each writer removes what the one before left"
    write(tmp_path / "next")
    assert not any(folder.exists() for folder in hidden)


def test_a_run_is_found_by_path_name_or_the_beginning_of_its_id(tmp_path: Path, monkeypatch) -> None:
    store = tmp_path / "runs"
    first = write(run_folder(store, "breast-cancer", "0123456789ab"))
    second = write(run_folder(store, "wine", "01ff00000000"))
    elsewhere = write(tmp_path / "elsewhere")
    assert find_run(store, str(elsewhere)) == elsewhere
    assert find_run(store, "breast-cancer-0123456789ab") == first
    assert find_run(store, "012") == first
    assert find_run(store, "01ff00000000") == second
    monkeypatch.chdir(tmp_path)
    assert find_run(store, "elsewhere") == Path("elsewhere")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("0", "may mean breast-cancer-0123456789ab, wine-01ff00000000 in .*runs: give more of the id"),
        ("wine-01ff00000001", 'Did you mean "wine-01ff00000000"'),
        ("ffff", "Known are breast-cancer-0123456789ab, wine-01ff00000000"),
        ("", 'No finished run ""'),
        ("~nobody", 'No finished run "~nobody"'),
        ("x" * 5000, "No finished run"),
        ("nul\0", "No finished run"),
    ],
)
def test_a_reference_that_means_no_run_or_several_is_told_what_there_is(
    tmp_path: Path, reference: str, message: str
) -> None:
    for name, run_id in (("breast-cancer", "0123456789ab"), ("wine", "01ff00000000")):
        write(run_folder(tmp_path / "runs", name, run_id))
    with pytest.raises(StoreError, match=message):
        find_run(tmp_path / "runs", reference)


def test_a_store_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There are no runs yet"):
        find_run(tmp_path / "runs", "0")


def test_an_unfinished_folder_is_not_found(tmp_path: Path) -> None:
    folder = write(tmp_path / "wine-0123456789ab")
    RunPaths(folder).result.unlink()
    for reference in (str(folder), folder.name, "0123"):
        with pytest.raises(StoreError, match="No finished run"):
            find_run(tmp_path, reference)
