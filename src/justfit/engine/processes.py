"""`ProcessCrew`: processes of this machine that train cohorts."""

import queue
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from justfit.data.mapped import temporary_folder
from justfit.engine.cohort import Labelled
from justfit.engine.cohort_training import Rows
from justfit.engine.crew import at_work
from justfit.engine.messages import Content, parts_of
from justfit.engine.remote import rows_message
from justfit.engine.worker import END, NEW_ROWS, received, send
from justfit.errors import EngineError, WorkerLostError
from justfit.machine import MOST_THREADS, available_threads
from justfit.spec.checks import require_integer

_MAIN = "import sys; from justfit.engine.worker import main; main(int(sys.argv[1]))"


@contextmanager
def workers(count: int, *, threads: int | None = None) -> Iterator["ProcessCrew"]:
    """Have what is trained within be trained by ``count`` processes, which share the processors.

    It changes no figure. There are no more processes than processors.

    Args:
        count: how many, from 1.
        threads: processors that they share, by default all.

    Raises:
        SpecError: a number that cannot be.
        EngineError: this system cannot hand open files to another process.
    """
    threads = available_threads() if threads is None else require_integer("threads", threads, 1, MOST_THREADS)
    with ProcessCrew(require_integer("workers", count, 1, MOST_THREADS), threads) as crew, at_work(crew):
        yield crew


class ProcessCrew:
    """Processes that train cohorts, each its share of the processors; it is a context manager.

    Rows are written once to a file without a name, which all of them map, so they share its memory. A
    process that is lost is replaced. When this process ends, however it ends, so do they.

    Args:
        workers: how many processes; there are no more than ``threads``.
        threads: processors that they share.

    Raises:
        EngineError: this system cannot hand open files to another process.
    """

    def __init__(self, workers: int, threads: int) -> None:
        if not hasattr(socket, "send_fds"):
            raise EngineError(
                "Processes share rows by handing over open files, which this system cannot do: leave the "
                "workers out, and threads use all processors."
            )
        self.slots = min(workers, threads)
        self.threads = max(1, threads // self.slots)
        self.fewest = 1
        self._free: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        for _ in range(self.slots):
            self._free.put(None)  # started when it is needed
        self._files: weakref.WeakKeyDictionary[Labelled, _RowsFile] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in range(self.slots):
            worker = self._free.get()
            if worker is not None:
                worker.end()

    def call(self, task: bytes, on: Rows) -> "_Call":
        """As `justfit.engine.crew.Crew` has it."""
        with self._lock:
            if on.train not in self._files:
                self._files[on.train] = _RowsFile(on)
            file = self._files[on.train]
        return _Call(self._free, task, file)


class _Call:
    """A task, and the process that carries it out."""

    def __init__(self, free: "queue.SimpleQueue[_Worker | None]", task: bytes, file: "_RowsFile") -> None:
        self._free, self._task, self._file = free, task, file
        self._worker: _Worker | None = None
        self._is_stopped = False

    def __iter__(self) -> Iterator[Content]:
        worker = self._free.get()
        try:
            if worker is None or not worker.is_there:
                worker = _Worker()
            self._worker = worker
            if not self._is_stopped:
                yield from worker.answers(self._task, self._file)
        except BaseException:
            # What it still has to say is of no use to anybody.
            if worker is not None:
                worker.end()
            worker = None
            raise
        finally:
            self._worker = None
            self._free.put(worker)

    def stop(self) -> None:
        """End it at once: the process goes, and another one takes its place."""
        self._is_stopped = True
        if (worker := self._worker) is not None:
            worker.kill()


class _Worker:
    """A process that trains one cohort after another."""

    def __init__(self) -> None:
        self._here, there = socket.socketpair()
        with there:
            self._process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-c", _MAIN, str(there.fileno())],
                pass_fds=[there.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._has: int | None = None
        """The number of the rows that it has."""

    @property
    def is_there(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def answers(self, task: bytes, file: "_RowsFile") -> Iterator[Content]:
        """What it answers to a task, until it says that this was all."""
        try:
            if self._has != file.number:
                send(self._here, NEW_ROWS)
                socket.send_fds(self._here, [b"f"], [file.fileno])
                self._has = file.number
            send(self._here, task)
            while (answer := received(self._here)) != END:
                yield answer
        except (OSError, EOFError) as error:
            code = self._process.wait()
            raise WorkerLostError(
                f"A worker process ended before its task did (exit status {code})."
            ) from error

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def end(self) -> None:
        """End it, and wait until it has."""
        self._here.close()
        self._process.kill()
        self._process.wait()


class _RowsFile:
    """Rows in a file without a name."""

    _numbers = iter(range(sys.maxsize))

    def __init__(self, on: Rows) -> None:
        self.number = next(self._numbers)
        folder = temporary_folder()
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with this object
            for part in parts_of(*rows_message(on)):
                self._file.write(part)
            self._file.flush()
        except OSError as error:
            raise EngineError(
                f"The rows cannot be shared with other processes, as {folder} cannot hold them: "
                f"{error.strerror or error}. Free some space there, or name another folder in TMPDIR."
            ) from error
        weakref.finalize(self, self._file.close)

    @property
    def fileno(self) -> int:
        """Its number in this process."""
        return self._file.fileno()
