import dataclasses
import math

import numpy as np
import pytest

from justfit.data.preparation import NumberPreparation, Preparation, TextPreparation
from justfit.data.raw import Ids, Numbers, Raw, Texts, Vocabulary
from justfit.data.target import Target
from justfit.errors import DataError
from justfit.spec import TASKS, Network, Scaling, TextEncoding
from justfit.store import Model, predict

COLUMNS = ("height", "weight")
NUMBERS = NumberPreparation(Scaling("standard"), COLUMNS, np.array([1.0, 10.0]), np.array([2.0, 5.0]))
# Columns: padding, start, unknown, unused, "good" and "bad".
TEXTS = TextPreparation(TextEncoding("counts", num_words=6), Vocabulary(("good", "bad")))
CLASSES = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "multilabel": ("x", "y")}


def model(task: str, preparation: Preparation = NUMBERS, seed: int = 0, hidden: int = 5) -> Model:
    """A network of one hidden layer with random weights."""
    random = np.random.default_rng(seed)
    classes = CLASSES.get(task, ())
    outputs = len(classes) if task in ("multiclass", "multilabel") else 1
    widths = [(preparation.columns, hidden), (hidden, outputs)]
    target = {"regression": Target(100.0, 20.0), "unit_regression": Target(0.0, 1.0)}.get(task)
    return Model(
        name="handmade",
        run_id="0123456789ab",
        task=TASKS[task],
        classes=classes,
        network=Network((hidden,), "tanh", dropout=0.9),
        preparation=preparation,
        target=target,
        kernels=tuple(random.normal(size=shape).astype(np.float32) for shape in widths),
        biases=tuple(random.normal(size=shape[1]).astype(np.float32) for shape in widths),
    )


def outputs_by_hand(model: Model, rows: np.ndarray) -> np.ndarray:
    """The documented forward pass: no dropout, the task's last activation, the labels' units."""
    (first, last), (first_bias, last_bias) = model.kernels, model.biases
    raw = np.tanh(rows @ first + first_bias) @ last + last_bias
    match model.task.output_activation:
        case "sigmoid":
            return 1 / (1 + np.exp(-raw))
        case "softmax":
            return np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
        case _:
            return raw * model.target.scale + model.target.shift


VALUES = np.array([[1.0, 10.0], [3.0, 0.0], [-2.0, 25.0], [1.5, 11.0]])


@pytest.mark.parametrize("task", TASKS)
def test_outputs_are_those_of_the_forward_pass_on_prepared_rows(task: str) -> None:
    asked = model(task)
    expected = outputs_by_hand(asked, (VALUES - [1.0, 10.0]) / [2.0, 5.0])
    answers = predict(asked, Numbers(VALUES, COLUMNS))
    assert answers.outputs.dtype == np.float32
    np.testing.assert_allclose(answers.outputs, expected, rtol=2e-5)


def test_the_class_of_a_binary_model_is_yes_above_a_half() -> None:
    answers = predict(model("binary"), Numbers(VALUES, COLUMNS))
    assert answers.classes == ("no", "yes")
    assert answers.outputs.shape == (4, 1)
    np.testing.assert_array_equal(answers.labels, answers.outputs[:, 0] > 0.5)
    assert set(answers.labels.tolist()) == {0, 1}
    probabilities = answers.probabilities()
    np.testing.assert_array_equal(probabilities[:, 1], answers.outputs[:, 0])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), answers.labels)


def test_the_class_of_a_binary_model_with_a_threshold_is_yes_above_that() -> None:
    outputs = predict(model("binary"), Numbers(VALUES, COLUMNS)).outputs[:, 0]
    second = float(np.sort(outputs)[1])
    answers = predict(dataclasses.replace(model("binary"), threshold=second), Numbers(VALUES, COLUMNS))
    np.testing.assert_array_equal(answers.labels, outputs > second)
    assert answers.labels.sum() == 2
    np.testing.assert_array_equal(answers.outputs[:, 0], outputs)


