"""What takes long is done by processes of its own: studies carried out, and data looked at."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from justfit.errors import StoreError
from justfit.store import study_folders
from justfit.store.live_view import read_live
from justfit.store.lock import holder_of, request_stop
from justfit.web.requests import Refused

MOST_TRAINING = 4
"""Studies that are carried out at the same time."""

_MOST_LOOKING = 2
_REMEMBERED = 50

LOOK_SECONDS = 300.0
# Windows sends a process that has no console of its own only the one that ends it.
if sys.platform == "win32":
    _GENTLY = _AT_ONCE = signal.SIGTERM
else:
    _GENTLY, _AT_ONCE = signal.SIGINT, signal.SIGKILL
_STOP_SECONDS = 10.0
"""In which a study ends when the server does."""

_LOG = 8_000
"""Bytes of what a process has printed last."""

_ERROR = "error: "
"""How the command line begins what went wrong."""

INTERRUPTED = 130
"""How a command ends that was stopped."""


@dataclass
class Job:
    """A study that is carried out, or was."""

    id: str
    study: str | None
    """The name of its folder; None as long as that is not known."""
    process: asyncio.subprocess.Process
    log: IO[bytes]
    """What it prints."""
    code: int | None = None
    """None while it runs."""
    error: str | None = None
    """Why it failed; None where it did not."""


class Jobs:
    """The processes of one server: they end with it.

    Args:
        store: the folder that holds the studies' folders.
        ended: called with the name of a study's folder when the process that carries it out has ended.
    """

    def __init__(self, store: Path, ended: Callable[[str], None] = lambda _: None) -> None:
        self._store = store.absolute()
        self._has_ended = ended
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._watching: set[asyncio.Task[None]] = set()
        self._looking = asyncio.Semaphore(_MOST_LOOKING)
        self._sets: list[dict[str, str]] | None = None

    async def run(self, arguments: Sequence[str], study: str | None = None) -> Job:
        """Begin to carry out a study by ``justfit run`` with these arguments.

        Raises:
            Refused: the study is carried out already, or too many are.
        """
        running = [job for job in self._jobs.values() if job.code is None]
        if study is not None and any(job.study == study for job in running):
            raise Refused(f"{study} is being carried out already.", 409)
        if len(running) >= MOST_TRAINING:
            raise Refused(f"{MOST_TRAINING} studies are carried out already: wait for one, or stop it.", 503)
        log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process writes to it
        try:
            process = await _started(["run", *arguments, f"--store={self._store}"], log)
        except Refused:
            log.close()
            raise
        job = Job(secrets.token_hex(8), study, process, log)
        self._jobs[job.id] = job
        while len(self._jobs) > _REMEMBERED:
            ended = next((key for key, each in self._jobs.items() if each.code is not None), None)
            if ended is None:
                break
            del self._jobs[ended]
        task = asyncio.create_task(self._watched(job))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)
        return job

    def find(self, job_id: str) -> Job:
        """The job of an id; raises `Refused` where there is none."""
        if job_id not in self._jobs:
            raise Refused(f'Nothing was started here as "{job_id[:50]}".', 404)
        return self._jobs[job_id]

    def study_of(self, job: Job) -> str | None:
        """The name of the folder of the study that a job carries out; None as long as there is none.

        Raises:
            StoreError: the store cannot be read.
        """
        folders = study_folders(self._store)
        # A search goes on as a study of its own.
        if job.study not in [folder.name for folder in folders]:
            for folder in folders:
                holder = holder_of(folder) or read_live(folder).holder
                if holder is not None and holder.process == job.process.pid:
                    job.study = folder.name
        return job.study

    def runs(self, study: str) -> bool:
        """Whether a process of this server carries a study out, or is just about to."""
        return any(job.study == study and job.code is None for job in self._jobs.values())

    @property
    def errors(self) -> dict[str, str]:
        """Why studies failed that were started here, by the folder's name; the last word on each counts."""
        last = {job.study: job for job in self._jobs.values() if job.study}
        return {study: job.error for study, job in last.items() if study and job.error}

    async def data_sets(self) -> list[dict[str, str]]:
        """The data sets that are known by name, those that need no download first."""
        if self._sets is None:
            found = (await self.asked(["data", "--json"]))["sets"]
            found.sort(key=lambda each: not each["needs"].startswith("nothing"))
            told = {"name": "name", "sentence": "about", "needs": "needs"}
            self._sets = [{key: each[name] for key, name in told.items()} for each in found]
        return self._sets

    async def columns(self, path: Path) -> list[str]:
        """The names of the columns of a file; raises `Refused` where it cannot be read."""
        names: list[str] = (await self.asked(["data", "audit", str(path), "--json"]))["targets"]
        return names

    async def asked(self, arguments: Sequence[str], seconds: float = LOOK_SECONDS) -> Any:
        """What another command prints as JSON.

        Raises:
            Refused: it fails, and then with its own sentence, or takes too long.
        """
        printed = await self.printed([*arguments], seconds)
        try:
            return json.loads(printed)
        except ValueError as error:
            raise Refused("The answer of another process cannot be read.", 503) from error

    async def printed(self, arguments: Sequence[str], seconds: float = LOOK_SECONDS) -> bytes:
        """What a command of justfit prints, or where the first argument is ``-c`` a line of Python.

        Raises:
            Refused: as `asked`.
        """
        async with self._looking:
            process = await _started(arguments)
            try:
                async with asyncio.timeout(seconds):
                    printed, said = await process.communicate()
            except TimeoutError as error:
                raise Refused("That took too long, and was given up.", 503) from error
            finally:
                await _ended(process, _AT_ONCE)
        if process.returncode:
            raise Refused(_sentence(said) or "That failed.")
        return printed

    async def close(self) -> None:
        """End all processes: runs that have ended are kept, and studies can be resumed."""
        running = [job for job in self._jobs.values() if job.code is None]
        for job in running:
            if (study := self.study_of(job)) is not None:
                with contextlib.suppress(StoreError):
                    request_stop(self._store / study)
        await asyncio.gather(*(_ended(job.process, _GENTLY) for job in running))
        for task in list(self._watching):
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)

    async def _watched(self, job: Job) -> None:
        """Wait until a process ends, and find out why."""
        job.code = await job.process.wait()
        with job.log as log:
            if job.code not in (0, INTERRUPTED):
                log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG))
                job.error = _sentence(log.read()) or f"It ended with the code {job.code}."
        if job.study is not None:
            self._has_ended(job.study)


async def _started(arguments: Sequence[str], out: IO[bytes] | None = None) -> asyncio.subprocess.Process:
    """A process of its own session, so that Ctrl-C reaches it through the server alone.

    Args:
        arguments: of justfit, or of Python where the first one is ``-c``.
        out: where all that it prints goes; by default it is for whoever waits for its end.
    """
    begin = [sys.executable] if arguments[0] == "-c" else [sys.executable, "-m", "justfit"]
    try:
        return await asyncio.create_subprocess_exec(
            *begin,
            *arguments,
            stdin=subprocess.DEVNULL,
            stdout=out or subprocess.PIPE,
            stderr=out or subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise Refused(f"No process can be started ({error}).", 503) from error


def _sentence(printed: bytes) -> str:
    r"""The errors in what a command has printed; its last line where there is none.

    >>> _sentence(b"wine: 3 networks\nerror: The disk is full.\n")
    'The disk is full.'
    """
    lines = [line.strip() for line in printed.decode(errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix(_ERROR) for line in lines if line.startswith(_ERROR)]
    return " ".join(errors or lines[-1:])[:_LOG]


async def _ended(process: asyncio.subprocess.Process, by: signal.Signals) -> None:
    """Have a process end, in time."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(by)
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
