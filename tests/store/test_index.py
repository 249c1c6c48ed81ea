import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store.handmade import rewrite

from justfit.errors import StoreError
from justfit.store import StudyPaths, index, study_folders, trained_runs
from justfit.store.checking import check_store
from justfit.store.entries import read_entry
from justfit.store.index import MANY, listed
from justfit.store.lock import held
from justfit.store.paths import index_path
from justfit.store.repairing import repair_store

EXAMPLE = Path(__file__).parent / "stored_examples" / "format_2" / "store"
SETTLED = 5 * 10**7
"""Nanoseconds: longer than a tick of the system's clock, by which files are dated, and short for a test."""


@pytest.fixture(autouse=True)
def _soon_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_SETTLED", SETTLED)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of as many studies as an index is kept for, one not done and one broken."""
    store = tmp_path / "store"
    shutil.copytree(EXAMPLE / "runs", store / "runs")
    (example,) = EXAMPLE.glob("example-*")
    for number in range(MANY):
        shutil.copytree(example, store / f"example-{number:012}")
    StudyPaths(store / f"example-{1:012}").result.unlink()
    StudyPaths(store / f"example-{2:012}").stages.write_text("{")
    return store


class Reader:
    """Lists a store, and counts the studies whose files it reads."""

    def __init__(self, store: Path) -> None:
        self.store, self.read = store, 0

    def make(self, folder: Path) -> dict[str, Any]:
        self.read += 1
        return read_entry(folder)

    def list(self) -> dict[str, object]:
        self.read = 0
        found = listed(study_folders(self.store), trained_runs(self.store), self.make)
        return {folder.name: str(each) if isinstance(each, StoreError) else each for folder, each in found}

    def settled(self) -> dict[str, object]:
        """What is listed as soon as the index has all but the study that is broken."""
        return until(self.list, lambda _: self.read == 1)