def test_the_class_of_a_multiclass_model_is_the_most_probable() -> None:
    answers = predict(model("multiclass"), Numbers(VALUES, COLUMNS))
    assert answers.classes == ("a", "b", "c")
    assert answers.probabilities().shape == (4, 3)
    np.testing.assert_allclose(answers.probabilities().sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(answers.labels, answers.outputs.argmax(axis=1))


def test_a_multilabel_model_gives_each_label_its_own_probability() -> None:
    answers = predict(model("multilabel"), Numbers(VALUES, COLUMNS))
    assert answers.classes == ("x", "y")
    assert answers.labels is None
    np.testing.assert_array_equal(answers.probabilities(), answers.outputs)
    assert not np.allclose(answers.outputs.sum(axis=1), 1)


@pytest.mark.parametrize("task", ["regression", "unit_regression"])
def test_a_regression_gives_values_in_the_unit_of_its_labels_and_no_probabilities(task: str) -> None:
    answers = predict(model(task), Numbers(VALUES, COLUMNS))
    assert (answers.classes, answers.labels) == ((), None)
    assert answers.outputs.shape == (4, 1)
    assert ((answers.outputs > 1) == (task == "regression")).all()
    with pytest.raises(DataError, match="A regression gives values and no probabilities"):
        answers.probabilities()


@pytest.mark.parametrize(
    ("preparation", "rows"),
    [
        (NUMBERS, [f"{height},{10 * height}" for height in range(67)]),
        (TEXTS, ["good " * (n % 5) + "bad " * (n % 3) for n in range(67)]),
    ],
)
@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_a_row_gets_the_same_answer_alone_or_among_others(
    task: str, preparation: Preparation, rows: list[str]
) -> None:
    asked = model(task, preparation, hidden=37)
    together = predict(asked, rows).outputs
    alone = np.concatenate([predict(asked, [row]).outputs for row in rows])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together[::-1], predict(asked, rows[::-1]).outputs)


def test_texts_are_split_into_words_and_counted() -> None:
    asked = model("binary", TEXTS)
    bags = np.array([[0, 1, 1, 0, 2, 0], [0, 1, 0, 0, 0, 0], [0, 1, 0, 0, 1, 1]])
    expected = outputs_by_hand(asked, bags)
    for rows in (["Good film: GOOD!", "", "bad, good"], Texts(["good unheard good", " ", "good bad"])):
        np.testing.assert_allclose(predict(asked, rows).outputs, expected, rtol=2e-5)


@pytest.mark.parametrize("rows", [[], ()])
@pytest.mark.parametrize("preparation", [NUMBERS, TEXTS])
def test_no_rows_have_no_answers(rows: list[str], preparation: Preparation) -> None:
    answers = predict(model("multiclass", preparation), rows)
    assert answers.outputs.shape == (0, 3)
    assert answers.labels.tolist() == []
    assert answers.probabilities().shape == (0, 3)


@pytest.mark.parametrize(
    ("preparation", "rows", "message"),
    [
        (TEXTS, "good film", "One text was given where a list of rows is expected: put it in brackets"),
        (NUMBERS, ["1,2", "1,2,3"], "Row 1: expected 2 numbers with commas between, got 3 .*height, weight"),
        (NUMBERS, [""], "Row 0: expected 2 numbers with commas between, got 1"),
        (NUMBERS, ["1,x"], r'Row 0, column 1 \(weight\): expected a number, got "x"'),
        (NUMBERS, ["1,nan"], r"Row 0, column 1 \(weight\): the value is nan"),
        (NUMBERS, ["1e300,1"], r"Row 0, column 0.* inf"),
        (NUMBERS, Texts(["good"]), "takes rows of 2 numbers, got texts"),
        (NUMBERS, Numbers(np.zeros((1, 2)), ("height", "age")), "Column 1: .* expects weight, got age"),
        (TEXTS, Numbers(np.zeros((1, 2)), COLUMNS), "takes texts, got rows of 2 numbers"),
        (
            TEXTS,
            Ids(np.array([1], np.int32), np.array([0, 1]), Vocabulary(("bad",))),
            "word ids are of another vocabulary",
        ),
    ],
)
def test_rows_of_another_kind_are_refused(
    preparation: Preparation, rows: Raw | list[str] | str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        predict(model("binary", preparation), rows)


def test_a_model_without_hidden_layers_is_a_linear_one() -> None:
    kernel, bias = np.array([[2.0], [3.0]], np.float32), np.array([0.5], np.float32)
    linear = dataclasses.replace(
        model("regression"), network=Network(()), kernels=(kernel,), biases=(bias,), target=Target(0.0, 1.0)
    )
    assert math.isclose(predict(linear, ["3,20"]).outputs[0, 0], 2 * 1 + 3 * 2 + 0.5, rel_tol=1e-6)
