"""`diabetes`: progression of a disease after a year, from scikit-learn."""

from justfit.data.dataset import Dataset
from justfit.data.sources.embedded import NEEDS, bunch, embedded
from justfit.data.sources.source import Source
from justfit.spec import Scaling


def load() -> Dataset:
    """442 rows of 10 measurements in their own units; the label is a score from 25 to 346."""
    # scikit-learn's default scales with means over all rows, the sealed ones included.
    return embedded("diabetes", "regression", bunch("diabetes", scaled=False), Scaling("standard"))


DIABETES = Source(
    name="diabetes",
    about="442 patients by 10 measurements, and how far their diabetes went in a year",
    task="regression",
    license="Efron, Hastie, Johnstone and Tibshirani 2004, Least Angle Regression",
    needs=NEEDS,
    load=load,
)
