"""Messages: what is packed comes out again; what is cut off or changed is refused before it takes memory."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from justfit.engine.messages import packed, unpacked
from justfit.errors import EngineError

KINDS = st.sampled_from(["uint8", "int32", "int64", "float32"])
SOME = st.dictionaries(
    st.text(max_size=8),
    KINDS.flatmap(lambda kind: arrays_of.arrays(kind, arrays_of.array_shapes(min_side=0))),
)
PLAIN = st.dictionaries(
    st.text(max_size=8), st.integers() | st.floats(allow_nan=False) | st.text() | st.none()
)


@given(PLAIN, SOME)
def test_what_is_packed_comes_out_again(header: dict[str, object], arrays: dict[str, np.ndarray]) -> None:
    found, there = unpacked(packed(header, arrays))
    assert found == header
    assert there.keys() == arrays.keys()
    for name, array in arrays.items():
        assert there[name].dtype == array.dtype
        np.testing.assert_array_equal(there[name], array)


def test_arrays_lie_in_the_message_aligned_and_read_only() -> None:
    content = np.frombuffer(
        packed({}, {"a": np.ones(3, np.uint8), "b": np.ones((2, 3), np.float32)}), np.uint8
    )
    _, arrays = unpacked(content)
    for array in arrays.values():
        assert np.shares_memory(array, content)
        assert not array.flags.writeable
        assert (array.ctypes.data - content.ctypes.data) % 64 == 0


@given(st.integers(min_value=0))
def test_a_message_that_is_cut_off_is_refused(kept: int) -> None:
    whole = packed({"epoch": 3}, {"a": np.arange(5)})
    with pytest.raises(EngineError, match="cut off or changed"):
        unpacked(whole[: kept % len(whole)])


@pytest.mark.parametrize(
    "listed",
    [
        ["a", "float32", [2**60]],
        ["a", "float32", [-1]],
        ["a", "float32", [2**40, 2**40, 0.5]],
        ["a", "object", [1]],
        ["a", "float32", True],
        ["a"],
        7,
    ],
)
def test_an_array_that_cannot_be_there_is_refused(listed: object) -> None:
    header = json.dumps({"header": {}, "arrays": [listed]}).encode()
    with pytest.raises(EngineError, match="cut off or changed"):
        unpacked(len(header).to_bytes(8, "little") + header + bytes(64))


@pytest.mark.parametrize("told", [b"[]", b"{}", b'{"header": 3, "arrays": []}', b"\xff", b"[" * 100_000])
def test_a_header_that_is_none_is_refused(told: bytes) -> None:
    with pytest.raises(EngineError, match="cut off or changed"):
        unpacked(len(told).to_bytes(8, "little") + told)
