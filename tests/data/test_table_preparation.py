import dataclasses

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from justfit.data.columns import Column
from justfit.data.preparation import columns_of, fit_preparation
from justfit.data.raw import Categories, Numbers, Table, Texts
from justfit.data.rows import Bags, Dense
from justfit.data.table_preparation import TablePreparation
from justfit.errors import DataError
from justfit.spec import TableEncoding, TextEncoding

nan = float("nan")
SPEC = TableEncoding(text=TextEncoding(num_words=20))

AGE, COLOUR = Column("age", "number"), Column("colour", "category")
REVIEW, REPLY = Column("review", "text"), Column("reply", "text")


def levels(*cells: str | None) -> Categories:
    known = tuple(dict.fromkeys(cell for cell in cells if cell is not None))
    return Categories(
        np.array([-1 if cell is None else known.index(cell) for cell in cells], np.int32), known
    )


def ages(*cells: float) -> Table:
    return Table((AGE,), np.array(cells)[:, np.newaxis], (), ())


def mixed() -> Table:
    return Table(
        (REVIEW, AGE, COLOUR, REPLY),
        np.array([[1.0], [nan], [4.0], [10.0]]),
        (levels("red", "red", "blue", None),),
        (["good film", "bad film", "good", ""], ["thanks", "", "thanks", "no"]),
    )


def fit(raw: Table) -> TablePreparation:
    preparation = fit_preparation(SPEC, raw)
    assert isinstance(preparation, TablePreparation)
    return preparation


def names(preparation: TablePreparation) -> list[str]:
    return [preparation.column_name(column) for column in range(preparation.columns)]


def test_numbers_are_imputed_by_the_training_median_flagged_and_standardized() -> None:
    train = ages(1, nan, 4, 10)
    preparation = fit(train)
    assert names(preparation) == ["age", "age is missing"]
    rows = preparation.rows(train)
    assert isinstance(rows, Dense)
    filled = np.array([1, 4, 4, 10])
    np.testing.assert_allclose(rows.values[:, 0], (filled - filled.mean()) / filled.std(), rtol=1e-6)
    assert rows.values[:, 1].tolist() == [0, 1, 0, 0]
    np.testing.assert_array_equal(preparation.rows(ages(nan)).values, rows.values[1:2])


def test_a_number_that_no_training_row_misses_has_no_flag_and_may_be_missing_later() -> None:
    preparation = fit(ages(1, 2, 9))
    assert names(preparation) == ["age"]
    np.testing.assert_array_equal(preparation.rows(ages(nan)).values, preparation.rows(ages(2)).values)


def test_a_number_that_is_constant_or_always_missing_becomes_0() -> None:
    for cells in ((3, 3, 3), (nan, nan, nan), (0.1, 0.1, 0.1)):
        assert fit(ages(*cells)).rows(ages(*cells)).values[:, 0].tolist() == [0, 0, 0]


