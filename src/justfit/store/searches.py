"""Searches: a folder like a study's, which gives way to that of the study that it comes to."""

from collections.abc import Mapping
from pathlib import Path

from justfit.spec import Study, digest, plain
from justfit.spec.study_file import write_studies
from justfit.store.files import make_folders, require_writable, write_bytes
from justfit.store.paths import StudyPaths, study_folder
from justfit.store.records import write_record
from justfit.store.studies import FORMAT


def search_folder(store: Path, name: str, question: object) -> Path:
    """Where in ``store`` an automatic search belongs.

    Args:
        store: the folder that holds the studies' folders.
        name: of the study that it will come to.
        question: all that decides what is searched, as plain values.
    """
    return study_folder(store, name, digest(question)[:12])


def begin_search(folder: Path, asked: Study | None = None) -> None:
    """Make the folder of a search, with the study file that it was ``asked`` by, if any.

    Raises:
        StoreError: the disk is full or the folder may not be written.
    """
    require_writable(folder)
    make_folders(folder)
    if asked is not None:
        write_bytes(StudyPaths(folder).file, write_studies((asked,)).encode())


def write_search(folder: Path, study: Study, search: Mapping[str, object]) -> None:
    """Keep what is decided so far of the study that a search will come to.

    It is in no study file, which would repeat a part only.

    Args:
        folder: of the search.
        study: what is decided so far.
        search: how it was asked for, as `StoredStudy.search` has it.

    Raises:
        StoreError: the disk is full or the folder may not be written.
    """
    values = {"spec": plain(study), "search": dict(search)}
    write_record(StudyPaths(folder).study, FORMAT, values)
