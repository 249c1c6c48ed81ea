"""The time left that was told while real studies went on, held against the time that they took.

``recorded/`` has what `benchmarks.progress` wrote of them: on one thread, by processor time; of MNIST,
whose search goes on to wider and wider networks, on two. Of a search's steps to come they hold only what is
its own, as names of networks; the guesses are those that `Breadth` has now. ``docstrings_1`` is the search
of ``docstrings`` with another seed, which turns out shorter, on a machine half as fast.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from workflow.handmade import small_study

from benchmarks.progress import errors, recorded, replayed
from justfit.workflow import Progress, breadth
from justfit.workflow.breadth import BREADTHS
from justfit.workflow.events import Event, Foreseen, Planned, RowCounts, StagePlanned

RECORDED = Path(__file__).with_name("recorded")
STUDIES = ("docstrings", "docstrings_1", "folds", "imdb", "mnist", "patience")
LIMIT = 0.2
"""Of all its seconds, how far off the time left may be after the first tenth of a study."""


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


@pytest.mark.parametrize("name", STUDIES)
def test_the_time_left_is_right_after_the_first_tenth(name: str) -> None:
    told = [error for error in errors(recording(name))[1:] if error is not None]
    assert len(told) >= 8
    assert max(map(abs, told)) < LIMIT


@pytest.mark.parametrize("poor", [Poor, Blind])
def test_poor_estimates_are_found_out(poor: type[Progress]) -> None:
    told = errors(recording("imdb"), poor)[1:]
    assert max(abs(error) for error in told if error is not None) > 2 * LIMIT


def test_who_does_not_think_of_wider_networks_is_found_out() -> None:
    told = errors(recording("mnist"), Narrow)[1:]
    assert max(abs(error) for error in told if error is not None) > 2 * LIMIT


def test_played_again_a_search_foresees_what_its_breadth_says_now(monkeypatch: pytest.MonkeyPatch) -> None:
    def foreseen() -> tuple[Foreseen, ...]:
        wider = {"scale_up_128": ("64-1",)}
        return BREADTHS["standard"].foreseen(1, 3, 38, 10, 9_000.0, wider, ("16-1", "1"))

    other = Foreseen("other", 2, 1, 10, work=5.0)
    counts = RowCounts(80, 20, 50)
    told = Planned(small_study(), counts, 1, False, None, (), foreseen=(*foreseen(), other))
    kept = json.loads(json.dumps(recorded([told])))
    for figures in (breadth._SEEN, {name: replace(each, share=0.9) for name, each in breadth._SEEN.items()}):
        monkeypatch.setattr(breadth, "_SEEN", figures)
        ((_, again),) = replayed(kept)
        assert isinstance(again, Planned)
        *steps, last = again.foreseen
        assert tuple(steps) == foreseen()
        assert replace(last, if_leads=(), anyway=()) == other
