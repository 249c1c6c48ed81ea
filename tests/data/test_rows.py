import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from justfit.data import rows as rows_module
from justfit.data.rows import Bags, Dense
from justfit.errors import DataError


@st.composite
def matrices(draw: st.DrawFn) -> sparse.csr_array:
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    values = draw(
        st.lists(st.sampled_from([0, 0, 0, 1, 2.5, -1]), min_size=rows * columns, max_size=rows * columns)
    )
    return sparse.csr_array(np.array(values, np.float32).reshape(rows, columns))


def bags(**changes: object) -> Bags:
    parts: dict[str, object] = {
        "indptr": np.array([0, 2, 2, 3], np.int64),
        "indices": np.array([0, 3, 1], np.int32),
        "values": np.array([1, 2, 3], np.float32),
        "columns": 4,
    }
    return Bags(**(parts | changes))  # type: ignore[arg-type]


@given(matrices())
def test_a_csr_matrix_comes_back_as_it_went_in(matrix: sparse.csr_array) -> None:
    back = Bags.from_csr(matrix).to_csr()
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back.toarray(), matrix.toarray())


def test_repeated_entries_of_a_matrix_are_added_up_and_the_matrix_is_left_alone() -> None:
    matrix = sparse.csr_array((np.ones(3), np.array([2, 0, 2]), np.array([0, 3])), shape=(1, 3))
    np.testing.assert_array_equal(Bags.from_csr(matrix).to_csr().toarray(), [[1, 0, 2]])
    assert matrix.nnz == 3


@given(matrices(), st.data())
def test_taking_rows_is_indexing_them(matrix: sparse.csr_array, data: st.DataObject) -> None:
    chosen = np.array(data.draw(st.lists(st.integers(0, matrix.shape[0] - 1), max_size=9)), np.intp)
    taken = Bags.from_csr(matrix).take(chosen)
    assert len(taken) == len(chosen)
    np.testing.assert_array_equal(taken.to_csr().toarray(), matrix.toarray()[chosen])
    dense = Dense(matrix.toarray()).take(chosen)
    np.testing.assert_array_equal(dense.values, matrix.toarray()[chosen])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": 0}, "columns must be from 1"),
        ({"columns": 3}, r"Row 0: index 3 is outside \[0, 3\)"),
        ({"indices": np.array([3, 0, 1], np.int32)}, "Row 0: index 0 follows 3"),
        ({"indices": np.array([1, 1, 1], np.int32)}, "Row 0: index 1 follows 1"),
        ({"indices": np.array([-1, 0, 1], np.int32)}, "Row 0: index -1 is outside"),
        ({"indices": np.array([0, 3, 1], np.int64)}, "indices must be int32"),
        ({"indptr": np.array([0, 2, 1, 3], np.int64)}, "Row 1: indptr falls from 2 to 1"),
        ({"indptr": np.array([0, 2], np.int64)}, r"0\]..\[2\] for 3 indices and 3 values"),
        ({"indptr": np.array([], np.int64)}, "indptr must begin with 0"),
        ({"values": np.array([1, 2, np.nan], np.float32)}, "Row 2: the value at index 1 is nan"),
        (
            {"values": np.ones((3, 1), np.float32)},
            "values must be float32 with 1 axes, got float32 with 2 axes",
        ),
        ({"values": [1, 2, 3]}, "got list"),
    ],
)
def test_bags_that_do_not_fit_are_refused_with_the_row(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        bags(**changes)


def test_an_index_may_be_lower_in_the_next_row_even_after_empty_rows() -> None:
    assert len(bags()) == 3
    empty = bags(indptr=np.zeros(4, np.int64), indices=np.zeros(0, np.int32), values=np.zeros(0, np.float32))
    assert empty.to_csr().nnz == 0


@pytest.mark.parametrize("at_a_time", [1, 2, 3, 4, 100])
def test_many_entries_are_checked_some_at_a_time_and_none_is_missed(
    at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_module, "_CHECKED", at_a_time)
    indptr = np.array([0, 0, 3, 4, 4, 7, 7])
    right = np.array([2, 5, 8, 8, 0, 1, 8], np.int32)
    values = np.ones(7, np.float32)
    assert len(Bags(indptr, right, values, 9)) == 6
    for entry, row in ((1, 1), (2, 1), (5, 4), (6, 4)):  # those that follow another in their row
        wrong = right.copy()
        wrong[entry] = wrong[entry - 1]
        with pytest.raises(DataError, match=f"Row {row}: index {wrong[entry]} follows {wrong[entry]};"):
            Bags(indptr, wrong, values, 9)
    for entry, row in enumerate((1, 1, 1, 2, 4, 4, 4)):
        with pytest.raises(DataError, match=f"Row {row}: the value at index {right[entry]} is inf"):
            Bags(indptr, right, np.where(np.arange(7) == entry, np.inf, values).astype(np.float32), 9)


def test_more_entries_than_the_engine_takes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "MOST_ENTRIES", 2)
    with pytest.raises(DataError, match="3 sparse rows hold 3 entries, and may hold 2: give fewer rows"):
        bags()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([[0, 1], [np.inf, 0]], np.float32), "Row 1, column 0: the value is inf"),
        (np.ones((2, 0), np.float32), "no columns"),
        (np.ones(2, np.float32), "with 2 axes, got float32 with 1 axes"),
        (np.ones((2, 2)), "must be float32 with 2 axes, got float64"),
    ],
)
def test_dense_rows_that_do_not_fit_are_refused(values: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Dense(values)


def test_rows_cannot_be_written_to() -> None:
    for array in (bags().values, bags().indices, Dense(np.ones((2, 2), np.float32)).values):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_dense_rows_out_of_order_in_memory_are_laid_out_row_by_row() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    dense = Dense(np.asfortranarray(values))
    assert dense.values.flags.c_contiguous
    np.testing.assert_array_equal(dense.values, values)
