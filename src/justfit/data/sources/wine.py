"""`wine`: chemical analyses of three wines, from scikit-learn."""

from sklearn.datasets import load_wine

from justfit.data.dataset import Dataset
from justfit.data.sources.embedded import NEEDS, embedded
from justfit.data.sources.source import Source
from justfit.spec import Scaling


def load() -> Dataset:
    """178 rows of 13 measurements; 3 classes."""
    return embedded("wine", "multiclass", load_wine(), Scaling("standard"))


WINE = Source(
    name="wine",
    about="178 wines by 13 chemical measurements, from three growers",
    task="multiclass",
    license="Aeberhard and Forina 1992, UCI Machine Learning Repository, CC BY 4.0",
    needs=NEEDS,
    load=load,
)
