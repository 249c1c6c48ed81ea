import dataclasses
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import sparse

from justfit.data.columns import Column
from justfit.data.preparation import NumberPreparation, Preparation, TextPreparation
from justfit.data.raw import Ids, Numbers, Raw, Texts, Vocabulary
from justfit.data.target import Target
from justfit.errors import DataError
from justfit.spec import TASKS, Network, Scaling, TextEncoding
from justfit.store import Model, predict, read_model, write_model

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


SEVERAL = st.lists(st.text(st.sampled_from("goodba !"), max_size=20), min_size=1, max_size=12)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SEVERAL, st.sampled_from(["multi_hot", "counts", "average"]), st.data())
def test_the_same_text_gets_the_same_figure_in_any_company_and_after_reading_it_again(
    tmp_path: Path, texts: list[str], kind: str, data: st.DataObject
) -> None:
    preparation = dataclasses.replace(TEXTS, encoding=TextEncoding(kind, num_words=6, maxlen=3))
    asked = model("multiclass", preparation, hidden=33)
    write_model(asked, tmp_path)
    together = asked.predict(texts).outputs
    order = np.array(data.draw(st.permutations(range(len(texts)))))
    np.testing.assert_array_equal(asked.predict([texts[row] for row in order]).outputs, together[order])
    again = read_model(tmp_path)
    for row, text in enumerate(texts):
        np.testing.assert_array_equal(again.predict([text]).outputs[0], together[row])


@settings(max_examples=40)
@given(npst.arrays(np.float64, st.tuples(st.integers(1, 70), st.just(2)), elements=st.floats(-1e6, 1e6)))
def test_the_same_numbers_get_the_same_figure_in_any_company(values: np.ndarray) -> None:
    asked = model("regression", hidden=19)
    together = asked.predict(values).outputs
    for row in range(len(values)):
        np.testing.assert_array_equal(asked.predict(values[row : row + 1]).outputs[0], together[row])


def test_a_few_words_of_a_large_vocabulary_get_the_same_figures_in_any_company() -> None:
    random = np.random.default_rng(0)
    words = tuple(f"w{number}" for number in range(996))
    asked = model("multiclass", TextPreparation(TextEncoding("counts", 1_000), Vocabulary(words)), hidden=21)
    texts = [" ".join(random.choice(words, size)) for size in random.integers(0, 90, 40)]
    together = asked.predict(texts).outputs
    for row, text in enumerate(texts):
        np.testing.assert_array_equal(asked.predict([text]).outputs[0], together[row])


def test_many_threads_ask_one_model_and_all_get_their_own_answers() -> None:
    asked = model("multiclass", TEXTS, hidden=64)
    questions = [[f"{'good ' * (n % 7)}{'bad ' * (n % 5)}{thread}" for n in range(50)] for thread in range(8)]
    alone = [asked.predict(rows).outputs for rows in questions]
    begin = threading.Barrier(8)

    def ask(number: int) -> list[np.ndarray]:
        begin.wait()
        return [asked.predict(questions[number]).outputs for _ in range(20)]

    with ThreadPoolExecutor(8) as pool:
        for number, found in enumerate(pool.map(ask, range(8))):
            for outputs in found:
                np.testing.assert_array_equal(outputs, alone[number])


def test_numbers_come_as_array_matrix_frame_dict_or_raw_rows() -> None:
    asked = model("multiclass")
    expected = predict(asked, Numbers(VALUES, COLUMNS)).outputs
    frame = pa.table({"weight": VALUES[:, 1], "other": ["x"] * 4, "height": VALUES[:, 0]})
    dicts = [{"height": height, "weight": weight} for height, weight in VALUES.tolist()]
    for rows in (
        VALUES,
        sparse.csr_array(VALUES),
        sparse.coo_matrix(VALUES),
        frame,
        frame.to_pydict(),
        dicts,
    ):
        np.testing.assert_array_equal(asked.predict(rows).outputs, expected)
    texts = [f"{height},{weight}" for height, weight in VALUES.tolist()]
    np.testing.assert_array_equal(asked.predict(texts).outputs, expected)


