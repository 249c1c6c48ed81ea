"""`Words`: texts as numbers of their words, however many splits and vocabularies are made of them."""

from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from justfit.data.rows import take_ragged
from justfit.data.tokens import tokens


@dataclass(frozen=True, eq=False)
class Words:
    """Texts word by word: text ``i`` is ``numbers[indptr[i]:indptr[i+1]]`` (int32), each the place of a word.

    ``words`` may have some that stand in none of the texts: those of texts that were read along with them.
    """

    numbers: npt.NDArray[np.int32]
    indptr: npt.NDArray[np.int64]
    words: tuple[str, ...]

    def take(self, rows: npt.NDArray[np.intp]) -> "Words":
        """The texts numbered ``rows``, in that order."""
        indptr, entries = take_ragged(self.indptr, rows)
        return Words(self.numbers[entries], indptr, self.words)

    def counted(self) -> dict[str, int]:
        """How often each word stands in the texts, of those that do."""
        counts = np.bincount(self.numbers, minlength=len(self.words)).tolist()
        return {word: count for word, count in zip(self.words, counts, strict=True) if count}


def read_words(texts: Iterable[str]) -> Words:
    """The words of texts, as `tokens` parts them.

    >>> read = read_words(["Good film!", "good GOOD plot"])
    >>> read.words, read.numbers.tolist()
    (('good', 'film', 'plot'), [0, 1, 0, 0, 2])
    """
    places = defaultdict[str, int]()
    places.default_factory = places.__len__
    numbers, ends = array("i"), array("q", [0])
    for text in texts:
        numbers.extend(map(places.__getitem__, tokens(text)))
        ends.append(len(numbers))
    return Words(np.frombuffer(numbers, np.int32), np.frombuffer(ends, np.int64), tuple(places))
