"""`StoredRun`: one trained run, kept the moment it ended and checked when read."""

import dataclasses
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from justfit.spec import Diverged, Done, Epoch, History, Outcome, Run, digest, plain
from justfit.store.files import broken, make_folders, told
from justfit.store.paths import run_path, runs_folder
from justfit.store.records import read_record, write_record
from justfit.words import number

FORMAT = 2
"""Of a run's file."""


@dataclass(frozen=True, repr=False)
class StoredRun:
    """What training one run left."""

    id: str
    spec: dict[str, Any]
    """As `justfit.spec.plain` gives it."""
    history: History
    outcome: Outcome
    updates: int
    """Optimizer steps taken."""

    @property
    def seconds(self) -> float:
        """Wall time of its epochs; others were trained in the same cohort meanwhile."""
        return sum(epoch.seconds for epoch in self.history)

    @property
    def fits(self) -> bool:
        """Whether training rows were measured like validation rows, too."""
        return bool(self.history) and self.history[0].fit_loss is not None

    @property
    def is_leaked(self) -> bool:
        """Whether test rows validated it, so that its figures of them are no figures of rows not seen."""
        return bool(self.spec["protocol"]["name"] == "test_rows")

    def __repr__(self) -> str:
        told = [f"{len(self.history)} epochs, split {self.spec['split']}, seed {self.spec['seed']}"]
        if isinstance(self.outcome, Diverged):
            told.append(f"diverged in epoch {self.outcome.epoch}")
        losses = [(e.val_data_loss, e.epoch) for e in self.history if e.val_data_loss is not None]
        if finite := [(loss, epoch) for loss, epoch in losses if math.isfinite(loss)]:
            loss, epoch = min(finite)
            mark = " LEAKED" if self.is_leaked else ""
            told.append(f"lowest validation loss {number(loss)}{mark} in epoch {epoch}")
        return f"<run {self.id} on {self.spec['data']}: {', '.join(told)}>"


def write_run(store: Path, run: Run, history: History, outcome: Outcome, updates: int) -> None:
    """Keep a run that has ended, whole or not at all; one that was kept before is replaced.

    Raises:
        StoreError: the disk is full or the folder may not be written.
    """
    path = run_path(store, run.id)
    make_folders(path.parent)
    content = {
        "spec": plain(run),
        "outcome": {"diverged": outcome.epoch if isinstance(outcome, Diverged) else None},
        "updates": updates,
        "history": [_row(epoch) for epoch in history],
    }
    write_record(path, FORMAT, content)


def has_run(store: Path, run_id: str) -> bool:
    """Whether a run has been trained; raises `StoreError` for what is no id."""
    return run_path(store, run_id).is_file()


def trained_runs(store: Path) -> frozenset[str]:
    """The ids of all trained runs of a store, by one look at the folder; none where there is no store.

    Raises:
        StoreError: the folder cannot be read.
    """
    folder = runs_folder(store)
    if not folder.is_dir():
        return frozenset()
    with told(folder, "read"), os.scandir(folder) as entries:
        return frozenset(entry.name[:12] for entry in entries if _FILE.fullmatch(entry.name))


_FILE = re.compile(r"[0-9a-f]{12}\.json", re.ASCII)


def read_run(store: Path, run_id: str) -> StoredRun:
    """A trained run.

    Raises:
        StoreError: there is none, it is of another spec, or its file is cut off, changed or too new.
    """
    path = run_path(store, run_id)
    content = read_record(path, FORMAT)
    try:
        return _stored_run(run_id, content)
    except ValueError as error:
        raise broken(path, f"not a trained run ({error})") from error


_KEYS = ("spec", "outcome", "updates", "history")


def _stored_run(run_id: str, content: dict[str, Any]) -> StoredRun:
    if set(content) != set(_KEYS):
        raise ValueError(f"expected the keys {', '.join(_KEYS)}")
    spec, rows = content["spec"], content["history"]
    if not isinstance(spec, dict) or digest(spec)[: len(run_id)] != run_id:
        raise ValueError(f"key spec: expected that of run {run_id}")
    if not isinstance(rows, list):
        raise ValueError("key history: expected a list of epochs")  # noqa: TRY004 - not the caller's fault
    history = tuple(_epoch(number, row) for number, row in enumerate(rows, start=1))
    return StoredRun(
        run_id, spec, history, _outcome(content["outcome"]), _count("updates", content["updates"], 0)
    )


def _outcome(value: object) -> Outcome:
    if not isinstance(value, dict) or set(value) != {"diverged"}:
        raise ValueError("key outcome: expected an object with the key diverged")
    epoch = value["diverged"]
    return Done() if epoch is None else Diverged(_count("diverged", epoch, 1))


def _count(key: str, value: object, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise ValueError(f"key {key}: expected a whole number from {low}, got {value!r}")
    return value


def _row(epoch: Epoch) -> dict[str, object]:
    """JSON has no infinities, so a diverged loss is written as text."""
    return {key: _plain(value) for key, value in vars(epoch).items()}


def _plain(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else str(value)


_FIELDS = tuple(field.name for field in dataclasses.fields(Epoch))
_FIGURES, _KNOWN = _FIELDS[1:], frozenset(_FIELDS)
_OPTIONAL = ("val_loss", "val_data_loss", "val_metric", "fit_loss", "fit_metric")
_MEASURED = tuple(name for name in _FIGURES if name not in _OPTIONAL)
_USUAL = {float, type(None)}


def _epoch(number: int, row: Any) -> Epoch:
    if not isinstance(row, dict) or row.keys() != _KNOWN or row["epoch"] != number:
        raise ValueError(
            f"epoch {number}: expected an object with epoch {number} and the keys {', '.join(_FIELDS)}"
        )
    figures = [row[key] for key in _FIGURES]
    # A store has millions of them: the usual ones are seen to be right in one go.
    if not _USUAL.issuperset(map(type, figures)) or None in [row[key] for key in _MEASURED]:
        figures = [_number(number, *figure) for figure in zip(_FIGURES, figures, strict=True)]
    return Epoch(number, *figures)


def _number(epoch: int, key: str, value: object) -> Any:
    if type(value) is float or (value is None and key in _OPTIONAL):
        return value
    if value in ("nan", "inf", "-inf") or (isinstance(value, int | float) and not isinstance(value, bool)):
        return float(value)
    raise ValueError(f"epoch {epoch}, key {key}: expected a number, got {value!r}")
