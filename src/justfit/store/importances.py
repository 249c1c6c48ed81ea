"""How much each searched setting mattered, kept beside a study: ``importances.json``."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from justfit.spec.checks import is_text
from justfit.store.files import broken
from justfit.store.paths import StudyPaths
from justfit.store.records import read_record, write_record

FORMAT = 2
"""Of a study's importances."""


@dataclass(frozen=True)
class Importances:
    """Shares of settings, and how they were found."""

    evaluator: str
    """Its name and where it is from."""
    trials: int
    """That it looked at."""
    shares: Mapping[str, float]
    """By setting, from 0 to 1; together 1."""


def write_importances(folder: Path, found: Importances) -> None:
    """Keep importances with a study, where they are not those that are kept already.

    Raises:
        StoreError: the disk is full, or the folder may not be written.
    """
    path = StudyPaths(folder).importances
    if path.is_file() and read_importances(folder) == found:
        return
    write_record(path, FORMAT, {**vars(found), "shares": dict(found.shares)})


def read_importances(folder: Path) -> Importances | None:
    """The importances kept with a study; None where there are none.

    Raises:
        StoreError: the file is cut off, changed or too new.
    """
    path = StudyPaths(folder).importances
    if not path.is_file():
        return None
    content = read_record(path, FORMAT)
    shares = content.get("shares")
    if (
        content.keys() != {"evaluator", "trials", "shares"}
        or not is_text(content["evaluator"])
        or type(content["trials"]) is not int
        or not isinstance(shares, dict)
        or not all(isinstance(share, int | float) and 0 <= share <= 1 for share in shares.values())
    ):
        raise broken(path, "not importances (expected evaluator, trials, and shares from 0 to 1)")
    return Importances(content["evaluator"], content["trials"], shares)
