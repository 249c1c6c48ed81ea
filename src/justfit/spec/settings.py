"""Settings: a candidate as plain values by key, and back. What study files, stages and grids are made of."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from justfit.errors import SpecError
from justfit.spec.checks import require_choice, require_integer
from justfit.spec.network import Network
from justfit.spec.optimizers import OPTIMIZERS, Optimizer, parse_optimizer
from justfit.spec.recipe import Recipe
from justfit.spec.run import Candidate
from justfit.spec.schedule import SCHEDULES, Schedule, parse_schedule

Settings = Mapping[str, object]
"""Values of `SETTINGS` by key."""

NETWORK_KEYS = tuple(field.name for field in dataclasses.fields(Network))
RECIPE_KEYS = tuple(field.name for field in dataclasses.fields(Recipe))
SETTINGS = (*NETWORK_KEYS, *RECIPE_KEYS, "learning_rate", "name")
"""Fields of `Network` and `Recipe`; ``learning_rate`` is the optimizer's, ``name`` the candidate's."""

DEFAULT_HIDDEN = (16, 16)


def candidate_of(settings: Settings) -> Candidate:
    """The candidate that settings describe; what they leave out is as in `Network` and `Recipe`.

    Raises:
        SpecError: an unknown key, or a value that cannot be.

    >>> candidate_of({"hidden": [16, 8], "optimizer": "adam", "learning_rate": 0.01}).recipe.optimizer
    Adam(name='adam', learning_rate=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-07)
    """
    for key in settings:
        require_choice("setting", key, SETTINGS)
    values: dict[str, Any] = {"hidden": DEFAULT_HIDDEN, **settings}
    name = values.pop("name", None)
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise SpecError(f"name must be a text, got {name!r}.")
    learning_rate = values.pop("learning_rate", None)
    if "optimizer" in values or learning_rate is not None:
        values["optimizer"] = _optimizer(values.get("optimizer", "rmsprop"), learning_rate)
    if "schedule" in values:
        values["schedule"] = _schedule(values["schedule"])
    if values.get("epochs") == 0 and values["epochs"] is not False:
        raise SpecError("epochs is 0, so nothing would be trained: give at least 1.")
    network = {key: _plain(values[key]) for key in NETWORK_KEYS if key in values}
    recipe = {key: values[key] for key in RECIPE_KEYS if key in values}
    return Candidate(Network(**network), Recipe(**recipe))


def check_settings(settings: Settings) -> None:
    """Raise `SpecError` where some settings, without those that others add, cannot be.

    A number for each hidden layer can only be checked beside the widths.
    """
    alone = dict(settings)
    if "hidden" not in alone:
        alone = {key: _first(value) if key in NETWORK_KEYS else value for key, value in alone.items()}
    candidate_of(alone)


def _first(value: object) -> object:
    return value[0] if isinstance(value, list | tuple) and value else value


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
    if not isinstance(shares, list | tuple) or not isinstance(widths, list | tuple) or not (shares and widths):
        raise SpecError(
            f"a rule for hidden must be such as {{taper: [1, 1/2, 1/4], of: [8, 16, 32]}}, got {dict(rule)!r}."
        )
    for width in widths:
        require_integer("a width under of", width, 1)
        tapered = [_share(share) * width for share in shares]
        if any(units.denominator != 1 or units < 1 for units in tapered):
            shown = "-".join(str(units) for units in tapered)
            raise SpecError(f"taper {shares} of {width} gives {shown}: widths must be whole and at least 1.")
        yield tuple(int(units) for units in tapered)


def _share(value: object) -> Fraction:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise TypeError
        share = Fraction(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        raise SpecError(f"taper must list shares such as 1, 1/2 or 0.25, got {value!r}.") from None
    return share


def settings_of(candidate: Candidate) -> dict[str, object]:
    """The settings that `candidate_of` makes this candidate of: the widths and what is not as by default.

    >>> settings_of(candidate_of({"hidden": [16], "epochs": 5}))
    {'hidden': (16,), 'epochs': 5}
    """
    settings: dict[str, object] = {"hidden": candidate.network.hidden}
    usual = candidate_of(settings)
    for noun, other in ((candidate.network, usual.network), (candidate.recipe, usual.recipe)):
        for field in dataclasses.fields(noun):
            value = getattr(noun, field.name)
            if value != getattr(other, field.name):
                settings[field.name] = dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value
    return settings
