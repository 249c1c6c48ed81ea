"""How long many networks take on 1 to 1,000 machines: measured costs of a task, and a simulation.

``python -m benchmarks.scale`` measures on this machine what a cohort, its messages and its files cost, and
then plays studies through, event by event: nodes that wait for rows, tasks that wait for a processor, and one
driver that hands out tasks, hears what workers tell and keeps runs. What is assumed of links is in `Link`.
"""

import argparse
import heapq
import json
import math
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.rows import zipf_rows
from justfit.engine import Labelled, Member
from justfit.engine.cohort_training import Rows, Trained
from justfit.engine.crew import at_work
from justfit.engine.messages import Content
from justfit.engine.packing import pack
from justfit.engine.remote import RemoteCohort, carried_out, rows_message
from justfit.spec import TASKS, Epoch, HoldOut, Network, Recipe, RmsProp, Run, TextEncoding
from justfit.spec.run import Candidate
from justfit.store.runs import write_run

COLUMNS = 10_000
EPOCHS = 20
RECIPE = Recipe(RmsProp(), batch_size=512, epochs=EPOCHS)


@dataclass(frozen=True)
class Link:
    """What is assumed, not measured: how machines are joined."""

    bytes_a_second: float = 1.25e9
    """10 Gbit/s, each way, of each machine."""
    seconds: float = 0.001
    """From a task's being handed out to its start, and back."""


LINK = Link()


@dataclass(frozen=True)
class Costs:
    """What was measured of one task: a cohort of networks with 16 hidden units, on one processor."""

    networks: int
    """Of the cohort."""
    row_word_epoch: float
    """Seconds for a word of a row in an epoch of the cohort."""
    of_two: float
    """Share of its time that a cohort of two networks takes."""
    task_bytes: int
    answer_bytes: int
    """Of a member's epoch."""
    state_bytes: int
    ask: float
    """Seconds of the driver to write a task."""
    hear: float
    """Seconds of the driver for a member's epoch."""
    keep: float
    """Seconds of the driver to keep a run that has ended."""
    word_bytes: float
    """Of rows, for each word of each row."""
    member_bytes: int
    """Of memory, for each network in training."""


@dataclass(frozen=True)
class Study:
    """What is trained: rows of so many words, so many networks, each on so many processors at once."""

    rows: int
    words: int
    networks: int


@dataclass(frozen=True)
class Outcome:
    """What a simulated study took."""

    nodes: int
    seconds: float
    speedup: float
    """Against one processor that trains full cohorts, without a driver."""
    busy: float
    """Share of the processors' time that trains."""
    driver: float
    """Share of the time in which the driver works."""
    moved: float
    """Bytes over the network of machines."""
    memory: float
    """Bytes of a node."""


class _Here:
    """A crew of this process, so that a task's messages are timed and nothing else."""

    slots, threads, fewest = 1, 1, 1

    def __init__(self) -> None:
        self.task = b""
        self.answers: list[bytes] = []

    def call(self, task: bytes, on: Rows) -> "_Here":  # noqa: ARG002 - as Crew has it
        self.task = task
        return self

    def __iter__(self) -> Iterator[Content]:
        return iter(self.answers)

    def stop(self) -> None:
        """Nothing runs."""


def measured(rows: int, words: int) -> Costs:
    """The costs of a cohort on made-up rows, the median of three."""
    made = zipf_rows(rows, words, COLUMNS)
    labels = np.random.default_rng(0).integers(0, 2, rows)
    on = Rows(Labelled.of(made, labels, TASKS["binary"]), weights=False)
    members = _members(64)
    (cohort, *_) = pack(members, COLUMNS, 1)
    members = members[: len(cohort)]
    crew = _Here()
    seconds, ask, hear, two = [], [], [], []
    for _ in range(3):
        with at_work(crew):
            crew.answers = []
            remote = RemoteCohort(members, on, crew)
            start = time.perf_counter()
            list(remote.events(None))
            ask.append(time.perf_counter() - start)
            start = time.perf_counter()
            crew.answers = list(carried_out(crew.task, on))
            seconds.append(time.perf_counter() - start)
            full, pair = crew.answers, RemoteCohort(members[:2], on, crew)
            crew.answers = []
            list(pair.events(None))
            start = time.perf_counter()
            list(carried_out(crew.task, on))
            two.append(time.perf_counter() - start)
            crew.answers = full
            remote = RemoteCohort(members, on, crew)
            start = time.perf_counter()
            told = [event for told in remote.events(None) if isinstance(told, list) for event in told]
            hear.append(time.perf_counter() - start)
    epochs = [event for _, event in told if isinstance(event, Epoch)]
    (trained, *_) = [event for _, event in told if isinstance(event, Trained)]
    sizes = [len(answer) for answer in crew.answers]
    weights = COLUMNS * 16
    state = max(sizes)
    _, arrays = rows_message(on)
    return Costs(
        networks=len(members),
        of_two=statistics.median(two) / statistics.median(seconds),
        row_word_epoch=statistics.median(seconds) / (rows * words * EPOCHS),
        task_bytes=len(crew.task),
        answer_bytes=round(sum(size for size in sizes if size < 10_000) / len(epochs)),
        state_bytes=state if state > weights else 8 * weights * len(members),
        ask=statistics.median(ask),
        hear=max(0.0, statistics.median(hear) - statistics.median(ask)) / len(epochs),
        keep=_keep(trained),
        word_bytes=sum(array.nbytes for array in arrays.values()) / (rows * words),
        member_bytes=8 * weights,
    )


