"""Predictions of stored models: few at a time, and not for longer than somebody waits."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from justfit.data.files import Frame, read_batches
from justfit.data.rows import Rows
from justfit.errors import DataError, StoreError
from justfit.store import (
    Model,
    StudyPaths,
    answers,
    is_done,
    load,
    network_outputs,
    predictions,
    prepared_rows,
    read_study,
    strongest_effects,
    write_predictions,
)
from justfit.web.requests import Refused
from justfit.web.spreadsheet import harmless
from justfit.web.state import Kept, State

MOST_ROWS = 10_000
SECONDS, FILE_SECONDS = 30.0, 300.0
"""For rows of a request, and for a file."""

AT_ONCE, MOST_WAITING = 2, 16
"""Questions that are answered at a time, and that wait until then; more are told to come again."""

_KEPT_BYTES = 2**30
"""Of kernels that are kept in memory; the last model is kept whatever it has."""

_PART, _EXPLAINED = 2_048, 64
"""Rows that are asked for at a time, and that are explained: between them the time is looked at."""

_MOVED = 10
"""Words or columns that are told of a row."""

Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class Asked:
    """A model that is asked."""

    study: str
    network: str
    """Its name in the study."""
    model: Model


class Predicting:
    """The models of a store, loaded when they are first asked.

    Args:
        state: whose models.
        seconds: for rows of a request, and for a file.
    """

    def __init__(self, state: State, seconds: tuple[float, float] = (SECONDS, FILE_SECONDS)) -> None:
        self._state, self._seconds = state, seconds
        self._models: Kept[str, tuple[object, Asked]] = state.kept(_KEPT_BYTES)
        self._loading = threading.Lock()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def rows(self, study: str, rows: Sequence[Any], *, explain: bool) -> dict[str, Any]:
        """What the model of a study says of rows.

        Raises:
            Refused: there is no such study or model, too much is asked at once, or it takes too long.
            DataError: the rows are not of the kind that the model was trained on.
        """
        deadline = time.monotonic() + self._seconds[0]
        return await self._in_turn(lambda: _answer(self.model(study), rows, explain, deadline), 0)

    async def file(self, study: str, path: Path, out: Path) -> None:
        """Write the rows of a file with the answers' columns, as CSV that no spreadsheet obeys.

        Raises:
            Refused: as `rows`.
            DataError: the file cannot be read, or its rows are of another kind.
        """
        deadline = time.monotonic() + self._seconds[1]
        await self._in_turn(lambda: _write(self.model(study).model, path, out, deadline), 1)

    def model(self, study: str) -> Asked:
        """The model of a study.

        Raises:
            Refused: there is no such study, or it has no model yet.
            StoreError: a file of it is broken.
        """
        folder = self._folder(study)
        with self._loading:
            try:
                return self._loaded(folder)
            except (StoreError, FileNotFoundError):
                self._folder(study)  # refuses what was removed while it was read
                raise

    def _folder(self, study: str) -> Path:
        """The folder of a study that has a model; raises `Refused` as `model` does."""
        folder = self._state.folder(study)
        if folder is None:
            raise Refused(f'There is no study "{study[:100]}" in this store.', 404)
        if not is_done(folder) or not StudyPaths(folder).model.is_file():
            raise Refused(f"{study} has no model yet: a study has one when it is done.", 404)
        return folder

    def _loaded(self, folder: Path) -> Asked:
        """The model in a folder, which is read where it is not kept."""
        status = StudyPaths(folder).model.stat()
        written = (status.st_mtime_ns, status.st_ino)
        kept = self._models.get(folder.name)
        if kept is not None and kept[0] == written:
            return kept[1]
        model, result = load(folder), read_study(folder).result
        asked = Asked(folder.name, str(result["chosen"]) if result else "", model)
        size = sum(kernel.nbytes for kernel in model.kernels)
        self._models.put(folder.name, (written, asked), min(size, _KEPT_BYTES))
        return asked

    async def _in_turn(self, work: Callable[[], Found], kind: int) -> Found:
        """The result of work in a thread, of which there are few at the same time."""
        if self._waiting >= MOST_WAITING:
            raise _busy()
        self._waiting += 1
        try:
            try:
                async with asyncio.timeout(self._seconds[kind]):
                    await self._turns.acquire()
            except TimeoutError as error:
                raise _busy() from error
        finally:
            self._waiting -= 1
        # A thread cannot be stopped: the turn is its own until it ends, though nobody may wait any more.
        task = asyncio.ensure_future(asyncio.to_thread(work))
        task.add_done_callback(self._ended)
        try:
            async with asyncio.timeout(self._seconds[kind] + 1):
                return await asyncio.shield(task)
        except TimeoutError as error:
            raise _too_long() from error

    def _ended(self, task: "asyncio.Future[Any]") -> None:
        self._turns.release()
        if not task.cancelled():
            task.exception()  # whoever asked has it, or has left


def _busy() -> Refused:
    return Refused("Too many predictions are asked for at once: try again soon.", 503, {"Retry-After": "5"})


def _too_long() -> Refused:
    return Refused("The predictions take too long: ask for fewer rows at once.", 503)


def _require_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise _too_long()


def _answer(asked: Asked, given: Sequence[Any], explain: bool, deadline: float) -> dict[str, Any]:
    model = asked.model
    rows = _prepared(model, given)
    told: list[dict[str, Any]] = []
    size = _EXPLAINED if explain else _PART
    for start in range(0, len(rows), size):
        _require_time(deadline)
        told += _told(model, rows.take(np.arange(start, min(start + size, len(rows)))), explain)
    return {
        "study": asked.study,
        "network": asked.network,
        "classes": list(model.classes) or None,
        "notes": list(model.notes),
        "predictions": told,
    }


def _told(model: Model, rows: Rows, explain: bool) -> list[dict[str, Any]]:
    outputs = network_outputs(model, rows)
    found = answers(model, outputs)
    shares: list[Any] = found.probabilities().tolist() if found.classes else [None] * len(rows)
    wanted = outputs.argmax(axis=1) if found.labels is None else found.labels
    moved: list[Any] = [None] * len(rows)
    if explain:
        moved = [
            [{"name": effect.name, "toward": effect.toward} for effect in row]
            for row in strongest_effects(model, rows, wanted.astype(np.int64), _MOVED)
        ]
    named = None if found.labels is None else [found.classes[label] for label in found.labels.tolist()]
    values = None if found.classes else found.outputs[:, 0].tolist()
    several = named is None and values is None
    return [
        {
            "class": named[place] if named else None,
            # Of several labels a row, all that are more probable than not.
            "classes": [name for name, share in zip(found.classes, shares[place], strict=True) if share > 0.5]
            if several
            else None,
            "probabilities": shares[place],
            "value": values[place] if values else None,
            "moved": moved[place],
        }
        for place in range(len(rows))
    ]


def _prepared(model: Model, rows: Sequence[Any]) -> Rows:
    """Rows of a request as the network takes them; raises `DataError` where they cannot be."""
    if all(isinstance(row, list) for row in rows):
        if len({len(row) for row in rows}) > 1:
            raise DataError("The rows have different numbers of columns: give each as many.")
        return prepared_rows(model, np.array(rows, np.float64))
    if all(isinstance(row, Mapping) for row in rows):
        names = list(dict.fromkeys(name for row in rows for name in row))
        return prepared_rows(model, {name: [row.get(name) for row in rows] for name in names})
    return prepared_rows(model, list(rows))


def rows_in(values: Mapping[str, Any]) -> list[Any]:
    """The rows of a request, under ``rows``, or one of them under ``row``.

    Raises:
        Refused: there are none, too many, of different kinds, or with other values than texts and numbers.
    """
    if ("rows" in values) == ("row" in values):
        raise Refused("Give rows, a list, or one row.")
    rows = [values["row"]] if "row" in values else values["rows"]
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_ROWS:
        raise Refused(f"rows must be a list of 1 to {MOST_ROWS:,} rows.")
    kinds = {type(row) for row in rows}
    if len(kinds) > 1 or not kinds <= {str, dict, list}:
        raise Refused("Each row must be a text, an object of columns, or a list of numbers, and all alike.")
    for number, row in enumerate(rows, start=1):
        _require_cells(row, number)
    return rows


_LARGEST = 1.7e308


def _require_cells(row: Any, number: int) -> None:
    if isinstance(row, str):
        return
    is_object = isinstance(row, dict)
    if not row:
        raise Refused(f"Row {number} is empty.")
    for cell in row.values() if is_object else row:
        is_number = isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) <= _LARGEST
        if not is_number and not (is_object and (cell is None or isinstance(cell, str | bool))):
            may = "texts, numbers, true, false and null" if is_object else "numbers"
            raise Refused(f"Row {number} may have {may}, and has {str(cell)[:50]!r}.")


def _write(model: Model, path: Path, out: Path, deadline: float) -> None:
    def frames() -> Iterator[Frame]:
        shape = next((column.shape for column in model.columns if column.kind == "image"), None)
        for frame in read_batches(path, image_shape=shape):
            _require_time(deadline)
            yield frame

    # Whoever gets it may open it in a spreadsheet, though the rows, or the model's classes, are a stranger's.
    write_predictions((harmless(each.table) for each in predictions(model, frames())), out)
