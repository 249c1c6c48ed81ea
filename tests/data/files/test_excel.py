import datetime
from pathlib import Path
from typing import Any

import pytest

from justfit.data.files import excel, read_batches, read_frame
from justfit.data.files.frame import concatenated
from justfit.errors import DataError

openpyxl = pytest.importorskip("openpyxl")


def book(folder: Path, rows: list[list[Any]], *more: str) -> Path:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for title in more:
        made.create_sheet(title)
    made.save(folder / "book.xlsx")
    return folder / "book.xlsx"


def test_cells_keep_their_types_and_rows_their_numbers(tmp_path: Path) -> None:
    day = datetime.datetime(2020, 1, 2)
    path = book(tmp_path, [["text", "size", "day"], ["good", 1, day], [], ["bad", 2.5, None]])
    frame = read_frame(path)
    assert frame.table.to_pylist() == [
        {"text": "good", "size": 1.0, "day": day},
        {"text": "bad", "size": 2.5, "day": None},
    ]
    assert frame.rows.tolist() == [1, 3]


def test_any_name_does(tmp_path: Path) -> None:
    path = book(tmp_path, [["a"], [1]]).rename(tmp_path / "book.data")
    assert read_frame(path).table.to_pylist() == [{"a": 1}]


def test_columns_that_mix_types_are_texts(tmp_path: Path) -> None:
    assert read_frame(book(tmp_path, [["a"], [1], ["x"]])).table.to_pylist() == [{"a": "1"}, {"a": "x"}]


def test_other_sheets_are_told(tmp_path: Path) -> None:
    notes = read_frame(book(tmp_path, [["a"], [1]], "prices", "names")).notes
    assert notes == ('Only the first sheet, "Sheet", is read, not "prices", "names".',)


def test_many_rows_come_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "_BATCH", 10)
    frames = list(read_batches(book(tmp_path, [["a"], *([row] for row in range(25))])))
    assert [len(frame) for frame in frames] == [10, 10, 5]
    assert concatenated(frames).table.column("a").to_pylist() == list(range(25))


def test_a_cell_at_the_far_end_of_the_sheet_takes_neither_time_nor_memory(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.append(["a"])
    made.active.append([1])
    made.active.cell(1_048_576, 16_384).value = "x"
    made.save(tmp_path / "a.xlsx")
    with pytest.raises(DataError, match=r"row 1048575: has a cell right of the last column"):
        read_frame(tmp_path / "a.xlsx")


@pytest.mark.parametrize(("rows", "told"), [([], "expected a header"), ([["a", "b"]], "but no rows")])
def test_sheets_without_rows_are_refused(rows: list[list[Any]], told: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=told):
        read_frame(book(tmp_path, rows))


def test_without_openpyxl_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = book(tmp_path, [["a"], [1]])
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"pip install 'justfit\[excel\]'"):
        read_frame(path)
