"""The native engine behind the seam of `justfit.engine.cohort`."""

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from justfit import _native
from justfit.data.rows import Bags, Float32, Rows, native_rows
from justfit.engine.cohort import Cohort, Labelled, Member, Weights
from justfit.engine.native_specs import cohort_spec, member_spec
from justfit.errors import EngineError
from justfit.machine import available_threads
from justfit.spec import Diverged, Done, Epoch, Outcome
from justfit.spec.history import is_better


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Where a training stands between two epochs: all that those to come depend on, but for members and rows.

    It does not depend on threads, nor on the processor's vector instructions.
    """

    epoch: int
    """The last one that is done; 0 before the first."""
    members: tuple[int, ...]
    """Those still in training, by their numbers in the cohort; none where all have ended."""
    best: tuple[tuple[Epoch, Weights | None] | None, ...]
    """The best epoch so far of each of them, and its weights where they are kept."""
    content: npt.NDArray[np.uint8]
    """Weights, optimizer states and steps of all of them; empty where there are none."""


class Training:
    """A cohort being trained: iterate `epochs`, then take outcomes and weights.

    A member leaves when its epochs are done, its loss diverges, or its patience is at an end; the
    others go on undisturbed.

    Args:
        cohort: what to train.
        train: rows that train.
        validation: rows measured after each epoch, or None.
        threads: how many processors to use; the figures do not depend on it.
        fit: measure the training rows like validation rows, too.
        keep_best: keep each member's weights of its best epoch so far.
        weights: keep the weights of members that have left.
        state: go on from here instead of from initial weights. The cohort then has exactly the members that
            the state has, in its order, numbered from 0 anew; with the same rows, it goes on as the training
            that the state was taken of would have, bit for bit.

    Raises:
        EngineError: rows, labels, layers or weights do not fit each other, or the state does not fit them.
    """

    def __init__(  # noqa: PLR0913 - what can be measured and kept is asked for apart
        self,
        cohort: Cohort,
        train: Labelled,
        validation: Labelled | None = None,
        *,
        threads: int | None = None,
        fit: bool = False,
        keep_best: bool = False,
        weights: bool = True,
        state: TrainingState | None = None,
    ) -> None:
        self._cohort = cohort
        self._fit, self._keep_best, self._keep_left = fit, keep_best, weights
        self._rows = len(train.rows)
        self._like = train.rows
        self._train = self._native_labelled(train)
        self._validation = validation and self._native_labelled(validation)
        self._active = list(range(len(cohort.members)))
        self._outcomes: dict[int, Outcome] = {}
        self._left: dict[int, Weights] = {}
        self._best: dict[int, tuple[Epoch, Weights | None]] = {}
        self._begun = self._done = 0 if state is None else state.epoch
        self._yielded: dict[int, Epoch | Diverged] = {}
        spec = cohort_spec(
            cohort,
            columns=train.rows.columns,
            sparse=isinstance(train.rows, Bags),
            rows=self._rows,
            threads=threads or available_threads(),
        )
        steps = math.ceil(self._rows / spec.batch_size)
        try:
            self._native = _native.Cohort(spec, [member_spec(member, steps) for member in cohort.members])
        except (TypeError, ValueError) as error:
            raise EngineError(f"The engine refuses this cohort: {error}.") from error
        if state is not None:
            self._take(state)
            return
        for number, member in enumerate(cohort.members):
            self._start(number, member)

    def epochs(self) -> Iterator[dict[int, Epoch | Diverged]]:
        """Trains epoch by epoch; each yield has the figures of the members that took part, by number."""
        while any(member not in self._outcomes for member in self._active):
            self._begun += 1
            done = self._epoch(self._done + 1)
            self._note_best(done)
            self._done, self._yielded = self._done + 1, done
            yield done
            self._let_go()

    def leave(self, members: Iterable[int]) -> None:
        """Have members leave with the epoch just yielded, as if it had been their last."""
        for member in set(members) & set(self._active):
            self._outcomes.setdefault(member, Done())
        self._let_go()

    def drop(self, members: Iterable[int]) -> None:
        """Go on without members, before or between epochs, as if they had never been there.

        They have no outcome and no weights any more; those that have ended are passed over.
        """
        dropped = set(members) - self._outcomes.keys()
        self._keep([member for member in self._active if member not in dropped])

    def state(self) -> TrainingState:
        """Where the training stands, before the first epoch or after one that `epochs` has just yielded.

        Members that end with that epoch have left then, and are not in it.

        Raises:
            EngineError: the last epoch was not finished.
        """
        if self._begun != self._done:
            raise EngineError(
                f"Epoch {self._done + 1} was begun and not finished: there is no state between two epochs."
            )
        self._let_go()
        members = tuple(member for member in self._active if member not in self._outcomes)
        return TrainingState(
            epoch=self._done,
            members=members,
            best=tuple(self._best.get(member) for member in members),
            content=self._native.state() if members else np.empty(0, np.uint8),
        )

    def weights(self, member: int = 0) -> Weights:
        """The weights of one member as it left, or as they are now; `EngineError` where none were kept."""
        if member in self._left:
            return self._left[member]
        at = self._place(member)
        layers = self._cohort.members[member].layers
        return tuple(self._native.get_layer(at, layer) for layer in range(len(layers)))

    def best(self, member: int = 0) -> tuple[Epoch, Weights]:
        """A member's best epoch by its recipe's monitor, and its weights then.

        Raises:
            EngineError: no epoch was validated with a finite figure, or `keep_best` was not asked for.
        """
        epoch, weights = self._best.get(member, (None, None))
        if epoch is None or weights is None:
            raise EngineError("No best weights were kept: validate, and ask for keep_best.")
        return epoch, weights

    def outcome(self, member: int = 0) -> Outcome:
        """How a member's training ended.

        Raises:
            EngineError: it has not ended.
        """
        if member not in self._outcomes:
            raise EngineError(f"Member {member} is still in training.")
        return self._outcomes[member]

    @property
    def ended(self) -> frozenset[int]:
        """The members whose training has ended."""
        return frozenset(self._outcomes)

    def outputs(self, rows: Rows, member: int = 0) -> Float32:
        """What the last layer of a member still in training gives for rows: float32 ``[rows, outputs]``.

        Raises:
            EngineError: the member has left, or the rows are not like those that train.
        """
        at = self._place(member)
        return self._native.predict(at, self._native_rows(rows))

    def stop(self) -> None:
        """Have an epoch that another thread is training end at once, with a RuntimeError there."""
        self._native.stop()

    def _native_rows(self, rows: Rows) -> _native.Rows:
        if type(rows) is not type(self._like) or rows.columns != self._like.columns:
            raise EngineError(
                f"The rows that train are {type(self._like).__name__} of {self._like.columns} columns, "
                f"others {type(rows).__name__} of {rows.columns}: prepare all of them alike."
            )
        return native_rows(rows)

    def _native_labelled(self, labelled: Labelled) -> tuple[_native.Rows, _native.Targets]:
        return self._native_rows(labelled.rows), _native_targets(labelled, self._cohort)

    def _start(self, number: int, member: Member) -> None:
        """Sets a member's initial weights."""
        weights = member.initial_weights(self._like.columns)
        if len(weights) != len(member.layers):
            raise EngineError(
                f"Member {number} has weights of {len(weights)} layers, not {len(member.layers)}."
            )
        for layer, (kernel, bias) in enumerate(weights):
            try:
                self._native.set_layer(number, layer, kernel, bias)
            except (TypeError, ValueError) as error:
                raise EngineError(f"Member {number}, layer {layer}: {error}.") from error

    def _take(self, state: TrainingState) -> None:
        """Goes on from a state instead."""
        if not len(self._active) == len(state.members) == len(state.best):
            raise EngineError(
                f"The state has {len(state.members)} members and {len(state.best)} best epochs, the cohort "
                f"{len(self._active)} members: build it of those that the state names."
            )
        shortest = min(member.recipe.epochs for member in self._cohort.members)
        if not 0 <= state.epoch < shortest:
            raise EngineError(f"The state is of epoch {state.epoch}, but a member trains {shortest} epochs.")
        if self._keep_best and any(best is not None and best[1] is None for best in state.best):
            raise EngineError(
                "Best weights shall be kept, but the state has none: it was taken without them."
            )
        try:
            self._native.set_state(state.content)
        except ValueError as error:
            raise EngineError(f"The state does not fit this cohort: {error}.") from error
        except TypeError as error:
            raise EngineError("A state's content must be an array of uint8 with 1 axis.") from error
        self._best = {member: best for member, best in enumerate(state.best) if best is not None}

    def _place(self, member: int) -> int:
        """A member's number in the native cohort."""
        if member not in self._active:
            raise EngineError(f"Member {member} is not in training: ask for one of {self._active}.")
        return self._active.index(member)

    def _epoch(self, number: int) -> dict[int, Epoch | Diverged]:
        start = time.perf_counter()
        trained = self._native.train_epoch(*self._train, self._cohort.order(number, self._rows), number)
        validated = self._native.evaluate(*self._validation) if self._validation else [None] * len(trained)
        fitted = self._native.evaluate(*self._train) if self._fit else [None] * len(trained)
        seconds = time.perf_counter() - start
        done: dict[int, Epoch | Diverged] = {}
        for member, train, validation, fit in zip(self._active, trained, validated, fitted, strict=True):
            if math.isfinite(train.loss):
                done[member] = _epoch(number, train, validation, fit, seconds)
            else:
                done[member] = Diverged(number)
        return done

    def _note_best(self, done: dict[int, Epoch | Diverged]) -> None:
        for member, epoch in done.items():
            spec = self._cohort.members[member]
            before = self._best.get(member, (None, None))[0]
            if isinstance(epoch, Epoch) and is_better(epoch, before, spec.recipe.monitor, spec.metric):
                self._best[member] = (epoch, self.weights(member) if self._keep_best else None)

    def _let_go(self) -> None:
        """Members whose training has ended leave; asked once more, those that were told to since."""
        for member in self._active:
            epoch = self._yielded.get(member)
            if isinstance(epoch, Diverged):
                self._outcomes[member] = epoch
            elif epoch is not None and (
                epoch.epoch >= self._cohort.members[member].recipe.epochs
                or self._is_out_of_patience(member, epoch.epoch)
            ):
                self._outcomes[member] = Done()
        for member in self._active:
            if self._keep_left and member in self._outcomes and member not in self._left:
                self._left[member] = self.weights(member)
        # The last ones stay, so that they can still be asked for outputs.
        self._keep([member for member in self._active if member not in self._outcomes] or self._active)

    def _keep(self, members: list[int]) -> None:
        """The native cohort goes on with these alone, of those that it has."""
        if 0 < len(members) < len(self._active):
            self._native.retain([self._active.index(member) for member in members])
        self._active = members

    def _is_out_of_patience(self, member: int, epoch: int) -> bool:
        patience = self._cohort.members[member].recipe.patience
        best = self._best.get(member, (None, None))[0]
        return patience is not None and epoch - (best.epoch if best else 0) >= patience


