"""`read_live`: what the log of a running study tells, read on from where it was read before."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from justfit.errors import StoreError
from justfit.store.files import told
from justfit.store.folders import is_done
from justfit.store.live import FIGURES, FORMAT, RunKey
from justfit.store.lock import Holder
from justfit.store.paths import StudyPaths

SILENCE = 600.0
"""Seconds without a line after which a process on another machine, which cannot be seen, counts as dead."""

_CHUNK = 16 * 2**20
"""Bytes that are read at once."""


@dataclass(frozen=True)
class LiveNetwork:
    """A network of a stage that is planned."""

    number: int
    """From 1, in the order of the stages."""
    name: str
    parameters: int
    epochs: int
    """That each of its runs may have."""
    runs: int
    missing: int
    """Of its runs, that the store lacked when the stage was planned; the others are read from there."""


@dataclass
class LiveStage:
    """A stage, planned or done."""

    name: str
    networks: tuple[LiveNetwork, ...]
    is_done: bool = False
    choice: Mapping[str, str] | None = None
    """``name`` of the network taken and the ``reason``; None before, and where there is none."""
    left: dict[int, int] = field(default_factory=dict)
    """Numbers of networks that left early, and after which epoch."""


LiveEpoch = tuple[int, Mapping[str, float | None]]
"""Number of the epoch, from 1, and its figures as `justfit.spec.Epoch` names them; None for infinities."""


@dataclass
class Live:
    """How a study goes on, as of the last line read."""

    state: str = "none"
    """``running``, ``ended``, ``failed``, ``stopped``, ``dead`` (its process went) or ``none`` (no log)."""
    error: str | None = None
    """Why it failed, a sentence."""
    holder: Holder | None = None
    """The process that writes the log."""
    is_search: bool = False
    """Whether it is an automatic search, which goes on as a study of its own."""
    planned: tuple[str, ...] = ()
    """Names of all stages that are foreseen."""
    stages: list[LiveStage] = field(default_factory=list)
    """Those whose networks are known."""
    stage: str | None = None
    """The name of the stage that trains; ``final`` for the networks that are tested."""
    epochs: dict[RunKey, list[LiveEpoch]] = field(default_factory=dict)
    """Trained by this process, by network's number, split and seed; final runs have the split 0. What was
    stored before is not here."""
    fresh: dict[RunKey, int] = field(default_factory=dict)
    """How many of a run's epochs came with the last reading."""
    ended: dict[RunKey, str] = field(default_factory=dict)
    """Runs that have ended: ``done``, ``diverged``, or why they failed."""
    runs: int = 0
    """That have ended, of ``all_runs``."""
    all_runs: int = 0
    progress: float | None = None
    """Share of the work that is done, from 0 to 1."""
    seconds_left: float | None = None
    seconds: float = 0.0
    """Since the log was begun, at its last line."""
    decisions: list[str] = field(default_factory=list)
    """Sentences on halvings, and on the steps of a search."""
    chosen: Mapping[str, Any] | None = None
    """``number``, ``name``, ``epochs`` and ``reason`` of the network that is trained anew and tested."""
    offset: int = 0
    """Bytes of the log that are read."""
    lines: int = 0
    file: tuple[int, int] | None = None
    """Which file they are of, as the log is begun anew by each process."""


def read_live(folder: Path, since: Live | None = None) -> Live:
    """How a study goes on; only lines are read that came after ``since``.

    Args:
        folder: the study's.
        since: what was read before, which is brought up to date and returned; where the log was begun anew,
            another one is.

    Raises:
        StoreError: the log cannot be read, or a line of it is broken; without the log only the live view is
            missing.
    """
    path = StudyPaths(folder).live
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return Live()
    with told(path, "read"), file:
        status = os.fstat(file.fileno())
        identity = (status.st_dev, status.st_ino)
        live = (
            since
            if since is not None and since.file == identity and since.offset <= status.st_size
            else Live()
        )
        live.file, live.fresh = identity, {}
        file.seek(live.offset)
        # No more is asked for than there is: Python takes memory for all that it is asked for.
        while chunk := file.read(max(0, min(_CHUNK, status.st_size - live.offset))):
            # A last line without its end is being written, or was when its writer died.
            whole = chunk.rpartition(b"\n")[0]
            if not whole and b"\n" not in chunk:
                break
            for line in whole.split(b"\n"):
                live.lines += 1
                _take(live, path, line)
            live.offset += len(whole) + 1
            file.seek(live.offset)
    _judge(live, folder, time.time() - status.st_mtime)
    return live


