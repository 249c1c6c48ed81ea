"""`digit_traits`: what holds of a handwritten digit, several things at once; images from scikit-learn."""

import numpy as np

from justfit.data.dataset import Dataset, Part
from justfit.data.raw import Numbers
from justfit.data.sources.embedded import NEEDS, bunch
from justfit.data.sources.source import SEALED_NOTE, Source, seal_fifth
from justfit.spec import Scaling, task_named

TRAITS = {
    "even": (0, 2, 4, 6, 8),
    "prime": (2, 3, 5, 7),
    "square": (0, 1, 4, 9),
    "closed loop": (0, 6, 8, 9),
}
"""The labels, and the digits that have them. Five has one of them, and zero three."""


def load() -> Dataset:
    """1,797 rows of 64 grey values from 0 to 16, scaled to [0, 1]; 4 labels, any of which a row may have."""
    found = bunch("digits")
    labels = np.stack([np.isin(found.target, digits) for digits in TRAITS.values()], axis=1)
    task = task_named("multilabel")
    columns = tuple(str(name) for name in found.feature_names)
    rows = Part(Numbers(found.data, columns), labels.astype(np.float32))
    train, sealed, digest = seal_fifth(rows, task)
    return Dataset(
        "digit_traits", task, tuple(TRAITS), train, sealed, Scaling("divide", 16.0), digest, (SEALED_NOTE,)
    )


DIGIT_TRAITS = Source(
    name="digit_traits",
    about="1,797 handwritten digits of 8 x 8 pixels: which are even, prime, square or have a closed loop",
    task="multilabel",
    license="Alpaydin and Kaynak 1998, UCI Machine Learning Repository, CC BY 4.0",
    needs=NEEDS,
    load=load,
)
