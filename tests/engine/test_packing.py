"""Members are packed as their steps are served best, and nothing of that shows in their figures."""

from dataclasses import replace

import pytest
from engine.handmade import SHORT, member
from hypothesis import given, settings
from hypothesis import strategies as st

from justfit.engine import (
    Member,
    pack,
)
from justfit.spec import Adadelta, Adam, Nadam, Network, Recipe, RmsProp, Sgd

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
        # Of words that a batch lacks no weight moves: as wide as serves a row; long batches: half of it.
        (NARROW, Recipe(RmsProp(), batch_size=16), MANY, [16, 4]),
        (NARROW, Recipe(Adam(), batch_size=512), MANY, [8, 8, 4]),
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
