"""The optimizers, each with only its own numbers. Names, defaults and formulas are those of Keras 3."""

from dataclasses import dataclass, field

from justfit.errors import SpecError
from justfit.spec.checks import require_choice, require_flag, set_number
from justfit.spec.short_form import read_arguments


class _Checked:
    """Checks an optimizer's fields by their names, which mean the same in all of them."""

    def __post_init__(self) -> None:
        for key in tuple(vars(self)):
            match key:
                case "name":
                    pass
                case "nesterov":
                    require_flag(key, getattr(self, key))
                case "learning_rate" | "epsilon":
                    set_number(self, key, open_low=True)
                case "momentum":
                    set_number(self, key, 1.0)
                case "rho" | "beta_1" | "beta_2":
                    set_number(self, key, 1.0, open_high=True)
                case _:  # weight decay, accumulators and strengths of penalties
                    set_number(self, key)


@dataclass(frozen=True)
class Sgd(_Checked):
    """Gradient descent, optionally with (Nesterov) momentum."""

    name: str = field(default="sgd", init=False)
    learning_rate: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False


@dataclass(frozen=True)
class RmsProp(_Checked):
    """RMSprop (Tieleman and Hinton 2012); epsilon stands inside the square root."""

    name: str = field(default="rmsprop", init=False)
    learning_rate: float = 0.001
    rho: float = 0.9
    epsilon: float = 1e-7


@dataclass(frozen=True)
class Adam(_Checked):
    """Adam (Kingma and Ba 2015)."""

    name: str = field(default="adam", init=False)
    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7


@dataclass(frozen=True)
class AdamW(_Checked):
    """Adam with decoupled weight decay of kernels and biases (Loshchilov and Hutter 2019)."""

    name: str = field(default="adamw", init=False)
    learning_rate: float = 0.001
    weight_decay: float = 0.004
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7


@dataclass(frozen=True)
class Adagrad(_Checked):
    """Adagrad (Duchi et al. 2011)."""

    name: str = field(default="adagrad", init=False)
    learning_rate: float = 0.001
    initial_accumulator_value: float = 0.1
    epsilon: float = 1e-7


@dataclass(frozen=True)
class Adadelta(_Checked):
    """Adadelta (Zeiler 2012)."""

    name: str = field(default="adadelta", init=False)
    learning_rate: float = 0.001
    rho: float = 0.95
    epsilon: float = 1e-7


@dataclass(frozen=True)
class Adamax(_Checked):
    """Adam by the largest gradient instead of the mean square (Kingma and Ba 2015)."""

    name: str = field(default="adamax", init=False)
    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7


@dataclass(frozen=True)
class Nadam(_Checked):
    """Adam with Nesterov momentum (Dozat 2015)."""

    name: str = field(default="nadam", init=False)
    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7


@dataclass(frozen=True)
class Ftrl(_Checked):
    """Follow the regularized leader (McMahan et al. 2013), with the learning rate's power at -0.5."""

    name: str = field(default="ftrl", init=False)
    learning_rate: float = 0.001
    initial_accumulator_value: float = 0.1
    l1_regularization_strength: float = 0.0
    l2_regularization_strength: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        set_number(self, "initial_accumulator_value", open_low=True)  # at 0, no gradient would be 0 / 0


Optimizer = Sgd | RmsProp | Adam | AdamW | Adagrad | Adadelta | Adamax | Nadam | Ftrl
"""Any of the optimizers."""

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
"""The optimizers by name."""


def parse_optimizer(text: str, learning_rate: float | None = None) -> Optimizer:
    """An optimizer from its short form on the command line: its name, and what differs from its defaults.

    Args:
        text: such as ``adam`` or ``sgd:momentum=0.9,nesterov=true``.
        learning_rate: in place of the optimizer's own.

    Raises:
        SpecError: a name, key or value that cannot be, or two learning rates.

    >>> parse_optimizer("sgd:momentum=0.9,nesterov=true")
    Sgd(name='sgd', learning_rate=0.01, momentum=0.9, nesterov=True)
    """
    name, colon, pairs = text.partition(":")
    kind = OPTIMIZERS[require_choice("optimizer", name, tuple(OPTIMIZERS))]
    numbers = read_arguments(kind, "optimizer", text, pairs.split(",") if colon else ())
    if learning_rate is not None:
        if "learning_rate" in numbers:
            raise SpecError(f'learning_rate is given twice, in "{text}" and by itself: give it once.')
        numbers["learning_rate"] = learning_rate
    return kind(**numbers)
