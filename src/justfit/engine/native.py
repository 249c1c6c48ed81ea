"""The native engine behind the seam of `justfit.engine.cohort`."""

import math
import time
from collections.abc import Iterator

import numpy as np

from justfit import _native
from justfit.data.rows import Bags, Float32, Rows, native_rows
from justfit.engine.cohort import Cohort, Labelled, Member, Weights
from justfit.errors import EngineError
from justfit.machine import available_threads
from justfit.spec import Adam, Diverged, Epoch, Layer, Optimizer, RmsProp, Sgd


class Training:
    """A cohort being trained: iterate `epochs`, then take the weights.

    Args:
        cohort: what to train.
        train: rows that train.
        validation: rows measured after each epoch, or None.
        threads: how many processors to use; the figures do not depend on it.

    Raises:
        EngineError: rows, labels, layers or weights do not fit each other.
    """

    def __init__(
        self,
        cohort: Cohort,
        train: Labelled,
        validation: Labelled | None = None,
        *,
        threads: int | None = None,
    ) -> None:
        self._cohort = cohort
        self._rows = len(train.rows)
        self._train = native_rows(train.rows), _native_targets(train, cohort)
        self._validation = validation and (native_rows(validation.rows), _native_targets(validation, cohort))
        try:
            self._native = _native.Cohort(
                columns=train.rows.columns,
                sparse=isinstance(train.rows, Bags),
                batch_size=min(cohort.batch_size, self._rows),
                threads=threads or available_threads(),
                members=[_member_spec(member) for member in cohort.members],
            )
            for number, member in enumerate(cohort.members):
                for layer, (kernel, bias) in enumerate(member.weights):
                    self._native.set_layer(number, layer, kernel, bias)
        except ValueError as error:
            raise EngineError(f"The engine refuses this cohort: {error}.") from error

    def epochs(self) -> Iterator[tuple[Epoch | Diverged, ...]]:
        """Trains epoch by epoch; each yield holds an `Epoch` or, for good, a `Diverged` of each member."""
        diverged: dict[int, Diverged] = {}
        for number in range(1, self._cohort.epochs + 1):
            start = time.perf_counter()
            order = self._cohort.order(number, self._rows)
            trained = self._native.train_epoch(*self._train, order, number)
            validated = (
                self._native.evaluate(*self._validation) if self._validation else [None] * len(trained)
            )
            seconds = time.perf_counter() - start
            for m, figures in enumerate(trained):
                if m not in diverged and not math.isfinite(figures.loss):
                    diverged[m] = Diverged(number)
            yield tuple(
                diverged.get(m) or _epoch(number, figures, validation, seconds)
                for m, (figures, validation) in enumerate(zip(trained, validated, strict=True))
            )
            if len(diverged) == len(trained):
                return

    def weights(self, member: int = 0) -> Weights:
        """The weights of one member as they are now."""
        layers = self._cohort.members[member].layers
        return tuple(self._native.get_layer(member, layer) for layer in range(len(layers)))

    def outputs(self, rows: Rows, member: int = 0) -> Float32:
        """What one member's last layer gives for rows: float32 ``[rows, outputs]``."""
        return self._native.predict(member, native_rows(rows))


def _epoch(number: int, train: _native.Figures, validation: _native.Figures | None, seconds: float) -> Epoch:
    return Epoch(
        epoch=number,
        loss=train.loss,
        data_loss=train.data_loss,
        metric=train.metric,
        val_loss=None if validation is None else validation.loss,
        val_data_loss=None if validation is None else validation.data_loss,
        val_metric=None if validation is None else validation.metric,
        seconds=seconds,
    )


def _native_targets(labelled: Labelled, cohort: Cohort) -> _native.Targets:
    outputs = cohort.members[0].layers[-1].units
    if (classes := labelled.classes) is not None:
        if (wrong := np.flatnonzero((classes < 0) | (classes >= outputs))).size:
            raise EngineError(f"Row {wrong[0]}: class {classes[wrong[0]]} is outside [0, {outputs}).")
        return _native.class_targets(classes, outputs)
    if labelled.numbers.shape[1] != outputs:
        raise EngineError(
            f"The labels have {labelled.numbers.shape[1]} numbers a row, the last layer {outputs} units."
        )
    return _native.number_targets(labelled.numbers)


def _member_spec(member: Member) -> _native.MemberSpec:
    return _native.MemberSpec(
        layers=[_layer_spec(layer) for layer in member.layers],
        loss=_native.Loss.__members__[member.loss],
        metric=_native.Metric.__members__[member.metric],
        optimizer=_optimizer_spec(member.optimizer),
        dropout_seed=member.dropout_seed,
    )


def _layer_spec(layer: Layer) -> _native.LayerSpec:
    return _native.LayerSpec(
        units=layer.units,
        activation=_native.Activation.__members__[layer.activation],
        bias=layer.has_bias,
        dropout=layer.dropout,
        l1=layer.l1,
        l2=layer.l2,
    )


def _optimizer_spec(optimizer: Optimizer) -> _native.OptimizerSpec:
    kind = _native.OptimizerKind.__members__[optimizer.name]
    match optimizer:
        case Sgd(learning_rate=rate, momentum=momentum, nesterov=nesterov):
            return _native.OptimizerSpec(kind=kind, learning_rate=rate, momentum=momentum, nesterov=nesterov)
        case RmsProp(learning_rate=rate, rho=rho, epsilon=epsilon):
            return _native.OptimizerSpec(kind=kind, learning_rate=rate, rho=rho, epsilon=epsilon)
        case Adam(learning_rate=rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon):
            return _native.OptimizerSpec(
                kind=kind, learning_rate=rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon
            )
