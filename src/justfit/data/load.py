"""`load`: the data set that a study names, or that stands in files."""

from justfit.data.cache import Progress
from justfit.data.dataset import Dataset
from justfit.data.files.read import read_frame
from justfit.data.sources import load_dataset
from justfit.data.user_dataset import DataReport, dataset_of
from justfit.spec import Data


def load(data: Data, progress: Progress | None = None) -> Dataset:
    """The rows of ``data``, all of them, not yet prepared; a download tells ``progress``.

    Raises:
        DataError: there is no such data set, or its rows cannot be had or used.
    """
    return load_with_report(data, progress)[0]


def load_with_report(data: Data, progress: Progress | None = None) -> tuple[Dataset, DataReport | None]:
    """The rows of ``data`` and, where they are in files, what was decided of their columns."""
    files = data.files
    if files is None:
        return load_dataset(data.name, progress), None
    frames = {part: read_frame(path, strict=files.strict) for part, path in files.parts.items()}
    return dataset_of(
        frames,
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
