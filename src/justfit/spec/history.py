"""`Epoch`, `History` and `Outcome`: what training a run leaves."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """Figures of one epoch. ``metric`` is the task's: accuracy or mean absolute error.

    Training figures are running means over the epoch with dropout on, as Keras reports them;
    ``val_`` figures are measured after it, without dropout, and are None where no row validates.
    """

    epoch: int
    """From 1."""
    loss: float
    """With L1 and L2 penalties, as Keras reports it."""
    data_loss: float
    """Without penalties: what compares across differently penalized networks."""
    metric: float
    val_loss: float | None
    val_data_loss: float | None
    val_metric: float | None
    seconds: float
    """Wall time of the epoch, validation included, of the whole cohort."""
    fit_loss: float | None = None
    """`data_loss` of the training rows measured like validation rows: after the epoch, without dropout."""
    fit_metric: float | None = None


History = tuple[Epoch, ...]
"""The epochs of a run, in order."""


@dataclass(frozen=True)
class Done:
    """Training went through all its epochs."""


@dataclass(frozen=True)
class Diverged:
    """The loss became infinite or not a number in ``epoch`` (from 1), and training ended there."""

    epoch: int


@dataclass(frozen=True)
class Failed:
    """Training could not be carried out, for a ``reason`` other than its figures."""

    reason: str


Outcome = Done | Diverged | Failed
"""How a run ended."""


MONITORS = ("val_data_loss", "val_loss", "val_metric")
"""Figures by which an epoch can be the best: validation loss without and with penalties, and the metric."""


def is_better(epoch: Epoch, than: Epoch | None, monitor: str, metric: str) -> bool:
    """Whether an epoch beats another one, or where there is none, whether it counts at all.

    It counts where both ``monitor`` and the validation loss are finite: a network that has diverged
    still has an accuracy. ``metric`` is the task's, and tells whether more is better.
    """
    found = _figure(epoch, monitor)
    before = None if than is None else _figure(than, monitor)
    if found is None or before is None:
        return found is not None
    return found > before if (monitor, metric) == ("val_metric", "accuracy") else found < before


def _figure(epoch: Epoch, monitor: str) -> float | None:
    figure: float | None = getattr(epoch, monitor)
    counts = all(value is not None and math.isfinite(value) for value in (epoch.val_loss, figure))
    return figure if counts else None


def best_epoch(history: History, monitor: str = "val_data_loss", metric: str = "accuracy") -> Epoch:
    """The best epoch by ``monitor``, the earliest of equals: by default the lowest loss without penalties.

    Raises:
        ValueError: no epoch was validated with a finite figure.
    """
    best = None
    for epoch in history:
        if is_better(epoch, best, monitor, metric):
            best = epoch
    if best is None:
        raise ValueError("No epoch was validated with a finite figure, so none can be called best.")
    return best
