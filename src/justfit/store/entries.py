"""What a list of studies tells of each, as its files say it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from justfit.errors import StoreError
from justfit.store.paths import StudyPaths
from justfit.store.stored_study import StoredStudy
from justfit.store.studies import read_study


@contextmanager
def read_from(folder: Path) -> Iterator[None]:
    """What is missing from a study's files, or of another kind than expected there, as one sentence."""
    try:
        yield
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise StoreError(
            f"{folder} has files that do not fit together ({type(error).__name__}: {error}): "
            "they were changed, or written by another version. Remove it and run the study again; "
            "its runs are kept beside it."
        ) from error


def read_entry(folder: Path) -> dict[str, Any]:
    """What a list tells of the study in a folder, as plain values: `entry_of` has the keys.

    Raises:
        StoreError: a file of it is missing, cut off, changed or too new.
    """
    return entry_of(read_study(folder))


def entry_of(study: StoredStudy) -> dict[str, Any]:
    """The same of a study that is read; raises `StoreError` where its files do not fit together."""
    with read_from(study.folder):
        result, final = study.result, study.spec["final"]
        ids = {run_id for network in study.networks.values() for run_id in network["runs"]}
        if result is not None:
            ids |= set(result["final_runs"])
        return {
            "name": study.name,
            "id": study.id,
            "data": str(study.spec["data"]["name"]),
            "state": state_of(study),
            "leaked": study.is_leaked,
            "networks": len(study.networks),
            "runs": sorted(ids),
            "runs_planned": len(ids) + (study.spec["replicates"] if final and result is None else 0),
            "stages_planned": len(study.stages),
            "stages": len(study.spec["stages"]),
            "chosen": None if result is None else str(result["chosen"]),
            "test": figure_of_test(result),
            "looks": None if result is None or result["looks"] is None else int(result["looks"]["of_study"]),
            "written": _written(study.folder),
        }


def state_of(study: StoredStudy) -> str:
    """``done`` or ``unfinished``."""
    return "unfinished" if study.result is None else "done"


def figure_of_test(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The metric on the test rows with its interval; None where nothing was tested."""
    if result is None or "test" not in result:
        return None
    figure = "accuracy" if "accuracy" in result["test"] else "mae"
    mean = result["test_replicates"][figure]
    seeds = len(mean["values"])
    # One seed tells nothing of seeds, but the test rows tell what their choice leaves open.
    over, of = ("seeds", mean) if seeds > 1 else ("test rows", result["test"][figure])
    low, high = within(figure, of["low"], of["high"])
    return {"figure": figure, "value": mean["value"], "low": low, "high": high, "over": over, "seeds": seeds}


def within(figure: str, low: float | None, high: float | None) -> tuple[float | None, float | None]:
    """The ends of an interval, cut to the range of an accuracy: Student's of a few seeds can reach beyond."""
    if figure != "accuracy" or low is None or high is None:
        return low, high
    return max(0.0, low), min(1.0, high)


def _written(folder: Path) -> str:
    """When the study was last written, as ISO 8601 in UTC."""
    paths = StudyPaths(folder)
    there = [path for path in (paths.study, paths.stages, paths.result) if path.is_file()]
    last = max(path.stat().st_mtime for path in there)
    return datetime.fromtimestamp(last, UTC).isoformat(timespec="microseconds")
