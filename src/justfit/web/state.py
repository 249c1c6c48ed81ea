"""`State`: what the pages show of a store, read when it is asked for and kept until its files change."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from justfit.errors import StoreError
from justfit.judge.studies import networks_of
from justfit.report.reported import Reported, reported_of
from justfit.store import StoredRun, StudyPaths, read_run, read_study, study_folders, trained_runs
from justfit.store.entries import read_from
from justfit.store.live_view import Live, read_live
from justfit.store.lock import Holder, holder_of
from justfit.store.paths import runs_folder

_JUDGED_EPOCHS = 250_000
"""Epochs of the studies that are kept with all their runs: some 100 MB."""

_SMALLEST = 5_000
"""Epochs for which a study counts beside its own, so that there are never more than fifty."""

_KEPT_LOGS = 8
_KEPT_NAMES = 5_000
"""Of studies that were carried out or have changed, as they come and go for as long as a server lives."""

_RUNS_EVERY = 1.0
"""Seconds between looks at which runs have ended: each costs a new judgement of the whole study."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """The last used of some values, as long as the sum of their sizes is small enough.

    >>> kept = Kept(2)
    >>> for number in range(3):
    ...     kept.put(number, str(number))
    >>> kept.get(0), kept.get(2)
    (None, '2')
    """

    def __init__(self, most: int) -> None:
        self._most, self._sum = most, 0
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        """The value; None where it is not kept."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: Key, value: Value, size: int = 1) -> None:
        """Keep a value, and let go of those that were not used for the longest time.

        One that is too large for itself is not kept, and the others stay.
        """
        with self._lock:
            self._sum -= self._values.pop(key, (value, 0))[1]
            if size > self._most:
                return
            self._sum += size
            self._values[key] = (value, size)
            while self._sum > self._most:
                self._sum -= self._values.popitem(last=False)[1][1]

    def let_go(self, key: Key) -> None:
        """Keep a value no longer, where it is kept."""
        with self._lock:
            self._sum -= self._values.pop(key, (None, 0))[1]


Times = tuple[object, ...]
"""What changes when a study changes."""


