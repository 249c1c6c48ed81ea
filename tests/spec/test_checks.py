import math

import pytest

from justfit.errors import SpecError
from justfit.spec.checks import nearest, require_choice, require_flag, require_integer, require_number


def test_the_nearest_legal_name_is_offered_and_none_where_none_is_near() -> None:
    assert nearest("sigmiod", ["relu", "tanh", "sigmoid"]) == ' Did you mean "sigmoid"?'
    assert nearest("zzz", ["relu", "tanh"]) == ""
    assert nearest("", ["relu"]) == ""


@pytest.mark.parametrize("value", ["reluu", "", None, 3, ["relu"]])
def test_what_is_not_a_choice_is_named_with_all_that_are(value: object) -> None:
    with pytest.raises(SpecError, match="is not known for the test: expected one of relu, tanh") as caught:
        require_choice("activation", value, ("relu", "tanh"), "for the test")
    assert f'activation "{value}"' in str(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "epochs must be a whole number from 1 to 9, got 0."),
        (10, "epochs must be a whole number from 1 to 9, got 10."),
        (2.0, "epochs must be a whole number from 1 to 9, got 2.0."),
        (True, "epochs must be a whole number from 1 to 9, got True."),
        ("3", "epochs must be a whole number from 1 to 9, got '3'."),
        (None, "epochs must be a whole number from 1 to 9, got None."),
    ],
)
def test_only_whole_numbers_between_the_bounds_are_integers(value: object, expected: str) -> None:
    assert require_integer("epochs", 9, 1, 9) == 9
    with pytest.raises(SpecError) as caught:
        require_integer("epochs", value, 1, 9)
    assert str(caught.value) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), -1e-9, "0.5", None, False, 1j])
def test_numbers_are_real_finite_and_not_below_zero(value: object) -> None:
    with pytest.raises(SpecError, match=r"l2 must be a number in \[0, inf\), got "):
        require_number("l2", value)


@pytest.mark.parametrize(
    ("ends", "interval", "legal", "illegal"),
    [
        ({}, "[0, 1]", (0, 1), (-0.001, 1.001)),
        ({"open_low": True}, "(0, 1]", (1e-300, 1), (0, 1.001)),
        ({"open_high": True}, "[0, 1)", (0, 0.999), (-1, 1)),
        ({"open_low": True, "open_high": True}, "(0, 1)", (0.5,), (0, 1)),
    ],
)
def test_open_and_closed_ends_are_kept_and_told(
    ends: dict[str, bool], interval: str, legal: tuple[float, ...], illegal: tuple[float, ...]
) -> None:
    for value in legal:
        assert require_number("rho", value, 0.0, 1.0, **ends) == value
    for value in illegal:
        with pytest.raises(SpecError) as caught:
            require_number("rho", value, 0.0, 1.0, **ends)
        assert str(caught.value) == f"rho must be a number in {interval}, got {value!r}."


def test_numbers_come_out_as_floats_and_zero_without_a_sign() -> None:
    assert str(require_number("l1", 3)) == "3.0"
    assert str(require_number("l1", -0.0)) == "0.0"


def test_numbers_may_be_below_zero_where_nothing_bounds_them() -> None:
    assert require_number("shift", -3, -math.inf) == -3.0
    with pytest.raises(SpecError, match=r"shift must be a number in \(-inf, inf\), got -inf"):
        require_number("shift", -math.inf, -math.inf)


@pytest.mark.parametrize("value", [1, 0, None, "true"])
def test_a_flag_is_true_or_false_and_nothing_that_resembles_them(value: object) -> None:
    assert require_flag("nesterov", value=True) is True
    with pytest.raises(SpecError, match="nesterov must be true or false, got "):
        require_flag("nesterov", value)
