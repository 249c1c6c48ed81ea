"""What networks differ in: the values of a field, and what else tells those with the same value apart."""

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Protocol

from justfit.report.findings import Finding
from justfit.report.look import is_wide
from justfit.spec import OPTIMIZERS, SCHEDULES
from justfit.spec.settings import NETWORK_KEYS, RECIPE_KEYS

_SETTINGS = (*NETWORK_KEYS, *RECIPE_KEYS, "learning_rate")
FIELDS = (*_SETTINGS, "units", "layers", "parameters")
"""Settings, ``units`` of the first hidden layer, and the sizes of the network."""

_SPOKEN = {
    "hidden": "hidden widths",
    "units": "units of the first hidden layer",
    "l1": "L1",
    "l2": "L2",
    "activity_l1": "activity L1",
    "activity_l2": "activity L2",
}

_ALL_SAID = 2
"""Series that differ in more settings are called only by what is unusual of them."""


class Described(Protocol):
    """A network as it is described before it is trained, and so a `Finding`, too."""

    @property
    def candidate(self) -> Mapping[str, Any]:
        """The network and its recipe, as a store has them."""

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""


def value_of(found: Described, field: str) -> float | str:
    """The value of a field in a network: a number where it is one.

    What is one number a layer is that number where all layers have the same.
    """
    network, recipe = found.candidate["network"], found.candidate["recipe"]
    hidden = network["hidden"]
    made: dict[str, float | str] = {
        "parameters": found.parameters,
        "layers": len(hidden),
        "units": hidden[0] if hidden else 0,
        "hidden": "-".join(str(units) for units in hidden) or "none",
        "learning_rate": recipe["optimizer"]["learning_rate"],
        "optimizer": _kind(recipe["optimizer"], OPTIMIZERS),
        "schedule": _kind(recipe["schedule"], SCHEDULES),
    }
    # A store leaves some settings unsaid where they are none.
    value: Any = {**network, **recipe, **made}.get(field)
    if isinstance(value, list | tuple):
        numbers: set[float] = set(value) or {0.0}
        return numbers.pop() if len(numbers) == 1 else "/".join(f"{number:g}" for number in value)
    return "none" if value is None else value


def _kind(noun: Mapping[str, Any], kinds: Mapping[str, type]) -> str:
    """An optimizer or a schedule by its name and what is not as by default, but for the learning rate."""
    usual = {field.name: field.default for field in dataclasses.fields(kinds[noun["name"]])}
    given = [
        spoken(key) if value is True else f"{spoken(key)} {value:g}"
        for key, value in noun.items()
        if key not in ("name", "learning_rate") and value != usual.get(key)
    ]
    return " ".join([noun["name"], *given])


def places_of(values: Sequence[float | str]) -> tuple[list[str] | None, list[float]]:
    """Where values stand: numbers where they are; what is none, or 0 beside sizes far apart, side by side.

    Returns:
        The texts of places 0, 1, ... side by side, or None for numbers; and the place of each value.
    """
    numbers = sorted({value for value in values if not isinstance(value, str)})
    above = [number for number in numbers if number > 0]
    if above and len(above) < len(numbers) and is_wide(above[0], above[-1]):
        above = []
    if above and not any(isinstance(value, str) for value in values):
        return None, [float(value) for value in values]
    kinds = [*numbers, *dict.fromkeys(value for value in values if isinstance(value, str))]
    texts = [kind if isinstance(kind, str) else f"{kind:g}" for kind in kinds]
    return texts, [float(kinds.index(value)) for value in values]


def series(found: Sequence[Finding], field: str) -> list[str]:
    """For each network, what else it differs from others in: those that are alike here are one series."""
    keys = [key for key in _SETTINGS if key != field and not (key == "hidden" and field == "parameters")]
    values = {key: [_beside(each, key, field) for each in found] for key in keys}
    varied = {key: said for key, said in values.items() if len(set(said)) > 1}
    if len(varied) > _ALL_SAID:  # what is usual goes without saying
        for key, said in varied.items():
            usual = statistics.mode(said)
            varied[key] = ["" if text == usual and key != "hidden" else text for text in said]
    if not varied:
        return [""] * len(found)
    return [", ".join(filter(None, parts)) or "as usual" for parts in zip(*varied.values(), strict=True)]


def _beside(found: Finding, key: str, field: str) -> str:
    """The value of a setting with its name; of widths only what the field does not tell."""
    hidden = found.candidate["network"]["hidden"]
    if key == "hidden" and field == "units":
        return f"widths {'-'.join(str(Fraction(units, hidden[0])) for units in hidden)}"
    if key == "hidden" and field == "layers":
        return f"{hidden[0] if hidden else 0} units"
    value = value_of(found, key)
    if key in ("hidden", "optimizer", "activation", "loss"):
        return str(value)
    return f"{spoken(key)} {value if isinstance(value, str) else format(value, 'g')}"


def spoken(field: str) -> str:
    """A field in words."""
    return _SPOKEN.get(field, field.replace("_", " "))
