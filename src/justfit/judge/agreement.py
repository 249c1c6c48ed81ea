"""Whether what came out agrees with a figure that was published."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from justfit.judge.intervals import Figure, mean_interval


@dataclass(frozen=True)
class Agreement:
    """A published figure beside the mean of ours."""

    published: float
    ours: Figure
    """The mean over replicates with its 95% interval."""
    replicates: int
    within: bool
    """Whether the mean is within the tolerance."""
    covered: bool
    """Whether the interval covers the published figure."""

    @property
    def agrees(self) -> bool:
        """Either is enough."""
        return self.within or self.covered


def agreement(published: float, values: Sequence[float], low: float, high: float) -> Agreement:
    """Compare a published figure with ours.

    Args:
        published: as printed.
        values: ours, one a replicate.
        low: the mean agrees from here ...
        high: ... to here.

    Raises:
        ValueError: no values.

    >>> agreement(0.88, [0.871, 0.873], 0.87, 0.89).within
    True
    """
    mean = mean_interval(values, low=-math.inf)
    covered = mean.low is not None and mean.high is not None and mean.low <= published <= mean.high
    return Agreement(published, mean, len(values), low <= mean.value <= high, covered)
