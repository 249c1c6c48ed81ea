import numpy as np

from justfit.data.sources import load_dataset
from justfit.data.sources.germination import ROWS, SEEDS, chance


def test_labels_are_shares_of_the_seeds_that_come_up_by_chance() -> None:
    dataset = load_dataset("germination")
    assert (dataset.task.name, dataset.outputs) == ("unit_regression", 1)
    parts = (dataset.train, dataset.sealed.open())
    labels = np.concatenate([part.labels for part in parts])
    chances = np.array([chance(*row[:4]) for part in parts for row in part.raw.values.tolist()])
    assert len(labels) == ROWS
    assert np.abs(labels * SEEDS - np.round(labels * SEEDS)).max() < 1e-5
    assert labels.min() == 0
    assert 0.9 < labels.max() <= 1
    # Means of 2,000 draws of 50: five standard errors.
    spread = np.sqrt(chances * (1 - chances) / SEEDS)
    assert abs((labels - chances).mean()) < 5 * np.sqrt((spread**2).mean() / ROWS)
    assert np.abs((labels - chances) / np.maximum(spread, 1 / SEEDS)).mean() < 1


def test_light_has_no_part_in_it_and_the_reader_is_told_that_the_rows_are_made_up() -> None:
    dataset = load_dataset("germination")
    light = dataset.train.raw.values[:, dataset.train.raw.columns.index("light")]
    assert abs(np.corrcoef(light, dataset.train.labels)[0, 1]) < 0.1
    assert "made by code, not measured" in dataset.notes[0]


def test_the_rows_are_the_same_in_every_version() -> None:
    # The first numbers of Mersenne Twister seeded with 6 are 0.79334 and 0.82195.
    dataset = load_dataset("germination")
    assert dataset.fingerprint == load_dataset("germination").fingerprint
    values = np.concatenate([dataset.train.raw.values, dataset.sealed.open().raw.values])
    assert [28.8, 0.822] in values[:, :2].round(3).tolist()
