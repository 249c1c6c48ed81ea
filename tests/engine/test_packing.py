"""Members are packed as their steps are served best, and nothing of that shows in their figures."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from engine.handmade import SHORT, labelled, member, same_weights, varied, without_seconds
from hypothesis import given, settings
from hypothesis import strategies as st

from justfit.engine import Member, Trained, pack, train_members
from justfit.errors import EngineError
from justfit.spec import Adadelta, Adam, Diverged, Done, Epoch, Nadam, Network, Recipe, RmsProp, Sgd

MANY = 10_000
"""Columns of rows of words."""


@st.composite
def member_lists(draw: st.DrawFn) -> list[Member]:
    return [
        member(
            Network((draw(st.integers(1, 700)),), l2=draw(st.sampled_from([0.0, 0.01]))),
            Recipe(
                draw(st.sampled_from([RmsProp(), Adam(), Sgd(momentum=0.5), Adadelta()])),
                batch_size=draw(st.sampled_from([16, 512])),
            ),
            order_seed=draw(st.integers(0, 1)),
            weights=(),
        )
        for _ in range(draw(st.integers(0, 25)))
    ]


@given(member_lists(), st.sampled_from([1, 40, MANY, 10**6]), st.integers(1, 9))
@settings(max_examples=60)
def test_each_member_is_packed_once_among_its_own_kind(
    members: list[Member], columns: int, threads: int
) -> None:
    cohorts = pack(members, columns, threads)
    assert sorted(number for cohort in cohorts for number in cohort) == list(range(len(members)))
    for cohort in cohorts:
        assert len({members[number].company for number in cohort}) == 1
        widths = [-(-members[number].layers[0].units // 16) * 16 for number in cohort]
        assert len(cohort) == 1 or sum(widths) <= 256
    assert len(cohorts) >= min(threads, len(members))


def sizes(network: Network, recipe: Recipe, columns: int = MANY) -> list[int]:
    """How many of 20 like members each cohort holds."""
    members = [member(network, recipe, columns=1, seed=seed) for seed in range(20)]
    return [len(cohort) for cohort in pack(members, columns, threads=1)]


NARROW = Network((16,))


@pytest.mark.parametrize(
    ("network", "recipe", "columns", "expected"),
    [
        # Of words that a batch lacks no weight moves, or batches are long: as wide as serves a row.
        (NARROW, Recipe(RmsProp(), batch_size=16), MANY, [16, 4]),
        (NARROW, Recipe(Adam(), batch_size=512), MANY, [16, 4]),
        (Network((100,)), Recipe(batch_size=512), MANY, [2] * 10),
        (Network((1000,)), Recipe(batch_size=512), MANY, [1] * 20),
        # All weights move in each short step: what fits into 1 MiB, state included.
        (NARROW, Recipe(Adam(), batch_size=16), MANY, [1] * 20),
        (Network((16,), l2=0.01), Recipe(RmsProp(), batch_size=16), MANY, [1] * 20),
        (Network((16,), l2=0.01), Recipe(RmsProp(), batch_size=16), 2048, [4] * 5),
        (NARROW, Recipe(Nadam(), batch_size=16), 2048, [2] * 10),
        (NARROW, Recipe(RmsProp(), batch_size=16, clip_norm=1.0), 2048, [4] * 5),
    ],
)
def test_narrow_networks_share_a_cohort_as_long_as_that_serves_their_steps(
    network: Network, recipe: Recipe, columns: int, expected: list[int]
) -> None:
    assert sizes(network, recipe, columns) == expected


def test_a_cohort_keeps_to_the_narrowest_of_its_members_limits() -> None:
    recipes = [Recipe(Adadelta(), batch_size=16), Recipe(Sgd(momentum=0.9), batch_size=16)] * 3
    members = [member(NARROW, recipe, columns=1, seed=seed) for seed, recipe in enumerate(recipes)]
    # In 2,048 columns Adadelta leaves room for 2 such networks, momentum alone for 4.
    assert sorted(len(cohort) for cohort in pack(members, 2048, threads=1)) == [2, 2, 2]


def test_the_longest_cohort_comes_first() -> None:
    lengths = [1, 30, 5]
    members = [
        member(NARROW, replace(SHORT, epochs=epochs), order_seed=order)
        for order, epochs in enumerate(lengths)
    ]
    assert pack(members, MANY, threads=1) == [(1,), (2,), (0,)]


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


def test_every_epoch_of_every_member_is_told_one_at_a_time_in_its_order() -> None:
    told: dict[int, list[Epoch | Diverged]] = {}
    within = []

    def on_epoch(number: int, epoch: Epoch | Diverged) -> None:
        within.append(number)
        assert len(within) == 1
        told.setdefault(number, []).append(epoch)
        within.clear()

    members = companies()
    trained = train_members(members, labelled(), threads=3, on_epoch=on_epoch)
    assert [told[number] for number in range(len(members))] == [list(one.history) for one in trained]
    assert all(one.outcome == Done() and one.best is None for one in trained)


def test_a_diverged_member_has_its_epochs_before_and_no_best_weights_if_there_were_none() -> None:
    wild = member(recipe=Recipe(Sgd(1e30), batch_size=16, epochs=5), task="regression")
    rows = labelled("regression"), labelled("regression", rows=30, seed=5)
    (left,) = train_members([wild], *rows, keep_best=True)
    assert left.outcome == Diverged(1)
    assert left.history == ()
    assert left.best is None


def test_no_members_leave_nothing() -> None:
    assert train_members([], labelled()) == []


def unfit() -> Member:
    return replace(member(seed=1, order_seed=5), weights=member().weights[:1])


def telling_off(number: int, _: Epoch | Diverged) -> None:
    raise OSError(f"no space to tell of {number}")


@pytest.mark.parametrize(
    ("members", "on_epoch", "kind", "message"),
    [
        ([member(), unfit(), member(seed=2)], None, EngineError, "has weights of 1 layers, not 3"),
        ([member(), member(seed=2)], telling_off, OSError, "no space to tell of"),
    ],
)
def test_an_error_in_one_cohort_ends_all_and_is_raised(
    members: list[Member],
    on_epoch: Callable[[int, Epoch | Diverged], None] | None,
    kind: type[Exception],
    message: str,
) -> None:
    endless = [replace(one, recipe=replace(one.recipe, epochs=1_000_000)) for one in members]
    with pytest.raises(kind, match=message):
        train_members(endless, labelled(), threads=2, on_epoch=on_epoch)
