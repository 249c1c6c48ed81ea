from typing import Any

import keras
import pytest
from keras import losses, metrics, optimizers
from keras.optimizers import schedules

import justfit
from justfit.bridges.keras_compiled import Compiled, read_compiled, read_recipe
from justfit.bridges.keras_layers import read_layers
from justfit.errors import SpecError
from justfit.spec import (
    OPTIMIZERS,
    Adam,
    AdamW,
    Constant,
    CosineDecay,
    Ftrl,
    Recipe,
    RmsProp,
    Sgd,
    StepDecay,
)


def model(
    last: str | None = "sigmoid", units: int = 1, loss: Any = "mse", **compiled: Any
) -> keras.Sequential:
    made = keras.Sequential([keras.layers.Dense(units, activation=last)])
    made.compile("sgd", loss, **compiled)
    return made


def read(made: keras.Sequential) -> Compiled:
    return read_compiled(made, read_layers(made))


@pytest.mark.parametrize(
    ("last", "units", "given", "loss"),
    [
        ("sigmoid", 1, "binary_crossentropy", "binary_crossentropy"),
        ("sigmoid", 3, losses.BinaryCrossentropy(), "binary_crossentropy"),
        ("sigmoid", 1, losses.binary_crossentropy, "binary_crossentropy"),
        ("softmax", 3, "categorical_crossentropy", "categorical_crossentropy"),
        ("softmax", 3, losses.SparseCategoricalCrossentropy(), "categorical_crossentropy"),
        ("sigmoid", 1, "MeanSquaredError", "mse"),
        ("linear", 2, "mean_absolute_error", "mae"),
        ("linear", 1, losses.Huber(), "huber"),
        ("sigmoid", 1, losses.hinge, "hinge"),
    ],
)
def test_losses_are_read_however_they_are_given(last: str, units: int, given: Any, loss: str) -> None:
    assert read(model(last, units, given)).loss == loss


