import io
import operator
import os
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from justfit.data import unpickle
from justfit.data.unpickle import read_array, read_header, read_lists
from justfit.errors import DataError

LISTS = [[1, 2, 300], [], [70_000]]


def npy(shape: tuple[int, ...], payload: bytes, descr: str = "|O") -> bytes:
    """A member of a .npz file, with any header over any payload."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": descr, "fortran_order": False, "shape": shape})
    return out.getvalue() + payload


def npz(folder: Path, compression: int = zipfile.ZIP_DEFLATED, **members: bytes) -> Path:
    path = folder / "made.npz"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path


def lists_array(rows: list[Any]) -> np.ndarray:
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


def pickled(rows: list[Any], protocol: int = 4) -> bytes:
    return npy((len(rows),), pickle.dumps(lists_array(rows), protocol=protocol))


class Reduced:
    """Pickles as a call of any function, as hostile files have it."""

    def __init__(self, *call: object) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_lists_come_out_as_they_went_in(tmp_path: Path, protocol: int) -> None:
    ids, ends = read_lists(npz(tmp_path, x=pickled(LISTS, protocol)), "x")
    assert ids.tolist() == [1, 2, 300, 70_000]
    assert ends.tolist() == [0, 3, 3, 4]
    assert (ids.dtype, ends.dtype) == (np.int32, np.int64)


def test_files_of_numpy_itself_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    table = np.arange(6, dtype=np.uint8).reshape(2, 3)
    np.savez_compressed(path, x=lists_array(LISTS), y=np.asfortranarray(table), empty=np.zeros((0, 2)))
    assert read_lists(path, "x")[1].tolist() == [0, 3, 3, 4]
    np.testing.assert_array_equal(read_array(path, "y"), table)
    assert read_array(path, "empty").shape == (0, 2)
    assert (read_header(path, "y").shape, read_header(path, "y").dtype) == ((2, 3), np.uint8)


def test_files_of_numpy_1_are_read(tmp_path: Path) -> None:
    old = pickled(LISTS, 3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert read_lists(npz(tmp_path, x=old), "x")[0].tolist() == [1, 2, 300, 70_000]


def test_the_identity_of_a_member_changes_with_its_contents(tmp_path: Path) -> None:
    seen = set()
    for values in ([1, 2], [1, 3]):
        np.savez(tmp_path / "a.npz", y=np.array(values))
        seen.add(read_header(tmp_path / "a.npz", "y").identity)
    assert len(seen) == 2


@pytest.mark.parametrize(
    "call",
    [
        (os.system, "touch {}"),
        (eval, "open('{}', 'w')"),
        (exec, "open('{}', 'w')"),
        (open, "{}", "w"),
        (getattr, "x", "upper"),
        (operator.attrgetter, "__class__"),
        (np.load, "{}"),
        (np.zeros, 10**12),
    ],
)
def test_a_hostile_pickle_is_refused_by_name_and_nothing_of_it_runs(
    tmp_path: Path, call: tuple[Any, ...]
) -> None:
    trace = tmp_path / "ran"
    arguments = [argument.format(trace) if isinstance(argument, str) else argument for argument in call[1:]]
    hostile = Reduced(call[0], *arguments)
    asked = re.escape(f"{call[0].__module__}.{call[0].__name__}")
    for payload in (hostile, [hostile], lists_array([[1], hostile])):
        path = npz(tmp_path, x=npy((2,), pickle.dumps(payload, protocol=4)))
        with pytest.raises(DataError, match=rf"made\.npz: x asks for {asked}, which data has no need of"):
            read_lists(path, "x")
    assert not trace.exists()


def test_a_hostile_pickle_in_the_oldest_form_is_refused(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    path = npz(tmp_path, x=npy((1,), f"cos\nsystem\n(S'touch {trace}'\ntR.".encode()))
    with pytest.raises(DataError, match=r"asks for os\.system"):
        read_lists(path, "x")
    assert not trace.exists()


def test_admitted_names_do_nothing_whatever_they_are_given(tmp_path: Path) -> None:
    huge = Reduced(np._core.multiarray._reconstruct, np.ndarray, (10**12,), b"d")
    for payload in (huge, Reduced(np.ndarray, (10**12,)), Reduced(np.dtype, "O8"), [[1]], 7, None):
        path = npz(tmp_path, x=npy((1,), pickle.dumps(payload)))
        with pytest.raises(DataError, match="x is not a pickled array of 1 lists"):
            read_lists(path, "x")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1], (2,)], "not a pickled array of 2 lists"),
        ([[1], [2.5]], "row 1: expected integers of 32 bits"),
        ([[1], ["2"]], "row 1: expected integers of 32 bits"),
        ([[1], [[2]]], "row 1: expected integers of 32 bits"),
        ([[1], [2**31]], "row 1: expected integers of 32 bits"),
    ],
)
def test_anything_but_lists_of_integers_is_refused_with_the_row(
    tmp_path: Path, rows: list[Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_lists(npz(tmp_path, x=pickled(rows)), "x")


def test_one_list_named_many_times_over_does_not_fill_the_memory(tmp_path: Path) -> None:
    long = [1] * 1_000
    with pytest.raises(DataError, match="unfolds to 1000000 integers"):
        read_lists(npz(tmp_path, x=pickled([long] * 1_000)), "x")


def test_a_pickle_that_ends_early_is_refused(tmp_path: Path) -> None:
    data = pickled(LISTS)
    for end in (len(data) - 1, len(data) - 20, 130):
        with pytest.raises(DataError, match="x is not a pickled array of lists"):
            read_lists(npz(tmp_path, x=data[:end]), "x")


def test_a_false_shape_is_refused_before_anything_is_made_of_it(tmp_path: Path) -> None:
    path = npz(tmp_path, x=npy((10**12,), pickled(LISTS)[128:]), y=npy((10**12, 10**6), b"\0" * 8, "<f8"))
    with pytest.raises(DataError, match="not a pickled array of 1000000000000 lists"):
        read_lists(path, "x")
    for read in (read_array, read_header):
        with pytest.raises(DataError, match=r"y says it is float64 of shape \(1000000000000, 1000000\)"):
            read(path, "y")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|u1', 'shape': (2",
        "{'descr': '|u1'}",
        "{'descr': '|u1', 1: 2}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, -2)}",
        "  1\n 2",
        "(" * 9000,
        "#" * 20_000,
    ],
)
def test_a_header_that_cannot_be_is_refused_in_one_line(tmp_path: Path, header: str) -> None:
    content = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode() + b"\0\1"
    for read in (read_header, read_array, read_lists):
        with pytest.raises(DataError, match="y cannot be read") as caught:
            read(npz(tmp_path, y=content), "y")
        assert "\n" not in str(caught.value)


def test_a_member_larger_than_the_limit_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = npz(tmp_path, x=pickled(LISTS), y=npy((300,), b"\0" * 300, "|u1"))
    monkeypatch.setattr(unpickle, "MAX_BYTES", 400)
    assert len(read_lists(path, "x")[0]) == 4
    with pytest.raises(DataError, match=r"y\.npy says it has 428 bytes; at most 400 are read"):
        read_array(path, "y")


def test_objects_are_no_numbers_and_numbers_no_lists(tmp_path: Path) -> None:
    path = npz(tmp_path, x=pickled(LISTS), y=npy((2,), b"\0\1", "|u1"), s=npy((1,), b"ab", "|S2"))
    with pytest.raises(DataError, match="x holds object, expected numbers"):
        read_array(path, "x")
    with pytest.raises(DataError, match=r"s holds \|S2, expected numbers"):
        read_array(path, "s")
    with pytest.raises(DataError, match=r"y is uint8 of shape \(2,\), expected a row of lists"):
        read_lists(path, "y")


def test_a_member_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no x_train\.npy; it has x\.npy, y\.npy"):
        read_array(npz(tmp_path, x=b"", y=b""), "x_train")


def test_a_file_that_is_no_npz_or_is_damaged_is_named_with_the_remedy(tmp_path: Path) -> None:
    whole = npz(tmp_path, zipfile.ZIP_STORED, x=pickled(LISTS), y=npy((2,), b"\0\1", "|u1"))
    data = whole.read_bytes()
    flipped = bytearray(data)
    flipped[data.index(b"\x93NUMPY", 40) + 129] ^= 1  # in the payload of y
    broken = {
        "text": b"not a zip",
        "empty": b"",
        "cut": data[: len(data) // 2],
        "flipped": bytes(flipped),
        "version": data.replace(b"\x93NUMPY\x01", b"\x93NUMPY\x09"),
        "no_npy": data.replace(b"\x93NUMPY", b"\x93BUMPY"),
    }
    for name, content in broken.items():
        path = tmp_path / f"{name}.npz"
        path.write_bytes(content)
        with pytest.raises(DataError, match=rf"{name}\.npz: y cannot be read .* Delete it and get it again"):
            read_array(path, "y")
    with pytest.raises(DataError, match="No such file"):
        read_array(tmp_path / "missing.npz", "y")


def test_compression_that_npz_files_do_not_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="compressed in a way"):
        read_array(npz(tmp_path, zipfile.ZIP_LZMA, y=npy((2,), b"\0\1", "|u1")), "y")
