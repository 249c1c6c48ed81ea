"""Runs as event files that TensorBoard shows, by its own writer of records and without TensorFlow."""

import io
from collections.abc import Sequence
from pathlib import Path

from justfit.errors import SpecError
from justfit.report import file_name, trained
from justfit.spec import Epoch, task_named
from justfit.store import StoredRun, StoredStudy
from justfit.store.files import make_folders, write_bytes
from justfit.store.paths import run_path

try:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter
except ImportError as error:
    raise SpecError("TensorBoard's files need its package: pip install 'justfit[tensorboard]'.") from error

FILE = "events.out.tfevents.justfit"
"""Always of one name, so that a study written again replaces its files; TensorBoard would show both."""

_PARTS = {"train": "", "validation": "val_", "fit": "fit_"}
"""Folders as Keras's callback names them, and what figures of those rows begin with in `Epoch`."""


def write_events(study: StoredStudy, folder: Path) -> tuple[Path, ...]:
    """Write the figures of all runs of a study that are kept as TensorBoard's event files.

    Networks that are not wholly trained yet are left out. Scalars have the tags of Keras's callback,
    ``epoch_loss`` (with penalties) and ``epoch_accuracy`` or ``epoch_mae``, and besides
    ``epoch_data_loss`` (without penalties); steps are epochs, from 1. A file stands in
    ``STUDY/NETWORK/RUN/PART``: RUN is such as ``split 1, seed 0`` or ``final, seed 0``, PART is ``train``,
    ``validation`` or ``fit`` (training rows measured like validation rows). Files that stand there are
    replaced.

    Args:
        study: whose runs.
        folder: what to give to ``tensorboard --logdir``; made where it is not there.

    Returns:
        The files, in the order of the networks and their runs.

    Raises:
        StoreError: a file of a run is missing, cut off or changed, or the disk is full.

    Source: ``keras.callbacks.TensorBoard``; the records are of ``tensorboard.summary``.
    """
    root = folder / file_name(study.folder.name)
    runs = [(name, run, f"split {run.spec['split']}") for name in trained(study) for run in study.runs(name)]
    if study.result is not None:
        runs += [(study.result["chosen"], run, "final") for run in study.final_runs]
    written = []
    for name, run, what in runs:
        place = root / file_name(name) / f"{what}, seed {run.spec['seed']}"
        ended = run_path(study.folder.parent, run.id).stat().st_mtime
        for part, prefix in _PARTS.items():
            rows = [(epoch, scalars) for epoch in run.history if (scalars := _scalars(run, epoch, prefix))]
            if rows:
                make_folders(place / part)
                write_bytes(place / part / FILE, _records(run, rows, ended))
                written.append(place / part / FILE)
    return tuple(written)


def _scalars(run: StoredRun, epoch: Epoch, prefix: str) -> dict[str, float]:
    """Figures of an epoch by their tags; none where those rows were not measured."""
    metric = task_named(run.spec["task"]).metric
    names = {"epoch_loss": "loss", "epoch_data_loss": "data_loss", f"epoch_{metric}": "metric"}
    if prefix == "fit_":  # that loss has no penalties
        names = {"epoch_data_loss": "loss", f"epoch_{metric}": "metric"}
    values = {tag: getattr(epoch, prefix + name) for tag, name in names.items()}
    return {tag: value for tag, value in values.items() if value is not None}


def _records(run: StoredRun, rows: Sequence[tuple[Epoch, dict[str, float]]], ended: float) -> bytes:
    """An event file: the version of its format, and an event for each epoch at the time that it ended."""
    file = io.BytesIO()
    writer = RecordWriter(file)
    begun = ended - run.seconds
    writer.write(Event(wall_time=begun, file_version="brain.Event:2").SerializeToString())
    for epoch, scalars in rows:
        begun += epoch.seconds
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()]
        event = Event(wall_time=begun, step=epoch.epoch, summary=Summary(value=values))
        writer.write(event.SerializeToString())
    return file.getvalue()
