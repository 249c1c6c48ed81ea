"""The log of looks at test rows: every look is there, whoever dies, and nothing takes one away."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from store.handmade import keep_runs, keep_study, study

from justfit.errors import StoreError
from justfit.store import Look, keep_selection, log_look, read_looks, remove_study
from justfit.store.paths import StudyPaths, looks_path
from justfit.store.records import write_record

LOOK = Look(
    "2026-01-02T03:04:05.000006+00:00", "1f0a93bc77de", "wine", "wine", "0123456789abcdef", None, None
)
OTHER = replace(LOOK, data="imdb", fingerprint="fedcba9876543210", reason="a bug in the 'tokens' ✗")


def test_looks_come_back_in_order_and_by_data_set(tmp_path: Path) -> None:
    assert read_looks(tmp_path) == ()
    for look in (LOOK, OTHER, LOOK):
        log_look(tmp_path, look)
    assert read_looks(tmp_path) == (LOOK, OTHER, LOOK)
    assert read_looks(tmp_path, OTHER.fingerprint) == (OTHER,)
    assert len(looks_path(tmp_path).read_bytes().splitlines()) == 3


@pytest.mark.parametrize("cut", [1, 2, 50])
def test_a_line_that_was_cut_off_does_not_count_and_harms_no_other(tmp_path: Path, cut: int) -> None:
    for look in (LOOK, OTHER):
        log_look(tmp_path, look)
    path = looks_path(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    assert read_looks(tmp_path) == (LOOK,)
    log_look(tmp_path, OTHER)
    assert read_looks(tmp_path) == (LOOK, OTHER)
    assert path.read_bytes().endswith(b"}\n")


def test_a_log_that_was_cut_off_in_its_first_line_is_begun_anew(tmp_path: Path) -> None:
    looks_path(tmp_path).write_bytes(b'{"when": "20')
    assert read_looks(tmp_path) == ()
    log_look(tmp_path, LOOK)
    assert read_looks(tmp_path) == (LOOK,)


# Processes of their own, since a fork of one that has threads is unsafe.
LOGGING = """
import pathlib, sys
from dataclasses import replace
from store.test_looks import LOOK, log_look
for _ in range(20):
    log_look(pathlib.Path(sys.argv[1]), replace(LOOK, study=sys.argv[2]))
"""

DYING = """
import os, pathlib, signal, sys
from store.test_looks import OTHER, log_look
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
log_look(pathlib.Path(sys.argv[1]), OTHER)
"""


def begun(script: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}
    return subprocess.Popen([sys.executable, "-c", script, *arguments], env=environment)


@pytest.mark.slow
def test_processes_that_log_at_the_same_time_lose_no_look(tmp_path: Path) -> None:
    studies = [f"{number:012}" for number in range(4)]
    processes = [begun(LOGGING, tmp_path, study) for study in studies]
    assert [process.wait() for process in processes] == [0] * 4
    names = [look.study for look in read_looks(tmp_path)]
    assert sorted(names) == sorted(study for study in studies for _ in range(20))


def test_a_writer_that_is_killed_leaves_the_looks_before_it(tmp_path: Path) -> None:
    log_look(tmp_path, LOOK)
    assert begun(DYING, tmp_path).wait() == -signal.SIGKILL
    assert read_looks(tmp_path)[0] == LOOK
    log_look(tmp_path, LOOK)
    assert [look.data for look in read_looks(tmp_path)][-1] == "wine"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("[]", "expected an object with the keys when, study, name, data, fingerprint, selected, reason"),
        ("{", "not valid JSON"),
        (json.dumps({**vars(LOOK), "study": 3}), "key study: expected a text, got 3"),
        (json.dumps({**vars(LOOK), "more": ""}), "expected an object with the keys"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_a_changed_line_is_told_by_its_number(tmp_path: Path, line: str, found: str) -> None:
    log_look(tmp_path, LOOK)
    with looks_path(tmp_path).open("a") as file:
        file.write(f"{line}\n")
    log_look(tmp_path, OTHER)
    with pytest.raises(StoreError, match=rf"looks\.jsonl, line 2: .*{found}.*remove that line alone\.$"):
        read_looks(tmp_path)


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    looks_path(tmp_path).mkdir()
    with pytest.raises(StoreError, match=r"looks\.jsonl cannot be written"):
        log_look(tmp_path, LOOK)
    with pytest.raises(StoreError, match="is missing"):
        log_look(tmp_path / "nowhere", LOOK)


def test_removing_a_study_leaves_its_looks(tmp_path: Path) -> None:
    folder = keep_study(tmp_path, study(), {"a": keep_runs(tmp_path, 0)}, keep_runs(tmp_path, 1))
    log_look(tmp_path, replace(LOOK, study=study().id))
    remove_study(folder)
    assert len(read_looks(tmp_path)) == 1


def test_a_selection_keeps_the_time_it_was_first_stored_until_it_changes(tmp_path: Path) -> None:
    chosen = {"chosen": "8-1", "best_epoch": 3, "epochs": 3, "standing": {"interval": (0.1, 0.2)}}
    first = keep_selection(tmp_path, chosen)
    assert keep_selection(tmp_path, chosen) == first
    assert keep_selection(tmp_path, {**chosen, "epochs": 4}) > first


def test_another_file_in_the_place_of_a_selection_is_told_and_stays(tmp_path: Path) -> None:
    path = StudyPaths(tmp_path).selection
    write_record(path, 2, {"network": "8-1", "epochs": 3})
    there = path.read_bytes()
    chosen = {"chosen": "8-1", "best_epoch": 3, "epochs": 3, "standing": None}
    with pytest.raises(StoreError, match=r"selection\.json is no selection as it was written"):
        keep_selection(tmp_path, chosen)
    assert path.read_bytes() == there
