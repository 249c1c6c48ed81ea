"""The end of a study: the chosen network trained anew, the test rows opened once, everything kept."""

import dataclasses
import math
import time
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from justfit.data.dataset import Labels, Part
from justfit.data.mapped import let_go
from justfit.data.preparation import prepared
from justfit.data.rows import Float32
from justfit.data.splits import Split
from justfit.errors import EngineError
from justfit.judge import (
    ClassificationFigures,
    RegressionFigures,
    baseline,
    calibration,
    classification_figures,
    loss_figure,
    mean_interval,
    ranking,
    regression_figures,
    residuals,
    row_losses,
)
from justfit.spec import Epoch, Failed, Named, Run
from justfit.store import (
    Model,
    has_run,
    keep_selection,
    network_outputs,
    network_penalty,
    read_study,
    write_result,
    write_run,
)
from justfit.workflow.events import (
    Chosen,
    EpochDone,
    Event,
    LayerSummary,
    RunDone,
    Stored,
    Tested,
)
from justfit.workflow.held_out import decided_threshold, on_each_split, threshold_run
from justfit.workflow.plan import Plan
from justfit.workflow.seal import Seal
from justfit.workflow.trials import (
    Ground,
    Trial,
    ground_of,
    model_of,
    remove_checkpoints,
    require_learned,
    summary,
    train_runs,
)

STAGE = "final"

_FIGURES = (
    "loss",
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "brier",
    "ece",
    "roc_auc",
    "pr_auc",
    "mae",
    "rmse",
    "r2",
)
"""Whose mean over replicates is kept, but for those of each class."""


def carry_out_final(  # noqa: PLR0913 - what the stages came to
    plan: Plan,
    named: Named,
    chosen: Chosen,
    folder: Path,
    result: Mapping[str, object],
    *,
    start: float,
    seal: Seal,
    test: Part | None,
    threads: int | None,
) -> Iterator[Event]:
    """Train the chosen network anew, open the test rows and write the result; all but the last if so asked.

    Args:
        plan: of the study.
        named: the network that was chosen.
        chosen: how, and for how many epochs it is trained.
        folder: of the study.
        result: what the stages came to.
        start: when the study began, by `time.perf_counter`; a second look keeps the first one's seconds.
        seal: of the test rows.
        test: the test rows, where they were opened to validate.
        threads: processors to use.

    Raises:
        EngineError: the loss diverged.
        StoreError: the disk is full.
    """
    found: dict[str, object] = {"final_runs": []}
    model, store, ended = None, folder.parent, list[Run]()
    if plan.study.final is not None:
        selected = keep_selection(folder, result)
        trials, ground = yield from _train(plan, named, chosen, store, test, threads)
        asking = threshold_run(plan, named, chosen.epochs)
        decides = None if asking is None else (yield from decided_threshold(plan, asking, threads, store))
        threshold = decides["value"] if decides else 0.5
        models = [model_of(plan, ground, trial, threshold) for trial in trials]
        model = models[0]
        let_go(*vars(ground.train.rows).values())  # the test needs the memory, and not these rows
        test = test or seal.open(selected)
        found = {
            "final_runs": [trial.run.id for trial in trials],
            "final_rows": len(ground.train.rows),
            "updates": trials[0].updates,
            "threshold": decides,
            "layers": [dataclasses.asdict(line) for line in _layers(named, ground)],
            **_tested(plan, ground, models, trials[0].run, test),
        }
        ended = [trial.run for trial in trials] + ([] if asking is None else on_each_split(plan, asking))
        yield Tested(len(test))
    seconds = result.get("seconds", time.perf_counter() - start)
    about = {"looks": seal.looks, "seconds": seconds, "justfit": version("justfit")}
    write_result(folder, {**result, **found, **about}, model)
    remove_checkpoints(store, ended)
    yield Stored(read_study(folder))


def _train(  # noqa: PLR0913, PLR0917 - all from `carry_out_final`
    plan: Plan, named: Named, chosen: Chosen, store: Path, test: Part | None, threads: int | None
) -> Generator[Event, None, tuple[list[Trial], Ground]]:
    """Train the final networks, one a replicate."""
    assert plan.study.final is not None
    ground = final_ground(plan, test)
    runs = plan.final_runs(named.candidate, plan.study.final, chosen.epochs)
    trials: dict[str, Trial] = {}
    fit = plan.study.fit
    for run, event in train_runs(ground, runs, threads=threads, fit=fit, store=store, lasting=True):
        match event:
            case Epoch():
                yield EpochDone(STAGE, named.name, 1, run.seed, event, chosen.epochs)
            case Trial(trained=trained, updates=updates):
                require_learned(event)
                trials[run.id] = event
                if fit or not has_run(store, run.id):  # one that is there may have the fit, too
                    write_run(store, run, trained.history, trained.outcome, updates)
                yield RunDone(STAGE, named.name, 1, run.seed, trained.outcome)
            case Failed(reason):
                raise EngineError(reason)
    return [trials[run.id] for run in runs], ground


