"""A cohort that a worker trains: what is asked of it as a task, and what it answers.

A task holds all that it needs but the rows, so any worker can carry it out, and another one can where
the first was lost. Its answers are messages: events of members, and states to go on from.
"""

import dataclasses
import itertools
import logging
import time
from collections.abc import Collection, Generator, Iterator, Sequence
from typing import Any

import numpy as np

from justfit.data.rows import Bags, Dense
from justfit.data.rows import Rows as EngineRows
from justfit.engine.cohort import Labelled, Member
from justfit.engine.cohort_training import CohortTraining, Events, Rows, Spacing, Trained, TrainingEvent
from justfit.engine.crew import Call, Crew
from justfit.engine.messages import Array, Content, packed, unpacked
from justfit.engine.states import (
    CohortState,
    member_header,
    member_of,
    unpacked_state,
    weight_arrays,
    weights_of,
)
from justfit.errors import EngineError, WorkerLostError
from justfit.spec import Diverged, Done, Epoch, Failed

_LOG = logging.getLogger(__name__)

_KEPT = ("fit", "keep_best", "weights")
"""What of `Rows` is no rows: a worker may have those already."""

_ATTEMPTS = 5
"""How many workers a cohort may lose one after another without coming any further, before it is given up."""


class RemoteCohort:
    """One cohort that a crew trains; it does what `CohortTraining` does, for the same arguments.

    Args:
        members: what to train.
        on: the rows.
        crew: who trains.
        state: what to go on from, of the same members.
        dropped: places among the members of those that are not wanted any more.
    """

    def __init__(
        self,
        members: Sequence[Member],
        on: Rows,
        crew: Crew,
        *,
        state: CohortState | None = None,
        dropped: Collection[int] = (),
    ) -> None:
        self._members, self._on, self._crew = tuple(members), on, crew
        self._leaving: set[int] = set()
        self._left = set(dropped)
        self._state: Content | None = None if state is None else state.packed()
        self._places = list(range(len(members)))
        """Of the state's members among all."""
        self._told = [0] * len(members)
        """The last epoch that was told of each."""
        self._paused = 0
        """The epoch up to which all was told."""
        self._spacing = Spacing()
        self._call: Call | None = None
        self._refused: str | None = None
        """Why a worker cannot carry the task out, as no other one could."""
        self._is_over = False

    def __str__(self) -> str:
        return f"cohort by a worker: {len(self._left)} of {len(self._members)} members ended"

    def begin(self) -> None:
        """Nothing: a worker begins with the first epoch."""

    def leave(self, members: Collection[int]) -> None:
        """Have members at these places leave with the last epoch."""
        self._leaving |= set(members) - self._left

    def kept(self, seconds: float) -> None:
        """That the last state is kept, and how long that took."""
        self._spacing.kept(seconds)

    def stop(self) -> None:
        """End what is running."""
        self._is_over = True
        if self._call is not None:
            self._call.stop()

    def events(self, to: int | None) -> Iterator[Events | CohortState]:
        """As those of `CohortTraining`; what a worker that was lost has told is not told again."""
        lost = 0
        while not self._is_over and len(self._left) < len(self._members):
            places, before = tuple(self._places), self._state
            try:
                self._call = self._crew.call(self._task(to), self._on)
                for answer in self._call:
                    yield from self._heard(places, answer)
                if self._refused is not None:
                    raise EngineError(self._refused)
            except WorkerLostError as error:
                if self._is_over:
                    return
                lost = lost + 1 if self._state is before else 1
                if lost == _ATTEMPTS:
                    raise
                _LOG.warning("%s Another worker goes on from the last state.", error)
            else:
                self._paused = to or 0
                return

    def failed(self, reason: str) -> Events:
        """That the members still in training cannot go on."""
        self._is_over = True
        return [(at, Failed(reason)) for at in range(len(self._members)) if at not in self._left]

    def _task(self, to: int | None) -> bytes:
        arrays: dict[str, Array] = {}
        if self._state is not None:
            arrays["state"] = np.frombuffer(self._state, np.uint8)
        else:
            for at, member in enumerate(self._members):
                if not isinstance(member.weights, int):
                    arrays |= weight_arrays(f"weights.{at}", member.weights)
        header = {
            "members": [member_header(member) for member in self._members] if self._state is None else [],
            "dropped": [at for at, place in enumerate(self._places) if place in self._left],
            "leaving": [at for at, place in enumerate(self._places) if place in self._leaving - self._left],
            "threads": self._crew.threads,
            "told": self._paused,
            "to": to,
            "kept": {key: getattr(self._on, key) for key in _KEPT},
        }
        return packed(header, arrays)

    def _heard(self, places: Sequence[int], answer: Content) -> Iterator[Events | CohortState]:
        """What an answer tells that was not told yet; ``places`` are those of the task's members."""
        header, arrays = unpacked(answer)
        if "failed" in header:
            self._refused = str(header["failed"])
        elif "places" in header:
            self._state, self._places = answer, [places[at] for at in header["places"]]
            if self._spacing.is_due:
                yield unpacked_state(answer)
        else:
            yield list(self._untold(places, header["told"], arrays))

    def _untold(
        self, places: Sequence[int], told: list[dict[str, Any]], arrays: dict[str, Array]
    ) -> Iterator[tuple[int, TrainingEvent]]:
        for number, values in enumerate(told):
            place, event = places[values["at"]], _event(number, values, arrays)
            if isinstance(event, Epoch | Diverged):
                if event.epoch <= self._told[place]:
                    continue
                self._told[place] = event.epoch
            elif isinstance(event, Trained):
                self._left.add(place)
            yield place, event


