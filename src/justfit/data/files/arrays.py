"""Arrays in ``.npy``, ``.npz`` and IDX files, without ever loading a pickle."""

import io
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from justfit.data.files.archives import BROKEN, check_members, unpacked
from justfit.data.files.frame import Frame, array_columns, numbered
from justfit.data.files.told import excerpt, first_line
from justfit.data.npy import BROKEN_HEADER, read_npy_header
from justfit.errors import DataError

BROKEN_ARRAY = (*BROKEN, *BROKEN_HEADER, MemoryError)
"""What reading an array raises that is broken or made to harm."""
_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_ASIDE = {"test": "test", "val": "validation", "valid": "validation", "validation": "validation"}
"""Words in the names of arrays, and the parts that those are."""


def is_idx(head: bytes) -> bool:
    """Whether a file begins as IDX files do: two zeros, a type of number, and how many axes.

    >>> is_idx(bytes([0, 0, 8, 3]))
    True
    """
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in _IDX_TYPES and 1 <= head[3] <= 4


def read_idx(stream: io.BufferedReader, path: Path) -> Iterator[Frame]:
    """The array in an IDX file as column ``image`` or ``label``; for images also the labels in the file
    named alike.

    Raises:
        DataError: the array does not fit its header, or there are not as many labels as images.
    """
    values = _idx(stream, str(path))
    if values.ndim == 1:
        yield _frame({"label": values}, str(path))
        return
    arrays = {"image": values}
    notes: tuple[str, ...] = ()
    beside = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    if beside != path and beside.is_file():
        with unpacked(beside) as contents:
            if not is_idx(contents.stream.peek(4)):
                raise DataError(f"{beside}: expected the labels of {path.name} in IDX form.")
            arrays["label"] = _idx(contents.stream, str(beside))
        notes = (f"Labels are those of {beside.name}.",)
    yield _frame(arrays, str(path), notes)


def read_npy(path: Path) -> Iterator[Frame]:
    """The one array in a ``.npy`` file; mapped into memory, not loaded.

    Raises:
        DataError: it is broken, holds Python objects, or has no rows.
    """
    try:
        with path.open("rb") as stream:
            shape, fortran_order, dtype = array_header(stream, str(path))
            start = stream.tell()
        order: Literal["F", "C"] = "F" if fortran_order else "C"
        values = np.memmap(path, dtype, "r", start, shape, order)
    except BROKEN_ARRAY as error:
        raise DataError(f"{path} is broken: {first_line(error)}. Get or make it again.") from error
    yield _frame({"x": values}, str(path))


def npz_parts(path: Path) -> tuple[str, ...]:
    """The parts that a ``.npz`` file has the same arrays for as for training; none of any other file."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except BROKEN_ARRAY:
        return ()
    return _whole_parts([name.removesuffix(".npy") for name in names if name.endswith(".npy")])


def read_npz(path: Path, part: str | None = None) -> Iterator[Frame]:
    """The arrays of a ``.npz`` file side by side; of those named for training and testing, the training ones.

    ``x_train`` and ``train_x`` become ``x``. An array of two axes gives a column for each of its own,
    ``x_1``, ``x_2``.

    Args:
        path: of the file.
        part: ``test`` or ``validation`` to read the arrays named so, where there are some.

    Raises:
        DataError: it is broken, holds Python objects, or arrays with different numbers of rows.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            check_members(str(path), archive)
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            wanted = "train" if part is None or not _of_part(names, part) else part
            own = _of_part(names, wanted)
            taken = {_plain_name(name): name for name in own}
            if len(taken) < len(own) or not taken:
                raise DataError(
                    f"{path} holds {excerpt(', '.join(names))}: expected x and y, or x_train and y_train."
                )
            arrays = {plain: _member(archive, name, f"{path}: {name}") for plain, name in taken.items()}
    except BROKEN_ARRAY as error:
        raise DataError(f"{path} is broken: {first_line(error)}. Get or make it again.") from error
    if wanted != "train":
        yield _frame(arrays, str(path), (f"The {wanted} rows are {', '.join(own)} of {path.name}.",))
        return
    read_too = () if part is None else _whole_parts(names)
    aside = ", ".join(name for name in names if name not in own and _part(name) not in read_too)
    yield _frame(
        arrays, str(path), (f"{aside} were not read, as they are rows kept aside.",) if aside else ()
    )


def _frame(arrays: dict[str, npt.NDArray[Any]], where: str, notes: tuple[str, ...] = ()) -> Frame:
    shapes = ", ".join(f"{name} of shape {values.shape}" for name, values in arrays.items())
    if any(values.ndim == 0 for values in arrays.values()) or len({len(v) for v in arrays.values()}) > 1:
        raise DataError(f"{where} holds {shapes}: expected the same number of rows in each.")
    if not len(next(iter(arrays.values()))):
        raise DataError(f"{where} has no rows.")
    return numbered(array_columns(arrays, where), where, notes=notes)


def _member(archive: zipfile.ZipFile, name: str, where: str) -> npt.NDArray[Any]:
    with archive.open(f"{name}.npy") as stream:
        shape, fortran_order, dtype = array_header(stream, where)
        data = stream.read(math.prod(shape) * dtype.itemsize)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran_order else "C")


def array_header(stream: IO[bytes], where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether the first axis varies fastest, and type of the numbers that follow in a ``.npy`` file.

    Raises:
        DataError: it holds Python objects.
        Exception: one of `BROKEN_ARRAY`, where it is no such file.
    """
    shape, fortran_order, dtype = read_npy_header(stream)
    if dtype.hasobject:
        raise DataError(
            f"{where} holds Python objects as a pickle, which can run code when it is read; justfit reads "
            "none. Save numbers, or texts as an array of strings."
        )
    return shape, fortran_order, dtype


def _idx(stream: io.BufferedReader, where: str) -> npt.NDArray[Any]:
    start = stream.read(4)
    axes = stream.read(4 * start[3])
    shape = tuple(int(axis) for axis in np.frombuffer(axes[: len(axes) // 4 * 4], ">u4"))
    dtype = np.dtype(_IDX_TYPES[start[2]])
    expected = math.prod(shape) * dtype.itemsize
    data = bytearray()
    while len(data) <= expected and (piece := stream.read(1 << 20)):
        data += piece
    if len(shape) != start[3] or len(data) != expected:
        found = f"more than {expected:,}" if len(data) > expected else f"{len(data):,}"
        raise DataError(
            f"{where}: the header says shape {shape}, which takes {expected:,} bytes; {found} follow. Get "
            "it again."
        )
    return np.frombuffer(data, dtype).reshape(shape)


def _part(name: str) -> str:
    """The part that an array belongs to by its name."""
    return next((_ASIDE[word] for word in name.lower().split("_") if word in _ASIDE), "train")


def _of_part(names: list[str], part: str) -> list[str]:
    return [name for name in names if _part(name) == part]


def _whole_parts(names: list[str]) -> tuple[str, ...]:
    """The parts besides training rows that have an array for each of the training rows' and no other."""
    wanted = sorted(map(_plain_name, _of_part(names, "train")))
    if not wanted:
        return ()
    parts = sorted(set(_ASIDE.values()))
    return tuple(part for part in parts if sorted(map(_plain_name, _of_part(names, part))) == wanted)


def _plain_name(name: str) -> str:
    words = name.split("_")
    return "_".join(word for word in words if word.lower() != "train" and word.lower() not in _ASIDE) or name
