"""How the learning rate goes over the epochs."""

from dataclasses import MISSING, dataclass, field, fields

from justfit.errors import SpecError
from justfit.spec.checks import require_choice, set_number
from justfit.spec.short_form import read_arguments

MOST_EPOCHS = 1_000_000
"""More epochs than this is a mistyped number."""


@dataclass(frozen=True)
class Constant:
    """The optimizer's learning rate all along, after rising to it from 0 over ``warmup`` epochs."""

    name: str = field(default="constant", init=False)
    warmup: float = 0.0

    def __post_init__(self) -> None:
        set_number(self, "warmup", MOST_EPOCHS)


@dataclass(frozen=True)
class StepDecay:
    """Multiplied by ``factor`` after each ``every`` epochs, as a staircase ``ExponentialDecay`` in Keras."""

    name: str = field(default="step", init=False)
    every: float
    factor: float
    """At most 1."""
    warmup: float = 0.0
    """Epochs of rising from 0 before the first ``every`` count."""

    def __post_init__(self) -> None:
        set_number(self, "every", MOST_EPOCHS, open_low=True)
        set_number(self, "factor", 1.0, open_low=True)
        set_number(self, "warmup", MOST_EPOCHS)


@dataclass(frozen=True)
class CosineDecay:
    """Falling along half a cosine over ``epochs`` epochs to the share ``floor``, as ``CosineDecay`` in Keras.

    The number of epochs is its own, not the recipe's, so that a network trained for fewer sees the
    same learning rates.
    """

    name: str = field(default="cosine", init=False)
    epochs: float
    floor: float = 0.0
    warmup: float = 0.0
    """Epochs of rising from 0 before the fall."""

    def __post_init__(self) -> None:
        set_number(self, "epochs", MOST_EPOCHS, open_low=True)
        set_number(self, "floor", 1.0)
        set_number(self, "warmup", MOST_EPOCHS)


Schedule = Constant | StepDecay | CosineDecay
"""Any of the schedules."""

SCHEDULES: dict[str, type[Schedule]] = {"constant": Constant, "step": StepDecay, "cosine": CosineDecay}
"""The schedules by name."""

_SHORT_FORMS = {"constant": "constant", "step": "step:10:0.5", "cosine": "cosine:20"}


def parse_schedule(text: str) -> Schedule:
    """A schedule from its short form on the command line.

    ``constant``, ``step:10:0.5`` (every 10 epochs times 0.5), ``cosine:20`` (falling over 20 epochs) or
    ``cosine:20:0.1`` (to a tenth); each with ``,warmup=2`` to rise over 2 epochs first.

    Raises:
        SpecError: a name, key or number that cannot be, or numbers too few or too many.

    >>> parse_schedule("step:10:0.5")
    StepDecay(name='step', every=10.0, factor=0.5, warmup=0.0)
    >>> parse_schedule("constant,warmup=2")
    Constant(name='constant', warmup=2.0)
    """
    head, *pairs = text.split(",")
    name, *numbers = (part.strip() for part in head.split(":"))
    kind = SCHEDULES[require_choice("schedule", name, tuple(SCHEDULES))]
    keys = [key for key in fields(kind) if key.init and key.name != "warmup"]
    in_place = [f"{key.name}={number}" for key, number in zip(keys, numbers, strict=False)]
    arguments = read_arguments(kind, "schedule", text, (*in_place, *pairs))
    lacking = [key for key in keys if key.default is MISSING and key.name not in arguments]
    if lacking or len(numbers) > len(keys):
        form = _SHORT_FORMS[name]
        raise SpecError(f'schedule "{text}" is not understood: expected such as {form} or {form},warmup=2.')
    return kind(**arguments)
