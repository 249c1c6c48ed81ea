"""`tokens`: the words of a text; and `Tokens`: those of many, read once for all splits and vocabularies."""

from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from justfit.data.rows import take_ragged

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
"""Characters that part words, as in the Keras ``Tokenizer``; the apostrophe is not among them."""

_SPACES = str.maketrans(FILTERS, " " * len(FILTERS))


def tokens(text: str) -> list[str]:
    """The words of ``text`` in lower case, as the Keras ``Tokenizer`` splits it.

    White space of every kind parts words, where Keras knows only blanks, tabs and line feeds.

    >>> tokens("Don't look, it's <br />awful!")
    ["don't", 'look', "it's", 'br', 'awful']
    """
    return text.lower().translate(_SPACES).split()


@dataclass(frozen=True, eq=False)
class Tokens:
    """Texts word by word: text ``i`` is ``ids[indptr[i]:indptr[i+1]]`` (int32), places in ``words``.

    ``words`` may have some that stand in none of the texts: those of texts that were read along with them.
    """

    ids: npt.NDArray[np.int32]
    indptr: npt.NDArray[np.int64]
    words: tuple[str, ...]

    def take(self, rows: npt.NDArray[np.intp]) -> "Tokens":
        """The texts numbered ``rows``, in that order."""
        indptr, entries = take_ragged(self.indptr, rows)
        return Tokens(self.ids[entries], indptr, self.words)

    def counted(self) -> dict[str, int]:
        """How often each word stands in the texts, of those that do."""
        counts = np.bincount(self.ids, minlength=len(self.words)).tolist()
        return {word: count for word, count in zip(self.words, counts, strict=True) if count}


def tokens_of(texts: Iterable[str]) -> Tokens:
    """The words of all texts, as `tokens` parts each.

    >>> read = tokens_of(["Good film!", "good GOOD plot"])
    >>> read.words, read.ids.tolist()
    (('good', 'film', 'plot'), [0, 1, 0, 0, 2])
    """
    places = defaultdict[str, int]()
    places.default_factory = places.__len__
    ids, ends = array("i"), array("q", [0])
    for text in texts:
        ids.extend(map(places.__getitem__, tokens(text)))
        ends.append(len(ids))
    return Tokens(np.frombuffer(ids, np.int32), np.frombuffer(ends, np.int64), tuple(places))
