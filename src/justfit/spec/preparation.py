"""How raw rows shall become the engine's rows. What training rows teach stands in `justfit.data`."""

from dataclasses import dataclass, field

from justfit.errors import SpecError
from justfit.spec.checks import require_choice, require_integer, set_number

TEXT_ENCODINGS = ("multi_hot", "counts", "average")


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
    text: TextEncoding = field(default_factory=TextEncoding)


PreparationSpec = TextEncoding | Scaling | TableEncoding
