"""Rows that stand twice: a hash of each row, and texts that nearly repeat another.

Hashes depend on nothing but the row, so that parts that never meet can be compared by them alone.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from justfit.data.mapped import let_go
from justfit.data.raw import Ids, Numbers, Raw, Table, Texts, Vocabulary, is_lazy
from justfit.data.rows import Bags
from justfit.data.tokens import tokens

UInt64 = npt.NDArray[np.uint64]

SHINGLE = 3
"""Words in a row whose hash is one element of a text's set."""

NEAR = 0.8
"""Texts nearly repeat each other where this share of their shingles is in both (the Jaccard index)."""

_BANDS, _A_BAND = 4, 2
"""Of minimal hashes: two texts that share `NEAR` of their shingles meet in a band with 98% probability."""

MOST_WORDS = 1 << 23
"""Of texts that are too many to hold, those of which near repeats are looked for: about half a gigabyte."""

_BLOCK = 1 << 18
"""Of such texts so many are read at a time."""

_LETTERS = 1 << 20
"""Of texts that are split into words at a time."""

_ROWS = 1 << 18
"""Hashes that are looked for at a time."""

_CHUNK = 1 << 22
"""Numbers that are converted at a time."""


@dataclass(frozen=True, eq=False)
class Words:
    """Texts as a 64-bit hash a word: row ``i`` is ``hashes[indptr[i]:indptr[i+1]]``."""

    hashes: UInt64
    indptr: npt.NDArray[np.int64]

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Words of each text."""
        return np.diff(self.indptr)


def words_of(raw: Texts | Ids) -> Words:
    """The words of texts in reading order; of word ids, the start of a text is none."""
    if isinstance(raw, Ids):
        words = raw.ids != Vocabulary.START
        before = np.concatenate(([0], np.cumsum(words, dtype=np.int64)))
        return Words(_mixed(raw.ids[words].astype(np.uint64)), before[raw.indptr])
    known = _Known()
    numbers, ends = [np.zeros(0, np.int64)], [np.zeros(1, np.int64)]
    for run in _runs(raw.texts):
        # All texts of a run are split as one, with words between that stand in none of them.
        mark = "\0"
        while any(mark in text for text in run):
            mark += "\0"
        known[mark] = 0
        words = tokens(f" {mark} ".join([*run, ""]))
        of_words = np.fromiter(map(known.__getitem__, words), np.int64, len(words))
        del known[mark]
        lengths = np.diff(np.flatnonzero(of_words == 0), prepend=-1) - 1
        numbers.append(of_words[of_words > 0])
        ends.append(ends[-1][-1] + np.cumsum(lengths))
    hashes = np.frombuffer(b"".join(known.digests), "<u8")
    return Words(hashes[np.concatenate(numbers)], np.concatenate(ends))


class _Known(dict[str, int]):
    """Words, numbered from 1 in the order in which they are asked for, and the digest of each number."""

    def __init__(self) -> None:
        super().__init__()
        self.digests = [bytes(8)]

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self.digests)
        self.digests.append(_digest(word.encode(errors="surrogatepass")))
        return number


def _runs(texts: Sequence[str]) -> Iterator[list[str]]:
    """Texts in order, in runs of about `_LETTERS`."""
    run, letters = list[str](), 0
    for text in texts:
        run.append(text)
        letters += len(text)
        if letters >= _LETTERS:
            yield run
            run, letters = [], 0
    if run:
        yield run


@dataclass(frozen=True, eq=False)
class HashedTexts:
    """A hash and the number of words of each text, and the words of the first ones."""

    hashes: UInt64
    lengths: npt.NDArray[np.int64]
    first: Words
    """Of all texts, but where they are too many to hold of `MOST_WORDS` at most."""


def hashed_texts(raw: Texts | Ids) -> HashedTexts:
    """Texts by their words; those that are too many to hold are read some at a time."""
    blocks: Iterable[Texts | Ids] = [raw]
    if lazy := is_lazy(raw):
        starts = range(0, len(raw), _BLOCK)
        blocks = (raw.take(np.arange(start, min(start + _BLOCK, len(raw)))) for start in starts)
    hashes, lengths, first, words = [], [], [], 0
    for block in blocks:
        found = words_of(block)
        hashes.append(text_hashes(found))
        lengths.append(found.lengths)
        words += len(found.hashes)
        if not lazy or words <= MOST_WORDS:
            first.append(found)
    return HashedTexts(np.concatenate(hashes), np.concatenate(lengths), _joined(first))


def _joined(parts: Sequence[Words]) -> Words:
    if len(parts) == 1:
        return parts[0]
    lengths = np.concatenate([part.lengths for part in parts] or [np.zeros(0, np.int64)])
    hashes = np.concatenate([part.hashes for part in parts] or [np.zeros(0, np.uint64)])
    return Words(hashes, np.concatenate(([0], np.cumsum(lengths))))


def row_hashes(raw: Raw) -> UInt64:
    """A 64-bit hash a row, the same for rows with the same words in the same order, or the same numbers."""
    match raw:
        case Numbers():
            return number_hashes(raw.values)
        case Table():
            return _table_hashes(raw)
        case Bags():
            return _bag_hashes(raw)
        case _:
            return hashed_texts(raw).hashes


def _bag_hashes(raw: Bags) -> UInt64:
    """A hash a row of its columns that are not 0 and their values."""
    found = np.zeros(len(raw), np.uint64)
    for start, end in raw.blocks():
        part = raw.between(start, end)
        bits = part.values.view(np.uint32).astype(np.uint64)
        of_entry = _mixed(_mixed(part.indices.astype(np.uint64)) + bits)
        found[start:end] = _sums(np.where(part.values == 0, np.uint64(0), of_entry), part.indptr)
        let_go(raw.values, raw.indices)
    return found


def _table_hashes(raw: Table) -> UInt64:
    """A hash a row of the numbers, levels and words of its columns."""
    found = _mixed(number_hashes(raw.numbers))
    for cells in raw.categories:
        digests = [_digest(b"level" + level.encode(errors="surrogatepass")) for level in cells.levels]
        of_level = np.frombuffer(b"".join([*digests, _digest(b"missing")]), "<u8")
        found = _mixed(found + of_level[cells.codes])
    for texts in raw.texts:
        found = _mixed(found + hashed_texts(Texts(texts)).hashes)
    return found


def text_hashes(words: Words) -> UInt64:
    """A hash a text that depends on its words and their order."""
    places = np.arange(len(words.hashes)) - np.repeat(words.indptr[:-1], words.lengths)
    return _sums(_mixed(words.hashes + _mixed(places.astype(np.uint64))), words.indptr)


def number_hashes(values: npt.NDArray[np.generic]) -> UInt64:
    """A hash a row of numbers (``[rows, columns]``, of any real dtype)."""
    wide = np.dtype(np.float32 if np.can_cast(values.dtype, np.float32) else np.float64)
    found = np.empty(len(values), np.uint64)
    step = max(1, _CHUNK // max(1, values.shape[1]))
    for start in range(0, len(values), step):
        # Adding 0 makes -0 the 0 that it is equal to.
        rows = np.ascontiguousarray(values[start : start + step], wide) + wide.type(0)
        digests = b"".join(_digest(row.tobytes()) for row in rows)
        found[start : start + len(rows)] = np.frombuffer(digests, "<u8")
    return found


def first_of_same(hashes: UInt64) -> npt.NDArray[np.intp]:
    """Of each row the number of the first one with its hash, which may be itself.

    >>> first_of_same(np.array([7, 9, 7, 7], np.uint64)).tolist()
    [0, 1, 0, 0]
    """
    ordered = np.sort(hashes)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    del ordered  # all rows are sorted, but by their places only the few that repeat
    first = np.arange(len(hashes))
    rows = np.flatnonzero(among(hashes, repeated))
    _, at, which = np.unique(hashes[rows], return_index=True, return_inverse=True)
    first[rows] = rows[at[which]]
    return first


def among(hashes: UInt64, others: UInt64) -> npt.NDArray[np.bool_]:
    """Of each hash whether it is one of the others; only these are sorted, so let them be the fewer.

    >>> among(np.array([7, 9, 7], np.uint64), np.array([7, 1], np.uint64)).tolist()
    [True, False, True]
    """
    ordered, found = np.unique(others), np.zeros(len(hashes), np.bool_)
    for start in range(0, len(hashes) if len(ordered) else 0, _ROWS):
        part = hashes[start : start + _ROWS]
        places = np.searchsorted(ordered, part).clip(max=len(ordered) - 1)
        found[start : start + _ROWS] = ordered[places] == part
    return found


def near_duplicates(words: Words) -> npt.NDArray[np.intp]:
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


def near_training_rows(train: Words, test: Words) -> npt.NDArray[np.intp]:
    """Of each test text the number of a training text that it nearly repeats, and -1 where there is none.

    Found as in `near_duplicates`. A test text that is a training text word for word has none.
    """
    words = _joined([train, test])
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

    def __init__(self, words: Words, rows: npt.NDArray[np.intp]) -> None:
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
                band = _mixed(band + np.minimum.reduceat(self._shingles * odd, ends)[::2])
            yield band

    def share(self, one: int, two: int) -> float:
        """The Jaccard index of two texts, by their places among ``rows``."""
        first, second = (
            set(self._shingles[self._starts[each] : self._ends[each]].tolist()) for each in (one, two)
        )
        return len(first & second) / len(first | second)


def _shingles(words: Words) -> UInt64:
    """A hash of each `SHINGLE` words in a row; some span two texts, and one more ends the array."""
    count = max(0, len(words.hashes) - (SHINGLE - 1))
    found = np.zeros(count + 1, np.uint64)
    for place in range(SHINGLE):
        found[:count] = _mixed(found[:count] + words.hashes[place : place + count])
    return found


def _bags(words: Words) -> UInt64:
    """A hash a text that depends on its words and not on their order."""
    return _sums(_mixed(words.hashes), words.indptr)


def _sums(values: UInt64, indptr: npt.NDArray[np.int64]) -> UInt64:
    """The sum of each row's values, modulo 2**64."""
    found = np.zeros(len(indptr) - 1, np.uint64)
    filled = np.diff(indptr) > 0
    if filled.any():
        found[filled] = np.add.reduceat(values, indptr[:-1][filled])
    return found


def _mixed(keys: UInt64) -> UInt64:
    """Each number scattered over 64 bits: the finalizer of SplitMix64 (Steele et al. 2014)."""
    mixed = keys + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=8).digest()
