"""`ended`: a study's events gone through to their end, for Python code that waits for it."""

from collections.abc import Iterable

from justfit.store import StoredStudy
from justfit.watching import watching
from justfit.workflow.events import Event, Stored


def ended(events: Iterable[Event]) -> StoredStudy:
    """What is stored when a study's events have ended; on the way they are told to whoever watches."""
    study: StoredStudy | None = None
    with watching() as tell:
        for event in events:
            tell(event)
            if isinstance(event, Stored):
                study = event.study
    assert study is not None, "a study's events end with Stored"
    return study
