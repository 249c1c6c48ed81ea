import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from store.handmade import keep_study, study

from justfit.errors import StoreError
from justfit.store import StudyPaths, find_study, holder_of, request_stop
from justfit.store.lock import Holder, held, is_stop_wanted

HOLDING = """
import sys
from pathlib import Path
from justfit.store.lock import held

with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holding(folder: Path) -> "subprocess.Popen[str]":
    """A process that holds a study until its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_whoever_comes_second_is_told_who_holds_the_study_until_it_lets_go(tmp_path: Path) -> None:
    with holding(tmp_path) as process:
        found = holder_of(tmp_path)
        assert found is not None
        assert found.process == process.pid
        with pytest.raises(StoreError, match=f"carried out already, by {found.told}, since 20.*justfit stop"):
            held(tmp_path).__enter__()
        process.communicate()
    assert process.returncode == 0
    assert holder_of(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    with held(tmp_path) as holder:
        assert holder.process == os.getpid()


def test_a_killed_process_lets_go(tmp_path: Path) -> None:
    with holding(tmp_path) as process:
        process.kill()
    assert StudyPaths(tmp_path).lock.exists()
    assert holder_of(tmp_path) is None
    with pytest.raises(StoreError, match="not being carried out by anyone, so there is nothing to stop"):
        request_stop(tmp_path)
    with held(tmp_path):
        assert holder_of(tmp_path) is not None
    assert not StudyPaths(tmp_path).lock.exists()


def test_the_same_process_cannot_hold_a_study_twice(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(StoreError, match=f"by process {os.getpid()} on "):
        held(tmp_path).__enter__()


def test_without_locks_of_the_file_system_a_living_process_in_the_file_keeps_others_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    with holding(tmp_path) as process:
        monkeypatch.setattr("fcntl.flock", none)
        with pytest.raises(StoreError, match=f"process {process.pid} on "):
            held(tmp_path).__enter__()
        process.kill()
        process.wait()
        with held(tmp_path) as holder:
            assert holder.process == os.getpid()


def test_a_process_of_the_same_number_that_began_later_is_another_one() -> None:
    here = Holder.here()
    assert here.is_alive
    assert Holder.of(json.loads(json.dumps(here.plain()))) == here
    assert Holder(here.process, here.machine, here.started, None).is_alive
    if here.process_start is not None:
        assert Holder(here.process, here.machine, here.started, "another boot:1").is_alive is False
    assert Holder(here.process, "another machine", here.started, None).is_alive is None


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {},
        {**Holder.here().plain(), "process": 0},
        {**Holder.here().plain(), "process": True},
        {**Holder.here().plain(), "machine": None},
        {**Holder.here().plain(), "process_start": 3},
        {**Holder.here().plain(), "more": 3},
    ],
)
def test_what_names_no_process_is_none(values: object, tmp_path: Path) -> None:
    assert Holder.of(values) is None
    StudyPaths(tmp_path).lock.write_text(json.dumps(values))
    assert holder_of(tmp_path) is None


def test_a_request_to_stop_lasts_until_the_study_has_ended(tmp_path: Path) -> None:
    StudyPaths(tmp_path).stop.touch()  # of a process that died before it saw it
    with held(tmp_path) as holder:
        assert not is_stop_wanted(tmp_path)
        assert request_stop(tmp_path) == holder
        assert is_stop_wanted(tmp_path)
    assert not is_stop_wanted(tmp_path)


def test_a_folder_that_vanishes_meanwhile_takes_its_lock_along(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    with held(folder):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        folder.mkdir()
        StudyPaths(folder).lock.write_text("of another process")
    assert StudyPaths(folder).lock.exists()


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere is missing: check the name"):
        held(tmp_path / "nowhere").__enter__()


def test_only_running_studies_are_found_where_one_is_meant(tmp_path: Path) -> None:
    first, second = keep_study(tmp_path, study(seed=1)), keep_study(tmp_path, study(seed=2))
    for reference in ("wine", str(first)):
        with pytest.raises(StoreError, match=r"No running study .* None is being carried out"):
            find_study(tmp_path, reference, running=True)
    with held(second):
        assert find_study(tmp_path, "wine", running=True) == second
