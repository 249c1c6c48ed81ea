"""Cohorts trained by threads, by worker processes and by a Ray cluster of this machine: what the way costs.

``python -m benchmarks.crews``. Cohorts of 16 networks 16-16-1 on made-up rows, each of at least two seconds,
as many for every slot. Overhead is the time that slots were not training: wall time x slots / the sum of the
cohorts' own seconds, less 1. A part of it is waiting: slots that have nothing left wait for the last one, as
long in a study of many cohorts as in one of few. The rest is what the way costs. Then what one task moves and
how long it takes to begin, with which larger clusters are reckoned. On a machine that does anything else
meanwhile the figures tell nothing: the load is printed.
"""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.machine import machine
from benchmarks.rows import zipf_rows
from justfit.bridges.ray import ray_cluster
from justfit.engine import Labelled, Member, Trained, Trainings, pack, train_members
from justfit.engine.cohort_training import Rows
from justfit.engine.crew import Call, Crew, at_work, crew_at_work
from justfit.engine.messages import Content, unpacked
from justfit.engine.processes import workers
from justfit.engine.remote import rows_message
from justfit.machine import available_threads
from justfit.spec import TASKS, Network, Recipe

NETWORK = Network((16, 16))
MEMBERS = 16
"""Of a cohort, whose first layers are then as wide as serves their steps."""
COHORTS = 12
"""For each slot."""
ASKED = 0.05
"""Overhead that is allowed, waiting left out."""
ROWS, WORDS, VOCABULARY, BATCH = 16_384, 128, 10_000, 512


@dataclass(frozen=True)
class Timed:
    """What training all cohorts took."""

    name: str
    slots: int
    begin: float
    """Seconds until whoever trains is there."""
    seconds: float
    cohorts: tuple[float, ...]
    """Seconds of each cohort's epochs."""
    ends: tuple[float, ...]
    """Seconds after which each cohort had ended."""

    @property
    def overhead(self) -> float:
        """The share of the slots' time that was not training."""
        return self.seconds * self.slots / sum(self.cohorts) - 1

    @property
    def waiting(self) -> float:
        """Of it, what slots with nothing left waited for the last one: the last cohorts to end are theirs."""
        last = sorted(self.ends)[-self.slots :]
        return sum(self.seconds - end for end in last) / sum(self.cohorts)

    @property
    def way(self) -> float:
        """The rest of it: beginning, checks, messages, and what comes between one cohort and the next."""
        return self.overhead - self.waiting


@dataclass
class Moved:
    """Bytes that tasks and answers have, and seconds until the first answer."""

    task: int = 0
    answers: list[int] = field(default_factory=list)
    states: list[int] = field(default_factory=list)
    first: float = 0.0
    all: float = 0.0


class CountingCall:
    """A task whose answers are counted."""

    def __init__(self, call: Call, moved: Moved) -> None:
        self._call, self._moved = call, moved

    def __iter__(self) -> Iterator[Content]:
        start = time.perf_counter()
        for answer in self._call:
            self._moved.first = self._moved.first or time.perf_counter() - start
            is_state = "places" in unpacked(answer)[0]
            (self._moved.states if is_state else self._moved.answers).append(len(answer))
            yield answer
        self._moved.all = time.perf_counter() - start

    def stop(self) -> None:
        """End it."""
        self._call.stop()


