import pytest

from justfit.errors import SpecError
from justfit.spec import TASKS, task_named

# The field's table of last layers and losses: task, activation of the last layer, losses.
TABLE = {
    "binary": ("sigmoid", "binary_crossentropy"),
    "multiclass": ("softmax", "categorical_crossentropy"),
    "multilabel": ("sigmoid", "binary_crossentropy"),
    "regression": ("linear", "mse"),
    "unit_regression": ("sigmoid", "mse"),
}


def test_each_task_fixes_its_last_layer_and_its_loss() -> None:
    assert {name: (task.output_activation, task.loss()) for name, task in TASKS.items()} == TABLE
    assert TASKS["unit_regression"].loss("binary_crossentropy") == "binary_crossentropy"
    assert {name for name, task in TASKS.items() if task.is_classification} == {
        "binary",
        "multiclass",
        "multilabel",
    }


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
