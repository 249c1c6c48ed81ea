#!/usr/bin/env python3
"""Fuzz the readers of files with atheris (pip install atheris), which no test needs.

    scripts/fuzz/readers.py [corpus folder] [-max_total_time=600]

The first byte of an input chooses the file's name, and so the reader where content leaves a doubt.
Whatever is neither a frame that holds together nor a `DataError` in one line is kept as crash-*.
"""

import sys
import tempfile
from pathlib import Path

import atheris

from justfit.data.files import read_frame
from justfit.errors import DataError

NAMES = ("a.csv", "a.tsv", "a.txt", "a.jsonl", "a.json", "a.parquet", "a.xlsx", "a.npz", "a.gz", "a")
FOLDER = Path(tempfile.mkdtemp())


def read_one(data: bytes) -> None:
    """Read one input as a file."""
    if not data:
        return
    path = FOLDER / NAMES[data[0] % len(NAMES)]
    path.write_bytes(data[1:])
    try:
        frame = read_frame(path)
    except DataError as error:
        if "\n" in str(error):
            raise AssertionError(f"a message of several lines: {error}") from error
        return
    frame.table.validate(full=True)
    if len(frame) != frame.table.num_rows:
        raise AssertionError(f"{len(frame)} numbers for {frame.table.num_rows} rows")


if __name__ == "__main__":
    atheris.instrument_all()  # whoever imported it: an editable install has an importer of its own
    atheris.Setup(sys.argv, read_one)
    atheris.Fuzz()
