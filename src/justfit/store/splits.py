"""Which rows of which split train and validate, kept so that whatever comes later compares on the same rows."""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from justfit.data.splits import Split
from justfit.spec import Protocol, digest, plain
from justfit.store.files import broken, make_folders, read_bytes, write_bytes
from justfit.store.paths import splits_path

_MOST_BYTES_A_ROW = 2 * 8
_HEADER = 2**20


def splits_key(fingerprint: str, protocol: Protocol) -> str:
    """The name of the splits of a protocol on the data set with this fingerprint."""
    return digest({"fingerprint": fingerprint, "protocol": plain(protocol)})[:12]


def write_splits(store: Path, key: str, splits: tuple[Split, ...]) -> None:
    """Keep splits; raises `StoreError` where the disk is full or the folder may not be written."""
    tensors = {}
    for number, split in enumerate(splits, start=1):
        tensors[f"train_{number}"] = split.train.astype(np.int64)
        tensors[f"validation_{number}"] = split.validation.astype(np.int64)
    path = splits_path(store, key)
    make_folders(path.parent)
    write_bytes(path, save(tensors))


def read_splits(store: Path, key: str, protocol: Protocol, rows: int) -> tuple[Split, ...] | None:
    """Splits of ``rows`` training rows that were kept; None where there are none.

    Raises:
        StoreError: the file is cut off or changed.
    """
    path = splits_path(store, key)
    if not path.is_file():
        return None
    content = read_bytes(path, _HEADER + protocol.splits * _MOST_BYTES_A_ROW * rows)
    try:
        tensors = load(content)
        found = []
        for number in range(1, protocol.splits + 1):
            train, validation = tensors[f"train_{number}"], tensors[f"validation_{number}"]
            both = np.concatenate((train, validation))
            if both.dtype != np.int64 or len(np.unique(both)) != len(both) or not len(train):
                raise ValueError("rows of another type, or in both parts")
            if both.min() < 0 or both.max() >= rows:
                raise ValueError(f"rows outside [0, {rows})")
            found.append(Split(train.astype(np.intp), validation.astype(np.intp)))
    except (SafetensorError, KeyError, ValueError) as error:
        raise broken(path, f"no splits of {rows} rows ({error})") from error
    return tuple(found)
