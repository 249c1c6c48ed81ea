"""`germination`: which share of sown seeds comes up, made by code with a fixed seed."""

import math
import random

import numpy as np

from justfit.data.dataset import Dataset, Part
from justfit.data.raw import Numbers
from justfit.data.sources.source import Source, seal_fifth
from justfit.spec import Scaling, task_named

ROWS = 2_000
SEEDS = 50
"""Sown in each pot; the label is the share of them that comes up."""

_RANGES = {
    "temperature": (5.0, 35.0),
    "moisture": (0.0, 1.0),
    "depth": (0.0, 6.0),
    "age": (0.0, 8.0),
    "light": (0.0, 1.0),
}
"""Degrees Celsius, share of what the soil can hold, centimetres, years, and share of the day."""


def chance(temperature: float, moisture: float, depth: float, age: float) -> float:
    """Of a seed to come up. Light has no part in it.

    >>> chance(22, 0.7, 1, 0) > 0.9 > 0.1 > chance(8, 0.2, 5, 6)
    True
    """
    score = 3.5 - ((temperature - 22) / 7) ** 2 - ((moisture - 0.7) / 0.3) ** 2 - 0.4 * age
    return 1 / (1 + math.exp(1.2 * max(0.0, depth - 2) - score))


def load() -> Dataset:
    """2,000 rows of 5 measurements; the label is a share from 0 to 1."""
    # Of the generators at hand, this one promises the same numbers in every version.
    made = random.Random(6)  # noqa: S311 - nothing is kept secret by it
    values, labels = [], []
    for _ in range(ROWS):
        row = [round(low + (high - low) * made.random(), 3) for low, high in _RANGES.values()]
        up = sum(made.random() < chance(*row[:4]) for _ in range(SEEDS))
        values.append(row)
        labels.append(up / SEEDS)
    task = task_named("unit_regression")
    rows = Part(Numbers(np.array(values), tuple(_RANGES)), np.array(labels, np.float32))
    train, sealed, digest = seal_fifth(rows, task)
    note = "The rows are made by code, not measured; a fifth of them was sealed, with a fixed seed."
    return Dataset("germination", task, (), train, sealed, Scaling("standard"), digest, (note,))


GERMINATION = Source(
    name="germination",
    about="2,000 pots of 50 seeds each, made up: the share that comes up by soil, depth and age",
    task="unit_regression",
    license="made by justfit's own code",
    needs="nothing: generated",
    load=load,
)
