"""Seconds of epochs by work, on cohorts whose times are known."""

import itertools

import pytest

from justfit.workflow.pace import CohortPace, NetworkRuns, Pace

UNIT, CONSTANT = 2e-6, 4e-3
"""Seconds of a unit of work, and of a cohort's epoch beside."""


def paced(works: list[float], constant: float = CONSTANT) -> CohortPace:
    found = CohortPace()
    for work in works:
        found.tell(work, UNIT * work + constant)
    return found


def test_what_cohorts_take_beside_their_work_is_found_from_small_and_large_ones() -> None:
    unit, beside = paced([7_000, 21_000, 70_000]).line()
    assert unit == pytest.approx(UNIT)
    assert beside == pytest.approx(CONSTANT / UNIT)


@pytest.mark.parametrize("constant", [-0.005, 0.0, 0.002, 0.5])
def test_however_seconds_are_spread_none_is_below_zero_and_their_mean_is_met(constant: float) -> None:
    works = [7_000.0, 21_000.0, 70_000.0]
    unit, beside = paced(works, constant).line()
    assert unit > 0
    assert 0 <= beside <= 5_000
    fitted = sum(unit * (work + beside) / work for work in works)
    assert fitted == pytest.approx(sum((UNIT * work + constant) / work for work in works))


def test_of_cohorts_that_are_all_alike_something_is_thought_to_be_beside() -> None:
    unit, beside = paced([7_000.0] * 20).line()
    assert beside == 2_500
    assert unit * (7_000 + beside) == pytest.approx(UNIT * 7_000 + CONSTANT)


def test_networks_that_had_no_epoch_are_timed_by_their_work_and_company(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("justfit.workflow.pace.available_threads", lambda: 0)
    pace, marks = Pace(), itertools.count()
    small, large = (NetworkRuns(10, 0, work, ends_early=False) for work in (7_000.0, 30_000.0))
    for _ in range(5):
        for cohort in ([small], [small, large]):
            work = sum(each.work for each in cohort)
            seconds = UNIT * work + CONSTANT + 1e-12 * next(marks)
            for each in cohort:
                pace.tell(each, seconds)
    pace.tell(
        NetworkRuns(10, 0, 1.0, ends_early=False), 1.0
    )  # an epoch is shared out when the next one comes
    assert pace.of_work(50_000, 1) == pytest.approx(UNIT * 50_000 + CONSTANT, rel=1e-3)
    assert pace.of_work(50_000, 4) == pytest.approx(UNIT * 50_000 + CONSTANT / 4, rel=1e-3)
    assert pace.of(large) == pytest.approx(UNIT * 30_000 + CONSTANT / 2, rel=1e-3)
    assert pace.of(small) == pytest.approx(UNIT * 7_000 + 0.75 * CONSTANT, rel=1e-3)


def test_the_best_epoch_is_one_that_all_runs_had() -> None:
    found = NetworkRuns(10, 0, 1.0, ends_early=True)
    assert found.best_epoch() == 0
    for run, losses in (((1, 0), [0.9, 0.8, 0.1]), ((2, 0), [0.5, 0.4, float("nan")])):
        for epoch, loss in enumerate(losses, start=1):
            found.hear(run, epoch, loss)
    assert found.best_epoch() == 2
    assert found.lows() == {1: 0.1, 2: 0.4}
