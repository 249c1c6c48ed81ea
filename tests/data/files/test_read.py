"""Whatever the bytes, a reader gives a frame that holds together or a `DataError` in one line."""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import feather, parquet

from justfit.data.files import read_frame, read_stream
from justfit.errors import DataError


def seeds() -> dict[str, bytes]:
    """A small honest file of each kind."""
    table = pa.table({"a": [1, None], "b": ["x", "y"], "c": [["u"], []], "d": [{"e": 1}] * 2})
    csv = b'text,label\n"good, ""x""",1\nbad,0\n'
    made = {
        "a.csv": csv,
        "a.txt": b"one, two\nthree\n",
        "a.jsonl": b'{"a": 1, "b": {"c": [1]}}\n{"a": "x"}\n',
    }
    made["a.json"] = b'[{"a": 1}, {"a": {"b": 2}}]'
    made["utf16.csv"] = csv.decode().encode("utf-16")
    made["a.csv.gz"] = gzip.compress(csv)
    made["idx"] = bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 5, 6])
    for name in ("a.parquet", "a.arrow", "a.npy", "a.npz", "a.zip"):
        out = io.BytesIO()
        match name:
            case "a.parquet":
                parquet.write_table(table, out)
            case "a.arrow":
                feather.write_feather(table, out)
            case "a.npy":
                np.save(out, np.eye(2))
            case "a.npz":
                np.savez(out, x=np.eye(2), y=[0, 1])
            case "a.zip":
                with zipfile.ZipFile(out, "w") as archive:
                    archive.writestr("a.csv", csv)
        made[name] = out.getvalue()
    return made


SEEDS = seeds()


def check(path: Path) -> None:
    told = ""
    try:
        frame = read_frame(path)
    except DataError as error:
        told = str(error)
    assert "\n" not in told
    if told:
        return
    frame.table.validate(full=True)
    assert len(frame) == frame.table.num_rows > 0
    assert (np.diff(frame.rows) > 0).all()
    assert not {skipped.row for skipped in frame.skipped} & set(frame.rows.tolist())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@given(name=st.sampled_from(sorted(SEEDS)), data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(name: str, data: bytes, folder: Path) -> None:
    (folder / name).write_bytes(data)
    check(folder / name)


@given(
    name=st.sampled_from(sorted(SEEDS)),
    edits=st.lists(
        st.tuples(
            st.integers(0, 10_000),
            st.integers(0, 4),
            st.sampled_from([b"", b'"', b"\xff", b"\0", b",", b"\n"]),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_honest_files_with_some_bytes_changed_are_read_or_refused(
    name: str, edits: list[tuple[int, int, bytes]], folder: Path
) -> None:
    data = SEEDS[name]
    for at, removed, added in edits:
        start = at % (len(data) + 1)
        data = data[:start] + added + data[start + removed :]
    (folder / name).write_bytes(data)
    check(folder / name)


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_a_file_cut_off_anywhere_is_read_or_refused(name: str, folder: Path) -> None:
    for size in range(0, len(SEEDS[name]), max(1, len(SEEDS[name]) // 50)):
        (folder / name).write_bytes(SEEDS[name][:size])
        check(folder / name)


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_honest_files_are_read(name: str, folder: Path) -> None:
    (folder / name).write_bytes(SEEDS[name])
    assert len(read_frame(folder / name)) > 0


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json", "utf16.csv", "idx"])
def test_a_stream_without_a_name_is_read_as_the_same_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(SEEDS[name])
    from_file = read_frame(tmp_path / name)
    frames = list(read_stream(io.BytesIO(SEEDS[name]), "standard input"))
    assert pa.concat_tables([frame.table for frame in frames], promote_options="permissive").equals(
        from_file.table
    )
    assert {frame.source for frame in frames} == {"standard input"}


@pytest.mark.parametrize("name", ["a.parquet", "a.zip", "a.csv.gz"])
def test_a_stream_of_what_is_no_text_is_refused_by_name(name: str) -> None:
    with pytest.raises(DataError, match=r"^standard input is .*packed"):
        list(read_stream(io.BytesIO(SEEDS[name]), "standard input"))
