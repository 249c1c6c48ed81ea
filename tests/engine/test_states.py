"""A training that goes on from a state ends as the one that was never interrupted, bit for bit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from engine.handmade import SHORT, STILL, labelled, member, same_weights, varied, without_seconds
from hypothesis import given, settings
from hypothesis import strategies as st

from justfit.engine import Cohort, Labelled, Member, Training, TrainingState, Weights
from justfit.errors import EngineError
from justfit.spec import (
    OPTIMIZERS,
    Adam,
    Constant,
    CosineDecay,
    Diverged,
    Done,
    Epoch,
    Nadam,
    Network,
    Outcome,
    Recipe,
    RmsProp,
    Sgd,
    StepDecay,
)

ROWS = labelled(), labelled(rows=30, seed=5)

Leaving = Mapping[int, Collection[int]]
"""After an epoch, the members that are told to leave."""


@dataclass
class Left:
    """What a member left."""

    history: list[Epoch | Diverged] = field(default_factory=list)
    outcome: Outcome | None = None
    weights: Weights = ()
    best: tuple[Epoch | Diverged, Weights] | None = None

    def same_as(self, other: "Left") -> bool:
        # By their texts, in which a figure that is no number is the same as itself.
        said, others = (repr((one.history, one.outcome, one.best and one.best[0])) for one in (self, other))
        return (
            said == others
            and same_weights(self.weights, other.weights)
            and same_weights(self.best[1] if self.best else (), other.best[1] if other.best else ())
        )


def trained(
    members: Sequence[Member],
    rows: tuple[Labelled, Labelled | None],
    breaks: Collection[int] = (),
    leaving: Leaving | None = None,
    *,
    threads: Sequence[int] = (1,),
    state: TrainingState | None = None,
) -> list[Left]:
    """What members leave whose training is taken down to its state after some epochs and goes on from it.

    Each training takes the next number of threads.
    """
    left = [Left() for _ in members]
    numbers: Sequence[int] = range(len(members))
    begun = 0
    while numbers:
        cohort = Cohort(tuple(members[number] for number in numbers))
        training = Training(
            cohort, *rows, threads=threads[begun % len(threads)], fit=True, keep_best=True, state=state
        )
        begun, state = begun + 1, None
        for done in training.epochs():
            for at, epoch in done.items():
                left[numbers[at]].history.append(without_seconds(epoch))
            number = max(len(one.history) for one in left)
            told = (leaving or {}).get(number, ())
            training.leave([at for at in done if numbers[at] in told])
            if number in breaks:
                state = training.state()
                break
        for at in training.ended:
            note(left[numbers[at]], training, at)
        numbers = [numbers[at] for at in state.members] if state else ()
    return left


def note(left: Left, training: Training, at: int) -> None:
    left.outcome, left.weights = training.outcome(at), training.weights(at)
    try:
        epoch, weights = training.best(at)
    except EngineError:  # not one epoch had a finite figure
        return
    left.best = without_seconds(epoch), weights


def assert_same(whole: Sequence[Left], broken: Sequence[Left]) -> None:
    for number, (one, other) in enumerate(zip(whole, broken, strict=True)):
        assert one.outcome is not None
        assert one.same_as(other), f"member {number}"


KINDS = pytest.mark.parametrize(
    "kind", [{"sparse": True}, {"multi_hot": True}, {"sparse": False}], ids=["sparse", "multi-hot", "dense"]
)


@KINDS
def test_members_of_all_kinds_go_on_from_every_epoch_as_if_never_interrupted(kind: dict[str, bool]) -> None:
    rows = labelled(**kind), labelled(**kind, rows=30, seed=5)
    members = varied(input_dropout=0.2)
    assert_same(trained(members, rows), trained(members, rows, breaks=range(1, 4), threads=(1, 3, 2)))


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_every_optimizer_goes_on_as_if_never_interrupted(optimizer: str, sparse: bool) -> None:
    # Few rows a batch, so that many lack a word; and company, whose state stands between.
    recipe = Recipe(
        OPTIMIZERS[optimizer](learning_rate=0.05), batch_size=4, epochs=4, schedule=CosineDecay(4, warmup=1)
    )
    others = [member(recipe=Recipe(each(), batch_size=4, epochs=3)) for each in (RmsProp, Adam)]
    members = [others[0], member(Network((9, 4)), recipe), others[1], member(Network((20,), l2=0.01), recipe)]
    rows = labelled(rows=30, sparse=sparse), labelled(rows=20, sparse=sparse, seed=5)
    assert_same(trained(members, rows), trained(members, rows, breaks=[2]))


def test_patience_divergence_and_leaving_end_members_in_the_same_epochs() -> None:
    rows = labelled("regression"), labelled("regression", rows=30, seed=5)
    recipe = replace(SHORT, epochs=6)
    recipes = [
        recipe,
        replace(STILL, epochs=6, patience=2),
        replace(recipe, optimizer=Sgd(1e30)),
        replace(recipe, optimizer=Sgd(1e7)),
        replace(recipe, optimizer=Nadam(0.3), patience=1),
        replace(recipe, epochs=4),
        recipe,
    ]
    members = [member(Network((6,)), each, "regression", seed=number) for number, each in enumerate(recipes)]
    leaving = {2: [6]}
    whole = trained(members, rows, leaving=leaving)
    assert [len(left.history) for left in whole[:3]] == [6, 3, 1]
    assert whole[2].outcome == Diverged(1)
    assert len(whole[6].history) == 2
    for breaks in ([1], [2], [3], range(1, 6)):
        assert_same(whole, trained(members, rows, breaks, leaving))


RATES = st.sampled_from([0.001, 0.05, 1e30])
OF_OPTIMIZERS = st.one_of(
    st.builds(Sgd, RATES, momentum=st.sampled_from([0.0, 0.9]), nesterov=st.booleans()),
    *(st.builds(kind, RATES) for name, kind in OPTIMIZERS.items() if name != "sgd"),
)
SCHEDULES = st.sampled_from([Constant(), Constant(warmup=1.5), StepDecay(0.75, 0.5), CosineDecay(2, 0.1)])
SHARES, PENALTIES = st.sampled_from([0.0, 0.0, 0.4]), st.sampled_from([0.0, 0.0, 0.01])


@st.composite
def cohorts(draw: st.DrawFn) -> list[Member]:
    batch_size, dropped = draw(st.sampled_from([1, 5, 16])), draw(SHARES)

    def one(seed: int) -> Member:
        network = Network(
            tuple(draw(st.lists(st.integers(1, 20), max_size=2))),
            draw(st.sampled_from(["relu", "tanh"])),
            dropout=draw(SHARES),
            l1=draw(PENALTIES),
            l2=draw(PENALTIES),
            activity_l2=draw(PENALTIES),
            max_norm=draw(st.sampled_from([0.0, 0.5])),
            input_dropout=dropped,
            embedding=draw(st.sampled_from([None, 3])),
        )
        clipped = draw(st.sampled_from([{}, {"clip_norm": 0.01}, {"clip_value": 0.001}]))
        recipe = Recipe(
            draw(OF_OPTIMIZERS),
            batch_size=batch_size,
            epochs=draw(st.integers(1, 5)),
            schedule=draw(SCHEDULES),
            patience=draw(st.sampled_from([None, 1, 2])),
            **clipped,
        )
        return member(network, recipe, seed=seed)

    return [one(seed) for seed in range(draw(st.integers(1, 4)))]


@given(
    members=cohorts(),
    breaks=st.sets(st.integers(1, 4), min_size=1),
    leaving=st.dictionaries(st.integers(1, 4), st.sets(st.integers(0, 3)), max_size=2),
    threads=st.lists(st.integers(1, 2), min_size=1, max_size=3),
    kind=st.sampled_from([{"sparse": True}, {"multi_hot": True}, {"sparse": False}]),
)
@settings(max_examples=12)
def test_any_cohort_interrupted_anywhere_goes_on_as_if_it_had_not_been(
    members: list[Member], breaks: set[int], leaving: Leaving, threads: list[int], kind: dict[str, bool]
) -> None:
    rows = labelled(rows=21, **kind), labelled(rows=9, seed=5, **kind)
    assert_same(trained(members, rows, (), leaving), trained(members, rows, breaks, leaving, threads=threads))


# ---- the state itself ----


def advanced(training: Training, epochs: int) -> TrainingState:
    """The state after some more epochs."""
    going = training.epochs()
    for _ in range(epochs):
        next(going)
    return training.state()


@KINDS
def test_a_state_depends_neither_on_threads_nor_on_having_been_gone_on_from(kind: dict[str, bool]) -> None:
    rows = labelled(**kind)
    members = [replace(one, recipe=replace(one.recipe, patience=None)) for one in varied(0.2)]
    cohort = Cohort(tuple(one for one in members if one.recipe.epochs == 4))
    early = advanced(Training(cohort, rows, threads=1), 1)
    late = advanced(Training(cohort, rows, threads=1), 3)
    for threads in (1, 3):
        again = advanced(Training(cohort, rows, threads=threads), 3)
        assert again.content.tobytes() == late.content.tobytes()
        resumed = advanced(Training(cohort, rows, threads=threads, state=early), 2)
        assert resumed.epoch == late.epoch == 3
        assert resumed.content.tobytes() == late.content.tobytes()


def test_taking_a_state_changes_nothing_and_twice_gives_the_same() -> None:
    members = varied()
    training = Training(Cohort(tuple(members)), *ROWS, threads=1, fit=True, keep_best=True)
    left = [Left() for _ in members]
    for done in training.epochs():
        for at, epoch in done.items():
            left[at].history.append(without_seconds(epoch))
        first, second = training.state(), training.state()
        assert (first.epoch, first.members) == (second.epoch, second.members)
        assert first.content.tobytes() == second.content.tobytes()
    for at, one in enumerate(left):
        note(one, training, at)
    assert_same(trained(members, ROWS), left)


def test_a_state_names_the_members_still_in_training_with_their_best_epochs() -> None:
    one = replace(SHORT, epochs=1)
    cohort = Cohort((member(recipe=one), member(seed=1), member(recipe=one), member(seed=2)))
    training = Training(cohort, labelled(), labelled(seed=5), keep_best=True)
    before = training.state()
    assert (before.epoch, before.members, before.best) == (0, (0, 1, 2, 3), (None,) * 4)
    state = advanced(training, 1)
    assert (state.epoch, state.members) == (1, (1, 3))
    assert training.ended == {0, 2}
    for best, number in zip(state.best, state.members, strict=True):
        assert best is not None
        assert best[1] is not None
        assert best[0].epoch == 1
        assert same_weights(best[1], training.weights(number))
    training.leave([3])
    assert training.state().members == (1,)


def test_the_state_before_the_first_epoch_holds_the_initial_weights() -> None:
    members = [member(), member(seed=1)]
    state = Training(Cohort(tuple(members)), *ROWS, keep_best=True).state()
    others = [replace(one, weights=9) for one in members]
    whole = trained(members, ROWS)
    assert_same(whole, trained(others, ROWS, state=state))
    assert not whole[0].same_as(trained(others, ROWS)[0])


def test_when_all_have_ended_the_state_is_empty() -> None:
    training = Training(Cohort((member(), member(seed=1))), labelled())
    state = advanced(training, 3)
    assert (state.epoch, state.members, state.best, state.content.size) == (3, (), (), 0)
    assert next(training.epochs(), None) is None
    assert training.outputs(labelled().rows).shape == (70, 1), "the last ones can still be asked"


def test_an_epoch_that_was_not_finished_leaves_no_state() -> None:
    training = Training(Cohort((member(),)), labelled())
    going = training.epochs()
    next(going)
    training.stop()
    with pytest.raises(RuntimeError, match="stopped"):
        next(going)
    with pytest.raises(EngineError, match="Epoch 2 was begun and not finished"):
        training.state()


@pytest.mark.parametrize("epoch", [0, 2])
def test_members_dropped_end_without_an_outcome_and_the_others_go_on_unchanged(epoch: int) -> None:
    members = varied()
    whole = trained(members, ROWS)
    training = Training(Cohort(tuple(members)), *ROWS, threads=2, fit=True, keep_best=True)
    dropped = {2, 5, 6, 13}
    histories: list[list[Epoch | Diverged]] = [[] for _ in members]
    if epoch == 0:
        training.drop(dropped)
    for done in training.epochs():
        for at, each in done.items():
            histories[at].append(without_seconds(each))
        if max(map(len, histories)) == epoch:
            training.drop(dropped)
            assert not dropped & set(training.state().members)
    assert training.ended == set(range(len(members))) - dropped
    for at, one in enumerate(whole):
        assert histories[at] == (one.history[:epoch] if at in dropped else one.history)
        if at not in dropped:
            assert same_weights(training.weights(at), one.weights)
    with pytest.raises(EngineError, match="not in training"):
        training.weights(5)


def test_members_dropped_that_have_ended_keep_what_they_left_and_dropping_all_ends_the_training() -> None:
    cohort = Cohort((member(recipe=replace(SHORT, epochs=1)), member(seed=1), member(seed=2)))
    training = Training(cohort, labelled())
    advanced(training, 1)
    training.drop([0, 1])
    assert training.outcome(0) == Done()
    assert training.state().members == (2,)
    training.drop([2])
    assert training.state().members == ()
    assert list(training.epochs()) == []
