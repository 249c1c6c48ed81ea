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
    """Wall time of the epoch, validation included."""


History = tuple[Epoch, ...]


@dataclass(frozen=True)
class Done:
    """Training went through all its epochs."""


@dataclass(frozen=True)
class Diverged:
    """The loss became infinite or not a number in ``epoch`` (from 1), and training ended there."""

    epoch: int


Outcome = Done | Diverged


def best_epoch(history: History) -> Epoch:
    """The epoch with the lowest validation loss without penalties; the earliest of equals.

    Raises:
        ValueError: no epoch was validated with a finite loss.
    """
    losses = [math.inf if epoch.val_data_loss is None else epoch.val_data_loss for epoch in history]
    finite = [(loss, number) for number, loss in enumerate(losses) if math.isfinite(loss)]
    if not finite:
        raise ValueError("No epoch was validated with a finite loss, so none can be called best.")
    return history[min(finite)[1]]
