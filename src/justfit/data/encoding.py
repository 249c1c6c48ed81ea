"""Word ids to bags: Keras's limits on ids, and the three encodings of `TextEncoding`."""

import numpy as np
from scipy import sparse

from justfit.data.raw import Ids, Vocabulary
from justfit.data.rows import Bags
from justfit.spec import TextEncoding


def limit_ids(ids: Ids, num_words: int, skip_top: int) -> Ids:
    """``ids`` with those outside ``[skip_top, num_words)`` unknown, as in ``keras.datasets.imdb.load_data``.

    The start of a text counts as any other id: a ``skip_top`` above 1 makes it unknown too.
    """
    outside = (ids.ids < skip_top) | (ids.ids >= num_words)
    return Ids(np.where(outside, np.int32(Vocabulary.UNKNOWN), ids.ids), ids.indptr, ids.vocabulary)


def encode(ids: Ids, encoding: TextEncoding) -> Bags:
    """The bags of ``ids``, with ``encoding.num_words`` columns."""
    ids = limit_ids(ids, encoding.num_words, encoding.skip_top)
    if encoding.kind == "average":
        return _average(ids, encoding.num_words, encoding.maxlen)
    bags = _counts(ids, encoding.num_words)
    if encoding.kind == "counts":
        return bags
    return Bags(bags.indptr, bags.indices, np.ones_like(bags.values), bags.columns)


def _counts(ids: Ids, columns: int) -> Bags:
    """How often each id stands in each row.

    One sort of (row, id) as one number each: no loop over rows, nothing dense.
    """
    keys = np.repeat(np.arange(len(ids)) * columns, np.diff(ids.indptr))
    keys += ids.ids
    keys.sort()
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = np.diff(first, append=len(keys)).astype(np.float32)
    keys = keys[first]
    row_starts = np.arange(len(ids) + 1) * columns
    indptr = np.searchsorted(keys, row_starts)
    keys -= np.repeat(row_starts[:-1], np.diff(indptr))
    return Bags(indptr, keys.astype(np.int32), counts, columns)


def _average(ids: Ids, columns: int, maxlen: int) -> Bags:
    """Rows cut to their last ``maxlen`` ids or padded to so many, each position weighing 1/maxlen."""
    lengths = np.diff(ids.indptr)
    cut = np.maximum(lengths - maxlen, 0)
    kept = np.arange(len(ids.ids)) >= np.repeat(ids.indptr[:-1] + cut, lengths)
    indptr = np.concatenate(([0], np.cumsum(lengths - cut)))
    words = _counts(Ids(ids.ids[kept], indptr, ids.vocabulary), columns)
    padding = np.maximum(maxlen - lengths, 0).astype(np.float32)
    rows = np.arange(len(ids) + 1)
    padded = sparse.csr_array((padding, np.zeros_like(rows[:-1]), rows), shape=(len(ids), columns))
    return Bags.from_csr((words.to_csr() + padded) / np.float32(maxlen))