def _members(count: int) -> list[Member]:
    task = TASKS["binary"]
    layers = Network((16,)).layers(task, 1)
    return [
        Member(layers, task.loss(None), task.metric, RECIPE, number, number, 0) for number in range(count)
    ]


def _keep(trained: Trained) -> float:
    """Seconds to write a run's file and bring it to the disk."""
    candidate = Candidate(Network((16,)), RECIPE)
    run = Run("made-up", "0" * 16, "binary", TextEncoding("multi_hot"), candidate, HoldOut())
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        times = []
        for number in range(50):
            start = time.perf_counter()
            write_run(Path(folder), replace(run, seed=number), trained.history, trained.outcome, 100)
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def simulated(study: Study, nodes: int, costs: Costs, processors: int = 16, link: Link = LINK) -> Outcome:
    """Play a study through on so many nodes.

    Rows go from node to node as in a tree, each sending to one other at a time. A processor takes the next
    task as soon as it has rows and the driver has handed one out. The driver does one thing at a time.
    """
    rows_bytes = study.rows * study.words * costs.word_bytes
    slots = nodes * processors
    # No cohort of a single network, and as many cohorts as processors where there are networks enough.
    each = max(2, min(costs.networks, study.networks // slots))
    tasks = math.ceil(study.networks / each)
    share = _time_share(each, costs)
    task_seconds = study.rows * study.words * EPOCHS * costs.row_word_epoch * share
    told = each * (EPOCHS * costs.hear + costs.keep)
    answers = each * EPOCHS * costs.answer_bytes
    sent = 0.0 if nodes == 1 else (costs.task_bytes * each / costs.networks + answers) * tasks
    arrival = [rows_bytes / link.bytes_a_second * math.ceil(math.log2(node + 1)) for node in range(nodes)]
    free = [(arrival[slot // processors], slot) for slot in range(slots)]
    heapq.heapify(free)
    driver = busy = end = 0.0
    ends: list[float] = []
    waiting = tasks
    while waiting or ends:
        if waiting and free and (not ends or max(free[0][0], driver) <= ends[0]):
            ready, slot = heapq.heappop(free)
            driver = max(driver, ready) + costs.ask
            busy += costs.ask
            done = driver + link.seconds + task_seconds
            heapq.heappush(ends, done)
            heapq.heappush(free, (done + link.seconds, slot))
            waiting -= 1
        else:
            driver = max(driver, heapq.heappop(ends)) + told
            busy += told
        end = max(end, driver)
    whole = study.rows * study.words * EPOCHS * costs.row_word_epoch
    alone = study.networks / costs.networks * whole
    return Outcome(
        nodes=nodes,
        seconds=end,
        speedup=alone / end,
        busy=tasks * task_seconds / (end * slots),
        driver=busy / end,
        moved=sent + rows_bytes * (nodes - 1),
        memory=rows_bytes + processors * each * costs.member_bytes,
    )


def _time_share(networks: int, costs: Costs) -> float:
    """What a narrower cohort takes of the time of a full one, on the line through both that were measured."""
    slope = (1 - costs.of_two) / (costs.networks - 2)
    return 1 - slope * (costs.networks - networks)


def main() -> None:
    """Measure, simulate and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="of what is measured")
    parser.add_argument("--words", type=int, default=130)
    parser.add_argument("--json", type=Path, help="write costs and outcomes there, too")
    asked = parser.parse_args()
    costs = measured(asked.rows, asked.words)
    print(json.dumps(asdict(costs), indent=1))
    found = []
    for study in (Study(25_000, 130, 1_000), Study(25_000, 130, 100_000), Study(2_500_000, 130, 10_000)):
        print(f"\n{study.rows:,} rows of {study.words} words, {study.networks:,} networks, {EPOCHS} epochs\n")
        print("| nodes | seconds | speedup | trains | driver works | moved | memory a node |")
        print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for nodes in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
            one = simulated(study, nodes, costs)
            found.append({**asdict(study), **asdict(one)})
            shares = f"{one.speedup:,.0f} | {one.busy:.0%} | {one.driver:.0%}"
            sizes = f"{one.moved / 1e9:,.2f} GB | {one.memory / 1e9:,.2f} GB"
            print(f"| {nodes:,} | {one.seconds:,.1f} | {shares} | {sizes} |")
    if asked.json is not None:
        asked.json.write_text(
            json.dumps({"costs": asdict(costs), "outcomes": found}, indent=1) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
