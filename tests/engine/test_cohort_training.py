import pytest

from justfit.engine.cohort_training import Spacing


class Clock:
    """Seconds that go by only when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("time.perf_counter", made)
    return made


def due_after(spacing: Spacing, clock: Clock) -> float:
    """Seconds from now until a state is due, to a tenth."""
    start = clock.now
    while not spacing.is_due:
        clock.now += 0.1
    return round(clock.now - start, 1)


@pytest.mark.parametrize(("cost", "seconds"), [(0.0, 0.2), (0.001, 0.2), (0.05, 5.0), (3.0, 10.0)])
def test_the_first_state_is_as_late_as_its_cost_asks_for_but_never_very_late(
    clock: Clock, cost: float, seconds: float
) -> None:
    assert due_after(Spacing(cost), clock) == pytest.approx(seconds, abs=0.11)


def test_keeping_states_takes_a_hundredth_of_the_time(clock: Clock) -> None:
    spacing, start, keeping = Spacing(0.03), clock.now, 0.0
    for _ in range(20):
        due_after(spacing, clock)
        assert not spacing.is_due, "before it is kept none is due again"
        clock.now += 0.03
        keeping += 0.03
        spacing.kept(0.03)
    due_after(spacing, clock)
    assert 0.008 < keeping / (clock.now - start) < 0.0101
