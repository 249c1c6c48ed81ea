"""The 50,000 raw IMDB reviews to rows of n-grams, beside scikit-learn's CountVectorizer.

``python -m benchmarks.text``. Both learn all n-grams of all reviews (``min_rows`` 1) and count them, in
processes of their own, in turn; justfit on two threads or as many as there are. What they find is compared.
Reads ``imdb_reviews.parquet`` in ``JUSTFIT_DATA``.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow.parquet
from sklearn.feature_extraction.text import CountVectorizer

from benchmarks.apart import apart
from benchmarks.machine import machine
from justfit.data.ngrams import fit_ngrams
from justfit.data.raw import Texts
from justfit.spec import Ngrams

LEAST = {1: 2.0, 2: 3.0, 3: 3.0}
"""How many times as fast issue 6 asks for, by the longest n-gram."""


def main() -> None:
    """Prints a table, and with ``--json`` keeps the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.text", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns that each has (default 3)")
    parser.add_argument("--rows", type=int, help="only so many reviews, from the first")
    parser.add_argument("--longest", type=int, nargs="+", default=[1, 3], choices=sorted(LEAST))
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    found = {
        longest: measure_text(longest, arguments.rounds, arguments.rows) for longest in arguments.longest
    }
    print("\n".join(f"- {key}: {value}" for key, value in machine().items()) + "\n")
    titles = ["justfit", "CountVectorizer", "times", "target", "justfit MB", "CountVectorizer MB"]
    print(f"| {' | '.join(['n-grams', 'columns', 'entries', *titles])} |")
    print("| --- " * 9 + "|")
    for longest, figures in found.items():
        ours, theirs = figures["justfit"], figures["scikit-learn"]
        times = theirs["seconds"] / ours["seconds"]
        verdict = "met" if times >= LEAST[longest] else "**missed**"
        print(
            f"| 1 to {longest} | {ours['columns']:,} | {ours['entries']:,} | {ours['seconds']:.2f} s "
            f"| {theirs['seconds']:.2f} s | {times:.1f}x | {LEAST[longest]:g}x: {verdict} "
            f"| {ours['megabytes']:,.0f} | {theirs['megabytes']:,.0f} |"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine(), "text": found}, indent=1) + "\n")


def measure_text(longest: int, rounds: int, rows: int | None) -> dict[str, dict[str, Any]]:
    """Median seconds, peak megabytes beyond those of the texts, and what was found, by who.

    Raises:
        RuntimeError: the two do not find the same.
    """
    turns: dict[str, list[dict[str, Any]]] = {"justfit": [], "scikit-learn": []}
    for _ in range(rounds):
        for who, before in turns.items():
            before.extend(apart(_work, who, longest, rows))
    found = {
        who: each[0] | {"seconds": median(turn["seconds"] for turn in each)} for who, each in turns.items()
    }
    ours, theirs = found.values()
    for what in ("columns", "entries", "total", "checksum"):
        if ours[what] != theirs[what]:
            raise RuntimeError(f"justfit and scikit-learn differ in {what}: {ours[what]} and {theirs[what]}.")
    return found


def _work(who: str, longest: int, rows: int | None) -> Iterator[dict[str, Any]]:
    texts = _reviews()[:rows]
    before = _megabytes()
    start = time.perf_counter()
    if who == "justfit":
        preparation = fit_ngrams(
            Ngrams("word", longest, 1, most=None, weights="counts", punctuation=False), Texts(texts)
        )
        bags = preparation.rows(Texts(texts))
        indices, values, columns = bags.indices, bags.values, bags.columns
    else:
        vectorizer = CountVectorizer(ngram_range=(1, longest), token_pattern=r"\w+")
        matrix = vectorizer.fit_transform(texts)
        indices, values, columns = matrix.indices, matrix.data, matrix.shape[1]
    seconds = time.perf_counter() - start
    megabytes = _megabytes() - before
    rows_of = np.sort(np.bincount(indices, minlength=columns))
    yield {
        "seconds": seconds,
        "megabytes": megabytes,
        "columns": columns,
        "entries": len(indices),
        "total": float(values.sum(dtype=np.float64)),
        "checksum": int(rows_of @ (np.arange(len(rows_of)) % 1009)),
    }


def _reviews() -> list[str]:
    if not (folder := os.environ.get("JUSTFIT_DATA")):
        raise SystemExit("JUSTFIT_DATA must name the folder with imdb_reviews.parquet.")
    table = pyarrow.parquet.read_table(Path(folder) / "imdb_reviews.parquet", columns=["review"])
    texts: list[str] = table["review"].to_pylist()
    return texts


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


if __name__ == "__main__":
    main()
