"""Packing members into cohorts, and training cohorts side by side.

How members are packed, how many threads run and in which order changes no figure, only the time.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass

from justfit.engine.cohort import Cohort, Labelled, Member, Weights
from justfit.engine.native import Training
from justfit.errors import EngineError
from justfit.machine import available_threads
from justfit.spec import Diverged, Epoch, History, Outcome

CACHE_BYTES = 1 << 20
"""What a core keeps close to itself on most processors: weights moved in every step should fit."""

MOST_COLUMNS = 256
"""First-layer columns of one cohort: beyond this a row's weights gain nothing from standing side by side."""

_LONG_STEP_ROWS = 256
"""From this batch size on, rows and not weights are what a step moves."""


_OF_ONE_STATE = ("sgd", "rmsprop", "adagrad")
"""Optimizers that keep one number beside each weight; the others keep two."""


@dataclass(frozen=True, eq=False)
class Trained:
    """What training one member left."""

    history: History
    outcome: Outcome
    weights: Weights
    """Of the last epoch."""
    best: Weights | None
    """Of the best epoch by the recipe's monitor, where rows validated and it was asked for."""


def pack(members: Sequence[Member], columns: int, threads: int | None = None) -> list[tuple[int, ...]]:
    """Members, by their numbers, as cohorts, those that take longest first.

    Members that may stand together (`Member.company`) do, narrow ones of one kind beside each other, up
    to as many columns as serve their steps: where batches are small and every weight moves in every
    step, so few that weights and optimizer state stay in a core's cache. There are at least as many
    cohorts as threads where members allow it.

    Args:
        members: any number, for one set of training rows.
        columns: of the rows.
        threads: how many cohorts can be trained side by side.
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
        longest = max(cohorts, key=lambda cohort: (len(cohort) > 1) * _work(cohort, members, columns))
        cohorts.remove(longest)
        cohorts += [longest[: len(longest) // 2], longest[len(longest) // 2 :]]
    return sorted(cohorts, key=lambda cohort: -_work(cohort, members, columns))


def train_members(  # noqa: PLR0913 - the options of Training, and who is told
    members: Sequence[Member],
    train: Labelled,
    validation: Labelled | None = None,
    *,
    threads: int | None = None,
    fit: bool = False,
    keep_best: bool = False,
    on_epoch: Callable[[int, Epoch | Diverged], None] | None = None,
) -> list[Trained]:
    """Train any number of members, packed into cohorts that run on separate processors.

    Args:
        members: what to train; those of one comparison share their order seed.
        train: rows that train.
        validation: rows measured after each epoch, or None.
        threads: how many processors to use; the figures do not depend on it.
        fit: measure the training rows like validation rows, too.
        keep_best: keep each member's weights of its best epoch.
        on_epoch: called with a member's number and its epoch, from any thread, one at a time.

    Returns:
        What each member left, in the order of ``members``.

    Raises:
        EngineError: rows, labels, layers or weights do not fit each other.
    """
    threads = threads or available_threads()
    packed = pack(members, train.rows.columns, threads)
    inner = 1 if len(packed) >= threads else threads
    trained: dict[int, Trained] = {}
    running: set[Training] = set()
    lock = threading.Lock()
    stopped = threading.Event()

    def work(numbers: tuple[int, ...]) -> None:
        cohort = Cohort(tuple(members[number] for number in numbers))
        training = Training(cohort, train, validation, threads=inner, fit=fit, keep_best=keep_best)
        with lock:
            running.add(training)
            if stopped.is_set():
                return
        epochs: list[list[Epoch | Diverged]] = [[] for _ in numbers]
        for done in training.epochs():
            for at, epoch in done.items():
                epochs[at].append(epoch)
                if on_epoch:
                    with lock:
                        on_epoch(numbers[at], epoch)
        with lock:
            running.discard(training)
            for at, number in enumerate(numbers):
                trained[number] = _trained(training, at, epochs[at], keep_best)

    with ThreadPoolExecutor(threads if inner == 1 else 1) as executor:
        try:
            futures = [executor.submit(work, numbers) for numbers in packed]
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()
        except BaseException:
            stopped.set()
            executor.shutdown(wait=False, cancel_futures=True)
            with lock:
                for training in running:
                    training.stop()
            raise
    return [trained[number] for number in range(len(members))]


def _trained(training: Training, at: int, epochs: Sequence[Epoch | Diverged], keep_best: bool) -> Trained:
    history = tuple(epoch for epoch in epochs if isinstance(epoch, Epoch))
    try:
        best = training.best(at)[1] if keep_best else None
    except EngineError:  # not one epoch had a finite figure
        best = None
    return Trained(history, training.outcome(at), training.weights(at), best)


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
    if (member.recipe.batch_size or 0) >= _LONG_STEP_ROWS or not _moves_every_weight(member):
        return MOST_COLUMNS
    numbers_a_weight = 2 if member.recipe.optimizer.name in _OF_ONE_STATE else 3
    return min(MOST_COLUMNS, max(16, CACHE_BYTES // (4 * numbers_a_weight * columns)))


def _work(cohort: Sequence[int], members: Sequence[Member], columns: int) -> float:
    """A rough measure of a cohort's time, to hand out the longest first; fitted to rows of 130 words."""
    work = 0.0
    for number in cohort:
        member = members[number]
        batch_size = member.recipe.batch_size or 1
        swept = columns / batch_size if _moves_every_weight(member) else 0.0
        inputs = _padded(member)
        dense = sum(a.units * b.units for a, b in zip(member.layers, member.layers[1:], strict=False))
        work += member.recipe.epochs * (inputs * (200.0 + 2.5 * swept) + 0.5 * dense + 3000.0)
    return work
