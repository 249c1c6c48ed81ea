"""Studies handed to programs that track experiments: TensorBoard's files, and MLflow."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from justfit.cli.screen import say, say_aside

if TYPE_CHECKING:
    from justfit.store import StoredStudy


def require_trackers(tensorboard: Path | None, mlflow: str | None) -> None:
    """See to it before anything is trained: a package may be missing, and nobody may answer."""
    if tensorboard is not None:
        import justfit.bridges.tensorboard  # noqa: F401
    if mlflow is not None:
        from justfit.bridges.mlflow_client import require_server

        require_server(mlflow)


def track(studies: "Iterable[StoredStudy]", tensorboard: Path | None, mlflow: str | None) -> list[str]:
    """Write studies where it is asked for, and say so.

    Returns:
        The folders of TensorBoard's files, and the ids of runs in MLflow.
    """
    written: list[str] = []
    for study in studies:
        if tensorboard is not None:
            from justfit.bridges.tensorboard import write_events

            folder = write_events(study, tensorboard)
            say(f"event files for TensorBoard in {folder}")
            written.append(str(folder))
        if mlflow is not None:
            from justfit.bridges.mlflow import log_study
            from justfit.bridges.mlflow_client import address

            runs = {run for network in study.networks.values() for run in network["runs"]}
            say_aside(f"writing {len(runs):,} runs of {study.name} to MLflow")
            run = log_study(study, mlflow)
            say(f"run {run} in MLflow at {address(mlflow)}")
            written.append(run)
    return written
