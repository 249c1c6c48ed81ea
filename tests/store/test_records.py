import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load, save

from justfit.errors import StoreError
from justfit.store.records import UNSTAMPED, read_record, record_in, require_unchanged, stamped, write_record

VALUES = {
    "spec": {"name": "wine", "losses": [0.1, 1e-300, None, "inf"]},
    "text": "0" * 64,
    "more": {"checksum": 1},
}


def test_what_is_written_is_read_and_the_file_is_plain_json_that_begins_with_format_and_checksum(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.json"
    write_record(path, 2, VALUES)
    assert read_record(path, 2) == VALUES
    assert list(json.loads(path.read_text())) == ["format", "checksum", *VALUES]


def test_the_checksum_is_what_any_program_finds_as_the_readme_says(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_record(path, 2, VALUES)
    content = path.read_bytes()
    checksum = json.loads(content)["checksum"]

    assert hashlib.sha256(content.replace(checksum.encode(), b"0" * 64)).hexdigest() == checksum


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("record") / "a.json"
    write_record(path, 2, VALUES)
    return path.read_bytes()


def test_each_single_changed_byte_is_found(written: bytes) -> None:
    for place in range(len(written)):
        for bit in range(8):
            changed = bytearray(written)
            changed[place] ^= 1 << bit
            with pytest.raises(StoreError, match=r"^a\.json"):
                record_in(Path("a.json"), bytes(changed), 2)


@settings(max_examples=50)
@given(st.data())
def test_whatever_is_cut_out_put_in_or_put_in_another_place_is_found(
    written: bytes, data: st.DataObject
) -> None:
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(written))] * 2)))
    changed = written[:begin] + data.draw(st.binary(max_size=5)) + written[end:]
    if changed != written:
        with pytest.raises(StoreError, match=r"^a\.json"):
            record_in(Path("a.json"), changed, 2)


def test_a_file_of_the_format_before_has_no_checksum_and_is_read() -> None:
    old = json.dumps({"format": 1, **VALUES}).encode()
    assert record_in(Path("a.json"), old, 2) == VALUES


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"format": 3}, "has format 3, and this justfit reads up to 2: upgrade justfit"),
        ({"format": 0}, "of format 0 where 2 was expected"),
        ({"format": True}, "of format True where 2"),
        ({"format": 1.0}, r"of format 1\.0 where 2"),
        ({}, "of format None where 2"),
        ({"format": 1, "checksum": "0" * 64}, "not as it was written"),
        ({"format": 2, "checksum": "0" * 64}, "not as it was written"),
        ({"format": 2, "checksum": 7}, "not as it was written"),
        ({"format": 2}, "not as it was written"),
    ],
)
def test_a_file_of_no_known_format_or_without_its_checksum_is_refused(
    content: dict[str, object], message: str
) -> None:
    with pytest.raises(StoreError, match=message):
        record_in(Path("a.json"), json.dumps(content).encode(), 2)


def test_each_single_changed_byte_of_tensors_is_found_and_those_of_before_are_read() -> None:
    tensors = {"outputs": np.arange(3, dtype=np.float32), "rows": np.arange(3)}
    require_unchanged(save(tensors))
    content = stamped(save(tensors, UNSTAMPED))
    require_unchanged(content)
    assert load(content).keys() == tensors.keys()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << (place % 8)
        with pytest.raises((SafetensorError, ValueError)):  # noqa: PT012 - as readers do
            load(bytes(changed))
            require_unchanged(bytes(changed))
