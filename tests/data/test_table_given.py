"""Rows of a frame for a preparation that was fitted before, on other rows."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from justfit.data.columns import Column
from justfit.data.files import Frame, frame_of
from justfit.data.preparation import Preparation, fit_preparation
from justfit.data.raw import Numbers, Texts
from justfit.data.rows import Dense, Rows
from justfit.data.table_given import given_columns, given_rows
from justfit.data.table_rows import raw_of
from justfit.errors import DataError
from justfit.spec import Scaling, TableEncoding, TextEncoding

NUMBERS = fit_preparation(Scaling(), Numbers(np.array([[1.0, 2.0], [3.0, 6.0]]), ("age", "height")))
TEXTS = fit_preparation(TextEncoding("counts", num_words=7), Texts(["good good bad", "bad film"]))
COLUMNS = (Column("age", "number"), Column("colour", "category"))
TRAINED = pa.table({"age": [1.0, 2.0, None, 4.0], "colour": ["red", "red", "blue", "blue"]})
TABLE = fit_preparation(TableEncoding(), raw_of(frame_of(TRAINED), COLUMNS)[0])


def given(preparation: Preparation, rows: object, columns: tuple[Column, ...] = ()) -> Rows:
    frame = frame_of(rows)
    found, odd = given_rows(preparation, given_columns(preparation, columns, frame), frame)
    assert not odd
    return found


def test_numbers_are_taken_by_name_in_the_order_of_the_model() -> None:
    rows = given(NUMBERS, pa.table({"height": [6.0, 4.0], "other": ["x", "y"], "age": [3, 2]}))
    assert isinstance(rows, Dense)
    np.testing.assert_array_equal(rows.values, [[1.0, 1.0], [0.0, 0.0]])


def test_numbers_written_as_text_are_numbers() -> None:
    rows = given(NUMBERS, pa.table({"age": ["3", " 2 "], "height": ["6.0", "4"]}))
    np.testing.assert_array_equal(rows.values, [[1.0, 1.0], [0.0, 0.0]])


def test_a_table_knows_its_own_columns_and_fills_in_what_is_missing() -> None:
    rows = given(TABLE, pa.table({"colour": ["red", "green", None], "age": [None, 2.0, 2.0]}))
    expected, _ = raw_of(
        frame_of(pa.table({"age": [None, 2.0, 2.0], "colour": ["red", "green", None]})), COLUMNS
    )
    np.testing.assert_array_equal(rows.values, TABLE.rows(expected).values)


def test_texts_are_the_only_column_that_reads_like_texts() -> None:
    texts = ["a good film and more of it", "bad film, and no more than that"] * 10
    frame = pa.table({"id": [str(number) for number in range(20)], "said": texts, "stars": list(range(20))})
    found, expected = given(TEXTS, frame).to_csr(), TEXTS.rows(Texts(texts)).to_csr()
    assert (found != expected).nnz == 0
    other = frame.append_column("also", pa.array(texts[::-1]))
    with pytest.raises(DataError, match=r"one column of texts, .* has 2 \(said, also\): leave only"):
        given(TEXTS, other)
    named = given(TEXTS, other, (Column("also", "text"),)).to_csr()
    assert (named != TEXTS.rows(Texts(texts[::-1])).to_csr()).nnz == 0


def test_sparse_rows_are_numbers_for_a_model_of_numbers_and_otherwise_prepared() -> None:
    matrix = sparse.csr_array(np.array([[3.0, 6.0], [0.0, 4.0]]))
    np.testing.assert_array_equal(given(NUMBERS, matrix).values, [[1.0, 1.0], [-2.0, 0.0]])
    prepared = TEXTS.rows(Texts(["good film"]))
    np.testing.assert_array_equal(given(TEXTS, prepared.to_csr()).indices, prepared.indices)
    with pytest.raises(DataError, match="expected rows of 7 numbers, got 2"):
        given(TEXTS, matrix)


def test_cells_of_another_kind_are_told_with_the_numbers_of_their_rows() -> None:
    frame = Frame(
        pa.table({"age": ["1", "old"], "colour": ["red", "red"]}), np.array([7, 9]), source="in.csv"
    )
    _, (odd,) = given_rows(TABLE, given_columns(TABLE, (), frame), frame)
    assert (odd.column, odd.rows, odd.found) == ("age", (9,), "old")
    with pytest.raises(DataError, match=r'in\.csv, row 9, column "age": there is no number'):
        given_rows(NUMBERS, COLUMNS[:1], frame)
