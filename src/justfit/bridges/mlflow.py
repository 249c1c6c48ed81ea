"""A study in MLflow: a run with a nested run for each network, split and seed, with its files and model."""

import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from justfit.bridges.mlflow_client import connected
from justfit.bridges.mlflow_model import write_mlflow_model
from justfit.bridges.mlflow_told import study_figures, study_params, study_tags, told
from justfit.bridges.tracked_runs import TrackedRun, figures_of, marked, settings_of, tracked_runs
from justfit.errors import SpecError
from justfit.report.reported import is_report_old, read_reported
from justfit.report.whole import write_report
from justfit.store import StoredStudy, StudyPaths, holder_of

try:
    from mlflow.entities import LoggedModelOutput, Metric, Param, Run, RunTag
    from mlflow.tracking import MlflowClient
except ImportError as error:
    raise SpecError("MLflow needs its package: pip install 'justfit[mlflow]'.") from error

MODEL = "model"
"""The name of a study's model there: ``runs:/RUN/model``."""

_PARENT, _STUDY, _RUN, _NETWORK, _PART = (
    "mlflow.parentRunId",
    "justfit.study",
    "justfit.run",
    "justfit.network",
    "justfit.part",
)
"""Tags by which what stands there is found again."""

_LONGEST_NAME, _LONGEST_PARAM, _LONGEST_TAG = 250, 6000, 5000
"""Letters that servers take; source: ``mlflow.utils.validation``, and the columns of its data base."""
_WHOLE = "whole_texts.json"

_OF_TRAINING = {"mlflow.experimentKind": "custom_model_development"}
"""Else its pages begin with those for language models."""

_BATCH = 900
"""Figures that are sent at a time; a server takes 1000 things."""


def log_study(study: StoredStudy, uri: str) -> str:
    """Write a study to MLflow, as a run with a nested run for each network, split and seed.

    The study's run has what was compared and how as parameters; the chosen network's validation figure, the
    test figures with their intervals and the baseline's as metrics; and as artifacts ``study.yaml``,
    ``result.json``, ``report.html`` and the model, which ``mlflow.pyfunc.load_model("runs:/RUN/model")``
    reads. A nested run has the network's settings as parameters, the curves as metrics whose steps are
    epochs, from 1, and the figures of the network's best epoch, or of the test. A run that diverged has
    failed. Figures of test rows that validated end in ``_LEAKED``. What is longer than MLflow takes is cut,
    with ``...`` at its end, and stands whole in the artifact ``whole_texts.json``.

    The experiment is the one that ``MLFLOW_EXPERIMENT_NAME`` names, or else that of the data set's name. A
    study that stands there already is gone on with: nothing stands twice, and what was noted on it stays.

    Args:
        study: done or not; networks that are not wholly trained yet are left out.
        uri: of the tracking server or its data base: ``http://127.0.0.1:5000``, ``sqlite:///mlflow.db``, or a
            folder where this MLflow still takes one.

    Returns:
        The id of the study's run.

    Raises:
        SpecError: there is no such kind of address.
        StoreError: MLflow cannot be reached or refuses, or a file of the study is missing or broken.

    Source: ``mlflow.MlflowClient``.
    """
    runs = tracked_runs(study)
    if is_report_old(study.folder):
        write_report(read_reported(study.folder.parent, str(study.folder)))
    with connected(uri) as client:
        experiment = _experiment(client, str(study.spec["data"]["name"]))
        there = _found(client, experiment, study)
        parent = next((run for run in there if _PARENT not in run.data.tags), None)
        begun = min((each.begun for each in runs), default=time.time())
        parent = parent or _begun(
            client, experiment, _cut(study.name, _LONGEST_NAME), {_STUDY: study.id}, begun
        )
        run_id = str(parent.info.run_id)
        client.update_run(run_id, status="RUNNING")
        _log_children(client, parent, study, runs, there)
        ended = max((each.ended for each in runs), default=begun)
        at = _milliseconds(ended)
        metrics = [Metric(key, value, at, 0) for key, value in study_figures(study).items()]
        _log(client, parent, study_params(study), study_tags(study, runs), metrics)
        _log_files(client, parent, study)
        client.set_terminated(run_id, _status(study), at)
    return run_id


def _experiment(client: MlflowClient, data: str) -> str:
    """The id of the experiment, made where there is none."""
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or data
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(name, tags=_OF_TRAINING))


def _found(client: MlflowClient, experiment: str, study: StoredStudy) -> list[Run]:
    """All runs of a study that stand there."""
    asked = f"tags.`{_STUDY}` = '{study.id}'"
    page = client.search_runs([experiment], asked)
    found = list(page)
    while page.token:
        page = client.search_runs([experiment], asked, page_token=page.token)
        found += page
    return found


def _begun(client: MlflowClient, experiment: str, name: str, tags: Mapping[str, str], begun: float) -> Run:
    tags = {"mlflow.source.name": "justfit", "mlflow.source.type": "LOCAL", **tags}
    return client.create_run(experiment, _milliseconds(begun), tags, name)


