"""Runs as event files that TensorBoard shows, by its own writer of records and without TensorFlow."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from justfit.bridges.tracked_runs import Setting, TrackedRun, marked, tracked_runs
from justfit.errors import SpecError
from justfit.report import file_name
from justfit.spec import Epoch, task_named
from justfit.store import StoredRun, StoredStudy
from justfit.store.files import make_folders, write_bytes

try:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
    from tensorboard.summary.writer.record_writer import RecordWriter
except ImportError as error:
    raise SpecError("TensorBoard's files need its package: pip install 'justfit[tensorboard]'.") from error

FILE = "events.out.tfevents.justfit"
"""Always of one name, so that a study written again replaces its files; TensorBoard would show both."""

_PARTS = {"train": "", "validation": "val_", "fit": "fit_"}
"""Folders as Keras's callback names them, and what figures of those rows begin with in `Epoch`."""


def write_events(study: StoredStudy, folder: Path) -> Path:
    """Write the figures of all runs of a study that are kept as TensorBoard's event files.

    Networks that are not wholly trained yet are left out. Scalars have the tags of Keras's callback,
    ``epoch_loss`` (with penalties) and ``epoch_accuracy`` or ``epoch_mae``, and besides
    ``epoch_data_loss`` (without penalties); steps are epochs, from 1. A file stands in
    ``STUDY/NETWORK/RUN/PART``: RUN is such as ``split 1, seed 0`` or ``final, seed 0``, PART is ``train``,
    ``validation`` or ``fit`` (training rows measured like validation rows). Files that stand there are
    replaced.

    On the page HParams each network is a trial with its settings, the epoch after which it left and how many
    of its runs diverged, where that is so. Its figures, over its runs, are those of its best epoch
    (``best_val_...``), and for the final one those on test rows (``test_...``). A run that diverged has
    failed. Names of figures and folders of test rows that validated end in ``LEAKED``.

    Args:
        study: whose runs.
        folder: in which ``STUDY`` is made.

    Returns:
        ``STUDY``, to be given to ``tensorboard --logdir``. Of a folder of several studies the page HParams
        takes the list of settings and figures from one of them.

    Raises:
        StoreError: a file of a run is missing, cut off or changed, or the disk is full.

    Source: ``keras.callbacks.TensorBoard``; the records are of ``tensorboard.summary`` and of
    ``tensorboard.plugins.hparams.summary_v2``.
    """
    root = folder / file_name(study.folder.name)
    runs = tracked_runs(study)
    trials = _trials(runs)
    make_folders(root)
    for each in runs:
        place = root / file_name(each.network) / each.title
        for part, prefix in _PARTS.items():
            rows = [
                (epoch, scalars)
                for epoch in each.run.history
                if (scalars := _scalars(each.run, epoch, prefix))
            ]
            if rows:
                is_marked = part == "validation" and study.is_leaked
                _write(place / f"{part}{' LEAKED' * is_marked}", _curves(each, rows))
        _write(place, _session(study, each, trials[each.network]))
    if runs:
        summaries = {marked(study, name): None for each in runs for name in each.summary}
        created = min(each.begun for each in runs)
        _write(root, [_experiment(list(trials.values()), list(summaries), created)])
    return root


def _write(folder: Path, events: Sequence[Event]) -> None:
    """Write an event file: the version of its format, and the events."""
    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(Event(wall_time=events[0].wall_time, file_version="brain.Event:2").SerializeToString())
    for event in events:
        writer.write(event.SerializeToString())
    make_folders(folder)
    write_bytes(folder / FILE, file.getvalue())


def _scalars(run: StoredRun, epoch: Epoch, prefix: str) -> dict[str, float]:
    """Figures of an epoch by their tags; none where those rows were not measured."""
    metric = task_named(run.spec["task"]).metric
    names = {"epoch_loss": "loss", "epoch_data_loss": "data_loss", f"epoch_{metric}": "metric"}
    if prefix == "fit_":  # that loss has no penalties
        names = {"epoch_data_loss": "loss", f"epoch_{metric}": "metric"}
    values = {tag: getattr(epoch, prefix + name) for tag, name in names.items()}
    return {tag: value for tag, value in values.items() if value is not None}