@pytest.mark.parametrize(
    ("last", "units", "loss", "given", "metric", "names"),
    [
        ("sigmoid", 1, "mse", None, "accuracy", ()),
        ("sigmoid", 1, "mse", ["accuracy"], "accuracy", ("accuracy",)),
        ("sigmoid", 1, "mse", ["acc", metrics.BinaryAccuracy("right")], "accuracy", ("acc", "right")),
        ("sigmoid", 4, "mse", ["binary_accuracy"], "accuracy", ("binary_accuracy",)),
        ("softmax", 4, "sparse_categorical_crossentropy", ["acc"], "accuracy", ("acc",)),
        ("softmax", 4, "categorical_crossentropy", [metrics.CategoricalAccuracy("a")], "accuracy", ("a",)),
        ("linear", 1, "mse", ["mae"], "mae", ("mae",)),
        ("sigmoid", 1, "mse", [metrics.MeanAbsoluteError()], "mae", ("mean_absolute_error",)),
    ],
)  # fmt: skip
def test_metrics_keep_the_names_that_they_have_in_keras(  # noqa: PLR0917 - a column each
    last: str, units: int, loss: str, given: Any, metric: str, names: tuple[str, ...]
) -> None:
    found = read(model(last, units, loss, metrics=given))
    assert (found.metric, found.metrics) == (metric, names)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: model("relu", 1, "binary_crossentropy"), "binary_crossentropy does not go with .* relu"),
        (lambda: model("linear", 1, "binary_crossentropy"), "does not go with .* linear"),
        (lambda: model("sigmoid", 3, "categorical_crossentropy"), "does not go with .* sigmoid"),
        (lambda: model("softmax", 1, "categorical_crossentropy"), "softmax of 1 unit"),
        (lambda: model(loss="poisson"), "The loss is poisson. Taken are binary_crossentropy"),
        (lambda: model(loss=lambda *_: 0.0), "The loss is function"),
        (lambda: model(loss=["mse"]), "The loss is list"),
        (lambda: model(loss=losses.BinaryCrossentropy(from_logits=True)), "from_logits True"),
        (lambda: model(loss=losses.BinaryCrossentropy(label_smoothing=0.1)), "label_smoothing 0.1"),
        (lambda: model(loss=losses.MeanSquaredError(reduction="sum")), "reduction 'sum'"),
        (lambda: model("linear", loss=losses.Huber(delta=2.0)), "a delta other than 1"),
        (lambda: model(loss_weights=[2.0]), "compiled with loss_weights"),
        (lambda: model(weighted_metrics=["mae"]), "compiled with weighted_metrics"),
        (lambda: model(metrics=["AUC"]), "The metric AUC is none"),
        (lambda: model(metrics=[metrics.Precision(name="p")]), "The metric p is none"),
        (lambda: model(metrics=[metrics.mean_absolute_error]), "The metric mean_absolute_error is none"),
        (lambda: model(metrics=[metrics.BinaryAccuracy(threshold=0.7)]), "has threshold 0.7"),
        (lambda: model(metrics=["accuracy", "mae"]), "accuracy and mae: justfit measures one"),
        (lambda: model(units=3, metrics=["accuracy"]), "take binary_accuracy"),
        (lambda: model(metrics=["categorical_accuracy"]), "take binary_accuracy"),
        (lambda: model("linear", metrics=["acc"]), "take mae"),
        (
            lambda: model("softmax", 3, "categorical_crossentropy", metrics=["sparse_categorical_accuracy"]),
            "take categorical_accuracy",
        ),
        (lambda: keras.Sequential([keras.layers.Dense(1, activation="sigmoid")]), "call model.compile"),
    ],
)  # fmt: skip
def test_what_does_not_go_with_the_engine_is_refused_by_name(made: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        justfit.from_keras(made())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_have_the_same_usual_numbers(name: str) -> None:
    usual = vars(OPTIMIZERS[name]())
    recipe = read_recipe(optimizers.get(name), 32, 5, 10)
    found = vars(recipe.optimizer)
    assert {key: value for key, value in found.items() if key != "learning_rate"} == {
        key: value for key, value in usual.items() if key != "learning_rate"
    }
    assert found["learning_rate"] == pytest.approx(usual["learning_rate"])
    assert (recipe.batch_size, recipe.epochs, recipe.schedule) == (32, 5, Constant())


@pytest.mark.parametrize(
    ("given", "recipe"),
    [
        (optimizers.SGD(0.5, 0.9, nesterov=True, clipnorm=1.0), Recipe(Sgd(0.5, 0.9, True), clip_norm=1.0)),
        (optimizers.RMSprop(0.5, 0.8, clipvalue=0.25), Recipe(RmsProp(0.5, 0.8), clip_value=0.25)),
        (optimizers.AdamW(0.5, 0.125, 0.5, 0.75, 0.1), Recipe(AdamW(0.5, 0.125, 0.5, 0.75, 0.1))),
        (
            optimizers.Ftrl(0.5, initial_accumulator_value=0.2, l1_regularization_strength=0.3),
            Recipe(Ftrl(0.5, 0.2, 0.3)),
        ),
        (
            optimizers.Adam(schedules.ExponentialDecay(0.5, 25, 0.75, staircase=True)),
            Recipe(Adam(0.5), schedule=StepDecay(2.5, 0.75)),
        ),
        (
            optimizers.Adam(schedules.CosineDecay(0.5, 40, 0.1)),
            Recipe(Adam(0.5), schedule=CosineDecay(4, 0.1)),
        ),
        (
            optimizers.Adam(schedules.CosineDecay(0.0, 40, warmup_target=0.5, warmup_steps=10)),
            Recipe(Adam(0.5), schedule=CosineDecay(4, warmup=1)),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_optimizers_are_read_with_their_numbers_schedules_and_clipping(given: Any, recipe: Recipe) -> None:
    found = read_recipe(given, 16, 20, 10)
    assert {**vars(found), "batch_size": None} == vars(recipe)


class Quicker(optimizers.SGD):
    pass


def excluding() -> Any:
    made = optimizers.AdamW()
    made.exclude_from_weight_decay(var_names=["bias"])
    return made


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (optimizers.Lion, "The optimizer is Lion. Taken are Keras's own SGD, RMSprop, Adam"),
        (Quicker, "The optimizer is Quicker"),
        (lambda: optimizers.Adam(amsgrad=True), "Adam has amsgrad True, which justfit does not have"),
        (lambda: optimizers.RMSprop(momentum=0.9), "momentum 0.9"),
        (lambda: optimizers.RMSprop(centered=True), "centered True"),
        (lambda: optimizers.SGD(weight_decay=0.1), "weight_decay 0.1"),
        (lambda: optimizers.SGD(global_clipnorm=1.0), "global_clipnorm 1.0"),
        (lambda: optimizers.SGD(use_ema=True), "use_ema True"),
        (lambda: optimizers.SGD(gradient_accumulation_steps=2), "gradient_accumulation_steps 2"),
        (lambda: optimizers.Ftrl(learning_rate_power=-0.4), "learning_rate_power -0.4"),
        (excluding, "leaves weights out of its weight decay"),
        (lambda: optimizers.SGD(schedules.ExponentialDecay(0.1, 10, 0.9)), "another schedule"),
        (lambda: optimizers.SGD(schedules.InverseTimeDecay(0.1, 10, 0.9)), "another schedule"),
        (
            lambda: optimizers.SGD(schedules.CosineDecay(0.1, 10, warmup_target=0.5, warmup_steps=5)),
            "warm-up begins at 0",
        ),
    ],
)
def test_optimizers_that_the_engine_does_not_have_are_refused_by_name(given: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        read_recipe(given(), 32, 5, 10)
