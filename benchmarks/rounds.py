"""Peers timed in turn: each a process of its own that waits, idle, while the others train."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any

from benchmarks.workloads import WORKFLOW, WORKFLOW_PEERS, WORKLOADS

ROOT = Path(__file__).parent.parent
TURN_SECONDS, TURN_EPOCHS = 1.0, 20
"""A turn has epochs until it has lasted so long, or has had so many."""

Figures = dict[str, Any]
"""What is kept as JSON."""


@dataclass(frozen=True)
class Peer:
    """How a peer's process is started."""

    title: str
    module: str
    package: str
    """What must be installed."""
    environment: dict[str, str] = field(default_factory=dict)


JUSTFIT = "justfit"
PEERS = {
    JUSTFIT: Peer("justfit", "justfit_engine", "justfit"),
    "keras-tensorflow": Peer("Keras/TensorFlow", "keras_fit", "tensorflow", {"KERAS_BACKEND": "tensorflow"}),
    "keras-jax": Peer("Keras/JAX", "keras_fit", "jax", {"KERAS_BACKEND": "jax"}),
    "scikit-learn": Peer("MLPClassifier", "mlp_classifier", "sklearn"),
}


class Worker:
    """A peer's process (`benchmarks.worker`), to be used in a ``with``.

    Raises:
        RuntimeError: it ended before it answered; with the end of what it printed.
    """

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.peers.{peer.module}"],
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **peer.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._printed,
            text=True,
        )
        self.megabytes = 0.0

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
        self._process.communicate()
        self._printed.close()

    def ask(self, **question: object) -> Figures:
        """The answer to a question."""
        try:
            self.tell(**question)
            answer = self._process.stdout.readline() if self._process.stdout else ""
        except BrokenPipeError:
            answer = ""
        if not answer:
            self._process.wait()
            self._printed.seek(0)
            raise RuntimeError(f"{self._peer.title} ended:\n{self._printed.read().decode()[-2000:]}")
        figures: Figures = json.loads(answer)
        self.megabytes = figures["megabytes"]
        return figures

    def tell(self, **message: object) -> None:
        """Say what is not answered."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()


def measure_epochs(name: str, rounds: int, *, quick: bool) -> Figures:
    """Seconds of an epoch of one of `WORKLOADS`, with and without validation, by each peer in turn."""
    names = (JUSTFIT, *WORKLOADS[name].peers)
    modes: Figures = {}
    with ExitStack() as stack:
        workers = {peer: stack.enter_context(Worker(PEERS[peer])) for peer in names}
        for mode in ("train", "validated"):
            seconds: dict[str, list[float]] = {peer: [] for peer in names}
            accuracies: dict[str, list[float]] = {peer: [] for peer in names}
            for peer, worker in workers.items():  # epochs that prepare, such as by compiling, are not timed
                first = worker.ask(do="epochs", workload=name, validate=mode == "validated", quick=quick)
                accuracies[peer].append(first["accuracy"])
            for _ in range(rounds):
                for peer, worker in workers.items():
                    turn = _turn(worker, quick=quick)
                    seconds[peer].append(median(epoch["seconds"] for epoch in turn))
                    accuracies[peer] += [epoch["accuracy"] for epoch in turn]
            for worker in workers.values():
                worker.tell(do="stop")
            modes[mode] = {peer: _timed(seconds[peer]) for peer in names}
        epochs = min(map(len, accuracies.values()))
        for peer in names:
            modes["validated"][peer] |= {"accuracy": max(accuracies[peer][:epochs]), "epochs": epochs}
        return {"modes": modes, "megabytes": {peer: worker.megabytes for peer, worker in workers.items()}}


def measure_workflow(rounds: int, *, quick: bool) -> Figures:
    """Seconds of the published workflow: in a round justfit trains all networks, a peer its share."""
    numbers = list(range(0, len(WORKFLOW), 6 if quick else 1))
    with ExitStack() as stack:
        workers = {peer: stack.enter_context(Worker(PEERS[peer])) for peer in (JUSTFIT, *WORKFLOW_PEERS)}
        answers: dict[str, list[Figures]] = {peer: [] for peer in workers}
        for number in range(rounds):
            for peer, worker in workers.items():
                share = numbers if peer == JUSTFIT else numbers[number::rounds]
                if share:
                    answers[peer].append(worker.ask(do="networks", numbers=share, quick=quick))
        mode = {}
        for peer, figures in answers.items():
            seconds = [each["seconds"] for each in figures]
            mode[peer] = _timed(seconds if peer == JUSTFIT else [sum(seconds)])
            mode[peer]["accuracy"] = max(each["accuracy"] for each in figures)
        megabytes = {peer: worker.megabytes for peer, worker in workers.items()}
        return {"modes": {"validated": mode}, "megabytes": megabytes, "networks": len(numbers)}


def _turn(worker: Worker, *, quick: bool) -> list[Figures]:
    epochs = [worker.ask(do="next")]
    while not quick and len(epochs) < TURN_EPOCHS and sum(each["seconds"] for each in epochs) < TURN_SECONDS:
        epochs.append(worker.ask(do="next"))
    return epochs


def _timed(seconds: list[float]) -> Figures:
    return {"seconds": median(seconds), "rounds": seconds}
