"""Settings: a candidate as plain values by key, and back. What study files, stages and grids are made of."""

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from justfit.errors import SpecError
from justfit.spec.checks import require_choice, require_integer
from justfit.spec.network import A_LAYER, Network
from justfit.spec.optimizers import OPTIMIZERS, Optimizer, parse_optimizer
from justfit.spec.recipe import Recipe
from justfit.spec.run import Candidate
from justfit.spec.schedule import SCHEDULES, Schedule, parse_schedule
from justfit.spec.task import LOSSES

Settings = Mapping[str, object]
"""Values of `SETTINGS` by key."""

NETWORK_KEYS = tuple(field.name for field in dataclasses.fields(Network))
RECIPE_KEYS = tuple(field.name for field in dataclasses.fields(Recipe))
SETTINGS = (*NETWORK_KEYS, *RECIPE_KEYS, "learning_rate", "name")
"""Fields of `Network` and `Recipe`; ``learning_rate`` is the optimizer's, ``name`` the candidate's."""

DEFAULT_HIDDEN = (16, 16)

LAST_LAYER = (
    "output",
    "outputs",
    "last_layer",
    "output_layer",
    "output_activation",
    "last_activation",
    "output_units",
    "units",
)
"""What a last layer named by hand is called."""


def require_setting(what: str, key: str, others: Sequence[str] = ()) -> None:
    """Raise `SpecError` where ``key`` is neither one of `SETTINGS` nor of ``others``."""
    if key in LAST_LAYER:
        raise SpecError(
            f'{what} "{key}" would name the last layer, which cannot be named: its units, activation and '
            "loss follow from the task. hidden lists the layers before it."
        )
    require_choice(what, key, (*others, *SETTINGS))


def candidate_of(settings: Settings) -> Candidate:
    """The candidate that settings describe; what they leave out is as in `Network` and `Recipe`.

    Raises:
        SpecError: an unknown key, or a value that cannot be.

    >>> candidate_of({"hidden": [16, 8], "optimizer": "adam", "learning_rate": 0.01}).recipe.optimizer
    Adam(name='adam', learning_rate=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-07)
    """
    for key in settings:
        require_setting("setting", key)
    values: dict[str, Any] = {"hidden": DEFAULT_HIDDEN, **settings}
    name = values.pop("name", None)
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise SpecError(f"name must be a text, got {name!r}.")
    learning_rate = values.pop("learning_rate", None)
    if "optimizer" in values or learning_rate is not None:
        values["optimizer"] = _optimizer(values.get("optimizer", "rmsprop"), learning_rate)
    if "schedule" in values:
        values["schedule"] = _schedule(values["schedule"])
    if values.get("loss") is not None:
        require_choice("loss", values["loss"], LOSSES)
    network: dict[str, Any] = {key: _plain(values[key]) for key in NETWORK_KEYS if key in values}
    recipe: dict[str, Any] = {key: values[key] for key in RECIPE_KEYS if key in values}
    return Candidate(Network(**network), Recipe(**recipe))


def check_settings(settings: Settings) -> None:
    """Raise `SpecError` where some settings, without those that others add, cannot be.

    A number for each hidden layer can only be checked beside the widths.
    """
    alone = dict(settings)
    if "hidden" not in alone:
        for key, value in settings.items():
            if key in A_LAYER and isinstance(value, list | tuple):
                candidate_of({"hidden": [1] * len(value), key: alone.pop(key)})
    candidate_of(alone)


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _optimizer(value: object, learning_rate: object) -> Optimizer:
    """From a name or short form, or a mapping with ``name``, or as it is."""
    if isinstance(value, str):
        value = parse_optimizer(value)
    elif isinstance(value, Mapping):
        value = _named(value, "optimizer", OPTIMIZERS)
    if not isinstance(value, Optimizer):
        raise SpecError(f"optimizer must be one of {', '.join(OPTIMIZERS)} with its numbers, got {value!r}.")
    return value if learning_rate is None else dataclasses.replace(value, learning_rate=learning_rate)  # type: ignore[arg-type]


