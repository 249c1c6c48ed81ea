from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from justfit.data.preparation import NumberPreparation, TextPreparation, fit_preparation
from justfit.data.raw import Ids, Numbers, Texts, Vocabulary
from justfit.errors import DataError
from justfit.machine import memory
from justfit.spec import Scaling, TextEncoding

TEXTS = Texts(["The film was good.", "The plot was bad, bad!", "the END"])
TABLE = Numbers(np.array([[1.0, 10.0, 5.0], [2.0, 30.0, 5.0], [6.0, 50.0, 5.0]]), ("age", "height", "feet"))


def test_words_are_ranked_by_frequency_and_equals_by_alphabet() -> None:
    preparation = fit_preparation(TextEncoding(num_words=100), TEXTS)
    assert preparation.vocabulary.words == ("the", "bad", "was", "end", "film", "good", "plot")
    assert preparation.columns == 100


def test_only_as_many_words_are_kept_as_have_ids() -> None:
    assert fit_preparation(TextEncoding(num_words=6), TEXTS).vocabulary.words == ("the", "bad")
    assert fit_preparation(TextEncoding(num_words=4), TEXTS).vocabulary.words == ()


def test_texts_start_with_1_and_have_2_for_every_word_not_seen_in_training() -> None:
    preparation = fit_preparation(TextEncoding("counts", num_words=6), TEXTS)
    rows = preparation.rows(preparation.raw_from_text(["The bad, the unseen and the END", ""]))
    np.testing.assert_array_equal(rows.to_csr().toarray(), [[0, 1, 3, 0, 3, 1], [0, 1, 0, 0, 0, 0]])


def test_skip_top_leaves_out_the_most_frequent_words() -> None:
    preparation = fit_preparation(TextEncoding("counts", num_words=6, skip_top=5), TEXTS)
    np.testing.assert_array_equal(
        preparation.rows(Texts(["the bad"])).to_csr().toarray(), [[0, 0, 2, 0, 0, 1]]
    )


def test_texts_and_the_ids_they_stand_for_give_the_same_rows() -> None:
    words = Vocabulary(("the", "film", "was", "good", "bad"))
    ids = Ids(np.array([1, 4, 5, 1, 7, 6, 8], np.int32), np.array([0, 3, 7]), words)
    texts = Texts(["the film", "good was bad"])
    for kind in ("multi_hot", "counts", "average"):
        preparation = fit_preparation(TextEncoding(kind, num_words=8, maxlen=3), ids)
        assert preparation.vocabulary.words == ("the", "film", "was", "good")
        both = [preparation.rows(raw).to_csr().toarray() for raw in (ids, texts)]
        np.testing.assert_array_equal(*both)


def test_ids_of_another_vocabulary_are_refused() -> None:
    ids = Ids(np.array([1, 4], np.int32), np.array([0, 2]), Vocabulary(("a", "film")))
    with pytest.raises(DataError, match="another vocabulary"):
        fit_preparation(TextEncoding(), TEXTS).rows(ids)


def test_standard_scaling_is_scikit_learns_and_leaves_a_constant_column_at_0() -> None:
    rows = fit_preparation(Scaling("standard"), TABLE).rows(TABLE)
    np.testing.assert_allclose(rows.values, StandardScaler().fit_transform(TABLE.values), atol=1e-6)
    assert rows.values[:, 2].tolist() == [0, 0, 0]


def test_a_constant_column_is_known_even_where_its_deviation_is_rounded_up_from_0() -> None:
    table = Numbers(np.full((10, 1), 0.1), ("x",))
    assert fit_preparation(Scaling("standard"), table).scale.tolist() == [1]


def test_a_column_of_values_too_small_to_square_is_not_divided_by_0() -> None:
    table = Numbers(np.array([[0.0], [1e-200]]), ("x",))
    preparation = fit_preparation(Scaling("standard"), table)
    assert preparation.scale.tolist() == [1]
    assert preparation.rows(table).values.max() == 0


def test_other_rows_are_scaled_by_what_training_rows_taught() -> None:
    preparation = fit_preparation(Scaling("standard"), TABLE)
    rows = preparation.rows(Numbers(np.array([[3.0, 30.0, 7.0]]), TABLE.columns))
    np.testing.assert_allclose(rows.values, [[0, 0, 2]], atol=1e-7)


def test_dividing_grey_values_gives_what_keras_users_get() -> None:
    pixels = Numbers(np.arange(256, dtype=np.uint8).reshape(2, 128), tuple(map(str, range(128))))
    rows = fit_preparation(Scaling("divide", 255), pixels).rows(pixels)
    np.testing.assert_array_equal(rows.values, pixels.values.astype("float32") / 255)


def test_no_scaling_leaves_numbers_as_they_are() -> None:
    np.testing.assert_array_equal(fit_preparation(Scaling("none"), TABLE).rows(TABLE).values, TABLE.values)


