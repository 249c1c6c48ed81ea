"""Which rows of which split train and validate, kept so that what comes later compares on the same rows."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from justfit.data.dataset import Split
from justfit.spec import Protocol, digest, plain
from justfit.store.files import broken, make_folders, read_bytes
from justfit.store.paths import splits_path
from justfit.store.records import UNSTAMPED, require_unchanged, write_stamped

_BYTES_A_ROW = 8
_HEADER = 2**10
_HEADER_A_SPLIT = 2**8


def splits_key(fingerprint: str, protocol: Protocol) -> str:
    """The name of the splits of a protocol on the data set with this fingerprint."""
    return digest({"fingerprint": fingerprint, "protocol": plain(protocol)})[:12]


def write_splits(store: Path, key: str, splits: tuple[Split, ...]) -> None:
    """Keep splits in which rows train and validate.

    Raises:
        StoreError: the disk is full or the folder may not be written.
    """
    tensors = {}
    for number, split in enumerate(splits, start=1):
        tensors[f"train_{number}"] = split.train.astype(np.int64, copy=False)
        tensors[f"validation_{number}"] = split.validation.astype(np.int64, copy=False)
    path = splits_path(store, key)
    make_folders(path.parent)
    write_stamped(path, save(tensors, UNSTAMPED))


def read_splits(store: Path, key: str, protocol: Protocol, rows: int) -> tuple[Split, ...] | None:
    """Splits of ``rows`` training rows that were kept; None where there are none.

    Raises:
        StoreError: the file is cut off or changed.
    """
    path = splits_path(store, key)
    if not path.is_file():
        return None
    content = read_bytes(path, _HEADER + protocol.splits * (_HEADER_A_SPLIT + _BYTES_A_ROW * rows))
    return splits_of(path, content, protocol.splits, rows)


def splits_of(path: Path, content: bytes, count: int, rows: int) -> tuple[Split, ...]:
    """The ``count`` splits of ``rows`` training rows in the content of a file; ``path`` is for messages.

    Raises:
        StoreError: it is cut off or changed.
    """
    try:
        tensors = load(content)
        require_unchanged(content)
        found = tuple(_split(tensors, number, rows) for number in range(1, count + 1))
    except (SafetensorError, KeyError, ValueError) as error:
        raise broken(path, f"not {count} splits of {rows} rows ({error})") from error
    if len(tensors) != 2 * count:
        raise broken(path, f"a file of {len(tensors)} tensors where {2 * count} were expected")
    return found


def _split(tensors: dict[str, npt.NDArray[np.generic]], number: int, rows: int) -> Split:
    """One split of ``rows`` rows, checked; raises ValueError or KeyError where it cannot be."""
    parts: list[npt.NDArray[np.intp]] = []
    for name in (f"train_{number}", f"validation_{number}"):
        part = tensors[name]
        if part.dtype != np.int64 or part.ndim != 1 or not len(part) or (np.diff(part) <= 0).any():
            raise ValueError(f"{name}: expected row numbers (int64) that rise")
        if part[0] < 0 or part[-1] >= rows:
            raise ValueError(f"{name}: expected rows from 0 to {rows - 1}")
        parts.append(part.astype(np.intp))
    train, validation = parts
    if len(np.intersect1d(train, validation, assume_unique=True)):
        raise ValueError(f"train_{number} and validation_{number} have rows in common")
    return Split(train, validation)
