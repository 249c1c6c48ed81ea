import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from justfit.data.stratified import stratified_hold_out

COUNTS = st.lists(st.integers(2, 30) | st.just(0), min_size=1, max_size=6).filter(any)


@settings(max_examples=200)
@given(COUNTS, st.floats(0.05, 0.95), st.integers(0, 2**32 - 1))
def test_the_rows_and_their_order_are_scikit_learn_s(counts: list[int], share: float, seed: int) -> None:
    classes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    rows, kinds = len(classes), sum(map(bool, counts))
    held_out = int(min(max(round(share * rows), kinds), rows - kinds))
    expected = train_test_split(np.arange(rows), test_size=held_out, stratify=classes, random_state=seed)
    found = stratified_hold_out(classes, held_out, seed)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
