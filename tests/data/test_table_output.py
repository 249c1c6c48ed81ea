import csv
import io
import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.data.table_output import with_columns, write_tables
from justfit.errors import DataError

FIRST = pa.table({"id": ["1", "2"], "text": ['a "quoted" one', "two\nlines, and a comma"]})
SECOND = pa.table({"id": ["3"], "text": [None]})


def written(kind: str, *tables: pa.Table) -> bytes:
    sink = io.BytesIO()
    write_tables(tables, kind, sink)
    return sink.getvalue()


def answered() -> Iterator[pa.Table]:
    for table in (FIRST, SECOND):
        shares = np.linspace(0.1, 0.3, len(table), dtype=np.float32)
        yield with_columns(table, {"class": ["x"] * len(table), "probability of x": shares})


def test_csv_is_read_by_python_as_it_was_given() -> None:
    rows = list(csv.reader(io.StringIO(written("csv", *answered()).decode())))
    assert rows[0] == ["id", "text", "class", "probability of x"]
    assert [row[:3] for row in rows[1:]] == [
        ["1", 'a "quoted" one', "x"],
        ["2", "two\nlines, and a comma", "x"],
        ["3", "", "x"],
    ]
    assert [np.float32(row[3]) for row in rows[1:]] == [np.float32(0.1), np.float32(0.3), np.float32(0.1)]


def test_json_lines_are_an_object_a_row() -> None:
    lines = written("jsonl", *answered()).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["text"] for row in rows] == ['a "quoted" one', "two\nlines, and a comma", None]
    assert np.float32(rows[0]["probability of x"]) == np.float32(0.1)


def test_parquet_keeps_types() -> None:
    found = pq.read_table(pa.BufferReader(written("parquet", *answered())))
    assert found.schema.field("probability of x").type == pa.float32()
    assert found.column("id").to_pylist() == ["1", "2", "3"]


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8), max_size=6
    )
)
def test_any_text_survives_in_every_format(texts: list[str]) -> None:
    table = pa.table({"text": pa.array(texts, pa.string()), "n": list(range(len(texts)))})
    rows = list(csv.DictReader(io.StringIO(written("csv", table).decode(), newline="")))
    assert [row["text"] for row in rows] == texts
    lines = written("jsonl", table).decode().split("\n")[:-1]
    assert [json.loads(line)["text"] for line in lines] == texts
    assert pq.read_table(pa.BufferReader(written("parquet", table))).column("text").to_pylist() == texts


def test_a_name_that_is_taken_is_told_apart() -> None:
    table = pa.table({"class": ["a"], "class (predicted)": ["b"]})
    found = with_columns(table, {"class": ["c"], "value": np.float32([1.0])})
    assert found.column_names == ["class", "class (predicted)", "class (predicted 2)", "value"]
    assert found.column("class (predicted 2)").to_pylist() == ["c"]


def test_lists_are_json_in_csv() -> None:
    table = pa.table({"image": [[1, 2], None], "more": [{"a": 1}, {"a": None}]})
    rows = list(csv.DictReader(io.StringIO(written("csv", table).decode())))
    assert [row["image"] for row in rows] == ["[1, 2]", ""]
    assert json.loads(rows[0]["more"]) == {"a": 1}


def test_columns_in_another_order_or_missing_further_down_stand_in_their_place() -> None:
    later = pa.table({"text": ["x"], "id": ["9"]})
    rows = list(csv.DictReader(io.StringIO(written("csv", FIRST, later, pa.table({"id": ["10"]})).decode())))
    assert [(row["id"], row["text"]) for row in rows[2:]] == [("9", "x"), ("10", "")]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_column_that_first_comes_further_down_is_refused_where_it_has_no_place(kind: str) -> None:
    later = pa.table({"id": ["3"], "text": ["x"], "more": ["y"]})
    with pytest.raises(DataError, match=r'Column "more" first comes further down .*: write JSON lines'):
        written(kind, FIRST, later)
    assert json.loads(written("jsonl", FIRST, later).decode().splitlines()[-1])["more"] == "y"


def test_other_types_further_down_are_refused_in_parquet() -> None:
    numbers, texts = pa.table({"n": [1]}), pa.table({"n": ["one"]})
    with pytest.raises(DataError, match="Columns have other types further down"):
        written("parquet", numbers, texts)
    assert written("csv", numbers, texts).decode() == '"n"\n1\n"one"\n'
