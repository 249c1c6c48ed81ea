"""`imdb_text`: the film reviews of `imdb` as they were written, from the published archive."""

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from justfit.data.cache import PublishedFile, find_file
from justfit.data.dataset import Dataset, Part, Sealed, fingerprint
from justfit.data.files.read import read_frame
from justfit.data.raw import Texts
from justfit.data.sources.source import Source
from justfit.errors import DataError
from justfit.spec import Ngrams, task_named

CLASSES = ("negative", "positive")
ARCHIVE = PublishedFile(
    name="aclImdb_v1.tar.gz",
    url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    checksum="sha256:c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
    size=84_125_825,
    about="IMDB reviews as they were written, 84 MB",
    instead="imdb_reviews.parquet",
)
ROWS = 25_000
"""Of each part."""

LONGEST_REVIEW = 1 << 20
"""Bytes; the longest one published has 14,106."""

MOST_MEMBERS = 200_000
"""Files in the archive; the published one has 100,000 reviews, half of them without label."""

_ORDER_SEED = 0
_MEMBER = re.compile(r"aclImdb/(train|test)/(neg|pos)/(\d{1,6})_\d{1,2}\.txt")


def load() -> Dataset:
    """The reviews in a shuffled order that is always the same.

    Raises:
        DataError: the archive, or the table with the same reviews, cannot be had or is not of this form.
    """
    path = find_file(ARCHIVE)
    parts = _read(path)
    train, test = _part(parts["train"]), _part(parts["test"])
    return Dataset(
        name="imdb_text",
        task=task_named("binary"),
        classes=CLASSES,
        train=train,
        sealed=Sealed(ROWS, lambda: test, lambda: test.raw),
        preparation=Ngrams(),
        fingerprint=fingerprint(train, sealed=fingerprint(test, sealed="")),
    )


Reviews = list[tuple[int, int, str]]
"""Class, number within it, and text."""


def _read(path: Path) -> dict[str, Reviews]:
    parts: dict[str, Reviews] = {"train": [], "test": []}
    rows = _of_table(path) if path.suffix == ".parquet" else _of_archive(path)
    for part, label, number, text in rows:
        parts[part].append((label, number, text))
    for part, reviews in parts.items():
        if len(reviews) != ROWS or sum(label for label, _, _ in reviews) * 2 != ROWS:
            raise DataError(
                f"{path} has {len(reviews):,} {part} reviews, {sum(label for label, _, _ in reviews):,} of "
                f"them positive; expected {ROWS:,}, half of them."
            )
    return parts


def _of_table(path: Path) -> Iterator[tuple[str, int, int, str]]:
    table = read_frame(path).table
    names = ("split", "sentiment", "id", "review")
    if lacks := [name for name in names if name not in table.column_names]:
        raise DataError(f"{path} has no column {' and '.join(lacks)}: expected {', '.join(names)}.")
    columns = [table.column(name).to_pylist() for name in names]
    for row, (part, sentiment, number, text) in enumerate(zip(*columns, strict=True), start=1):
        if part not in ("train", "test") or sentiment not in CLASSES or not isinstance(text, str):
            raise DataError(
                f"{path}, row {row}: expected split train or test, sentiment negative or positive, and a "
                "text."
            )
        yield part, CLASSES.index(sentiment), int(number), text


def _of_archive(path: Path) -> Iterator[tuple[str, int, int, str]]:
    """The labelled reviews, read one after the other; nothing is unpacked to the disk."""
    try:
        with tarfile.open(path, "r|gz") as archive:
            for count, member in enumerate(archive):
                if count > MOST_MEMBERS:
                    raise DataError(
                        f"{path} has more than {MOST_MEMBERS:,} files, which is not as published."
                    )
                found = _MEMBER.fullmatch(member.name)
                if found is None or not member.isfile():
                    continue
                if member.size > LONGEST_REVIEW or (content := archive.extractfile(member)) is None:
                    raise DataError(f"{path}: {member.name} has {member.size:,} bytes, which is no review.")
                part, label, number = found.groups()
                yield part, int(label == "pos"), int(number), content.read().decode("utf-8", "replace")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataError(f"{path} cannot be read as a gzipped tar file ({error}): get it again.") from error


def _part(reviews: Reviews) -> Part:
    ordered = [(label, text) for label, _, text in sorted(reviews)]
    order = np.random.default_rng(_ORDER_SEED).permutation(len(ordered))
    labels = np.array([label for label, _ in ordered], np.int64)
    return Part(Texts([ordered[row][1] for row in order]), labels[order])


IMDB_TEXT = Source(
    name="imdb_text",
    about="25,000 and 25,000 film reviews as they were written, negative or positive",
    task="binary",
    license="Maas et al. 2011, Learning Word Vectors for Sentiment Analysis; for research",
    needs="84 MB download",
    load=load,
    files=(ARCHIVE,),
)
