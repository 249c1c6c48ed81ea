"""The header of an array in the ``.npy`` format, from a file that nobody vouches for."""

import tokenize
import warnings
from typing import IO, Any

import numpy as np

BROKEN_HEADER = (OSError, EOFError, ValueError, SyntaxError, TypeError, OverflowError, tokenize.TokenError)
"""What `read_npy_header` raises of a broken one."""


def read_npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether the first axis varies fastest, and type of the values that follow in a stream.

    Raises:
        Exception: one of `BROKEN_HEADER`, where it is none, or of another version.
    """
    version = np.lib.format.read_magic(stream)
    if version not in {(1, 0), (2, 0)}:
        found = ".".join(map(str, version))
        raise ValueError(f"version {found} of the npy format where 1.0 or 2.0 was expected")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    with warnings.catch_warnings(action="ignore"):  # of headers that Python 2 wrote
        shape, fortran_order, dtype = read(stream)
    if any(axis < 0 for axis in shape):
        raise ValueError(f"shape {shape}")
    return shape, fortran_order, dtype
