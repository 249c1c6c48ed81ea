"""Orders of rows by blocks, which read what stands on a disk in long runs."""

import numpy as np

from justfit.data.mapped import GrowingArray
from justfit.data.rows import Int64

BLOCKS_TOGETHER = 16
"""Blocks whose rows are shuffled together: a window."""


def block_order(random: np.random.Generator, rows: int, block: int) -> Int64:
    """Each row once: blocks of ``block`` consecutive rows in a random order, and the rows of each window of
    `BLOCKS_TOGETHER` of them shuffled together.

    So rows of one block stand less than ``block * BLOCKS_TOGETHER`` apart, any two rows come in either order,
    and of ``n`` blocks each pair is equally likely to share a window: with a probability of ``15 / (n - 1)``
    where ``n`` is a multiple of 16. The order stands in a file, so that it takes no memory.

    Args:
        random: decides all.
        rows: how many there are.
        block: rows of a block; the last one may have fewer.

    Returns:
        Numbers of rows, int64 ``[rows]``, read-only.

    Raises:
        DataError: the disk is full.

    >>> sorted(block_order(np.random.default_rng(0), 5, 2).tolist())
    [0, 1, 2, 3, 4]
    """
    blocks, order = random.permutation(-(-rows // block)), GrowingArray(np.int64)
    for window in range(0, len(blocks), BLOCKS_TOGETHER):
        starts = block * blocks[window : window + BLOCKS_TOGETHER]
        together = np.concatenate([np.arange(start, min(start + block, rows)) for start in starts])
        order.add(random.permutation(together))
    return order.mapped()