def _epoch(
    number: int,
    train: _native.Figures,
    validation: _native.Figures | None,
    fit: _native.Figures | None,
    seconds: float,
) -> Epoch:
    return Epoch(
        epoch=number,
        loss=train.loss,
        data_loss=train.data_loss,
        metric=train.metric,
        val_loss=None if validation is None else validation.loss,
        val_data_loss=None if validation is None else validation.data_loss,
        val_metric=None if validation is None else validation.metric,
        seconds=seconds,
        fit_loss=None if fit is None else fit.data_loss,
        fit_metric=None if fit is None else fit.metric,
    )


def _native_targets(labelled: Labelled, cohort: Cohort) -> _native.Targets:
    outputs = cohort.members[0].layers[-1].units
    if (classes := labelled.classes) is not None:
        if any(member.layers[-1].activation != "softmax" for member in cohort.members):
            raise EngineError("The labels are class numbers, but a last layer is not softmax.")
        if (wrong := np.flatnonzero((classes < 0) | (classes >= outputs))).size:
            raise EngineError(f"Row {wrong[0]}: class {classes[wrong[0]]} is outside [0, {outputs}).")
        return _native.class_targets(classes, outputs, labelled.weights)
    if labelled.numbers.shape[1] != outputs:
        raise EngineError(
            f"The labels have {labelled.numbers.shape[1]} numbers a row, the last layer {outputs} units."
        )
    return _native.number_targets(labelled.numbers, labelled.weights)
