"""`digits`: 8 x 8 images of handwritten digits, from scikit-learn."""

from justfit.data.dataset import Dataset
from justfit.data.sources.embedded import NEEDS, bunch, embedded
from justfit.data.sources.source import Source
from justfit.spec import Scaling


def load() -> Dataset:
    """1,797 rows of 64 grey values from 0 to 16, scaled to [0, 1]; 10 classes."""
    return embedded("digits", "multiclass", bunch("digits"), Scaling("divide", 16.0))


DIGITS = Source(
    name="digits",
    about="1,797 handwritten digits of 8 x 8 pixels, to be told apart",
    task="multiclass",
    license="Alpaydin and Kaynak 1998, UCI Machine Learning Repository, CC BY 4.0",
    needs=NEEDS,
    load=load,
)
