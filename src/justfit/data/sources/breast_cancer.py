"""`breast_cancer`: measurements of cell nuclei, from scikit-learn."""

from justfit.data.dataset import Dataset
from justfit.data.sources.embedded import NEEDS, bunch, embedded
from justfit.data.sources.source import Source
from justfit.spec import Scaling


def load() -> Dataset:
    """569 rows of 30 measurements; malignant is class 0, benign class 1."""
    return embedded("breast_cancer", "binary", bunch("breast_cancer"), Scaling("standard"))


BREAST_CANCER = Source(
    name="breast_cancer",
    about="569 tumours by 30 measurements of their cells, malignant or benign",
    task="binary",
    license="Wolberg, Mangasarian, Street and Street 1993, UCI Machine Learning Repository, CC BY 4.0",
    needs=NEEDS,
    load=load,
)
