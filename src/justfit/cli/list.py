"""``justfit list``: every study in the store."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from justfit.cli.screen import cell, say, say_json, say_table
from justfit.cli.studies import JsonOption, StoreOption
from justfit.errors import StoreError
from justfit.machine import DEFAULT_STORE
from justfit.words import number, percent


def list_studies(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """List the studies in the store, the last written first."""
    from justfit.store import read_looks, study_folders, trained_runs
    from justfit.store.index import listed

    found: list[dict[str, Any]] = []
    broken = []
    folders = study_folders(store) if store.exists() else []
    for folder, entry in listed(folders, trained_runs(store), _entry):
        if isinstance(entry, StoreError):
            broken.append({"folder": str(folder), "error": str(entry)})
        else:
            found.append(entry)
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


def _entry(folder: Path) -> dict[str, Any]:
    """Of a study that the index does not know. Reading takes NumPy along, which a list need not wait for."""
    from justfit.store.entries import read_entry

    return read_entry(folder)


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
