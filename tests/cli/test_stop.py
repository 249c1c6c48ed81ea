import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.ended import Command
from store.handmade import keep_study, study

from justfit.data.load import load
from justfit.errors import StoppedError
from justfit.spec import Data
from justfit.store import StudyPaths, read_live, read_study, study_folders
from justfit.store.lock import held, request_stop
from justfit.workflow import StageDone, carry_out_automatically


def test_whoever_carries_a_study_out_is_asked_to_stop(command: Command, tmp_path: Path) -> None:
    folder = keep_study(tmp_path / "store", study(), done=False)
    with held(folder):
        ended = command("stop", "wine", "--store", "store")
        assert ended.code == 0
        assert f"asked process {os.getpid()} on " in ended.out
        assert f"to stop {folder.name} after the current epoch; run it again to go on" in ended.out
        assert StudyPaths(folder).stop.exists()
        told = json.loads(command("stop", folder.name[:-4], "--store", "store", "--json").out)
        assert told["process"] == os.getpid()
        assert Path(told["study"]).name == folder.name


def test_to_stop_what_does_not_run_says_so(command: Command, tmp_path: Path) -> None:
    keep_study(tmp_path / "store", study())
    assert command("stop", "wine", "--store", "store").error == (
        'No running study "wine" at that path or in store. None is being carried out.'
    )


@pytest.mark.slow
def test_a_running_study_that_is_stopped_ends_with_130_and_says_how_to_go_on(
    command: Command, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "justfit", "run", "digits", "--epochs", "1000000", "--hidden", "4"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            while "validation epoch 2/" not in process.stdout.readline():
                assert process.poll() is None
            (folder,) = study_folders(tmp_path / "justfit-runs")
            assert read_live(folder).state == "running"
            second = command("run", folder / "study.yaml")
            assert second.code == 1
            assert f"is being carried out already, by process {process.pid} on " in second.err
            assert command("stop", "digits").code == 0
            _, error = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert error == (
        f"error: {folder.name} was stopped, as somebody asked for; runs that had ended are kept, and of "
        "others most epochs. Run it again to go on.\n"
    )
    assert read_live(folder).state == "stopped"
    assert {path.name for path in folder.iterdir()} == {
        "study.yaml",
        "study.json",
        "stages.json",
        "live.jsonl",
    }


@pytest.mark.slow
def test_a_search_that_was_stopped_goes_on_by_its_folder_and_ends_as_if_it_never_had(
    command: Command, tmp_path: Path
) -> None:
    assert command("run", "wine", "--quick", "--store", "whole").code == 0
    events = carry_out_automatically(Data("wine"), load(Data("wine")), tmp_path / "store", breadth="quick")
    with pytest.raises(StoppedError):  # noqa: PT012 - where it stops
        for event in events:
            if isinstance(event, StageDone):
                (stopped,) = study_folders(tmp_path / "store")
                request_stop(stopped)
    assert read_study(stopped).search is not None
    assert command("run", stopped, "--epochs", "3").code == 1
    ended = command("run", stopped)
    assert ended.code == 0, ended.err
    results = [
        json.loads(StudyPaths(folder).result.read_text())
        for name in ("whole", "store")
        for folder in study_folders(tmp_path / name)
    ]
    assert len(results) == 2
    for result in results:
        del result["seconds"], result["checksum"]
    assert results[0] == results[1]
