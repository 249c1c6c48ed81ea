"""How raw rows shall become the engine's rows. What training rows teach stands in `justfit.data`."""

from dataclasses import dataclass, field, fields
from typing import Any

from justfit.errors import SpecError
from justfit.spec.checks import require_choice, require_flag, require_integer, set_number

TEXT_ENCODINGS = ("multi_hot", "counts", "average")
"""What `TextEncoding.kind` may be."""


@dataclass(frozen=True)
class TextEncoding:
    """Words to columns. Word ids are those of ``keras.datasets.imdb``.

    0 is padding, 1 starts a text, 2 stands for an unknown word, 3 is unused and a word of
    rank r (1 = most frequent) has id r + 3. Ids from ``num_words`` up and words among the
    ``skip_top`` lowest ids count as unknown.

    - ``multi_hot``: 1 where an id stands in the text.
    - ``counts``: how often it stands there.
    - ``average``: texts are padded or cut in front to ``maxlen`` ids, each weighing 1/maxlen, so
      that a first layer without bias is Keras's ``Embedding`` followed by
      ``GlobalAveragePooling1D``, padding counted.
    """

    name: str = field(default="text", init=False)
    kind: str = "multi_hot"
    num_words: int = 10_000
    skip_top: int = 0
    maxlen: int = 256

    def __post_init__(self) -> None:
        require_choice("encoding", self.kind, TEXT_ENCODINGS)
        require_integer("num_words", self.num_words, 4, 100_000_000)
        require_integer("skip_top", self.skip_top, 0, self.num_words)
        require_integer("maxlen", self.maxlen, 1, 1_000_000)


SCALINGS = ("none", "divide", "standard")
"""What `Scaling.kind` may be."""


@dataclass(frozen=True)
class Scaling:
    """Numbers to columns of similar size.

    ``none`` leaves them, ``divide`` divides all by ``by`` (255 for 8-bit grey values), and
    ``standard`` gives each column mean 0 and standard deviation 1 over the training rows.
    """

    name: str = field(default="scaling", init=False)
    kind: str = "standard"
    by: float = 1.0

    def __post_init__(self) -> None:
        require_choice("scaling", self.kind, SCALINGS)
        set_number(self, "by", open_low=True)
        if self.kind != "divide" and self.by != 1.0:
            raise SpecError(f'"by" belongs to scaling "divide", got by {self.by:g} with "{self.kind}".')


NGRAM_UNITS = ("auto", "word", "character")
"""What `Ngrams.unit` may be."""
NGRAM_WEIGHTS = ("multi_hot", "counts", "tf_idf", "log_count_ratio", "average")
"""What `Ngrams.weights` may be."""


@dataclass(frozen=True)
class Ngrams:
    r"""Texts to columns, one for each run of 1 to ``longest`` words or characters that training rows teach.

    Texts are lower-cased first. A word is a run of what Python's ``re`` calls ``\w``, with the accents,
    vowel signs and joiners between and after, which Indian scripts need. With ``punctuation`` every other
    character that is not white space is a word, too. Among characters, white space of any length is a
    blank. ``auto`` takes characters where most letters are of scripts that put no blanks between words
    (Chinese, Japanese, Thai, Lao, Khmer, Burmese), else words.

    An n-gram that stands in fewer than ``min_rows`` training rows, or in a larger share of them than
    ``max_share``, gets no column; of the others, the ``most`` that stand in most rows do (None: all).
    With ``hashed``, so many columns take all n-grams, by hash: nothing is left out, and some share one.

    - ``multi_hot``: 1 where an n-gram stands in the text.
    - ``counts``: how often it stands there.
    - ``tf_idf``: counts times ``1 + log((1 + rows) / (1 + rows that hold it))``, each row then divided by
      its length (scikit-learn's ``TfidfVectorizer``).
    - ``log_count_ratio``: multi-hot, times the logarithm of the n-gram's share in rows of class 1 by that
      in rows of class 0, with 1 added to each count (Wang and Manning 2012). Takes two classes.
    - ``average``: counts divided by their sum in the row, so that a first layer without bias is the mean of
      its n-grams' embeddings.
    """

    name: str = field(default="ngrams", init=False)
    unit: str = "auto"
    longest: int = 2
    min_rows: int = 2
    max_share: float = 1.0
    most: int | None = 30_000
    hashed: int | None = None
    weights: str = "multi_hot"
    punctuation: bool = True

    def __post_init__(self) -> None:
        require_choice("unit", self.unit, NGRAM_UNITS)
        require_integer("longest", self.longest, 1, 5)
        require_integer("min_rows", self.min_rows, 1, 2**31 - 1)
        set_number(self, "max_share", 1.0, open_low=True)
        if self.most is not None:
            require_integer("most", self.most, 1, 2**31 - 2)
        if self.hashed is not None:
            require_integer("hashed", self.hashed, 2, 100_000_000)
            if (self.min_rows, self.max_share, self.most) != (Ngrams.min_rows, Ngrams.max_share, Ngrams.most):
                raise SpecError(
                    "Hashed n-grams are not chosen: leave min_rows, max_share and most, or hashed."
                )
        require_choice("weights", self.weights, NGRAM_WEIGHTS)
        require_flag("punctuation", self.punctuation)


def parse_ngrams(text: str) -> Ngrams:
    """`Ngrams` from their short form on the command line: the longest, and what differs from the defaults.

    Raises:
        SpecError: a key or value that cannot be.

    >>> parse_ngrams("3:weights=tf_idf,min_rows=5,most=none").most is None
    True
    """
    longest, colon, pairs = text.partition(":")
    keys = tuple(item.name for item in fields(Ngrams) if item.init)
    given: dict[str, Any] = {"longest": _plain(longest)}
    for pair in pairs.split(",") if colon else ():
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or key in given:
            raise SpecError(
                f'ngrams "{text}" is not understood: expected such as 3:weights=tf_idf,min_rows=5.'
            )
        given[require_choice("ngrams key", key, keys, f'in "{text}"')] = _plain(value)
    return Ngrams(**given)


def _plain(text: str) -> object:
    """A whole number, a number, true, false or none; else the text itself."""
    words: dict[str, object] = {"true": True, "false": False, "none": None}
    if text in words:
        return words[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


@dataclass(frozen=True)
class TableEncoding:
    """Columns of different kinds side by side.

    - Numbers, and those that dates become: what is missing is the median of the training rows, and a column
      of its own says that it was missing where training rows miss it; then as scaling ``standard``.
    - Categories: one column for each level that stands in at least two training rows, one for all others,
      and one for missing ones where two training rows miss it.
    - Texts: as ``text`` says, each text column with a vocabulary of its own.
    """

    name: str = field(default="table", init=False)
    text: TextEncoding | Ngrams = field(default_factory=Ngrams)


PreparationSpec = TextEncoding | Scaling | Ngrams | TableEncoding
"""How rows of any kind are prepared."""
