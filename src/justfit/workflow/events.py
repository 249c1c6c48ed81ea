"""What the workflow tells while it goes on, for whoever shows it."""

from dataclasses import dataclass

from justfit.judge import Baseline
from justfit.spec import Epoch, Run
from justfit.store import StoredRun


@dataclass(frozen=True)
class Planned:
    """What will be trained, and what it must beat."""

    run: Run
    label: str
    layers: tuple["LayerSummary", ...]
    rows: "RowCounts"
    baseline: Baseline
    """On the validation rows."""
    notes: tuple[str, ...]


@dataclass(frozen=True)
class LayerSummary:
    """One line of a model summary."""

    kind: str
    """``dense``, ``embedding`` or ``dropout``."""
    outputs: int
    detail: str
    """The activation, or the share dropped."""
    parameters: int


@dataclass(frozen=True)
class RowCounts:
    """How many rows train, validate and test; the final network trains on the first two."""

    train: int
    validation: int
    test: int


@dataclass(frozen=True)
class EpochDone:
    """One epoch of the ``validation`` training, which chooses, or of the ``final`` one."""

    stage: str
    epoch: Epoch
    epochs: int


@dataclass(frozen=True)
class Chosen:
    """The epoch that is best by the recipe's monitor."""

    best: Epoch


@dataclass(frozen=True)
class Tested:
    """The test rows have been opened; their figures stand in the stored run."""

    rows: int


@dataclass(frozen=True)
class Stored:
    """Everything is on disk."""

    run: StoredRun


Event = Planned | EpochDone | Chosen | Tested | Stored
