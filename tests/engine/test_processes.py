"""Processes that train: the same figures as here, replaced when killed, gone when nobody needs them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from engine.handmade import SHORT, labelled, member, varied
from engine.test_trainings import assert_all_same, companies

import justfit
from justfit.engine import Trained, Trainings, train_members
from justfit.engine.processes import ProcessCrew
from justfit.errors import SpecError
from justfit.spec import Epoch

ROWS = labelled(), labelled(rows=30, seed=5)
LONG = replace(SHORT, epochs=400)


def children(parent: int | None = None) -> set[int]:
    """Processes that this or another one has started and that have not ended."""
    found = set()
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, its_parent = file.read_text("ascii").rpartition(")")[2].split()[:2]
            if int(its_parent) == (parent or os.getpid()) and state != "Z":
                found.add(int(file.parent.name))
    return found


@pytest.fixture
def before() -> Iterator[set[int]]:
    """Children of this process, of which there are none more afterwards."""
    there = children()
    yield there
    assert children() <= there


@pytest.mark.slow
def test_processes_change_no_bit(before: set[int]) -> None:
    here = train_members(companies(), *ROWS, keep_best=True, fit=True)
    for count in (1, 3):
        with justfit.workers(count, threads=3):
            assert_all_same(here, train_members(companies(), *ROWS, keep_best=True, fit=True))
            assert len(children() - before) == count


@pytest.mark.slow
def test_rows_are_handed_over_once_and_shared(before: set[int]) -> None:
    dense = labelled(sparse=False), labelled(rows=30, seed=5, sparse=False)
    with justfit.workers(1, threads=1):
        for rows in (ROWS, dense, ROWS):
            found = train_members(varied(), *rows, keep_best=True)
            (worker,) = children() - before
            maps = Path(f"/proc/{worker}/maps").read_text("utf-8").splitlines()
            mapped = [line for line in maps if "(deleted)" in line]
            assert len(mapped) == 1, "a process has the rows of one task alone"
    assert_all_same(train_members(varied(), *ROWS, keep_best=True), found)


@pytest.mark.slow
def test_a_process_that_is_killed_is_replaced_and_changes_no_bit(before: set[int]) -> None:
    members = [member(recipe=LONG, seed=number) for number in range(4)]
    here = train_members(members, *ROWS, keep_best=True)
    with ProcessCrew(2, 2) as crew, justfit.engine.crew.at_work(crew):
        killed = 0
        with Trainings(members, *ROWS, keep_best=True) as trainings:
            there = {}
            for number, event in trainings.advance():
                if isinstance(event, Epoch) and event.epoch in (30, 200) and killed < 3:
                    os.kill(min(children() - before), signal.SIGKILL)
                    killed += 1
                if isinstance(event, Trained):
                    there[number] = event
        assert killed == 3
    assert_all_same(here, [there[number] for number in range(4)])


@pytest.mark.slow
@pytest.mark.usefixtures("before")
def test_leaving_the_loop_ends_what_the_processes_train() -> None:
    members = [member(recipe=replace(SHORT, epochs=100_000), seed=number) for number in range(2)]
    with justfit.workers(2, threads=2):
        with Trainings(members, *ROWS) as trainings:
            next(iter(trainings.advance()))
        assert_all_same(
            train_members(varied(), *ROWS, keep_best=True), train_members(varied(), *ROWS, keep_best=True)
        )


@pytest.mark.slow
def test_processes_end_with_the_one_that_started_them() -> None:
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from dataclasses import replace
from engine.handmade import SHORT, labelled, member
import justfit
from justfit.engine import training_events
with justfit.workers(2, threads=2):
    members = [member(recipe=replace(SHORT, epochs=100_000), seed=number) for number in range(2)]
    for _ in training_events(members, labelled()):
        print("trains", flush=True)
"""
    tests = str(Path(__file__).parents[1])
    child = subprocess.Popen([sys.executable, "-c", code, tests], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "trains\n"
    workers = children(child.pid)
    child.kill()
    child.communicate()
    assert workers
    until = time.monotonic() + 20
    while any(Path(f"/proc/{each}").exists() for each in workers):
        assert time.monotonic() < until


@pytest.mark.parametrize("count", [0, -1, 2.5, 5000])
def test_a_number_of_processes_that_cannot_be_is_refused(count: int) -> None:
    with (
        pytest.raises(SpecError, match="workers must be a whole number from 1 to 1024"),
        justfit.workers(count),
    ):
        pass


def test_there_are_no_more_processes_than_processors_and_they_share_these() -> None:
    shared = [
        (crew.slots, crew.threads) for crew in (ProcessCrew(4, 2), ProcessCrew(2, 8), ProcessCrew(1, 3))
    ]
    assert shared == [(2, 1), (2, 4), (1, 3)]
