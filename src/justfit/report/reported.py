"""`Reported`: a stored study with all that its report needs, read once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from justfit.judge import Compared, Verdict
from justfit.judge.studies import StoredNetwork, compared, fits_of, metric_of, read_networks
from justfit.store import StoredStudy, StudyPaths, read_mistakes


@dataclass(frozen=True, eq=False)
class Reported:
    """A study, its networks with their runs, and how they stand."""

    study: StoredStudy
    networks: Mapping[str, StoredNetwork]
    found: Mapping[str, Compared | None]
    """How networks stand by the figure that the study chooses by, the best first; None where runs lack."""
    fits: Mapping[str, Verdict | None]
    metric: str
    """``accuracy`` or ``mae``."""
    leaked: bool
    mistakes: Mapping[str, Any] | None = None
    """What the chosen network gets wrong on validation rows, as ``mistakes.json`` has it, if known."""


def read_reported(store: Path, reference: str) -> Reported:
    """The study that ``reference`` means, with its networks.

    Raises:
        StoreError: no study is meant, or several, or a file of it is broken.
    """
    study, networks = read_networks(store, reference)
    return replace(reported_of(study, networks), mistakes=read_mistakes(study.folder))


def reported_of(study: StoredStudy, networks: Mapping[str, StoredNetwork]) -> Reported:
    """A study that was read, with how its networks stand; nothing of its mistakes."""
    metric = metric_of(networks)
    found = compared(networks, study.spec["select"], metric)
    return Reported(study, networks, found, fits_of(networks, found), metric, study.is_leaked)


def is_report_old(folder: Path) -> bool:
    """Whether a study has no report, or what it tells of has been written since."""
    paths = StudyPaths(folder)
    if not paths.report.is_file():
        return True
    made = paths.report.stat().st_mtime_ns
    told = (paths.stages, paths.result, paths.mistakes, paths.importances)
    return any(path.is_file() and path.stat().st_mtime_ns > made for path in told)
