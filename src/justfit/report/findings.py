"""`Finding`: what a study has found of one network, read from its own runs and from nowhere else."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from justfit.errors import SpecError
from justfit.judge import Curve, mean_curve, standing
from justfit.spec import Diverged, task_named
from justfit.spec.checks import require_choice
from justfit.store import StoredRun, StoredStudy, StudyPaths, has_run
from justfit.store.files import broken


@dataclass(frozen=True)
class Finding:
    """One network of a study with the runs that are its own."""

    name: str
    runs: tuple[StoredRun, ...]
    best: int | None
    """The best epoch of the mean curve by the figure that the study chooses by, from 1."""
    rank: float
    """That figure then, the less the better: an accuracy is negative, and what has none is infinite."""
    parameters: int

    @property
    def diverged(self) -> int:
        """How many of the runs diverged."""
        return sum(isinstance(run.outcome, Diverged) for run in self.runs)

    @property
    def candidate(self) -> dict[str, Any]:
        """The network and its recipe as they were trained."""
        candidate: dict[str, Any] = self.runs[0].spec["candidate"]
        return candidate

    def curve(self, figure: str) -> Curve | None:
        """The mean of a figure over all runs; None where not one epoch of it was measured in all.

        Its band holds only what a figure can be: none is below 0, and no accuracy above 1.
        """
        curve = mean_curve([run.history for run in self.runs], figure)
        if curve is None or curve.band is None:
            return curve
        most = 1.0 if figure.endswith("metric") and metric_of(self.runs[0]) == "accuracy" else math.inf
        return dataclasses.replace(
            curve, band=tuple((max(low, 0.0), min(high, most)) for low, high in curve.band)
        )


def trained(study: StoredStudy, stage: str | None = None) -> list[str]:
    """The names of the networks, of one stage or of all, whose runs are all kept.

    Where no row validates, no network has runs but the one that was tested, so that is taken.

    Raises:
        SpecError: there is no such stage.
    """
    if stage is not None:
        require_choice("stage", stage, [each["name"] for each in study.stages], f"in {study.folder.name}")
    store = study.folder.parent
    names = [
        network["name"]
        for each in study.stages
        if stage in (None, each["name"])
        for network in each["networks"]
        if all(has_run(store, run_id) for run_id in network["runs"])
        and (network["runs"] or _is_tested(study, network["name"]))
    ]
    return list(dict.fromkeys(names))


def _is_tested(study: StoredStudy, network: str) -> bool:
    return bool(study.result and study.result["final_runs"] and study.result.get("chosen") == network)


def findings(study: StoredStudy, networks: Sequence[str] | None = None) -> tuple[Finding, ...]:
    """What a study has found of some networks; by default of all that are `trained`.

    Raises:
        SpecError: none of the study's networks is trained yet.
        StoreError: there is no such network, or a file of its runs is missing, cut off or changed.
    """
    names = trained(study) if networks is None else list(dict.fromkeys(networks))
    if not names:
        raise SpecError(
            f"{study.folder.name} has no trained network yet, so there is nothing to draw: run it."
        )
    try:
        return tuple(_finding(study, name) for name in names)
    except (KeyError, TypeError, IndexError) as error:
        raise broken(StudyPaths(study.folder).study, f"not what its runs are of ({error!r})") from error


def _finding(study: StoredStudy, name: str) -> Finding:
    runs = study.runs(name)
    if not runs and _is_tested(study, name):
        runs = study.final_runs
    if not runs:
        raise SpecError(
            f'No row validates in {study.folder.name} and "{name}" was not tested, so it was never trained: '
            "hold rows out, or name it under final."
        )
    select = study.spec["select"]
    more_is_better = (select, metric_of(runs[0])) == ("val_metric", "accuracy")
    found = standing([run.history for run in runs], select, more_is_better=more_is_better)
    return Finding(
        name=name,
        runs=runs,
        best=None if found is None else found.best_epoch,
        rank=math.inf if found is None else -found.value if more_is_better else found.value,
        parameters=study.networks[name]["parameters"],
    )


def metric_of(run: StoredRun) -> str:
    """The name of `Epoch.metric` in a run."""
    return task_named(run.spec["task"]).metric


def figure_name(figure: str, metric: str) -> str:
    """What a figure of an epoch is, in words.

    >>> figure_name("val_data_loss", "accuracy"), figure_name("fit_metric", "mae")
    ('validation loss, without penalties', 'mae of training rows after each epoch')
    """
    if figure.startswith("fit_"):
        return f"{'loss' if figure == 'fit_loss' else metric} of training rows after each epoch"
    rows = "validation" if figure.startswith("val_") else "training"
    match figure.removeprefix("val_"):
        case "metric":
            return f"{rows} {metric}"
        case "data_loss":
            return f"{rows} loss, without penalties"
        case _:
            return f"{rows} loss, with penalties"


def titled(study: StoredStudy, text: str) -> str:
    """The title of a chart: the study, what is drawn, and whether that is leaked."""
    return f"{study.name}: {text}{' (leaked)' if study.is_leaked else ''}"


def notes(study: StoredStudy, found: Sequence[Finding]) -> list[str]:
    """What a reader of any chart must know: leaks, and runs that ended early."""
    said = ["Validated on the test rows: leaked."] if study.is_leaked else []
    if diverged := sum(finding.diverged for finding in found):
        runs = sum(len(finding.runs) for finding in found)
        said.append(f"{diverged} of {runs} runs diverged; a mean goes as far as all runs of a network came.")
    return said


def averaged(networks: Sequence[Sequence[StoredRun]]) -> str:
    """What the means over the runs of some networks are over; empty where each has one run.

    Counted are the runs themselves, such as ``4 folds x 5 replicates``; networks with other numbers of runs
    give such as ``4 to 20 runs``.
    """
    counts = {_counts(runs) for runs in networks}
    if len(counts) > 1:
        lengths = sorted({len(runs) for runs in networks})
        return f"{lengths[0]} to {lengths[-1]} runs" if len(lengths) > 1 else f"{lengths[0]} runs"
    names = ("folds", "repeats", "replicates")
    return " x ".join(f"{count} {name}" for count, name in zip(*counts, names, strict=True) if count > 1)


def _counts(runs: Sequence[StoredRun]) -> tuple[int, int, int]:
    """How many folds, repeats and replicates."""
    splits = len({run.spec["split"] for run in runs})
    folds = min(splits, int(runs[0].spec["protocol"].get("folds", 1)))
    return folds, splits // folds, len({run.spec["seed"] for run in runs})
