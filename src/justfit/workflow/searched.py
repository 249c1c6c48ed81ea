"""What a search of a study is about: the stage that is searched, its space, and the study without it."""

import dataclasses
from collections.abc import Mapping, Sequence

from justfit.errors import SpecError
from justfit.spec import AllRows, Settings, Stage, Study, TestRows, candidate_of, plain
from justfit.spec.space import Dimension, Range, dimensions_of


def searched_stage(study: Study) -> Stage:
    """The stage that a search of a study is about: the one with a space, or else the one with a grid.

    Raises:
        SpecError: there is none, or several.
    """
    for what in ("space", "grid"):
        found = [stage for stage in study.stages if getattr(stage, what)]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(stage.name for stage in found)
            raise SpecError(
                f"{study.name} has {len(found)} stages with a {what} ({names}), and a search is about one: "
                "write out the networks of the others, or make studies of them."
            )
    raise SpecError(
        f"{study.name} has no stage with a space, so there is nothing to search: give one a space, with "
        "lists and ranges of settings."
    )


def with_sampler(study: Study, sampler: str | None, trials: int | None) -> Study:
    """The study whose searched stage draws otherwise: ``sampler`` and ``trials`` as `Stage` has them.

    Raises:
        SpecError: no stage is to be searched, or they do not fit its space.
    """
    searched = searched_stage(study)
    if sampler == "grid" and trials is None:
        drawn = dataclasses.replace(searched, sampler=sampler, trials=None, space=space_of(searched), grid={})
    else:
        drawn = dataclasses.replace(
            searched,
            space=space_of(searched),
            grid={},
            sampler=sampler or searched.sampler,
            trials=trials or searched.trials,
        )
    return with_stage(study, searched, drawn)


def space_of(stage: Stage) -> Mapping[str, object]:
    """What a stage is searched over; raises `SpecError` where networks are given in other ways besides."""
    if stage.grid and (stage.zip or stage.networks != ({},)):
        raise SpecError(
            f"stage {stage.name} has zip or networks besides its grid, over which no search can go: leave "
            "them out, or give the stage a space."
        )
    return stage.space or stage.grid


def with_stage(study: Study, before: Stage, after: Stage) -> Study:
    """The study with another stage in the place of one of its own."""
    stages = tuple(after if stage == before else stage for stage in study.stages)
    return dataclasses.replace(study, stages=stages)


def require_searchable(study: Study) -> dict[str, Dimension]:
    """The dimensions of the space that a study is searched over.

    Raises:
        SpecError: no stage is to be searched, or it cannot be batch by batch.
    """
    stage = searched_stage(study)
    if isinstance(study.validation, TestRows | AllRows):
        raise SpecError(
            f"A search of {study.name} chooses by validation rows: hold some out, such as validation: 0.2."
        )
    if stage.base is not None:
        raise SpecError(
            f"stage {stage.name} builds on {stage.base.stage}, and a search begins with the study's "
            "defaults: write what it builds on there, or draw at random."
        )
    if stage.halving is not None:
        raise SpecError(
            f"stage {stage.name} has halving, for which all networks must be known: leave it out and "
            "prune, or draw at random."
        )
    return dimensions_of(space_of(stage))


def search_key(study: Study, fingerprint: str, kind: str, batch: int, *, prune: bool) -> dict[str, object]:
    """All that decides what a search proposes next, and so what it is known by: not how far it goes."""
    searched = searched_stage(study)
    endless = with_stage(study, searched, dataclasses.replace(searched, trials=None, sampler=None))
    return {
        "study": plain(endless),
        "fingerprint": fingerprint,
        "sampler": kind,
        "batch": batch,
        "prune": prune,
    }


def longest(study: Study, stage: Stage, dimensions: Mapping[str, Dimension]) -> int:
    """Epochs that a network of a searched stage can have at most."""
    match dimensions.get("epochs"):
        case Range(high=high):
            return int(high)
        case None:
            settings = {**study.defaults, **stage.settings}
            alone = {key: settings[key] for key in ("epochs",) if key in settings}
            return candidate_of(alone).recipe.epochs
        case values:
            return max(candidate_of({"epochs": value}).recipe.epochs for value in values)


def with_networks(stage: Stage, networks: Sequence[Settings], **others: object) -> Stage:
    """A searched stage that lists its networks instead of a space."""
    listed: dict[str, object] = {
        "networks": tuple(networks),
        "space": {},
        "grid": {},
        "trials": None,
        "sampler": None,
    }
    return dataclasses.replace(stage, **{**listed, **others})  # type: ignore[arg-type]
