"""Stages to candidates: what grids, zips and lists of a study mean, each with a name."""

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from justfit.errors import SpecError
from justfit.spec.run import Candidate
from justfit.spec.settings import Settings, candidate_of, require_setting, values_of
from justfit.spec.space import MOST_TRIALS, SAMPLERS, drawn
from justfit.spec.study import Stage, Study

MOST_CANDIDATES = MOST_TRIALS
"""More in one stage is a mistyped grid."""


@dataclass(frozen=True)
class Named:
    """A candidate with the settings it was made of, and its name."""

    name: str
    settings: Settings
    candidate: Candidate


def expand(
    study: Study,
    stage: Stage,
    before: Mapping[str, Sequence[Named]],
    winners: Mapping[str, Named],
    outputs: int,
) -> tuple[Named, ...]:
    """The candidates of a stage, in order: the base's outermost, then networks, zip and grid.

    Args:
        study: whose defaults the stage starts from.
        stage: one of its stages.
        before: the candidates of the earlier stages that this one builds on.
        winners: of earlier stages, where this one builds on a winner.
        outputs: units of the last layer, for the names.

    Raises:
        SpecError: a value that cannot be, lists of different lengths to zip, or two candidates of one name.
    """
    found: dict[str, Named] = {}
    tried = 0
    for start in _starts(study, stage, before, winners):
        for step in steps_of(stage, study.seed):
            settings = {**start, **step}
            tried += 1
            if tried > MOST_CANDIDATES:
                raise SpecError(f"stage {stage.name} has more than {MOST_CANDIDATES:,} candidates.")
            try:
                candidate = candidate_of(settings)
            except SpecError as error:
                raise SpecError(f"stage {stage.name}: {error}") from error
            name = str(settings.get("name") or made_name(candidate, study, outputs))
            if name in found and found[name].candidate != candidate:
                raise SpecError(
                    f'stage {stage.name} has two different candidates with the name "{name}": '
                    "give a name to each, or leave names out to have them made."
                )
            found.setdefault(name, Named(name, settings, candidate))
    return tuple(found.values())


def _starts(
    study: Study, stage: Stage, before: Mapping[str, Sequence[Named]], winners: Mapping[str, Named]
) -> Iterator[Settings]:
    """What the stage's candidates start from; a name is not inherited."""
    if stage.base is None:
        yield study.defaults
        return
    bases = (winners[stage.base.stage],) if stage.base.winner else before[stage.base.stage]
    for base in bases:
        yield {key: value for key, value in base.settings.items() if key != "name"}


def steps_of(stage: Stage, seed: int = 0) -> Iterator[Settings]:
    """The settings of each candidate of a stage, but for what it starts from; ``seed`` is that of a space.

    >>> [dict(step) for step in steps_of(Stage("s", {"epochs": 3}, grid={"dropout": [0, 0.5]}))]
    [{'epochs': 3, 'dropout': 0}, {'epochs': 3, 'dropout': 0.5}]
    """
    for where in (stage.settings, stage.grid, stage.zip, stage.space, *stage.networks):
        for key in where:
            require_setting(f"stage {stage.name}: setting", key)
    _require_once(stage)
    try:
        if stage.space:
            steps = drawn(stage.space, stage.sampler or SAMPLERS[0], stage.trials, seed)
            yield from ({**stage.settings, **step} for step in steps)
            return
        grid = [[(key, value) for value in values_of(key, values)] for key, values in stage.grid.items()]
        zipped = [[(key, value) for value in values_of(key, values)] for key, values in stage.zip.items()]
    except SpecError as error:
        raise SpecError(f"stage {stage.name}: {error}") from error
    if len({len(values) for values in zipped}) > 1:
        lengths = ", ".join(f"{values[0][0]} has {len(values)}" for values in zipped)
        raise SpecError(f"stage {stage.name}: zip needs lists of one length, but {lengths}.")
    if not stage.networks:
        raise SpecError(f"stage {stage.name}: networks is empty, so nothing would be trained.")
    together = list(zip(*zipped, strict=True)) or [()]
    count = len(stage.networks) * len(together) * math.prod(len(values) for values in grid)
    if count > MOST_CANDIDATES:
        raise SpecError(f"stage {stage.name} crosses {count:,} candidates: at most {MOST_CANDIDATES:,}.")
    for network, step, cell in itertools.product(stage.networks, together, itertools.product(*grid)):
        yield {**stage.settings, **network, **dict(step), **dict(cell)}


