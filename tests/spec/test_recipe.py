import dataclasses
import inspect
import json

import keras
import pytest

from justfit.errors import SpecError
from justfit.spec import (
    OPTIMIZERS,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Constant,
    CosineDecay,
    Ftrl,
    Nadam,
    Recipe,
    RmsProp,
    Sgd,
    StepDecay,
    optimizer_named,
    plain,
)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_s_defaults_are_those_of_keras(name: str) -> None:
    keras_name = {"sgd": "SGD", "rmsprop": "RMSprop", "adamw": "AdamW"}.get(name, name.capitalize())
    defaults = inspect.signature(getattr(keras.optimizers, keras_name)).parameters
    for field in dataclasses.fields(OPTIMIZERS[name]):
        if field.init:
            assert field.default == defaults[field.name].default, field.name


def test_an_optimizer_is_found_by_name_with_its_own_or_another_learning_rate() -> None:
    assert optimizer_named("adam") == Adam()
    assert optimizer_named("sgd", 0.5) == Sgd(learning_rate=0.5)
    with pytest.raises(SpecError, match=r'optimizer "adm" is not known: .* Did you mean "adam"'):
        optimizer_named("adm")


def test_numbers_that_are_equal_make_equal_specs_however_they_are_written() -> None:
    assert json.dumps(plain(Sgd(1, 0))) == json.dumps(plain(Sgd(1.0, -0.0)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sgd(0), r"learning_rate must be a number in \(0, inf\), got 0"),
        (lambda: Adam(-1), r"learning_rate must be a number in \(0, inf\), got -1"),
        (lambda: RmsProp(float("nan")), r"learning_rate must be .* got nan"),
        (lambda: Sgd(momentum=1.5), r"momentum must be a number in \[0, 1\], got 1.5"),
        (lambda: Sgd(nesterov=1), "nesterov must be true or false, got 1"),
        (lambda: RmsProp(rho=1), r"rho must be a number in \[0, 1\), got 1"),
        (lambda: RmsProp(epsilon=0), r"epsilon must be a number in \(0, inf\), got 0"),
        (lambda: Adam(beta_1=1), r"beta_1 must be a number in \[0, 1\), got 1"),
        (lambda: Adam(beta_2=-0.1), r"beta_2 must be a number in \[0, 1\), got -0.1"),
        (lambda: Adam(epsilon="tiny"), r"epsilon must be a number in \(0, inf\), got 'tiny'"),
        (
            lambda: Recipe("adam"),
            "optimizer must be one of sgd, rmsprop, .*, ftrl with its numbers, got 'adam'",
        ),
        (lambda: AdamW(weight_decay=-1), r"weight_decay must be a number in \[0, inf\), got -1"),
        (lambda: Adagrad(initial_accumulator_value=-1), r"initial_accumulator_value must be .* got -1"),
        (lambda: Adadelta(rho=1.0), r"rho must be a number in \[0, 1\), got 1"),
        (lambda: Adamax(beta_1=2), r"beta_1 must be a number in \[0, 1\), got 2"),
        (lambda: Nadam(epsilon=0), r"epsilon must be a number in \(0, inf\), got 0"),
        (lambda: Ftrl(l1_regularization_strength=-1), "l1_regularization_strength must be .* got -1"),
        (lambda: Ftrl(initial_accumulator_value=0), r"initial_accumulator_value must be .*\(0, inf\), got 0"),
        (lambda: Constant(warmup=-1), r"warmup must be a number in \[0, inf\), got -1"),
        (lambda: StepDecay(every=0), r"every must be a number in \(0, inf\), got 0"),
        (lambda: StepDecay(factor=0), r"factor must be a number in \(0, inf\), got 0"),
        (lambda: CosineDecay(epochs=0), r"epochs must be a number in \(0, inf\), got 0"),
        (lambda: CosineDecay(floor=2), r"floor must be a number in \[0, 1\], got 2"),
        (
            lambda: Recipe(schedule="cosine"),
            "schedule must be Constant, StepDecay or CosineDecay, got 'cosine'",
        ),
        (lambda: Recipe(clip_norm=0), r"clip_norm must be a number in \(0, inf\), got 0"),
        (lambda: Recipe(clip_value=-1), r"clip_value must be a number in \(0, inf\), got -1"),
        (lambda: Recipe(clip_norm=1, clip_value=1), "clip_norm and clip_value are both given"),
        (lambda: Recipe(patience=0), "patience must be a whole number at least 1, got 0"),
        (lambda: Recipe(monitor="val_los"), 'monitor "val_los" is not known: .* Did you mean "val_loss"'),
        (lambda: Recipe(batch_size=0), "batch_size must be a whole number at least 1, got 0"),
        (lambda: Recipe(batch_size=1.0), r"batch_size must be a whole number at least 1, got 1\.0"),
        (lambda: Recipe(epochs=0), "epochs is 0, so nothing would be trained: give at least 1"),
        (lambda: Recipe(epochs=-1), "epochs must be a whole number from 1 to 1000000, got -1"),
        (lambda: Recipe(epochs=10**7), "epochs must be a whole number from 1 to 1000000, got 10000000"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_with_its_key(make: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        make()
