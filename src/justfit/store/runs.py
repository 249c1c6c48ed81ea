"""`StoredRun`: a run's folder, written at once and checked when read."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from justfit.errors import StoreError
from justfit.spec import Epoch, History
from justfit.spec.checks import nearest
from justfit.store.files import broken, new_folder, read_json, require_format, told, write_json
from justfit.store.model import Model, write_model
from justfit.store.paths import RunPaths

FORMAT = 1
"""Of the history and the result."""

HISTORIES = ("validation", "final")
"""The training that chose the epoch, and the one on all training rows."""


@dataclass(frozen=True)
class StoredRun:
    """What a finished run left in its folder, but for the model, which `read_model` reads."""

    folder: Path
    spec: dict[str, Any]
    histories: dict[str, History]
    """By ``validation`` and ``final``."""
    result: dict[str, Any]


def run_folder(store: Path, name: str, run_id: str) -> Path:
    """Where in ``store`` the run of a data set belongs.

    >>> run_folder(Path("runs"), "imdb", "1f0a93bc77de").name
    'imdb-1f0a93bc77de'
    """
    return store / f"{name}-{run_id}"


def is_done(folder: Path) -> bool:
    """Whether ``folder`` holds a finished run."""
    try:
        return RunPaths(folder).result.is_file()
    except OSError:  # a name that no file can have, or a folder that may not be entered
        return False


def write_run(
    folder: Path,
    *,
    spec: Mapping[str, object],
    histories: Mapping[str, History],
    result: Mapping[str, object],
    model: Model,
) -> None:
    """Write a finished run: all of its folder appears at once, or nothing.

    Args:
        folder: of the run; it must not exist, or be empty.
        spec: from `justfit.spec.plain`.
        histories: by ``validation`` and ``final``.
        result: plain finite values; the key ``format`` is taken.
        model: as trained.

    Raises:
        StoreError: ``folder`` is not free, the disk is full or the folder may not be written.
    """
    with new_folder(folder) as partial:
        paths = RunPaths(partial)
        write_json(paths.spec, spec)
        write_json(paths.history, {"format": FORMAT, **{name: _rows(histories[name]) for name in HISTORIES}})
        write_model(model, partial)
        write_json(paths.result, {"format": FORMAT, **result})


def read_run(folder: Path) -> StoredRun:
    """The finished run in ``folder``.

    Raises:
        StoreError: there is none, or a file of it is missing, cut off, changed or too new.
    """
    paths = RunPaths(folder)
    if not is_done(folder):
        raise StoreError(f"{folder} holds no finished run, for {paths.result.name} is missing: run it again.")
    spec, history, result = read_json(paths.spec), read_json(paths.history), read_json(paths.result)
    require_format(paths.history, history, FORMAT)
    require_format(paths.result, result, FORMAT)
    try:
        histories = {name: _history(history[name]) for name in HISTORIES}
    except (KeyError, TypeError, ValueError) as error:
        raise broken(paths.history, f"no history of epochs ({type(error).__name__}: {error})") from error
    return StoredRun(folder, spec, histories, result)


def find_run(store: Path, reference: str) -> Path:
    """The folder of the finished run that ``reference`` means.

    It is a path, the name of a folder in ``store``, or the beginning of a name or an id there that
    only one run has.

    Raises:
        StoreError: no run is meant, or several; the nearest are named.
    """
    for folder in (Path(reference), store / reference):
        if reference and is_done(folder):
            return folder
    with told(store, "read"):
        names = sorted(folder.name for folder in store.iterdir() if is_done(folder)) if store.is_dir() else []
    meant = [
        name
        for name in names
        if reference and reference in (name[: len(reference)], name.rpartition("-")[2][: len(reference)])
    ]
    if len(meant) == 1:
        return store / meant[0]
    if meant:
        raise StoreError(f'"{reference}" may mean {_few(meant)} in {store}: give more of the id.')
    known = f"Known are {_few(names)}." if names else "There are no runs yet."
    raise StoreError(
        f'No finished run "{reference}" at that path or in {store}. {known}{nearest(reference, names)}'
    )


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _rows(history: History) -> list[dict[str, object]]:
    """One object an epoch. JSON has no infinities, so a diverged loss is written as text."""
    return [{key: _plain(value) for key, value in dataclasses.asdict(epoch).items()} for epoch in history]


def _plain(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else str(value)


def _history(rows: object) -> History:
    if not isinstance(rows, list):
        raise TypeError("expected a list of epochs")
    return tuple(_epoch(number, row) for number, row in enumerate(rows, start=1))


_OPTIONAL = ("val_loss", "val_data_loss", "val_metric", "fit_loss", "fit_metric")


def _epoch(number: int, row: Any) -> Epoch:
    keys = [field.name for field in dataclasses.fields(Epoch)]
    if not isinstance(row, dict) or set(row) != set(keys) or row["epoch"] != number:
        raise ValueError(
            f"epoch {number}: expected an object with epoch {number} and the keys {', '.join(keys)}"
        )
    numbers = {key: _number(number, key, row[key]) for key in keys[1:]}
    return Epoch(epoch=number, **numbers)


def _number(epoch: int, key: str, value: object) -> Any:
    if value is None and key in _OPTIONAL:
        return None
    if value in ("nan", "inf", "-inf") or (isinstance(value, int | float) and not isinstance(value, bool)):
        return float(value)
    raise ValueError(f"epoch {epoch}, key {key}: expected a number, got {value!r}")
