"""Cohorts trained on a real Ray cluster of several nodes here: the same figures, whoever is killed."""

import importlib
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import ray
from engine.handmade import SHORT, labelled, member, varied
from engine.test_trainings import assert_all_same
from workflow.handmade import all_figures, carried_out, numbers, small_study

from justfit.bridges.ray import ray_cluster
from justfit.data import Dataset
from justfit.engine import Member, Trained, Trainings, train_members
from justfit.engine.cohort_training import Rows
from justfit.errors import EngineError, SpecError
from justfit.machine import available_threads
from justfit.spec import Epoch, From, HoldOut, Stage, Study

TESTS = str(Path(__file__).parents[1])
ROWS = labelled(), labelled(rows=30, seed=5)
SOON = 120
"""Seconds until something has happened, on a machine that does much else."""

NODES = """
import os
import socket
import sys
from ray.cluster_utils import Cluster
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
head = {"num_cpus": 2, "include_dashboard": False, "ray_client_server_port": port}
cluster = Cluster(initialize_head=True, head_node_args=head)
print(cluster.address, port, flush=True)
for line in sys.stdin:
    os.environ["PYTHONPATH"] = line.strip()
    node = cluster.add_node(num_cpus=2)
    print(node.all_processes["raylet"][0].process.pid, flush=True)
cluster.shutdown()
"""


class Nodes:
    """A cluster of processes on this machine, in the hands of one of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.address, self.client_port = process.stdout.readline().split()
        self.added = [self.add()]

    def add(self, path: str = "") -> int:
        """One more node of two processors, which imports from a path first; the number of its process."""
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """A cluster of two nodes with two processors each, though this machine may have fewer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        with subprocess.Popen(
            [sys.executable, "-c", NODES],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ) as process:  # fmt: skip
            yield Nodes(process)
            process.communicate()


