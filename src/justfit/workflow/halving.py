"""Successive halving of a stage: after some epochs the worse half of its candidates leaves.

A run that left is kept as what it is, a run of so many epochs: other studies can share it, and a study
that was killed decides again, from the same figures, that it left.
"""

import dataclasses
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from justfit.judge import rank, standing
from justfit.spec import Done, Epoch, Failed, History, Run
from justfit.store import has_run, read_run, write_run
from justfit.workflow.events import Halved
from justfit.workflow.trials import Ground, Trial, Trials

FEWEST = 4
"""So many candidates or fewer all stay: what is left to gain is little, and the best may start slowly."""


Prune = Callable[[int, Mapping[str, Sequence[History]]], Collection[str]]
"""Given an epoch and what candidates have reached by then, says which of them leave."""


class Halving:
    """The candidates of one stage in training, fewer after each rung.

    Args:
        store: the folder that holds the studies' folders.
        stage: its name, to tell of it.
        runs: of each candidate, by name, in order.
        first: epochs of the first rung; each further one has twice as many.
        select: the figure that ranks them, as `justfit.judge.standing` has it.
        more_is_better: whether it shall be high.
        fit: measure training rows like validation rows, too.
        prune: says who leaves, where that is not the worse half.
    """

    def __init__(  # noqa: PLR0913 - what ranks them, and where they are kept
        self,
        store: Path,
        stage: str,
        runs: Mapping[str, Sequence[Run]],
        first: int,
        select: str,
        *,
        more_is_better: bool,
        fit: bool,
        prune: Prune | None = None,
    ) -> None:
        self._store, self._stage, self._runs, self._fit = store, stage, runs, fit
        self._prune = prune
        self._select, self._more_is_better = select, more_is_better
        self._rungs = rungs(first, max(run.candidate.recipe.epochs for each in runs.values() for run in each))
        self._alive = list(runs)
        self.left: dict[str, int] = {}
        """Candidates that left, and after which epoch."""
        self._live: dict[str, Trials] = {}
        """By run, while it is in training."""
        self.shortened: dict[str, Run] = {}
        """The runs that left, by the id of what they would have become."""

    def carry_out(
        self, ground: Callable[[int], Ground], *, threads: int | None
    ) -> Iterator[tuple[Run, Epoch | Trial | Failed] | Halved]:
        """Train what the store lacks, and tell of it; a trial tells the run that it is, which may be shorter.

        Args:
            ground: gives the prepared rows of a split; called when a run on it is to be trained.
            threads: processors to use; it changes no figure.
        """
        with ExitStack() as stack:
            begun: list[Trials] = []
            for rung in [*self._rungs, None]:
                for split, missing in self._missing(rung).items():
                    trials = Trials(
                        ground(split),
                        missing,
                        threads=threads,
                        fit=self._fit,
                        store=self._store,
                        weights=False,
                    )
                    begun.append(stack.enter_context(trials))
                    self._live |= {run.id: trials for run in missing}
                for trials in begun:
                    yield from self._told(trials, rung)
                if rung is not None and (halved := self._halve(rung)) is not None:
                    yield halved

    def is_missing(self, run: Run) -> bool:
        """Whether the store lacks a run even as far as the first rung."""
        return self._stored(run, self._rungs[0] if self._rungs else None) is None

    def _told(self, trials: Trials, rung: int | None) -> Iterator[tuple[Run, Epoch | Trial | Failed]]:
        for run, event in trials.advance(rung):
            if isinstance(event, Trial | Failed):
                self._live.pop(run.id, None)
            if isinstance(event, Trial) and (short := self.shortened.get(run.id)) is not None:
                yield run, dataclasses.replace(event, run=short)
            else:
                yield run, event

    def _missing(self, rung: int | None) -> dict[int, list[Run]]:
        """Runs to begin, by split: those of candidates still there, neither in training nor stored so far."""
        missing: dict[int, list[Run]] = {}
        for name in self._alive:
            for run in self._runs[name]:
                if run.id not in self._live and self._stored(run, rung) is None:
                    missing.setdefault(run.split, []).append(run)
        return dict(sorted(missing.items()))

    def _stored(self, run: Run, rung: int | None) -> History | None:
        """Epochs of a run that the store has, if they reach a rung; None where they do not."""
        later = [] if rung is None else [epoch for epoch in self._rungs if epoch >= rung]
        for each in (run, *(_shortened(run, epoch) for epoch in later)):
            if has_run(self._store, each.id):
                stored = read_run(self._store, each.id)
                if stored.fits or not self._fit:
                    return stored.history
        return None

    def _halve(self, rung: int) -> Halved | None:
        """Have the worse half leave, by its best figure so far, or who is pruned; None where all stay."""
        standings, histories = {}, {}
        for name in self._alive:
            found = [self._history(run, rung) for run in self._runs[name]]
            known = [history[:rung] for history in found if history is not None]
            histories[name] = known if len(known) == len(found) else []
            standings[name] = (
                standing(histories[name], self._select, more_is_better=self._more_is_better)
                if histories[name]
                else None
            )
        ranked = rank(standings, more_is_better=self._more_is_better)
        if self._prune is not None:
            leaving = self._prune(rung, histories)
        else:
            leaving = ranked[math.ceil(len(ranked) / 2) :] if len(ranked) > FEWEST else ()
        if not leaving:
            return None
        stay, left = ([name for name in ranked if (name in leaving) == is_left] for is_left in (False, True))
        for name in left:
            self.left[name] = rung
            self._leave(name, rung)
        self._alive = [name for name in self._alive if name in stay]
        best, bar = standings[left[0]], standings[stay[-1]] if stay else None
        told = (None if each is None else each.value for each in (best, bar))
        return Halved(self._stage, self._select, rung, tuple(left), tuple(stay), *told)

    def _history(self, run: Run, rung: int) -> History | None:
        trials = self._live.get(run.id)
        return self._stored(run, rung) if trials is None else trials.history(run)

    def _leave(self, name: str, rung: int) -> None:
        for run in self._runs[name]:
            short = _shortened(run, rung)
            if run.id in self._live:
                self.shortened[run.id] = short
                self._live[run.id].leave([run])
            elif has_run(self._store, short.id):
                self.shortened[run.id] = short
            elif has_run(self._store, run.id):
                stored = read_run(self._store, run.id)
                if len(stored.history) < rung:
                    continue  # it ended before, by itself
                # What another study trained longer begins as this run does.
                updates = stored.updates * rung // len(stored.history)
                write_run(self._store, short, stored.history[:rung], Done(), updates)
                self.shortened[run.id] = short


def rungs(first: int, longest: int) -> list[int]:
    """After which epochs a half leaves.

    >>> rungs(5, 20)
    [5, 10]
    """
    doubled = (first << number for number in range(longest.bit_length()))
    return [epoch for epoch in doubled if epoch < longest]


def mean_epochs(candidates: int, first: int, longest: int) -> float:
    """How many epochs a candidate trains for in the mean, if none ends of its own.

    >>> mean_epochs(16, 5, 20)
    10.0
    """
    alive, total = candidates, 0
    for epoch in rungs(first, longest):
        if alive > FEWEST:
            total += alive // 2 * epoch
            alive -= alive // 2
    return (total + alive * longest) / candidates


def _shortened(run: Run, epochs: int) -> Run:
    """The run of fewer epochs that is its beginning."""
    recipe = dataclasses.replace(run.candidate.recipe, epochs=epochs)
    return dataclasses.replace(run, candidate=dataclasses.replace(run.candidate, recipe=recipe))
