"""How much of the ranking of networks one of their settings explains."""

from collections.abc import Hashable, Sequence

import numpy as np
from scipy import stats

GROUPS = 4
"""Numbers of more values than this are cut into so many groups of like size."""


def explained(values: Sequence[float], settings: Sequence[Hashable]) -> float | None:
    """The share of the variance of ranks that lies between groups of one setting, from 0 to 1.

    It is eta squared of the test of Kruskal and Wallis, corrected for what chance explains: (H - k + 1) /
    (n - k) of n networks in k groups, 0 at least. Other settings are left out of account, so that what two
    do together is not seen.

    Args:
        values: by which networks are ranked.
        settings: of each network the value of the setting; numbers of more than `GROUPS` values are cut.

    Returns:
        None where there is one group, or no more networks than groups.

    Source: Tomczak and Tomczak 2014, "The need to report effect size estimates revisited".

    >>> explained([1, 2, 3, 4, 5, 6], ["a", "a", "a", "b", "b", "b"])
    0.714...
    """
    groups: dict[Hashable, list[float]] = {}
    for group, value in zip(_grouped(settings), values, strict=True):
        groups.setdefault(group, []).append(value)
    if not 1 < len(groups) < len(values):
        return None
    if len(set(values)) == 1:
        return 0.0
    statistic = float(stats.kruskal(*groups.values()).statistic)
    return max(0.0, (statistic - len(groups) + 1) / (len(values) - len(groups)))


def _grouped(settings: Sequence[Hashable]) -> Sequence[Hashable]:
    """The settings themselves, or of many numbers the part of their order that each stands in."""
    numbers = [value for value in settings if isinstance(value, int | float)]
    if len(set(settings)) <= GROUPS or len(numbers) < len(settings):
        return settings
    ranks = stats.rankdata(np.array(numbers, np.float64))
    return [int(part) for part in (ranks - 0.5) * GROUPS // len(ranks)]
