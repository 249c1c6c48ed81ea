"""`tokens`: the words of a text."""

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
