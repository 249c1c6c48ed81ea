import pytest

from justfit.errors import SpecError
from justfit.spec import LOSSES, TASKS, task_named

# The field's table of last layers and losses: task, activation of the last layer, losses.
TABLE = {
    "binary": ("sigmoid", "binary_crossentropy"),
    "multiclass": ("softmax", "categorical_crossentropy"),
    "multilabel": ("sigmoid", "binary_crossentropy"),
    "regression": ("linear", "mse"),
    "unit_regression": ("sigmoid", "mse"),
}
# Cross-entropies need the last layer that makes probabilities; a hinge needs two sides.
FITTING = {
    "binary": {"binary_crossentropy", "mse", "mae", "huber", "hinge"},
    "multiclass": {"categorical_crossentropy", "mse", "mae", "huber", "hinge"},
    "multilabel": {"binary_crossentropy", "mse", "mae", "huber", "hinge"},
    "regression": {"mse", "mae", "huber"},
    "unit_regression": {"mse", "mae", "huber", "binary_crossentropy"},
}


def test_each_task_fixes_its_last_layer_and_its_loss() -> None:
    assert {name: (task.output_activation, task.loss()) for name, task in TASKS.items()} == TABLE
    assert {name for name, task in TASKS.items() if task.is_classification} == {
        "binary",
        "multiclass",
        "multilabel",
    }


def test_losses_that_fit_are_taken_and_all_others_refused() -> None:
    assert set(LOSSES) == set().union(*FITTING.values())
    for name, task in TASKS.items():
        for loss in LOSSES:
            if loss in FITTING[name]:
                assert task.loss(loss) == loss
            else:
                with pytest.raises(SpecError, match=f'loss "{loss}" is not known for {name} labels'):
                    task.loss(loss)


@pytest.mark.parametrize(
    ("task", "loss", "message"),
    [
        ("binary", "binary_crossentrpy", 'for binary labels: .* Did you mean "binary_crossentropy"'),
        ("binary", "categorical_crossentropy", "expected one of binary_crossentropy, mse"),
        (
            "multiclass",
            "mspe",
            "is not known for multiclass labels: expected one of categorical_crossentropy",
        ),
        ("regression", "hinge", 'loss "hinge" is not known for regression labels: expected one of mse, mae'),
        ("regression", 3, 'loss "3" is not known'),
    ],
)
def test_a_loss_that_does_not_fit_the_labels_is_refused(task: str, loss: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        TASKS[task].loss(loss)


def test_an_unknown_task_is_told_the_nearest() -> None:
    assert task_named("binary") is TASKS["binary"]
    with pytest.raises(SpecError, match=r'task "multi-class" is not known: .* Did you mean "multiclass"'):
        task_named("multi-class")
