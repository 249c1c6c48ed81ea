"""Training cohorts side by side. How many threads run and in which order changes no figure, only the time."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Self

from justfit import _native
from justfit.engine.cohort import Cohort, Labelled, Member, Weights
from justfit.engine.native import Training
from justfit.engine.packing import pack
from justfit.errors import EngineError
from justfit.machine import available_threads
from justfit.spec import Diverged, Epoch, Failed, History, Outcome

_LOG = logging.getLogger(__name__)


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
    with Trainings(members, train, validation, threads=threads, fit=fit, keep_best=keep_best) as trainings:
        yield from trainings.advance()


class Trainings:
    """Members in training side by side, which may pause after an epoch so that some of them leave.

    It is a context manager, whose end ends all training within an instant. Arguments and errors are
    those of `training_events`.
    """

    def __init__(  # noqa: PLR0913 - the options of Training
        self,
        members: Sequence[Member],
        train: Labelled,
        validation: Labelled | None = None,
        *,
        threads: int | None = None,
        fit: bool = False,
        keep_best: bool = False,
    ) -> None:
        threads = threads or available_threads()
        packed = pack(members, train.rows.columns, threads)
        inner = 1 if len(packed) >= threads else threads
        _LOG.info(
            "members: %d, training rows: %d, cohorts: %d (%s), instructions: %s",
            *(len(members), len(train.rows), len(packed)),
            f"{threads} of them at a time" if inner == 1 else f"one at a time on {threads} threads",
            _native.instructions(),
        )
        begin = partial(
            Training, train=train, validation=validation, threads=inner, fit=fit, keep_best=keep_best
        )
        self._cohorts = [
            _CohortTraining(numbers, members, begin, keep_best, len(train.rows)) for numbers in packed
        ]
        self._executor = ThreadPoolExecutor(threads if inner == 1 else 1)
        self._running: set[_CohortTraining] = set()
        self._stopped = False
        self._lock = threading.Lock()
        self._told: queue.SimpleQueue[tuple[int, TrainingEvent] | BaseException | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._stopped = True
            for cohort in self._running:
                cohort.stop()
        self._executor.shutdown()

    def advance(self, to: int | None = None) -> Iterator[tuple[int, TrainingEvent]]:
        """Train until each member has done ``to`` epochs, or has left; until all have left where it is None.

        Yields:
            As `training_events`. That a member left with epoch ``to`` is told when the training goes on.
        """
        waiting = len(self._cohorts)
        for cohort in self._cohorts:
            self._executor.submit(self._train, cohort, to)
        while waiting:
            told = self._told.get()
            if isinstance(told, BaseException):
                raise told
            if told is None:
                waiting -= 1
            else:
                yield told

    def leave(self, members: Collection[int]) -> None:
        """Have members leave with the epoch that all have done; only while nothing advances."""
        for cohort in self._cohorts:
            cohort.leave(members)

    def _train(self, cohort: "_CohortTraining", to: int | None) -> None:
        try:
            with self._lock:
                if self._stopped:
                    return
            start = time.perf_counter()
            cohort.begin()
            with self._lock:
                self._running.add(cohort)
                if self._stopped:
                    return
            for event in cohort.events(to):
                self._told.put(event)
            with self._lock:
                self._running.discard(cohort)
            _LOG.info("%s, %.2f s", cohort, time.perf_counter() - start)
        except EngineError as error:
            for event in cohort.failed(str(error)):
                self._told.put(event)
        except BaseException as error:
            self._told.put(error)  # and raised where the events are read
            raise
        finally:
            self._told.put(None)


class _CohortTraining:
    """One cohort, begun in the thread that trains it first, which tells of members by their numbers."""

    def __init__(
        self,
        numbers: Sequence[int],
        members: Sequence[Member],
        begin: Callable[[Cohort], Training],
        keep_best: bool,
        rows: int,
    ) -> None:
        self._numbers, self._begin, self._keep_best, self._rows = numbers, begin, keep_best, rows
        self._members = tuple(members[number] for number in numbers)
        self._training: Training | None = None
        self._has_failed = False
        self._histories: list[list[Epoch | Diverged]] = [[] for _ in numbers]
        self._left: set[int] = set()
        self._done = 0

    def __str__(self) -> str:
        steps = -(-self._rows // (self._members[0].recipe.batch_size or 1))
        return (
            f"cohort: {len(self._left)} of {len(self._members)} members ended, epoch {self._done}, updates "
            f"{self._done * steps}"
        )

    def begin(self) -> None:
        """Have the engine take the cohort, where it has not; raises `EngineError` where it refuses."""
        if self._training is None and not self._has_failed:
            self._training = self._begin(Cohort(self._members))
            self._epochs = self._training.epochs()

    def events(self, to: int | None) -> Iterator[tuple[int, TrainingEvent]]:
        """Each member's epochs up to ``to``, and what it left when it has left."""
        if self._training is None:
            return
        while to is None or self._done < to:
            done = next(self._epochs, None)
            yield from self._leaving(self._training)
            if done is None:
                return
            self._done += 1
            for at, epoch in done.items():
                self._histories[at].append(epoch)
                yield self._numbers[at], epoch

    def leave(self, members: Collection[int]) -> None:
        """Have members of these numbers leave with the last epoch."""
        if self._training is not None:
            self._training.leave([at for at, number in enumerate(self._numbers) if number in members])

    def failed(self, reason: str) -> Iterator[tuple[int, TrainingEvent]]:
        """That the members still in training cannot go on."""
        self._has_failed, self._training = True, None
        for at, number in enumerate(self._numbers):
            if at not in self._left:
                yield number, Failed(reason)

    def stop(self) -> None:
        """End what is running."""
        if self._training is not None:
            self._training.stop()

    def _leaving(self, training: Training) -> Iterator[tuple[int, Trained]]:
        for at in sorted(training.ended - self._left):
            self._left.add(at)
            yield self._numbers[at], _trained(training, at, self._histories[at], self._keep_best)


def _trained(training: Training, at: int, epochs: Sequence[Epoch | Diverged], keep_best: bool) -> Trained:
    history = tuple(epoch for epoch in epochs if isinstance(epoch, Epoch))
    try:
        best = training.best(at)[1] if keep_best else None
    except EngineError:  # not one epoch had a finite figure
        best = None
    return Trained(history, training.outcome(at), training.weights(at), best)
