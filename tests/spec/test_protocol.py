import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from justfit.errors import SpecError
from justfit.spec import HoldOut, parse_hold_out


def test_without_more_said_a_stratified_fifth_validates() -> None:
    assert HoldOut() == HoldOut("stratified", 0.2, seed=0)
    assert HoldOut().rows(1000) == 200


@settings(deadline=None)
@given(st.integers(2, 10**6), st.floats(0.01, 0.99))
def test_a_share_takes_as_many_rows_as_keras_s_validation_split(total: int, share: float) -> None:
    split_at = math.floor(total * (1.0 - share))  # keras.src.trainers.data_adapters.train_validation_split
    if 0 < split_at < total:
        assert HoldOut(size=share).rows(total) == total - split_at


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.2", HoldOut("stratified", 0.2)),
        ("5000", HoldOut("stratified", 5000)),
        ("first:10000", HoldOut("first", 10_000)),
        ("last:0.4", HoldOut("last", 0.4)),
        ("stratified:7", HoldOut("stratified", 7)),
        ("first: 3", HoldOut("first", 3)),
    ],
)
def test_the_short_form_is_read(text: str, expected: HoldOut) -> None:
    assert parse_hold_out(text) == expected


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
        ("test", 'validation "test" is not understood'),
    ],
)
def test_a_short_form_that_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse_hold_out(text)


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
    ],
)
def test_a_hold_out_that_cannot_be_is_refused(make: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        make()
