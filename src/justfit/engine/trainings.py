"""Training cohorts side by side. How many threads run and in which order changes no figure, only the time."""

import hashlib
import logging
import queue
import threading
import time
from collections.abc import Collection, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, Self

from justfit import _native
from justfit.engine.cohort import Labelled, Member
from justfit.engine.cohort_training import CohortTraining, Events, Rows, Trained, TrainingEvent
from justfit.engine.crew import crew_at_work
from justfit.engine.messages import Content
from justfit.engine.packing import pack
from justfit.engine.remote import RemoteCohort
from justfit.engine.states import CohortState, member_header, unpacked_state
from justfit.errors import EngineError
from justfit.machine import available_threads
from justfit.spec import Failed

_LOG = logging.getLogger(__name__)

_REFUSED = (EngineError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, MemoryError)
"""What a state raises that was made to be read, and is none of any cohort."""


class Checkpoints(Protocol):
    """Where states of cohorts are kept, so that another process can go on from them."""

    def keep(self, key: str, content: bytes) -> None:
        """Keep what a cohort has come to in place of what it had."""

    def ended(self, key: str) -> None:
        """Take note that a cohort has ended, and all that it told was taken."""

    def kept(self) -> Iterator[tuple[str, Content]]:
        """Each key with what was kept."""


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

    It is a context manager, whose end ends all training within an instant. Where a crew is at work, it
    trains. Arguments and errors are those of `training_events`, and:

    Args:
        weights: whether what a member leaves has its weights; those of members only compared are not worth
            the copy, and a crew would send them.
        checkpoints: where cohorts' states are kept; those that were kept of these members are gone on from.
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
        weights: bool = True,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self._checkpoints = checkpoints
        crew, on = crew_at_work(), Rows(train, validation, fit, keep_best, weights)
        begun = [] if checkpoints is None else list(_begun(members, checkpoints, on))
        left = [number for number in range(len(members)) if not any(number in each.numbers for each in begun)]
        slots, fewest = (threads or available_threads(), 1) if crew is None else (crew.slots, crew.fewest)
        fresh = pack([members[number] for number in left], train.rows.columns, slots, fewest=fewest)
        begun += [_Begun(tuple(left[at] for at in cohort)) for cohort in fresh]
        inner = 1 if len(begun) >= slots else slots
        _LOG.info(
            "members: %d, training rows: %d, cohorts: %d (%s), instructions: %s",
            *(len(members), len(train.rows), len(begun)),
            f"{slots} of them at a time" if inner == 1 or crew else f"one at a time on {slots} threads",
            _native.instructions(),
        )
        keeps = checkpoints is not None

        def made(
            own: Sequence[Member], state: CohortState | None = None, dropped: Collection[int] = ()
        ) -> CohortTraining | RemoteCohort:
            if crew is None:
                return CohortTraining(own, on, inner, state=state, dropped=dropped, keeps=keeps)
            return RemoteCohort(own, on, crew, state=state, dropped=dropped)

        self._members, self._made = members, made
        self._cohorts = []
        for each in begun:
            own = each.members(members)
            training = made(own, each.state, each.dropped)
            self._cohorts.append(_Cohort(each.numbers, each.key or _key(own), training, each.state is None))
        self._executor = ThreadPoolExecutor(1 if crew is None and inner > 1 else slots)
        self._running: set[CohortTraining | RemoteCohort] = set()
        self._stopped = False
        self._lock = threading.Lock()
        self._told: queue.SimpleQueue[_Told] = queue.SimpleQueue()

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
            if isinstance(told, _Cohort):
                waiting -= 1
                if self._checkpoints is not None and to is None:
                    self._checkpoints.ended(told.key)  # all that it told has been taken
            elif isinstance(told, list):
                yield from told
            else:
                self._keep(*told)

    def leave(self, members: Collection[int]) -> None:
        """Have members leave with the epoch that all have done; only while nothing advances."""
        for cohort in self._cohorts:
            cohort.training.leave([at for at, number in enumerate(cohort.numbers) if number in members])

    def _keep(self, cohort: "_Cohort", state: CohortState) -> None:
        """Keep a checkpoint, here, where all that was told before it has been taken."""
        if self._checkpoints is not None:
            start = time.perf_counter()
            self._checkpoints.keep(cohort.key, state.packed())
            cohort.training.kept(time.perf_counter() - start)

    def _train(self, cohort: "_Cohort", to: int | None) -> None:
        try:
            try:
                self._trained(cohort, to)
            except _REFUSED as error:
                if cohort.is_told:
                    raise
                _LOG.warning("A cohort begins anew, as its state is refused: %r", error)
                wanted = [number for number in cohort.numbers if number is not None]
                cohort.numbers = tuple(wanted)
                cohort.training = self._made([self._members[number] for number in wanted])
                self._trained(cohort, to)
        except EngineError as error:
            self._told.put(cohort.by_number(cohort.training.failed(str(error))))
        except BaseException as error:
            self._told.put(error)  # and raised where the events are read
            raise
        finally:
            self._told.put(cohort)

    def _trained(self, cohort: "_Cohort", to: int | None) -> None:
        training = cohort.training
        with self._lock:
            if self._stopped:
                return
        start = time.perf_counter()
        training.begin()
        with self._lock:
            self._running.add(training)
            if self._stopped:
                return
        for told in training.events(to):
            cohort.is_told = True
            self._told.put((cohort, told) if isinstance(told, CohortState) else cohort.by_number(told))
        with self._lock:
            self._running.discard(training)
        _LOG.info("%s, %.2f s", training, time.perf_counter() - start)


