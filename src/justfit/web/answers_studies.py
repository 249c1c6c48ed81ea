"""What the list of studies tells."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from justfit.errors import StoreError
from justfit.store import study_folders
from justfit.store.entries import read_entry
from justfit.store.index import listed
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
        self._kept: Kept[str, tuple[Times, Mapping[str, Any]]] = state.kept(_KEPT)

    def answer(self, errors: Mapping[str, str]) -> dict[str, Any]:
        """The list, the last written first.

        Args:
            errors: of studies that were started here and failed, by the folder's name.

        Raises:
            StoreError: the store cannot be read.
        """
        version, trained = self._state.look(), self._state.trained()
        found, broken = [], []
        known = {folder: self._known(folder) for folder in study_folders(self._state.store)}
        read = dict(listed([each for each, entry in known.items() if entry is None], trained, read_entry))
        for folder, entry in known.items():
            whole = read.get(folder)
            if isinstance(whole, StoreError):
                if folder.exists():  # or it was removed while the list was made
                    broken.append({"folder": folder.name, "error": str(whole)})
            else:
                found.append(dict(entry or self._entry(folder, whole or {})))
        for entry in found:
            if entry["state"] in ("unfinished", "failed") and entry["study"] in errors:
                entry |= {"state": "failed", "error": errors[entry["study"]]}
        found.sort(key=lambda entry: (entry["written"], entry["study"]), reverse=True)
        return {"store": str(self._state.store), "studies": found, "broken": broken, "version": version}

    def _known(self, folder: Path) -> Mapping[str, Any] | None:
        """What is told of a study that has not changed since; None of any other."""
        kept = self._kept.get(folder.name)
        return kept[1] if kept is not None and kept[0] == self._state.times(folder.name) else None

    def _entry(self, folder: Path, whole: Mapping[str, Any]) -> Mapping[str, Any]:
        times = self._state.times(folder.name)
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
