"""Rows to train on: the data sets' training parts, of which the first rows validate, and made-up ones."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from justfit.data import Dataset, fit_preparation
from justfit.data.dataset import Labels
from justfit.data.rows import Bags, Float32, Rows
from justfit.data.sources import load_dataset
from justfit.spec import Task


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows with labels; the first ``validation`` of them validate, the others train."""

    rows: Rows
    labels: Labels
    validation: int
    task: Task
    outputs: int


@cache
def examples(data: str, quick: bool) -> Examples:
    """The training part of a data set, prepared as it says; no test row is touched.

    10,000 rows validate; where it is to be ``quick``, there are 2,500 rows and 1,000 validate.
    """
    dataset: Dataset = load_dataset(data)
    train = dataset.train.take(np.arange(2_500)) if quick else dataset.train
    rows = fit_preparation(dataset.preparation, train.raw).rows(train.raw)
    return Examples(rows, train.labels, 1_000 if quick else 10_000, dataset.task, dataset.outputs)


@cache
def dense_rows(data: str, quick: bool) -> Float32:
    """The same rows as one dense float32 matrix, for who takes no other."""
    rows = examples(data, quick).rows
    return rows.to_csr().toarray() if isinstance(rows, Bags) else rows.values


def zipf_rows(count: int, words_a_row: int, drawn_from: int, columns: int | None = None) -> Bags:
    """Made-up rows of distinct words, word w drawn about as often as ``1 / (w + 1)``."""
    random = np.random.default_rng(0)
    indices = []
    for _ in range(count):
        drawn = (drawn_from ** random.random(10 * words_a_row)).astype(np.int32) - 1
        words, first = np.unique(drawn, return_index=True)
        indices.append(np.sort(words[np.argsort(first)[:words_a_row]]))
    indptr = np.concatenate(([0], np.cumsum([len(words) for words in indices])))
    flat = np.concatenate(indices)
    return Bags(indptr, flat, np.ones(len(flat), np.float32), columns or drawn_from)
