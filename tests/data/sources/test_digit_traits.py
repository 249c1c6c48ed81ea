import numpy as np
from sklearn.datasets import load_digits

from justfit.data.sources import load_dataset
from justfit.data.sources.digit_traits import TRAITS


def test_every_row_has_the_labels_of_its_digit() -> None:
    dataset = load_dataset("digit_traits")
    assert (dataset.task.name, dataset.outputs, dataset.classes) == ("multilabel", 4, tuple(TRAITS))
    bunch = load_digits()
    digits = {row.tobytes(): digit for row, digit in zip(bunch.data, bunch.target, strict=True)}
    said = {
        0: [1, 0, 1, 1],
        1: [0, 0, 1, 0],
        2: [1, 1, 0, 0],
        5: [0, 1, 0, 0],
        8: [1, 0, 0, 1],
        9: [0, 0, 1, 1],
    }
    for part in (dataset.train, dataset.sealed.open()):
        for row, labels in zip(part.raw.values, part.labels, strict=True):
            digit = digits[row.tobytes()]
            assert labels.tolist() == said.get(digit, labels.tolist())


def test_images_and_sealed_rows_are_those_of_digits() -> None:
    dataset, digits = load_dataset("digit_traits"), load_dataset("digits")
    assert len(dataset.train) == len(digits.train)
    assert dataset.train.raw.columns == digits.train.raw.columns
    assert np.unique(dataset.train.raw.values).tolist() == list(range(17))
