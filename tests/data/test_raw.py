import numpy as np
import pytest

from justfit.data.columns import Column
from justfit.data.raw import Categories, Ids, Numbers, Table, Texts, Vocabulary
from justfit.errors import DataError

WORDS = Vocabulary(("the", "film", "was"))


def test_a_word_goes_to_its_id_and_back_and_other_ids_are_question_marks() -> None:
    assert WORDS.ids == {"the": 4, "film": 5, "was": 6}
    assert [WORDS.word(number) for number in (0, 1, 2, 3, 4, 6, 7)] == ["?"] * 4 + ["the", "was", "?"]


def test_taking_rows_keeps_their_order_and_repeats_them() -> None:
    rows = np.array([2, 0, 2])
    ids = Ids(np.array([1, 4, 1, 1, 5, 6], np.int32), np.array([0, 2, 3, 6]), WORDS).take(rows)
    assert [ids.row(number).tolist() for number in range(len(ids))] == [[1, 5, 6], [1, 4], [1, 5, 6]]
    assert list(Texts(["a", "b", "c"]).take(rows).texts) == ["c", "a", "c"]
    assert Numbers(np.array([[1], [2], [3]]), ("x",)).take(rows).values.tolist() == [[3], [1], [3]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones((2, 3)), r"shape \(2, 3\) do not fit 2 column names"),
        (np.ones(2), r"shape \(2,\)"),
        (np.array([["a", "b"]]), "must be real numbers, got <U1"),
        (np.ones((2, 2), complex), "must be real numbers, got complex128"),
        (np.array([[None, 1]]), "must be real numbers, got object"),
    ],
)
def test_numbers_that_are_none_or_do_not_fit_their_names_are_refused(
    values: np.ndarray, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Numbers(values, ("x", "y"))


AGE, COLOUR, REVIEW = Column("age", "number"), Column("colour", "category"), Column("review", "text")
COLOURS = Categories(np.array([1, -1, 0], np.int32), ("red", "blue"))


def test_taking_rows_of_a_table_takes_all_its_columns_along() -> None:
    table = Table((REVIEW, AGE, COLOUR), np.array([[1], [np.nan], [3]]), (COLOURS,), (["a", "b", ""],))
    taken = table.take(np.array([1, 0, 1]))
    assert len(taken) == 3
    assert taken.cells(0) == (("age", ""), ("colour", ""), ("review", "b"))
    assert taken.cells(1) == (("age", "1"), ("colour", "blue"), ("review", "a"))


@pytest.mark.parametrize(
    ("numbers", "categories", "texts", "message"),
    [
        (np.zeros((3, 2)), (COLOURS,), (["a"] * 3,), r"should be \(1, 1, 1\) columns, and are \(2, 1, 1\)"),
        (np.zeros((3, 1)), (), (["a"] * 3,), r"are \(1, 0, 1\)"),
        (np.zeros((3, 1)), (COLOURS,), (), r"are \(1, 1, 0\)"),
        (np.zeros((3, 1)), (COLOURS,), (["a"] * 2,), r"have \[2, 3\] rows"),
    ],
)
def test_parts_of_a_table_that_do_not_fit_its_columns_are_refused(
    numbers: np.ndarray, categories: tuple[Categories, ...], texts: tuple[list[str], ...], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Table((AGE, COLOUR, REVIEW), numbers, categories, texts)