def _curves(each: TrackedRun, rows: Sequence[tuple[Epoch, dict[str, float]]]) -> list[Event]:
    """An event for each epoch at the time that it ended."""
    at, events = each.begun, []
    for epoch, scalars in rows:
        at += epoch.seconds
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()]
        events.append(Event(wall_time=at, step=epoch.epoch, summary=Summary(value=values)))
    return events


def _trials(runs: Sequence[TrackedRun]) -> dict[str, dict[str, Setting]]:
    """The settings of each network; of a key that is a text anywhere, as texts."""
    trials: dict[str, dict[str, Setting]] = {
        each.network: {
            "network": each.network,
            "stages": ", ".join(each.stages),
            **each.settings,
            **each.facts,
        }
        for each in runs
    }
    texts = {key for trial in trials.values() for key, value in trial.items() if isinstance(value, str)}
    return {
        name: {
            key: f"{value:g}" if key in texts and not isinstance(value, str) else value
            for key, value in trial.items()
        }
        for name, trial in trials.items()
    }


def _session(study: StoredStudy, each: TrackedRun, trial: Mapping[str, Setting]) -> list[Event]:
    """The run as the page HParams has it: when it began and how it ended, and what stands for it."""
    start, end = HParamsPluginData(), HParamsPluginData()
    start.session_start_info.group_name = f"{each.network} ({study.folder.name})"
    start.session_start_info.start_time_secs = each.begun
    for key, value in trial.items():
        match value:
            case bool():
                start.session_start_info.hparams[key].bool_value = value
            case str():
                start.session_start_info.hparams[key].string_value = value
            case _:
                start.session_start_info.hparams[key].number_value = value
    failed = each.diverged is not None
    end.session_end_info.status = api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS
    end.session_end_info.end_time_secs = each.ended
    values = [
        Summary.Value(tag=marked(study, name), simple_value=value) for name, value in each.summary.items()
    ]
    step = len(each.run.history) if each.best is None else each.best.epoch
    return [
        _record(metadata.SESSION_START_INFO_TAG, start, each.begun),
        *([Event(wall_time=each.ended, step=step, summary=Summary(value=values))] if values else []),
        _record(metadata.SESSION_END_INFO_TAG, end, each.ended),
    ]


def _experiment(trials: Sequence[Mapping[str, Setting]], figures: Sequence[str], created: float) -> Event:
    """What settings and figures there are. A list of a text's values would hide those of other studies."""
    told = HParamsPluginData()
    told.experiment.time_created_secs = created
    for key in dict.fromkeys(key for trial in trials for key in trial):
        values = [trial[key] for trial in trials if key in trial]
        info = told.experiment.hparam_infos.add(name=key, differs=len({*values}) > 1)
        match values[0]:
            case bool():
                info.type = api_pb2.DATA_TYPE_BOOL
            case str():
                info.type = api_pb2.DATA_TYPE_STRING
            case _:
                info.type = api_pb2.DATA_TYPE_FLOAT64
                info.domain_interval.min_value = min(map(float, values))
                info.domain_interval.max_value = max(map(float, values))
    for name in figures:
        is_test = name.startswith("test_")
        kind = api_pb2.DATASET_UNKNOWN if is_test else api_pb2.DATASET_VALIDATION
        told.experiment.metric_infos.add(name=api_pb2.MetricName(tag=name), dataset_type=kind)
    return _record(metadata.EXPERIMENT_TAG, told, created)


def _record(tag: str, told: HParamsPluginData, at: float) -> Event:
    value = Summary.Value(
        tag=tag, metadata=metadata.create_summary_metadata(told), tensor=metadata.NULL_TENSOR
    )
    return Event(wall_time=at, summary=Summary(value=[value]))
