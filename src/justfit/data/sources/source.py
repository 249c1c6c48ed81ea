"""`Source`: a named data set that justfit knows how to get; and what sources share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.data.cache import PublishedFile
from justfit.data.dataset import Dataset, Part, Sealed, fingerprint
from justfit.data.splits import splits
from justfit.errors import DataError
from justfit.spec import HoldOut, Task

_SEALED = HoldOut(how="stratified", size=0.2, seed=0)


@dataclass(frozen=True)
class Source:
    """A data set by name: what it is, where it comes from, and how to load it."""

    name: str
    about: str
    """One line: rows, labels, and what is to be learned."""
    task: str
    license: str
    """Whose it is, and on what terms."""
    needs: str
    """What must be there or be downloaded."""
    load: Callable[[], Dataset]
    files: tuple[PublishedFile, ...] = ()
    """What `load` reads, for whoever wants to see the download's progress first."""


def seal_fifth(rows: Part, task: Task) -> tuple[Part, Sealed, str]:
    """Training part, sealed part and fingerprint of data that is published without test rows.

    A fifth, always the same rows, is sealed; classes keep their shares in it, regression rows are
    only shuffled.
    """
    (parts,) = splits(_SEALED, rows.labels, task)
    train, test = rows.take(parts.train), rows.take(parts.validation)
    return (
        train,
        Sealed(len(test), lambda: test, lambda: test.raw),
        fingerprint(train, sealed=fingerprint(test, sealed="")),
    )


SEALED_NOTE = "The publisher names no test rows: a fifth of the rows was sealed, with a fixed seed."


def require_classes(where: str, labels: npt.NDArray[Any], classes: int) -> None:
    """Checks that read labels are whole numbers from 0 up to ``classes``; ``where`` begins the message.

    Raises:
        DataError: they are not, with the row.
    """
    if labels.dtype.kind not in "iu":
        raise DataError(f"{where} holds {labels.dtype}, expected whole numbers from 0 to {classes - 1}.")
    if (wrong := (labels < 0) | (labels >= classes)).any():
        row = int(np.argmax(wrong))
        raise DataError(f"{where}, row {row}: expected a class from 0 to {classes - 1}, got {labels[row]}.")
