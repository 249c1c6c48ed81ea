"""How the learning rate goes over the epochs."""

from dataclasses import dataclass, field

from justfit.spec.checks import set_number


@dataclass(frozen=True)
class Constant:
    """The optimizer's learning rate all along, after rising to it from 0 over ``warmup`` epochs."""

    name: str = field(default="constant", init=False)
    warmup: float = 0.0

    def __post_init__(self) -> None:
        set_number(self, "warmup")


@dataclass(frozen=True)
class StepDecay:
    """Multiplied by ``factor`` after each ``every`` epochs, as a staircase ``ExponentialDecay`` in Keras."""

    name: str = field(default="step", init=False)
    every: float = 10.0
    factor: float = 0.5
    warmup: float = 0.0

    def __post_init__(self) -> None:
        set_number(self, "every", open_low=True)
        set_number(self, "factor", open_low=True)
        set_number(self, "warmup")


@dataclass(frozen=True)
class CosineDecay:
    """Falling along half a cosine over ``epochs`` epochs to the share ``floor``, as ``CosineDecay`` in Keras.

    The number of epochs is its own, not the recipe's, so that a network trained for fewer sees the
    same learning rates.
    """

    name: str = field(default="cosine", init=False)
    epochs: float = 20.0
    floor: float = 0.0
    warmup: float = 0.0

    def __post_init__(self) -> None:
        set_number(self, "epochs", open_low=True)
        set_number(self, "floor", 1.0)
        set_number(self, "warmup")


Schedule = Constant | StepDecay | CosineDecay
