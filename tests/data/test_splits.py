import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from justfit.data.splits import split
from justfit.errors import DataError, SpecError
from justfit.spec import AllRows, HoldOut, task_named

BINARY, REGRESSION = task_named("binary"), task_named("regression")
LABELS = np.array([0] * 30 + [1] * 70)


@given(
    how=st.sampled_from(["stratified", "first", "last"]),
    size=st.integers(2, 60),
    seed=st.integers(0, 5),
    classes=st.booleans(),
)
def test_every_row_trains_or_validates_and_none_does_both(
    how: str, size: int, seed: int, *, classes: bool
) -> None:
    parts = split(HoldOut(how, size, seed), LABELS, BINARY if classes else REGRESSION)
    assert len(parts.validation) == size
    assert sorted([*parts.train, *parts.validation]) == list(range(100))
    assert parts.train.dtype == parts.validation.dtype == np.intp


def test_stratified_keeps_the_shares_of_the_classes() -> None:
    parts = split(HoldOut(size=0.2), LABELS, BINARY)
    assert np.bincount(LABELS[parts.validation]).tolist() == [6, 14]


@pytest.mark.parametrize("seed", [0, 7])
def test_stratified_is_scikit_learns_split_with_that_seed(seed: int) -> None:
    train, validation = train_test_split(np.arange(100), test_size=0.2, stratify=LABELS, random_state=seed)
    parts = split(HoldOut(size=0.2, seed=seed), LABELS, BINARY)
    assert parts.train.tolist() == sorted(train)
    assert parts.validation.tolist() == sorted(validation)


def test_numbers_are_shuffled_plainly() -> None:
    labels = np.linspace(0, 1, 100, dtype=np.float32)
    parts = [split(HoldOut(size=0.3, seed=seed), labels, REGRESSION) for seed in (0, 1)]
    assert parts[0].validation.tolist() != parts[1].validation.tolist()
    assert parts[0].validation.tolist() != list(range(30))


def test_first_and_last_take_rows_in_file_order() -> None:
    assert split(HoldOut("first", 10), LABELS, BINARY).validation.tolist() == list(range(10))
    assert split(HoldOut("last", 10), LABELS, BINARY).validation.tolist() == list(range(90, 100))


def test_all_rows_train_and_none_validates() -> None:
    parts = split(AllRows(), LABELS, BINARY)
    assert len(parts.train) == 100
    assert len(parts.validation) == 0


@pytest.mark.parametrize(
    ("labels", "size", "message"),
    [
        ([0, 0, 0, 1, 2, 2, 2], 3, "Class 1 has 1 training row.*first:, last:"),
        ([0, 0, 1, 1, 2, 2], 2, r"6 rows with 2 to validate.*than there are classes \(3\)"),
    ],
)
def test_classes_too_small_to_stratify_are_named_with_the_remedy(
    labels: list[int], size: int, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        split(HoldOut(size=size), np.array(labels), task_named("multiclass"))


def test_a_split_without_training_rows_and_a_seed_too_large_are_refused() -> None:
    with pytest.raises(SpecError, match="100 of 100"):
        split(HoldOut(size=100), LABELS, BINARY)
    with pytest.raises(SpecError, match="seed 4294967296 is too large"):
        split(HoldOut(seed=2**32), LABELS, BINARY)


def test_rows_with_several_labels_are_shuffled_plainly() -> None:
    labels = np.eye(5, dtype=np.float32)
    assert len(split(HoldOut(size=2), labels, task_named("multilabel")).validation) == 2
