"""The layers of a Keras model as the engine's; what it has none for is refused by name."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from justfit.bridges.keras import keras
from justfit.data.rows import Float32
from justfit.engine import Weights
from justfit.errors import SpecError
from justfit.spec import ACTIVATIONS, Layer

_TAKEN = (
    "Taken are, in this order: Input, Flatten and Rescaling; Dropout of the inputs, or Embedding and "
    "GlobalAveragePooling1D; then Dense layers, each with Activation, ActivityRegularization and Dropout "
    "after it."
)

_ACTIVATIONS: dict[Callable[..., Any], str] = {
    keras.activations.get(name): name for name in (*ACTIVATIONS, "softmax")
}


@dataclass(frozen=True, eq=False)
class Stack:
    """A Keras model's layers as the engine trains them."""

    layers: tuple[Layer, ...]
    sources: tuple[keras.Layer, ...]
    """The Keras layer that each one's weights belong to."""
    rescalings: tuple[keras.layers.Rescaling, ...] = ()
    """What happens to rows first, in order."""
    flattens: bool = False
    """Whether rows have several axes, which are laid end to end."""
    averages: int | None = None
    """How many ids there are, where rows are ids whose vectors are averaged."""
    input_dropout: float = 0.0

    def weights(self) -> Weights:
        """Kernels and biases as they are now, of a model that is built."""
        return tuple(
            (_value(kernel), None if bias is None else _value(bias)) for kernel, bias in self._variables()
        )

    def put(self, weights: Weights) -> None:
        """Give the Keras layers these weights."""
        for variables, values in zip(self._variables(), weights, strict=True):
            for variable, value in zip(variables, values, strict=True):
                if variable is not None:
                    variable.assign(value)

    def _variables(self) -> list[tuple[Any, Any]]:
        return [
            (layer.embeddings, None) if type(layer) is keras.layers.Embedding else (layer.kernel, layer.bias)
            for layer in self.sources
        ]


def _value(variable: Any) -> Float32:
    # Of the backend's own array: Keras's variable itself warns under NumPy 2.
    return np.ascontiguousarray(keras.ops.convert_to_numpy(variable.value), np.float32)


def read_layers(model: keras.Sequential) -> Stack:
    """The layers of a Sequential model, built or not.

    Raises:
        SpecError: it is another kind of model, or a layer, a place or an argument of one that the engine
            does not have.
    """
    if type(model) is not keras.Sequential:
        raise SpecError(
            f"from_keras takes a compiled keras.Sequential, got {type(model).__name__}: a functional or "
            "subclassed model is trained by Keras itself."
        )
    reading = _Reading()
    for layer in model.layers:
        what = f'Layer "{layer.name}" ({type(layer).__name__})'
        if type(layer) not in _READERS:
            raise SpecError(f"{what} is none that justfit trains. {_TAKEN}")
        if layer.dtype_policy.name != "float32":
            raise SpecError(
                f"{what} has the dtype policy {layer.dtype_policy.name}: justfit trains in float32."
            )
        if not layer.trainable:
            raise SpecError(f"{what} is not trainable: justfit trains all layers.")
        _READERS[type(layer)](reading, layer, what)
    return reading.stack()


