import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from justfit.data.columns import Column
from justfit.data.ngrams import NgramPreparation, fit_ngrams
from justfit.data.preparation import NumberPreparation, Preparation, TextPreparation, fit_preparation
from justfit.data.preparation_json import (
    preparation_from_parts,
    preparation_to_parts,
    words_from_arrays,
    words_to_arrays,
)
from justfit.data.raw import Categories, Numbers, Table, Texts
from justfit.data.table_preparation import TablePreparation
from justfit.errors import DataError
from justfit.spec import NGRAM_WEIGHTS, Ngrams, Scaling, TableEncoding, TextEncoding

TEXT, WORDS = preparation_to_parts(fit_preparation(TextEncoding(num_words=8), Texts(["one two two"])))
NUMBERS, _ = preparation_to_parts(
    fit_preparation(Scaling(), Numbers(np.array([[1.0, 2.0], [2.0, 5.0]]), ("age", "height")))
)


def read_back(preparation: Preparation) -> Preparation:
    """As JSON and safetensors keep it."""
    values, arrays = preparation_to_parts(preparation)
    return preparation_from_parts(json.loads(json.dumps(values)), load(save(arrays)))


@given(
    st.lists(st.text(max_size=20), min_size=1, max_size=5),
    st.sampled_from(["multi_hot", "counts", "average"]),
)
def test_a_text_preparation_read_back_prepares_alike(texts: list[str], kind: str) -> None:
    before = fit_preparation(TextEncoding(kind, num_words=9, skip_top=3, maxlen=5), Texts(texts))
    after = read_back(before)
    assert isinstance(after, TextPreparation)
    assert after.encoding == before.encoding
    assert after.vocabulary.words == before.vocabulary.words


@given(
    st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=6), st.sampled_from(["none", "divide", "standard"])
)
def test_a_number_preparation_read_back_is_the_same_to_the_last_bit(numbers: list[float], kind: str) -> None:
    table = Numbers(np.array([numbers, numbers[::-1]]), tuple(map(str, range(len(numbers)))))
    before = fit_preparation(Scaling(kind, 3.7) if kind == "divide" else Scaling(kind), table)
    after = read_back(before)
    assert isinstance(after, NumberPreparation)
    assert (after.scaling, after.names) == (before.scaling, before.names)
    np.testing.assert_array_equal(after.shift, before.shift)
    np.testing.assert_array_equal(after.scale, before.scale)


@pytest.mark.parametrize(
    ("values", "changes", "message"),
    [
        (TEXT, {"kind": "pictures"}, 'key kind: "pictures" is not known'),
        (TEXT, {"kind": None}, "key kind:"),
        (TEXT, {"encoding": "tfidf"}, 'encoding "tfidf" is not known'),
        (TEXT, {"num_words": "8"}, "num_words must be a whole number"),
        (TEXT, {"num_words": 5}, "array words: there is room for 1 words, got 2"),
        (TEXT, {"extra": 1}, "expected the keys kind, encoding"),
        (NUMBERS, {"scaling": "robust"}, 'scaling "robust" is not known'),
        (NUMBERS, {"columns": ["age", "age"]}, "key columns: a name stands there twice"),
        (NUMBERS, {"columns": ["age"]}, "key shift: expected a list of 1 numbers"),
        (NUMBERS, {"shift": [1, float("nan")]}, "key shift, column 1: must be a number"),
        (NUMBERS, {"shift": [1, True]}, "key shift, column 1: must be a number"),
        (NUMBERS, {"scale": [0, 1]}, "key scale, column 0: expected a number above 0"),
        (NUMBERS, {"scale": [1, "2"]}, "key scale, column 1: must be a number"),
    ],
)
def test_a_preparation_that_was_tampered_with_is_refused_with_the_key(
    values: dict[str, object], changes: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=f"^preparation.*{message}"):
        preparation_from_parts(values | changes, WORDS if values is TEXT else {})


@pytest.mark.parametrize("key", [*TEXT])
def test_a_missing_key_is_missed(key: str) -> None:
    with pytest.raises(DataError, match="preparation"):
        preparation_from_parts({name: value for name, value in TEXT.items() if name != key}, WORDS)


def changed_words(words: list[str]) -> dict[str, np.ndarray]:
    return dict(zip(("words", "word_offsets"), words_to_arrays(words), strict=True))


