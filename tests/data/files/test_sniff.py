import pytest

from justfit.data.files.sniff import NO_DELIMITER, sniff, unique_names
from justfit.errors import DataError


def test_the_sample_may_end_within_a_row_or_a_quote() -> None:
    dialect = sniff(b'a,b\n1,2\n3,"4', "x", "x.csv", whole=False)
    assert (dialect.delimiter, dialect.columns, dialect.header) == (",", ("a", "b"), 4)


def test_the_header_may_span_lines() -> None:
    content = '"the\ntext",label\n"good",1\n'
    dialect = sniff(content.encode(), "x", "x.csv", whole=True)
    assert dialect.columns == ("the text", "label")
    assert content.encode()[dialect.header :] == b'"good",1\n'


def test_the_header_is_measured_in_bytes() -> None:
    content = "größe,fläche\n1,2\n".encode()
    assert content[sniff(content, "x", "x.csv", whole=True).header :] == b"1,2\n"


def test_the_delimiter_that_divides_most_rows_evenly_wins() -> None:
    content = b"text;label\na, b, c;1\nd;0\ne, f;1\n"
    assert sniff(content, "x", "x.csv", whole=True).delimiter == ";"


def test_texts_without_a_delimiter_in_the_header_are_one_column() -> None:
    dialect = sniff(b"review\nGood, I think\nBad\n", "x", "x.csv", whole=True)
    assert (dialect.delimiter, dialect.columns) == (NO_DELIMITER, ("review",))


def test_a_row_longer_than_the_sample_does_not_hide_the_header() -> None:
    dialect = sniff(b"text,label\n" + b"x" * 1000, "x", "x.csv", whole=False)
    assert dialect.columns == ("text", "label")


def test_a_header_longer_than_the_sample_is_refused() -> None:
    with pytest.raises(DataError, match="the first line does not end"):
        sniff(b"x" * 1000, "x", "x.csv", whole=False)


def test_names_are_unique_and_in_one_line() -> None:
    names, notes = unique_names(["a\nb", " a b ", "a b_2", ""])
    assert names == ("a b", "a b_2_", "a b_2", "column_4")
    assert len(notes) == 2
