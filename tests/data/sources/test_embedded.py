import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

from justfit.data import fit_preparation
from justfit.data.sources import load_dataset


@pytest.mark.parametrize(
    ("name", "bunch", "rows", "columns"),
    [
        ("digits", load_digits(), 1_797, 64),
        ("breast_cancer", load_breast_cancer(), 569, 30),
        ("wine", load_wine(), 178, 13),
        ("diabetes", load_diabetes(scaled=False), 442, 10),
    ],
)
def test_training_and_sealed_rows_are_together_all_rows_with_their_labels(
    name: str, bunch: object, rows: int, columns: int
) -> None:
    dataset = load_dataset(name)
    parts = (dataset.train, dataset.sealed.open())
    values = np.concatenate([part.raw.values for part in parts])
    labels = np.concatenate([part.labels for part in parts])
    assert values.shape == (rows, columns)
    assert len(parts[1]) == -(-rows // 5)
    together = [
        sorted(map(tuple, np.column_stack(pair).tolist()))
        for pair in ((values, labels), (bunch.data, bunch.target))
    ]
    assert together[0] == together[1]


def test_sealed_classes_have_the_shares_of_all() -> None:
    dataset = load_dataset("breast_cancer")
    assert dataset.classes == ("malignant", "benign")
    assert dataset.train.labels.mean() == pytest.approx(dataset.sealed.open().labels.mean(), abs=0.01)


def test_digits_are_scaled_from_0_to_1() -> None:
    dataset = load_dataset("digits")
    rows = fit_preparation(dataset.preparation, dataset.train.raw).rows(dataset.train.raw)
    assert (rows.values.min(), rows.values.max()) == (0, 1)
    assert dataset.classes == tuple("0123456789")


def test_diabetes_is_not_scaled_by_its_sealed_rows() -> None:
    ages = load_dataset("diabetes").train.raw.values[:, 0]
    assert (ages == ages.round()).all()
    assert ages.max() > 60


def test_the_note_says_that_the_test_rows_were_chosen_here() -> None:
    assert "a fifth of the rows was sealed" in load_dataset("wine").notes[0]
