"""A header of plain values and arrays as one block of bytes: what processes tell each other and keep.

Eight bytes with the header's length, the header as JSON, then the arrays one after another, each from a
multiple of 64 bytes on. Reading it executes nothing, and looks at every length before it takes memory.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.errors import EngineError

Array = npt.NDArray[Any]
Content = bytes | bytearray | memoryview | npt.NDArray[np.uint8]

_ALIGNED = 64
_HEADER_LIMIT = 1 << 28
"""Bytes of a header: a thousand members with a thousand epochs each take a quarter of it."""

_KINDS = ("uint8", "int32", "int64", "float32")


def packed(header: Mapping[str, Any], arrays: Mapping[str, Array] | None = None) -> bytes:
    """The message of ``header`` and ``arrays``, whose names are texts.

    >>> header, arrays = unpacked(packed({"epoch": 3}, {"kernel": np.ones((2, 2), np.float32)}))
    >>> header["epoch"], arrays["kernel"].tolist()
    (3, [[1.0, 1.0], [1.0, 1.0]])
    """
    return b"".join(parts_of(header, arrays or {}))


def parts_of(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Iterator[bytes | memoryview]:
    """The message piece by piece, without a copy of what is large."""
    listed = [[name, str(array.dtype), list(array.shape)] for name, array in arrays.items()]
    told = json.dumps({"header": header, "arrays": listed}, separators=(",", ":")).encode()
    yield len(told).to_bytes(8, "little") + told
    size = 8 + len(told)
    for array in arrays.values():
        yield bytes(-size % _ALIGNED)
        if array.size:
            yield np.ascontiguousarray(array).reshape(-1).data.cast("B")
        size += -size % _ALIGNED + array.nbytes


def unpacked(content: Content) -> tuple[dict[str, Any], dict[str, Array]]:
    """The header and the arrays of a message, which are read-only and lie in it.

    Raises:
        EngineError: it is cut off, or no such message.
    """
    view = memoryview(content.data if isinstance(content, np.ndarray) else content)
    try:
        length = int.from_bytes(view[:8], "little")
        require(8 + length <= len(view) and length <= _HEADER_LIMIT, f"a header of {length} bytes")
        told = json.loads(bytes(view[8 : 8 + length]))
        arrays, size = {}, 8 + length
        for name, kind, shape in told["arrays"]:
            arrays[str(name)], size = _array(view, size, kind, shape)
        require(size == len(view), f"{len(view)} bytes where {size} were expected")
        header: dict[str, Any] = dict(told["header"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise EngineError(f"A message of the engine is cut off or changed: {error}.") from error
    return header, arrays


def _array(view: memoryview, size: int, kind: Any, shape: Any) -> tuple[Array, int]:
    """The array that stands behind the first ``size`` bytes, and where it ends."""
    require(
        kind in _KINDS and all(type(axis) is int and axis >= 0 for axis in shape),
        f"an array of {kind} {shape}",
    )
    start = size + -size % _ALIGNED
    end = start + math.prod(shape) * np.dtype(kind).itemsize
    require(end <= len(view), f"{len(view)} bytes where an array up to {end} was expected")
    array = np.frombuffer(view[start:end], kind).reshape(shape)
    array.flags.writeable = False
    return array, end


def require(holds: bool, found: str) -> None:
    """Raise `ValueError` with what was ``found`` unless something holds."""
    if not holds:
        raise ValueError(f"found {found}")
