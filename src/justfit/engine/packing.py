"""Packing members into cohorts, and training cohorts side by side.

How members are packed, how many threads run and in which order changes no figure, only the time.
"""

import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from justfit.engine.cohort import Cohort, Labelled, Member, Weights
from justfit.engine.native import Training
from justfit.errors import EngineError
from justfit.machine import available_threads
from justfit.spec import Diverged, Epoch, Failed, History, Outcome

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


TrainingEvent = Epoch | Diverged | Failed | Trained


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


def train_members(  # noqa: PLR0913 - the options of Training
    members: Sequence[Member],
    train: Labelled,
    validation: Labelled | None = None,
    *,
    threads: int | None = None,
    fit: bool = False,
    keep_best: bool = False,
) -> list[Trained]:
    """Train any number of members to their ends, as `training_events` does.

    Returns:
        What each member left, in the order of ``members``.

    Raises:
        EngineError: rows, labels, layers or weights do not fit each other.
    """
    trained: dict[int, Trained] = {}
    # Held by the loop alone, so that an error raised in it ends the training: a traceback keeps variables.
    for number, event in training_events(
        members, train, validation, threads=threads, fit=fit, keep_best=keep_best
    ):
        match event:
            case Trained():
                trained[number] = event
            case Failed(reason):
                raise EngineError(reason)
    return [trained[number] for number in range(len(members))]


def training_events(  # noqa: PLR0913 - the options of Training
    members: Sequence[Member],
    train: Labelled,
    validation: Labelled | None = None,
    *,
    threads: int | None = None,
    fit: bool = False,
    keep_best: bool = False,
) -> Generator[tuple[int, TrainingEvent], None, None]:
    """Train any number of members, packed into cohorts that run on separate processors.

    Closing the iterator ends all training within an instant, and so does leaving a loop over it, by
    Ctrl-C too, where no variable holds it.

    Args:
        members: what to train; those of one comparison share their order seed.
        train: rows that train.
        validation: rows measured after each epoch, or None.
        threads: how many processors to use; the figures do not depend on it.
        fit: measure the training rows like validation rows, too.
        keep_best: keep each member's weights of its best epoch.

    Yields:
        A member's number with each `Epoch` (or `Diverged`), and once at last with `Trained`, as soon as it
        leaves its cohort; or with `Failed`, where the engine refuses its cohort.
    """
    threads = threads or available_threads()
    packed = pack(members, train.rows.columns, threads)
    inner = 1 if len(packed) >= threads else threads
    begin = partial(Training, train=train, validation=validation, threads=inner, fit=fit, keep_best=keep_best)
    work = _Work(members, begin, keep_best)
    with ThreadPoolExecutor(threads if inner == 1 else 1) as executor:
        try:
            for numbers in packed:
                executor.submit(work.train, numbers)
            yield from work.events(len(packed))
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            work.stop()


class _Work:
    """Cohorts in threads of their own, which tell of their members through one queue."""

    def __init__(
        self, members: Sequence[Member], begin: Callable[[Cohort], Training], keep_best: bool
    ) -> None:
        self._members, self._begin, self._keep_best = members, begin, keep_best
        self._running: set[Training] = set()
        self._stopped = False
        self._lock = threading.Lock()
        self._told: queue.SimpleQueue[tuple[int, TrainingEvent] | BaseException | None] = queue.SimpleQueue()

    def events(self, cohorts: int) -> Iterator[tuple[int, TrainingEvent]]:
        """What ``cohorts`` cohorts tell until all have ended; raises what ended one of them."""
        while cohorts:
            told = self._told.get()
            if isinstance(told, BaseException):
                raise told
            if told is None:
                cohorts -= 1
            else:
                yield told

    def train(self, numbers: Sequence[int]) -> None:
        """Train the members of these numbers to their ends."""
        try:
            training = self._begin(Cohort(tuple(self._members[number] for number in numbers)))
            with self._lock:
                self._running.add(training)
                if self._stopped:
                    return
            for at, event in _events(training, len(numbers), self._keep_best):
                self._told.put((numbers[at], event))
            with self._lock:
                self._running.discard(training)
        except EngineError as error:
            for number in numbers:
                self._told.put((number, Failed(str(error))))
        except BaseException as error:
            self._told.put(error)  # and raised where the events are read
            raise
        finally:
            self._told.put(None)

    def stop(self) -> None:
        """End all that is running, and all that would begin to."""
        with self._lock:
            self._stopped = True
            for training in self._running:
                training.stop()


def _events(training: Training, members: int, keep_best: bool) -> Iterator[tuple[int, TrainingEvent]]:
    """Of one cohort: each member's epochs, and what it left when it has left."""
    epochs: list[list[Epoch | Diverged]] = [[] for _ in range(members)]
    left: set[int] = set()
    for done in training.epochs():
        yield from _leaving(training, epochs, left, keep_best)
        for at, epoch in done.items():
            epochs[at].append(epoch)
            yield at, epoch
    yield from _leaving(training, epochs, left, keep_best)


def _leaving(
    training: Training, epochs: Sequence[Sequence[Epoch | Diverged]], left: set[int], keep_best: bool
) -> Iterator[tuple[int, Trained]]:
    for at in sorted(training.ended - left):
        left.add(at)
        yield at, _trained(training, at, epochs[at], keep_best)


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
