"""What the chosen network says of the rows that validated it, kept in the study's folder."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from justfit.store.files import broken, read_bytes
from justfit.store.paths import StudyPaths
from justfit.store.records import UNSTAMPED, require_unchanged, write_stamped

_LIMIT = 2**31
"""Bytes that are read."""

Rows = npt.NDArray[np.intp]
Float32 = npt.NDArray[np.float32]


def write_validation(folder: Path, rows: Rows, outputs: Float32) -> None:
    """Keep the outputs for training rows that validated.

    Args:
        folder: of the study.
        rows: their numbers, rising.
        outputs: ``[rows, outputs]``: probabilities, or values in the labels' units.

    Raises:
        StoreError: the disk is full or the folder may not be written.
    """
    tensors: dict[str, npt.NDArray[Any]] = {
        "rows": rows.astype(np.int64),
        "outputs": np.ascontiguousarray(outputs),
    }
    write_stamped(StudyPaths(folder).validation, save(tensors, UNSTAMPED))


def read_validation(folder: Path) -> tuple[Rows, Float32] | None:
    """What `write_validation` kept; None where there is nothing.

    Raises:
        StoreError: the file is cut off or changed.
    """
    path = StudyPaths(folder).validation
    if not path.is_file():
        return None
    try:
        content = read_bytes(path, _LIMIT)
        tensors = load(content)
        require_unchanged(content)
        return _checked(tensors)
    except (SafetensorError, KeyError, ValueError) as error:
        raise broken(path, f"not outputs for validation rows ({error})") from error


def _checked(tensors: dict[str, npt.NDArray[Any]]) -> tuple[Rows, Float32]:
    """Rows and outputs; raises ValueError or KeyError where they cannot be."""
    rows, outputs = tensors.pop("rows"), tensors.pop("outputs")
    if tensors or rows.dtype != np.int64 or rows.ndim != 1 or (np.diff(rows, prepend=-1) <= 0).any():
        raise ValueError("rows: expected rising numbers (int64)")
    if outputs.dtype != np.float32 or outputs.ndim != 2 or len(outputs) != len(rows):
        raise ValueError("outputs: expected float32 with a line for each row")
    if not np.isfinite(outputs).all():
        raise ValueError("outputs: expected finite numbers")
    return rows.astype(np.intp), outputs
