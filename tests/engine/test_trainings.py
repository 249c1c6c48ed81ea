"""Cohorts side by side: every epoch is told, and nothing of company or threads shows in the figures."""

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from engine.handmade import SHORT, labelled, member, same_weights, varied, without_seconds

from justfit.engine import (
    Labelled,
    Member,
    Trained,
    Training,
    Trainings,
    pack,
    train_members,
    training_events,
)
from justfit.engine.cohort_training import CohortTraining, Rows
from justfit.engine.messages import packed, unpacked
from justfit.engine.states import CohortState, unpacked_state
from justfit.errors import EngineError
from justfit.spec import Diverged, Done, Epoch, Failed, Network, Recipe, Sgd


def assert_all_same(left: Sequence[Trained], right: Sequence[Trained]) -> None:
    for number, (a, b) in enumerate(zip(left, right, strict=True)):
        assert [*map(without_seconds, a.history)] == [*map(without_seconds, b.history)], f"member {number}"
        assert a.outcome == b.outcome
        assert same_weights(a.weights, b.weights), f"member {number}"
        assert a.best is not None
        assert b.best is not None
        assert same_weights(a.best, b.best), f"member {number}"


def companies() -> list[Member]:
    """Members of two row orders and two batch sizes."""
    members = [*varied(), *(replace(one, order_seed=1) for one in varied()[:4])]
    return [*members, *(replace(one, recipe=replace(one.recipe, batch_size=7)) for one in varied()[:3])]


def test_neither_threads_nor_the_order_of_members_change_a_bit() -> None:
    rows = labelled(), labelled(rows=30, seed=5)
    members = companies()
    once = train_members(members, *rows, threads=1, keep_best=True, fit=True)
    for threads in (2, 3):
        assert_all_same(once, train_members(members, *rows, threads=threads, keep_best=True, fit=True))
    shuffled = [*range(0, len(members), 2), *range(len(members) - 1 - len(members) % 2, 0, -2)]
    assert sorted(shuffled) == [*range(len(members))]
    again = train_members([members[at] for at in shuffled], *rows, threads=2, keep_best=True, fit=True)
    assert_all_same([once[at] for at in shuffled], again)


def test_a_lone_member_may_use_all_threads() -> None:
    rows = labelled(rows=300), labelled(rows=30, seed=5)
    one = train_members([varied()[0]], *rows, threads=1, keep_best=True)
    assert_all_same(one, train_members([varied()[0]], *rows, threads=3, keep_best=True))


Told = dict[int, list[Epoch | Diverged | Failed | Trained]]


def told_by(members: Sequence[Member], *rows: Labelled, threads: int = 2, **options: bool) -> Told:
    """What is told of each member, in its order."""
    told: Told = {}
    for number, event in training_events(members, *rows, threads=threads, **options):
        told.setdefault(number, []).append(event)
    return told


def test_every_epoch_of_every_member_is_told_in_its_order_and_at_last_what_it_left() -> None:
    members = companies()
    told = told_by(members, labelled(), threads=3)
    assert sorted(told) == list(range(len(members)))
    for number, events in told.items():
        *epochs, left = events
        assert isinstance(left, Trained)
        assert tuple(epochs) == left.history
        assert [epoch.epoch for epoch in left.history] == list(range(1, len(left.history) + 1))
        if members[number].recipe.patience is None:
            assert len(left.history) == members[number].recipe.epochs
        assert left.outcome == Done()
        assert left.best is None


def test_events_and_their_sum_tell_the_same() -> None:
    members, rows = companies(), (labelled(), labelled(rows=30, seed=5))
    told = told_by(members, *rows, keep_best=True)
    trained = train_members(members, *rows, threads=1, keep_best=True)
    assert_all_same([told[number][-1] for number in range(len(members))], trained)


def test_a_member_that_leaves_early_is_handed_over_before_its_cohort_ends() -> None:
    lengths = [6, 2, 4]
    recipes = [replace(SHORT, epochs=epochs) for epochs in lengths]
    members = [member(Network((16,)), recipe, seed=seed) for seed, recipe in enumerate(recipes)]
    assert len(pack(members, 40, threads=1)) == 1
    epochs: dict[int, int] = {}
    left_at = {}
    for number, event in training_events(members, labelled(), threads=1):
        if isinstance(event, Trained):
            left_at[number] = dict(epochs)
        else:
            epochs[number] = event.epoch
    assert list(left_at) == [1, 2, 0]
    assert left_at[1][1] == 2
    assert left_at[1][0] < 4
    assert left_at[2] == {1: 2, 2: 4, 0: 4}
    assert left_at[0] == {1: 2, 2: 4, 0: 6}


