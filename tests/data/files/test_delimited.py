import csv
import io
from pathlib import Path
from typing import Any

import pytest
from data.files.bad_inputs import written
from hypothesis import given
from hypothesis import strategies as st

from justfit.data.files import delimited, read_batches, read_frame
from justfit.data.files.delimited import read_delimited
from justfit.data.files.frame import concatenated
from justfit.data.files.text import Utf8
from justfit.errors import DataError

ROWS = [("good, very", "1"), ('he said "no"', "0"), ("two\nlines", "1"), ("ümläut 中", "0")]


def table(rows: list[tuple[str, ...]], header: tuple[str, ...] = ("text", "label"), **how: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", **how).writerows([header, *rows])
    return out.getvalue()


def cells(path: Path) -> list[tuple[str | None, ...]]:
    return [tuple(row.values()) for row in read_frame(path).table.to_pylist()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_found(delimiter: str, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", table(ROWS, delimiter=delimiter))
    assert cells(path) == ROWS
    assert read_frame(path).rows.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_any_usual_encoding_is_found(encoding: str, tmp_path: Path) -> None:
    assert cells(written(tmp_path, "a.csv", table(ROWS).encode(encoding))) == ROWS


def test_windows_1252_is_read_and_noted(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "text,label\ncafé “naïve” €,1\n".encode("cp1252"))
    assert cells(path) == [("café “naïve” €", "1")]
    assert any("Windows-1252" in note for note in read_frame(path).notes)


def test_single_quotes_are_found(tmp_path: Path) -> None:
    assert cells(written(tmp_path, "a.csv", table(ROWS, quotechar="'", quoting=csv.QUOTE_ALL))) == ROWS


def test_apostrophes_are_no_quotes(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "text,label\n'tis good,1\ndon't,0\nthe dogs',1\n")
    assert cells(path) == [("'tis good", "1"), ("don't", "0"), ("the dogs'", "1")]


def test_quotes_inside_cells_stay(tmp_path: Path) -> None:
    path = written(tmp_path, "a.tsv", 'text\tlabel\na 5" pipe\t1\nand a 6" one\t0\n')
    assert cells(path) == [('a 5" pipe', "1"), ('and a 6" one', "0")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_ending_ends_rows(ending: str, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", ending.join(["text,label", "good,1", "bad,0"]))
    assert cells(path) == [("good", "1"), ("bad", "0")]


def test_decimal_commas_do_not_divide(tmp_path: Path) -> None:
    assert cells(written(tmp_path, "a.csv", "x;y\n1,5;2,0\n3,5;4,0\n")) == [("1,5", "2,0"), ("3,5", "4,0")]


def test_excels_line_that_names_the_delimiter_is_obeyed(tmp_path: Path) -> None:
    assert cells(written(tmp_path, "a.csv", "sep=;\r\na;b\r\n1;2\r\n")) == [("1", "2")]


def test_numbers_alone_have_no_header(tmp_path: Path) -> None:
    frame = read_frame(written(tmp_path, "a.csv", "1,2.5\n-3,4e5\n"))
    assert frame.table.column_names == ["column_1", "column_2"]
    assert frame.table.num_rows == 2
    assert any("no header" in note for note in frame.notes)


def test_empty_cells_are_null_quoted_or_not_and_nothing_else_is(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", 'text,label\n,1\n"",NA\nnull,N/A\n')
    assert cells(path) == [(None, "1"), (None, "NA"), ("null", "N/A")]


def test_empty_lines_between_rows_are_no_rows(tmp_path: Path) -> None:
    frame = read_frame(written(tmp_path, "a.csv", "\n\na,b\n\n1,2\n\n\n3,4\n\n"))
    assert frame.rows.tolist() == [1, 2]
    assert not frame.skipped


def test_an_empty_line_is_an_empty_cell_where_there_is_one_column(tmp_path: Path) -> None:
    assert cells(written(tmp_path, "a.csv", "review\ngood\n\nbad\n")) == [("good",), (None,), ("bad",)]


def test_a_txt_file_is_a_text_a_line(tmp_path: Path) -> None:
    path = written(tmp_path, "reviews.txt", 'Good, I think\n"Never again\nso, so, so\n')
    assert cells(path) == [("Good, I think",), ('"Never again',), ("so, so, so",)]
    assert read_frame(path).table.column_names == ["text"]


def test_a_txt_file_of_sentences_with_a_comma_each_is_no_table(tmp_path: Path) -> None:
    assert cells(written(tmp_path, "a.txt", "Hello, world\nGood, day\n")) == [
        ("Hello, world",),
        ("Good, day",),
    ]


def test_a_txt_file_that_divides_evenly_is_a_table(tmp_path: Path) -> None:
    path = written(tmp_path, "reviews.txt", "text\tlabel\ngood\t1\nbad\t0\n")
    assert cells(path) == [("good", "1"), ("bad", "0")]


def test_a_text_of_five_megabytes_is_one_cell(tmp_path: Path) -> None:
    word = "x" * 5_000_000
    assert cells(written(tmp_path, "a.csv", f"text,label\n{word},1\nshort,0\n")) == [
        (word, "1"),
        ("short", "0"),
    ]


def test_a_row_longer_than_a_block_is_refused_with_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 1 << 20)
    path = written(tmp_path, "a.csv", f'text,label\n"a",1\n"{"b" * (3 << 20)}",0\n')
    with pytest.raises(DataError, match=r"a row after row \d takes more than 1 MB"):
        read_frame(path)


def test_rows_are_numbered_over_blocks_and_skipped_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 1 << 12)
    lines = [f"{row},{row}" if row % 7 else f"{row}" for row in range(1, 5001)]
    frames = list(read_batches(written(tmp_path, "a.csv", "number,again\n" + "\n".join(lines) + "\n")))
    assert len(frames) > 5
    frame = concatenated(frames)
    assert frame.rows.tolist() == [row for row in range(1, 5001) if row % 7]
    assert frame.table.column("number").to_pylist() == [str(row) for row in frame.rows]
    assert [skipped.row for skipped in frame.skipped] == list(range(7, 5001, 7))


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "a" + ",a" * 30_000 + "\n1" + ",1" * 30_000)
    with pytest.raises(DataError, match="30,001 columns"):
        read_frame(path)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\r\t,;'\""), max_size=8)


@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=8))
def test_what_a_csv_writer_writes_is_read_back(rows: list[tuple[str, str, str]]) -> None:
    """Fully quoted, so that there is one way to read it; a row of no text at all would be an empty line."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("a", "b", "c"), *rows])
    stream = io.BufferedReader(io.BytesIO(out.getvalue().encode()))
    frame = concatenated(list(read_delimited(Utf8(stream, "x"), "x", "x.csv", strict=True)))
    assert [tuple(row.values()) for row in frame.table.to_pylist()] == [
        tuple(cell or None for cell in row) for row in rows
    ]