def test_texts_come_as_list_array_frame_or_rows_as_prepared() -> None:
    asked = model("multiclass", TEXTS)
    texts = ["good bad good", "", "bad"]
    expected = asked.predict(texts).outputs
    prepared = TEXTS.rows(Texts(texts)).to_csr()
    frame = pa.table({"review": texts, "stars": [1, 2, 3]})
    for rows in (tuple(texts), np.array(texts), np.array(texts, object), Texts(texts), frame, prepared):
        np.testing.assert_array_equal(asked.predict(rows).outputs, expected)
    np.testing.assert_allclose(asked.predict(prepared.toarray()).outputs, expected, rtol=1e-6)


def test_of_several_columns_of_texts_the_one_it_was_trained_on_is_taken() -> None:
    asked = dataclasses.replace(model("binary", TEXTS), columns=(Column("review", "text"),))
    texts = ["good bad good", "", "bad"]
    frame = pa.table({"title": ["bad"] * 3, "review": texts})
    np.testing.assert_array_equal(asked.predict(frame).outputs, asked.predict(texts).outputs)


def test_answers_have_columns_by_name() -> None:
    named = model("binary").predict(VALUES).named()
    assert list(named) == ["class", "probability of no", "probability of yes"]
    assert set(named["class"]) == {"no", "yes"}
    outputs = model("multilabel").predict(VALUES).outputs
    several = model("multilabel").predict(VALUES).named()
    assert list(several) == ["classes", "probability of x", "probability of y"]
    expected = [
        ";".join(name for name, share in zip("xy", row, strict=True) if share > 0.5) for row in outputs
    ]
    assert several["classes"] == expected
    assert list(model("regression").predict(VALUES).named()) == ["value"]


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


def test_frames_and_arrays_of_any_package_are_answered_as_a_dict_of_columns_is() -> None:
    columns = {"height": [1.5, 2.0, -1.0], "weight": [60.0, 70.5, 80.0]}
    array = np.array([*columns.values()]).T
    asked = model("binary", NUMBERS)
    wanted = predict(asked, columns).outputs
    by_pandas = pd.DataFrame(columns)
    frames = (by_pandas, pl.DataFrame(columns), pa.table(columns), by_pandas.to_dict("records"))
    for rows in (*frames, array, sparse.csr_array(array)):
        np.testing.assert_allclose(predict(asked, rows).outputs, wanted, rtol=1e-5)


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
        (NUMBERS, np.zeros((2, 3)), r"takes rows of 2 numbers, got float64 of shape \[2, 3\]"),
        (NUMBERS, np.zeros(2), r"takes rows of 2 numbers, got float64 of shape \[2\]"),
        (NUMBERS, np.array([["a", "b"]]), "does not make a table|has a list for each row"),
        (NUMBERS, sparse.csr_array(np.zeros((1, 3))), "expected rows of 2 numbers, got 3"),
        (NUMBERS, {"height": [1.0]}, 'has no column "weight"'),
        (NUMBERS, {"height": [1.0], "weight": [None]}, 'row 1, column "weight": there is no number'),
        (NUMBERS, {"height": ["1", "x"], "weight": [2, 3]}, r'row 2, column "height": there is no number'),
        (TEXTS, np.array([[1e300] * 6]), "Row 0, column 0: the value is inf"),
        (TEXTS, {"a": ["good one"], "b": ["bad one"]}, "should have one column of texts"),
        (TEXTS, {"a": [1]}, "should have one column of texts, .* and has 0"),
        (TEXTS, 7, "has no rows that could be read"),
        (NUMBERS, Numbers(np.zeros((1, 2)), ("height", "age")), "Column 1: .* expects weight, got age"),
        (TEXTS, Numbers(np.zeros((1, 2)), COLUMNS), "takes texts, got rows of 2"),
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
