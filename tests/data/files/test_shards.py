import gzip
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from justfit.data.files import read_batches, read_frame, shards
from justfit.data.files.frame import Frame
from justfit.data.load import load
from justfit.errors import DataError, JustfitError, SpecError
from justfit.spec import Data, Files, data_in

fsspec = pytest.importorskip("fsspec")

WORDS = np.array(["good", "bad", "film", "plot", "dull"])
RANDOM = np.random.default_rng(0)
TABLE = pa.table(
    {
        "text": [" ".join(RANDOM.choice(WORDS, 5)) for _ in range(90)],
        "sold": RANDOM.choice(["no", "yes"], 90),
    }
)


def packed(table: pa.Table, ending: str) -> bytes:
    out = io.BytesIO()
    if ending == ".parquet":
        parquet.write_table(table, out)
    else:
        csv.write_csv(table, out)
    return gzip.compress(out.getvalue()) if ending.endswith(".gz") else out.getvalue()


def written(folder: Path, ending: str = ".parquet", rows: int = 30) -> Path:
    folder.mkdir()
    for number in range(90 // rows):
        path = folder / f"part-{number}{ending}"
        path.write_bytes(packed(TABLE.slice(rows * number, rows), ending))
    return folder


@pytest.fixture
def in_memory() -> Iterator[str]:
    """The address of three Parquet files that fsspec keeps in memory."""
    system = fsspec.filesystem("memory")
    for number in range(3):
        system.pipe(f"/rows/part-{number}.parquet", packed(TABLE.slice(30 * number, 30), ".parquet"))
    system.pipe("/rows/_SUCCESS", b"")
    yield "memory://rows"
    system.store.clear()


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".csv.gz"])
def test_the_rows_of_a_folder_are_those_of_one_file_in_the_order_of_names(
    tmp_path: Path, ending: str
) -> None:
    folder = written(tmp_path / "rows", ending)
    (folder / "_SUCCESS").touch()
    found = read_frame(folder)
    assert found.table.to_pylist() == TABLE.to_pylist()
    assert found.rows.tolist() == list(range(1, 91))
    assert found.source == str(folder)
    assert found.notes[-1] == "3 files were read one after another; rows are numbered through all of them."


def test_the_fingerprint_does_not_depend_on_how_the_rows_are_cut_and_where_they_are(
    tmp_path: Path, in_memory: str
) -> None:
    folder = written(tmp_path / "rows")
    whole = tmp_path / "whole.parquet"
    whole.write_bytes(packed(TABLE, ".parquet"))
    places: list[str | tuple[str, ...]] = [
        str(whole),
        str(written(tmp_path / "other", ".csv", rows=45)),
        f"{folder}/*.parquet",
        f"file:{folder}/part-?.parquet",
        f"file://{folder}",
        tuple(f"{folder}/part-{number}.parquet" for number in range(3)),
        in_memory,
        f"{in_memory}/*.parquet",
        (f"{in_memory}/part-0.parquet", f"{folder}/part-1.parquet", "memory:/rows/part-2.parquet"),
    ]
    found = {load(Data("rows", files=Files(place, target="sold"))).fingerprint for place in places}
    assert len(found) == 1


@pytest.mark.usefixtures("in_memory")
def test_packed_text_is_read_from_an_address_too() -> None:
    system = fsspec.filesystem("memory")
    system.pipe("/text/a.csv.gz", packed(TABLE.slice(0, 50), ".csv.gz"))
    system.pipe("/text/b.csv", packed(TABLE.slice(50), ".csv"))
    assert read_frame("memory://text").table.to_pylist() == TABLE.to_pylist()


def test_shards_are_read_some_rows_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("justfit.data.files.columnar._BATCH", 10)
    assert [len(frame) for frame in read_batches(written(tmp_path / "rows"))] == [10] * 9


def test_rows_that_do_not_fit_are_numbered_through_all_files(tmp_path: Path) -> None:
    folder = written(tmp_path / "rows", ".csv")
    with (folder / "part-1.csv").open("a") as file:
        file.write("a,b,c\n")
    frame = read_frame(folder)
    assert [each.row for each in frame.skipped] == [61]
    assert frame.rows[-1] == 91
    with pytest.raises(DataError, match=r"part-1\.csv, row 31: 3 cells where the header has 2"):
        read_frame(folder, strict=True)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (TABLE.drop_columns(["text"]), r'lacks the column "text", which .*part-0\.parquet has'),
        (TABLE.append_column("txt", TABLE["text"]), r'has the column "txt", .*Did you mean "text"\?'),
        (
            TABLE.set_column(0, "text", pa.array(range(90))),
            r'part-1\.parquet, column "text": found int64, expected string as in .*part-0\.parquet',
        ),
    ],
)
def test_a_shard_with_other_columns_is_told_with_what_was_expected(
    tmp_path: Path, other: pa.Table, told: str
) -> None:
    folder = written(tmp_path / "rows")
    (folder / "part-1.parquet").write_bytes(packed(other, ".parquet"))
    with pytest.raises(DataError, match=told):
        read_frame(folder)


