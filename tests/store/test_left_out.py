"""Rows that could not be used are written down, whatever their files and reasons hold."""

import csv
from pathlib import Path

from justfit.data.user_dataset import LeftOut
from justfit.store.left_out import write_left_out


def test_every_row_is_written_with_its_file_number_and_reason(tmp_path: Path) -> None:
    rows = [LeftOut("a, b.csv", 3, 'no label in "y"'), LeftOut("c.csv", 17, "two\nlines, é")]
    path = write_left_out(tmp_path, rows)
    assert path is not None
    with path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["file", "row", "reason"],
            ["a, b.csv", "3", 'no label in "y"'],
            ["c.csv", "17", "two\nlines, é"],
        ]


def test_where_all_rows_are_used_nothing_is_written(tmp_path: Path) -> None:
    assert write_left_out(tmp_path, []) is None
    assert not list(tmp_path.iterdir())
