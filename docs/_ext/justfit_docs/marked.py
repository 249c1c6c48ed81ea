"""What is generated: a line `<!-- justfit: WHAT ARGUMENTS -->` becomes Markdown before a page is parsed."""

import re
from collections.abc import Callable
from typing import Any

_MARK = re.compile(r"^<!-- justfit: (?P<what>[\w-]+)(?P<arguments>[^>]*) -->$", re.MULTILINE)
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$^\"'&:])")

Generator = Callable[..., str]


def fill(source: str, generators: dict[str, Generator]) -> str:
    """A page's source with what is generated in the place of its marks.

    Raises:
        KeyError: a mark names no generator.
    """

    def made(mark: re.Match[str]) -> str:
        return generators[mark["what"]](*mark["arguments"].split())

    return _MARK.sub(made, source)


def plain(text: str) -> str:
    r"""A text in which nothing is markup.

    >>> plain("a*b")
    'a\\*b'
    """
    return _PUNCTUATION.sub(r"\\\1", text)


def code(text: str) -> str:
    """A text as code, whatever backticks stand in it."""
    return f"`{text}`" if "`" not in text else f"`` {text} ``"


def slug(text: str, words: int = 8) -> str:
    """A text as a part of an address: its first words.

    >>> slug("<path> is empty: it has 0 bytes.")
    'path-is-empty-it-has-0-bytes'
    """
    found = re.findall(r"[a-z0-9]+", text.lower())
    return "-".join(found[:words])


def table(columns: list[str], rows: list[list[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def sentence_of(text: Any) -> str:
    """A docstring's first paragraph as Markdown, in one line."""
    first = str(text or "").strip().split("\n\n")[0]
    return " ".join(first.split()).replace("``", "`")
