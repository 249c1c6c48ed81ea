"""`wine`: chemical analyses of three wines, from scikit-learn."""

from justfit.data.dataset import Dataset
from justfit.data.sources.embedded import NEEDS, bunch, embedded
from justfit.data.sources.source import Source
from justfit.spec import Scaling


def load() -> Dataset:
    """178 rows of 13 measurements; 3 classes."""
    return embedded("wine", "multiclass", bunch("wine"), Scaling("standard"))


WINE = Source(
    name="wine",
    about="178 wines by 13 chemical measurements, from three growers",
    task="multiclass",
    license="Aeberhard and Forina 1992, UCI Machine Learning Repository, CC BY 4.0",
    needs=NEEDS,
    load=load,
)
