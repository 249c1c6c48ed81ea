"""A table or a study file in standard input, where ``-`` stands for its name."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from justfit.errors import SpecError
from justfit.spec import Study

STANDARD_INPUT = "-"

_NAME = "standard_input"
"""Of the file that holds what came in, and so of a study of it."""


def kept_rows(target: str | None, store: Path) -> str:
    """The file in the store that has standard input from now on, as a study's rows must be found again.

    Raises:
        SpecError: as `require_target`.
        DataError: nothing comes in.
        StoreError: it cannot be kept.
    """
    require_target(target)
    return str(_kept(store))


def require_target(target: str | None) -> None:
    """Raise `SpecError` where no column to learn is given, so that standard input may not be a table."""
    if target is None:
        raise SpecError(
            "Standard input is taken as a table here: give the column to learn, as --target NAME. A study "
            "file is run by its name."
        )


@contextmanager
def rows_at(what: str) -> Iterator[str]:
    """``what`` itself, or for ``-`` a file with the table of standard input, which is gone afterwards."""
    if what != STANDARD_INPUT:
        yield what
        return
    with tempfile.TemporaryDirectory(prefix="justfit-") as folder:
        yield str(_kept(Path(folder)))


def _kept(folder: Path) -> Path:
    from justfit.store.kept_rows import keep_rows

    return keep_rows(sys.stdin.buffer, folder, _NAME)


def studies_at(file: Path) -> tuple[Study, ...]:
    """The studies of a file, or for ``-`` of standard input; raises `StudyFileError` as `read_studies`."""
    from justfit.spec.study_file import FILE_LIMIT, read_studies, studies_of

    if str(file) != STANDARD_INPUT:
        return read_studies(file)
    return studies_of(sys.stdin.buffer.read(FILE_LIMIT + 1), "study", file_told(file))


def file_told(file: Path) -> str:
    """What messages call a study file."""
    return "standard input" if str(file) == STANDARD_INPUT else str(file)