class _Reading:
    """What has been read so far."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.sources: list[keras.Layer] = []
        self.rescalings: list[keras.layers.Rescaling] = []
        self.flattens = False
        self.averages: int | None = None
        self.pooled = True
        self.input_dropout = 0.0

    def flatten(self, layer: keras.layers.Flatten, what: str) -> None:
        self._require_first(what)
        if layer.data_format != "channels_last":
            raise SpecError(f"{what} has data_format {layer.data_format}, expected channels_last.")
        self.flattens = True

    def rescaling(self, layer: keras.layers.Rescaling, what: str) -> None:
        self._require_first(what)
        self.rescalings.append(layer)

    def embedding(self, layer: keras.layers.Embedding, what: str) -> None:
        self._require_first(what)
        if self.flattens or self.rescalings:
            raise SpecError(f"{what} takes ids, so nothing may stand before it. {_TAKEN}")
        _require_none(
            layer, what, "activity_regularizer", "embeddings_constraint", "quantization_mode", "lora_rank"
        )
        if layer.mask_zero:
            raise SpecError(f"{what} has mask_zero: justfit counts padding in the average, as without it.")
        l1, l2 = _penalties(layer.embeddings_regularizer, what, "embeddings_regularizer")
        self.averages, self.pooled = layer.input_dim, False
        self._add(Layer("embedding", layer.output_dim, "linear", l1=l1, l2=l2), layer)

    def pooling(self, layer: keras.layers.GlobalAveragePooling1D, what: str) -> None:
        if self.pooled or layer.data_format != "channels_last" or layer.keepdims:
            raise SpecError(f"{what} may only stand just after an Embedding, with its defaults. {_TAKEN}")
        self.pooled = True

    def dense(self, layer: keras.layers.Dense, what: str) -> None:
        self._require_pooled(what)
        _require_none(layer, what, "bias_regularizer", "bias_constraint", "quantization_mode", "lora_rank")
        l1, l2 = _penalties(layer.kernel_regularizer, what, "kernel_regularizer")
        activity_l1, activity_l2 = _penalties(layer.activity_regularizer, what, "activity_regularizer")
        made = Layer(
            "dense" if layer.use_bias else "embedding",  # a layer without a bias, to the engine
            layer.units,
            _activation(layer.activation, what),
            l1=l1,
            l2=l2,
            activity_l1=activity_l1,
            activity_l2=activity_l2,
            max_norm=_max_norm(layer.kernel_constraint, what),
        )
        self._add(made, layer)

    def activation(self, layer: keras.layers.Activation, what: str) -> None:
        last = self._last(what)
        if last.activation != "linear" or last.dropout or last.activity_l1 or last.activity_l2:
            raise SpecError(
                f"{what} may only stand just after a Dense layer that has neither activation nor "
                "activity_regularizer of its own."
            )
        self.layers[-1] = replace(last, activation=_activation(layer.activation, what))

    def activity(self, layer: keras.layers.ActivityRegularization, what: str) -> None:
        last = self._last(what)
        if last.dropout:
            raise SpecError(f"{what} may not stand after Dropout: put it before.")
        self.layers[-1] = replace(
            last,
            activity_l1=last.activity_l1 + float(layer.l1),
            activity_l2=last.activity_l2 + float(layer.l2),
        )

    def dropout(self, layer: keras.layers.Dropout, what: str) -> None:
        self._require_pooled(what)
        _require_none(layer, what, "noise_shape")
        if not layer.rate < 1:
            raise SpecError(f"{what} has the rate {layer.rate}, which drops everything: give less than 1.")
        if (self.layers[-1].dropout if self.layers else self.input_dropout) > 0:
            raise SpecError(f"{what} stands after another Dropout: give one with both shares.")
        if self.layers:
            self.layers[-1] = replace(self.layers[-1], dropout=float(layer.rate))
        else:
            self.input_dropout = float(layer.rate)

    def stack(self) -> Stack:
        """The whole, checked."""
        if not self.layers or type(self.sources[-1]) is not keras.layers.Dense:
            raise SpecError(
                "The model ends without a Dense layer, which gives what labels are compared with."
            )
        last = self.layers[-1]
        if last.dropout or last.activity_l1 or last.activity_l2:
            raise SpecError(
                f'The last Dense layer, "{self.sources[-1].name}", has Dropout after it or an activity '
                "penalty: leave them out, as the engine has them for layers before the last."
            )
        for layer, source in zip(self.layers[:-1], self.sources[:-1], strict=True):
            if layer.activation == "softmax":
                raise SpecError(
                    f'Layer "{source.name}" has the activation softmax, which only the last one may have.'
                )
        return Stack(
            tuple(self.layers),
            tuple(self.sources),
            tuple(self.rescalings),
            self.flattens,
            self.averages,
            self.input_dropout,
        )

    def _add(self, layer: Layer, source: keras.Layer) -> None:
        self.layers.append(layer)
        self.sources.append(source)

    def _last(self, what: str) -> Layer:
        if not self.layers or type(self.sources[-1]) is not keras.layers.Dense:
            raise SpecError(f"{what} may only stand after a Dense layer. {_TAKEN}")
        return self.layers[-1]

    def _require_first(self, what: str) -> None:
        if self.layers or self.input_dropout:
            raise SpecError(f"{what} may only stand before all other layers. {_TAKEN}")

    def _require_pooled(self, what: str) -> None:
        if not self.pooled:
            raise SpecError(
                f"{what} stands just after an Embedding: put GlobalAveragePooling1D between them."
            )


_READERS: dict[type, Callable[[_Reading, Any, str], None]] = {
    keras.layers.Flatten: _Reading.flatten,
    keras.layers.Rescaling: _Reading.rescaling,
    keras.layers.Embedding: _Reading.embedding,
    keras.layers.GlobalAveragePooling1D: _Reading.pooling,
    keras.layers.Dense: _Reading.dense,
    keras.layers.Activation: _Reading.activation,
    keras.layers.ActivityRegularization: _Reading.activity,
    keras.layers.Dropout: _Reading.dropout,
}
"""Of just these classes: a subclass may do anything."""


def _require_none(layer: keras.Layer, what: str, *arguments: str) -> None:
    for argument in arguments:
        if getattr(layer, argument, None) is not None:
            raise SpecError(f"{what} has {argument}, which justfit does not have: leave it out.")


def _activation(function: Callable[..., Any], what: str) -> str:
    if function not in _ACTIVATIONS:
        raise SpecError(
            f"{what} has the activation {getattr(function, '__name__', function)}. "
            f"Taken are {', '.join(ACTIVATIONS)}, and softmax in the last layer."
        )
    return _ACTIVATIONS[function]


def _penalties(regularizer: Any, what: str, argument: str) -> tuple[float, float]:
    """L1 and L2 of a regularizer."""
    kinds = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)
    if regularizer is None:
        return 0.0, 0.0
    if type(regularizer) not in kinds:
        raise SpecError(f"{what} has the {argument} {type(regularizer).__name__}. Taken are L1, L2 and L1L2.")
    return float(getattr(regularizer, "l1", 0.0)), float(getattr(regularizer, "l2", 0.0))


def _max_norm(constraint: Any, what: str) -> float:
    if constraint is None:
        return 0.0
    if type(constraint) is not keras.constraints.MaxNorm or constraint.axis != 0:
        raise SpecError(
            f"{what} has the kernel_constraint {type(constraint).__name__}. Taken is MaxNorm with axis 0."
        )
    return float(constraint.max_value)
