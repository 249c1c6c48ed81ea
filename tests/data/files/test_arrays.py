import gzip
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from data.files.bad_inputs import written, zipped

from justfit.data.files import read_batches, read_frame
from justfit.data.files.arrays import npz_parts
from justfit.data.files.frame import shape_of
from justfit.errors import DataError

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def idx(values: np.ndarray, kind: int = 8) -> bytes:
    return (
        bytes([0, 0, kind, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()
    )


def test_idx_images_take_their_labels_from_the_file_beside(tmp_path: Path) -> None:
    images = written(tmp_path, "train-images-idx3-ubyte.gz", gzip.compress(idx(IMAGES)))
    written(tmp_path, "train-labels-idx1-ubyte.gz", gzip.compress(idx(np.array([7, 9], np.uint8))))
    frame = read_frame(images)
    assert frame.table.column("image").to_pylist() == IMAGES.reshape(2, -1).tolist()
    assert shape_of(frame.table.schema.field("image")) == (3, 4)
    assert frame.table.column("label").to_pylist() == [7, 9]


def test_idx_numbers_have_the_order_of_their_bytes_turned(tmp_path: Path) -> None:
    path = written(tmp_path, "values", idx(np.array([1, -2, 300], ">i4"), 0x0C))
    assert read_frame(path).table.to_pylist() == [{"label": 1}, {"label": -2}, {"label": 300}]


@pytest.mark.parametrize("data", [idx(IMAGES)[:-1], idx(IMAGES) + b"x", idx(IMAGES)[:9], idx(IMAGES)[:4]])
def test_idx_that_does_not_fit_its_header_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the header says shape"):
        read_frame(written(tmp_path, "images", data))


def test_labels_of_another_number_are_refused(tmp_path: Path) -> None:
    images = written(tmp_path, "images-idx3", idx(IMAGES))
    written(tmp_path, "labels-idx1", idx(np.array([1, 2, 3], np.uint8)))
    with pytest.raises(DataError, match="the same number of rows"):
        read_frame(images)


def test_npz_arrays_become_columns_and_test_rows_are_left(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=IMAGES, y_train=["a", "b"], x_test=IMAGES[:1], y_test=["a"])
    frame = read_frame(tmp_path / "a.npz")
    assert frame.table.column_names == ["x", "y"]
    assert shape_of(frame.table.schema.field("x")) == (3, 4)
    assert frame.table.column("y").to_pylist() == ["a", "b"]
    assert "x_test, y_test were not read" in frame.notes[0]


def test_npz_parts_are_those_with_the_arrays_of_the_training_rows(tmp_path: Path) -> None:
    train, few = {"x_train": IMAGES, "y_train": [1, 2]}, {"x_test": IMAGES[:1], "y_test": [2]}
    for arrays, parts in (
        (train, ()),
        (train | few, ("test",)),
        (train | {"x_test": IMAGES}, ()),
        (train | few | {"x_val": IMAGES, "y_val": [2, 1]}, ("test", "validation")),
        ({"x": IMAGES, "y": [1, 2], "valid_x": IMAGES, "valid_y": [1, 2]}, ("validation",)),
        (few, ()),
    ):
        np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
        assert npz_parts(tmp_path / "a.npz") == parts
    (tmp_path / "a.csv").write_text("a,b")
    assert npz_parts(tmp_path / "a.csv") == npz_parts(tmp_path) == npz_parts(tmp_path / "none") == ()


def test_a_part_of_npz_arrays_is_read_where_it_is_asked_for(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=IMAGES, y_train=[1, 2], x_test=IMAGES[1:], y_test=[7])
    (test,) = read_batches(tmp_path / "a.npz", part="test")
    assert test.table.column_names == ["x", "y"]
    assert test.table.column("y").to_pylist() == [7]
    assert test.notes == ("The test rows are x_test, y_test of a.npz.",)
    for part in ("train", "validation"):
        (other,) = read_batches(tmp_path / "a.npz", part=part)
        assert (other.table.column("y").to_pylist(), other.notes) == ([1, 2], ())
    np.savez(tmp_path / "b.npz", x_test=IMAGES, y_test=[5, 6])
    (test,) = read_batches(tmp_path / "b.npz", part="test")
    assert test.table.column("y").to_pylist() == [5, 6]
    np.savez(tmp_path / "c.npz", x_train=IMAGES, y_train=[1, 2], x_test=IMAGES)
    (train,) = read_batches(tmp_path / "c.npz", part="train")
    assert train.notes == ("x_test were not read, as they are rows kept aside.",)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_array_of_two_axes_gives_a_column_each(save: object, order: str, tmp_path: Path) -> None:
    values = np.asarray([[1.5, 2], [3, 4], [5, 6]], order=order)  # type: ignore[call-overload]
    save(tmp_path / "a.npz", X=values, y=[0, 1, 0])  # type: ignore[operator]
    np.save(tmp_path / "a.npy", values)
    frame = read_frame(tmp_path / "a.npz")
    assert frame.table.to_pydict() == {"X_1": [1.5, 3, 5], "X_2": [2, 4, 6], "y": [0, 1, 0]}
    assert read_frame(tmp_path / "a.npy").table.to_pydict() == {"x_1": [1.5, 3, 5], "x_2": [2, 4, 6]}


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_python_objects_are_refused_unread(name: str, tmp_path: Path) -> None:
    values = np.array([{"a": 1}, None], dtype=object)
    if name == "a.npy":
        np.save(tmp_path / name, values, allow_pickle=True)
    else:
        np.savez(tmp_path / name, x=values)
    with pytest.raises(DataError, match="Python objects as a pickle"):
        read_frame(tmp_path / name)


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"x": np.zeros((2, 3)), "y": np.zeros(3)}, r"x of shape \(2, 3\), y of shape \(3,\)"),
        ({"x": np.array(1)}, "the same number of rows"),
        ({"x": np.zeros((0, 3))}, "no rows"),
        ({"x_test": np.zeros(3)}, "expected x and y, or x_train and y_train"),
        ({"x": np.zeros(3, complex)}, "complex128, expected numbers"),
    ],
)
def test_arrays_that_make_no_table_are_refused(
    arrays: dict[str, np.ndarray], told: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=told):
        read_frame(tmp_path / "a.npz")


@pytest.mark.parametrize("shape", [(1 << 40,), (-1,), (3,)])
def test_npy_headers_that_lie_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f8", "fortran_order": False, "shape": shape})
    member = out.getvalue() + bytes(16)
    for path in (written(tmp_path, "a.npy", member), zipped(tmp_path, "a.npz", {"x.npy": member})):
        with pytest.raises(DataError, match="broken"):
            read_frame(path)


def test_the_real_digits_are_read(real_data: Path) -> None:
    frame = read_frame(real_data / "mnist.npz")
    assert len(frame) == 60_000
    assert shape_of(frame.table.schema.field("x")) == (28, 28)
