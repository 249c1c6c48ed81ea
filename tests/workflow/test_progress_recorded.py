"""The time left that was told while real studies went on, held against the time that they took.

``recorded/`` has what `benchmarks.progress` wrote of them: on one thread, by processor time; of MNIST,
whose search goes on to wider and wider networks, on two. Of a search's steps to come they hold what
`Breadth.foreseen` says now; of the final networks, in ``imdb`` and ``docstrings``, what was thought when they
were recorded. ``docstrings_1`` is the search of ``docstrings`` with another seed.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.progress import errors
from justfit.workflow import Progress
from justfit.workflow.events import Event, Planned, StagePlanned

RECORDED = Path(__file__).with_name("recorded")
STUDIES = ("docstrings", "folds", "imdb", "mnist", "patience")
LIMIT = 0.22
"""Of all its seconds, how far off the time left may be after the first tenth of a study."""
FAR = 0.65
"""The same of a search that turns out shorter than those that were measured: this is not what is wanted."""


def recording(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return found


class Poor(Progress):
    """Goes by the epochs of what is planned, as if each took as long and nothing were to come."""

    @property
    def seconds_left(self) -> float | None:
        return (self.total - self.done) * self._clock() / self.done if self.done else None


class Blind(Progress):
    """Knows nothing of what is not planned yet."""

    def tell(self, event: Event) -> None:
        super().tell(event)
        if isinstance(event, StagePlanned):
            self._stages.foreseen.clear()


class Narrow(Progress):
    """Does not think of wider networks before they are planned."""

    def tell(self, event: Event) -> None:
        if isinstance(event, Planned):
            event = replace(event, foreseen=tuple(each for each in event.foreseen if not each.if_leads))
        super().tell(event)


@pytest.mark.parametrize(("name", "limit"), [*((name, LIMIT) for name in STUDIES), ("docstrings_1", FAR)])
def test_the_time_left_is_right_after_the_first_tenth(name: str, limit: float) -> None:
    told = [error for error in errors(recording(name))[1:] if error is not None]
    assert len(told) >= 8
    assert max(map(abs, told)) < limit


@pytest.mark.parametrize("poor", [Poor, Blind])
def test_poor_estimates_are_found_out(poor: type[Progress]) -> None:
    told = errors(recording("imdb"), poor)[1:]
    assert max(abs(error) for error in told if error is not None) > 2 * LIMIT


def test_who_does_not_think_of_wider_networks_is_found_out() -> None:
    told = errors(recording("mnist"), Narrow)[1:]
    assert max(abs(error) for error in told if error is not None) > 2 * LIMIT