def final_ground(plan: Plan, test: Part | None) -> Ground:
    """The rows that the final networks train on; ``test`` are the test rows, where they validate."""
    rows = np.arange(len(plan.dataset.train))
    if plan.study.final is not None and plan.study.final.train_on == "training_part":
        return ground_of(plan, plan.splits[0], test)  # validating again, as the run of that spec does
    return ground_of(plan, Split(rows, rows[:0]))


def _layers(named: Named, ground: Ground) -> tuple[LayerSummary, ...]:
    return summary(named.candidate, ground.preparation.columns, ground.layers(named.candidate))


def _tested(plan: Plan, ground: Ground, models: Sequence[Model], run: Run, test: Part) -> dict[str, Any]:
    """Figures of the final networks and of the baseline on the test rows.

    ``test`` has those of the first replicate, whose model is kept, ``test_replicates`` the mean of each over
    all replicates with its values, and ``test_ensemble`` those of the mean of their outputs.
    """
    dataset = plan.dataset
    rows = prepared(ground.preparation, test.raw)
    guess = baseline(dataset.train.labels, test.labels, dataset.classes, dataset.task)
    loss = dataset.task.loss(run.candidate.recipe.loss)
    outputs = [network_outputs(model, rows) for model in models]
    found = [
        _figures(model, loss, test.labels, each) | {"penalty": network_penalty(model, rows)}
        for model, each in zip(models, outputs, strict=True)
    ]
    values: dict[str, list[float]] = defaultdict(list)
    for figures in found:
        for name, value in _replicated(figures):
            values[name].append(value)
    means = {
        name: {**dataclasses.asdict(mean_interval(each, *_range(name))), "values": each}
        for name, each in values.items()
    }
    together = np.asarray(np.mean(outputs, axis=0, dtype=np.float64), np.float32)
    return {
        "test": found[0],
        "test_replicates": means,
        "test_ensemble": _figures(models[0], loss, test.labels, together) if len(models) > 1 else None,
        "test_baseline": dataclasses.asdict(guess),
        "learned": _has_learned(found[0]),
    }


def _figures(model: Model, loss: str, labels: Labels, outputs: Float32) -> dict[str, Any]:
    """The figures of what a network, or several of its kind together, give for rows."""
    target = model.target
    to_engine = labels if target is None else target.to_engine(labels)
    figures: dict[str, Any] = {"loss": dataclasses.asdict(loss_figure(row_losses(loss, to_engine, outputs)))}
    measured: ClassificationFigures | RegressionFigures
    if target is None:
        of = labels, outputs, model.classes, model.task
        measured = classification_figures(*of, model.threshold)
        figures |= dataclasses.asdict(calibration(labels, outputs, model.task))
        figures |= dataclasses.asdict(ranking(*of))
    else:
        answers = target.from_engine(outputs)
        measured = regression_figures(labels, answers)
        figures["residuals"] = residuals(labels, answers)
    return figures | dataclasses.asdict(measured)


def _has_learned(figures: Mapping[str, Any]) -> bool:
    """Whether anything was learned that can be told from guessing, whatever the shares of the classes.

    The 95% interval of the area under the ROC curve lies above 1/2, or that of r2 above 0: of networks that
    have learned nothing, one in 40 seems to have.
    """
    figure, guessing = (figures["r2"], 0.0) if "r2" in figures else (figures["roc_auc"], 0.5)
    return figure is not None and figure["low"] is not None and figure["low"] > guessing


def _replicated(figures: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The figures of one replicate whose mean over replicates is kept, by name."""
    for name in _FIGURES:
        if figures.get(name) is not None:
            yield name, figures[name]["value"]
    if figures["penalty"]:
        yield "loss_with_penalties", figures["loss"]["value"] + figures["penalty"]
    for row in figures.get("classes", ()):
        for name in ("precision", "recall", "f1"):
            yield f"{name} of {row['name']}", row[name]["value"]


def _range(name: str) -> tuple[float, float]:
    """The largest and the smallest value that a figure can have."""
    if name == "r2":
        return 1.0, -math.inf
    return (math.inf if name in ("loss", "loss_with_penalties", "brier", "mae", "rmse") else 1.0), 0.0
