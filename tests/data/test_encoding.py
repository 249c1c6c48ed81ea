import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras.utils import pad_sequences
from sklearn.feature_extraction.text import CountVectorizer

from justfit.data.encoding import encode, limit_ids
from justfit.data.raw import Ids, Vocabulary
from justfit.spec import TextEncoding

NUM_WORDS = 12
ROWS = st.lists(st.lists(st.integers(1, 20), max_size=9), min_size=1, max_size=6)


def ids_of(rows: list[list[int]]) -> Ids:
    flat = [number for row in rows for number in row]
    ends = np.cumsum([0] + [len(row) for row in rows])
    return Ids(np.array(flat, np.int32), ends, Vocabulary(tuple("abcdefghijklmnopq")))


def limited(row: list[int], num_words: int, skip_top: int) -> list[int]:
    return [number if skip_top <= number < num_words else 2 for number in row]


@given(ROWS, st.integers(0, 6))
def test_ids_out_of_bounds_become_unknown_as_keras_has_it(rows: list[list[int]], skip_top: int) -> None:
    ids = limit_ids(ids_of(rows), NUM_WORDS, skip_top)
    assert [ids.row(number).tolist() for number in range(len(ids))] == [
        limited(row, NUM_WORDS, skip_top) for row in rows
    ]


@pytest.mark.parametrize("kind", ["multi_hot", "counts"])
@given(rows=ROWS, skip_top=st.integers(0, 6))
def test_multi_hot_and_counts_equal_scikit_learns_vectorizer(
    kind: str, rows: list[list[int]], skip_top: int
) -> None:
    vectorizer = CountVectorizer(
        vocabulary={str(number): number for number in range(NUM_WORDS)},
        token_pattern=r"\d+",
        binary=kind == "multi_hot",
    )
    expected = vectorizer.transform([" ".join(map(str, limited(row, NUM_WORDS, skip_top))) for row in rows])
    bags = encode(ids_of(rows), TextEncoding(kind, NUM_WORDS, skip_top))
    assert bags.columns == NUM_WORDS
    np.testing.assert_array_equal(bags.to_csr().toarray(), expected.toarray())


@given(rows=ROWS, maxlen=st.integers(1, 10))
def test_average_weighs_every_position_of_keras_padded_rows_alike(rows: list[list[int]], maxlen: int) -> None:
    padded = pad_sequences([limited(row, NUM_WORDS, 0) for row in rows], maxlen)
    expected = np.stack([np.bincount(row, minlength=NUM_WORDS) for row in padded]) / maxlen
    bags = encode(ids_of(rows), TextEncoding("average", NUM_WORDS, maxlen=maxlen))
    np.testing.assert_allclose(bags.to_csr().toarray(), expected, rtol=1e-6)


def test_averaged_padding_is_counted_in_column_0_even_in_a_text_without_words() -> None:
    bags = encode(ids_of([[], [5, 5, 5, 6]]), TextEncoding("average", 8, maxlen=4))
    np.testing.assert_array_equal(bags.to_csr().toarray(), [[1] + [0] * 7, [0] * 5 + [0.75, 0.25, 0]])


def test_no_rows_give_no_rows() -> None:
    for kind in ("multi_hot", "counts", "average"):
        assert len(encode(ids_of([]), TextEncoding(kind, 8))) == 0
