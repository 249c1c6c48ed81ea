"""`check_store`: every file of a store read as its readers do, and what is wrong told. Nothing is written."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load

from justfit.errors import StoreError
from justfit.machine import MOST_SHARE, memory
from justfit.spec import digest
from justfit.store import runs
from justfit.store.checkpoints import checkpoint_files, read_checkpoint
from justfit.store.files import broken, is_left, read_bytes, told
from justfit.store.findings import Finding, read_into
from justfit.store.index import wrong_in_index
from justfit.store.looks import read_looks
from justfit.store.paths import (
    StudyPaths,
    broken_folder,
    index_path,
    looks_path,
    run_path,
    runs_folder,
    splits_folder,
    upload_path,
    uploads_folder,
)
from justfit.store.splits import splits_of
from justfit.store.stored_study import StoredStudy
from justfit.store.study_check import StudyFound, check_study, named_runs, torn_bytes
from justfit.store.system import lock

_OF_A_STUDY = re.compile(r".+-[0-9a-f]{12}", re.ASCII | re.DOTALL)
_OF_A_RUN = re.compile(r"([0-9a-f]{12})\.json", re.ASCII)
_OF_SPLITS = re.compile(r"([0-9a-f]{12})\.safetensors", re.ASCII)
_OF_BYTES = re.compile(r"[0-9a-f]{12}", re.ASCII)
"""The folder of an upload that is named by the hash of its bytes; those of the pages have longer names."""


@dataclass(frozen=True)
class Checked:
    """What a check of a store has read and found."""

    store: Path
    read: Mapping[str, int]
    """How many ``studies``, ``runs``, ``splits``, ``looks`` and ``uploads``."""
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What is wrong."""
        return tuple(each for each in self.findings if each.is_fault)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What is only left over."""
        return tuple(each for each in self.findings if not each.is_fault)


@dataclass
class _Seen:
    """What is read so far."""

    store: Path
    findings: list[Finding] = field(default_factory=list)
    runs: dict[str, str] = field(default_factory=dict)
    """The key of a run's splits by its id; an empty one where it needs none."""
    splits: dict[str, bool] = field(default_factory=dict)
    """By key whether each row stands in each split, to train or to validate."""
    studies: list[StudyFound] = field(default_factory=list)


def check_store(store: Path) -> Checked:
    """Read every file of a store, and say what is wrong or left over.

    Runs are read one by one and not kept. What another process writes meanwhile is no fault.

    Args:
        store: the folder that holds the studies' folders.

    Raises:
        StoreError: it is no folder, or cannot be read.
    """
    with told(store, "read"):
        entries = sorted(store.iterdir())
    seen = _Seen(store)
    # Runs first: a study that is begun meanwhile names what was there before it.
    listed = _names(runs_folder(store), _OF_A_RUN)
    for run_id in listed:
        _check_run(seen, run_id)
    for folder in entries:
        found: list[Finding] = []
        study = read_into(found, folder, lambda folder=folder: _study_at(folder))  # type: ignore[misc]
        if study is not None:
            seen.studies.append(study)
            found += study.findings
        seen.findings += [each for each in found if os.path.lexists(folder)]  # or it was removed meanwhile
    named = {run_id for study in _readable(seen) for run_id, _ in named_runs(study)}
    is_live = any(found.is_live for found in seen.studies)
    if not is_live:  # which names what it has trained in the end
        seen.findings += _unused_runs(store, listed, named)
    count = Counter(studies=len(seen.studies), runs=len(listed))
    count["splits"] = _check_splits(seen, named, is_live=is_live)
    count["looks"] = _check_looks(seen)
    count["uploads"] = _check_uploads(seen, is_live=is_live)
    for path in checkpoint_files(store):
        found = []
        read_into(found, path, lambda path=path: read_checkpoint(path))  # type: ignore[misc]
        seen.findings += [each for each in found if path.exists()]  # or its cohort has ended meanwhile
    _check_index(seen)
    seen.findings += _left_aside(store)
    return Checked(store, dict(count), tuple(sorted(seen.findings, key=lambda each: str(each.path))))