@dataclass(eq=False)
class _Cohort:
    """A cohort in training, and what its members are called outside."""

    numbers: tuple[int | None, ...]
    """Of each among all members; None for one that is not wanted any more."""
    key: str
    """Of its checkpoint."""
    training: CohortTraining | RemoteCohort
    is_told: bool
    """Whether it cannot begin anew, as something was told of it, or as it has no state to begin without."""

    def by_number(self, events: Events) -> Events:
        """Events of members at their places, by the members' numbers."""
        told = []
        for at, event in events:
            number = self.numbers[at]
            assert number is not None, "nothing is told of those that are dropped"
            told.append((number, event))
        return told


_Told = Events | tuple[_Cohort, CohortState] | BaseException | _Cohort
"""What happened to members, what a cohort has come to, an error, or that a cohort pauses or has ended."""


@dataclass(frozen=True, eq=False)
class _Begun:
    """Which members stand together in a cohort, and what it goes on from."""

    numbers: tuple[int | None, ...]
    key: str | None = None
    state: CohortState | None = None

    @property
    def dropped(self) -> list[int]:
        """Places of members that are not wanted any more."""
        return [at for at, number in enumerate(self.numbers) if number is None]

    def members(self, members: Sequence[Member]) -> Sequence[Member]:
        """Those of the cohort."""
        if self.state is not None:
            return self.state.members
        return [members[number] for number in self.numbers if number is not None]


def _begun(members: Sequence[Member], checkpoints: Checkpoints, on: Rows) -> Iterator[_Begun]:
    """Cohorts that were begun by a process before this one; those that are furthest come first."""
    numbers = {member.id: number for number, member in enumerate(members) if member.id}
    states: list[tuple[str, CohortState]] = []
    for key, content in checkpoints.kept():
        try:
            states.append((key, unpacked_state(content)))
        except EngineError as error:
            _LOG.warning("%s It is passed over.", error)
    for key, state in sorted(states, key=lambda each: -each[1].epoch):
        if not _is_of(state, on):
            continue
        found = tuple(
            numbers.pop(member.id)
            if member.id in numbers and member_header(member) == member_header(members[numbers[member.id]])
            else None
            for member in state.members
        )
        if any(number is not None for number in found):
            _LOG.info("a cohort of %d members goes on from epoch %d", len(found), state.epoch)
            yield _Begun(found, key, state)


def _is_of(state: CohortState, on: Rows) -> bool:
    """Whether a state has measured and kept what is measured and kept here."""
    epochs = [history[0] for history in state.histories if history]
    validates, fits = on.validation is not None, on.fit
    has_best = all(best is None or (best[1] is not None) == on.keep_best for best in state.training.best)
    return has_best and all(
        (epoch.val_loss is not None, epoch.fit_loss is not None) == (validates, fits) for epoch in epochs
    )


def _key(members: Sequence[Member]) -> str:
    return hashlib.sha256(" ".join(member.id for member in members).encode()).hexdigest()[:12]
