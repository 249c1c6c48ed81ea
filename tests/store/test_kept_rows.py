import io
from pathlib import Path

import pytest

from justfit.errors import DataError, StoreError
from justfit.store.kept_rows import keep_rows
from justfit.store.paths import upload_path


def test_the_same_bytes_have_one_file_and_others_another(tmp_path: Path) -> None:
    first = keep_rows(io.BytesIO(b"a,b\n1,2\n"), tmp_path, "rows")
    assert first.is_absolute()
    assert first == upload_path(tmp_path, first.parent.name, "rows")
    assert first.read_bytes() == b"a,b\n1,2\n"
    assert keep_rows(io.BytesIO(b"a,b\n1,2\n"), tmp_path, "rows") == first
    other = keep_rows(io.BytesIO(b"a,b\n1,3\n"), tmp_path, "rows")
    assert other != first
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {first, other}


def test_a_stream_longer_than_a_piece_is_kept_whole(tmp_path: Path) -> None:
    content = bytes(range(256)) * (3 << 12)
    assert keep_rows(io.BytesIO(content), tmp_path, "rows").read_bytes() == content


def test_an_empty_stream_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="rows is empty: it has 0 bytes"):
        keep_rows(io.BytesIO(b""), tmp_path, "rows")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        keep_rows(io.BytesIO(b"a\n1\n"), tmp_path / "store", "rows")
