"""Studies carried out by a process that is killed at a chosen moment, and all that they leave to compare.

Run as a program it has everything imported already and carries each study out in a child of its own, so that
a kill costs no more than the study does.
"""

import functools
import io
import json
import logging
import math
import os
import re
import resource
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workflow.handmade import all_figures, numbers, small_study
from workflow.power import Disk

from justfit.bridges.optuna import carry_out_tpe
from justfit.engine import cohort_training
from justfit.engine.processes import workers
from justfit.errors import JustfitError
from justfit.spec import Data, Final, From, HoldOut, Stage, Study
from justfit.store import read_looks, read_study, study_folders
from justfit.store.checking import check_store
from justfit.workflow import Event, carry_out, carry_out_automatically

MEBIBYTE = 2**20

HALVED = Stage(
    "dropout",
    grid={"dropout": [0, 0.2, 0.5], "l2": [0, 0.001]},
    base=From("widths", winner=True),
    halving=2,
)
SPACE = {"hidden": [[4], [8]], "dropout": {"from": 0, "to": 0.4}}
TEST_ROWS = 60


def _stages(store: Path) -> Iterator[Event]:
    data = numbers("multiclass", 120, TEST_ROWS)
    widths = small_study().stages[0]
    return carry_out(small_study(stages=(widths, HALVED), fit=True), data, store)


def _tiny(store: Path) -> Iterator[Event]:
    """Few files, so that all places where it can end are tried."""
    stages = (Stage("widths", grid={"hidden": [[4], [8]]}),)
    short = {"epochs": 3, "batch_size": 16}
    final = Final(threshold="f1")
    study = small_study(stages=stages, replicates=1, defaults=short, final=final)
    return carry_out(study, numbers("binary", 60, TEST_ROWS), store)


def _wide(store: Path) -> Iterator[Event]:
    """One that takes some 50 MB."""
    stages = (Stage("widths", grid={"hidden": [[1000, 1000], [700, 700]]}),)
    study = small_study(stages=stages, replicates=1, defaults={"epochs": 2, "batch_size": 32})
    return carry_out(study, numbers("binary", 60, TEST_ROWS), store)


def _automatic(store: Path) -> Iterator[Event]:
    data = numbers("binary", 60, TEST_ROWS)
    return carry_out_automatically(
        Data("handmade"), data, store, breadth="quick", protocol=HoldOut("stratified", 0.3)
    )


def _tpe(store: Path) -> Iterator[Event]:
    study = Study("handmade", Data("handmade"), (Stage("drawn", space=SPACE),), defaults={"epochs": 4})
    return carry_out_tpe(study, numbers("binary", 60, TEST_ROWS), store, trials=8, batch=4, prune=True)


STUDIES: dict[str, Callable[[Path], Iterator[Event]]] = {
    "stages": _stages,
    "tiny": _tiny,
    "wide": _wide,
    "automatic": _automatic,
    "tpe": _tpe,
}


def made(path: Path) -> Path:
    """A new folder."""
    path.mkdir()
    return path


def left_in(store: Path) -> dict[str, Any]:
    """All that a store's studies came to, without what tells of times; it must be without a fault."""
    assert check_store(store).faults == ()
    looks = read_looks(store)
    found: dict[str, Any] = {
        "looks": [(look.study, look.name) for look in looks],
        "runs": sorted(path.name for path in (store / "runs").iterdir() if path.name[0] != "."),
    }
    for folder in study_folders(store):
        study = read_study(folder)
        counted = study.result and {key: study.result["looks"][key] for key in ("number", "of_study")}
        weights = (folder / "model" / "model.safetensors").read_bytes()
        found[folder.name] = (all_figures(study), counted, weights)
    return found


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    signal: int
    """0 where it ended by itself."""
    seconds: float
    error: str
    steps: list[str]
    """What it did to files and folders, one by one, where that was counted and it was not killed."""
    went_on: list[int]
    """The epochs from which cohorts went on, where it was not killed."""


