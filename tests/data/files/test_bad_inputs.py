"""Each bad input gets a sentence that says what, where and what to do, or a result with a note."""

import os
import re
import resource
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from data.files import bad_inputs

from justfit.data.files import Frame, read_frame
from justfit.errors import DataError

Made = Callable[[Path], Path]


def refused(path: Path, *told: str) -> None:
    """The file is refused in one line that names it, without another gigabyte of memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError) as caught:
        read_frame(path)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    for part in told:
        assert part in message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 20  # kilobytes


def rows(frame: Frame) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in frame.table.to_pylist()]


def noted(frame: Frame, text: str) -> bool:
    return any(text in note for note in frame.notes)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    refused(bad_inputs.empty(tmp_path), "is empty", "Expected a header")


def test_blank_lines_alone_are_refused(tmp_path: Path) -> None:
    refused(bad_inputs.blank_lines(tmp_path), "is empty")


def test_a_header_alone_is_refused(tmp_path: Path) -> None:
    refused(bad_inputs.header_only(tmp_path), "has a header (text, label) but no rows")


def test_one_row_is_read(tmp_path: Path) -> None:
    assert rows(read_frame(bad_inputs.one_row(tmp_path))) == [("good", "1")]


def test_blanks_are_kept_and_empty_cells_are_null(tmp_path: Path) -> None:
    assert rows(read_frame(bad_inputs.blanks(tmp_path))) == [("   ", "1"), (None, "0"), ("\t", "1")]


def test_mixed_encodings_are_each_read_as_they_are_and_noted(tmp_path: Path) -> None:
    frame = read_frame(bad_inputs.mixed_encodings(tmp_path))
    assert rows(frame) == [("café", "1"), ("naïve — 中", "0")]
    assert noted(frame, "1 byte was not UTF-8, the first in line 2")


def test_bytes_of_no_usual_encoding_are_read_and_noted(tmp_path: Path) -> None:
    frame = read_frame(bad_inputs.wrong_encoding(tmp_path))
    assert rows(frame) == [("\x81\x8d\x8f", "1")]
    assert noted(frame, "3 bytes were not UTF-8")


def test_nul_bytes_are_left_out_and_noted(tmp_path: Path) -> None:
    frame = read_frame(bad_inputs.nul_bytes(tmp_path))
    assert rows(frame) == [("good", "1"), ("bad", "0")]
    assert noted(frame, "2 NUL bytes were left out, the first in line 2")


def test_an_unclosed_quote_is_refused_with_its_row(tmp_path: Path) -> None:
    refused(bad_inputs.unclosed_quote(tmp_path), "row 5", "never closed")


def test_a_quote_that_swallows_lines_until_the_next_is_noted_with_its_row(tmp_path: Path) -> None:
    frame = read_frame(bad_inputs.swallowing_quote(tmp_path))
    assert noted(frame, 'Row 2, column "text"')
    assert noted(frame, "2 lines after it were taken into the cell")


def test_an_unclosed_quote_in_the_header_is_refused(tmp_path: Path) -> None:
    refused(bad_inputs.unclosed_header(tmp_path), "a quote", "never closed")


def test_a_quote_open_for_a_million_lines_is_refused_with_its_row(tmp_path: Path) -> None:
    refused(bad_inputs.endless_quote(tmp_path), "row 2", "never closed")


def test_ragged_rows_are_skipped_and_named(tmp_path: Path) -> None:
    frame = read_frame(bad_inputs.ragged(tmp_path))
    assert rows(frame) == [("good", "1"), ("fine", "1")]
    assert frame.rows.tolist() == [1, 4]
    assert [(skipped.row, skipped.reason) for skipped in frame.skipped] == [
        (2, "1 cell where the header has 2: bad"),
        (3, "3 cells where the header has 2: a,b,0"),
    ]


def test_a_ragged_row_stops_a_strict_reading(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 2: 1 cell where the header has 2: bad"):
        read_frame(bad_inputs.ragged(tmp_path), strict=True)


@pytest.mark.parametrize("made", [bad_inputs.all_ragged, bad_inputs.a_million_ragged])
def test_a_file_of_ragged_rows_is_refused(made: Made, tmp_path: Path) -> None:
    refused(made(tmp_path), "the header", "Row 1: 3 cells where the header has 2")


def test_infinite_numbers_are_kept_as_they_are_written(tmp_path: Path) -> None:
    frame = read_frame(bad_inputs.infinite_numbers(tmp_path))
    assert frame.table.column("size").to_pylist() == ["inf", "-Infinity", "1e999", "nan"]


def test_repeated_names_are_numbered_past_names_that_are_taken(tmp_path: Path) -> None:
    frame = read_frame(bad_inputs.repeated_names(tmp_path))
    assert frame.table.column_names == ["text", "text_2_", "text_2", "label"]
    assert noted(frame, 'Column 2 is named "text" as another before it: it is called "text_2_"')


def test_empty_names_are_filled_and_noted(tmp_path: Path) -> None:
    frame = read_frame(bad_inputs.empty_names(tmp_path))
    assert frame.table.column_names == ["column_1", "text", "column_3"]
    assert noted(frame, "Column 1 had no name")


@pytest.mark.parametrize("made", [bad_inputs.spaces_in_name, bad_inputs.leading_dash])
def test_odd_file_names_are_read(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert rows(read_frame(path.name)) == [("good", "1")]


@pytest.mark.parametrize(
    "made",
    [
        bad_inputs.zip_bomb,
        bad_inputs.parquet_bomb,
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in (bad_inputs.gzip_bomb, bad_inputs.zstd_bomb, bad_inputs.excel_bomb)
        ),
    ],
)
def test_what_unpacks_to_gigabytes_is_refused(made: Made, tmp_path: Path) -> None:
    refused(made(tmp_path), "unpack to more than", "no honest table")


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    refused(bad_inputs.lying_zip(tmp_path))


def test_an_array_that_promises_too_much_is_refused(tmp_path: Path) -> None:
    refused(bad_inputs.npz_bomb(tmp_path), "broken")


def test_a_zip_with_a_path_outside_its_folder_is_refused(tmp_path: Path) -> None:
    refused(bad_inputs.outside_zip(tmp_path), '"../../evil.csv"', "outside its folder")


def test_a_zip_of_two_files_is_refused(tmp_path: Path) -> None:
    refused(bad_inputs.two_in_zip(tmp_path), "2 files (a.csv, b.csv), expected one")


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    refused(bad_inputs.broken_gzip(tmp_path), "is broken after")


def test_what_is_not_text_is_refused(tmp_path: Path) -> None:
    refused(bad_inputs.not_text(tmp_path), "is not text")


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    refused(bad_inputs.a_pickle(tmp_path), "pickle", "justfit reads none")


def test_json_brackets_a_million_deep_are_skipped(tmp_path: Path) -> None:
    frame = read_frame(bad_inputs.deep_json(tmp_path))
    assert rows(frame) == [(1,)]
    assert [skipped.row for skipped in frame.skipped] == [1]


def test_a_broken_json_array_is_refused_with_its_row(tmp_path: Path) -> None:
    refused(bad_inputs.broken_json_array(tmp_path), "row 2", "the JSON array is broken")


def test_broken_json_lines_are_skipped_and_named(tmp_path: Path) -> None:
    frame = read_frame(bad_inputs.broken_json_line(tmp_path))
    assert rows(frame) == [(1,), (4,)]
    assert frame.rows.tolist() == [1, 4]
    assert [skipped.row for skipped in frame.skipped] == [2, 3]
    assert "expected an object, found a list" in frame.skipped[1].reason


def test_a_broken_image_is_skipped_and_named(tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    frame = read_frame(bad_inputs.broken_image(tmp_path))
    assert frame.table.column("image").to_pylist() == [[0, 64, 128, 255]]
    assert [skipped.row for skipped in frame.skipped] == [1]
    assert re.match(r"cat/broken\.png is no image", frame.skipped[0].reason)


def test_an_image_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    refused(bad_inputs.huge_image(tmp_path), "10000000000 pixels")


def test_a_missing_file_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    path = bad_inputs.one_row(tmp_path)
    refused(path.with_name("one_rwo.csv"), 'Did you mean "one_row.csv"?')


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    refused(tmp_path / "pipe.csv", "neither a file nor a folder")


def test_the_table_of_every_readable_bad_input_is_valid(tmp_path: Path) -> None:
    for made in (
        bad_inputs.mixed_encodings,
        bad_inputs.wrong_encoding,
        bad_inputs.nul_bytes,
        bad_inputs.ragged,
    ):
        table: pa.Table = read_frame(made(tmp_path)).table
        table.validate(full=True)
