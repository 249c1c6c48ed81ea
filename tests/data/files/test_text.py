import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.data.files import text
from justfit.data.files.text import Utf8, text_of
from justfit.errors import DataError


def utf8(data: bytes) -> Utf8:
    return Utf8(io.BufferedReader(io.BytesIO(data)), "x")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.integers(1, 9))
def test_characters_on_the_border_of_pieces_stay_whole(content: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "PIECE", size)
        patch.setattr(text, "HEAD", 64)
        content = "plain letters first: " + content
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
            assert text_of(content.encode(encoding), "x")[0] == content


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused_and_text_is_valid(data: bytes) -> None:
    try:
        content, _ = text_of(data, "x")
    except DataError:
        return
    assert "\0" not in content


@given(st.text("abc éüß\n"))
def test_latin_1_is_read_as_python_reads_it(content: str) -> None:
    assert text_of(content.encode("latin-1"), "x")[0] == content


def test_letters_that_look_like_utf_8_by_chance_are_read_as_the_others() -> None:
    """The last two bytes are valid UTF-8, the three before are not."""
    assert text_of("ééé Ã©".encode("cp1252"), "x")[0] == "ééé Ã©"


def test_notes_count_and_name_the_first_line() -> None:
    read = utf8("gut\nschön\nmüde\n".encode("latin-1") + b"\0\n")
    assert b"".join(read.pieces()) == "gut\nschön\nmüde\n\n".encode()
    assert read.notes() == (
        "2 bytes were not UTF-8, the first in line 2: read as Windows-1252 (Latin-1).",
        "1 NUL byte was left out, the first in line 4.",
    )


def test_utf_16_without_a_mark_is_known_by_its_zeros() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        read = utf8("plain letters\n".encode(encoding))
        assert b"".join(read.pieces()) == b"plain letters\n"
        assert read.notes() == (f"Read as {encoding.upper()}.",)


def test_half_a_character_at_the_end_of_utf_16_does_no_harm() -> None:
    assert text_of("ab".encode("utf-16") + b"x", "x")[0] == "ab\ufffd"