class Carrier:
    """The program below; a call carries a study out, or is killed with it. It is a context manager.

    Args of a call:
        study: one of `STUDIES`.
        store: the folder for it.
        seconds: after which the process is killed.
        step: before which of its steps it is killed, from 0.
        memory: MiB that it may use more than at its begin.
        largest: bytes of a file that it may write.
        eager: a checkpoint is kept after each epoch, however little time it took.
        workers: processes of its own that train.
        record: a folder for the states that a loss of power could leave the store in, see `Disk`.
    """

    def __enter__(self) -> "Carrier":
        path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
        # Threads that wait to be used would be missing in the children.
        environment = os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "workflow.killing"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        return self

    def __exit__(self, *raised: object) -> None:
        with self._process:
            self._process.stdin.close()

    def __call__(self, study: str, store: Path, **how: Any) -> Ended:
        asked = {"study": study, "store": str(store), **how}
        self._process.stdin.write(json.dumps(asked, default=str) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))

    def whole(self, study: str, store: Path, **how: Any) -> dict[str, Any]:
        """Carry a study out to its end, and give all that is left."""
        ended = self(study, store, **how)
        assert not ended.error, ended.error
        return left_in(store)


def _serve() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        reads, writes = os.pipe()
        start = time.perf_counter()
        if (child := os.fork()) == 0:
            os.close(reads)
            _work(asked, writes)
            os._exit(0)
        os.close(writes)
        if not select.select([reads], [], [], asked.get("seconds"))[0]:
            os.kill(child, signal.SIGKILL)
        with os.fdopen(reads) as file:
            told = json.loads(file.read() or "{}")
        status = os.waitpid(child, 0)[1]
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        told = {"error": "", "steps": [], "went_on": []} | told
        ended = Ended(number, time.perf_counter() - start, **told)
        sys.stdout.write(json.dumps(asdict(ended)) + "\n")
        sys.stdout.flush()


def _work(asked: dict[str, Any], writes: int) -> None:
    """Carry a study out in this process, and tell of it at the end."""
    store = Path(asked["store"])
    steps = _Steps(asked.get("step"), Disk(store, Path(asked["record"])) if "record" in asked else None)
    if (memory := asked.get("memory")) is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + int(memory * MEBIBYTE)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if (largest := asked.get("largest")) is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    if asked.get("eager"):
        cohort_training._FIRST, cohort_training._SHARE = 0.0, math.inf
    heard = _Heard(logging.INFO)
    logging.getLogger("justfit").addHandler(heard)
    logging.getLogger("justfit").setLevel(logging.INFO)
    error = ""
    try:
        steps.begin()
        with workers(asked["workers"]) if "workers" in asked else nullcontext():
            for _ in STUDIES[asked["study"]](store):
                pass
    except (JustfitError, MemoryError) as raised:
        error = f"{type(raised).__name__}: {raised}"
    except BaseException:  # noqa: BLE001 - a fault, which the test tells
        error = traceback.format_exc()
    os.write(writes, json.dumps({"error": error, "steps": steps.taken, "went_on": heard.epochs}).encode())


class _Heard(logging.Handler):
    """The epochs from which cohorts went on."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.epochs: list[int] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.epochs += map(int, re.findall("goes on from epoch ([0-9]+)", record.getMessage()))


class _Steps:
    """What this process does to files and folders, counted; it kills itself before the one that is asked for.

    A step is an open to write, a cut, fsync, rename, removal or new folder.
    """

    def __init__(self, last: int | None, disk: Disk | None) -> None:
        self.taken: list[str] = []
        self._last, self._disk, self._is_busy = last, disk, False

    def begin(self) -> None:
        """Count from here on."""
        if self._last is None and self._disk is None:
            return
        for name in ("fsync", "ftruncate", "mkdir", "rename", "replace", "rmdir", "unlink"):
            setattr(os, name, self._counted(getattr(os, name)))
        opened, counted = io.open, self._counted(io.open)

        def open_counted(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            return (opened if mode in {"r", "rb"} else counted)(file, mode, *arguments, **named)

        io.open = open_counted  # which `Path.open` calls

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            if self._is_busy:  # a part of a step, or of what records it
                return function(*arguments, **named)
            self._is_busy = True
            try:
                self._before(function.__name__)
                found = function(*arguments, **named)
                if self._disk is not None and function.__name__ == "fsync":
                    self._disk.brought(*arguments)
                return found
            finally:
                self._is_busy = False

        return call

    def _before(self, step: str) -> None:
        if len(self.taken) == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.taken.append(step)
        if self._disk is not None:
            self._disk.record()


if __name__ == "__main__":
    _serve()