def test_columns_may_stand_in_another_order_and_be_empty_in_a_shard(tmp_path: Path) -> None:
    folder = written(tmp_path / "rows")
    other = TABLE.select(["sold", "text"]).slice(0, 30).set_column(1, "text", pa.nulls(30))
    (folder / "part-0.parquet").write_bytes(packed(other, ".parquet"))
    assert read_frame(folder).column("text").to_pylist()[29:31] == [None, TABLE["text"][30].as_py()]


def test_a_shard_that_changes_while_it_is_read_is_told(tmp_path: Path, in_memory: str) -> None:
    folder = written(tmp_path / "rows")
    reading = read_batches(folder)
    next(reading)
    os.utime(folder / "part-0.parquet", ns=(1, 1))
    with pytest.raises(DataError, match=r"part-0\.parquet changed while it was read: leave it alone"):
        next(reading)
    reading = read_batches(in_memory)
    next(reading)
    fsspec.filesystem("memory").pipe("/rows/part-0.parquet", packed(TABLE, ".parquet"))
    with pytest.raises(DataError, match=r"memory://rows/part-0\.parquet changed while it was read"):
        next(reading)


def test_other_rows_at_the_same_place_are_another_data_set(tmp_path: Path) -> None:
    folder = written(tmp_path / "rows")
    first = load(data_in(str(folder), target="sold")).fingerprint
    (folder / "part-2.parquet").unlink()
    assert load(data_in(str(folder), target="sold")).fingerprint != first


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("s3://bucket/rows", "s3: paths need a package: pip install s3fs"),
        ("ftp://host/rows", "paths may begin with file:, memory:, s3:"),
        ("zip://a.csv::memory://rows", "and lead through no other"),
        ("simplecache::s3://bucket", "paths may begin with"),
        ("s3://a::memory://rows", "and lead through no other"),
        ("memory://nowhere", "There is no file or folder memory://nowhere"),
        ("memory://nowhere/*.parquet", "There is no file of rows at memory://nowhere"),
        ("nowhere/*.csv", r"There is no file of rows at nowhere/\*\.csv"),
    ],
)
def test_what_is_not_there_or_not_to_be_read_is_told(
    path: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(JustfitError, match=told):
        read_frame(path)


def test_without_fsspec_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(SpecError, match=r"memory: paths need a package: pip install 'justfit\[remote\]'"):
        read_frame("memory://rows")


def test_number_and_size_of_the_files_are_bounded_before_one_is_read(
    in_memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> Iterator[Frame]:
        raise AssertionError("a file was read")

    monkeypatch.setattr(shards, "read_columnar", read)
    monkeypatch.setattr(shards, "MOST_SHARDS", 2)
    with pytest.raises(DataError, match="there are 3 files, and 2 may be read as one data set"):
        read_frame(in_memory)
    monkeypatch.setattr(shards, "MOST_SHARDS", 3)
    monkeypatch.setattr(shards, "MOST_BYTES", 100)
    with pytest.raises(DataError, match="name fewer"):
        read_frame(in_memory)


def test_broken_shards_are_told_with_their_place(tmp_path: Path, in_memory: str) -> None:
    folder = written(tmp_path / "rows")
    (folder / "part-1.parquet").write_bytes(b"PAR1 broken PAR1")
    with pytest.raises(DataError, match=r"part-1\.parquet is broken after 0 rows"):
        read_frame(folder)
    system = fsspec.filesystem("memory")
    for content, told in (
        (b"PAR1 broken PAR1", "is broken after 0 rows"),
        (b"", "is empty"),
        (b"ARROW1", "Arrow"),
    ):
        system.pipe("/rows/part-1.parquet", content)
        with pytest.raises(DataError, match=rf"memory://rows/part-1\.parquet {told}|{told}"):
            read_frame(in_memory)


def test_a_password_in_a_path_is_refused_for_it_would_be_stored() -> None:
    with pytest.raises(SpecError, match="train names a password") as told:
        Files("sftp://me:secret@host/rows", target="sold")
    assert "secret" not in str(told.value)
