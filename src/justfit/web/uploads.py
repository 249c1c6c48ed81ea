"""Files that were sent: kept apart under names of our own, as many as there is room for."""

import os
import re
import secrets
import shutil
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from justfit.errors import StoreError
from justfit.store.files import make_folders, remove_folder, told, writing
from justfit.store.paths import upload_path
from justfit.web.requests import Refused
from justfit.web.security import FILE

MOST = 20
"""Files that are kept at the same time; the oldest goes first."""

SUFFIXES = (
    *(".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow", ".feather", ".xlsx"),
    *(".npy", ".npz", ".csv.gz", ".tsv.gz", ".jsonl.gz", ".csv.zip"),
)
"""Endings that are kept, as they help to tell what a file is; a file with another has none."""


@dataclass(frozen=True)
class Upload:
    """A file that was sent."""

    id: str
    name: str
    """As it was called where it came from, to be shown and for nothing else."""
    path: Path


class Uploads:
    """The files of one server, in a folder that only its user may enter and that goes with the server."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._kept: OrderedDict[str, Upload] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, name: str, file: BinaryIO) -> Upload:
        """Keep a file until the server ends, or newer ones need its room.

        Args:
            name: as it is called where it comes from.
            file: open, at its beginning.

        Raises:
            Refused: it is too large.
            StoreError: there is no room on the disk.
        """
        if file.seek(0, os.SEEK_END) > FILE:
            raise Refused(f"A file may have {FILE // 2**20} MB: send a smaller one.", 413)
        file.seek(0)
        upload_id = secrets.token_hex(8)
        folder = self._root() / upload_id
        make_folders(folder)
        path = folder / own_name(name)
        try:
            with writing(path) as out:
                shutil.copyfileobj(file, out)
        except BaseException:
            remove_folder(folder)
            raise
        upload = Upload(upload_id, name[:200], path)
        with self._lock:
            self._kept[upload_id] = upload
            old = [self._kept.popitem(last=False)[1] for _ in range(len(self._kept) - MOST)]
        for each in old:
            remove_folder(each.path.parent)
        return upload

    def find(self, upload_id: str) -> Upload:
        """The file of an id; raises `Refused` where there is none any more."""
        with self._lock:
            if upload_id not in self._kept:
                raise Refused(f'There is no file "{upload_id[:50]}" any more: send it again.', 404)
            self._kept.move_to_end(upload_id)
            return self._kept[upload_id]

    def keep_in(self, store: Path, upload: Upload) -> Path:
        """Keep a file in a store, too, where a study of it can be carried out again.

        Raises:
            StoreError: there is no room on the disk.
        """
        path = upload_path(store.absolute(), upload.id, upload.path.name)
        make_folders(path.parent)
        with told(upload.path, "read"), upload.path.open("rb") as file, writing(path) as out:
            shutil.copyfileobj(file, out)
        return path

    def forget(self, upload: Upload) -> None:
        """Remove a file that is not needed any more."""
        with self._lock:
            if self._kept.pop(upload.id, None) is None:
                return
        remove_folder(upload.path.parent)

    def close(self) -> None:
        """Remove all of them."""
        with self._lock:
            self._kept.clear()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def _root(self) -> Path:
        with self._lock:
            if self._folder is None:
                try:
                    self._folder = tempfile.TemporaryDirectory(prefix="justfit-")
                except OSError as error:
                    raise StoreError(f"No file can be kept, {error.strerror}: free some space.") from error
            return Path(self._folder.name)


def own_name(name: str) -> str:
    """A name for a file that comes under another one: letters, digits and a known ending, nothing else.

    >>> own_name("../../etc/My reviews (2).CSV"), own_name("..")
    ('My_reviews_2.csv', 'rows')
    """
    last = re.split(r"[/\\\\]", name)[-1]
    suffix = max((end for end in SUFFIXES if last.lower().endswith(end)), key=len, default="")
    stem = re.sub(r"[^A-Za-z0-9]+", "_", last[: len(last) - len(suffix)]).strip("_")[:40]
    return (stem or "rows") + suffix
