import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from data.files.bad_inputs import written
from hypothesis import given
from hypothesis import strategies as st

from justfit.data.files import json_lines, read_batches, read_frame
from justfit.data.files.json_lines import column_of
from justfit.errors import DataError


def rows(path: Path) -> list[dict[str, Any]]:
    return list(read_frame(path).table.to_pylist())


def test_lines_keep_their_types(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"a": 1, "b": "x", "c": true}\n{"a": 2.5, "b": null}\n')
    assert rows(path) == [{"a": 1.0, "b": "x", "c": True}, {"a": 2.5, "b": None, "c": None}]


def test_lists_of_labels_stay_lists(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"labels": ["x", "y"]}\n{"labels": []}\n{"labels": null}\n')
    assert rows(path) == [{"labels": ["x", "y"]}, {"labels": []}, {"labels": None}]


def test_dates_are_dates(tmp_path: Path) -> None:
    assert rows(written(tmp_path, "a.jsonl", '{"day": "2020-01-02"}\n')) == [
        {"day": datetime.datetime(2020, 1, 2)}
    ]


@pytest.mark.parametrize("broken", ["", "broken\n"])
def test_objects_in_objects_are_columns_of_their_own(broken: str, tmp_path: Path) -> None:
    """Alike where pyarrow reads the lines, and where a broken one lets them be read one by one."""
    path = written(tmp_path, "a.jsonl", f'{{"user": {{"name": {{"first": "Ada"}}, "age": 36}}}}\n{broken}')
    assert rows(path) == [{"user.name.first": "Ada", "user.age": 36}]


def test_columns_that_mix_types_are_texts(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"a": 1}\n{"a": "x"}\n{"a": [1, {"b": 2}]}\n{"a": null}\n')
    assert rows(path) == [{"a": "1"}, {"a": "x"}, {"a": '[1, {"b": 2}]'}, {"a": None}]


def test_types_that_differ_between_blocks_are_brought_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "BLOCK", 1)
    monkeypatch.setattr("justfit.data.files.text.HEAD", 16)
    monkeypatch.setattr("justfit.data.files.text.PIECE", 16)
    lines = ['{"a": 1, "n": 1}', '{"a": "x", "n": 2.5}', '{"b": true, "n": null}']
    path = written(tmp_path, "a.jsonl", "\n".join(lines))
    assert len(list(read_batches(path))) > 2
    assert rows(path) == [
        {"a": "1", "n": 1.0, "b": None},
        {"a": "x", "n": 2.5, "b": None},
        {"a": None, "n": None, "b": True},
    ]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a"])
def test_an_array_of_objects_is_read_under_any_name(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name, ' [ {"a": 1},\n {"a": 2} , 3 ] \n')
    frame = read_frame(path)
    assert frame.table.to_pylist() == [{"a": 1}, {"a": 2}]
    assert [(skipped.row, skipped.reason) for skipped in frame.skipped] == [
        (3, "expected an object, found a number")
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        ("[]", "no row that could be used"),
        ("\n\n", "no row that could be used"),
        ("[1, 2]", "Row 1: expected an object, found a number"),
        ('[{"a": 1} {"a": 2}]', "expected a comma or ] after row 1"),
        ('[{"a": 1}] x', 'followed by "x"'),
        ('{"a":\n1}\n', "Row 1: not JSON"),
        ("{}\n{}\n", "Row 1: the object is empty"),
        ("[" * 100_000, "row 1: the JSON array is broken"),
    ],
)
def test_what_has_no_objects_is_refused(content: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_frame(written(tmp_path, "a.json", content))
    assert told in str(caught.value)


def test_a_broken_line_stops_a_strict_reading(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 2: not JSON"):
        read_frame(written(tmp_path, "a.jsonl", '{"a": 1}\n{"a"\n'), strict=True)


def test_a_file_of_broken_lines_is_refused_soon(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="more than half of its first 10,001 rows"):
        read_frame(written(tmp_path, "a.jsonl", "x\n" * 1_000_000))


def test_half_a_character_and_huge_numbers_do_no_harm(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"a": "\\ud800", "b": 123456789012345678901234567890, "c": NaN}\n')
    assert rows(path)[0]["a"] == "?"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(values, max_size=6))
def test_any_values_make_a_column_of_as_many(column: list[Any]) -> None:
    made = column_of(column)
    made.validate(full=True)
    assert len(made) == len(column)
    assert [item is None for item in made.to_pylist()] == [item is None for item in column]


@given(
    rows_=st.lists(
        st.dictionaries(st.text(min_size=1), values, min_size=1, max_size=4), min_size=1, max_size=5
    )
)
def test_any_objects_make_as_many_rows(
    rows_: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("json") / "a.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows_))
    told = ""
    try:
        frame = read_frame(path)
    except DataError as error:
        told = str(error)
    if told:
        assert "the object is empty" in told
        return
    assert len(frame) + len(frame.skipped) == len(rows_)
    assert {skipped.reason for skipped in frame.skipped} <= {"the object is empty"}
