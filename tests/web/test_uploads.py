import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web.asking import Site

from justfit.web import uploads
from justfit.web.requests import Refused
from justfit.web.uploads import MOST, SUFFIXES, Uploads, own_name


@pytest.fixture
def kept() -> Uploads:
    return Uploads()


@given(st.text())
def test_no_name_of_a_file_becomes_anything_but_letters_digits_and_a_known_ending(name: str) -> None:
    own = own_name(name)
    suffix = next((end for end in sorted(SUFFIXES, key=len, reverse=True) if own.endswith(end)), "")
    assert re.fullmatch("[A-Za-z0-9_]{1,40}", own.removesuffix(suffix))


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("reviews.csv", "reviews.csv"),
        ("../../../etc/passwd", "passwd"),
        ("C:\\data\\my file.TSV.GZ", "my_file.tsv.gz"),
        (".csv", "rows.csv"),
        ("-rf.csv", "rf.csv"),
        ("a\0b\nc.exe", "a_b_c_exe"),
    ],
)
def test_names_are_made_harmless(name: str, own: str) -> None:
    assert own_name(name) == own


def test_files_are_kept_where_only_their_user_may_look(kept: Uploads) -> None:
    upload = kept.keep("../evil.csv", io.BytesIO(b"a\n1\n"))
    assert upload.path.read_bytes() == b"a\n1\n"
    assert (upload.name, upload.path.name) == ("../evil.csv", "evil.csv")
    root = upload.path.parent.parent
    assert root.stat().st_mode & 0o077 == 0
    kept.close()
    assert not root.exists()


def test_of_too_many_files_the_oldest_go_and_those_asked_for_stay(kept: Uploads) -> None:
    first, second = (kept.keep("a.csv", io.BytesIO(b"a")) for _ in range(2))
    for _ in range(MOST - 1):
        kept.find(first.id)
        kept.keep("b.csv", io.BytesIO(b"b"))
    assert kept.find(first.id).path.exists()
    assert not second.path.parent.exists()
    with pytest.raises(Refused) as refused:
        kept.find(second.id)
    assert refused.value.status_code == 404
    kept.close()


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(
    kept: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "FILE", 3)
    with pytest.raises(Refused) as refused:
        kept.keep("a.csv", io.BytesIO(b"1234"))
    assert refused.value.status_code == 413
    assert kept._folder is None
    kept.close()


def test_a_file_that_starts_a_study_is_kept_with_the_store(kept: Uploads, tmp_path: Path) -> None:
    upload = kept.keep("films.csv", io.BytesIO(b"a\n1\n"))
    path = kept.keep_in(tmp_path / "store", upload)
    kept.close()
    assert path == tmp_path / "store" / "uploads" / upload.id / "films.csv"
    assert path.read_bytes() == b"a\n1\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"content": b"{}", "headers": {"Content-Type": "application/json"}}, 415),
        ({"content": b"", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=a"}}, 400),
        ({"data": {"file": "a text"}, "files": {"other": ("a.csv", b"a")}}, 400),
        ({"data": {"more": "x"}, "files": {"file": ("a.csv", b"a")}}, 400),
        ({"files": [("file", ("a.csv", b"a")), ("file", ("b.csv", b"b"))]}, 400),
    ],
)
def test_what_is_no_form_with_one_file_is_refused(
    serving: Callable[..., Site], tmp_path: Path, sent: dict, status: int
) -> None:
    site = serving(tmp_path)
    refused = site.post("/api/uploads", **sent)
    assert refused.status_code == status
    assert refused.json()["error"]
    assert not site.server.uploads._kept
