"""`Network`: the shape of a feed-forward network and how it is regularized."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from justfit.errors import SpecError
from justfit.spec.checks import require_choice, require_integer, require_number, set_number
from justfit.spec.task import Task

ACTIVATIONS = (
    "relu",
    "tanh",
    "sigmoid",
    "linear",
    "elu",
    "selu",
    "gelu",
    "silu",
    "leaky_relu",
    "softplus",
    "softsign",
)
"""Activations of hidden layers. The last layer's follows from the task."""

MAX_UNITS = 65_536
"""More units in one layer than this is a mistyped width."""


@dataclass(frozen=True)
class Layer:
    """One dense layer with everything resolved: what the engine trains and the summary prints."""

    kind: str
    """``dense``, or ``embedding`` for averaged word vectors (a dense layer without a bias)."""
    units: int
    activation: str
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    activity_l1: float = 0.0
    activity_l2: float = 0.0
    max_norm: float = 0.0
    """0 for none."""

    @property
    def has_bias(self) -> bool:
        """Embeddings have none."""
        return self.kind == "dense"

    def parameters(self, inputs: int) -> int:
        """Trainable numbers of this layer over ``inputs`` columns."""
        return inputs * self.units + (self.units if self.has_bias else 0)


A_LAYER = ("dropout", "l1", "l2", "activity_l1", "activity_l2", "max_norm")
"""The fields of `Network` that have one number for each hidden layer, named as those of `Layer`."""


@dataclass(frozen=True)
class Network:
    """Hidden widths, their activation, dropout and penalties; optionally word vectors averaged first.

    What regularizes takes one number for all hidden layers or one a layer, and is kept as one a
    layer; the last layer is left alone. As in Keras:

    - ``dropout`` stands after a hidden layer;
    - ``l1`` and ``l2`` weigh its kernel: ``l1 * sum(|w|) + l2 * sum(w ** 2)``;
    - ``activity_l1`` and ``activity_l2`` weigh its outputs likewise, as a mean over a batch's rows;
    - ``max_norm`` scales each unit's incoming weights to at most this norm; 0 for none.

    >>> Network((16, 16), dropout=0.5).dropout
    (0.5, 0.5)
    """

    hidden: tuple[int, ...]
    activation: str = "relu"
    dropout: float | Sequence[float] = 0.0
    l1: float | Sequence[float] = 0.0
    l2: float | Sequence[float] = 0.0
    activity_l1: float | Sequence[float] = 0.0
    activity_l2: float | Sequence[float] = 0.0
    max_norm: float | Sequence[float] = 0.0
    input_dropout: float = 0.0
    """Share of the inputs dropped: of a text, of its words."""
    embedding: int | None = None
    """Width of word vectors that are averaged over a row before the hidden layers; None for none."""

    def __post_init__(self) -> None:
        if not isinstance(self.hidden, tuple | list):
            raise SpecError(f"hidden must list the widths of the hidden layers, got {self.hidden!r}.")
        hidden = tuple(require_integer("a hidden width", units, 1, MAX_UNITS) for units in self.hidden)
        object.__setattr__(self, "hidden", hidden)
        require_choice("activation", self.activation, ACTIVATIONS)
        if self.embedding is not None:
            require_integer("embedding", self.embedding, 1, MAX_UNITS)
        set_number(self, "input_dropout", 1.0, open_high=True)
        for name in A_LAYER:
            high = 1.0 if name == "dropout" else math.inf
            object.__setattr__(self, name, _one_a_layer(name, getattr(self, name), len(hidden), high))

    def layers(self, task: Task, outputs: int) -> tuple[Layer, ...]:
        """All layers in order, the task's last layer of ``outputs`` units included."""
        embedding = () if self.embedding is None else (Layer("embedding", self.embedding, "linear"),)
        hidden = tuple(
            Layer("dense", units, self.activation, **{name: getattr(self, name)[number] for name in A_LAYER})
            for number, units in enumerate(self.hidden)
        )
        return (*embedding, *hidden, Layer("dense", outputs, task.output_activation))

    def parameters(self, inputs: int, task: Task, outputs: int) -> int:
        """Trainable numbers of the whole network.

        >>> from justfit.spec import TASKS
        >>> Network((16, 16)).parameters(10_000, TASKS["binary"], 1)
        160305
        """
        layers = self.layers(task, outputs)
        widths = (inputs, *(layer.units for layer in layers))
        return sum(layer.parameters(width) for layer, width in zip(layers, widths, strict=False))


def _one_a_layer(name: str, value: object, layers: int, high: float) -> tuple[float, ...]:
    """``value`` as one checked number for each hidden layer."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return (require_number(name, value, 0.0, high, open_high=True),) * layers
    if len(value) != layers:
        raise SpecError(
            f"{name} must be one number or one for each of {layers} hidden layers, got {len(value)} numbers."
        )
    return tuple(require_number(name, number, 0.0, high, open_high=True) for number in value)


def parse_widths(text: str) -> tuple[int, ...]:
    """Hidden widths from their short form on the command line; an empty text is no hidden layer.

    >>> parse_widths("16,8,4")
    (16, 8, 4)
    """
    try:
        return tuple(int(width) for width in text.split(",")) if text.strip() else ()
    except ValueError:
        raise SpecError(
            f'hidden "{text}" is not understood: expected widths with commas between, such as 16,16.'
        ) from None


def parse_numbers(name: str, text: str) -> float | tuple[float, ...]:
    """One number, or one for each hidden layer, from the short form on the command line.

    >>> parse_numbers("dropout", "0.5"), parse_numbers("dropout", "0.5,0")
    (0.5, (0.5, 0.0))
    """
    try:
        numbers = tuple(float(number) for number in text.split(","))
    except ValueError:
        raise SpecError(
            f'{name} "{text}" is not understood: expected a number such as 0.5, or one for each hidden layer '
            "such as 0.5,0."
        ) from None
    return numbers[0] if len(numbers) == 1 else numbers
