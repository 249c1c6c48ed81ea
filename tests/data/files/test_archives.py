import bz2
import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from data.files.bad_inputs import written, zipped

from justfit.data.files import read_frame
from justfit.data.files.archives import unpacked
from justfit.errors import DataError

TABLE = b"text,label\n" + b"good film,1\nbad film,0\n" * 100_000


def zstd(data: bytes) -> bytes:
    return pa.Codec("zstd").compress(data, asbytes=True)


@pytest.mark.parametrize(
    ("name", "pack"), [("a.csv.gz", gzip.compress), ("a.csv.bz2", bz2.compress), ("a.csv.zst", zstd)]
)
def test_packed_tables_are_read_whatever_their_name(
    name: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    for called in (name, "a.csv", "a"):
        frame = read_frame(written(tmp_path, called, pack(TABLE[: 11 + 23 * 40])))
        assert frame.table.num_rows == 80
        assert frame.table.column_names == ["text", "label"]


def test_the_name_inside_decides_what_doubtful_text_is(tmp_path: Path) -> None:
    frame = read_frame(written(tmp_path, "a.txt.gz", gzip.compress(b"Good, good\nBad\n")))
    assert frame.table.to_pylist() == [{"text": "Good, good"}, {"text": "Bad"}]


def test_a_zip_with_one_member_is_read_beside_what_a_mac_adds(tmp_path: Path) -> None:
    path = zipped(tmp_path, "a.zip", {"data/": b"", "data/a.csv": b"a,b\n1,2\n", "__MACOSX/._a.csv": b"x"})
    assert read_frame(path).table.to_pylist() == [{"a": "1", "b": "2"}]


def test_gzip_of_several_members_is_read_whole(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv.gz", gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"))
    assert read_frame(path).table.num_rows == 2


def test_a_table_that_packs_well_is_no_bomb(tmp_path: Path) -> None:
    """24 MB to a thousandth: too small to harm."""
    path = written(tmp_path, "a.csv.gz", gzip.compress(TABLE * 10))
    assert path.stat().st_size * 200 < len(TABLE) * 10
    with unpacked(path) as contents:
        assert len(contents.stream.read()) == len(TABLE) * 10


@pytest.mark.parametrize("outside", ["/etc/a.csv", "a/../../b.csv", "C:\\a.csv", "..\\a.csv"])
def test_paths_outside_are_refused_however_written(outside: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="outside its folder"):
        read_frame(zipped(tmp_path, "a.zip", {outside: b"a,b\n1,2\n"}))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (gzip.compress(gzip.compress(b"a")), "packed twice"),
        (b"7z\xbc\xaf\x27\x1c", "7z archive"),
        (b"x" * 257 + b"ustar", "tar archive"),
        (b"PK\x03\x04 and no more", "broken zip"),
        (gzip.compress(b"PAR1"), "Unpack it first"),
    ],
    ids=["packed twice", "7z", "tar", "zip", "Parquet"],  # gzip's bytes tell the time
)
def test_other_archives_are_refused_with_what_to_do(content: bytes, told: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=told):
        read_frame(written(tmp_path, "a", content))


def test_a_flipped_bit_is_found_by_the_checksum(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.csv", TABLE)
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="broken"):
        read_frame(path)
