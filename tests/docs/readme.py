"""What the README needs to be run: the files that it takes for granted, and marks for its blocks."""

import re
from pathlib import Path

import pyarrow
from pyarrow import parquet

_LONG = "takes long, and is tested elsewhere"

MARKS = {
    "pip install . &&": "not run: installs packages",
    "justfit predict docstrings --text": "run first: import justfit; "
    "justfit.run('docstrings', justfit.Network((8,)), justfit.Recipe(epochs=3))",
    "pip install '.[test]'": "not run: installs packages",
    "justfit report docstrings": "not run (justfit ui; justfit stop): starts a server",
    "curl -X POST": "not run: needs a server",
    "justfit run reviews.csv --target sentiment    #": f"not run (run reviews; imdb; run wine): {_LONG}",
    "justfit check study.yaml": f"not run (first_steps other): {_LONG}",
    "justfit run reviews.csv --target sentiment --text": f"not run (run --train; run folder): {_LONG}",
    "justfit doctor": f"not run (run imdb; jq; table.csv): {_LONG}",
}
"""By how a block begins. They stand here because a package's page may show comments of the README."""


def marked(readme: Path) -> str:
    """The README with each mark in place of the blank line before its block."""
    text = readme.read_text(encoding="utf-8")
    for begins, mark in MARKS.items():
        found = [match.start() + 1 for match in re.finditer(rf"\n\n```\w+\n{re.escape(begins)}", text)]
        assert len(found) == 1, f"README.md has {len(found)} blocks that begin with {begins!r}"
        text = f"{text[: found[0]]}<!-- {mark} -->{text[found[0] :]}"
    return text


def make_files(folder: Path) -> None:
    """Films as a table and as folders, rows without an answer, and prices in three parts."""
    films = [
        (f"{word} film, a {word} {noun}", word)
        for word in ("fine", "dull")
        for noun in ("plot", "cast", "score", "end", "joke", "scene", "shot", "role", "idea", "title")
    ]
    rows = [f'{row},2026-01-{row + 1:02},"{text}",{word}' for row, (text, word) in enumerate(films)]
    (folder / "reviews.csv").write_text("\n".join(["id,date,review,sentiment", *rows, ""]))
    (folder / "more.csv").write_text('review\n"a fine film"\n')
    for number, (text, word) in enumerate(films):
        (folder / "folder_of_folders" / word).mkdir(parents=True, exist_ok=True)
        (folder / "folder_of_folders" / word / f"{number}.txt").write_text(text)
    for name, first in (("a", 0), ("b", 7), ("c", 13)):
        numbers = [*range(first, first + 60)]
        parquet.write_table(pyarrow.table({"rooms": numbers, "price": numbers}), folder / f"{name}.parquet")
