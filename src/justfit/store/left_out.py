"""The rows of one's own files that a study could not use, so that none is dropped silently."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from justfit.store.files import write_bytes
from justfit.store.paths import StudyPaths

if TYPE_CHECKING:  # which loads Arrow
    from justfit.data.user_dataset import LeftOut


def write_left_out(folder: Path, rows: Sequence["LeftOut"]) -> Path | None:
    """Write a line a row to a study's folder: file, row and reason; nothing where there is no row.

    Raises:
        StoreError: the disk is full or the folder may not be written.
    """
    if not rows:
        return None
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "row", "reason"))
    writer.writerows((each.source, each.row, each.reason) for each in rows)
    path = StudyPaths(folder).left_out
    write_bytes(path, text.getvalue().encode())
    return path
