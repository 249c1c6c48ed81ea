"""`CohortTraining`: one cohort in training in this process, told of member by member."""

import math
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from justfit.engine.cohort import Cohort, Labelled, Member, Weights
from justfit.engine.native import Training
from justfit.engine.states import CohortState, state_of
from justfit.errors import EngineError
from justfit.spec import Diverged, Epoch, Failed, History, Outcome

_SHARE = 0.01
"""Of the time of training that keeping states may take: they are kept less often where it would be more."""

_FIRST, _LATEST = 0.2, 10.0
"""Seconds before the first state: what has taken less is not worth one; how late it is at most."""


@dataclass(frozen=True, eq=False)
class Trained:
    """What training one member left."""

    history: History
    outcome: Outcome
    weights: Weights
    """Of the last epoch; empty where they were not wanted."""
    best: Weights | None
    """Of the best epoch by the recipe's monitor, where rows validated and it was asked for."""


TrainingEvent = Epoch | Diverged | Failed | Trained

Events = list[tuple[int, TrainingEvent]]
"""What happened at once to members, each with its place or number."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What all cohorts of one comparison are trained on, and what is measured and kept of them."""

    train: Labelled
    validation: Labelled | None = None
    fit: bool = False
    """Whether the training rows are measured like validation rows, too."""
    keep_best: bool = False
    """Whether each member's weights of its best epoch are kept."""
    weights: bool = True
    """Whether weights are wanted of members at all: of those that are only compared, figures are enough."""


class CohortTraining:
    """A cohort in training, which may pause after an epoch, and begin with what one before it came to.

    Args:
        members: what to train.
        on: the rows.
        threads: processors for this cohort.
        state: what to go on from, of the same members.
        dropped: places among the members of those that are not wanted any more.
        told: the epoch up to which the state's have been told already.
        keeps: whether its state is wanted every now and then.
    """

    def __init__(  # noqa: PLR0913 - what it goes on from is said apart
        self,
        members: Sequence[Member],
        on: Rows,
        threads: int,
        *,
        state: CohortState | None = None,
        dropped: Collection[int] = (),
        told: int = 0,
        keeps: bool = False,
    ) -> None:
        self._members, self._on, self._threads, self._keeps = tuple(members), on, threads, keeps
        self._state, self._dropped = state, frozenset(dropped)
        self._training: Training | None = None
        self._has_failed = False
        self._told: list[list[Epoch | Diverged]] = [[] for _ in members]
        if state is not None:
            self._told = [list(history) for history in state.histories]
        self._left = set(self._dropped)
        self._done = 0 if state is None else state.epoch
        self._shown = told
        """Epochs that were told; a state can be further."""
        self._spacing, self._taking = Spacing(), 0.0

    def __str__(self) -> str:
        steps = -(-len(self._on.train.rows) // (self._members[0].recipe.batch_size or 1))
        return (
            f"cohort: {len(self._left)} of {len(self._members)} members ended, epoch {self._done}, updates "
            f"{self._done * steps}"
        )

    def begin(self) -> None:
        """Have the engine take the cohort, where it has not; raises `EngineError` where it refuses."""
        if self._training is not None or self._has_failed:
            return
        start = time.perf_counter()
        self._training = Training(
            Cohort(self._members),
            self._on.train,
            self._on.validation,
            threads=self._threads,
            fit=self._on.fit,
            keep_best=self._on.keep_best,
            weights=self._on.weights,
            state=None if self._state is None else self._state.training,
        )
        self._training.drop(self._dropped)
        self._epochs = self._training.epochs()
        self._spacing = Spacing(time.perf_counter() - start)

    def events(self, to: int | None) -> Iterator[Events | CohortState]:
        """Each member's epochs up to ``to``, and what it left when it has left; states between them.

        Yields:
            What happened to members with an epoch, each by its place among the cohort's, or the state
            after one. Of a cohort that goes on from a state all epochs are told.
        """
        if self._training is None:
            return
        if caught_up := self._caught_up(to):
            yield caught_up
        while to is None or self._done < to:
            done = next(self._epochs, None)
            told: Events = self._leaving(self._training)
            if done is None:
                if told:
                    yield told
                return
            self._done = self._shown = self._done + 1
            for at, epoch in done.items():
                self._told[at].append(epoch)
                told.append((at, epoch))
            yield told
            if self._keeps and self._spacing.is_due:
                yield from self.paused()

    def paused(self) -> Iterator[Events | CohortState]:
        """Who left with the last epoch, and the state of the others, if there are any."""
        if self._training is not None:
            start = time.perf_counter()
            state = self.state()
            self._taking = time.perf_counter() - start
            if left := self._leaving(self._training):
                yield left
            if state.members:
                yield state

    def kept(self, seconds: float) -> None:
        """That the last state is kept, and how long that took."""
        self._spacing.kept(seconds + self._taking)

    def state(self) -> CohortState:
        """What it has come to, between two epochs; members that end with the last one are not in it."""
        assert self._training is not None
        epochs = [[epoch for epoch in told if isinstance(epoch, Epoch)] for told in self._told]
        return state_of(self._training, self._members, epochs)

    def leave(self, members: Collection[int]) -> None:
        """Have members at these places leave with the last epoch that was told.

        Where the state that it went on from is further, their weights are those of that state.
        """
        if self._training is not None:
            self._training.leave(members)
            for at in members:
                del self._told[at][self._shown :]

    def failed(self, reason: str) -> Events:
        """That the members still in training cannot go on."""
        self._has_failed, self._training = True, None
        return [(at, Failed(reason)) for at in range(len(self._members)) if at not in self._left]

    def stop(self) -> None:
        """End what is running."""
        if self._training is not None:
            self._training.stop()

    def _caught_up(self, to: int | None) -> Events:
        """The epochs up to ``to`` that a state has and nobody was told of."""
        shown, self._shown = self._shown, self._done if to is None else max(self._shown, min(to, self._done))
        return [
            (at, epoch)
            for at, epochs in enumerate(self._told)
            if at not in self._left
            for epoch in epochs[shown : self._shown]
        ]

    def _leaving(self, training: Training) -> Events:
        leaving = sorted(training.ended - self._left)
        self._left.update(leaving)
        return [(at, self._trained(training, at)) for at in leaving]

    def _trained(self, training: Training, at: int) -> Trained:
        history = tuple(epoch for epoch in self._told[at] if isinstance(epoch, Epoch))
        if not self._on.weights:
            return Trained(history, training.outcome(at), (), None)
        try:
            best = training.best(at)[1] if self._on.keep_best else None
        except EngineError:  # not one epoch had a finite figure
            best = None
        return Trained(history, training.outcome(at), training.weights(at), best)


class Spacing:
    """When a state may be kept again, so that all of them together take a small share of the time.

    Args:
        cost: seconds that the first one is thought to take. Beginning takes about as long: it writes all the
            weights that a state reads.
    """

    def __init__(self, cost: float = 0.0) -> None:
        self._next = time.perf_counter() + min(max(_FIRST, cost / _SHARE), _LATEST)

    @property
    def is_due(self) -> bool:
        """Whether it is time; after that only when one was kept."""
        is_due = time.perf_counter() >= self._next
        if is_due:
            self._next = math.inf
        return is_due

    def kept(self, seconds: float) -> None:
        """That one was kept, and how long that took."""
        self._next = time.perf_counter() + seconds / _SHARE