def test_a_preparation_does_not_change_the_raw_rows() -> None:
    values = TABLE.values.astype(np.float32)
    table = Numbers(values.copy(), TABLE.columns)
    fit_preparation(Scaling("standard"), table).rows(table)
    np.testing.assert_array_equal(table.values, values)


@pytest.mark.parametrize(
    ("spec", "raw", "message"),
    [
        (Scaling(), TEXTS, "Rows of text cannot have the scaling standard"),
        (TextEncoding(), TABLE, "Rows of numbers cannot have the text encoding multi_hot"),
        (TextEncoding(), Texts([]), "no training rows"),
        (
            Scaling(),
            Numbers(np.array([[1.0], [np.nan]]), ("age",)),
            r"Row 1, column 0 \(age\): the value is nan",
        ),
        (Scaling(), Numbers(np.array([[1e300], [-1e300]]), ("age",)), "Column age: its values are too large"),
    ],
)
def test_a_preparation_that_cannot_be_fitted_says_why(spec: object, raw: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit_preparation(spec, raw)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (TEXTS, "takes rows of 3 numbers, got texts"),
        (Numbers(np.ones((1, 2)), ("age", "height")), "rows of 3 numbers, got 2"),
        (
            Numbers(np.ones((1, 3)), ("age", "width", "feet")),
            "Column 1: this preparation expects height, got width",
        ),
        (Numbers(np.array([[1, 1, np.inf]]), TABLE.columns), r"Row 0, column 2 \(feet\): the value is inf"),
    ],
)
def test_rows_that_do_not_fit_a_scaling_are_refused(raw: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit_preparation(Scaling(), TABLE).rows(raw)


def test_a_value_too_large_for_the_engine_is_refused_with_its_place() -> None:
    with pytest.raises(DataError, match="Row 0, column 1: the value is inf"):
        fit_preparation(Scaling("none"), TABLE).rows(Numbers(np.array([[1, 1e300, 1]]), TABLE.columns))


def test_numbers_cannot_be_prepared_as_texts() -> None:
    with pytest.raises(DataError, match="takes texts, got rows of 3 numbers"):
        fit_preparation(TextEncoding(), TEXTS).rows(TABLE)


def test_typed_numbers_are_rows_with_commas_between() -> None:
    raw = fit_preparation(Scaling(), TABLE).raw_from_text(["1, 2.5,-3e2", "4,5,6\n"])
    assert raw.values.tolist() == [[1, 2.5, -300], [4, 5, 6]]
    assert raw.columns == TABLE.columns


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2", r"Row 1: expected 3 numbers with commas between, got 2 \(columns: age, height, feet\)"),
        ("1,tall,3", r'Row 1, column 1 \(height\): expected a number, got "tall"'),
        ("1,,3", r'Row 1, column 1 \(height\): expected a number, got ""'),
        ("1,nan,3", r"Row 1, column 1 \(height\): the value is nan"),
    ],
)
def test_typed_numbers_that_do_not_fit_are_refused_with_row_and_column(line: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit_preparation(Scaling(), TABLE).raw_from_text(["1,2,3", line])


def test_what_is_fitted_says_what_it_is() -> None:
    assert isinstance(fit_preparation(TextEncoding(), TEXTS), TextPreparation)
    assert isinstance(fit_preparation(Scaling(), TABLE), NumberPreparation)


def zeros(dtype: str, rows: int = 1_000_000, columns: int = 2_000) -> Numbers:
    """Numbers that take no memory themselves."""
    return Numbers(np.broadcast_to(np.zeros((), dtype), (rows, columns)), tuple(map(str, range(columns))))


@pytest.mark.parametrize(("dtype", "size"), [("u1", "8.0 GB"), ("f4", "8.0 GB"), ("f8", "24.0 GB")])
def test_rows_that_would_not_fit_into_memory_are_refused_before_they_are_made(
    monkeypatch: pytest.MonkeyPatch, dtype: str, size: str
) -> None:
    monkeypatch.setattr("justfit.data.preparation.memory", lambda: 10 * 10**9)
    raw = zeros(dtype)
    told = (
        f"1,000,000 rows of 2,000 numbers would take {size} as dense rows, and they may take 5.0 GB, 50% of"
    )
    shift, scale = np.zeros(2_000), np.ones(2_000)
    with pytest.raises(DataError, match=told):
        NumberPreparation(Scaling(), raw.columns, shift, scale).rows(raw)
    with pytest.raises(DataError, match=r"would take 16\.0 GB as dense rows"):
        fit_preparation(Scaling("standard"), raw)


def test_the_memory_is_that_of_the_machine() -> None:
    told = Path("/proc/meminfo")
    if not told.is_file():
        pytest.skip("this machine does not tell its memory in a file")
    kilobytes = int(told.read_text().split()[1])
    assert memory() == 1024 * kilobytes