def test_a_member_out_of_patience_is_handed_over_with_what_it_learned() -> None:
    still = member(recipe=replace(SHORT, optimizer=Sgd(1e-30), epochs=50, patience=2))
    other = member(recipe=replace(SHORT, epochs=20), seed=1)
    told = told_by([still, other], labelled(), labelled(rows=30, seed=5))
    assert [len(told[number][-1].history) for number in (0, 1)] == [3, 20]
    assert told[0][-1].outcome == Done()


def test_a_diverged_member_is_told_so_and_handed_over_while_the_other_goes_on() -> None:
    wild = member(recipe=Recipe(Sgd(1e30), batch_size=16, epochs=5), task="regression")
    tame = member(recipe=Recipe(Sgd(1e-6), batch_size=16, epochs=5), task="regression", seed=1)
    told = told_by([wild, tame], labelled("regression"), threads=1)
    assert told[0][0] == Diverged(1)
    assert told[0][1].outcome == Diverged(1)
    assert len(told[0]) == 2
    assert len(told[1][-1].history) == 5
    assert told[1][-1].outcome == Done()


def test_a_diverged_member_has_its_epochs_before_and_no_best_weights_if_there_were_none() -> None:
    wild = member(recipe=Recipe(Sgd(1e30), batch_size=16, epochs=5), task="regression")
    rows = labelled("regression"), labelled("regression", rows=30, seed=5)
    (left,) = train_members([wild], *rows, keep_best=True)
    assert left.outcome == Diverged(1)
    assert left.history == ()
    assert left.best is None


def test_no_members_leave_nothing() -> None:
    assert train_members([], labelled()) == []
    assert list(training_events([], labelled())) == []


def unfit(order_seed: int = 5) -> Member:
    return replace(member(seed=1, order_seed=order_seed), weights=member().weights[:1])


UNSAID = Recipe(Sgd(), batch_size=None)


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (unfit(), "has weights of 1 layers, not 3"),
        (member(recipe=UNSAID, seed=1, order_seed=5), "must say their batch size"),
    ],
)
def test_a_refused_cohort_fails_with_the_reason_while_the_others_go_on(refused: Member, message: str) -> None:
    members = [member(), refused, member(seed=2)]
    told = told_by(members, labelled())
    (failed,) = told[1]
    assert isinstance(failed, Failed)
    assert message in failed.reason
    alone = train_members([members[0], members[2]], labelled())
    for number, other in zip((0, 2), alone, strict=True):
        left = told[number][-1]
        assert [*map(without_seconds, left.history)] == [*map(without_seconds, other.history)]
        assert same_weights(left.weights, other.weights)


def test_all_members_of_a_refused_cohort_fail() -> None:
    told = told_by([unfit(0), member(seed=2), member(seed=3)], labelled(), threads=1)
    assert [type(events[0]) for events in told.values()] == [Failed] * 3


def endless(one: Member) -> Member:
    return replace(one, recipe=replace(one.recipe, epochs=1_000_000))


def at_work() -> int:
    """How many threads train."""
    return sum(thread.name.startswith("ThreadPoolExecutor") for thread in threading.enumerate())


def test_where_all_members_are_asked_for_a_refused_cohort_ends_the_others_and_is_raised() -> None:
    with pytest.raises(EngineError, match="has weights of 1 layers, not 3") as caught:
        train_members([endless(member()), unfit()], labelled(), threads=2)
    assert caught.traceback, "which does not keep the training alive"
    assert at_work() == 0


def test_closing_the_events_ends_all_cohorts() -> None:
    members = [endless(member()), endless(member(order_seed=1)), endless(member(order_seed=2))]
    events = training_events(members, labelled(), threads=2)
    next(events)
    assert at_work() == 2
    events.close()
    assert at_work() == 0
    assert list(events) == []


def test_an_error_in_a_loop_over_the_events_ends_all_cohorts() -> None:
    def tell() -> None:
        for number, _ in training_events([endless(member()), endless(member(order_seed=1))], labelled()):
            raise OSError(f"no space to tell of {number}")

    with pytest.raises(OSError, match="no space to tell of") as caught:
        tell()
    assert caught.traceback, "which does not keep the training alive"
    assert at_work() == 0