def offsets(*values: int) -> dict[str, np.ndarray]:
    return {"word_offsets": np.array(values, np.int64)}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (changed_words(["one", "one"]), "a word stands there twice"),
        ({"words": WORDS["words"].astype(np.int8)}, "expected bytes"),
        ({"words": WORDS["words"].reshape(2, 3)}, "expected bytes"),
        ({"word_offsets": WORDS["word_offsets"].astype(np.int32)}, "expected bytes"),
        ({"words": np.frombuffer(b"one\xfftw", np.uint8)}, "a word is not UTF-8"),
        (offsets(), "expected offsets that rise from 0 to its 6 bytes"),
        (offsets(0, 3), "expected offsets that rise"),
        (offsets(1, 3, 6), "expected offsets that rise"),
        (offsets(0, 7, 6), "expected offsets that rise"),
        (offsets(0, -3, 6), "expected offsets that rise"),
        ({"more": np.zeros(1)}, "expected the arrays words, word_offsets, got"),
    ],
)
def test_words_that_were_tampered_with_are_refused(arrays: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(DataError, match=f"^preparation.*{message}"):
        preparation_from_parts(TEXT, WORDS | arrays)


def test_arrays_that_no_one_needs_are_refused() -> None:
    with pytest.raises(DataError, match="expected the arrays none, got words, word_offsets"):
        preparation_from_parts(NUMBERS, WORDS)


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=9), unique=True, max_size=9))
def test_words_of_any_characters_are_read_as_they_were_written(words: list[str]) -> None:
    assert words_from_arrays("words", *words_to_arrays(words), most=9) == tuple(words)


def some_table() -> Table:
    nan = float("nan")
    columns = (
        Column("review", "text"),
        Column("sold", "date", form="%d.%m.%Y"),
        Column("age", "number", form="comma"),
        Column("colour", "category"),
        Column("reply", "text"),
    )
    numbers = np.array([[1, 1970, 1, 4, 0.1], [2, 1970, 1, 5, nan], [nan, nan, nan, nan, 1 / 3]])
    colours = Categories(np.array([0, 0, -1], np.int32), ("r\u00f6d, = \n", "blue"))
    texts = (["good film", "good", "bad"], ["no no", "", "no"])
    return Table(columns, numbers, (colours,), texts)


TABLE, ARRAYS = preparation_to_parts(
    fit_preparation(TableEncoding(text=TextEncoding(num_words=8)), some_table())
)


@pytest.mark.parametrize("text", [TextEncoding(num_words=9), Ngrams(longest=1)])
def test_a_table_preparation_read_back_prepares_alike(text: TextEncoding | Ngrams) -> None:
    before = fit_preparation(TableEncoding(text=text), some_table())
    after = read_back(before)
    assert isinstance(after, TablePreparation)
    assert after.inputs == before.inputs
    one, two = (each.rows(some_table()).to_csr().toarray() for each in (before, after))
    np.testing.assert_array_equal(one, two)
    names = [[each.column_name(column) for column in range(each.columns)] for each in (before, after)]
    assert names[0] == names[1]


