import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from justfit.data import Ids, fit_preparation, limit_ids
from justfit.data.duplicates import row_hashes
from justfit.data.sources import imdb, load_dataset
from justfit.errors import DataError
from justfit.spec import TextEncoding

WORDS = ("the", "and", "a", "of", "film", "was", "not", "good")


def lists(rows: list[list[int]]) -> np.ndarray:
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny data set in the published form, in JUSTFIT_DATA."""
    random = np.random.default_rng(0)
    for rows, name in ((40, "train"), (30, "test")):
        texts = [random.integers(1, 9, random.integers(0, 12)).tolist() for _ in range(rows)]
        write(tmp_path, **{f"x_{name}": lists(texts), f"y_{name}": random.integers(0, 2, rows)})
    (tmp_path / "imdb_word_index.json").write_text(
        json.dumps({word: rank for rank, word in enumerate(WORDS, 1)})
    )
    monkeypatch.setenv("JUSTFIT_DATA", str(tmp_path))
    return tmp_path


def write(folder: Path, **changes: np.ndarray) -> None:
    path = folder / "imdb.npz"
    members: dict[str, Any] = {}
    if path.exists():
        with np.load(path, allow_pickle=True) as before:
            members = dict(before)
    np.savez_compressed(path, **(members | changes))


def rows_of(raw: object, num_words: int, skip_top: int) -> list[list[int]]:
    assert isinstance(raw, Ids)
    ids = limit_ids(raw, num_words, skip_top)
    return [ids.row(number).tolist() for number in range(len(ids))]


@pytest.mark.parametrize(("num_words", "skip_top"), [(100, 0), (9, 0), (9, 3), (8, 6)])
def test_both_parts_are_what_keras_loads(
    folder: Path, num_words: int, skip_top: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keras.src.datasets.imdb.get_file", lambda **_: str(folder / "imdb.npz"))
    keras_parts = keras.datasets.imdb.load_data(num_words=num_words, skip_top=skip_top)
    dataset = load_dataset("imdb")
    for part, (texts, labels) in zip((dataset.train, dataset.sealed.open()), keras_parts, strict=True):
        assert rows_of(part.raw, num_words, skip_top) == texts.tolist()
        assert part.labels.tolist() == labels.tolist()


@pytest.mark.usefixtures("folder")
def test_the_test_reviews_are_read_when_the_seal_is_opened_and_not_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = []

    def recorded(path: Path, name: str) -> Any:
        read.append(name)
        return imdb_read_lists(path, name)

    imdb_read_lists = imdb.read_lists
    monkeypatch.setattr(imdb, "read_lists", recorded)
    dataset = load_dataset("imdb")
    assert read == ["x_train"]
    dataset.sealed.open()
    assert read == ["x_train", "x_test"]


def test_the_fingerprint_changes_with_a_test_row_that_nobody_read(folder: Path) -> None:
    before = load_dataset("imdb").fingerprint
    write(folder, x_test=lists([[1]] * 30))
    after = load_dataset("imdb").fingerprint
    write(folder, y_train=np.zeros(40, np.int64))
    assert len({before, after, load_dataset("imdb").fingerprint}) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"x_train": lists([[1], [9]] * 20)},
            "x_train has word ranks from 1 to 9, expected from 1 to the 8 words",
        ),
        ({"x_train": lists([[0], [1]] * 20)}, "x_train has word ranks from 0"),
        ({"y_train": np.array([0, 2] * 20)}, "y_train, row 1: expected a class from 0 to 1, got 2"),
        ({"y_train": np.zeros(39, int)}, r"x_train has shape \(40,\) and y_train has shape \(39,\)"),
        ({"y_test": np.zeros((30, 1), int)}, r"x_test has shape \(30,\) and y_test has shape \(30, 1\)"),
    ],
)
def test_a_file_of_other_contents_is_refused(
    folder: Path, changes: dict[str, np.ndarray], message: str
) -> None:
    write(folder, **changes)
    with pytest.raises(DataError, match=message):
        load_dataset("imdb")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[1]", "expected an object of words"),
        ('{"the": "1"}', "expected an object of words"),
        ('{"the": 1, "and": 1}', 'each rank from 1 to 2 once; "and" has rank 1'),
        ('{"the": 0}', 'each rank from 1 to 1 once; "the" has rank 0'),
    ],
)
def test_a_word_index_of_other_contents_is_refused(folder: Path, text: str, message: str) -> None:
    (folder / "imdb_word_index.json").write_text(text)
    with pytest.raises(DataError, match=rf"imdb_word_index\.json.*{message}"):
        load_dataset("imdb")


@pytest.mark.slow
@pytest.mark.usefixtures("real_data")
def test_the_real_reviews_are_those_that_were_published() -> None:
    dataset = load_dataset("imdb")
    assert dataset.classes == ("negative", "positive")
    assert any("test rows included" in note for note in dataset.notes)
    train = dataset.train
    assert isinstance(train.raw, Ids)
    rows = rows_of(train.raw, 10_000, 0)
    assert rows[0][:8] == [1, 14, 22, 16, 43, 530, 973, 1622]
    assert len(rows[0]) == 218
    decoded = " ".join(train.raw.vocabulary.word(number) for number in rows[0][1:11])
    assert decoded == "this film was just brilliant casting location scenery story direction"
    assert train.labels[:10].tolist() == [1, 0, 0, 1, 0, 0, 1, 0, 1, 0]
    shortest = min(range(len(rows)), key=lambda number: len(rows[number]))
    assert rows[shortest] == [1, 13, 586, 851, 14, 31, 60, 23, 2863, 2364, 314]
    assert train.labels[shortest] == 0
    assert max(map(max, rows)) == 9999
    assert len(train.raw.vocabulary.words) == 88_584
    bags = fit_preparation(TextEncoding(), train.raw).rows(train.raw)
    assert round(len(bags.indices) / len(bags), 1) == 131.7
    for part in (train, dataset.sealed.open()):
        assert np.bincount(part.labels).tolist() == [12_500, 12_500]


@pytest.mark.slow
def test_the_real_reviews_are_what_keras_loads(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras.src.datasets.imdb.get_file", lambda **_: str(real_data / "imdb.npz"))
    keras_parts = keras.datasets.imdb.load_data(num_words=10_000)
    dataset = load_dataset("imdb")
    for part, (texts, labels) in zip((dataset.train, dataset.sealed.open()), keras_parts, strict=True):
        assert rows_of(part.raw, 10_000, 0) == texts.tolist()
        assert part.labels.tolist() == labels.tolist()


def test_reviews_in_both_parts_are_counted_without_reading_a_label_of_a_test_row(folder: Path) -> None:
    write(folder, y_test=np.full(30, 0.5))
    dataset = load_dataset("imdb")
    overlap = dataset.sealed.overlap(row_hashes(dataset.train.raw))
    assert overlap is not None
    with np.load(folder / "imdb.npz", allow_pickle=True) as members:
        known, test = {tuple(row) for row in members["x_train"]}, [tuple(row) for row in members["x_test"]]
    assert 0 < overlap.test_rows == sum(row in known for row in test)
    with pytest.raises(DataError, match="y_test holds float64"):
        dataset.sealed.open()
