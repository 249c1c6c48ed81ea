"""The reviews as they were written: the archive and the table give the same, and neither is trusted."""

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from justfit.data import Texts
from justfit.data.sources import imdb_text, load_dataset
from justfit.errors import DataError

Row = tuple[str, str, int, str]
ROWS: list[Row] = [
    (part, label, number, f"{label} review {number} of {part}, très <br /> bien")
    for part in ("train", "test")
    for label in ("neg", "pos")
    for number in range(5)
]
OTHERS = (("aclImdb/README", b"about"), ("aclImdb/train/unsup/0_0.txt", b"no label"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(imdb_text, "ROWS", 10)
    monkeypatch.setenv("JUSTFIT_DATA", str(tmp_path))
    return tmp_path


def write_archive(folder: Path, files: Iterable[tuple[str, bytes]]) -> Path:
    path = folder / "aclImdb_v1.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def files(rows: Iterable[Row]) -> list[tuple[str, bytes]]:
    return [
        (f"aclImdb/{part}/{label}/{number}_{7 if label == 'pos' else 2}.txt", text.encode())
        for part, label, number, text in rows
    ]


def write_table(folder: Path, rows: Iterable[Row]) -> Path:
    parts, labels, numbers, texts = zip(*rows, strict=True)
    sentiments = ["positive" if label == "pos" else "negative" for label in labels]
    table = pa.table({"split": parts, "id": numbers, "sentiment": sentiments, "review": texts})
    pq.write_table(table, folder / "imdb_reviews.parquet")
    return folder / "imdb_reviews.parquet"


def test_archive_and_table_give_the_same_rows_in_the_same_order(folder: Path) -> None:
    path = write_archive(folder, [*OTHERS, *reversed(files(ROWS))])
    archived = load_dataset("imdb_text")
    path.unlink()
    write_table(folder, ROWS)
    tabled = load_dataset("imdb_text")
    assert archived.fingerprint == tabled.fingerprint
    for one, other in ((archived.train, tabled.train), (archived.sealed.open(), tabled.sealed.open())):
        assert isinstance(one.raw, Texts)
        assert isinstance(other.raw, Texts)
        assert list(one.raw.texts) == list(other.raw.texts)
        np.testing.assert_array_equal(one.labels, other.labels)
        for text, label in zip(one.raw.texts, one.labels, strict=True):
            assert text.startswith(("neg", "pos")[label])
            assert "très <br /> bien" in text


def test_test_rows_are_sealed_and_classes_mixed(folder: Path) -> None:
    write_table(folder, ROWS)
    dataset = load_dataset("imdb_text")
    assert dataset.sealed.count == 10
    assert all("of train" in text for text in dataset.train.raw.texts)  # type: ignore[union-attr]
    assert sorted(dataset.train.labels) != dataset.train.labels.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: found[1:], "has 9 train reviews, 5 of them positive; expected 10, half of them"),
        (lambda found: [("aclImdb/train/neg/../../../x_1.txt", b"out"), *found[1:]], "has 9 train reviews"),
        (
            lambda found: [("aclImdb/train/neg/0_1.txt", b"x" * (1 << 20) + b"x"), *found[1:]],
            "which is no review",
        ),
    ],
)
def test_an_archive_of_another_form_is_refused(folder: Path, change: object, message: str) -> None:
    write_archive(folder, change(files(ROWS)))  # type: ignore[operator]
    with pytest.raises(DataError, match=message):
        load_dataset("imdb_text")


def test_an_archive_with_far_too_many_files_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imdb_text, "MOST_MEMBERS", 10)
    write_archive(folder, files(ROWS))
    with pytest.raises(DataError, match="more than 10 files"):
        load_dataset("imdb_text")


def test_links_in_an_archive_are_not_followed(folder: Path) -> None:
    path = folder / "aclImdb_v1.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo("aclImdb/train/neg/0_1.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(DataError, match="has 0 train reviews"):
        load_dataset("imdb_text")


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b" + b"\0" * 50])
def test_what_is_no_archive_is_refused(folder: Path, content: bytes) -> None:
    (folder / "aclImdb_v1.tar.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"aclImdb_v1.tar.gz"):
        load_dataset("imdb_text")


def test_a_table_with_other_columns_or_values_is_refused(folder: Path) -> None:
    pq.write_table(pa.table({"review": ["a"]}), folder / "imdb_reviews.parquet")
    with pytest.raises(DataError, match="has no column split and sentiment and id"):
        load_dataset("imdb_text")
    table = {"split": ["train", "dev"], "id": [0, 1], "sentiment": ["positive"] * 2, "review": ["a", "b"]}
    pq.write_table(pa.table(table), folder / "imdb_reviews.parquet")
    with pytest.raises(DataError, match="row 2: expected split train or test"):
        load_dataset("imdb_text")


@pytest.mark.slow
@pytest.mark.usefixtures("real_data")
def test_the_real_reviews_are_read_whole() -> None:
    dataset = load_dataset("imdb_text")
    assert len(dataset.train) == dataset.sealed.count == 25_000
    assert dataset.train.labels.sum() == 12_500
