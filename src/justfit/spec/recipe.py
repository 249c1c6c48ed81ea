"""`Recipe`: how a network is trained."""

from dataclasses import dataclass, field

from justfit.errors import SpecError
from justfit.spec.checks import require_choice, require_integer, set_number
from justfit.spec.history import MONITORS
from justfit.spec.optimizers import OPTIMIZERS, Optimizer, RmsProp
from justfit.spec.schedule import MOST_EPOCHS, Constant, Schedule

MOST_SHUFFLED = 1_000_000
"""Rows of a block."""


@dataclass(frozen=True)
class Recipe:
    """Optimizer, batch size, number of epochs, and a loss other than the task's own if wanted."""

    optimizer: Optimizer = field(default_factory=RmsProp)
    batch_size: int | None = None
    """None to have it chosen by the number of training rows; a `Run` has it decided."""
    epochs: int = 20
    loss: str | None = None
    schedule: Schedule = field(default_factory=Constant)
    """Of the learning rate."""
    clip_norm: float | None = None
    """The gradient of each kernel and each bias is scaled to at most this norm, as ``clipnorm`` in Keras."""
    clip_value: float | None = None
    """Each number of a gradient is cut to at most this size, as ``clipvalue`` in Keras."""
    patience: int | None = None
    """Training ends after so many epochs without a better ``monitor``; None for never."""
    monitor: str = "val_data_loss"
    """What makes an epoch the best: ``val_data_loss``, ``val_loss`` (with penalties) or ``val_metric``."""
    shuffle_block: int | None = field(default=None, metadata={"unsaid": None})
    """Consecutive rows of a block, where rows are shuffled by blocks, 16 of them together, since they are
    larger than memory; None shuffles all rows together."""

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, Optimizer):
            raise SpecError(
                f"optimizer must be one of {', '.join(OPTIMIZERS)} with its numbers, got {self.optimizer!r}."
            )
        if self.batch_size is not None:
            require_integer("batch_size", self.batch_size, 1)
        if self.epochs == 0:
            raise SpecError("epochs is 0, so nothing would be trained: give at least 1.")
        require_integer("epochs", self.epochs, 1, MOST_EPOCHS)
        if not isinstance(self.schedule, Schedule):
            raise SpecError(f"schedule must be Constant, StepDecay or CosineDecay, got {self.schedule!r}.")
        if self.clip_norm is not None and self.clip_value is not None:
            raise SpecError("clip_norm and clip_value are both given: give one of them.")
        for key in ("clip_norm", "clip_value"):
            if getattr(self, key) is not None:
                set_number(self, key, open_low=True)
        if self.patience is not None:
            require_integer("patience", self.patience, 1)
        require_choice("monitor", self.monitor, MONITORS)
        if self.shuffle_block is not None:
            require_integer("shuffle_block", self.shuffle_block, 1, MOST_SHUFFLED)