def test_events_that_nobody_asks_for_train_nothing() -> None:
    events = training_events([endless(member())], labelled())
    assert at_work() == 0
    events.close()


def test_an_error_that_is_no_refusal_ends_all_cohorts_and_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError("no memory for weights")

    monkeypatch.setattr(Training, "weights", exhausted)
    members = [member(recipe=replace(SHORT, epochs=1)), endless(member(order_seed=1))]
    with pytest.raises(MemoryError, match="no memory for weights"):
        list(training_events(members, labelled(), threads=2))
    assert at_work() == 0


@pytest.mark.parametrize("threads", [1, 2])
def test_members_that_leave_after_an_epoch_are_what_they_were_then_and_the_others_go_on_undisturbed(
    threads: int,
) -> None:
    members = [member(recipe=replace(SHORT, epochs=6), seed=seed) for seed in range(5)]
    rows = labelled(), labelled()
    left: dict[int, Trained] = {}
    with Trainings(members, *rows, threads=threads) as trainings:
        for to, leaving in ((2, [0, 3]), (4, [4]), (None, [])):
            told = list(trainings.advance(to))
            assert {number for number, event in told if isinstance(event, Epoch)} == {*range(5)} - set(left)
            left |= {number: event for number, event in told if isinstance(event, Trained)}
            trainings.leave(leaving)
            left |= dict.fromkeys(leaving)  # type: ignore[arg-type]
    lengths = {0: 2, 1: 6, 2: 6, 3: 2, 4: 4}
    for number, length in lengths.items():
        (alone,) = train_members([replace(members[number], recipe=replace(SHORT, epochs=length))], *rows)
        assert [*map(without_seconds, left[number].history)] == [*map(without_seconds, alone.history)]
        assert same_weights(left[number].weights, alone.weights)


def test_training_that_is_left_while_it_pauses_leaves_no_thread() -> None:
    with Trainings([endless(member()), endless(member(order_seed=1))], labelled(), threads=2) as trainings:
        assert {event.epoch for _, event in trainings.advance(1) if isinstance(event, Epoch)} == {1}
    assert at_work() == 0


class Kept:
    """Checkpoints in memory."""

    def __init__(self) -> None:
        self.states: dict[str, bytes] = {}
        self.all: list[dict[str, bytes]] = []

    def keep(self, key: str, content: bytes) -> None:
        self.states[key] = content
        self.all.append(dict(self.states))

    def ended(self, key: str) -> None:
        self.states.pop(key, None)

    def kept(self) -> Iterator[tuple[str, bytes]]:
        yield from dict(self.states).items()


def named() -> list[Member]:
    return [replace(one, id=f"run {number}") for number, one in enumerate(companies())]