def _judge(live: Live, folder: Path, silence: float) -> None:
    """Whether a study that has not said that it ended still goes on."""
    if live.state not in ("none", "running", "dead"):
        return
    alive = live.holder is not None and live.holder.is_alive
    if alive is None:
        alive = silence < SILENCE
    if live.holder is not None:
        live.state = "running" if alive else "ended" if is_done(folder) else "dead"


def _take(live: Live, path: Path, line: bytes) -> None:
    """Note what a line tells."""
    try:
        values = json.loads(line)
        _TAKES[values["what"]](live, values)
        live.seconds = float(values.get("seconds", live.seconds))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise StoreError(
            f"{path}, line {live.lines}, is no line of a live log ({type(error).__name__}: {error}): it was "
            "changed. Remove the file; only the live view depends on it."
        ) from error


def _begun(live: Live, values: dict[str, Any]) -> None:
    holder = Holder.of({key: values[key] for key in ("process", "machine", "started", "process_start")})
    if holder is None or values["format"] != FORMAT or live.lines > 1:
        raise ValueError(f"expected one process and the format {FORMAT}, in the first line only")
    live.holder, live.state = holder, "running"


def _planned(live: Live, values: dict[str, Any]) -> None:
    live.planned = tuple(str(name) for name in values["stages"])
    live.is_search = bool(values["search"])


def _stage(live: Live, values: dict[str, Any]) -> None:
    networks = tuple(LiveNetwork(**network) for network in values["networks"])
    live.stages.append(LiveStage(str(values["name"]), networks))
    waiting = [stage for stage in live.stages if not stage.is_done]
    live.stage = waiting[0].name


def _epochs(live: Live, values: dict[str, Any]) -> None:
    for key, rows in values["epochs"].items():
        run = _run(key)
        live.epochs.setdefault(run, []).extend(_epoch(row) for row in rows)
        live.fresh[run] = live.fresh.get(run, 0) + len(rows)
    live.ended |= {_run(key): str(outcome) for key, outcome in values["ended"].items()}
    live.runs, live.all_runs = int(values.get("runs", live.runs)), int(values.get("all_runs", live.all_runs))
    live.progress = _number(values.get("share", live.progress))
    live.seconds_left = _number(values.get("left", live.seconds_left))


def _epoch(row: list[float | None]) -> LiveEpoch:
    number, *figures = row
    if type(number) is not int or len(figures) not in (3, 6, 8):
        raise ValueError("an epoch is its number and 3, 6 or 8 figures")
    shown = {name: _number(value) for name, value in zip(FIGURES, figures, strict=False)}
    return number, shown


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _run(key: str) -> RunKey:
    network, split, seed = (int(part) for part in key.split(":"))
    return network, split, seed


def _stage_of(live: Live, values: dict[str, Any]) -> LiveStage:
    return {stage.name: stage for stage in live.stages}[values["stage"]]


def _halved(live: Live, values: dict[str, Any]) -> None:
    stage = _stage_of(live, values)
    stage.left |= {int(number): int(values["epoch"]) for number in values["left"]}
    live.decisions.append(f"{stage.name}: {values['sentence']}")


def _decided(live: Live, values: dict[str, Any]) -> None:
    live.decisions.append(f"{values['step']}: {values['sentence']}")


def _stage_done(live: Live, values: dict[str, Any]) -> None:
    stage = _stage_of(live, values)
    stage.is_done, stage.choice = True, values["choice"]
    waiting = [stage for stage in live.stages if not stage.is_done]
    live.stage = waiting[0].name if waiting else live.stage


def _chosen(live: Live, values: dict[str, Any]) -> None:
    live.chosen = {key: values[key] for key in ("number", "name", "epochs", "reason")}
    live.stage = "final"


def _tested(live: Live, _: dict[str, Any]) -> None:
    live.stage = None


def _ended(live: Live, values: dict[str, Any]) -> None:
    if values["state"] not in ("ended", "failed", "stopped"):
        raise ValueError("expected the state ended, failed or stopped")
    live.state, live.error = values["state"], values["error"]
    live.stage, live.seconds_left = None, None
    live.progress = 1.0 if live.state == "ended" else live.progress


_TAKES = {
    "begun": _begun,
    "planned": _planned,
    "stage": _stage,
    "epochs": _epochs,
    "halved": _halved,
    "decided": _decided,
    "stage_done": _stage_done,
    "chosen": _chosen,
    "tested": _tested,
    "ended": _ended,
}