def _log_children(
    client: MlflowClient, parent: Run, study: StoredStudy, runs: Sequence[TrackedRun], there: Sequence[Run]
) -> None:
    """Write the nested runs that lack, and remove those that are half-written or the study's no more."""
    wanted = {tuple(_key(each).values()): each for each in runs}
    for run in there:
        tags = run.data.tags
        key = tuple(tags.get(name, "") for name in (_NETWORK, _RUN, _PART))
        is_whole = tags.get(_PARENT) == parent.info.run_id and run.info.status != "RUNNING"
        if is_whole and key in wanted:
            del wanted[key]
        elif _PARENT in tags or run.info.run_id != parent.info.run_id:
            client.delete_run(run.info.run_id)
    for each in wanted.values():
        _log_child(client, parent, study, each)


def _key(each: TrackedRun) -> dict[str, str]:
    return {_NETWORK: _cut(each.network, _LONGEST_TAG), _RUN: each.run.id, _PART: each.part}


def _log_child(client: MlflowClient, parent: Run, study: StoredStudy, each: TrackedRun) -> None:
    tags = {
        **_key(each),
        _STUDY: study.id,
        _PARENT: parent.info.run_id,
        "justfit.stages": ", ".join(each.stages),
        "justfit.seed": str(each.run.spec["seed"]),
        "justfit.leaked": told(study.is_leaked),
        **{f"justfit.{key}": f"{value:g}" for key, value in each.facts.items()},
    }
    if each.diverged is not None:
        tags["justfit.diverged_in_epoch"] = str(each.diverged)
    name = f"{each.network}: {each.title}"
    if len(name) > _LONGEST_NAME:
        name = f"{_cut(each.network, _LONGEST_NAME - len(each.title) - 2)}: {each.title}"
    run = _begun(client, parent.info.experiment_id, name, tags, each.begun)
    task, at = each.run.spec["task"], each.begun
    metrics = []
    for epoch in each.run.history:
        at += epoch.seconds
        for figure, value in figures_of(epoch, task).items():
            metrics.append(Metric(marked(study, figure), value, _milliseconds(at), epoch.epoch))
    last = len(each.run.history) if each.best is None else each.best.epoch
    for figure, value in each.summary.items():
        metrics.append(Metric(marked(study, figure), value, _milliseconds(at), last))
    settings = settings_of(each.run.spec["candidate"])  # of fewer epochs than the network's where it was cut
    _log(client, run, {"network": each.network, **settings}, {}, metrics)
    status = "FINISHED" if each.diverged is None else "FAILED"
    client.set_terminated(run.info.run_id, status, _milliseconds(each.ended))


def _log(
    client: MlflowClient,
    run: Run,
    params: Mapping[str, object],
    tags: Mapping[str, str],
    metrics: Sequence[Metric],
) -> None:
    """Write what a run lacks of parameters and figures, and all tags; texts that are cut, whole in a file."""
    run_id, texts = run.info.run_id, {key: str(value) for key, value in params.items()}
    lacking = [
        Param(key, _cut(text, _LONGEST_PARAM)) for key, text in texts.items() if key not in run.data.params
    ]
    new = [each for each in metrics if run.data.metrics.get(each.key) != each.value]
    client.log_batch(
        run_id, new[:_BATCH], lacking, [RunTag(key, _cut(text, _LONGEST_TAG)) for key, text in tags.items()]
    )
    for start in range(_BATCH, len(new), _BATCH):
        client.log_batch(run_id, new[start : start + _BATCH])
    cut = {key: text for key, text in texts.items() if len(text) > _LONGEST_PARAM}
    cut |= {key: text for key, text in tags.items() if len(text) > _LONGEST_TAG}
    if cut:
        client.log_text(run_id, json.dumps(cut, indent=1), _WHOLE)


def _log_files(client: MlflowClient, parent: Run, study: StoredStudy) -> None:
    """Write the study's files, and its model where it has one, in the place of one that stands there."""
    paths, run_id, experiment = StudyPaths(study.folder), parent.info.run_id, parent.info.experiment_id
    for path in (paths.file, paths.result, paths.report):
        if path.is_file():
            client.log_artifact(run_id, str(path))
    for old in client.search_logged_models([experiment], f"source_run_id = '{run_id}'"):
        client.delete_logged_model(old.model_id)
    if not paths.model.is_file():
        return
    with tempfile.TemporaryDirectory() as folder:
        write_mlflow_model(study.folder, Path(folder) / MODEL)
        model = client.create_logged_model(experiment, MODEL, run_id)
        client.log_model_artifacts(model.model_id, str(Path(folder) / MODEL))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])


def _status(study: StoredStudy) -> str:
    if study.result is not None:
        return "FINISHED"
    return "KILLED" if holder_of(study.folder) is None else "RUNNING"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)
