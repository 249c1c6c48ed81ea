import dataclasses
import inspect
import json
from collections.abc import Callable
from typing import Any

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.errors import SpecError
from justfit.spec import (
    OPTIMIZERS,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Nadam,
    Recipe,
    RmsProp,
    Sgd,
    parse_optimizer,
    plain,
)


def keys(kind: type) -> list[str]:
    """What can be chosen about an optimizer."""
    return [field.name for field in dataclasses.fields(kind) if field.init]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_has_the_name_and_the_defaults_that_keras_gives_it(name: str) -> None:
    theirs = type(keras.optimizers.get(name))
    assert theirs.__name__.lower() == name == OPTIMIZERS[name]().name
    defaults = inspect.signature(theirs.__init__).parameters
    for key in keys(OPTIMIZERS[name]):
        assert getattr(OPTIMIZERS[name](), key) == defaults[key].default, key


def test_numbers_that_are_equal_make_equal_specs_however_they_are_written() -> None:
    assert json.dumps(plain(Sgd(1, 0))) == json.dumps(plain(Sgd(1.0, -0.0)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sgd(1e9, momentum=1),
        lambda: RmsProp(rho=0),
        lambda: Adam(beta_1=0, beta_2=0),
        lambda: AdamW(weight_decay=0),
        lambda: Adagrad(initial_accumulator_value=0),
        lambda: Ftrl(initial_accumulator_value=1e-9),
    ],
)
def test_what_is_at_the_end_of_its_interval_can_be(make: Callable[[], object]) -> None:
    assert make() == dataclasses.replace(make())


SHARE, POSITIVE, FROM_0 = r"\[0, 1\)", r"\(0, inf\)", r"\[0, inf\)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        *(
            (lambda kind=kind: kind(0), rf"^learning_rate must be a number in {POSITIVE}, got 0\.$")
            for kind in OPTIMIZERS.values()
        ),
        (lambda: Adam(-1), f"learning_rate must be a number in {POSITIVE}, got -1"),
        (lambda: RmsProp(float("nan")), "learning_rate must be .* got nan"),
        (lambda: Sgd(float("inf")), "learning_rate must be .* got inf"),
        (lambda: Sgd(True), "learning_rate must be .* got True"),
        (lambda: Sgd(momentum=1.5), r"momentum must be a number in \[0, 1\], got 1.5"),
        (lambda: Sgd(nesterov=1), "nesterov must be true or false, got 1"),
        (lambda: RmsProp(rho=1), f"rho must be a number in {SHARE}, got 1"),
        (lambda: RmsProp(epsilon=0), f"epsilon must be a number in {POSITIVE}, got 0"),
        (lambda: Adam(beta_1=1), f"beta_1 must be a number in {SHARE}, got 1"),
        (lambda: Adam(beta_2=-0.1), f"beta_2 must be a number in {SHARE}, got -0.1"),
        (lambda: Adam(epsilon="tiny"), f"epsilon must be a number in {POSITIVE}, got 'tiny'"),
        (lambda: AdamW(weight_decay=-1), rf"weight_decay must be a number in {FROM_0}, got -1"),
        (lambda: Adagrad(initial_accumulator_value=-1), f"initial_accumulator_value .* {FROM_0}, got -1"),
        (lambda: Adadelta(rho=1.0), f"rho must be a number in {SHARE}, got 1"),
        (lambda: Adamax(beta_1=2), f"beta_1 must be a number in {SHARE}, got 2"),
        (lambda: Nadam(epsilon=0), f"epsilon must be a number in {POSITIVE}, got 0"),
        (lambda: Ftrl(initial_accumulator_value=0), f"initial_accumulator_value .* {POSITIVE}, got 0"),
        (lambda: Ftrl(l1_regularization_strength=-1), f"l1_regularization_strength .* {FROM_0}, got -1"),
        (lambda: Ftrl(l2_regularization_strength=-1), f"l2_regularization_strength .* {FROM_0}, got -1"),
        (lambda: Recipe("adam"), "optimizer must be one of sgd, .*, ftrl with its numbers, got 'adam'"),
    ],
)
def test_an_optimizer_that_cannot_be_is_refused_with_its_key(
    make: Callable[[], object], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        make()


@pytest.mark.parametrize(
    ("text", "learning_rate", "optimizer"),
    [
        ("adam", None, Adam()),
        ("sgd", 0.5, Sgd(0.5)),
        ("sgd:momentum=0.9,nesterov=true", None, Sgd(momentum=0.9, nesterov=True)),
        ("sgd: momentum = 0.9 , nesterov = false", 0.1, Sgd(0.1, momentum=0.9)),
        ("rmsprop:learning_rate=1e-4", None, RmsProp(1e-4)),
        ("ftrl:l1_regularization_strength=1", None, Ftrl(l1_regularization_strength=1)),
    ],
)
def test_an_optimizer_is_read_from_its_short_form(
    text: str, learning_rate: float | None, optimizer: object
) -> None:
    assert parse_optimizer(text, learning_rate) == optimizer


@given(st.sampled_from(sorted(OPTIMIZERS)), st.data())
def test_every_number_of_an_optimizer_can_be_given_in_the_short_form(name: str, data: st.DataObject) -> None:
    numbers: dict[str, Any] = {
        key: data.draw(st.booleans() if key == "nesterov" else st.floats(0.001, 0.999))
        for key in keys(OPTIMIZERS[name])
    }
    pairs = [f"{key}={json.dumps(value)}" for key, value in numbers.items()]
    assert parse_optimizer(f"{name}:{','.join(pairs)}") == OPTIMIZERS[name](**numbers)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adm", r'optimizer "adm" is not known: expected one of sgd, .* Did you mean "adam"\?'),
        ("", 'optimizer "" is not known: expected one of sgd, rmsprop'),
        (
            "sgd:momentun=1",
            r'optimizer key "momentun" is not known in "sgd:momentun=1": expected one of learning_rate',
        ),
        ("sgd:momentun=1", r'learning_rate, momentum, nesterov\. Did you mean "momentum"\?'),
        ("adam:momentum=0.9", 'optimizer key "momentum" is not known in .* one of learning_rate, beta_1'),
        ("adam:name=sgd", 'optimizer key "name" is not known'),
        ("sgd:0.9", 'optimizer "sgd:0.9" is not understood: expected numbers such as learning_rate=0.5 with'),
        ("sgd:0.9", 'with commas between, got "0.9"'),
        ("sgd:", 'optimizer "sgd:" is not understood: .* got ""'),
        ("sgd:momentum=0.9,", 'is not understood: .* got ""'),
        ("sgd:momentum=", 'optimizer "sgd:momentum=": momentum must be a number, .* got ""'),
        ("sgd:momentum=much", 'optimizer "sgd:momentum=much": momentum must be a number, .* got "much"'),
        ("sgd:momentum=true", r"momentum must be a number in \[0, 1\], got True"),
        ("sgd:nesterov=1", "nesterov must be true or false, got 1.0"),
        ("sgd:momentum=0.9,momentum=0.8", "gives momentum twice: give it once"),
        ("sgd:momentum=nan", r"momentum must be a number in \[0, 1\], got nan"),
    ],
)
def test_a_short_form_that_cannot_be_is_told_what_is_wrong_with_it(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse_optimizer(text)


def test_two_learning_rates_are_one_too_many() -> None:
    with pytest.raises(SpecError, match='learning_rate is given twice, in "sgd:learning_rate=1" and by'):
        parse_optimizer("sgd:learning_rate=1", 0.1)
