"""A network trained on the training part of each split, and asked about the rows that validate there."""

import dataclasses
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from justfit.data.rows import Float32
from justfit.data.splits import Split
from justfit.errors import EngineError
from justfit.judge import decision_threshold
from justfit.spec import Epoch, Failed, KFold, Named, Run
from justfit.store import Model, network_outputs
from justfit.workflow.events import Event, ThresholdEpoch
from justfit.workflow.plan import Plan
from justfit.workflow.trials import Trial, ground_of, model_of, require_learned, train_runs


def threshold_run(plan: Plan, named: Named, epochs: int) -> Run | None:
    """The run whose answers decide the threshold that the study asks for; None where it asks for none.

    It is the chosen network, trained for as long as the final ones, but on training parts.
    """
    final = plan.study.final
    if final is None or final.threshold is None:
        return None
    on_part = dataclasses.replace(final, train_on="training_part")
    return plan.final_runs(named.candidate, on_part, epochs)[0]


def decided_threshold(
    plan: Plan, run: Run, threads: int | None, store: Path
) -> Generator[Event, None, dict[str, Any]]:
    """The decision threshold that the study asks for, and its figures.

    What `threshold_run` says of the rows that validate decides. No test row takes part, and nothing of it is
    kept but checkpoints, which stay.
    """
    assert plan.study.final is not None
    aim = plan.study.final.threshold
    assert aim is not None, "or there is no such run"
    found = []
    for each in _held_out(plan, run, threads, store):
        if isinstance(each, ThresholdEpoch):
            yield each  # so that a wish to stop is heard
        else:
            found.append(each)
    labels = plan.dataset.train.labels[np.concatenate([split.validation for split, _, _ in found])]
    decides = decision_threshold(labels, np.concatenate([each for _, _, each in found]), aim)
    return {"aim": aim, "rows": len(labels), **dataclasses.asdict(decides)}


def held_out_models(plan: Plan, run: Run, threads: int | None) -> Iterator[tuple[Split, Model, Float32]]:
    """Train a run on the training part of each split, and ask it about the rows that validate there.

    Yields:
        The split, the network, and its outputs for the split's validation rows, ``[rows, outputs]``.

    Raises:
        EngineError: the loss diverged.
    """
    yield from (each for each in _held_out(plan, run, threads) if not isinstance(each, ThresholdEpoch))


def _held_out(
    plan: Plan, run: Run, threads: int | None, store: Path | None = None
) -> Iterator[ThresholdEpoch | tuple[Split, Model, Float32]]:
    """As `held_out_models`, and each epoch on the way."""
    splits = held_out_splits(plan)
    for split, here in zip(splits, on_each_split(plan, run), strict=True):
        ground = ground_of(plan, split)
        assert ground.validation is not None
        for _, event in train_runs(ground, [here], threads=threads, fit=False, store=store, lasting=True):
            match event:
                case Epoch(epoch=epoch):
                    yield ThresholdEpoch(here.split, len(splits), epoch, run.candidate.recipe.epochs)
                case Trial():
                    require_learned(event)
                    model = model_of(plan, ground, event)
                    yield split, model, network_outputs(model, ground.validation.rows)
                case Failed(reason):
                    raise EngineError(reason)


def on_each_split(plan: Plan, run: Run) -> list[Run]:
    """A run on the training part of each of `held_out_splits`."""
    numbers = range(1, len(held_out_splits(plan)) + 1)
    return [dataclasses.replace(run, split=number) for number in numbers]


def held_out_splits(plan: Plan) -> tuple[Split, ...]:
    """The splits in which each row validates at most once: of folds cut several times the first ones."""
    protocol = plan.study.validation
    return plan.splits[: protocol.folds] if isinstance(protocol, KFold) else plan.splits
