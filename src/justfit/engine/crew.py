"""Who trains cohorts beside this process: a crew of processes on this machine, or of a cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from justfit.engine.cohort_training import Rows
from justfit.engine.messages import Content


class Call(Protocol):
    """One task that a crew carries out."""

    def __iter__(self) -> Iterator[Content]:
        """The answers of `justfit.engine.remote.carried_out`, as they come; raises `WorkerLostError`."""

    def stop(self) -> None:
        """End it at once, from another thread."""


class Crew(Protocol):
    """Workers that train cohorts."""

    @property
    def slots(self) -> int:
        """Cohorts at a time; a cluster's change as its nodes come and go."""

    threads: int
    """Processors for each cohort."""
    fewest: int
    """Members that a cohort should have at least, where there are so many."""

    def call(self, task: bytes, on: Rows) -> Call:
        """Have a worker train; it is handed the rows once, however many tasks need them.

        Args:
            task: what to train, as `justfit.engine.remote` writes it.
            on: the rows.
        """


_AT_WORK: ContextVar[Crew | None] = ContextVar("crew", default=None)


@contextmanager
def at_work(crew: Crew) -> Iterator[None]:
    """Have what is trained within be trained by a crew; it changes no figure."""
    token = _AT_WORK.set(crew)
    try:
        yield
    finally:
        _AT_WORK.reset(token)


def crew_at_work() -> Crew | None:
    """The crew that trains now; None where this process does."""
    return _AT_WORK.get()
