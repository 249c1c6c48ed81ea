from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers

import justfit
from justfit.bridges.keras_layers import read_layers
from justfit.errors import SpecError
from justfit.spec import ACTIVATIONS, Layer


def compiled(*stack: keras.Layer) -> keras.Sequential:
    """A compiled model whose last layer is one sigmoid unit."""
    model = keras.Sequential([*stack, layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "mse")
    return model


def test_every_number_of_a_layer_is_read() -> None:
    model = compiled(
        layers.Flatten(),
        layers.Rescaling(0.5, offset=-1.0),
        layers.Dropout(0.1),
        layers.Dense(
            8,
            kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2),
            activity_regularizer=keras.regularizers.L2(0.3),
            kernel_constraint=keras.constraints.MaxNorm(2),
        ),
        layers.Dropout(0.4),
        layers.Dense(7, use_bias=False, kernel_regularizer=keras.regularizers.L2(0.01)),
        layers.Activation("gelu"),
        layers.ActivityRegularization(l1=0.5, l2=0.6),
        layers.Dropout(0.0),
    )
    stack = read_layers(model)
    assert stack.layers == (
        Layer("dense", 8, "linear", dropout=0.4, l1=0.1, l2=0.2, activity_l2=0.3, max_norm=2.0),
        Layer("embedding", 7, "gelu", l2=0.01, activity_l1=0.5, activity_l2=0.6),
        Layer("dense", 1, "sigmoid"),
    )
    assert (stack.flattens, stack.input_dropout, stack.averages) == (True, 0.1, None)
    assert [(layer.scale, layer.offset) for layer in stack.rescalings] == [(0.5, -1.0)]


def test_an_averaged_embedding_is_a_layer_without_a_bias() -> None:
    embedding = layers.Embedding(30, 6, embeddings_regularizer=keras.regularizers.L2(0.1))
    stack = read_layers(compiled(embedding, layers.GlobalAveragePooling1D(), layers.Dropout(0.2)))
    assert stack.layers[0] == Layer("embedding", 6, "linear", dropout=0.2, l2=0.1)
    assert stack.averages == 30


@pytest.mark.parametrize("name", [*ACTIVATIONS, "swish", None])
def test_activations_are_read_by_what_they_do(name: str | None) -> None:
    layer = read_layers(compiled(layers.Dense(2, activation=name))).layers[0]
    assert layer.activation == {"swish": "silu", None: "linear"}.get(name, name)


class Doubled(layers.Dense):
    def call(self, inputs: object, training: object = None) -> object:
        return 2 * super().call(inputs, training)


REFUSED: dict[str, tuple[Callable[[], list[keras.Layer]], str]] = {
    "a convolution": (lambda: [layers.Conv2D(2, 3)], r"\(Conv2D\) is none that justfit trains. Taken are"),
    "an LSTM": (lambda: [layers.LSTM(2)], r"\(LSTM\)"),
    "a layer of one's own": (lambda: [Doubled(2)], r"\(Doubled\)"),
    "batch normalization": (lambda: [layers.Dense(2), layers.BatchNormalization()], "BatchNormalization"),
    "a model in a model": (lambda: [keras.Sequential([layers.Dense(2)])], r"\(Sequential\)"),
    "half precision": (lambda: [layers.Dense(2, dtype="mixed_float16")], "dtype policy mixed_float16"),
    "a frozen layer": (lambda: [layers.Dense(2, trainable=False)], "not trainable"),
    "an activation of one's own": (lambda: [layers.Dense(2, activation=abs)], "the activation abs"),
    "softmax before the end": (lambda: [layers.Dense(2, activation="softmax")], "activation softmax"),
    "a bias regularizer": (lambda: [layers.Dense(2, bias_regularizer="l2")], "has bias_regularizer"),
    "another regularizer": (
        lambda: [layers.Dense(2, kernel_regularizer=keras.regularizers.OrthogonalRegularizer())],
        "kernel_regularizer OrthogonalRegularizer",
    ),
    "another constraint": (
        lambda: [layers.Dense(2, kernel_constraint=keras.constraints.NonNeg())],
        "kernel_constraint NonNeg",
    ),
    "a norm of rows": (
        lambda: [layers.Dense(2, kernel_constraint=keras.constraints.MaxNorm(1, axis=1))],
        "MaxNorm with axis 0",
    ),
    "shared noise": (lambda: [layers.Dense(2), layers.Dropout(0.5, noise_shape=(1, 2))], "has noise_shape"),
    "everything dropped": (lambda: [layers.Dense(2), layers.Dropout(1.0)], "drops everything"),
    "two dropouts": (
        lambda: [layers.Dense(2), layers.Dropout(0.5), layers.Dropout(0.5)],
        "stands after another Dropout",
    ),
    "a second activation": (
        lambda: [layers.Dense(2, activation="relu"), layers.Activation("tanh")],
        "neither activation nor",
    ),
    "an activation of the inputs": (lambda: [layers.Activation("tanh")], "only stand after a Dense layer"),
    "a penalty after dropout": (
        lambda: [layers.Dense(2), layers.Dropout(0.5), layers.ActivityRegularization(0.1)],
        "may not stand after Dropout",
    ),
    "rescaling between": (lambda: [layers.Dense(2), layers.Rescaling(2)], "before all other layers"),
    "flatten after dropout": (lambda: [layers.Dropout(0.5), layers.Flatten()], "before all other layers"),
    "ids that are flattened": (
        lambda: [layers.Flatten(), layers.Embedding(9, 2)],
        "nothing may stand before",
    ),
    "an embedding laid end to end": (lambda: [layers.Embedding(9, 2), layers.Flatten()], "before all other"),
    "an embedding not averaged": (lambda: [layers.Embedding(9, 2)], "put GlobalAveragePooling1D between"),
    "masked padding": (
        lambda: [layers.Embedding(9, 2, mask_zero=True), layers.GlobalAveragePooling1D()],
        "has mask_zero",
    ),
    "pooling alone": (lambda: [layers.GlobalAveragePooling1D()], "just after an Embedding"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_engine_does_not_have_is_refused_by_name(what: str) -> None:
    make, message = REFUSED[what]
    with pytest.raises(SpecError, match=message):
        justfit.from_keras(compiled(*make()))


def test_the_last_layer_can_have_what_the_engine_has_for_it() -> None:
    model = compiled(layers.Dense(3))
    model.add(layers.Dropout(0.5))
    with pytest.raises(SpecError, match="The last Dense layer"):
        read_layers(model)
    with pytest.raises(SpecError, match="ends without a Dense layer"):
        read_layers(keras.Sequential([layers.Dropout(0.5)]))


def test_other_kinds_of_models_are_refused() -> None:
    rows = keras.Input((3,))
    functional = keras.Model(rows, layers.Dense(1)(rows))
    functional.compile("sgd", "mse")
    with pytest.raises(SpecError, match=r"takes a compiled keras.Sequential, got Functional"):
        justfit.from_keras(functional)
    with pytest.raises(SpecError, match="got str"):
        justfit.from_keras("model.keras")  # type: ignore[arg-type]


def test_weights_come_back_as_they_were_put() -> None:
    model = compiled(layers.Dense(4, use_bias=False))
    model.build((None, 3))
    stack = read_layers(model)
    doubled = tuple((2 * kernel, bias) for kernel, bias in stack.weights())
    stack.put(doubled)
    np.testing.assert_array_equal(stack.weights()[0][0], doubled[0][0])
    assert stack.weights()[0][1] is None
