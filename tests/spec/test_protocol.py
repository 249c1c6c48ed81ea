import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.errors import SpecError
from justfit.spec import AllRows, HoldOut, KFold, TestRows, parse_protocol


def test_without_more_said_a_stratified_fifth_validates() -> None:
    assert HoldOut() == HoldOut("stratified", 0.2, seed=0)
    assert HoldOut().rows(1000) == 200


@given(st.integers(2, 10**6), st.floats(0.01, 0.99))
def test_a_share_takes_as_many_rows_as_keras_s_validation_split(total: int, share: float) -> None:
    split_at = math.floor(total * (1.0 - share))  # keras.src.trainers.data_adapters.train_validation_split
    if 0 < split_at < total:
        assert HoldOut(size=share).rows(total) == total - split_at


def test_all_others_train_unless_fewer_are_asked_for() -> None:
    assert HoldOut(size=3).training_rows(10) == 7
    assert HoldOut(size=3, train=4).training_rows(10) == 4
    assert HoldOut(size=3, train=0.5).training_rows(10) == 5


@given(st.integers(100, 10**6), st.integers(1, 99))
def test_shares_that_make_up_all_rows_do_not_overlap(total: int, percent: int) -> None:
    protocol = HoldOut(size=percent / 100, train=1 - percent / 100)
    assert protocol.rows(total) + protocol.training_rows(total) <= total


def test_as_many_splits_as_folds_and_repeats_and_else_one() -> None:
    protocols = (HoldOut(), KFold(4), KFold(4, "shuffled", repeats=3), TestRows(), AllRows())
    assert [protocol.splits for protocol in protocols] == [1, 4, 12, 1, 1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.2", HoldOut("stratified", 0.2)),
        ("5000", HoldOut("stratified", 5000)),
        ("first:10000", HoldOut("first", 10_000)),
        ("last:0.4", HoldOut("last", 0.4)),
        ("stratified:7", HoldOut("stratified", 7)),
        ("first: 3", HoldOut("first", 3)),
        ("k_fold:4", KFold(4)),
        ("k_fold:4:in_order", KFold(4, "in_order")),
        ("test", TestRows()),
        ("none", AllRows()),
    ],
)
def test_the_short_form_is_read(text: str, expected: object) -> None:
    assert parse_protocol(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'validation "" is not understood: expected a share such as 0.2, or a number of rows'),
        ("first", 'validation "first" is not understood'),
        ("first:", 'validation "first:" is not understood'),
        ("²", 'validation "²" is not understood'),
        ("fisrt:10", 'validation "fisrt" is not known: expected one of .* Did you mean "first"'),
        ("first:0", "validation rows must be a whole number at least 1, got 0"),
        ("-5", "validation rows must be a whole number at least 1, got -5"),
        ("0.0", r"validation share must be a number in \(0, 1\), got 0.0"),
        ("2.0", r"validation share must be a number in \(0, 1\), got 2.0"),
        ("nan", r"validation share must be a number in \(0, 1\), got nan"),
        ("test:1", 'validation "test" is not known'),
        ("none:1", 'validation "none" is not known'),
        ("k_fold", 'validation "k_fold" is not understood'),
        ("k_fold:x", 'validation "k_fold:x" is not understood'),
        ("k_fold:4:shuffled:3", 'validation "k_fold:4:shuffled:3" is not understood'),
        ("k_fold:1", "folds must be a whole number at least 2, got 1"),
        ("k_fold:4:inorder", 'k-fold "inorder" is not known: .* Did you mean "in_order"'),
    ],
)
def test_a_short_form_that_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse_protocol(text)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HoldOut("frist"), 'validation "frist" is not known: .* Did you mean "first"'),
        (lambda: HoldOut(size="0.2"), "validation rows must be a whole number at least 1, got '0.2'"),
        (lambda: HoldOut(size=True), "validation rows must be .* got True"),
        (lambda: HoldOut(seed=-1), "seed must be a whole number at least 0, got -1"),
        (lambda: HoldOut(seed=0.5), r"seed must be a whole number at least 0, got 0\.5"),
        (
            lambda: HoldOut(size=10).rows(10),
            "would take 10 of 10 training rows: at least 1 must validate and",
        ),
        (lambda: HoldOut(size=0.999).rows(3), "would take 3 of 3 training rows"),
        (lambda: HoldOut(size=1).rows(1), "would take 1 of 1 training rows"),
        (lambda: HoldOut(train=0), "training rows must be a whole number at least 1, got 0"),
        (lambda: HoldOut(train=1.0), r"training share must be a number in \(0, 1\), got 1.0"),
        (lambda: HoldOut(size=0.7, train=0.4), "more than all, so the splits overlap: lower one"),
        (lambda: HoldOut(size=6, train=5).training_rows(10), "so 1 would do both and the splits overlap"),
        (lambda: HoldOut(size=6, train=0.5).training_rows(10), "so 1 would do both and the splits overlap"),
        (lambda: KFold(1), "folds must be a whole number at least 2, got 1"),
        (lambda: KFold(4, "first"), 'k-fold "first" is not known: expected one of stratified, shuffled'),
        (lambda: KFold(4, repeats=0), "repeats must be a whole number at least 1, got 0"),
        (lambda: KFold(4, "in_order", 3), 'repeats is 3, but "in_order" does not shuffle'),
        (lambda: KFold(4, "time", 2), 'repeats is 2, but "time" does not shuffle'),
        (lambda: KFold(4, seed=-1), "seed must be a whole number at least 0, got -1"),
    ],
)
def test_a_protocol_that_cannot_be_is_refused(make: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        make()