class CountingCrew:
    """A crew whose tasks are counted."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self.slots, self.threads, self.fewest = crew.slots, crew.threads, crew.fewest
        self.moved: list[Moved] = []

    def call(self, task: bytes, on: Rows) -> CountingCall:
        """As the crew that is counted."""
        self.moved.append(Moved(len(task)))
        return CountingCall(self._crew.call(task, on), self.moved[-1])


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crews", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.5, help="of a cohort alone (default 2.5)")
    parser.add_argument("--quick", action="store_true", help="short cohorts, to show that everything runs")
    arguments = parser.parse_args()
    print("\n".join(f"- {key}: {value}" for key, value in machine(("justfit", "numpy", "ray")).items()))
    train = made_up(ROWS)
    epochs = epochs_for(0.1 if arguments.quick else arguments.seconds, train)
    processors = available_threads()
    ways: dict[str, tuple[AbstractContextManager[object], int]] = {
        "threads of this process": (nullcontext(), processors),
        "1 worker process": (workers(1, threads=1), 1),
        "2 worker processes": (workers(2, threads=2), 2),
        f"Ray, {processors} processors": (ray_cluster(), processors),
    }
    print("\n| trained by | slots | cohorts | of one | begin | wall | overhead | waiting | the way | load |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, (way, slots) in ways.items():
        found = timed(name, way, slots, members_of(COHORTS * slots, epochs), train)
        print(row(found), flush=True)
    print()
    with ray_cluster():
        for line in of_one_task(train, epochs):
            print(line)


def row(found: Timed) -> str:
    """Figures of one way to train as a line of the table."""
    median, load = float(np.median(found.cohorts)), os.getloadavg()[0]
    met = "met" if found.way < ASKED else "not met"
    return (
        f"| {found.name} | {found.slots} | {len(found.cohorts)} | {median:.2f} s | {found.begin:.1f} s | "
        f"{found.seconds:.1f} s | {found.overhead:.1%} | {found.waiting:.1%} | {found.way:.1%}, {met} | "
        f"{load:.1f} |"
    )


def made_up(rows: int) -> Labelled:
    """Rows of words whose labels are drawn."""
    labels = np.random.default_rng(1).integers(0, 2, rows)
    return Labelled.of(zipf_rows(rows, WORDS, VOCABULARY), labels, TASKS["binary"])


def members_of(cohorts: int, epochs: int) -> list[Member]:
    """Networks for so many cohorts of equal work."""
    recipe = Recipe(batch_size=BATCH, epochs=epochs)
    task = TASKS["binary"]
    layers = NETWORK.layers(task, 1)
    return [
        Member(layers, task.loss(), task.metric, recipe, seed, dropout_seed=seed, order_seed=0)
        for seed in range(MEMBERS * cohorts)
    ]


def epochs_for(seconds: float, train: Labelled) -> int:
    """Epochs that a cohort alone on one thread does in so many seconds."""
    (first, *_) = train_members(members_of(1, 3), train, threads=1)
    return max(2, round(seconds / min(epoch.seconds for epoch in first.history)))


def timed(
    name: str, way: AbstractContextManager[object], slots: int, members: list[Member], train: Labelled
) -> Timed:
    """Train all cohorts."""
    with ExitStack() as stack:
        start = time.perf_counter()
        stack.enter_context(way)
        crew = crew_at_work()
        # Processes and Ray's workers are begun by their first task; the rows are there from then on, too.
        train_members([replace(one, recipe=replace(one.recipe, epochs=1)) for one in members], train)
        begun = time.perf_counter()
        found: dict[int, tuple[float, float]] = {}
        # As a study's stages do: of networks that are compared weights are not wanted.
        with Trainings(members, train, threads=slots, weights=False) as trainings:
            for number, event in trainings.advance():
                if isinstance(event, Trained):
                    found[number] = of(event), time.perf_counter() - begun
        seconds = time.perf_counter() - begun
        cohorts = pack(members, train.rows.columns, slots, fewest=1 if crew is None else crew.fewest)
    own, ends = zip(*(found[cohort[0]] for cohort in cohorts), strict=True)
    return Timed(name, slots, begun - start, seconds, own, ends)


def of(member: Trained) -> float:
    """Seconds that the cohort of a member trained."""
    return sum(epoch.seconds for epoch in member.history)


def of_one_task(train: Labelled, epochs: int) -> Iterator[str]:
    """Lines that tell what a cohort's task moves, and what it takes beside training; a crew is at work."""
    crew = crew_at_work()
    assert crew is not None
    few = made_up(512)
    train_members(members_of(1, 1), few)  # a worker is there
    empty: list[float] = []
    for _ in range(10):
        start = time.perf_counter()
        (first, *_) = train_members(members_of(1, 1)[:2], few)
        empty.append(time.perf_counter() - start - of(first))
    counting = CountingCrew(crew)
    fresh = replace(train)  # another object, whose rows are put anew
    start = time.perf_counter()
    crew.call(b"", Rows(fresh))
    put = time.perf_counter() - start
    with at_work(counting):
        (found, *_) = train_members(members_of(1, epochs)[:MEMBERS], fresh)
    (moved, *_) = counting.moved
    _, arrays = rows_message(Rows(train))
    yield f"- rows: {sum(array.nbytes for array in arrays.values()):,} bytes, put in {put:.3f} s"
    yield f"- a task of {MEMBERS} networks: {moved.task:,} bytes"
    yield f"- its answers: {len(moved.answers)}, {sum(moved.answers):,} bytes"
    yield f"- its states: {len(moved.states)}, of {max(moved.states, default=0):,} bytes"
    yield f"- first answer after {moved.first:.3f} s, the epoch of {found.history[0].seconds:.3f} s included"
    yield f"- all of it {moved.all:.2f} s, training {of(found):.2f} s"
    yield f"- a task of next to nothing, beside its training: {float(np.median(empty)):.4f} s"


if __name__ == "__main__":
    main()
