"""`Recipe`: how a network is trained. Each optimizer is a noun of its own, with only its own numbers."""

from dataclasses import dataclass, field

from justfit.errors import SpecError
from justfit.spec.checks import require_choice, require_flag, require_integer, set_number


@dataclass(frozen=True)
class Sgd:
    """Gradient descent, optionally with (Nesterov) momentum; defaults as in ``keras.optimizers.SGD``."""

    name: str = field(default="sgd", init=False)
    learning_rate: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        set_number(self, "learning_rate", open_low=True)
        set_number(self, "momentum", 1.0)
        require_flag("nesterov", self.nesterov)


@dataclass(frozen=True)
class RmsProp:
    """RMSprop; defaults as in ``keras.optimizers.RMSprop``, whose epsilon stands inside the square root."""

    name: str = field(default="rmsprop", init=False)
    learning_rate: float = 0.001
    rho: float = 0.9
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        set_number(self, "learning_rate", open_low=True)
        set_number(self, "rho", 1.0, open_high=True)
        set_number(self, "epsilon", open_low=True)


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015); defaults as in ``keras.optimizers.Adam``."""

    name: str = field(default="adam", init=False)
    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        set_number(self, "learning_rate", open_low=True)
        set_number(self, "beta_1", 1.0, open_high=True)
        set_number(self, "beta_2", 1.0, open_high=True)
        set_number(self, "epsilon", open_low=True)


Optimizer = Sgd | RmsProp | Adam

OPTIMIZERS: dict[str, type[Sgd] | type[RmsProp] | type[Adam]] = {"sgd": Sgd, "rmsprop": RmsProp, "adam": Adam}


def optimizer_named(name: str, learning_rate: float | None = None) -> Optimizer:
    """The optimizer called ``name`` with its defaults, or with another learning rate.

    >>> optimizer_named("sgd").learning_rate
    0.01
    """
    kind = OPTIMIZERS[require_choice("optimizer", name, tuple(OPTIMIZERS))]
    return kind() if learning_rate is None else kind(learning_rate=learning_rate)


@dataclass(frozen=True)
class Recipe:
    """Optimizer, batch size, number of epochs, and a loss other than the task's own if wanted."""

    optimizer: Optimizer = field(default_factory=RmsProp)
    batch_size: int | None = None
    """None to have it chosen by the number of training rows; a `Run` has it decided."""
    epochs: int = 20
    loss: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, Optimizer):
            raise SpecError(
                f"optimizer must be one of {', '.join(OPTIMIZERS)} with its numbers, got {self.optimizer!r}."
            )
        if self.batch_size is not None:
            require_integer("batch_size", self.batch_size, 1)
        if self.epochs == 0:
            raise SpecError("epochs is 0, so nothing would be trained: give at least 1.")
        require_integer("epochs", self.epochs, 1, 1_000_000)
