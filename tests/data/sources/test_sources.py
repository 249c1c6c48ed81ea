import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from contracts.source import check_source

from justfit.data import Dataset, Numbers, Part, Sealed, Texts
from justfit.data.sources import SOURCES, load_dataset
from justfit.data.sources.source import Source, require_classes
from justfit.errors import DataError
from justfit.spec import Scaling, TextEncoding, task_named

DOWNLOADED = ("imdb", "imdb_text", "mnist")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name == "docstrings" else [])
        for name in SOURCES
        if name not in DOWNLOADED
    ],
)
def test_an_embedded_source_keeps_the_contract(name: str) -> None:
    check_source(SOURCES[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", DOWNLOADED)
@pytest.mark.usefixtures("real_data")
def test_a_downloaded_source_keeps_the_contract(name: str) -> None:
    check_source(SOURCES[name])


def made() -> Dataset:
    labels = np.array([0, 1] * 5)
    part = Part(Numbers(np.arange(20.0).reshape(10, 2), ("x", "y")), labels)
    return Dataset(
        "made", task_named("binary"), ("no", "yes"), part, Sealed(10, lambda: part), Scaling(), "0" * 16
    )


def made_texts(test: str) -> Dataset:
    labels = np.array([0, 1] * 5)
    train = Part(Texts([f"text {number}" for number in range(10)]), labels)
    sealed = Sealed(10, lambda: Part(Texts([test.format(number) for number in range(10)]), labels))
    return replace(made(), train=train, sealed=sealed, preparation=TextEncoding())


def source_of(load: Callable[[], Dataset]) -> Source:
    return Source("made", "ten rows", "binary", "nobody's", "nothing", load)


@pytest.mark.parametrize("load", [made, lambda: made_texts("test {}")])
def test_the_contract_is_kept_by_a_sound_source(load: Callable[[], Dataset]) -> None:
    check_source(source_of(load))


COUNTER = itertools.count()


def opened() -> Dataset:
    dataset = made()
    dataset.sealed.open()
    return dataset


def relabelled(labels: np.ndarray) -> Dataset:
    return replace(made(), train=Part(made().train.raw, labels))


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (lambda: replace(made(), name="other"), "name of its source"),
        (lambda: replace(made(), task=task_named("multiclass")), "task of its source"),
        (lambda: replace(made(), fingerprint=f"{next(COUNTER):016x}"), "same each time"),
        (lambda: replace(made(), classes=("no", "yes", "maybe")), "each class has a name, and rows"),
        (lambda: replace(made(), classes=("yes", "yes")), "same name"),
        (lambda: relabelled(np.array([0, 2] * 5)), "each class has a name"),
        (lambda: relabelled(np.array([0, 1] * 5, np.int32)), "int64"),
        (lambda: made_texts("text {}"), "no test text was trained on"),
        (opened, "leaves the seal closed"),
    ],
)
def test_the_contract_catches_a_broken_source(load: Callable[[], Dataset], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_source(source_of(load))


def test_an_unknown_name_is_answered_with_the_nearest_and_all() -> None:
    with pytest.raises(
        DataError, match=r'no data set "imbd".*breast_cancer, .*, wine\. Did you mean "imdb"\?'
    ):
        load_dataset("imbd")


def test_each_source_stands_under_its_own_name() -> None:
    assert [source.name for source in SOURCES.values()] == list(SOURCES)


@pytest.mark.parametrize("name", DOWNLOADED)
def test_what_has_to_be_downloaded_is_got_before_loading_and_told(
    name: str, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def find(file: object, progress: object) -> Path:
        asked.append((file, progress))
        return real_data

    monkeypatch.setattr("justfit.data.sources.find_file", find)
    progress = lambda *_: None  # noqa: E731
    load_dataset(name, progress)
    assert asked == [(file, progress) for file in SOURCES[name].files]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3], "y, row 1: expected a class from 0 to 2, got 3"),
        ([-1, 0], "y, row 0: expected a class from 0 to 2, got -1"),
        ([0.0, 1.0], "y holds float64, expected whole numbers from 0 to 2"),
    ],
)
def test_labels_that_are_no_classes_are_refused_with_the_row(labels: list[float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        require_classes("y", np.array(labels), 3)


@pytest.mark.parametrize("name", ["own.csv", "folder/own"])
def test_who_names_a_file_as_a_data_set_is_told_where_it_belongs(name: str) -> None:
    with pytest.raises(DataError, match=re.escape(f"files: {{train: {name}, target: COLUMN}}")):
        load_dataset(name)
    with pytest.raises(DataError, match=r'Did you mean "wine"\?$'):
        load_dataset("wime")
