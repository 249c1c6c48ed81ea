"""`repair_store`: what a check has found put right where that loses nothing."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from justfit.errors import StoreError
from justfit.store.checking import Checked
from justfit.store.entries import read_entry
from justfit.store.files import is_left, make_folders, remove_left, told, write_bytes
from justfit.store.findings import Finding
from justfit.store.folders import study_folders
from justfit.store.index import listed, remove_index
from justfit.store.lock import held, holder_of
from justfit.store.paths import (
    StudyPaths,
    broken_folder,
    checkpoints_folder,
    index_path,
    looks_path,
    runs_folder,
)
from justfit.store.studies import read_study
from justfit.store.study_check import named_runs, torn_bytes
from justfit.store.system import lock


def repair_store(checked: Checked) -> tuple[str, ...]:
    """Put right what loses nothing, and leave all else as it is; check again to see what remains.

    A line that was cut off is removed after it was put into the folder ``broken`` of the store, a broken run
    goes there itself, so that it is trained again, and what dead writers left is removed. Studies that a
    process carries out, and their runs, are left alone.

    Args:
        checked: what was found.

    Returns:
        What was done, a sentence each.

    Raises:
        StoreError: the disk is full, or the store may not be written.
    """
    done: list[str] = []
    # A folder goes with what is in it, so longer paths first.
    for finding in sorted(checked.findings, key=lambda each: len(each.path.parts), reverse=True):
        done += _repaired(checked.store, finding)
    return tuple(done)


def _repaired(store: Path, finding: Finding) -> Iterator[str]:
    path = finding.path
    if path == looks_path(store) and finding.kind == "torn":
        yield from _without_torn_line(store, path)
    elif path.parent == runs_folder(store) and finding.kind == "broken":
        yield from _run_aside(store, path)
    elif path == index_path(store) and finding.kind == "broken":
        if remove_index(store):
            listed(study_folders(store), (), read_entry)
            yield f"made {path} anew from the files of all studies"
    elif path.parent.parent == checkpoints_folder(store) and finding.kind == "broken":
        yield f"moved {path} to {put_aside(store, path)}, so that its epochs are trained again"
    elif finding.kind in ("torn", "left"):
        yield from _tidied(store, path)


def _tidied(store: Path, path: Path) -> Iterator[str]:
    """What a process that is gone left: of a study while nobody else can carry it out."""
    folder = next(
        (each for each in (path.parent, path.parent.parent) if StudyPaths(each).study.is_file()), None
    )
    if folder is None or folder == store:
        yield from _removed(path)
        return
    paths = StudyPaths(folder)
    if holder_of(folder) is not None:
        return
    left = [each for each in (paths.lock, paths.stop) if each.exists()]
    with ExitStack() as stack:
        try:
            stack.enter_context(held(folder))  # which removes a lock and a request to stop at its end
        except StoreError:
            return  # somebody began to carry it out, or it may not be written: what was found is told again
        yield from _without_torn_line(store, path) if path == paths.live else _removed(path)
    yield from (f"removed {each}" for each in left if not each.exists())


def _removed(path: Path) -> Iterator[str]:
    if is_left(path, os.getpid()):
        with told(path, "removed"):
            remove_left(path)
        if not path.exists():
            yield f"removed {path}"


def _without_torn_line(store: Path, path: Path) -> Iterator[str]:
    """Cut a line that has no end, after it is kept; nobody adds one meanwhile."""
    with told(path, "written"), path.open("rb+") as file:
        lock(file, wait=True)
        torn = torn_bytes(path)
        if not torn:
            return
        size = file.seek(0, os.SEEK_END) - torn
        file.seek(size)
        kept = _free(store, f"{path.parent.name}-{path.name}" if path.parent != store else path.name)
        write_bytes(kept, file.read())
        file.truncate(size)
        file.flush()
        os.fsync(file.fileno())
    yield f"removed {torn:,} bytes without the end of a line from {path}, kept as {kept}"


def _run_aside(store: Path, path: Path) -> Iterator[str]:
    """Take a broken run out of use, unless a study that is carried out now has it."""
    for folder in study_folders(store):
        if holder_of(folder) is not None:
            try:
                names_it = path.stem in {run_id for run_id, _ in named_runs(read_study(folder))}
            except StoreError:
                names_it = True  # nobody knows
            if names_it:
                return
    yield f"moved {path} to {put_aside(store, path)}, so that it is trained again"


def put_aside(store: Path, path: Path) -> Path:
    """Take a file out of use: where it stands then. Raises `StoreError` where it may not be moved."""
    kept = _free(store, path.name)
    with told(path, "moved"):
        path.rename(kept)
    return kept


def _free(store: Path, name: str) -> Path:
    """A path for ``name`` among what is put out of use, where nothing stands yet."""
    folder = broken_folder(store)
    make_folders(folder)
    number, path = 1, folder / name
    while path.exists():
        number += 1
        path = folder / f"{number}-{name}"
    return path