def until(ask: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + 30
    while not holds(found := ask()):
        assert time.monotonic() < deadline
    return found


def from_files(store: Path) -> dict[str, object]:
    """What a list tells of each study, read without an index."""
    found: dict[str, object] = {}
    for folder in study_folders(store):
        try:
            entry = read_entry(folder)
        except StoreError as error:
            found[folder.name] = str(error)
        else:
            runs = [run_id for run_id in entry.pop("runs") if (store / "runs" / f"{run_id}.json").is_file()]
            found[folder.name] = {"folder": str(folder), **entry, "runs_trained": len(runs)}
    return found


def change_accuracy(folder: Path, value: float) -> None:
    path = StudyPaths(folder).result
    result = json.loads(path.read_text())
    result["test_replicates"]["accuracy"]["value"] = value
    rewrite(path, result)


def test_what_the_index_tells_is_what_the_files_say_and_they_are_not_read_again(store: Path) -> None:
    reader = Reader(store)
    assert reader.list() == from_files(store)
    assert reader.read == MANY
    assert reader.settled() == from_files(store)
    unfinished = reader.list()[f"example-{1:012}"]
    assert (unfinished["state"], unfinished["runs_trained"], unfinished["test"]) == ("unfinished", 2, None)


def test_only_a_study_that_has_changed_is_read_again(store: Path) -> None:
    reader = Reader(store)
    reader.settled()
    folder = store / f"example-{5:012}"
    change_accuracy(folder, 0.125)
    assert reader.list()[folder.name]["test"]["value"] == 0.125
    assert reader.read == 2, "it, and the broken one"
    (store / "runs").rename(store / "others")
    assert reader.list()[folder.name]["runs_trained"] == 0, "which runs there are is seen each time"
    StudyPaths(store / f"example-{2:012}").stages.unlink()
    assert reader.list() == from_files(store)


def test_a_change_in_place_of_the_same_length_with_the_old_time_is_seen(store: Path) -> None:
    reader = Reader(store)
    reader.settled()
    path = StudyPaths(store / f"example-{7:012}").study
    before, text = path.stat(), path.read_text()
    path.write_text(text.replace('"wine"', '"wind"'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (before.st_mtime_ns, before.st_size)
    assert "not as it was written" in str(reader.list()[path.parent.name])


def test_files_that_were_written_just_now_are_not_put_into_the_index(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_SETTLED", 10**12)  # another write could leave the same times
    reader = Reader(store)
    for _ in range(2):
        assert reader.list() == from_files(store)
        assert reader.read == MANY


def test_few_studies_need_no_index(store: Path) -> None:
    shutil.rmtree(store / f"example-{3:012}")
    reader = Reader(store)
    until(time.time_ns, lambda now: now > store.stat().st_ctime_ns + 2 * SETTLED)
    assert reader.list() == from_files(store)
    assert not index_path(store).exists()


def test_a_removed_study_leaves_the_index(store: Path) -> None:
    reader = Reader(store)
    reader.settled()
    shutil.copytree(store / f"example-{4:012}", store / "example-another")
    shutil.rmtree(store / f"example-{4:012}")
    reader.settled()
    with closing(sqlite3.connect(index_path(store))) as opened:
        names = {name for (name,) in opened.execute("SELECT name FROM studies")}
    assert f"example-{4:012}" not in names
    assert "example-another" in names


@pytest.mark.slow
def test_a_row_that_was_changed_does_not_count_and_a_check_tells_it_and_a_repair_makes_the_index_anew(
    store: Path,
) -> None:
    StudyPaths(store / f"example-{2:012}").stages.unlink()
    reader = Reader(store)
    until(reader.list, lambda _: reader.read == 0)
    with closing(sqlite3.connect(index_path(store))) as opened, opened:
        opened.execute(
            "UPDATE studies SET entry = replace(entry, '0.25', '0.95') WHERE name = 'example-000000000009'"
        )
    (fault,) = [each for each in check_store(store).faults if each.path == index_path(store)]
    assert fault.kind == "broken"
    assert "example-000000000009 is not what was written): nothing is lost" in fault.message
    assert f"made {index_path(store)} anew from the files of all studies" in repair_store(check_store(store))
    assert not [each for each in check_store(store).findings if each.path == index_path(store)]
    assert reader.list() == from_files(store)
    assert reader.read == 0
    with closing(sqlite3.connect(index_path(store))) as opened, opened:
        opened.execute("UPDATE studies SET entry = replace(entry, '0.25', '0.95')")
    assert reader.list() == from_files(store)


def damaged(path: Path, data: st.DataObject) -> None:
    """Does to an index what a disk, a program or a person may do."""
    whole = bytearray(path.read_bytes())
    match data.draw(st.sampled_from(["bits", "cut", "other", "text", "empty", "table", "values", "folder"])):
        case "bits":
            for _ in range(data.draw(st.integers(1, 20))):
                whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            path.write_bytes(whole)
        case "cut":
            path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
        case "text":
            path.write_text("no index " * 999)
        case "empty":
            path.write_bytes(b"")
        case "folder":
            path.unlink()
            path.mkdir()
        case "values":
            with closing(sqlite3.connect(path)) as opened, opened:
                opened.execute(
                    "UPDATE studies SET entry = ?", (data.draw(st.sampled_from(["[[", b"\xff", 7])),)
                )
        case case:
            path.unlink()
            columns = "name, stamp" if case == "table" else "name, stamp, entry, checksum"
            with closing(sqlite3.connect(path)) as opened, opened:
                opened.execute(
                    f"CREATE {'TABLE' if case == 'table' else 'VIEW'} studies "
                    + (
                        f"({columns})"
                        if case == "table"
                        else "AS SELECT 1 name, 2 stamp, 3 entry, 4 checksum"
                    )
                )


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_happens_to_the_index_the_list_tells_what_the_files_say(
    store: Path, data: st.DataObject
) -> None:
    path = index_path(store)
    if path.is_dir():
        path.rmdir()
    reader = Reader(store)
    expected = reader.settled() if not path.exists() else reader.list()
    damaged(path, data)
    for _ in range(2):
        assert reader.list() == expected
    checked = check_store(store)
    if any(each.path == path for each in checked.faults) and path.is_file():
        repair_store(checked)
        assert not [each for each in check_store(store).faults if each.path == path]
    if path.is_file():
        path.unlink()


def test_where_the_index_cannot_be_written_all_is_read_from_the_files(store: Path) -> None:
    reader = Reader(store)
    until(time.time_ns, lambda now: now > store.stat().st_ctime_ns + 2 * SETTLED)
    index_path(store).mkdir()
    for _ in range(2):
        assert reader.list() == from_files(store)
        assert reader.read == MANY


def test_a_process_that_writes_the_index_keeps_no_other_from_listing(store: Path) -> None:
    reader = Reader(store)
    reader.settled()
    with closing(sqlite3.connect(index_path(store), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM studies")
        change_accuracy(store / f"example-{5:012}", 0.5)
        assert reader.list() == from_files(store)
        assert reader.read == 2
    reader.list()
    assert reader.read == 2, "what the other took out was never brought to an end"


def test_who_carries_a_study_out_keeps_others_from_it_and_nobody_from_listing(store: Path) -> None:
    reader = Reader(store)
    expected, folder = reader.settled(), store / f"example-{6:012}"
    asked = (
        "import sys, pathlib; from justfit.store.lock import held\nwith held(pathlib.Path(sys.argv[1])): pass"
    )
    with held(folder):
        other = subprocess.run(
            [sys.executable, "-c", asked, folder], check=False, capture_output=True, text=True
        )
        assert other.returncode != 0
        assert f"is being carried out already, by process {os.getpid()} on" in other.stderr
        assert reader.list() == expected
    subprocess.run([sys.executable, "-c", asked, folder], check=True)


LISTING = """
import sys, pathlib
from justfit.store import index, study_folders
from justfit.store.entries import read_entry
index._SETTLED = int(sys.argv[2])
store, seen = pathlib.Path(sys.argv[1]), {}
while True:
    is_last = (store / "ended").exists()
    for folder, entry in index.listed(study_folders(store), (), read_entry):
        if isinstance(entry, Exception):
            raise entry
        count, value = entry["looks"], entry["test"]["value"]
        assert value == count / 1024, "both are of one writing"
        assert count >= seen.get(folder, 0), "nothing is older than what was seen before"
        seen[folder] = count
    if is_last:
        break
assert set(seen.values()) == {int(sys.argv[3])}
"""


@pytest.mark.slow
def test_several_processes_list_a_store_while_one_writes_it_and_see_each_study_as_it_was_at_some_moment(
    store: Path,
) -> None:
    for number in (1, 2):
        shutil.rmtree(store / f"example-{number:012}")
    (example,) = EXAMPLE.glob("example-*")
    for number in (1, 2):
        shutil.copytree(example, store / f"example-{number:012}")
    result = json.loads(StudyPaths(example).result.read_text())

    def write(folder: Path, count: int) -> None:
        result["test_replicates"]["accuracy"]["value"] = count / 1024
        result["looks"]["of_study"] = count
        rewrite(StudyPaths(folder).result, result)

    folders, rounds = study_folders(store), 12
    for folder in folders:
        write(folder, 0)
    readers = [
        subprocess.Popen([sys.executable, "-c", LISTING, store, str(SETTLED), str(rounds)]) for _ in range(3)
    ]
    try:
        for count in range(1, rounds + 1):
            for folder in folders:
                write(folder, count)
        (store / "ended").touch()
        assert [reader.wait(timeout=60) for reader in readers] == [0, 0, 0]
    finally:
        for reader in readers:
            reader.kill()
    assert Reader(store).list() == from_files(store)
