"""A study's trained runs as programs that track experiments show them, each with all that tells it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from justfit.judge.selection import FIGURES
from justfit.report import trained
from justfit.report.findings import Finding, findings
from justfit.report.tested_figures import FIGURES as FIGURES_OF_TEST
from justfit.spec import Diverged, Epoch, task_named
from justfit.spec.network import A_LAYER
from justfit.store import StoredRun, StoredStudy
from justfit.store.paths import run_path

Setting = str | float | bool

_OF_BEST = ("val_data_loss", "val_accuracy", "val_mae")
"""What compares across networks, however penalized."""


@dataclass(frozen=True)
class TrackedRun:
    """A trained run with its place in its study."""

    network: str
    """Its name, which can be any text."""
    stages: tuple[str, ...]
    """In which the network stands."""
    part: str
    """Which rows trained it: such as ``split 1``, or ``final``."""
    settings: Mapping[str, Setting]
    """Of the network and its recipe, as `settings_of` gives them: the same for all runs of a network."""
    facts: Mapping[str, float]
    """Of the network, where there are any: ``left_after_epoch``, and how many ``diverged_runs``."""
    run: StoredRun
    begun: float
    ended: float
    """When training did, in seconds since 1970."""
    best: Epoch | None = None
    """Its figures in the best epoch of its network's mean curve; None where no row validates."""
    test: Mapping[str, float] = field(default_factory=dict)
    """Figures on test rows of a final run, by name; otherwise empty."""

    @property
    def title(self) -> str:
        """What tells it from the network's other runs."""
        return f"{self.part}, seed {self.run.spec['seed']}"

    @property
    def summary(self) -> dict[str, float]:
        """Figures that stand for the run: ``best_epoch`` and ``best_val_...``, or ``test_...``."""
        summary = {f"test_{name}": value for name, value in self.test.items()}
        if self.best is not None:
            figures = figures_of(self.best, self.run.spec["task"])
            summary |= {f"best_{name}": value for name, value in figures.items() if name in _OF_BEST}
            summary["best_epoch"] = float(self.best.epoch)
        return summary

    @property
    def diverged(self) -> int | None:
        """The epoch in which its loss was not finite, or None."""
        return self.run.outcome.epoch if isinstance(self.run.outcome, Diverged) else None


def tracked_runs(study: StoredStudy) -> tuple[TrackedRun, ...]:
    """The runs of a study's networks, in order, and after them those that were tested.

    Networks that are not wholly trained yet are left out.

    Raises:
        StoreError: a file of a run is missing, cut off or changed.
    """
    names = trained(study)
    result = study.result or {}
    tested = result.get("test_replicates") or {}
    found: list[TrackedRun] = []
    finals: list[TrackedRun] = []
    for finding in findings(study, names) if names else ():
        told = _told(study, finding)
        for run in finding.runs if study.networks[finding.name]["runs"] else ():
            best = None if finding.best is None else run.history[finding.best - 1]
            found.append(_tracked(study, run, told, part=f"split {run.spec['split']}", best=best))
        for place, run in enumerate(study.final_runs if finding.name == result.get("chosen") else ()):
            test = {name: tested[name]["values"][place] for name in FIGURES_OF_TEST if tested.get(name)}
            finals.append(_tracked(study, run, told, part="final", test=_finite(test)))
    return (*found, *finals)


def marked(study: StoredStudy, name: str) -> str:
    """The name of a figure, with a mark where it is leaked: of rows that are said to test, but validated.

    >>> from types import SimpleNamespace
    >>> marked(SimpleNamespace(is_leaked=True), "val_accuracy")
    'val_accuracy_LEAKED'
    """
    return f"{name}_LEAKED" if study.is_leaked and name.startswith(("val_", "test_", "best_val_")) else name


def figures_of(epoch: Epoch, task: str) -> dict[str, float]:
    """The finite figures of an epoch, with the task's ``accuracy`` or ``mae`` for ``metric``."""
    metric = task_named(task).metric
    return _finite({name.replace("metric", metric): getattr(epoch, name) for name in FIGURES})


def _finite(figures: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in figures.items() if value is not None and math.isfinite(value)}


def _told(study: StoredStudy, finding: Finding) -> dict[str, Any]:
    """What is the same for all runs of a network."""
    network = study.networks[finding.name]
    facts = {"left_after_epoch": network["left"], "diverged_runs": finding.diverged}
    return {
        "network": finding.name,
        "stages": tuple(
            stage["name"]
            for stage in study.stages
            if any(each["name"] == finding.name for each in stage["networks"])
        ),
        "settings": settings_of(network["candidate"]),
        "facts": {key: value for key, value in facts.items() if value},
    }


def _tracked(study: StoredStudy, run: StoredRun, told: Mapping[str, Any], **own: Any) -> TrackedRun:
    ended = run_path(study.folder.parent, run.id).stat().st_mtime
    return TrackedRun(run=run, begun=ended - run.seconds, ended=ended, **told, **own)


def settings_of(candidate: Mapping[str, Any]) -> dict[str, Setting]:
    """A stored candidate as one plain value by key: of several numbers a text, of a noun its fields.

    Where all layers have the same number, that is the value; what is not set is missing.

    >>> adam = {"name": "adam", "learning_rate": 0.01, "beta_1": 0.9}
    >>> settings_of({"network": {"hidden": [16, 8], "l2": [0, 0.1]}, "recipe": {"optimizer": adam}})
    {'hidden': '16-8', 'l2': '0/0.1', 'optimizer': 'adam', 'learning_rate': 0.01, 'optimizer.beta_1': 0.9}
    """
    told: dict[str, Setting] = {}
    for key, value in {**candidate["network"], **candidate["recipe"]}.items():
        match value:
            case dict():
                told[key] = value["name"]
                told |= {_key(key, inner): each for inner, each in value.items() if inner != "name"}
            case list() | tuple() if key in A_LAYER:
                several = len(set(value)) > 1
                told[key] = (
                    "/".join(f"{each:g}" for each in value) if several else float(max(value, default=0))
                )
            case list() | tuple():
                told[key] = "-".join(map(str, value)) or "none"
            case None:
                pass
            case _:
                told[key] = value
    return told


def _key(noun: str, key: str) -> str:
    """The learning rate has the key that it has in a study file."""
    return key if key == "learning_rate" else f"{noun}.{key}"
