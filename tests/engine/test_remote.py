"""Cohorts that workers train: the same figures, whoever trains them and whoever is lost meanwhile."""

import dataclasses
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import pytest
from engine.handmade import labelled, member, varied
from engine.test_trainings import assert_all_same, companies

from justfit.engine import Member, Trained, Trainings, train_members
from justfit.engine.cohort_training import Rows
from justfit.engine.crew import at_work
from justfit.engine.messages import Content, unpacked
from justfit.engine.remote import carried_out, rows_message, rows_of
from justfit.engine.states import member_header, member_of
from justfit.errors import EngineError, WorkerLostError
from justfit.spec import Failed, Network

pytestmark = pytest.mark.usefixtures("states_after_every_epoch")


class HereCrew:
    """A crew whose workers are calls in this process, the first ones lost after so many answers."""

    slots, threads, fewest = 2, 1, 1

    def __init__(self, *lost_after: int) -> None:
        self.lost_after = [*lost_after]
        self.tasks: list[bytes] = []

    def call(self, task: bytes, on: Rows) -> "HereCall":
        self.tasks.append(task)
        lost_after = self.lost_after.pop(0) if self.lost_after else None
        return HereCall(task, rows_of(*rows_message(on)), lost_after)


class HereCall:
    def __init__(self, task: bytes, on: Rows, lost_after: int | None) -> None:
        self.task, self.on, self.lost_after = task, on, lost_after

    def __iter__(self) -> Iterator[Content]:
        for number, answer in enumerate(carried_out(self.task, self.on)):
            if number == self.lost_after:
                raise WorkerLostError("A worker is gone.")
            yield answer

    def stop(self) -> None:
        pass


def test_a_member_told_and_read_is_the_same_member() -> None:
    for one in companies():
        told = member_header(one)
        assert told.keys() == {field.name for field in dataclasses.fields(Member)}
        assert isinstance(one.weights, tuple)
        assert member_header(member_of(told, one.weights)) == told
        assert member_of(told, one.weights).recipe == one.recipe
        assert member_of(told, one.weights).layers == one.layers


@pytest.mark.parametrize("sparse", [True, False])
def test_a_crew_changes_no_bit(sparse: bool) -> None:
    rows = labelled(sparse=sparse), labelled(rows=30, seed=5, sparse=sparse)
    here = train_members(companies(), *rows, keep_best=True, fit=True)
    with at_work(HereCrew()):
        assert_all_same(here, train_members(companies(), *rows, keep_best=True, fit=True))


@pytest.mark.parametrize("lost_after", [(0,), (1,), (2, 1), (4, 0, 3), (5, 3, 3, 2)])
def test_a_lost_worker_changes_no_bit_and_nothing_is_told_twice(lost_after: tuple[int, ...]) -> None:
    rows = labelled(), labelled(rows=30, seed=5)
    here = train_members(varied(), *rows, keep_best=True)
    crew = HereCrew(*lost_after)
    with at_work(crew), Trainings(varied(), *rows, keep_best=True) as trainings:
        told = list(trainings.advance())
    left = {number: event for number, event in told if isinstance(event, Trained)}
    assert_all_same(here, [left[number] for number in range(len(here))])
    epochs = [(number, event.epoch) for number, event in told if hasattr(event, "epoch")]
    assert len(epochs) == len(set(epochs))
    assert not crew.lost_after


def test_a_worker_goes_on_from_the_last_state_instead_of_the_beginning() -> None:
    crew = HereCrew(3)
    with at_work(crew):
        train_members(varied()[:3], labelled(), labelled(rows=30, seed=5), threads=1)
    states = ["state" in unpacked(task)[1] for task in crew.tasks]
    assert not states[0]
    assert any(states)


def test_a_task_whose_workers_are_all_lost_fails_and_says_so() -> None:
    with at_work(HereCrew(*[1] * 50)), pytest.raises(EngineError, match="A worker is gone"):
        train_members([member()], labelled())


def test_a_cohort_that_is_refused_is_not_tried_again() -> None:
    refused = member(Network((8,)), outputs=3, task="multiclass")
    crew = HereCrew()
    with at_work(crew), Trainings([refused], labelled()) as trainings:
        ((_, event),) = trainings.advance()
    assert isinstance(event, Failed)
    assert "not softmax" in event.reason or "numbers a row" in event.reason
    assert len(crew.tasks) == 1


def test_members_that_leave_while_a_crew_pauses_are_what_they_are_here() -> None:
    rows = labelled(), labelled(rows=30, seed=5)

    def trained(lost_after: tuple[int, ...] = (), crew: bool = True) -> dict[int, Trained]:
        def carried() -> dict[int, Trained]:
            with Trainings(varied(), *rows) as trainings:
                told = list(trainings.advance(1))
                trainings.leave([0, 4, 11])
                told += trainings.advance(3)
                trainings.leave([1])
                told += trainings.advance()
            return {number: event for number, event in told if isinstance(event, Trained)}

        if not crew:
            return carried()
        with at_work(HereCrew(*lost_after)):
            return carried()

    here = trained(crew=False)
    assert {number: len(here[number].history) for number in (0, 1, 4, 11)} == {0: 1, 1: 3, 4: 1, 11: 1}
    for lost_after in ((), (3,), (0, 5, 2, 0, 8)):
        there = trained(lost_after)
        assert there.keys() == here.keys()
        for number, left in here.items():
            found = there[number]
            assert [epoch.val_loss for epoch in found.history] == [epoch.val_loss for epoch in left.history]
            assert found.outcome == left.outcome


@pytest.mark.parametrize("crew", [nullcontext(), at_work(HereCrew())], ids=["here", "a worker"])
def test_of_members_whose_weights_nobody_wants_the_rest_is_left(crew: AbstractContextManager[None]) -> None:
    rows = labelled(), labelled(rows=30, seed=5)
    with crew, Trainings([member()], *rows, keep_best=True, weights=False) as trainings:
        (left,) = [event for _, event in trainings.advance() if isinstance(event, Trained)]
    (whole,) = train_members([member()], *rows, keep_best=True)
    assert whole.best
    assert left.weights == ()
    assert left.best is None
    assert left.outcome == whole.outcome
    assert [epoch.val_loss for epoch in left.history] == [epoch.val_loss for epoch in whole.history]
