from pathlib import Path

import numpy as np
import pytest

from justfit.data import fit_preparation
from justfit.data.sources import load_dataset
from justfit.errors import DataError


def write(folder: Path, **changes: np.ndarray) -> None:
    images = np.arange(20 * 784).reshape(20, 28, 28).astype(np.uint8)
    labels = np.arange(20) % 10
    members = {"x_train": images, "y_train": labels, "x_test": images[:5], "y_test": labels[:5]}
    np.savez_compressed(folder / "mnist.npz", **(members | changes))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUSTFIT_DATA", str(tmp_path))
    write(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_images_are_rows_of_pixels_in_reading_order_scaled_to_0_and_1() -> None:
    dataset = load_dataset("mnist")
    assert dataset.train.raw.values.shape == (20, 784)
    assert dataset.train.raw.columns[27:29] == ("pixel_0_27", "pixel_1_0")
    rows = fit_preparation(dataset.preparation, dataset.train.raw).rows(dataset.train.raw)
    np.testing.assert_array_equal(rows.values[0], (np.arange(784) % 256).astype(np.float32) / 255)
    assert dataset.sealed.open().labels.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": np.zeros((20, 28, 27), np.uint8)}, r"x_train is uint8 of shape \(20, 28, 27\)"),
        ({"x_train": np.zeros((20, 28, 28))}, "x_train is float64"),
        ({"y_train": np.arange(19) % 10}, r"y_train has \(19,\)"),
        ({"y_train": np.arange(20)}, "y_train, row 10: expected a class from 0 to 9, got 10"),
        ({"y_train": np.zeros(20)}, "y_train holds float64"),
        ({"x_test": np.zeros((5, 784), np.uint8)}, r"x_test is uint8 of shape \(5, 784\)"),
    ],
)
def test_a_file_of_other_contents_is_refused(
    folder: Path, changes: dict[str, np.ndarray], message: str
) -> None:
    write(folder, **changes)
    with pytest.raises(DataError, match=message):
        load_dataset("mnist")


@pytest.mark.usefixtures("real_data")
def test_the_real_digits_are_those_that_were_published() -> None:
    dataset = load_dataset("mnist")
    assert len(dataset.train) == 60_000
    assert dataset.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert dataset.sealed.count == 10_000
    assert dataset.sealed.open().labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
