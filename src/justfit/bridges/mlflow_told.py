"""What a study's run in MLflow has: parameters, figures and tags, from what is stored."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from justfit.bridges.tracked_runs import TrackedRun, marked
from justfit.judge.studies import metric_of, networks_of
from justfit.report.tested_figures import FIGURES
from justfit.store import StoredStudy


def study_params(study: StoredStudy) -> dict[str, str]:
    """What was asked: the keys of the study's spec, such as ``validation.folds``; of its stages the names."""
    spec = {**study.spec, "stages": ", ".join(stage["name"] for stage in study.spec["stages"])}
    del spec["format"]
    return dict(_flat(spec))


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        elif value is not None and value != []:
            yield before + key, value if isinstance(value, str) else json.dumps(value)


def study_figures(study: StoredStudy) -> dict[str, float]:
    """What came out, by the names of metrics; of an unfinished study nothing.

    ``best_val_...`` is the chosen network's figure by which it was chosen, in ``best_epoch``; ``test_...``
    the first final network's figures, ``test_mean_...`` their mean over several, ``test_ensemble_...`` those
    of the mean answer, and ``test_baseline_...`` the common-sense baseline's. With ``_low`` and ``_high``
    they are the ends of 95% intervals.
    """
    result = study.result
    if result is None:
        return {}
    found: dict[str, float | None] = {"best_epoch": result.get("best_epoch"), "epochs": result.get("epochs")}
    if (standing := result.get("standing")) is not None:
        found |= _ends(f"best_{standing['figure']}", standing["interval"])
    baseline = result.get("test_baseline") or {}
    several = {
        "test_": result.get("test"),
        "test_mean_": result.get("test_replicates") if len(result["final_runs"]) > 1 else None,
        "test_ensemble_": result.get("test_ensemble"),
        "test_baseline_": baseline.get("figures"),
    }
    for before, figures in several.items():
        for name in FIGURES:  # those of each class bear names from the data, and stand in result.json
            if (figure := (figures or {}).get(name)) is not None:
                found |= _ends(f"{before}{name}", figure)
    metric = metric_of(networks_of(study))
    return {
        marked(study, name.replace("val_metric", f"val_{metric}")): float(value)
        for name, value in found.items()
        if value is not None and math.isfinite(value)
    }


def _ends(name: str, figure: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: figure["value"], f"{name}_low": figure["low"], f"{name}_high": figure["high"]}


def study_tags(study: StoredStudy, runs: Sequence[TrackedRun]) -> dict[str, str]:
    """What a reader must know of a study, by the names of tags."""
    result = study.result or {}
    known = {each.network: each for each in runs}
    tags = {
        "leaked": told(study.is_leaked),
        "done": told(study.result is not None),
        "tested": told("test" in result),
        "networks": f"{len(study.networks)}",
        "networks_not_trained": f"{len(study.networks.keys() - known.keys())}",
        "networks_that_left_early": f"{sum('left_after_epoch' in each.facts for each in known.values())}",
        "runs_that_diverged": f"{sum(each.diverged is not None for each in runs)}",
        "folder": study.folder.name,
        "version": version("justfit"),
    }
    for key in ("chosen", "reason", "task", "data"):
        if result.get(key) is not None:
            tags[key] = str(result[key])
    if (looks := result.get("looks")) is not None:
        tags["looks_at_test_rows"] = f"{looks['number']}"
    return {f"justfit.{key}": text for key, text in tags.items()}


def told(is_so: bool) -> str:
    """A flag as a tag has it."""
    return "yes" if is_so else "no"
