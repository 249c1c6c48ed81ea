"""Packing members into cohorts. How they are packed changes no figure, only the time."""

import itertools
from collections import defaultdict
from collections.abc import Sequence

from justfit.engine.cohort import Member
from justfit.machine import available_threads

CACHE_BYTES = 1 << 20
"""What a core keeps close to itself on most processors: weights moved in every step should fit."""

MOST_COLUMNS = 256
"""First-layer columns of one cohort: beyond this a row's weights gain nothing from standing side by side."""

_LONG_STEP_ROWS = 256
"""From this batch size on, rows are as much of what a step moves as weights."""


_OF_ONE_STATE = ("sgd", "rmsprop", "adagrad")
"""Optimizers that keep one number beside each weight; the others keep two."""


def pack(
    members: Sequence[Member], columns: int, threads: int | None = None, *, fewest: int = 1
) -> list[tuple[int, ...]]:
    """Members, by their numbers, as cohorts, those that take longest first.

    Members that may stand together (`Member.company`) do, narrow ones of one kind beside each other, up
    to as many columns as serve their steps: where batches are small and every weight moves in every
    step, so few that weights and optimizer state stay in a core's cache. There are at least as many
    cohorts as threads where members allow it.

    Args:
        members: any number, for one set of training rows.
        columns: of the rows.
        threads: how many cohorts can be trained side by side.
        fewest: members that a cohort is left with where it is divided to have enough of them.
    """
    together: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, member in enumerate(members):
        together[member.company].append(number)
    cohorts = [
        cohort
        for numbers in together.values()
        for cohort in _cut(sorted(numbers, key=lambda number: _kind(members[number])), members, columns)
    ]
    wanted = min(threads or available_threads(), len(members))
    while len(cohorts) < wanted:
        longest = max(
            cohorts, key=lambda cohort: (len(cohort) >= 2 * fewest) * _work(cohort, members, columns)
        )
        if len(longest) < 2 * fewest:
            break
        cohorts.remove(longest)
        cohorts += [longest[: len(longest) // 2], longest[len(longest) // 2 :]]
    return sorted(cohorts, key=lambda cohort: -_work(cohort, members, columns))


def _kind(member: Member) -> tuple[object, ...]:
    """Members of one kind take their optimizer steps together; those that train as long leave together."""
    first = member.layers[0]
    return (
        _moves_every_weight(member),
        repr(member.recipe.optimizer),
        first.l1,
        first.l2,
        member.recipe.epochs,
    )


def _moves_every_weight(member: Member) -> bool:
    """Whether a step moves weights of words that the batch lacks, too."""
    optimizer = member.recipe.optimizer
    still = optimizer.name in ("rmsprop", "adagrad") or (optimizer.name == "sgd" and not _momentum(member))
    first = member.layers[0]
    return not still or first.l1 > 0 or first.l2 > 0 or member.recipe.clip_norm is not None


def _momentum(member: Member) -> float:
    return float(getattr(member.recipe.optimizer, "momentum", 0.0))


def _padded(member: Member) -> int:
    return -(-member.layers[0].units // 16) * 16


def _cut(numbers: list[int], members: Sequence[Member], columns: int) -> list[tuple[int, ...]]:
    """Runs of members in order, none with more columns than serve its steps."""
    cohorts: list[tuple[int, ...]] = []
    current: list[int] = []
    used, most = 0, MOST_COLUMNS
    for number in numbers:
        most = min(most, _most_columns(members[number], columns))
        if current and used + _padded(members[number]) > most:
            cohorts.append(tuple(current))
            current, used, most = [], 0, _most_columns(members[number], columns)
        current.append(number)
        used += _padded(members[number])
    return [*cohorts, tuple(current)]


def _most_columns(member: Member, columns: int) -> int:
    if not _moves_every_weight(member):
        return MOST_COLUMNS
    if (member.recipe.batch_size or 0) >= _LONG_STEP_ROWS:
        return MOST_COLUMNS // 2
    numbers_a_weight = 2 if member.recipe.optimizer.name in _OF_ONE_STATE else 3
    return min(MOST_COLUMNS, max(16, CACHE_BYTES // (4 * numbers_a_weight * columns)))


def _work(cohort: Sequence[int], members: Sequence[Member], columns: int) -> float:
    """A rough measure of a cohort's time, to hand out the longest first."""
    return sum(members[number].recipe.epochs * epoch_work(members[number], columns) for number in cohort)


def epoch_work(member: Member, columns: int) -> float:
    """A rough measure of a member's time for an epoch, to hold members on the same rows against each other.

    Fitted to rows of 130 words, and for rows of few columns to the steps' own cost.
    """
    batch_size = member.recipe.batch_size or 1
    swept = columns / batch_size if _moves_every_weight(member) else 0.0
    dense = sum(a.units * b.units for a, b in itertools.pairwise(member.layers))
    of_inputs = _padded(member) * (min(columns, 200) + 2.5 * swept)
    return of_inputs + 0.3 * dense + 3000.0 + _A_STEP / batch_size


_A_STEP = 100_000.0
"""What a step costs beside its rows, in the measure of `epoch_work`."""
