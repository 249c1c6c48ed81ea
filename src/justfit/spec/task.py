"""The five tasks; each fixes the last layer, the losses that fit it and the metric."""

from dataclasses import dataclass

from justfit.spec.checks import require_choice


@dataclass(frozen=True)
class Task:
    """What is to be learned from the labels.

    The last layer follows from the task and cannot be named by hand: a layer that
    does not fit its labels gives figures that mean nothing.
    """

    name: str
    output_activation: str
    """Activation of the last layer: ``sigmoid``, ``softmax`` or ``linear``."""
    losses: tuple[str, ...]
    """Losses that fit the last layer; the first is the default."""
    metric: str
    """``accuracy`` or ``mae``, measured each epoch beside the loss."""
    label: str
    """What one row's label is, for messages."""

    @property
    def is_classification(self) -> bool:
        """Whether labels are classes, so that accuracy and a confusion matrix mean something."""
        return self.metric == "accuracy"

    def outputs(self, classes: int) -> int:
        """Units of the last layer for so many classes.

        >>> TASKS["binary"].outputs(2), TASKS["multiclass"].outputs(3)
        (1, 3)
        """
        return classes if self.name in ("multiclass", "multilabel") else 1

    def loss(self, override: str | None = None) -> str:
        """The loss to train with: the task's own, or ``override`` where it fits.

        Raises:
            SpecError: ``override`` does not fit the task.

        >>> TASKS["binary"].loss()
        'binary_crossentropy'
        >>> TASKS["binary"].loss("mse")
        'mse'
        """
        if override is None:
            return self.losses[0]
        return require_choice("loss", override, self.losses, f"for {self.name} labels")


_OF_NUMBERS = ("mse", "mae", "huber")
_OF_CLASSES = (*_OF_NUMBERS, "hinge")

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("binary", "sigmoid", ("binary_crossentropy", *_OF_CLASSES), "accuracy", "one of two classes"),
        Task(
            "multiclass",
            "softmax",
            ("categorical_crossentropy", *_OF_CLASSES),
            "accuracy",
            "one of several classes",
        ),
        Task(
            "multilabel",
            "sigmoid",
            ("binary_crossentropy", *_OF_CLASSES),
            "accuracy",
            "any of several classes",
        ),
        Task("regression", "linear", _OF_NUMBERS, "mae", "a number"),
        Task(
            "unit_regression", "sigmoid", (*_OF_NUMBERS, "binary_crossentropy"), "mae", "a number in [0, 1]"
        ),
    )
}
"""The tasks by name."""

LOSSES = tuple(dict.fromkeys(loss for task in TASKS.values() for loss in task.losses))
"""All losses; those that fit a task are its `Task.losses`."""


def task_named(name: str) -> Task:
    """The task called ``name``; raises `SpecError` with the nearest legal name."""
    return TASKS[require_choice("task", name, tuple(TASKS))]
