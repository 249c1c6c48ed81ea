"""Files and their parts to a data set."""

from pathlib import Path

import numpy as np
import pytest

from justfit.data.load import load, load_with_report
from justfit.data.raw import Numbers
from justfit.data.sources import load_dataset
from justfit.spec import HoldOut, data_in

X = np.arange(120.0).reshape(40, 3) % 17
Y = np.arange(40) % 2


def saved(path: Path, **parts: slice) -> str:
    arrays = {
        f"{name}_{part}": values[rows]
        for part, rows in parts.items()
        for name, values in zip("xy", (X, Y), strict=True)
    }
    np.savez(path, **arrays)
    return str(path)


def test_the_test_and_validation_arrays_of_an_npz_file_are_those_parts(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", train=slice(20), val=slice(20, 30), test=slice(30, 40))
    dataset, report = load_with_report(data_in(path, target="y"))
    assert report is not None
    assert report.protocol == HoldOut(how="last", size=10)
    assert dataset.sealed.count == 10
    test = dataset.sealed.open()
    np.testing.assert_array_equal(test.raw.numbers, X[30:])
    np.testing.assert_array_equal(dataset.train.raw.numbers, X[:30])
    np.testing.assert_array_equal(dataset.train.labels, Y[:30])


def test_rows_that_are_given_come_before_those_in_the_file(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", train=slice(20), test=slice(30, 40))
    other = saved(tmp_path / "b.npz", train=slice(20), test=slice(20, 30))
    dataset = load(data_in(path, target="y", test=other))
    assert f"The test rows in {path} were not read, as others were given." in dataset.notes
    np.testing.assert_array_equal(dataset.sealed.open().raw.numbers, X[20:30])


def test_without_them_a_fifth_is_sealed(tmp_path: Path) -> None:
    dataset = load(data_in(saved(tmp_path / "a.npz", train=slice(40)), target="y"))
    assert dataset.sealed.count == 8


@pytest.mark.slow
def test_the_published_digits_are_those_of_the_source(real_data: Path) -> None:
    dataset = load(data_in(str(real_data / "mnist.npz"), target="y"))
    source = load_dataset("mnist")
    for found, expected in ((dataset.train, source.train), (dataset.sealed.open(), source.sealed.open())):
        assert isinstance(found.raw, Numbers)
        assert isinstance(expected.raw, Numbers)
        np.testing.assert_array_equal(found.raw.values, expected.raw.values)
        np.testing.assert_array_equal(found.labels, expected.labels)
