"""What every source of data must keep; `check_source` fails where one does not."""

import numpy as np
import pytest

from justfit.data import Dataset, Labels, Part, Texts, fit_preparation, fit_target, tokens
from justfit.data.sources.source import Source
from justfit.data.splits import splits
from justfit.errors import SealError
from justfit.spec import HoldOut


def check_source(source: Source) -> None:
    """Asserts, with a word on what is wrong, that ``source`` gives a data set that the workflow can use."""
    for line in (source.name, source.about, source.license, source.needs):
        assert line, "name, about, license and needs must say something"
        assert "\n" not in line, "name, about, license and needs are one line each"
    dataset = source.load()
    assert dataset.name == source.name, "the data set has the name of its source"
    assert dataset.task.name == source.task, "the data set has the task of its source"
    assert source.load().fingerprint == dataset.fingerprint, "the fingerprint is the same each time"
    assert len(dataset.fingerprint) == 16, "the fingerprint has 16 digits"
    _check_part(dataset, dataset.train)
    _check_training(dataset)
    _check_sealed(dataset, published=bool(source.files))


def _check_part(dataset: Dataset, part: Part) -> None:
    assert len(part) > 0, "there are rows"
    assert part.groups is None or part.groups.dtype == np.int64, "groups are int64"
    labels: Labels = part.labels
    if dataset.task.name == "multilabel":
        assert labels.dtype == np.float32, "labels of which a row may have several are float32"
        assert labels.shape == (len(part), len(dataset.classes)), "each label has a name and a column"
        assert set(np.unique(labels)) == {0, 1}, "a row has a label or not"
    elif dataset.task.is_classification:
        assert labels.dtype == np.int64, "classes are int64"
        assert np.unique(labels).tolist() == list(range(len(dataset.classes))), (
            "each class has a name, and rows"
        )
        assert len(set(dataset.classes)) == len(dataset.classes), "no two classes have the same name"
        assert (len(dataset.classes) == 2) == (dataset.task.name == "binary"), "two classes are binary"
    else:
        assert labels.dtype == np.float32, "numbers to be learned are float32"
        assert np.isfinite(labels).all(), "labels are finite"
        assert not dataset.classes, "regression has no classes"


def _check_training(dataset: Dataset) -> None:
    train = dataset.train
    preparation = fit_preparation(dataset.preparation, train.raw)
    rows = preparation.rows(train.raw)
    assert len(rows) == len(train), "each raw row becomes one row"
    assert rows.columns == preparation.columns, "rows have the columns that the preparation says"
    (parts,) = splits(HoldOut(), train.labels, dataset.task, train.groups)
    assert len(train.take(parts.validation)) == len(parts.validation), "training rows can be split"
    fit_target(dataset.task, train.labels)


def _check_sealed(dataset: Dataset, *, published: bool) -> None:
    """``published`` where somebody else parted the rows, and may have left some in both parts."""
    assert "sealed" in repr(dataset.sealed), "loading leaves the seal closed"
    test = dataset.sealed.open()
    with pytest.raises(SealError):
        dataset.sealed.open()
    _check_part(dataset, test)
    assert type(test.raw) is type(dataset.train.raw), "test rows are of the same kind"
    assert len(fit_preparation(dataset.preparation, dataset.train.raw).rows(test.raw)) == len(test)
    if not published and isinstance(test.raw, Texts) and isinstance(dataset.train.raw, Texts):
        seen = {tuple(tokens(text)) for text in dataset.train.raw.texts}
        assert not seen.intersection(tuple(tokens(text)) for text in test.raw.texts), (
            "no test text was trained on"
        )
