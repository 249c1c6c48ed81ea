import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from justfit.data.dataset import Split
from justfit.data.splits import splits
from justfit.errors import StoreError
from justfit.spec import HoldOut, KFold, Protocol, task_named
from justfit.store import read_splits, splits_key, write_splits
from justfit.store.paths import splits_path

LABELS = np.array([0, 1] * 6)
KEY = "0123456789ab"
TWO = KFold(2, "in_order")


def of(protocol: Protocol) -> tuple[Split, ...]:
    return splits(protocol, LABELS, task_named("binary"), np.arange(12) // 2)


PROTOCOLS = st.builds(
    HoldOut,
    how=st.sampled_from(["first", "last", "stratified"]),
    size=st.integers(2, 6),
    train=st.none() | st.integers(1, 5),
) | st.builds(
    KFold, st.integers(2, 5), st.sampled_from(["stratified", "shuffled", "grouped"]), st.integers(1, 40)
)


@given(PROTOCOLS)
@settings(max_examples=40)
def test_splits_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, protocol: Protocol
) -> None:
    store, made = tmp_path_factory.mktemp("store"), of(protocol)
    write_splits(store, KEY, made)
    found = read_splits(store, KEY, protocol, len(LABELS))
    assert found is not None
    for one, other in zip(found, made, strict=True):
        np.testing.assert_array_equal(one.train, other.train)
        np.testing.assert_array_equal(one.validation, other.validation)
        assert one.train.dtype == one.validation.dtype == np.intp


def test_splits_that_were_not_kept_are_none(tmp_path: Path) -> None:
    assert read_splits(tmp_path, KEY, TWO, 12) is None


def test_the_key_follows_from_the_rows_and_the_whole_protocol() -> None:
    protocols = [
        KFold(4),
        KFold(4, "shuffled"),
        KFold(4, seed=1),
        KFold(4, repeats=2),
        HoldOut(),
        HoldOut(train=9),
    ]
    keys = [splits_key("0" * 16, protocol) for protocol in protocols] + [splits_key("1" * 16, KFold(4))]
    assert len(set(keys)) == 7
    assert splits_key("0" * 16, KFold(4)) == keys[0]
    assert all(len(key) == 12 and int(key, 16) >= 0 for key in keys)


def changed(**tensors: np.ndarray | None) -> Callable[[bytes], bytes]:
    """A change of the file: these tensors in place of its own, or without them."""

    def change(content: bytes) -> bytes:
        both = {**load(content), **tensors}
        return save({name: tensor for name, tensor in both.items() if tensor is not None})

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: b"", "not 2 splits of 12 rows"),
        (lambda content: content[:-8], "not 2 splits of 12 rows"),
        (lambda content: content + bytes(2000), "longer than the 1,728 bytes expected"),
        (changed(train_2=None), "train_2"),
        (changed(train_3=np.array([0])), "a file of 5 tensors where 4 were expected"),
        (changed(train_1=np.array([6, 7, 12])), "train_1: expected rows from 0 to 11"),
        (changed(train_1=np.array([-1, 7])), "train_1: expected rows from 0 to 11"),
        (changed(train_1=np.array([5, 6])), "train_1 and validation_1 have rows in common"),
        (changed(validation_2=np.array([7, 6])), "validation_2: expected row numbers"),
        (changed(validation_2=np.array([7, 7])), "validation_2: expected row numbers"),
        (changed(validation_2=np.array([], np.int64)), "validation_2: expected row numbers"),
        (changed(validation_2=np.array([6.0])), "validation_2: expected row numbers"),
        (changed(validation_2=np.array([[6]])), "validation_2: expected row numbers"),
    ],
)
def test_splits_that_were_cut_off_or_changed_are_refused(
    tmp_path: Path, change: Callable[[bytes], bytes], message: str
) -> None:
    write_splits(tmp_path, KEY, of(TWO))
    path = splits_path(tmp_path, KEY)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(StoreError, match=message) as caught:
        read_splits(tmp_path, KEY, TWO, len(LABELS))
    assert str(caught.value).endswith(f"Remove {path} and run the study again.")


def test_splits_of_another_protocol_or_number_of_rows_are_refused(tmp_path: Path) -> None:
    write_splits(tmp_path, KEY, of(TWO))
    for protocol, rows in ((KFold(3, "in_order"), 12), (HoldOut("first", 6), 12), (TWO, 11)):
        with pytest.raises(StoreError, match=f"{KEY}.safetensors is"):
            read_splits(tmp_path, KEY, protocol, rows)


def test_reading_a_store_does_not_load_scikit_learn() -> None:
    code = "import sys, justfit.store; sys.exit('sklearn' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
