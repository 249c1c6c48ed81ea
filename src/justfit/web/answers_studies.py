"""What the list of studies tells."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from justfit.errors import StoreError
from justfit.judge.studies import entry_of
from justfit.store import read_study, study_folders
from justfit.store.live_view import Live
from justfit.web.state import Kept, State, Times

_KEPT = 5_000

VANISHED = "The process that carried it out has vanished: resume it."

_OF_ENTRY = (
    *("name", "id", "data", "leaked", "networks", "runs_trained", "runs_planned", "chosen", "test"),
    "written",
)


class Studies:
    """All studies of a store as the list shows them; one that has not changed is not read again."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._kept: Kept[str, tuple[Times, Mapping[str, Any]]] = Kept(_KEPT)

    def answer(self, errors: Mapping[str, str]) -> dict[str, Any]:
        """The list, the last written first.

        Args:
            errors: of studies that were started here and failed, by the folder's name.

        Raises:
            StoreError: the store cannot be read.
        """
        version, trained = self._state.look(), self._state.trained()
        found, broken = [], []
        for folder in study_folders(self._state.store):
            try:
                found.append(dict(self._entry(folder, trained)))
            except StoreError as error:
                broken.append({"folder": folder.name, "error": str(error)})
        for entry in found:
            if entry["state"] in ("unfinished", "failed") and entry["study"] in errors:
                entry |= {"state": "failed", "error": errors[entry["study"]]}
        found.sort(key=lambda entry: (entry["written"], entry["study"]), reverse=True)
        return {"store": str(self._state.store), "studies": found, "broken": broken, "version": version}

    def _entry(self, folder: Path, trained: frozenset[str]) -> Mapping[str, Any]:
        times = self._state.times(folder.name)
        kept = self._kept.get(folder.name)
        if kept is not None and kept[0] == times:
            return kept[1]
        whole = entry_of(read_study(folder), trained)
        live = Live() if whole["state"] == "done" else self._state.live(folder)
        test = whole["test"]
        entry = {
            "study": folder.name,
            **{key: whole[key] for key in _OF_ENTRY},
            "test": test and {key: test[key] for key in ("figure", "value", "low", "high", "seeds")},
            **going(whole["state"], live),
        }
        self._kept.put(folder.name, (times, entry))
        return entry


def going(stored: str, live: Live) -> dict[str, Any]:
    """Whether a study runs, how far it is, and why it does not go on.

    Args:
        stored: ``done`` or ``unfinished``, by its files.
        live: what its log tells.
    """
    running = live.state == "running"
    failed = live.state == "failed" and stored != "done"
    state = "running" if running else "failed" if failed else stored
    error = live.error if failed else VANISHED if live.state == "dead" and stored != "done" else None
    return {
        "state": state,
        "progress": 1.0 if state == "done" else live.progress,
        "seconds_left": live.seconds_left if running else None,
        "error": error,
    }
