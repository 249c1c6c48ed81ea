"""The data sets that justfit knows by name: one file a source, and one line here."""

from pathlib import Path

from justfit.data.cache import Progress, find_file
from justfit.data.dataset import Dataset
from justfit.data.sources.breast_cancer import BREAST_CANCER
from justfit.data.sources.diabetes import DIABETES
from justfit.data.sources.digit_traits import DIGIT_TRAITS
from justfit.data.sources.digits import DIGITS
from justfit.data.sources.docstrings import DOCSTRINGS
from justfit.data.sources.germination import GERMINATION
from justfit.data.sources.imdb import IMDB
from justfit.data.sources.imdb_text import IMDB_TEXT
from justfit.data.sources.mnist import MNIST
from justfit.data.sources.source import Source
from justfit.data.sources.wine import WINE
from justfit.errors import DataError
from justfit.spec.checks import nearest

SOURCES: dict[str, Source] = {
    "breast_cancer": BREAST_CANCER,
    "diabetes": DIABETES,
    "digit_traits": DIGIT_TRAITS,
    "digits": DIGITS,
    "docstrings": DOCSTRINGS,
    "germination": GERMINATION,
    "imdb": IMDB,
    "imdb_text": IMDB_TEXT,
    "mnist": MNIST,
    "wine": WINE,
}


def load_dataset(name: str, progress: Progress | None = None) -> Dataset:
    """The data set called ``name``; what it needs and nobody has yet is downloaded, telling ``progress``.

    Raises:
        DataError: there is no such data set, or it cannot be had.
    """
    if name not in SOURCES:
        known = tuple(SOURCES)
        raise DataError(
            f'There is no data set "{name}": expected one of {", ".join(known)}.{nearest(name, known)}'
            + _own_file(name)
        )
    source = SOURCES[name]
    for file in source.files:
        find_file(file, progress)
    return source.load()


def _own_file(name: str) -> str:
    """How to name a file, where somebody gave one as the name of a data set; else nothing."""
    if not (Path(name).suffix or "/" in name):
        return ""
    return (
        " A file of your own is given to justfit run with --target COLUMN, or in a study file as data: "
        f"{{name: own, files: {{train: {name}, target: COLUMN}}}}."
    )
