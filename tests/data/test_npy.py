"""What is said of arrays whose header is broken or of another version."""

import io

import numpy as np
import pytest

from justfit.data.npy import BROKEN_HEADER, read_npy_header


def saved(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def test_a_header_says_shape_order_and_type_and_the_values_follow() -> None:
    values = np.asfortranarray(np.arange(6, dtype="<i2").reshape(2, 3))
    stream = io.BytesIO(saved(values))
    assert read_npy_header(stream) == ((2, 3), True, np.dtype("<i2"))
    assert stream.read() == values.tobytes(order="F")


def test_a_header_that_python_2_wrote_is_read_without_a_warning() -> None:
    content = saved(np.arange(6, dtype="<i2")).replace(b"(6,), ", b"(6L,),")
    assert read_npy_header(io.BytesIO(content))[0] == (6,)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no array", "magic"),
        (saved(np.arange(6)).replace(b"(6,), ", b"(-6,),"), r"shape \(-6,\)"),
        (b"\x93NUMPY\x03\x00" + saved(np.arange(6))[8:], "version 3.0 .* 1.0 or 2.0 was expected"),
        (saved(np.arange(6))[:40], "EOF"),
        (saved(np.arange(6)).replace(b"'<i8'", b"'<i8("), "header"),
    ],
)
def test_a_broken_header_raises_one_of_the_errors_that_are_named(content: bytes, message: str) -> None:
    with pytest.raises(BROKEN_HEADER, match=message):
        read_npy_header(io.BytesIO(content))
