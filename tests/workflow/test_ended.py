"""Who watches is told all, and a study's log says that it came to its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import justfit
from justfit.errors import EngineError
from justfit.store import StoredStudy, read_live
from justfit.watching import watch_with
from justfit.workflow import EpochDone, Planned, Stored


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What was told to who watches, and in the end how it ended."""
    heard: list[Any] = []

    @contextmanager
    def watch() -> Iterator[Callable[[Any], None]]:
        try:
            yield heard.append
        except BaseException as error:
            heard.append(error)
            raise
        heard.append("ended")

    watch_with(watch)
    yield heard
    watch_with(None)


def carried_out(store: Path) -> StoredStudy:
    return justfit.run("wine", recipe=justfit.Recipe(epochs=2), store=store)


def test_every_event_is_told_from_the_plan_to_what_is_stored(told: list[Any], tmp_path: Path) -> None:
    study = carried_out(tmp_path)
    assert isinstance(told[0], Planned)
    assert isinstance(told[-2], Stored)
    assert told[-2].study == study
    assert told[-1] == "ended"
    assert sum(isinstance(event, EpochDone) for event in told) >= 3
    told.clear()
    assert carried_out(tmp_path) == study
    assert [type(event) for event in told] == [Stored, str]


def test_who_watches_hears_of_an_error(told: list[Any], tmp_path: Path) -> None:
    recipe = justfit.Recipe(optimizer=justfit.Sgd(learning_rate=1e30), epochs=2)
    with pytest.raises(EngineError, match="diverged"):
        justfit.run("wine", recipe=recipe, store=tmp_path)
    assert isinstance(told[0], Planned)
    assert isinstance(told[-1], EngineError)


def test_the_live_log_of_a_study_run_from_python_ends_as_ended(tmp_path: Path) -> None:
    live = read_live(carried_out(tmp_path).folder)
    assert live is not None
    assert live.state == "ended"
