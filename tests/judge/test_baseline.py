import dataclasses
import json

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from justfit.judge import baseline
from justfit.spec import TASKS


@pytest.mark.parametrize(("task", "classes"), [("binary", ("no", "yes")), ("multiclass", ("a", "b", "c"))])
def test_the_baseline_is_the_most_frequent_class(task: str, classes: tuple[str, ...]) -> None:
    generator = np.random.default_rng(14)
    training = np.concatenate((np.arange(len(classes)), np.full(9, 1)))
    labels = generator.integers(0, len(classes), size=50)
    dummy = DummyClassifier().fit(np.zeros((len(training), 1)), training)
    found = baseline(training, labels, classes, TASKS[task])
    assert found.answer == classes[1]
    assert found.figures.accuracy.value == dummy.score(np.zeros((50, 1)), labels)


def test_of_equally_frequent_classes_the_first_is_taken() -> None:
    labels = np.array([1, 0, 1, 0])
    assert baseline(labels, labels, ("ham", "spam"), TASKS["binary"]).answer == "ham"


def test_the_mean_of_the_training_labels_is_the_baseline_of_regression() -> None:
    training, labels = np.float32([1.0, 2.0, 6.0]), np.float32([3.0, 5.0, 4.5])
    dummy = DummyRegressor().fit(np.zeros((3, 1)), training)
    found = baseline(training, labels, (), TASKS["regression"])
    assert found.answer == 3.0
    assert found.figures.r2.value == pytest.approx(dummy.score(np.zeros((3, 1)), labels))


def test_the_labels_most_rows_have_are_the_baseline_of_multilabel() -> None:
    training = np.array([[1, 0, 1], [1, 0, 0], [1, 1, 0]], dtype=np.float32)
    found = baseline(training, training, ("a", "b", "c"), TASKS["multilabel"])
    assert found.answer == ("a",)
    assert found.figures.accuracy.value == pytest.approx(7 / 9)


def test_no_training_labels_give_no_baseline() -> None:
    with pytest.raises(ValueError, match="No training labels"):
        baseline(np.array([], dtype=np.int64), np.array([0]), ("a", "b"), TASKS["binary"])


def test_a_baseline_is_plain_json_through_asdict() -> None:
    labels = np.array([0, 1, 1])
    found = dataclasses.asdict(baseline(labels, labels, ("a", "b"), TASKS["binary"]))
    assert json.loads(json.dumps(found, allow_nan=False))["answer"] == "b"