def test_levels_of_two_training_rows_have_a_column_and_all_others_share_one() -> None:
    train = Table((COLOUR,), np.zeros((6, 0)), (levels("red", "blue", "red", "green", None, "blue"),), ())
    preparation = fit(train)
    assert names(preparation) == ["colour = blue", "colour = red", "colour = (other)"]
    np.testing.assert_array_equal(
        preparation.rows(train).values,
        [[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [1, 0, 0]],
    )
    unseen = Table((COLOUR,), np.zeros((2, 0)), (levels("violet", "red"),), ())
    np.testing.assert_array_equal(preparation.rows(unseen).values, [[0, 0, 1], [0, 1, 0]])


def test_missing_levels_have_a_column_where_two_training_rows_miss_them() -> None:
    train = Table((COLOUR,), np.zeros((4, 0)), (levels(None, "red", None, "red"),), ())
    preparation = fit(train)
    assert names(preparation) == ["colour = red", "colour = (other)", "colour = (missing)"]
    np.testing.assert_array_equal(
        preparation.rows(train).values, [[0, 0, 1], [1, 0, 0], [0, 0, 1], [1, 0, 0]]
    )


def test_several_texts_numbers_and_levels_stand_side_by_side() -> None:
    preparation = fit(mixed())
    rows = preparation.rows(mixed())
    assert isinstance(rows, Bags)
    assert rows.columns == preparation.columns == columns_of(SPEC, mixed()) == 1 + 1 + 2 + 20 + 20
    said = names(preparation)
    assert said[:4] == ["age", "age is missing", "colour = red", "colour = (other)"]
    dense = rows.to_csr().toarray()
    assert dense[:, said.index("good in review")].tolist() == [1, 0, 1, 0]
    assert dense[:, said.index("thanks in reply")].tolist() == [1, 0, 1, 0]
    assert "thanks in review" not in said
    assert dense[:, 2].tolist() == [1, 1, 0, 0]


def test_each_row_is_the_same_alone_and_among_others() -> None:
    preparation, table = fit(mixed()), mixed()
    together = preparation.rows(table).to_csr().toarray()
    alone = [preparation.rows(table.take(np.array([row]))).to_csr().toarray()[0] for row in range(4)]
    np.testing.assert_array_equal(together, alone)


def test_rows_of_many_levels_are_kept_sparse_and_equal_the_dense_ones() -> None:
    cells = [f"level{row % 30}" for row in range(90)]
    train = Table((AGE, COLOUR), np.arange(90.0)[:, np.newaxis], (levels(*cells),), ())
    preparation = fit(train)
    rows = preparation.rows(train)
    assert isinstance(rows, Bags)
    dense = np.zeros((90, 32))
    dense[:, 0] = (np.arange(90) - 44.5) / np.arange(90).std()
    for row, cell in enumerate(cells):
        dense[row, 1 + sorted(set(cells)).index(cell)] = 1
    np.testing.assert_allclose(rows.to_csr().toarray(), dense, rtol=1e-6)


def test_a_table_is_prepared_as_scikit_learn_prepares_it() -> None:
    random = np.random.default_rng(0)
    numbers = random.normal(5, 3, (200, 3))
    numbers[random.random(numbers.shape) < 0.1] = nan
    cells = random.choice(["a", "b", "c"], 200)
    columns = (Column("x", "number"), Column("y", "number"), Column("c", "category"), Column("z", "number"))
    preparation = fit(table := Table(columns, numbers, (levels(*cells),), ()))
    theirs = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), [0, 1, 2]),
            ("levels", OneHotEncoder(sparse_output=False), [3]),
        ]
    ).fit_transform(np.column_stack([numbers.astype(object), cells]))
    ours = preparation.rows(table).values
    np.testing.assert_allclose(ours[:, [0, 1, 2, 6, 7, 8]], theirs.astype(float), atol=1e-6)
    np.testing.assert_array_equal(ours[:, 3:6], np.isnan(numbers))


def test_only_tables_of_the_same_columns_are_taken() -> None:
    preparation = fit(mixed())
    for raw in (Texts(["good"]), Numbers(np.zeros((1, 1)), ("age",))):
        with pytest.raises(DataError, match=r"takes a table of 4 columns: review \(text\), age \(number\)"):
            preparation.rows(raw)
    with pytest.raises(DataError, match=r"takes the columns review .*, got age \(number\)"):
        preparation.rows(ages(1))
    table = mixed()
    other = dataclasses.replace(table, columns=(REPLY, AGE, COLOUR, REVIEW))
    with pytest.raises(DataError, match="takes the columns"):
        preparation.rows(other)


def test_numbers_too_large_to_be_standardized_are_refused_with_their_column() -> None:
    with pytest.raises(DataError, match="Column age: its values are too large"):
        fit(ages(1e308, -1e308, 1e308))


def test_a_typed_row_has_names_and_values_and_commas_in_texts_stay() -> None:
    preparation = fit(mixed())
    (line,) = ["colour=red, review=good, really good, age = 4"]
    typed = preparation.raw_from_text([line, "review=bad", "age="])
    assert typed.cells(0) == (
        ("age", "4"),
        ("colour", "red"),
        ("review", "good, really good"),
        ("reply", ""),
    )
    assert typed.cells(1)[:2] == typed.cells(2)[:2] == (("age", ""), ("colour", ""))
    assert len(preparation.rows(typed)) == 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("good film", r'Row 1: expected name=value with commas between, got "good film" \(columns: review'),
        ("agee=3", r'got "agee=3".* Did you mean "age"'),
        ("age=old", 'Row 1, column age: expected a number, got "old"'),
        ("age=inf", 'Row 1, column age: expected a number, got "inf"'),
        ("", "expected name=value"),
    ],
)
def test_a_typed_row_that_cannot_be_read_is_answered_with_what_is_expected(line: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit(mixed()).raw_from_text(["age=1", line])


def test_dates_are_not_typed_by_hand() -> None:
    sold = Column("sold", "date", form="iso")
    preparation = fit(Table((sold, AGE), np.arange(10.0).reshape(2, 5), (), ()))
    assert preparation.raw_from_text(["age=3"]).numbers[0, 4] == 3
    with pytest.raises(DataError, match='"sold" is of kind date: give such rows in a file'):
        preparation.raw_from_text(["sold=2024-01-01"])
