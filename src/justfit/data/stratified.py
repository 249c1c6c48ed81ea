"""A hold-out with the shares of the classes, the same as scikit-learn's, in as little memory as it needs.

scikit-learn gathers the rows in Python lists, which take about 100 bytes a row; here it is about 20.
"""

import numpy as np
import numpy.typing as npt

from justfit.data.rows import Int64

Rows = npt.NDArray[np.intp]


def stratified_hold_out(classes: Int64, held_out: int, seed: int) -> tuple[Rows, Rows]:
    """Rows that stay and rows that are held out, each in a random order with the shares of the classes.

    Args:
        classes: the class number of each row, from 0; of each class that is there two rows at least.
        held_out: how many rows to hold out; as many as there are classes, as those that stay.
        seed: of the choice, below 2**32.

    Source: ``sklearn.model_selection.train_test_split`` with ``stratify`` and ``random_state``, which
    gives the same rows in the same order.

    >>> stratified_hold_out(np.array([0, 0, 0, 0, 1, 1]), 3, 0)[1].tolist()
    [5, 1, 0]
    """
    random = np.random.RandomState(seed)  # scikit-learn's, whose splits are stored
    counts = np.bincount(classes)
    present = np.flatnonzero(counts)
    counts = counts[present]
    staying = _shared_out(counts, len(classes) - held_out, random)
    held = _shared_out(counts - staying, held_out, random)
    number = np.int32 if len(classes) <= np.iinfo(np.int32).max else np.intp
    stay, out = np.empty(staying.sum(), number), np.empty(held.sum(), number)
    begin, begin_out = 0, 0
    for name, some, others in zip(present, staying, held, strict=True):
        rows = np.flatnonzero(classes == name).astype(number)
        random.shuffle(rows)
        stay[begin : begin + some] = rows[:some]
        out[begin_out : begin_out + others] = rows[some : some + others]
        begin, begin_out = begin + some, begin_out + others
    random.shuffle(stay)
    random.shuffle(out)
    return stay.astype(np.intp), out.astype(np.intp)


def _shared_out(counts: Int64, draws: int, random: np.random.RandomState) -> Int64:
    """How many of each class are among ``draws`` rows: the most likely numbers, ties by chance."""
    exact = counts / counts.sum() * draws
    found = np.floor(exact)
    missing = int(draws - found.sum())
    rest = exact - found
    for share in np.sort(np.unique(rest))[::-1]:
        if not missing:
            break
        (equal,) = np.where(rest == share)
        more = random.choice(equal, size=min(len(equal), missing), replace=False)
        found[more] += 1
        missing -= len(more)
    shared: Int64 = found.astype(np.int64)
    return shared
