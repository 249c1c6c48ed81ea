"""What is promised of rows that are shuffled by blocks (docs/large.md)."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from justfit.engine.cohort import Cohort, Member
from justfit.engine.order import BLOCKS_TOGETHER, block_order
from justfit.spec import Layer, Recipe

SEEDS = st.integers(0, 2**128 - 1)
BLOCKS = st.integers(1, 20)
ROWS = st.integers(1, 900)


def order(seed: int, rows: int, block: int, epoch: int = 1) -> list[int]:
    member = Member(
        layers=(Layer("dense", 1, "sigmoid"),),
        loss="binary_crossentropy",
        metric="accuracy",
        recipe=Recipe(batch_size=8, shuffle_block=block),
        weights=(),
        dropout_seed=0,
        order_seed=seed,
    )
    found: list[int] = Cohort((member,)).order(epoch, rows).tolist()
    return found


@settings(max_examples=50)
@given(SEEDS, st.integers(1, 10**6), ROWS, BLOCKS)
def test_each_row_comes_exactly_once_an_epoch(seed: int, epoch: int, rows: int, block: int) -> None:
    assert sorted(order(seed, rows, block, epoch)) == list(range(rows))


@settings(max_examples=50)
@given(SEEDS, ROWS, BLOCKS)
def test_rows_of_a_block_stand_less_than_a_window_apart(seed: int, rows: int, block: int) -> None:
    places = np.argsort(order(seed, rows, block))
    for start in range(0, rows, block):
        assert np.ptp(places[start : start + block]) < BLOCKS_TOGETHER * block


@settings(max_examples=50)
@given(SEEDS, ROWS, BLOCKS)
def test_a_window_has_all_rows_of_its_blocks(seed: int, rows: int, block: int) -> None:
    found = np.array(order(seed, rows, block)) // block
    blocks = list(dict.fromkeys(found.tolist()))
    seen = 0
    while seen < rows:
        window = found[seen : seen + BLOCKS_TOGETHER * block]
        if len(set(window.tolist())) > BLOCKS_TOGETHER:  # the last block of all is short and stands here
            window = found[seen : seen + (BLOCKS_TOGETHER - 1) * block + (rows % block)]
        own = set(window.tolist())
        assert len(own) == min(BLOCKS_TOGETHER, len(blocks))
        seen += len(window)
        blocks = [each for each in blocks if each not in own]
    assert not blocks


def test_the_order_follows_from_seed_epoch_rows_and_block_alone() -> None:
    first = order(7, 500, 5)
    assert first == order(7, 500, 5)
    others = [order(8, 500, 5), order(7, 500, 5, epoch=2), order(7, 499, 5), order(7, 500, 6)]
    assert all(first != other for other in others)


def test_without_blocks_rows_come_as_they_always_did() -> None:
    member = Member((Layer("dense", 1, "sigmoid"),), "mse", "mae", Recipe(batch_size=8), (), 0, 7)
    expected = np.random.default_rng([7, 3]).permutation(50)
    np.testing.assert_array_equal(Cohort((member,)).order(3, 50), expected)


def test_two_rows_come_in_either_order_and_share_a_window_as_often_as_is_said() -> None:
    block, blocks, tries = 3, 64, 1_500
    random = np.random.default_rng(0)
    together = before = within = 0
    for _ in range(tries):
        places = np.argsort(block_order(random, block * blocks, block))
        together += places[0] // (BLOCKS_TOGETHER * block) == places[-1] // (BLOCKS_TOGETHER * block)
        before += places[0] < places[-1]
        within += places[0] < places[1]  # of one block
    for found, chance in ((together, 15 / 63), (before, 0.5), (within, 0.5)):
        assert abs(found - tries * chance) < 4 * np.sqrt(tries * chance * (1 - chance))


def test_the_order_stands_in_a_file_and_cannot_be_changed() -> None:
    found = block_order(np.random.default_rng(0), 100, 10)
    assert not found.flags.owndata
    assert not found.flags.writeable