def _study_at(folder: Path) -> StudyFound | None:
    """A study's folder as it was found; None for anything else. Raises `StoreError` if it may not be read."""
    with told(folder, "read"):
        is_study = StudyPaths(folder).study.is_file() or _OF_A_STUDY.fullmatch(folder.name)
        return check_study(folder) if folder.name[0] != "." and folder.is_dir() and is_study else None


def _readable(seen: _Seen) -> Iterator[StoredStudy]:
    return (found.study for found in seen.studies if found.study is not None)


def _names(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    """What ``pattern`` captures of the names in a folder, in order; nothing where there is no folder."""
    if not folder.is_dir():
        return []
    with told(folder, "read"), os.scandir(folder) as entries:
        return sorted(match[1] for entry in entries if (match := pattern.fullmatch(entry.name)))


def _check_run(seen: _Seen, run_id: str) -> None:
    path = run_path(seen.store, run_id)
    found: list[Finding] = []
    run = read_into(found, path, lambda: runs.read_run(seen.store, run_id), runs.FORMAT)
    seen.findings += [each for each in found if path.exists()]  # or it was removed meanwhile
    if run is None:
        return
    protocol = run.spec.get("protocol")
    if not isinstance(protocol, dict) or protocol.get("name") not in ("hold_out", "k_fold"):
        seen.runs[run_id] = ""
        return
    # As `splits_key` has it, of a protocol that is not made again here.
    noun = {"format": run.spec.get("format"), **protocol}
    key = digest({"fingerprint": run.spec.get("fingerprint"), "protocol": noun})[:12]
    seen.runs[run_id] = key
    seen.splits[key] = protocol.get("train") is None and protocol.get("how") != "time"


def _unused_runs(store: Path, listed: list[str], named: set[str]) -> Iterator[Finding]:
    for run_id in listed:
        if run_id not in named:
            path = run_path(store, run_id)
            yield Finding(
                path,
                "unused",
                f"{path} is named by no study: it is of one that was removed or has not ended, and is "
                "used again where the same run is asked for.",
            )


def _check_splits(seen: _Seen, named: set[str], *, is_live: bool) -> int:
    folder = splits_folder(seen.store)
    keys = _names(folder, _OF_SPLITS)
    for key in keys:
        path = folder / f"{key}.safetensors"
        read_into(seen.findings, path, lambda path=path, key=key: _require_splits(seen, path, key))  # type: ignore[misc]
        if key not in seen.splits and not is_live:
            message = f"{path} is of no stored run: it is used again where its rows are split so again."
            seen.findings.append(Finding(path, "unused", message))
    for key in sorted({seen.runs.get(run_id, "") for run_id in named} - {"", *keys}):
        path = folder / f"{key}.safetensors"
        if not path.exists():
            message = (
                f"{path} is missing, and runs of studies were trained on its splits: put it back, or run the "
                "study again, which splits the rows anew."
            )
            seen.findings.append(Finding(path, "missing", message))
    return len(keys)


def _require_splits(seen: _Seen, path: Path, key: str) -> None:
    """Raise `StoreError` where a file is not what `write_splits` writes."""
    content = read_bytes(path, int(MOST_SHARE * memory()))
    try:
        sizes = {name: len(numbers) for name, numbers in load(content).items()}
        rows = sizes["train_1"] + sizes["validation_1"]
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise broken(path, f"not splits of rows ({error})") from error
    # Otherwise some rows stand in no split, and how many there are is not known.
    splits_of(path, content, len(sizes) // 2, rows if seen.splits.get(key) else 2**62)


def _check_looks(seen: _Seen) -> int:
    path = looks_path(seen.store)
    found = read_into(seen.findings, path, lambda: read_looks(seen.store)) or ()
    if path.is_file():
        torn = read_into(seen.findings, path, lambda: _torn_look(path))
        if torn:
            message = (
                f"{path} ends with {torn:,} bytes of a line that was cut off: expected the end of a line. It "
                "counts as no look; justfit store check --repair removes it."
            )
            seen.findings.append(Finding(path, "torn", message))
    if any(each.path == path for each in seen.findings if each.kind != "torn"):
        return len(found)
    logged = {look.study for look in found}
    changed = {each.path for each in seen.findings if each.is_fault}
    for study in _readable(seen):
        is_itself = study.search is None and StudyPaths(study.folder).study not in changed
        if is_itself and study.result and study.result.get("looks") and study.id not in logged:
            message = (
                f"{path} lacks the look of {study.folder.name}, which opened test rows: put the log back, "
                "as it alone tells how often they were opened."
            )
            seen.findings.append(Finding(path, "missing", message))
    return len(found)


def _torn_look(path: Path) -> int:
    """Bytes of a line that was cut off; one that is being written is waited for."""
    if not torn_bytes(path):
        return 0
    with told(path, "read"), path.open("rb") as file:
        with suppress(OSError):  # where there are no locks, nobody can be waited for
            lock(file, wait=True)
        return torn_bytes(path)


def _check_uploads(seen: _Seen, *, is_live: bool) -> int:
    folder = uploads_folder(seen.store)
    named = {}
    for study in _readable(seen):
        for given in _files_of(study):
            if given.parent.parent.name == folder.name:
                kept = upload_path(seen.store, given.parent.name, given.name)
                named[kept] = study
                if not any(map(os.path.exists, (kept, given))):
                    message = (
                        f"{kept} is missing, and {study.folder.name} was run on it: put it back, or its "
                        "study cannot be carried on, nor its mistakes be found."
                    )
                    seen.findings.append(Finding(kept, "missing", message))
    count = 0
    with told(folder, "read"):
        files = sorted(folder.glob("*/*")) if folder.is_dir() else []
    for path in files:
        if path.name[0] == "." or not path.is_file():
            continue
        count += 1
        if _OF_BYTES.fullmatch(path.parent.name):
            read_into(seen.findings, path, lambda path=path: _require_bytes(path))  # type: ignore[misc]
        if path not in named and not is_live:
            message = f"{path} is named by no study: remove it where nobody runs one on it again."
            seen.findings.append(Finding(path, "unused", message))
    return count


def _check_index(seen: _Seen) -> None:
    path = index_path(seen.store)
    wrong = read_into(seen.findings, path, lambda: wrong_in_index(seen.store))
    if wrong and (wrong := wrong_in_index(seen.store)):  # or it was being written
        message = (
            f"{path} is damaged ({wrong}): nothing is lost, as it is made of the other files. Remove it, or "
            "let justfit store check --repair make it anew."
        )
        seen.findings.append(Finding(path, "broken", message))


def _files_of(study: StoredStudy) -> Iterator[Path]:
    data = study.spec.get("data")
    files: Any = data.get("files") if isinstance(data, dict) else None
    for key in ("train", "validation", "test"):
        if isinstance(files, dict) and isinstance(files.get(key), str):
            yield Path(files[key])


def _require_bytes(path: Path) -> None:
    """Raise `StoreError` where a file is not that of the hash that its folder is named by."""
    with told(path, "read"), path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()[: len(path.parent.name)]
    if found != path.parent.name:
        raise StoreError(
            f"{path} has the hash {found}, where its folder is named for {path.parent.name}: it was cut "
            "off or changed. Give the rows again."
        )


def _left_aside(store: Path) -> Iterator[Finding]:
    """What dead writers set aside in any folder of the store."""
    for folder, folders, files in os.walk(store):
        for name in (*folders, *files):
            path = Path(folder, name)
            if is_left(path, os.getpid()):
                message = (
                    f"{path} was left aside by a process that is gone: the next one that writes there "
                    "removes it, or justfit store check --repair."
                )
                yield Finding(path, "left", message)
        # What was set aside is told as a whole, and what was put out of use is nobody's.
        folders[:] = [
            name for name in folders if name[0] != "." and Path(folder, name) != broken_folder(store)
        ]
