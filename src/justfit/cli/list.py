"""``justfit list``: every study in the store."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from justfit.cli.run import StoreOption
from justfit.cli.screen import cell, number, percent, say, say_table
from justfit.cli.studies import JsonOption, say_json
from justfit.errors import StoreError
from justfit.machine import DEFAULT_STORE

if TYPE_CHECKING:
    from justfit.store import StoredStudy


def list_studies(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """List the studies in the store, the last written first."""
    from justfit.judge.studies import read_from
    from justfit.store import read_looks, read_study, study_folders

    found: list[dict[str, Any]] = []
    broken = []
    for folder in study_folders(store) if store.exists() else []:
        try:
            with read_from(folder):
                found.append(_entry(read_study(folder)))
        except StoreError as error:
            broken.append({"folder": str(folder), "error": str(error)})
    found.sort(key=lambda entry: (entry["written"], entry["name"]), reverse=True)
    looks = Counter(look.data for look in read_looks(store))
    if as_json:
        say_json({"store": str(store), "studies": found, "broken": broken, "looks": looks})
        return
    if found:
        say_table(_COLUMNS, [_cells(entry) for entry in found], texts=5, folds=False)
        for line in _legend(found):
            say(line)
        if looks:
            counted = ", ".join(f"{name} {count:,} time{'s' * (count > 1)}" for name, count in looks.items())
            say(f"test rows opened: {counted}")
    elif not broken:
        say(
            f"There are no studies in {store} yet. Begin with the whole workflow on data that needs no "
            "download: justfit run docstrings"
        )
    for each in broken:
        say(cell(f"cannot be read: {each['error']}"))


def _entry(study: "StoredStudy") -> dict[str, Any]:
    """What the list tells of a study, as plain values."""
    from justfit.judge.studies import is_leaked, state_of
    from justfit.store import has_run

    result, final = study.result, study.spec["final"]
    ids = {run_id for network in study.networks.values() for run_id in network["runs"]}
    if result is not None:
        ids |= set(result["final_runs"])
    return {
        "name": study.name,
        "id": study.id,
        "folder": str(study.folder),
        "data": str(study.spec["data"]["name"]),
        "state": state_of(study),
        "leaked": is_leaked(study),
        "networks": len(study.networks),
        "runs_trained": sum(has_run(study.folder.parent, run_id) for run_id in ids),
        "runs_planned": len(ids) + (study.spec["replicates"] if final and result is None else 0),
        "stages_planned": len(study.stages),
        "stages": len(study.spec["stages"]),
        "chosen": None if result is None else str(result["chosen"]),
        "test": _test(result),
        "looks": None if result is None or result["looks"] is None else int(result["looks"]["of_study"]),
        "written": _written(study.folder),
    }


def _test(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The metric on the test rows; None where nothing was tested."""
    if result is None or "test" not in result:
        return None
    figure = "accuracy" if "accuracy" in result["test"] else "mae"
    mean = result["test_replicates"][figure]
    seeds = len(mean["values"])
    from justfit.judge.studies import within

    # One seed tells nothing of seeds, but the test rows tell what their choice leaves open.
    over, of = ("seeds", mean) if seeds > 1 else ("test rows", result["test"][figure])
    low, high = within(figure, of["low"], of["high"])
    return {"figure": figure, "value": mean["value"], "low": low, "high": high, "over": over, "seeds": seeds}


def _written(folder: Path) -> str:
    """When the study was last written, as ISO 8601 in UTC."""
    from justfit.store import StudyPaths

    paths = StudyPaths(folder)
    there = [path for path in (paths.study, paths.stages, paths.result) if path.is_file()]
    last = max(path.stat().st_mtime for path in there)
    return datetime.fromtimestamp(last, UTC).isoformat(timespec="microseconds")


_COLUMNS = ("study", "id", "data", "state", "chosen", "test", "95% interval", "networks", "runs", "written")


def _cells(entry: Mapping[str, Any]) -> tuple[str, ...]:
    trained, planned = entry["runs_trained"], entry["runs_planned"]
    more = "+" if entry["stages_planned"] < entry["stages"] else ""
    leaked = " LEAKED" if entry["leaked"] else ""
    figure = span = ""
    if (test := entry["test"]) is not None:
        show = percent if test["figure"] == "accuracy" else number
        figure = f"{test['figure']} {show(test['value'])}{leaked}"
        span = "unknown" if test["low"] is None else f"{show(test['low'])} to {show(test['high'])}"
    return (
        entry["name"],
        entry["id"],
        entry["data"],
        entry["state"] + leaked,
        entry["chosen"] or "",
        figure,
        span,
        f"{entry['networks']:,}{more}",
        f"{trained:,}" if trained == planned and not more else f"{trained:,}/{planned:,}{more}",
        datetime.fromisoformat(entry["written"]).astimezone().strftime("%Y-%m-%d %H:%M"),
    )


def _legend(found: list[dict[str, Any]]) -> Iterator[str]:
    """What the cells leave open, as far as there are such cells."""
    if any(entry["test"] for entry in found):
        yield ""
        yield "95% interval: over seeds where there are several, otherwise over test rows"
    if any(entry["stages_planned"] < entry["stages"] for entry in found):
        yield "+: stages that are not reached yet bring more"
    if any(entry["leaked"] for entry in found):
        yield "LEAKED: chosen by the test rows themselves, so the figure does not tell of rows not seen"
