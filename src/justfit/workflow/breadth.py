"""`Breadth`: how far the automatic workflow searches."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Breadth:
    """How far the search goes."""

    widths: tuple[int, ...]
    depths: tuple[int, ...]
    dropouts: tuple[float, ...]
    input_dropouts: tuple[float, ...]
    l2s: tuple[float, ...]
    l1s: tuple[float, ...]
    rates: tuple[float, ...]
    """Times the learning rate of the optimizer."""
    batches: tuple[float, ...]
    """Times the batch size."""
    contenders: int
    replicates: int
    """Of the contenders, and of the networks that are tested."""


BREADTHS = {
    "quick": Breadth((16, 64), (1,), (0.5,), (0.3,), (), (), (), (), 3, 3),
    "standard": Breadth(
        (16, 32, 64, 128), (1, 2), (0.3, 0.5), (0.3,), (0.0001, 0.001), (), (0.3, 3.0), (0.25,), 5, 5
    ),
    "thorough": Breadth(
        (16, 32, 64, 128, 256),
        (1, 2, 3),
        (0.2, 0.3, 0.5, 0.7),
        (0.2, 0.3, 0.5),
        (0.00001, 0.0001, 0.001),
        (0.00001, 0.0001),
        (0.1, 0.3, 3.0),
        (0.125, 0.25, 0.5),
        8,
        10,
    ),
}
