"""Rows that stand twice, by a hash of each row.

Hashes depend on nothing but the row, so that parts that never meet can be compared by them alone.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from justfit.data.mapped import let_go
from justfit.data.raw import Ids, Numbers, Raw, Table, Texts, Vocabulary, is_lazy
from justfit.data.rows import Bags, row_blocks

UInt64 = npt.NDArray[np.uint64]

MOST_WORDS = 1 << 23
"""Of texts that are too many to hold, those of which near repeats are looked for: about half a gigabyte."""

_BLOCK = 1 << 18
"""Of such texts so many are read at a time."""

_ROWS = 1 << 18
"""Hashes that are looked for at a time."""

_CHUNK = 1 << 22
"""Numbers that are converted at a time."""


@dataclass(frozen=True, eq=False)
class WordHashes:
    """Texts as a 64-bit hash a word: row ``i`` is ``hashes[indptr[i]:indptr[i+1]]``."""

    hashes: UInt64
    indptr: npt.NDArray[np.int64]

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Words of each text."""
        return np.diff(self.indptr)


def word_hashes(raw: Texts | Ids) -> WordHashes:
    """The words of texts in reading order; of word ids, the start of a text is none."""
    if isinstance(raw, Ids):
        words = raw.ids != Vocabulary.START
        before = np.concatenate(([0], np.cumsum(words, dtype=np.int64)))
        return WordHashes(mixed(raw.ids[words].astype(np.uint64)), before[raw.indptr])
    read = raw.read()
    digests = b"".join(_digest(word.encode(errors="surrogatepass")) for word in read.words)
    return WordHashes(np.frombuffer(digests, "<u8")[read.ids], read.indptr)


@dataclass(frozen=True, eq=False)
class HashedTexts:
    """A hash and the number of words of each text, and the words of the first ones."""

    hashes: UInt64
    lengths: npt.NDArray[np.int64]
    first: WordHashes
    """Of all texts, but where they are too many to hold of `MOST_WORDS` at most."""


def hashed_texts(raw: Texts | Ids) -> HashedTexts:
    """Texts by their words; those that are too many to hold are read some at a time."""
    blocks: Iterable[Texts | Ids] = [raw]
    if lazy := is_lazy(raw):
        blocks = map(raw.take, row_blocks(len(raw), _BLOCK))
    hashes, lengths, first, words = [], [], [], 0
    for block in blocks:
        found = word_hashes(block)
        hashes.append(text_hashes(found))
        lengths.append(found.lengths)
        words += len(found.hashes)
        if not lazy or words <= MOST_WORDS:
            first.append(found)
    return HashedTexts(np.concatenate(hashes), np.concatenate(lengths), joined(first))


def joined(parts: Sequence[WordHashes]) -> WordHashes:
    """The words of several parts, one after another."""
    if len(parts) == 1:
        return parts[0]
    lengths = np.concatenate([part.lengths for part in parts] or [np.zeros(0, np.int64)])
    hashes = np.concatenate([part.hashes for part in parts] or [np.zeros(0, np.uint64)])
    return WordHashes(hashes, np.concatenate(([0], np.cumsum(lengths))))


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
        of_entry = mixed(mixed(part.indices.astype(np.uint64)) + bits)
        found[start:end] = sums(np.where(part.values == 0, np.uint64(0), of_entry), part.indptr)
        let_go(raw.values, raw.indices)
    return found


def _table_hashes(raw: Table) -> UInt64:
    """A hash a row of the numbers, levels and words of its columns."""
    found = mixed(number_hashes(raw.numbers))
    for cells in raw.categories:
        digests = [_digest(b"level" + level.encode(errors="surrogatepass")) for level in cells.levels]
        of_level = np.frombuffer(b"".join([*digests, _digest(b"missing")]), "<u8")
        found = mixed(found + of_level[cells.codes])
    for texts in raw.texts:
        found = mixed(found + hashed_texts(Texts(texts)).hashes)
    return found


def text_hashes(words: WordHashes) -> UInt64:
    """A hash a text that depends on its words and their order."""
    places = np.arange(len(words.hashes)) - np.repeat(words.indptr[:-1], words.lengths)
    return sums(mixed(words.hashes + mixed(places.astype(np.uint64))), words.indptr)


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


def sums(values: UInt64, indptr: npt.NDArray[np.int64]) -> UInt64:
    """The sum of each row's values, modulo 2**64."""
    found = np.zeros(len(indptr) - 1, np.uint64)
    filled = np.diff(indptr) > 0
    if filled.any():
        found[filled] = np.add.reduceat(values, indptr[:-1][filled])
    return found


def mixed(keys: UInt64) -> UInt64:
    """Each number scattered over 64 bits: the finalizer of SplitMix64 (Steele et al. 2014)."""
    found = keys + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        found ^= found >> np.uint64(shift)
        found *= np.uint64(factor)
    found ^= found >> np.uint64(31)
    return found


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=8).digest()