def _schedule(value: object) -> Schedule:
    if isinstance(value, str):
        return parse_schedule(value)
    if isinstance(value, Mapping):
        value = _named(value, "schedule", SCHEDULES)
    if not isinstance(value, Schedule):
        raise SpecError(f"schedule must be one of {', '.join(SCHEDULES)} with its numbers, got {value!r}.")
    return value


def _named(value: Mapping[str, Any], what: str, kinds: Mapping[str, type]) -> Any:
    """A noun from a mapping of its fields and its ``name``."""
    kind = kinds[require_choice(what, value.get("name"), tuple(kinds))]
    keys = tuple(field.name for field in dataclasses.fields(kind) if field.init)
    for key in value:
        require_choice(f"{what} key", key, ("name", *keys), f"of {value['name']}")
    if lacking := [
        field.name
        for field in dataclasses.fields(kind)
        if field.init and field.default is dataclasses.MISSING and field.name not in value
    ]:
        raise SpecError(f"{what} {value['name']} lacks {' and '.join(lacking)}: give it a number.")
    return kind(**{key: number for key, number in value.items() if key != "name"})


def values_of(key: str, values: object) -> tuple[object, ...]:
    """The values that a grid or a zip lists for a setting.

    For ``hidden`` there is a rule besides: ``{"taper": [1, "1/2", "1/4"], "of": [8, 16]}`` are widths in
    these proportions, the first number of ``of`` after the other.

    Raises:
        SpecError: no list, an empty one, or widths that come out as no whole numbers.

    >>> values_of("hidden", {"taper": [1, "1/2", "1/4"], "of": [8, 16]})
    ((8, 4, 2), (16, 8, 4))
    """
    if key == "hidden" and isinstance(values, Mapping):
        return tuple(_tapered(values))
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise SpecError(f"{key} must be a list of values to try, got {values!r}.")
    if not values:
        raise SpecError(f"{key} is an empty list, so nothing would be trained: give at least one value.")
    return tuple(values)


def _tapered(rule: Mapping[str, object]) -> Iterator[tuple[int, ...]]:
    """The widths of a rule."""
    for key in rule:
        require_choice("key of a rule for hidden", key, ("taper", "of"))
    shares, widths = rule.get("taper"), rule.get("of")
    if (
        not isinstance(shares, list | tuple)
        or not isinstance(widths, list | tuple)
        or not (shares and widths)
    ):
        raise SpecError(
            f"a rule for hidden must be such as {{taper: [1, 1/2, 1/4], of: [8, 16, 32]}}, "
            f"got {dict(rule)!r}."
        )
    for width in widths:
        require_integer("a width under of", width, 1)
        tapered = [_share(share) * width for share in shares]
        if any(units.denominator != 1 or units < 1 for units in tapered):
            shown = "-".join(str(units) for units in tapered)
            raise SpecError(f"taper {shares} of {width} gives {shown}: widths must be whole and at least 1.")
        yield tuple(int(units) for units in tapered)


_SHARE = re.compile(r"\d{1,9}(/\d{1,9})?|\d{0,9}\.\d{1,9}", re.ASCII)


def _share(value: Any) -> Fraction:
    is_text = isinstance(value, str) and _SHARE.fullmatch(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if is_text or is_number:
        try:
            return Fraction(value)
        except ZeroDivisionError:
            pass
    raise SpecError(f"taper must list shares such as 1, 1/2 or 0.25, got {value!r}.")


_NOUNS = (*OPTIMIZERS.values(), *SCHEDULES.values())


def settings_of(candidate: Candidate) -> dict[str, object]:
    """The settings that `candidate_of` makes this candidate of: the widths and what is not as by default.

    >>> settings_of(candidate_of({"hidden": [16], "epochs": 5}))
    {'hidden': (16,), 'epochs': 5}
    """
    settings: dict[str, object] = {"hidden": candidate.network.hidden}
    usual = candidate_of(settings)
    for noun, other in ((candidate.network, usual.network), (candidate.recipe, usual.recipe)):
        for field in dataclasses.fields(noun):
            value: Any = getattr(noun, field.name)
            if value != getattr(other, field.name):
                settings[field.name] = dataclasses.asdict(value) if isinstance(value, _NOUNS) else value
    return settings
