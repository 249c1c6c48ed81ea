"""The optimizers, each with only its own numbers. Names, defaults and formulas are those of Keras 3."""

from dataclasses import dataclass, field

from justfit.spec.checks import require_choice, require_flag, set_number


@dataclass(frozen=True)
class Sgd:
    """Gradient descent, optionally with (Nesterov) momentum."""

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
    """RMSprop (Tieleman and Hinton 2012); epsilon stands inside the square root."""

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
    """Adam (Kingma and Ba 2015)."""

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


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled weight decay of kernels and biases (Loshchilov and Hutter 2019)."""

    name: str = field(default="adamw", init=False)
    learning_rate: float = 0.001
    weight_decay: float = 0.004
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        set_number(self, "learning_rate", open_low=True)
        set_number(self, "weight_decay")
        set_number(self, "beta_1", 1.0, open_high=True)
        set_number(self, "beta_2", 1.0, open_high=True)
        set_number(self, "epsilon", open_low=True)


@dataclass(frozen=True)
class Adagrad:
    """Adagrad (Duchi et al. 2011)."""

    name: str = field(default="adagrad", init=False)
    learning_rate: float = 0.001
    initial_accumulator_value: float = 0.1
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        set_number(self, "learning_rate", open_low=True)
        set_number(self, "initial_accumulator_value")
        set_number(self, "epsilon", open_low=True)


@dataclass(frozen=True)
class Adadelta:
    """Adadelta (Zeiler 2012)."""

    name: str = field(default="adadelta", init=False)
    learning_rate: float = 0.001
    rho: float = 0.95
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        set_number(self, "learning_rate", open_low=True)
        set_number(self, "rho", 1.0, open_high=True)
        set_number(self, "epsilon", open_low=True)


@dataclass(frozen=True)
class Adamax:
    """Adam by the largest gradient instead of the mean square (Kingma and Ba 2015)."""

    name: str = field(default="adamax", init=False)
    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        set_number(self, "learning_rate", open_low=True)
        set_number(self, "beta_1", 1.0, open_high=True)
        set_number(self, "beta_2", 1.0, open_high=True)
        set_number(self, "epsilon", open_low=True)


@dataclass(frozen=True)
class Nadam:
    """Adam with Nesterov momentum (Dozat 2015)."""

    name: str = field(default="nadam", init=False)
    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        set_number(self, "learning_rate", open_low=True)
        set_number(self, "beta_1", 1.0, open_high=True)
        set_number(self, "beta_2", 1.0, open_high=True)
        set_number(self, "epsilon", open_low=True)


@dataclass(frozen=True)
class Ftrl:
    """Follow the regularized leader (McMahan et al. 2013), with the learning rate's power at -0.5."""

    name: str = field(default="ftrl", init=False)
    learning_rate: float = 0.001
    initial_accumulator_value: float = 0.1
    l1_regularization_strength: float = 0.0
    l2_regularization_strength: float = 0.0

    def __post_init__(self) -> None:
        set_number(self, "learning_rate", open_low=True)
        set_number(self, "initial_accumulator_value", open_low=True)
        set_number(self, "l1_regularization_strength")
        set_number(self, "l2_regularization_strength")


Optimizer = Sgd | RmsProp | Adam | AdamW | Adagrad | Adadelta | Adamax | Nadam | Ftrl

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": Sgd,
    "rmsprop": RmsProp,
    "adam": Adam,
    "adamw": AdamW,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "adamax": Adamax,
    "nadam": Nadam,
    "ftrl": Ftrl,
}


def optimizer_named(name: str, learning_rate: float | None = None) -> Optimizer:
    """The optimizer called ``name`` with its defaults, or with another learning rate.

    >>> optimizer_named("sgd").learning_rate
    0.01
    """
    kind = OPTIMIZERS[require_choice("optimizer", name, tuple(OPTIMIZERS))]
    return kind() if learning_rate is None else kind(learning_rate=learning_rate)
