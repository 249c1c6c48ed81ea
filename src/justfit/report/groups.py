"""What the networks of a study are about, by the settings in which they differ and not by any name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from justfit.judge.studies import StoredNetwork
from justfit.report.fields import spoken
from justfit.report.reported import Reported
from justfit.spec import Candidate
from justfit.spec.network import A_LAYER

REGULARIZERS = ("input_dropout", *A_LAYER)
"""Settings that hold a network back."""

SIZES = ("hidden", "embedding")

_ENDS = ("epochs", "patience", "monitor")
"""Settings that decide only when training ends."""

Settings = Mapping[str, object]


def flat_settings(candidate: Candidate) -> Settings:
    """The settings of a network and its recipe that change what is learned, the learning rate by itself.

    What is one number a layer is that number where all layers have the same.
    """
    network, recipe = candidate.network, candidate.recipe
    flat = {each.name: getattr(network, each.name) for each in fields(network)}
    flat |= {each.name: getattr(recipe, each.name) for each in fields(recipe) if each.name not in _ENDS}
    for key in A_LAYER:
        numbers = set(flat[key]) or {0.0}
        flat[key] = numbers.pop() if len(numbers) == 1 else flat[key]
    flat["learning_rate"] = recipe.optimizer.learning_rate
    flat["optimizer"] = replace(recipe.optimizer, learning_rate=1.0)
    return flat


def is_regularized(found: Settings) -> bool:
    """Whether anything holds the network back."""
    return any(found[key] for key in REGULARIZERS)


def regularized_by(found: Settings) -> Settings:
    """What holds a network back."""
    return {key: found[key] for key in REGULARIZERS if found[key]}


def told_regularizers(held: Settings) -> str:
    """What holds a network back, in words.

    >>> told_regularizers({"dropout": 0.5, "l2": (0.0, 0.001)})
    'dropout 0.5, L2 0/0.001'
    """
    told = {key: value if isinstance(value, tuple) else (value,) for key, value in held.items()}
    return ", ".join(f"{spoken(key)} {'/'.join(f'{each:g}' for each in told[key])}" for key in told)


def _but(found: Settings, keys: Sequence[str]) -> tuple[object, ...]:
    """Settings but for some, to find networks that differ in nothing else."""
    return tuple(value for key, value in found.items() if key not in keys)


def _measured(reported: Reported) -> dict[str, Settings]:
    """The settings of the networks that can be compared, in the order of the stages."""
    return {
        name: flat_settings(network.candidate)
        for name, network in reported.networks.items()
        if reported.found[name] is not None
    }


def sizes(reported: Reported) -> tuple[str, ...]:
    """The networks that show what size does: those that differ in widths and depth alone.

    Of several such groups it is the first whose networks nothing holds back, or else the first. Empty where
    there are no two of different size.
    """
    measured = _measured(reported)
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, found in measured.items():
        groups.setdefault(_but(found, SIZES), []).append(name)
    several = [
        names for names in groups.values() if len({_sizes(reported.networks[name]) for name in names}) > 1
    ]
    several.sort(key=lambda names: is_regularized(measured[names[0]]))
    return tuple(several[0]) if several else ()


def _sizes(network: StoredNetwork) -> tuple[object, ...]:
    return tuple(getattr(network.candidate.network, key) for key in SIZES)


def twins(reported: Reported) -> dict[str, str]:
    """For each regularized network the one that differs from it in nothing else, where the study has it.

    Of several, which differ in when their training ends, it is the one that ends likewise, or else the first.
    """
    measured = _measured(reported)
    plain: dict[tuple[object, ...], list[str]] = {}
    for name, found in measured.items():
        if not is_regularized(found):
            plain.setdefault(_but(found, REGULARIZERS), []).append(name)
    candidates = {name: network.candidate for name, network in reported.networks.items()}
    return {
        name: min(others, key=lambda other: _ends(candidates[other]) != _ends(candidates[name]))
        for name, found in measured.items()
        if is_regularized(found) and (others := plain.get(_but(found, REGULARIZERS)))
    }


def _ends(candidate: Candidate) -> tuple[object, ...]:
    return tuple(getattr(candidate.recipe, key) for key in _ENDS)


@dataclass(frozen=True)
class Varied:
    """Networks of a study that differ in some settings alone."""

    stage: str
    """That varies them."""
    keys: tuple[str, ...]
    """In which its networks differ."""
    names: tuple[str, ...]
    """Its networks, and those of other stages that differ from them in nothing else."""


def others(reported: Reported) -> Iterator[Varied]:
    """What the stages vary that neither `sizes` nor `twins` tell of, in order."""
    measured = _measured(reported)
    told = {*sizes(reported), *twins(reported)}
    for stage in reported.study.stages:
        names = [each["name"] for each in stage["networks"] if each["name"] in measured]
        keys = tuple(key for key in _keys(measured) if len({measured[name][key] for name in names}) > 1)
        if not keys or told.issuperset(names):
            continue
        alike = _but(measured[names[0]], keys)
        family = tuple(name for name, found in measured.items() if _but(found, keys) == alike)
        told.update(family)
        yield Varied(stage["name"], keys, family)


def _keys(measured: Mapping[str, Settings]) -> Sequence[str]:
    return list(next(iter(measured.values()), {}))
