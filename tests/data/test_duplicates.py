import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from justfit.data.columns import Column
from justfit.data.duplicates import near_duplicates, near_training_rows, row_hashes, words_of
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


def near(*texts: str) -> list[int]:
    return near_duplicates(words_of(Texts(texts))).tolist()


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


def test_texts_nearly_repeat_another_with_few_words_changed_or_all_in_another_order() -> None:
    random = np.random.default_rng(0)
    one, other = (" ".join(random.choice(WORDS, 120)) for _ in range(2))
    words = one.split()
    changed = " ".join([*words[:50], "surprise", *words[51:]])
    shuffled = " ".join(random.permutation(other.split()))
    assert near(one, other, changed, shuffled, one) == [0, 1, 0, 1, 4]


def test_texts_that_share_half_of_their_words_do_not() -> None:
    random = np.random.default_rng(1)
    words = random.choice(WORDS, 120).tolist()
    half = [*words[:60], *random.choice(WORDS, 60).tolist()]
    assert near(" ".join(words), " ".join(half)) == [0, 1]


def test_texts_too_short_to_compare_and_no_words_at_all_are_left_alone() -> None:
    assert near("good", "good film", "film good", "", "") == [0, 1, 2, 3, 4]
    assert near("") == [0]


@pytest.mark.parametrize("changed", [1, 3])
def test_nearly_all_of_many_near_repeats_are_found(changed: int) -> None:
    random = np.random.default_rng(2)
    texts = [random.choice(WORDS, 100).tolist() for _ in range(300)]
    again = [list(text) for text in texts]
    for text in again:
        # Changed in one place, so that at least 98 - 2 - changed of 98 + 2 + changed shingles are in both.
        text[40 : 40 + changed] = ["surprise"] * changed
    found = near(*(" ".join(text) for text in (*texts, *again)))
    assert found[:300] == [*range(300)]
    assert sum(of == row for row, of in enumerate(found[300:])) >= 0.95 * 300
    assert all(of in (row, row + 300) for row, of in enumerate(found[300:]))


def near_training(train: list[str], test: list[str]) -> list[int]:
    return near_training_rows(words_of(Texts(train)), words_of(Texts(test))).tolist()


def test_test_texts_nearly_repeat_a_training_text_and_those_that_are_one_are_left_out() -> None:
    random = np.random.default_rng(3)
    train = [" ".join(random.choice(WORDS, 60)) for _ in range(4)]
    words = train[2].split()
    changed = " ".join([*words[:30], "surprise", *words[31:]])
    shuffled = " ".join(random.permutation(train[1].split()))
    own = " ".join(random.choice(WORDS, 60))
    # Texts that nearly repeat each other within the test part are no matter of the training part.
    assert near_training(train, [own, changed, train[0], shuffled, f"{own} indeed", changed]) == [
        -1, 2, -1, 1, -1, 2,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("train", "test", "found"),
    [
        ([""], [""], [-1]),
        (["good film"], ["film good"], [-1]),
        (["a"], ["a good film indeed", ""], [-1, -1]),
        (["a good film", "b"], ["film good a", "b"], [0, -1]),
        ([], ["a good film"], [-1]),
        (["a good film"], [], []),
    ],
)
def test_parts_without_texts_long_enough_have_nothing_nearly_in_common(
    train: list[str], test: list[str], found: list[int]
) -> None:
    assert near_training(train, test) == found


def test_nearly_all_near_repeats_of_training_texts_are_found_and_nothing_else() -> None:
    random = np.random.default_rng(4)
    texts = [random.choice(WORDS, 100).tolist() for _ in range(300)]
    again = [[*text[:40], "surprise", *text[41:]] for text in texts]
    others = [random.choice(WORDS, 100).tolist() for _ in range(100)]
    found = near_training([" ".join(text) for text in texts], [" ".join(text) for text in again + others])
    assert sum(of == row for row, of in enumerate(found[:300])) >= 0.95 * 300
    assert all(of in (row, -1) for row, of in enumerate(found[:300]))
    assert found[300:] == [-1] * 100


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
