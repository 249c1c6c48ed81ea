from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from data.files.bad_inputs import written
from pyarrow import feather, ipc, parquet

from justfit.data.files import read_batches, read_frame
from justfit.errors import DataError

TABLE = pa.table(
    {
        "text": pa.array(["good", None], pa.large_string()),
        "kind": pa.array(["x", "y"]).dictionary_encode(),
        "user": [{"name": "Ada", "age": 36}, {"name": "Bob", "age": None}],
        "labels": pa.array([["a", "b"], []], pa.large_list(pa.large_string())),
        "size": [1.5, 2.5],
    }
)
ROWS = [
    {"text": "good", "kind": "x", "user.name": "Ada", "user.age": 36, "labels": ["a", "b"], "size": 1.5},
    {"text": None, "kind": "y", "user.name": "Bob", "user.age": None, "labels": [], "size": 2.5},
]


def stream(path: Path) -> None:
    with pa.OSFile(str(path), "wb") as file, ipc.new_stream(file, TABLE.schema) as writer:
        writer.write(TABLE)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: parquet.write_table(TABLE, path),
        lambda path: feather.write_feather(TABLE, str(path)),
        lambda path: feather.write_feather(TABLE, str(path), compression="uncompressed"),
        stream,
    ],
)
def test_rows_are_read_with_plain_types_whatever_the_format_and_name(write: object, tmp_path: Path) -> None:
    path = tmp_path / "table.data"
    write(path)  # type: ignore[operator]
    frame = read_frame(path)
    assert frame.table.to_pylist() == ROWS
    assert frame.rows.tolist() == [1, 2]
    assert frame.table.schema.types[:2] == [pa.string(), pa.string()]
    assert frame.table.schema.field("labels").type == pa.list_(pa.string())


def test_a_large_file_comes_in_pieces_that_follow_each_other(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a": np.arange(200_000)}), tmp_path / "a.parquet")
    frames = list(read_batches(tmp_path / "a.parquet"))
    assert len(frames) > 2
    assert np.concatenate([frame.rows for frame in frames]).tolist() == list(range(1, 200_001))


def test_repeated_names_are_numbered(tmp_path: Path) -> None:
    table = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    feather.write_feather(table, str(tmp_path / "a"))
    assert read_frame(tmp_path / "a").table.to_pylist() == [{"a": 1, "a_2": 2}]


def test_false_offsets_in_arrow_are_refused(tmp_path: Path) -> None:
    """Arrow trusts where a text begins and ends; followed unchecked, these would leave the file."""
    texts = pa.StringArray.from_buffers(
        2, pa.py_buffer(np.array([0, 1 << 30, 3], np.int32)), pa.py_buffer(b"abc")
    )
    with pa.OSFile(str(tmp_path / "a"), "wb") as file:
        batch = pa.record_batch([texts], names=["a"])
        with ipc.new_file(file, batch.schema) as writer:
            writer.write(batch)
    with pytest.raises(DataError, match="is broken after 0 rows"):
        read_frame(tmp_path / "a")


@pytest.mark.parametrize("start", [b"PAR1", b"ARROW1", b"\xff\xff\xff\xff"])
def test_what_only_begins_like_a_table_is_refused(start: bytes, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="broken"):
        read_frame(written(tmp_path, "a.parquet", start + b"and no more" * 10))


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    parquet.write_table(TABLE.slice(0, 0), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="no rows"):
        read_frame(tmp_path / "a.parquet")


def test_the_real_reviews_are_read(real_data: Path) -> None:
    if not (real_data / "imdb_reviews.parquet").is_file():
        pytest.skip("the reviews are not there")
    frame = read_frame(real_data / "imdb_reviews.parquet")
    assert len(frame) == 50_000
    assert {"review", "sentiment"} <= set(frame.table.column_names)