def training(node: int | None = None) -> list[int]:
    """Processes that train now, of one node or of all; Ray calls a process by what it does."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text("ascii").rpartition(")")[2].split()[1])
            if (folder / "cmdline").read_bytes().startswith(b"ray::_train") and node in (None, parent):
                found.append(int(folder.name))
    return found


def soon(what: Callable[[], Any]) -> Any:
    """What something gives as soon as it gives anything."""
    until = time.monotonic() + SOON
    while not (found := what()):
        assert time.monotonic() < until
        time.sleep(0.002)
    return found


def data() -> Dataset:
    """Rows whose test rows are sealed, as they can be opened once."""
    return numbers("multiclass", 1200)


def study(**changes: Any) -> Study:
    """Folds, a stage on the winner of one before, halving, and a final."""
    widths = Stage("widths", grid={"hidden": [[8], [16], [8, 8], [16, 8]]})
    halved = Stage("dropout", grid={"dropout": [0, 0.2, 0.5]}, base=From("widths", winner=True), halving=2)
    defaults = {**small_study().defaults, "epochs": 150}
    return small_study(**{"stages": (widths, halved), "defaults": defaults} | changes)


def figures(of: Study, store: Path) -> dict[str, Any]:
    """Carry a study out, and give all its figures."""
    return all_figures(carried_out(of, data(), store))


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return figures(study(), tmp_path_factory.mktemp("here"))


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "justfit")
    return caplog


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "justfit.bridges.ray")
    with pytest.raises(SpecError, match=r"pip install 'justfit\[ray\]'"):
        importlib.import_module("justfit.bridges.ray")


@pytest.mark.parametrize("address", ["nonsense", "ray://", "ray://head", "head:x", "head:99999"])
def test_what_is_no_address_is_refused_with_what_is_expected(address: str) -> None:
    with pytest.raises(SpecError, match=rf'"{address}" is no address of a Ray cluster: expected HOST:PORT'):
        ray_cluster(address).__enter__()


@pytest.mark.parametrize("protocol", ["", "ray://"])
def test_where_nobody_answers_that_is_said_at_once(protocol: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and does not listen
        address = f"{protocol}127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(EngineError, match=f"No Ray cluster answers at {address}: Connection refused"):
            ray_cluster(address).__enter__()


@pytest.mark.slow
def test_a_study_comes_to_the_same_figures_bit_for_bit(
    nodes: Nodes, expected: dict[str, Any], tmp_path: Path
) -> None:
    with ray_cluster(nodes.address):
        assert figures(study(), tmp_path) == expected


@pytest.mark.slow
@pytest.mark.parametrize("what", ["worker", "node"])
def test_whoever_is_killed_while_it_trains_the_figures_are_the_same(
    nodes: Nodes, expected: dict[str, Any], tmp_path: Path, log: pytest.LogCaptureFixture, what: str
) -> None:
    with ray_cluster(nodes.address) as crew:
        assert crew.slots == 4
        with ThreadPoolExecutor(1) as executor:
            killed = executor.submit(kill, nodes, what)
            assert figures(study(), tmp_path) == expected
        killed.result()
    assert "A worker of the Ray cluster was lost" in log.text
    assert "Another worker goes on from the last state" in log.text
    if what == "node":
        nodes.added.append(nodes.add())


def kill(nodes: Nodes, what: str) -> None:
    """Kill a process that trains, or the node that it belongs to, as soon as there is one."""
    node = nodes.added[-1]
    (trains, *_) = soon(lambda: training(node))
    os.kill(trains if what == "worker" else node, signal.SIGKILL)


@pytest.mark.slow
def test_what_a_worker_had_come_to_is_gone_on_from_and_rows_are_put_once(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    members = [member(recipe=replace(SHORT, epochs=3000), seed=number) for number in range(5)]
    here = train_members(members, *ROWS, keep_best=True)
    puts = []
    put = ray.put
    monkeypatch.setattr(ray, "put", lambda value: puts.append(value) or put(value))
    there = {}
    with ray_cluster(nodes.address), Trainings(members, *ROWS, keep_best=True) as trainings:
        is_killed = False
        for number, event in trainings.advance():
            if isinstance(event, Epoch) and event.epoch == 1500 and not is_killed:
                os.kill(training()[0], signal.SIGKILL)
                is_killed = True
            if isinstance(event, Trained):
                there[number] = event
    assert is_killed
    assert "Another worker goes on from the last state" in log.text
    assert "members: 5, training rows: 70, cohorts: 2 (4 of them at a time)" in log.text, "no network alone"
    assert_all_same(here, [there[number] for number in range(5)])
    assert len(puts) == 1


@pytest.mark.slow
def test_after_the_study_s_own_process_is_killed_its_tasks_end_and_it_goes_on_from_its_checkpoints(
    nodes: Nodes, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from bridges.test_ray import data, long_study
from justfit.bridges.ray import ray_cluster
from justfit.data import Dataset
from justfit.workflow import carry_out
with ray_cluster(sys.argv[2]):
    for _ in carry_out(long_study(), data(), Path(sys.argv[3])):
        if any(Path(sys.argv[3]).rglob("*.state")):
            print("kept", flush=True)
"""
    there = tmp_path / "there"
    with subprocess.Popen(
        [sys.executable, "-c", code, TESTS, nodes.address, str(there)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "kept\n"
        assert training()
        process.kill()
    soon(lambda: not training())
    with ray_cluster(nodes.address):
        assert figures(long_study(), there) == figures(long_study(), tmp_path / "here")
    assert "a cohort of 2 members goes on from epoch" in log.text


def long_study() -> Study:
    """Two networks that train for long."""
    stages = (Stage("widths", grid={"hidden": [[8], [16]]}),)
    return study(
        stages=stages, defaults={**small_study().defaults, "epochs": 1500}, validation=HoldOut(), replicates=1
    )


def forever() -> list[Member]:
    """Members that nobody waits for."""
    return [member(recipe=replace(SHORT, epochs=1_000_000), seed=number) for number in range(4)]


@pytest.mark.slow
def test_leaving_the_loop_ends_what_trains(nodes: Nodes) -> None:
    with ray_cluster(nodes.address):
        with Trainings(forever(), *ROWS) as trainings:
            next(iter(trainings.advance()))
        soon(lambda: not training())
        here = train_members(varied(), *ROWS, keep_best=True)
        assert_all_same(here, train_members(varied(), *ROWS, keep_best=True))


@pytest.mark.slow
def test_a_cluster_elsewhere_is_reached_by_ray_s_client(nodes: Nodes) -> None:
    # In a process of its own, as Ray cannot join a cluster any other way after its client.
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from bridges.test_ray import ROWS, forever, soon, training
from engine.test_trainings import assert_all_same, companies
from justfit.bridges.ray import ray_cluster
from justfit.engine import Trainings, train_members
here = train_members(companies(), *ROWS, keep_best=True, fit=True)
with ray_cluster(sys.argv[2]):
    assert_all_same(here, train_members(companies(), *ROWS, keep_best=True, fit=True))
    with Trainings(forever(), *ROWS) as trainings:
        next(iter(trainings.advance()))
    soon(lambda: not training())
print("same")
"""
    command = [sys.executable, "-c", code, TESTS, f"ray://127.0.0.1:{nodes.client_port}"]
    for _ in range(3):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        # Ray's own server for a client now and then ends as it begins, on a machine that does much else.
        # Ray sees that in time, or asks what has ended for its command line.
        if not any(fault in done.stderr for fault in ("Starting Ray client server failed", "ZombieProcess")):
            break
    else:
        pytest.skip("Ray could not start its server for a client, three times")
    assert done.stdout == "same\n", done.stderr


@pytest.mark.slow
def test_a_cluster_of_this_machine_lets_nobody_in_without_its_token(tmp_path: Path) -> None:
    starting = """
import sys
import ray
from justfit.bridges.ray import ray_cluster
with ray_cluster() as crew:
    print(ray.get_runtime_context().gcs_address, crew.slots, flush=True)
    sys.stdin.read()
"""
    joining = """
import sys
from ray._raylet import GcsClient
from ray.exceptions import AuthenticationError
try:
    GcsClient(address=sys.argv[1])
except AuthenticationError:
    print("refused")
else:
    print("taken")
"""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    environment["HOME"] = str(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", starting],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        address, slots = process.stdout.readline().split()
        assert int(slots) == available_threads()
        file = tmp_path / ".ray" / "auth_token"
        assert file.stat().st_mode & 0o777 == 0o600
        for token, told in ((file.read_text().strip(), "taken\n"), ("0" * 64, "refused\n")):
            given = environment | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
            command = [sys.executable, "-c", joining, address]
            assert subprocess.check_output(command, env=given, text=True) == told
        process.communicate()


@pytest.mark.slow
def test_what_cannot_be_is_told_in_a_sentence(nodes: Nodes) -> None:
    with pytest.raises(EngineError, match="has the 3 processors that each cohort is to have"):
        ray_cluster(nodes.address, threads=3).__enter__()
    with ray_cluster(nodes.address) as crew:
        with pytest.raises(SpecError, match="has joined a Ray cluster already"):
            ray_cluster().__enter__()
        with pytest.raises(EngineError, match="The Ray cluster failed: EngineError: A message of the engine"):
            list(crew.call(b"nothing", Rows(*ROWS)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("justfit-9.9.dist-info/METADATA", "Name: justfit\nVersion: 9.9\n", "has justfit 9.9, and "),
        ("sitecustomize.py", "import sys\nsys.modules['justfit'] = None", "cannot use justfit: "),
    ],
)
def test_a_node_with_another_justfit_or_none_is_told(
    nodes: Nodes, tmp_path: Path, file: str, content: str, told: str
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(content)
    node = nodes.add(str(tmp_path))
    try:
        with pytest.raises(EngineError, match=f"{told}.*pip install 'justfit"):
            ray_cluster(nodes.address).__enter__()
    finally:
        os.kill(node, signal.SIGKILL)
