import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from justfit.data.columns import Column
from justfit.data.duplicates import among, first_of_same, row_hashes
from justfit.data.raw import Categories, Ids, Numbers, Raw, Table, Texts, Vocabulary
from justfit.data.rows import Bags

WORDS = [f"word{number}" for number in range(200)]


def ids(*rows: list[int]) -> Ids:
    indptr = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    return Ids(np.array([each for row in rows for each in row], np.int32), indptr, Vocabulary(tuple(WORDS)))


def same(raw: Raw) -> list[int]:
    """Of each row the first one with its hash."""
    hashes = row_hashes(raw).tolist()
    return [hashes.index(each) for each in hashes]


def test_texts_are_the_same_with_the_same_words_in_the_same_order() -> None:
    assert same(Texts(["a good film", "A good, film!", "film good a", "a good", "a good film film", ""])) == [
        0, 0, 2, 3, 4, 5,
    ]  # fmt: skip


def test_ids_are_the_same_whether_or_not_a_start_is_written() -> None:
    assert same(ids([1, 7, 8], [1, 8, 7], [7, 8], [1, 7, 8, 8], [1], [])) == [0, 1, 0, 3, 4, 4]


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, np.bool_])
def test_numbers_are_the_same_when_all_are_equal(dtype: type[np.generic]) -> None:
    rows = np.array([[0, 1], [1, 0], [0, 1], [1, 1]], dtype)
    assert same(Numbers(rows, ("x", "y"))) == [0, 1, 0, 3]
    rows = np.asfortranarray(rows)
    assert same(Numbers(rows, ("x", "y"))) == [0, 1, 0, 3]


def test_zero_has_no_sign() -> None:
    assert same(Numbers(np.array([[0.0, 1.0], [-0.0, 1.0]]), ("x", "y"))) == [0, 0]


def test_sparse_rows_are_the_same_when_all_numbers_are_equal() -> None:
    dense = np.array([[0, 1, 2], [0, 2, 1], [0, 1, 2], [0, 0, 0], [1, 2, 0], [-0.0, 0, 0]])
    whole = sparse.csr_array(dense)
    assert same(Bags.from_csr(whole)) == [0, 1, 0, 3, 4, 3]
    written = sparse.csr_array(([1.0, 2.0, 0.0, 1.0, 2.0], [1, 2, 0, 1, 2], [0, 2, 5]), shape=(2, 3))
    assert same(Bags.from_csr(written)) == [0, 0], "a zero that is stored is a zero"


@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 1.0, -1.0, 0.5]), min_size=4, max_size=4), min_size=1, max_size=20
    )
)
def test_hashes_of_sparse_rows_are_equal_just_where_dense_ones_are(rows: list[list[float]]) -> None:
    assert same(Bags.from_csr(sparse.csr_array(np.array(rows)))) == [rows.index(row) for row in rows]


@given(st.lists(st.lists(st.integers(0, 3), max_size=4).map(tuple), min_size=1, max_size=30))
def test_hashes_are_equal_just_where_texts_are(rows: list[tuple[int, ...]]) -> None:
    texts = Texts([" ".join(WORDS[each] for each in row) for row in rows])
    assert same(texts) == [rows.index(row) for row in rows]


def test_hashes_do_not_depend_on_the_other_rows() -> None:
    texts = [f"the film number {number} was good" for number in range(50)]
    whole = row_hashes(Texts(texts))
    alone = [int(row_hashes(Texts([text]))[0]) for text in texts]
    assert whole.tolist() == alone


def test_rows_of_a_table_are_the_same_with_the_same_numbers_levels_and_words() -> None:
    nan = float("nan")
    columns = (Column("x", "number"), Column("c", "category"), Column("a", "text"), Column("b", "text"))
    numbers = np.array([[1.0], [1.0], [nan], [nan], [1.0], [1.0], [1.0]])
    levels = Categories(np.array([0, 0, 0, 0, 1, -1, 0], np.int32), ("red", "blue"))
    texts = ["good", "Good!", "good", "good", "good", "good", "film"], ["film"] * 6 + ["good"]
    assert same(Table(columns, numbers, (levels,), texts)) == [0, 0, 2, 2, 4, 5, 6]


def test_a_row_of_a_table_is_the_same_whatever_the_order_of_the_levels_in_its_part() -> None:
    columns = (Column("c", "category"),)
    one = Categories(np.array([0, 1, -1], np.int32), ("red", "blue"))
    two = Categories(np.array([1, 0, -1], np.int32), ("blue", "red"))
    hashes = [row_hashes(Table(columns, np.zeros((3, 0)), (each,), ())).tolist() for each in (one, two)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes[0])) == 3


@given(st.lists(st.integers(0, 9), max_size=60), st.lists(st.integers(0, 9), max_size=9))
def test_equal_hashes_are_found_as_lists_find_them(found: list[int], others: list[int]) -> None:
    hashes = np.array(found, np.uint64)
    assert first_of_same(hashes).tolist() == [found.index(each) for each in found]
    assert among(hashes, np.array(others, np.uint64)).tolist() == [each in others for each in found]


def test_equal_hashes_are_found_in_any_number_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("justfit.data.duplicates._ROWS", 7)
    found = np.random.default_rng(0).integers(0, 30, 100).tolist()
    assert first_of_same(np.array(found, np.uint64)).tolist() == [found.index(each) for each in found]