class State:
    """A store and what was read of it. Any number of threads may ask at the same time.

    Args:
        store: the folder that holds the studies' folders; it may not be there yet.
    """

    def __init__(self, store: Path) -> None:
        self.store = store
        self._looking, self._reading, self._judging = (threading.Lock() for _ in range(3))
        self._version = 1
        self._times: dict[str, Times] = {}
        self._changed: dict[str, int] = {}
        self._holders: Kept[str, object] = Kept(_KEPT_NAMES)
        self._runs_seen = (0.0, 0)
        self._by_study: list[Kept[str, Any]] = []
        self._lives: Kept[str, Live] = self.kept(_KEPT_LOGS)
        self._judged: Kept[str, tuple[Times, Reported]] = self.kept(_JUDGED_EPOCHS)
        self._trained: tuple[int, frozenset[str]] = (-1, frozenset())

    def kept(self, most: int) -> Kept[str, Any]:
        """Where values are kept by the name of a study's folder, until the study is removed."""
        kept = Kept[str, Any](most)
        self._by_study.append(kept)
        return kept

    def look(self) -> int:
        """Look at the times of all files; the version of what there is, which grows when anything changes.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._looking:
            runs = self._runs_time()
            found = {folder.name: _times(folder, runs) for folder in study_folders(self.store)}
            changed = [
                name for name in found.keys() | self._times.keys() if found.get(name) != self._times.get(name)
            ]
            if changed:
                self._note(changed)
            for name in self._times.keys() - found.keys():
                for kept in self._by_study:
                    kept.let_go(name)
            self._times = found
            for name, times in found.items():
                if times[-1] is not None:
                    self._holders.put(name, times[-1])
            return self._version

    def has_changed(self, name: str) -> None:
        """Say that a study goes on otherwise than its files tell, as where its process has just ended."""
        with self._looking:
            self._note([name])

    def _note(self, names: Iterable[str]) -> None:
        """Give a new version to studies that have changed; whoever asks is but some changes behind."""
        self._version += 1
        for name in names:
            self._changed.pop(name, None)  # so that the last stand last
            self._changed[name] = self._version
        for name in list(islice(self._changed, max(0, len(self._changed) - _KEPT_NAMES))):
            del self._changed[name]

    def changed_since(self, version: int) -> list[str]:
        """The studies that have changed after a version, by name."""
        with self._looking:
            return sorted(name for name, changed in self._changed.items() if changed > version)

    def names(self) -> list[str]:
        """The names of the studies' folders, as of the last look."""
        with self._looking:
            return list(self._times)

    def times(self, name: str) -> Times:
        """What changes when a study changes, as of the last look."""
        with self._looking:
            return self._times.get(name, ())

    def folder(self, name: str) -> Path | None:
        """The folder of a study of this name; None where there is none.

        No path is made of a name that is not one of a folder in the store.
        """
        return next((folder for folder in study_folders(self.store) if folder.name == name), None)

    def moved(self, name: str) -> str | None:
        """The study as which one goes on that is not there any more; None where none is known.

        A search goes on as a study of its own as soon as it has decided what that is to have.
        """
        with self._looking:
            holder = self._holders.get(name)
        if holder is None:
            return None
        folders = study_folders(self.store)
        return next((each.name for each in folders if _told(self.live(each).holder) == holder), None)

    def trained(self) -> frozenset[str]:
        """The ids of all trained runs."""
        with self._looking:
            when = self._runs_time()
            if self._trained[0] != when:
                self._trained = (when, trained_runs(self.store))
            return self._trained[1]

    def live(self, folder: Path) -> Live:
        """How a study goes on; an unread log tells nothing."""
        with self._reading:
            try:
                live = read_live(folder, self._lives.get(folder.name))
            except StoreError:
                return Live()
            self._lives.put(folder.name, live)
            return live

    def judged(self, folder: Path) -> Reported:
        """A study with its networks, their runs and how they stand.

        Raises:
            StoreError: a file of it is broken.
        """
        times = _times(folder, self._runs_time())[:4]
        kept = self._judged.get(folder.name)
        if kept is not None and kept[0] == times:
            return kept[1]
        with self._judging:
            kept = self._judged.get(folder.name)  # by another thread meanwhile
            if kept is not None and kept[0] == times:
                return kept[1]
            study = read_study(folder)
            known = _runs_of(kept)
            networks = networks_of(study, lambda store, run_id: known.get(run_id) or read_run(store, run_id))
            with read_from(folder):
                reported = reported_of(study, networks)
            epochs = sum(len(run.history) for network in networks.values() for run in network.runs)
            self._judged.put(folder.name, (times, reported), epochs + _SMALLEST)
            return reported

    def _runs_time(self) -> int:
        """When a run was last added, as of at most a second ago."""
        now = time.monotonic()
        if now >= self._runs_seen[0] + _RUNS_EVERY:
            self._runs_seen = (now, _time(runs_folder(self.store))[0])
        return self._runs_seen[1]


def _runs_of(kept: tuple[Times, Reported] | None) -> dict[str, StoredRun]:
    """The runs of a study as it was judged before: while it goes on, most stay."""
    networks = kept[1].networks.values() if kept else ()
    return {run.id: run for network in networks for run in network.runs}


def _times(folder: Path, runs: int) -> Times:
    paths = StudyPaths(folder)
    result = _time(paths.result)
    return (
        _time(paths.study),
        _time(paths.stages),
        result,
        # Runs of other studies come, too, but a study that is done needs no more.
        0 if result != _NONE else runs,
        _time(paths.live),
        # A process can vanish without a change of any file.
        None if _time(paths.lock) == _NONE else _told(holder_of(folder)),
    )


def _told(holder: Holder | None) -> object:
    """What tells a process from all others of this machine."""
    return None if holder is None else (holder.machine, holder.process, holder.process_start)


_NONE = (0, 0, 0)


def _time(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return _NONE
    return status.st_mtime_ns, status.st_size, status.st_ino
