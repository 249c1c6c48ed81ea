import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.data.ngrams import NgramPreparation, fit_ngrams
from justfit.data.preparation import NumberPreparation, TextPreparation, fit_preparation
from justfit.data.preparation_json import preparation_from_json, preparation_to_json
from justfit.data.raw import Numbers, Texts
from justfit.errors import DataError
from justfit.spec import NGRAM_WEIGHTS, Ngrams, Scaling, TextEncoding

TEXT = preparation_to_json(fit_preparation(TextEncoding(num_words=8), Texts(["one two two"])))
NUMBERS = preparation_to_json(
    fit_preparation(Scaling(), Numbers(np.array([[1.0, 2.0], [2.0, 5.0]]), ("age", "height")))
)
NGRAMS = preparation_to_json(
    fit_ngrams(Ngrams("word", 2, 1, weights="tf_idf"), Texts(["one two", "two one", "two"]))
)
HASHED = preparation_to_json(fit_ngrams(Ngrams("word", hashed=9), Texts(["one"])))


@given(
    st.lists(st.text(max_size=20), min_size=1, max_size=5),
    st.sampled_from(["multi_hot", "counts", "average"]),
)
def test_a_text_preparation_read_back_prepares_alike(texts: list[str], kind: str) -> None:
    before = fit_preparation(TextEncoding(kind, num_words=9, skip_top=3, maxlen=5), Texts(texts))
    after = preparation_from_json(json.loads(json.dumps(preparation_to_json(before))))
    assert isinstance(after, TextPreparation)
    assert after.encoding == before.encoding
    assert after.vocabulary.words == before.vocabulary.words


@given(
    st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=6), st.sampled_from(["none", "divide", "standard"])
)
def test_a_number_preparation_read_back_is_the_same_to_the_last_bit(numbers: list[float], kind: str) -> None:
    table = Numbers(np.array([numbers, numbers[::-1]]), tuple(map(str, range(len(numbers)))))
    before = fit_preparation(Scaling(kind, 3.7) if kind == "divide" else Scaling(kind), table)
    after = preparation_from_json(json.loads(json.dumps(preparation_to_json(before))))
    assert isinstance(after, NumberPreparation)
    assert (after.scaling, after.names) == (before.scaling, before.names)
    np.testing.assert_array_equal(after.shift, before.shift)
    np.testing.assert_array_equal(after.scale, before.scale)


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
    after = preparation_from_json(json.loads(json.dumps(preparation_to_json(before))))
    assert isinstance(after, NgramPreparation)
    assert (after.spec, after.names) == (before.spec, before.names)
    one, other = (preparation.rows(Texts([*texts, "unseen"])) for preparation in (before, after))
    for name in ("indptr", "indices", "values"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize(
    ("values", "changes", "message"),
    [
        (NGRAMS, {"unit": "auto"}, 'key unit: "auto" is not known'),
        (NGRAMS, {"longest": 10**9}, "longest must be a whole number from 1 to 5"),
        (NGRAMS, {"min_rows": 0}, "min_rows must be a whole number"),
        (NGRAMS, {"max_share": "1"}, "max_share must be a number"),
        (NGRAMS, {"punctuation": 1}, "punctuation must be true or false"),
        (NGRAMS, {"weights": "tfidf"}, 'weights "tfidf" is not known'),
        (NGRAMS, {"ngrams": ["one"]}, "key ngrams: expected a text with a line an n-gram"),
        (NGRAMS, {"ngrams": ""}, "key ngrams: expected 1 to 30000 lines, got 0"),
        (NGRAMS, {"most": 2}, "key ngrams: expected 1 to 2 lines, got 4"),
        (NGRAMS, {"ngrams": "one\none"}, "key ngrams: n-gram 1 stands there twice"),
        (NGRAMS, {"ngrams": "one\n\ntwo"}, "key ngrams: n-gram 1 is not one of 1 to 2 units"),
        (NGRAMS, {"ngrams": "one two three"}, "key ngrams: n-gram 0 is not one of 1 to 2 units"),
        (NGRAMS, {"ngrams": "One"}, "key ngrams: n-gram 0 is not"),
        (NGRAMS, {"ngrams": "one  two"}, "key ngrams: n-gram 0 is not"),
        (NGRAMS, {"ngrams": "one\r\ntwo"}, "key ngrams: n-gram 0 is not"),
        (NGRAMS, {"ngrams": "\ud800"}, "key ngrams: .*surrogates not allowed"),
        (NGRAMS, {"scale": None}, "key scale: expected a list of 4 numbers"),
        (NGRAMS, {"scale": [1, 2, 3]}, "key scale: expected a list of 4 numbers"),
        (NGRAMS, {"scale": [1, 2, 3, float("inf")]}, "key scale, column 3: must be a number"),
        (NGRAMS, {"scale": [1, 1e39, 3, 4]}, "key scale, column 1: 1e.39 is too large"),
        (NGRAMS, {"weights": "counts"}, "key scale: the weights counts have none"),
        (HASHED, {"ngrams": "one"}, "key ngrams: hashed n-grams have no names"),
        (HASHED, {"hashed": 10**12}, "hashed must be a whole number"),
        (HASHED, {"most": 5}, "Hashed n-grams are not chosen"),
        (TEXT, {"kind": "pictures"}, 'key kind: "pictures" is not known'),
        (TEXT, {"kind": None}, "key kind:"),
        (TEXT, {"encoding": "tfidf"}, 'encoding "tfidf" is not known'),
        (TEXT, {"num_words": "8"}, "num_words must be a whole number"),
        (TEXT, {"num_words": 5}, "key words: num_words 5 has room for 1, got 2"),
        (TEXT, {"words": "one two"}, "key words: expected a list of texts"),
        (TEXT, {"words": ["one", 2]}, "key words: expected a list of texts"),
        (TEXT, {"words": ["one", "one"]}, "key words: a name stands there twice"),
        (TEXT, {"extra": 1}, "expected the keys kind, encoding"),
        (NUMBERS, {"scaling": "robust"}, 'scaling "robust" is not known'),
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
        preparation_from_json(values | changes)


@pytest.mark.parametrize(("values", "key"), [(values, key) for values in (TEXT, NGRAMS) for key in values])
def test_a_missing_key_is_missed(values: dict[str, object], key: str) -> None:
    with pytest.raises(DataError, match="preparation"):
        preparation_from_json({name: value for name, value in values.items() if name != key})
