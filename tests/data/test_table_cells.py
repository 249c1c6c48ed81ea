import datetime

import numpy as np
import pyarrow as pa
import pytest

from justfit.data.table_cells import (
    category_cells,
    date_cells,
    image_cells,
    number_cells,
    text_cells,
    texts_of,
)
from justfit.errors import DataError

nan = float("nan")


def column(*cells: object, kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(cells, kind)])


@pytest.mark.parametrize(
    ("form", "cells", "values", "wrong"),
    [
        ("", ["1", " -2.5 ", "+.5", "3.", "1e3", "007"], [1, -2.5, 0.5, 3, 1000, 7], []),
        ("", ["1", None, "", "NA", "n/a", "NaN", "?", "-"], [1] + [nan] * 7, []),
        (
            "",
            ["1", "old", "1,5", "1 2", "0x10", "1_0", "--1", "\u0661"],
            [1] + [nan] * 7,
            [1, 2, 3, 4, 5, 6, 7],
        ),
        ("", ["inf", "-Infinity", "1e999", "x"], [np.inf, -np.inf, np.inf, nan], [3]),
        ("thousands", ["1,234.5", "12", "1,234,567", "0.5"], [1234.5, 12, 1234567, 0.5], []),
        ("thousands", ["1,2", "0,250", "1,2345"], [nan] * 3, [0, 1, 2]),
        ("comma", ["1.234,5", "3,14", "12", "-0,5"], [1234.5, 3.14, 12, -0.5], []),
        ("comma", ["3.14", "1,2,3"], [nan] * 2, [0, 1]),
    ],
)
def test_numbers_are_read_as_they_are_written(
    form: str, cells: list[str | None], values: list[float], wrong: list[int]
) -> None:
    found = number_cells(column(*cells, kind=pa.string()), form, "")
    np.testing.assert_array_equal(found.values[:, 0], values)
    assert np.flatnonzero(found.wrong).tolist() == wrong


def test_numbers_by_type_are_taken_as_they_are() -> None:
    for kind in (pa.int8(), pa.float32(), pa.decimal128(8, 2), pa.bool_()):
        found = number_cells(column(1, None, 0, kind=pa.int8()).cast(kind), "", "")
        np.testing.assert_array_equal(found.values[:, 0], [1, nan, 0])
        assert not found.wrong.any()


@pytest.mark.parametrize(
    ("form", "cells"),
    [
        ("iso", ["2024-02-29", "1969-12-31"]),
        ("%d.%m.%Y", ["29.02.2024", "31.12.1969"]),
        ("%m/%d/%Y", ["2/29/2024", "12/31/1969"]),
        ("%Y/%m/%d", ["2024/02/29", "1969/12/31"]),
    ],
)
def test_dates_become_days_year_month_and_weekday(form: str, cells: list[str]) -> None:
    found = date_cells(column(*cells, None, ""), form, "")
    leap = (datetime.date(2024, 2, 29) - datetime.date(1970, 1, 1)).days
    np.testing.assert_array_equal(found.values, [[leap, 2024, 2, 3], [-1, 1969, 12, 2], [nan] * 4, [nan] * 4])
    assert not found.wrong.any()


def test_times_have_an_hour_and_part_of_a_day_whatever_their_zone() -> None:
    cells = column("1970-01-02T06:00:00Z", "1970-01-02 06:00", "1970-01-02T06:00:00.123+02:00", "1970-01-02")
    found = date_cells(cells, "iso time", "")
    np.testing.assert_array_equal(found.values[:3], [[1.25, 1970, 1, 4, 6]] * 3)
    np.testing.assert_array_equal(found.values[3], [1, 1970, 1, 4, 0])
    by_type = date_cells(column(datetime.datetime(1970, 1, 2, 6)), "iso time", "")
    np.testing.assert_array_equal(by_type.values, found.values[:1])


@pytest.mark.parametrize(
    "cell", ["2023-02-29", "2023-13-01", "2023-1-1", "31.12.2023", "soon", "2023-01-01 25:00"]
)
def test_what_is_no_date_is_wrong(cell: str) -> None:
    found = date_cells(column("2023-01-01", cell), "iso time", "")
    assert found.wrong.tolist() == [False, True]
    assert np.isnan(found.values[1]).all()


def test_levels_are_trimmed_and_written_alike_whatever_the_type() -> None:
    texts = category_cells(column(" 1", "2 ", None, " ", "1"), "")
    assert (texts.levels, texts.codes.tolist()) == (("1", "2"), [0, 1, -1, -1, 0])
    for kind in (pa.int64(), pa.float32()):
        numbers = category_cells(column(1, 2, None, None, 1, kind=kind), "")
        assert (numbers.levels, numbers.codes.tolist()) == (("1", "2"), [0, 1, -1, -1, 0])
    chunks = pa.chunked_array([["b", "a"], ["c", "b", None]])
    of_chunks = category_cells(chunks, "")
    assert [None if code < 0 else of_chunks.levels[code] for code in of_chunks.codes] == chunks.to_pylist()


def test_texts_keep_their_spaces_and_are_empty_where_missing() -> None:
    assert text_cells(column(" a b ", None), "") == [" a b ", ""]
    for kind in (pa.list_(pa.string()), pa.large_list(pa.large_string())):
        assert text_cells(column(["a", "b"], None, kind=kind), "") == ["a b", ""]


def test_images_keep_their_type_and_are_zero_where_missing() -> None:
    images = image_cells(column([1, 2], None, [3, 255], kind=pa.list_(pa.uint8(), 2)).slice(1))
    assert images.dtype == np.uint8
    assert images.tolist() == [[0, 0], [3, 255]]


def test_what_no_text_can_be_made_of_is_refused_with_its_place() -> None:
    with pytest.raises(DataError, match=r'^a.csv, column "b" holds struct<.*leave it out'):
        texts_of(column({"k": 1}), 'a.csv, column "b"')


@pytest.mark.parametrize("form", ["", "thousands", "comma"])
def test_cells_that_come_again_and_again_are_read_as_each_alone(form: str) -> None:
    texts = ["1", " 2.5 ", "1,234", "1.234,5", None, "", "n/a", "x", "inf", "-3e2"]
    alone = [number_cells(pa.chunked_array([pa.array([text], pa.string())]), form, "") for text in texts]
    order = np.random.default_rng(0).integers(0, len(texts), 20_000)
    many = number_cells(pa.chunked_array([pa.array(texts).take(pa.array(order))]), form, "")
    values = np.concatenate([cells.values for cells in alone])[order]
    wrong = np.concatenate([cells.wrong for cells in alone])[order]
    assert np.array_equal(many.values, values, equal_nan=True)
    assert many.wrong.tolist() == wrong.tolist()
