"""Rows that came as a stream, kept as a file, so that a study of them can be carried out again."""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from justfit.data.mapped import temporary_folder
from justfit.errors import DataError, StoreError
from justfit.store.files import make_folders, writing
from justfit.store.paths import upload_path

_DIGITS = 12


def keep_rows(stream: BinaryIO, store: Path, name: str) -> Path:
    """Read a stream to its end and keep it in a store; the same bytes under the same name have one file.

    Args:
        stream: its bytes, read once.
        store: the folder that holds the studies' folders.
        name: of the file.

    Returns:
        The absolute path of the file.

    Raises:
        DataError: there is nothing in it.
        StoreError: the disk is full, or the store may not be written.
    """
    digest = hashlib.sha256()
    try:
        with tempfile.TemporaryFile(dir=temporary_folder()) as aside:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
                aside.write(chunk)
            if not aside.tell():
                raise DataError(
                    f"{name} is empty: it has 0 bytes. Expected a header with the names of the columns, and "
                    "rows."
                )
            path = upload_path(store.absolute(), digest.hexdigest()[:_DIGITS], name)
            if not path.is_file():
                aside.seek(0)
                make_folders(path.parent)
                with writing(path) as out:
                    shutil.copyfileobj(aside, out)
    except OSError as error:
        raise StoreError(f"{name} cannot be kept, {error.strerror or error}: free some space.") from error
    return path