def changed_input(**changed: object) -> dict[str, object]:
    inputs = [dict(column) for column in TABLE["inputs"]]
    inputs[2] |= changed
    return {"inputs": inputs}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"inputs": {}}, "key inputs: expected a list of columns"),
        ({"inputs": [1]}, "key inputs: expected a list of columns"),
        ({"inputs": []}, "there is no column"),
        (changed_input(name="review"), "a name stands there twice"),
        (changed_input(name=3), "expected a list of columns"),
        (changed_input(kind="id"), "expected a list of columns"),
        (changed_input(kind="text"), "a text cannot have the form"),
        (changed_input(kind="image", form="4000,4000"), "cannot have the form"),
        (changed_input(more="x"), "expected a list of columns"),
        ({"median": [0.0] * 4}, "key median: expected a list of 5 numbers"),
        ({"shift": [0.0] * 4 + [float("nan")]}, "key shift, column 4"),
        ({"scale": [1.0] * 4 + [0.0]}, "key scale, column 4: expected a number above 0"),
        ({"flagged": [True] * 4 + [1]}, "key flagged: expected a list of 5 times true or false"),
        ({"missing": []}, "key missing: expected a list of 1 times"),
        ({"texts": TABLE["texts"][:1]}, "key texts: expected a list of 2"),
        ({"texts": [TABLE["texts"][0], TABLE]}, "key texts, place 1: expected the preparation of a text"),
        ({"texts": [TABLE["texts"][0], NUMBERS]}, "key texts, place 1: expected the preparation of a text"),
        ({"texts": [1, 2]}, "key texts, place 0"),
        ({"more": 1}, "expected the keys"),
    ],
)
def test_a_table_preparation_that_was_tampered_with_is_refused(
    changed: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        preparation_from_parts(TABLE | changed, ARRAYS)


@pytest.mark.parametrize(
    ("lacks", "more", "message"),
    [
        ("levels0", None, "the array levels0 is missing"),
        ("text1.words", None, "expected the arrays words, word_offsets"),
        (None, "levels1", "the arrays levels1 belong to no column"),
        (None, "text0.more", "expected the arrays words, word_offsets"),
        (None, "text7.words", "the arrays text7.words belong to no column"),
    ],
)
def test_arrays_of_a_table_that_are_missing_or_too_many_are_refused(
    lacks: str | None, more: str | None, message: str
) -> None:
    arrays = {name: array for name, array in ARRAYS.items() if name != lacks}
    with pytest.raises(DataError, match=message):
        preparation_from_parts(TABLE, arrays | ({more: np.zeros(1)} if more else {}))


NGRAMS, NGRAM_ARRAYS = preparation_to_parts(
    fit_ngrams(Ngrams("word", 2, 1, weights="tf_idf"), Texts(["one two", "two one", "two"]))
)
HASHED, HASHED_ARRAYS = preparation_to_parts(fit_ngrams(Ngrams("word", hashed=9), Texts(["one"])))


@given(
    st.lists(st.text(max_size=20), min_size=2, max_size=6),
    st.sampled_from(["word", "character"]),
    st.sampled_from(NGRAM_WEIGHTS),
    st.sampled_from([None, 7]),
    st.booleans(),
)
def test_n_grams_read_back_give_the_same_rows_to_the_last_bit(
    texts: list[str], unit: str, weights: str, hashed: int | None, punctuation: bool
) -> None:
    chosen = {"hashed": hashed} if hashed else {"min_rows": 1, "most": 20, "max_share": 0.9}
    spec = Ngrams(unit, 3, **chosen, weights=weights, punctuation=punctuation)
    try:
        before = fit_ngrams(spec, Texts(texts), np.arange(len(texts)) % 2)
    except DataError:  # none has a column
        return
    after = read_back(before)
    assert isinstance(after, NgramPreparation)
    assert (after.spec, after.names) == (before.spec, before.names)
    one, other = (preparation.rows(Texts([*texts, "unseen"])) for preparation in (before, after))
    for name in ("indptr", "indices", "values"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def lines(text: str) -> dict[str, np.ndarray]:
    return {"ngrams": np.frombuffer(text.encode(), np.uint8)}


def scales(*values: float) -> dict[str, np.ndarray]:
    return {"scale": np.array(values, np.float32)}


@pytest.mark.parametrize(
    ("changes", "arrays", "message"),
    [
        ({"unit": "auto"}, {}, 'key unit: "auto" is not known'),
        ({"longest": 10**9}, {}, "longest must be a whole number from 1 to 5"),
        ({"min_rows": 0}, {}, "min_rows must be a whole number"),
        ({"max_share": "1"}, {}, "max_share must be a number"),
        ({"punctuation": 1}, {}, "punctuation must be true or false"),
        ({"weights": "tfidf"}, {}, 'weights "tfidf" is not known'),
        ({"weights": "counts"}, {}, "expected the arrays ngrams, got"),
        ({"most": 2}, {}, "array ngrams: expected 1 to 2 lines, got 4"),
        ({}, lines(""), "array ngrams: expected 1 to 30000 lines, got 0"),
        ({}, lines("one\none"), "array ngrams: n-gram 1 stands there twice"),
        ({}, lines("one\n\ntwo"), "array ngrams: n-gram 1 is not one of 1 to 2 units"),
        ({}, lines("one two three"), "array ngrams: n-gram 0 is not one of 1 to 2 units"),
        ({}, lines("One"), "array ngrams: n-gram 0 is not"),
        ({}, lines("one  two"), "array ngrams: n-gram 0 is not"),
        ({}, {"ngrams": np.frombuffer(b"\xff", np.uint8)}, "array ngrams: 'utf-8' codec can't decode"),
        ({}, {"ngrams": np.zeros(3, np.int64)}, "array ngrams: expected the bytes of a text"),
        ({}, scales(1, 2, 3), "array scale: expected 4 finite numbers of float32"),
        ({}, scales(1, 2, 3, float("inf")), "array scale: expected 4 finite numbers"),
        ({}, {"scale": np.ones(4)}, "array scale: expected 4 finite numbers"),
        ({}, {"more": np.ones(4)}, "expected the arrays ngrams, scale, got"),
    ],
)
def test_n_grams_that_were_tampered_with_are_refused(
    changes: dict[str, object], arrays: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(DataError, match=f"^preparation.*{message}"):
        preparation_from_parts(NGRAMS | changes, NGRAM_ARRAYS | arrays)


@pytest.mark.parametrize(
    ("changes", "arrays", "message"),
    [
        ({}, lines("one"), "array ngrams: hashed n-grams have no names"),
        ({"hashed": 10**12}, {}, "hashed must be a whole number"),
        ({"most": 5}, {}, "Hashed n-grams are not chosen"),
    ],
)
def test_hashed_n_grams_that_were_tampered_with_are_refused(
    changes: dict[str, object], arrays: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(DataError, match=f"^preparation.*{message}"):
        preparation_from_parts(HASHED | changes, HASHED_ARRAYS | arrays)


@pytest.mark.parametrize("key", [*NGRAMS])
def test_a_missing_key_of_n_grams_is_missed(key: str) -> None:
    with pytest.raises(DataError, match="preparation"):
        preparation_from_parts({name: value for name, value in NGRAMS.items() if name != key}, NGRAM_ARRAYS)
