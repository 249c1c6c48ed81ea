"""`load`: the data set that a study names, or that stands in files."""

import dataclasses
import logging
import time
from pathlib import Path

from justfit.data.cache import Progress
from justfit.data.dataset import Dataset
from justfit.data.files.arrays import npz_parts
from justfit.data.files.frame import Frame
from justfit.data.files.kept import gathered
from justfit.data.files.read import read_batches
from justfit.data.sources import load_dataset
from justfit.data.user_dataset import DataReport, dataset_of
from justfit.spec import Data, Files

_LOG = logging.getLogger(__name__)


def load(data: Data, progress: Progress | None = None) -> Dataset:
    """The rows of ``data``, all of them, not yet prepared; a download tells ``progress``.

    Raises:
        DataError: there is no such data set, or its rows cannot be had or used.
    """
    return load_with_report(data, progress)[0]


def load_with_report(data: Data, progress: Progress | None = None) -> tuple[Dataset, DataReport | None]:
    """The rows of ``data`` and, where they are in files, what was decided of their columns."""
    start = time.perf_counter()
    dataset, report = _loaded(data, progress)
    _LOG.info(
        "%s loaded in %.2f s: %d training rows, %d test rows sealed, fingerprint %s",
        *(dataset.name, time.perf_counter() - start, len(dataset.train), dataset.sealed.count),
        dataset.fingerprint,
    )
    return dataset, report


def _loaded(data: Data, progress: Progress | None) -> tuple[Dataset, DataReport | None]:
    files = data.files
    if files is None:
        return load_dataset(data.name, progress), None
    return dataset_of(
        _frames(files),
        name=data.name,
        target=files.target,
        task=files.task,
        text=files.text,
        drop=files.drop,
        categories=files.categories,
        numbers=files.numbers,
        seed=files.seed,
        strict=files.strict,
    )


def _frames(files: Files) -> dict[str, Frame]:
    """The rows of each file, and those of the parts that an npz file of training rows has besides."""
    parts, notes = dict(files.parts), []
    for part in npz_parts(Path(files.train)) if isinstance(files.train, str) else ():
        if part in parts:
            notes.append(f"The {part} rows in {files.train} were not read, as others were given.")
        parts.setdefault(part, files.train)
    frames = {
        part: gathered(read_batches(path, strict=files.strict, part=part)) for part, path in parts.items()
    }
    frames["train"] = dataclasses.replace(frames["train"], notes=(*frames["train"].notes, *notes))
    return frames
