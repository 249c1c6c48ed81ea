"""What runs on a Ray cluster: tasks that train a cohort each, and who reads their answers."""

import gc
import threading
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import Any

import ray

from justfit.engine.messages import Array
from justfit.engine.remote import carried_out, refusal, rows_of

HERE = version("justfit")
"""Which justfit this process has."""

_ANSWERS = 256
"""That are handed over at once, at most."""


class Stream:
    """The answers of a task, as a process of the cluster reads them.

    Args:
        task: what to train, as `justfit.engine.remote` writes it.
        rows: a reference to what `justfit.engine.remote.rows_message` gives.
        threads: processors for it.
    """

    def __init__(self, task: bytes, rows: Any, threads: int) -> None:
        # It begins again from a later state than Ray would begin with.
        asked = _TASK.options(num_cpus=threads, num_returns="streaming", max_retries=0)
        self._references = asked.remote(HERE, task, rows)

    def answers(self) -> list[bytes]:
        """Those that have come since, at least one; none at the end."""
        answers: list[bytes] = []
        for reference in self._references:
            answers.append(ray.get(reference))
            if len(answers) == _ANSWERS or not self._references.next_ready():
                break
        return answers

    def end(self) -> None:
        """End the task, and its process where it runs."""
        ray.cancel(self._references, force=True)


class Relayed:
    """As `Stream`, for a process that is no node: to that one Ray hands over nothing before a task ends.

    Args:
        relay: who reads the answers on the cluster.
        task: as `Stream`.
        rows: likewise.
        threads: likewise.
    """

    def __init__(self, relay: Any, task: bytes, rows: Any, threads: int) -> None:
        self._relay = relay
        # In a list a reference stays one.
        self._number = ray.get(relay.begin.remote(task, [rows], threads))

    def answers(self) -> list[bytes]:
        """As `Stream`."""
        found: list[bytes] = ray.get(self._relay.answers.remote(self._number))
        return found

    def end(self) -> None:
        """As `Stream`."""
        self._relay.end.remote(self._number)


class _Relay:
    """Streams by their numbers."""

    def __init__(self) -> None:
        self._streams: dict[int, Stream] = {}
        self._begun = 0
        self._lock = threading.Lock()

    def begin(self, task: bytes, rows: list[Any], threads: int) -> int:
        """Begin a task, and give its number."""
        stream = Stream(task, rows[0], threads)
        with self._lock:
            self._begun += 1
            self._streams[self._begun] = stream
            return self._begun

    def answers(self, number: int) -> list[bytes]:
        """Of a task."""
        return self._streams[number].answers()

    def end(self, number: int) -> None:
        """End a task, if it has not."""
        if (stream := self._streams.pop(number, None)) is not None:
            stream.end()


def _train(asked: str, task: bytes, rows: tuple[dict[str, Any], dict[str, Array]]) -> Iterator[bytes]:
    """Carry a task out; a node may have come later than the others were asked which justfit they have."""
    _freeze()
    if asked != HERE:
        yield refusal(f"A node of the Ray cluster {other(asked, HERE)}")
    else:
        yield from carried_out(task, rows_of(*rows))


@cache
def _freeze() -> None:
    """Have collections pass over all that Ray has imported, which takes one as long as 3% of a cohort."""
    gc.freeze()


def _version() -> str:
    """Which justfit a node has."""
    return HERE


def other(asked: str, found: str) -> str:
    """That a node has another justfit, and what to do."""
    return (
        f"has justfit {found}, and {asked} was expected, so figures could differ. Install that one there: "
        f"pip install 'justfit[ray]=={asked}'."
    )


# Ray's own types leave out generators and some of its options.
_TASK: Any = ray.remote(_train)
RELAY: Any = ray.remote(_Relay)
VERSION: Any = ray.remote(_version)
