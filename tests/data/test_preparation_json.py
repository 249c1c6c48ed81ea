import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.data.preparation import NumberPreparation, TextPreparation, fit_preparation
from justfit.data.preparation_json import preparation_from_json, preparation_to_json
from justfit.data.raw import Numbers, Texts
from justfit.errors import DataError
from justfit.spec import Scaling, TextEncoding

TEXT = preparation_to_json(fit_preparation(TextEncoding(num_words=8), Texts(["one two two"])))
NUMBERS = preparation_to_json(
    fit_preparation(Scaling(), Numbers(np.array([[1.0, 2.0], [2.0, 5.0]]), ("age", "height")))
)


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


@pytest.mark.parametrize(
    ("values", "changes", "message"),
    [
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


@pytest.mark.parametrize("key", [*TEXT])
def test_a_missing_key_is_missed(key: str) -> None:
    with pytest.raises(DataError, match="preparation"):
        preparation_from_json({name: value for name, value in TEXT.items() if name != key})