@pytest.mark.usefixtures("states_after_every_epoch")
def test_from_any_checkpoint_the_same_comes_out_and_all_epochs_are_told() -> None:
    rows = labelled(), labelled(rows=30, seed=5)
    once, kept = train_members(named(), *rows, keep_best=True, fit=True), Kept()
    with Trainings(named(), *rows, keep_best=True, fit=True, checkpoints=kept) as trainings:
        assert len(list(trainings.advance())) > 50
    assert not kept.states, "a cohort that has ended needs no checkpoint"
    assert kept.all
    for states in kept.all[:: max(1, len(kept.all) // 4)]:
        begun = Kept()
        begun.states = states
        with Trainings(named(), *rows, keep_best=True, fit=True, threads=3, checkpoints=begun) as trainings:
            told = list(trainings.advance())
        left = {number: event for number, event in told if isinstance(event, Trained)}
        assert_all_same(once, [left[number] for number in range(len(once))])
        for number, trained in left.items():
            epochs = [event for at, event in told if at == number and isinstance(event, Epoch)]
            assert tuple(epochs) == trained.history


@pytest.mark.usefixtures("states_after_every_epoch")
def test_of_a_checkpoint_only_members_that_are_wanted_go_on() -> None:
    rows = labelled(), labelled(rows=30, seed=5)
    kept = Kept()
    with Trainings(named(), *rows, threads=1, checkpoints=kept) as trainings:
        list(trainings.advance())
    some, begun = [0, 4, 5, 11, 13], Kept()
    begun.states = kept.all[len(kept.all) // 2]
    with Trainings([named()[at] for at in some], *rows, checkpoints=begun) as trainings:
        left = {at: event for at, event in trainings.advance() if isinstance(event, Trained)}
    once = train_members([named()[at] for at in some], *rows)
    for at, trained in enumerate(once):
        assert [*map(without_seconds, left[at].history)] == [*map(without_seconds, trained.history)]
        assert same_weights(left[at].weights, trained.weights)


@pytest.mark.usefixtures("states_after_every_epoch")
@pytest.mark.parametrize("how", [{"fit": True}, {"keep_best": True}])
def test_a_checkpoint_of_what_was_measured_otherwise_is_passed_over(how: dict[str, bool]) -> None:
    rows = labelled(), labelled(rows=30, seed=5)
    kept, begun = Kept(), Kept()
    with Trainings(named()[:4], *rows, checkpoints=kept) as trainings:
        list(trainings.advance())
    begun.states = kept.all[-1]
    with Trainings(named()[:4], *rows, checkpoints=begun, **how) as trainings:
        left = [event for _, event in trainings.advance() if isinstance(event, Trained)]
    assert all((event.history[0].fit_loss is not None) == how.get("fit", False) for event in left)
    assert all((event.best is not None) == how.get("keep_best", False) for event in left)


@pytest.mark.usefixtures("states_after_every_epoch")
def test_a_checkpoint_that_is_none_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    begun = Kept()
    begun.states = {"a": b"", "b": b"\0" * 100}
    with Trainings(named()[:2], labelled(), checkpoints=begun) as trainings:
        assert sum(isinstance(event, Trained) for _, event in trainings.advance()) == 2
    assert caplog.text.count("passed over") == 2


def states_of(members: Sequence[Member], on: Rows) -> dict[int, bytes]:
    """What a cohort of all members has come to after each of its epochs."""
    cohort, states = CohortTraining(members, on, 1, keeps=True), {}
    cohort.begin()
    for event in cohort.events(None):
        if isinstance(event, CohortState):
            states[event.epoch] = event.packed()
            cohort.kept(0.0)
    return states


@pytest.mark.usefixtures("states_after_every_epoch")
def test_a_checkpoint_that_the_engine_refuses_costs_no_more_than_its_epochs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    members, rows = named()[:3], (labelled(), labelled(rows=30, seed=5))
    header, arrays = unpacked(states_of(members, Rows(*rows, keep_best=True))[2])
    header["members"][2] |= {"id": "of another study", "loss": "that nobody knows"}
    begun = Kept()
    begun.states = {"a": packed(header, arrays | {"content": arrays["content"][:-1]})}
    with Trainings(members, *rows, keep_best=True, checkpoints=begun) as trainings:
        told = list(trainings.advance())
    assert caplog.text.count("begins anew") == 1
    left = {number: event for number, event in told if isinstance(event, Trained)}
    once = train_members(members, *rows, keep_best=True)
    assert_all_same(once, [left[number] for number in range(3)])


@pytest.mark.usefixtures("states_after_every_epoch")
def test_a_pause_before_a_checkpoint_s_epoch_tells_only_up_to_there_and_members_may_leave() -> None:
    rows = labelled(), labelled(rows=30, seed=5)
    begun = Kept()
    begun.states = {"a": states_of(named()[:3], Rows(*rows))[3]}
    with Trainings(named()[:3], *rows, threads=1, checkpoints=begun) as trainings:
        told = [(number, event.epoch) for number, event in trainings.advance(1) if isinstance(event, Epoch)]
        assert sorted(told) == [(0, 1), (1, 1), (2, 1)]
        trainings.leave([1])
        left = {number: event for number, event in trainings.advance() if isinstance(event, Trained)}
    assert {number: len(event.history) for number, event in left.items()} == {0: 4, 1: 1, 2: 4}
    assert left[1].outcome == Done()


@pytest.mark.usefixtures("states_after_every_epoch")
def test_going_on_trains_only_what_the_checkpoint_lacks(caplog: pytest.LogCaptureFixture) -> None:
    rows = labelled(), labelled(rows=30, seed=5)
    states = states_of(named()[:3], Rows(*rows))
    assert sorted(states) == [1, 2, 3]
    begun = Kept()
    begun.states = {"old": states[1], "new": states[3]}
    with caplog.at_level(logging.INFO), Trainings(named()[:3], *rows, checkpoints=begun) as trainings:
        told = [event for _, event in trainings.advance() if isinstance(event, Epoch)]
    assert "a cohort of 3 members goes on from epoch 3" in caplog.text
    stored = {
        epoch.seconds
        for state in states.values()
        for each in unpacked_state(state).histories
        for epoch in each
    }
    assert {event.epoch for event in told if event.seconds not in stored} == {4}