def _require_once(stage: Stage) -> None:
    """Raise `SpecError` where one value of a setting would hide others that the stage gives it."""
    for key in (*stage.grid, *stage.zip, *stage.space):
        places = {
            "the stage itself": (stage.settings,),
            "grid": (stage.grid,),
            "zip": (stage.zip,),
            "space": (stage.space,),
            "networks": stage.networks,
        }
        found = [place for place, where in places.items() if any(key in settings for settings in where)]
        if len(found) > 1:
            raise SpecError(
                f"stage {stage.name}: {key} is given by {' and by '.join(found)}, and only one of them would "
                "count: give it once."
            )


def made_name(candidate: Candidate, study: Study, outputs: int) -> str:
    """The widths of all layers, and what differs from the study's defaults.

    >>> from justfit.spec.study import Data
    >>> study = Study("s", Data("imdb"), (Stage("only"),), defaults={"dropout": 0.5})
    >>> made_name(candidate_of({"hidden": [16, 8, 4], "batch_size": 64, "dropout": 0.4}), study, 1)
    '16-8-4-1, dropout 0.4, batch 64'
    """
    plain = {key: value for key, value in study.defaults.items() if key != "name"}
    usual = candidate_of({**plain, "hidden": candidate.network.hidden, **_fitted(plain, candidate)})
    widths = "-".join(str(units) for units in (*candidate.network.hidden, outputs))
    parts = [widths]
    for noun, other in ((candidate.network, usual.network), (candidate.recipe, usual.recipe)):
        for field in dataclasses.fields(noun):
            value = getattr(noun, field.name)
            if field.name != "hidden" and value != getattr(other, field.name):
                parts.append(_said(field.name, value))
    return ", ".join(parts)


def _fitted(plain: Settings, candidate: Candidate) -> dict[str, object]:
    """Defaults with one number a layer fit widths of their own length only; beside others they are none."""
    layers = len(candidate.network.hidden)
    return {
        key: 0.0
        for key, value in plain.items()
        if key != "hidden" and isinstance(value, list | tuple) and len(value) != layers
    }


_SHORT = {
    "batch_size": "batch",
    "l1": "L1",
    "l2": "L2",
    "activity_l1": "activity L1",
    "activity_l2": "activity L2",
}


def _said(key: str, value: object) -> str:
    """A setting as part of a name.

    >>> _said("dropout", (0.5, 0.5)), _said("dropout", (0.5, 0.0)), _said("clip_norm", None)
    ('dropout 0.5', 'dropout 0.5/0', 'no clip norm')
    """
    what = _SHORT.get(key, key.replace("_", " "))
    if value is None:
        return f"no {what}"
    if key in ("activation", "loss"):
        return str(value)
    if isinstance(value, tuple):
        values = (
            [f"{number:g}" for number in dict.fromkeys(value)]
            if len(set(value)) == 1
            else [f"{number:g}" for number in value]
        )
        return f"{what} {'/'.join(values) or 0}"
    if dataclasses.is_dataclass(value):
        return _said_noun(value)
    return f"{what} {value:g}" if isinstance(value, int | float) else f"{what} {value}"


def _said_noun(noun: Any) -> str:
    """An optimizer or a schedule by its name and what is not as by default.

    >>> from justfit.spec.optimizers import Sgd
    >>> _said_noun(Sgd(momentum=0.9, nesterov=True))
    'sgd momentum 0.9 nesterov'
    """
    said = [noun.name]
    for field in dataclasses.fields(noun):
        value = getattr(noun, field.name)
        if field.init and value != field.default:
            said.append(field.name.replace("_", " ") + ("" if value is True else f" {value:g}"))
    return " ".join(said)
