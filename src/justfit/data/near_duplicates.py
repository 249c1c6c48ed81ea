"""Texts that nearly repeat another: by their sets of shingles, some words in a row."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from justfit.data.duplicates import UInt64, WordHashes, among, first_of_same, joined, mixed, sums, text_hashes

SHINGLE = 3
"""Words in a row whose hash is one element of a text's set."""

NEAR = 0.8
"""Texts nearly repeat each other where this share of their shingles is in both (the Jaccard index)."""

_BANDS, _A_BAND = 4, 2
"""Of minimal hashes: two texts that share `NEAR` of their shingles meet in a band with 98% probability."""


def near_duplicates(words: WordHashes) -> npt.NDArray[np.intp]:
    """Of each text the number of an earlier one that it nearly repeats, and its own where there is none.

    That is one with the same words in another order, or with a share of at least `NEAR` of their
    shingles in common. Texts that are the same word for word are not compared.

    Source: minimal hashes in bands (Broder 1997, doi:10.1109/SEQUEN.1997.666900; Leskovec et al.,
    Mining of Massive Datasets, 3.4); each pair found is then counted exactly.
    """
    near = np.arange(len(words.lengths))
    rows = np.flatnonzero((first_of_same(text_hashes(words)) == near) & (words.lengths >= SHINGLE))
    near[rows] = rows[first_of_same(_bags(words)[rows])]
    sets = _ShingleSets(words, rows)
    for band in sets.bands():
        order = np.argsort(band, kind="stable")
        met = np.flatnonzero(np.diff(band[order]) == 0)
        for one, two in zip(order[met].tolist(), order[met + 1].tolist(), strict=True):
            later = rows[two]
            if near[later] == later and sets.share(one, two) >= NEAR:
                near[later] = rows[one]
    return near


def near_training_rows(train: WordHashes, test: WordHashes) -> npt.NDArray[np.intp]:
    """Of each test text the number of a training text that it nearly repeats, and -1 where there is none.

    Found as in `near_duplicates`. A test text that is a training text word for word has none.
    """
    words = joined([train, test])
    count = len(train.lengths)
    near = np.full(len(words.lengths), -1)
    stands = among(text_hashes(test), text_hashes(train))
    rows = np.flatnonzero((words.lengths >= SHINGLE) & ~np.concatenate([np.zeros(count, bool), stands]))
    trains = rows < count
    bags = _bags(words)[rows]
    same, at = np.unique(bags[trains], return_index=True)
    if not len(same):
        return near[count:]
    place = np.searchsorted(same, bags).clip(max=len(same) - 1)
    near[rows] = np.where(same[place] == bags, rows[at[place]], -1)
    sets = _ShingleSets(words, rows)
    for band in sets.bands():
        # Training rows have the lower numbers, so of rows that meet they stand first.
        order = np.argsort(band, kind="stable")
        last = np.maximum.accumulate(np.where(trains[order], np.arange(len(order)), 0))
        met = np.flatnonzero(~trains[order] & trains[order[last]] & (band[order] == band[order[last]]))
        for one, two in zip(order[last[met]].tolist(), order[met].tolist(), strict=True):
            if near[rows[two]] < 0 and sets.share(one, two) >= NEAR:
                near[rows[two]] = rows[one]
    return near[count:]


class _ShingleSets:
    """The set of shingles of each of some texts, as minimal hashes and to be counted exactly.

    Args:
        words: of all texts.
        rows: which texts; each has `SHINGLE` words at least.
    """

    def __init__(self, words: WordHashes, rows: npt.NDArray[np.intp]) -> None:
        self._shingles = _shingles(words)
        self._starts, self._ends = words.indptr[rows], words.indptr[rows + 1] - (SHINGLE - 1)

    def bands(self) -> Iterator[UInt64]:
        """Band by band a number a text, the more likely the same for two the more they share."""
        if not len(self._starts):
            return
        random = np.random.default_rng(0)
        ends = np.stack([self._starts, self._ends], axis=1).ravel()
        for _ in range(_BANDS):
            band = np.zeros(len(self._starts), np.uint64)
            for odd in random.integers(1 << 63, size=_A_BAND, dtype=np.uint64) * np.uint64(2) + np.uint64(1):
                band = mixed(band + np.minimum.reduceat(self._shingles * odd, ends)[::2])
            yield band

    def share(self, one: int, two: int) -> float:
        """The Jaccard index of two texts, by their places among ``rows``."""
        first, second = (
            set(self._shingles[self._starts[each] : self._ends[each]].tolist()) for each in (one, two)
        )
        return len(first & second) / len(first | second)


def _shingles(words: WordHashes) -> UInt64:
    """A hash of each `SHINGLE` words in a row; some span two texts, and one more ends the array."""
    count = max(0, len(words.hashes) - (SHINGLE - 1))
    found = np.zeros(count + 1, np.uint64)
    for place in range(SHINGLE):
        found[:count] = mixed(found[:count] + words.hashes[place : place + count])
    return found


def _bags(words: WordHashes) -> UInt64:
    """A hash a text that depends on its words and not on their order."""
    return sums(mixed(words.hashes), words.indptr)