def carried_out(task: Content, on: Rows) -> Generator[bytes, None, None]:
    """Train the cohort of a task; a worker's whole work.

    Yields:
        Its answers. Where it pauses, the last one is the state to go on from.
    """
    header, arrays = unpacked(task)
    try:
        state = unpacked_state(arrays["state"]) if "state" in arrays else None
        members = (
            [
                member_of(each, weights_of(f"weights.{at}", arrays))
                for at, each in enumerate(header["members"])
            ]
            if state is None
            else state.members
        )
        on = dataclasses.replace(on, **header["kept"])
        cohort = CohortTraining(
            members,
            on,
            header["threads"],
            state=state,
            dropped=header["dropped"],
            told=header["told"],
            keeps=True,
        )
        cohort.begin()
        cohort.leave(header["leaving"])
        for event in itertools.chain(cohort.events(header["to"]), cohort.paused()):
            start = time.perf_counter()
            if isinstance(event, CohortState):
                yield event.packed()
                cohort.kept(time.perf_counter() - start)
            else:
                yield _told(event)
    except EngineError as error:
        yield refusal(str(error))


def refusal(reason: str) -> bytes:
    """The answer that a task cannot be carried out, by any worker."""
    return packed({"failed": reason})


def _told(events: Events) -> bytes:
    """Events as a message, as `_event` reads them."""
    told, arrays = [], dict[str, Array]()
    for number, (at, event) in enumerate(events):
        told.append({"at": at, **_values(event)})
        if isinstance(event, Trained):
            arrays |= weight_arrays(f"{number}.weights", event.weights)
            arrays |= weight_arrays(f"{number}.best", event.best or ())
    return packed({"told": told}, arrays)


def _values(event: TrainingEvent) -> dict[str, Any]:
    match event:
        case Epoch():
            return {"epoch": dataclasses.astuple(event)}
        case Diverged(epoch):
            return {"diverged": epoch}
        case Failed(reason):
            return {"reason": reason}
    return {
        "history": [dataclasses.astuple(epoch) for epoch in event.history],
        "outcome": event.outcome.epoch if isinstance(event.outcome, Diverged) else None,
    }


def _event(number: int, values: dict[str, Any], arrays: dict[str, Array]) -> TrainingEvent:
    if "epoch" in values:
        return Epoch(*values["epoch"])
    if "diverged" in values:
        return Diverged(values["diverged"])
    if "reason" in values:
        return Failed(values["reason"])
    ended = values["outcome"]
    return Trained(
        tuple(Epoch(*epoch) for epoch in values["history"]),
        Done() if ended is None else Diverged(ended),
        weights_of(f"{number}.weights", arrays) or (),
        weights_of(f"{number}.best", arrays),
    )


def rows_message(on: Rows) -> tuple[dict[str, Any], dict[str, Array]]:
    """Header and arrays of the message that `rows_of` reads."""
    header: dict[str, Any] = {}
    arrays: dict[str, Array] = {}
    for name, part in (("train", on.train), ("validation", on.validation)):
        if part is None:
            continue
        header[name] = part.rows.columns
        given: dict[str, Array] = {"values": part.rows.values, "numbers": part.numbers}
        if isinstance(part.rows, Bags):
            given |= {"indptr": part.rows.indptr, "indices": part.rows.indices}
        if part.classes is not None:
            given["classes"] = part.classes
        if part.weights is not None:
            given["weights"] = part.weights
        arrays |= {f"{name}.{key}": array for key, array in given.items()}
    return header, arrays


def rows_of(header: dict[str, Any], arrays: dict[str, Array]) -> Rows:
    """The rows of a message; their arrays lie in it."""

    def part(name: str) -> Labelled | None:
        if name not in header:
            return None
        given = {key.partition(".")[2]: array for key, array in arrays.items() if key.startswith(f"{name}.")}
        rows: EngineRows = (
            Bags(given["indptr"], given["indices"], given["values"], header[name])
            if "indptr" in given
            else Dense(given["values"])
        )
        return Labelled(rows, given["numbers"], given.get("classes"), given.get("weights"))

    train = part("train")
    if train is None:
        raise EngineError("A message of rows has none that train.")
    return Rows(train, part("validation"))
