import dataclasses
import json

import keras
import numpy as np
import pytest
from sklearn import metrics

from justfit.judge import (
    classification_figures,
    loss_figure,
    regression_figures,
    row_losses,
)
from justfit.judge.intervals import Figure
from justfit.spec import TASKS

BINARY, MULTICLASS, MULTILABEL = TASKS["binary"], TASKS["multiclass"], TASKS["multilabel"]


def softmax_outputs(rows: int, classes: int) -> np.ndarray:
    generator = np.random.default_rng(8)
    return generator.dirichlet(np.ones(classes), size=rows).astype(np.float32)


def test_binary_figures_counted_by_hand() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    probabilities = np.array([[0.1], [0.2], [0.9], [0.8], [0.4]])
    figures = classification_figures(labels, probabilities, ("no", "yes"), BINARY)
    no, yes = figures.classes
    assert figures.rows == 5
    assert figures.confusion == ((2, 1), (1, 1))
    assert figures.accuracy.value == 3 / 5
    assert (no.name, no.support, no.precision.value, no.recall.value) == ("no", 3, 2 / 3, 2 / 3)
    assert (yes.name, yes.support, yes.precision.value, yes.recall.value) == ("yes", 2, 1 / 2, 1 / 2)
    assert yes.f1.value == pytest.approx(0.5)


def test_a_probability_of_one_half_is_class_0_as_in_keras() -> None:
    labels, probabilities = np.array([0, 1]), np.array([[0.5], [0.5]])
    figures = classification_figures(labels, probabilities, ("a", "b"), BINARY)
    assert figures.confusion == ((1, 0), (1, 0))
    assert figures.accuracy.value == keras.metrics.BinaryAccuracy()(labels[:, None], probabilities)


def test_a_threshold_decides_from_where_on_class_1_is_the_answer() -> None:
    labels, probabilities = np.array([0, 1, 1]), np.array([[0.2], [0.3], [0.9]])
    found = [
        classification_figures(labels, probabilities, ("a", "b"), BINARY, threshold)
        for threshold in (0.1, 0.2, 0.3, 0.5, 0.9)
    ]
    assert [figures.confusion for figures in found] == [
        ((0, 1), (0, 2)),
        ((1, 0), (0, 2)),
        ((1, 0), (1, 1)),
        ((1, 0), (1, 1)),
        ((1, 0), (2, 0)),
    ]


def test_means_over_classes_by_hand() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    outputs = np.eye(4)[[0, 0, 0, 1, 1, 2, 2, 2]]  # of class d there is no row and no answer
    figures = classification_figures(labels, outputs, ("a", "b", "c", "d"), MULTICLASS)
    assert figures.balanced_accuracy.value == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)
    assert figures.macro_f1.value == pytest.approx((6 / 7 + 1 / 2 + 4 / 5) / 3)


@pytest.mark.parametrize("classes", [2, 5])
def test_means_over_classes_are_scikit_learns(classes: int) -> None:
    random = np.random.default_rng(9)
    labels, outputs = random.integers(0, classes, 200), softmax_outputs(200, classes)
    names, task = tuple("abcde"[:classes]), BINARY if classes == 2 else MULTICLASS
    given = outputs[:, 1:] if classes == 2 else outputs
    figures, called = classification_figures(labels, given, names, task), outputs.argmax(axis=1)
    assert figures.balanced_accuracy.value == pytest.approx(metrics.balanced_accuracy_score(labels, called))
    assert figures.macro_f1.value == pytest.approx(metrics.f1_score(labels, called, average="macro"))
    several = random.integers(0, 2, (200, 5))
    found = classification_figures(several, softmax_outputs(200, 5), tuple("abcde"), MULTILABEL)
    expected = metrics.f1_score(several, softmax_outputs(200, 5) > 0.5, average="macro")
    assert (found.balanced_accuracy, found.macro_f1.value) == (None, pytest.approx(expected))


def test_where_all_rows_are_right_means_over_classes_still_have_an_interval() -> None:
    labels = np.array([0] * 20 + [1] * 10)
    figures = classification_figures(labels, labels[:, None].astype(float), ("a", "b"), BINARY)
    for figure in (figures.balanced_accuracy, figures.macro_f1):
        assert (figure.value, figure.high) == (1, 1)
        assert 0.6 < figure.low < 0.95


@pytest.mark.parametrize("rows", [100, 1000])
def test_intervals_of_means_over_classes_hold_the_truth_as_often_as_they_say(rows: int) -> None:
    random = np.random.default_rng(10)
    table = np.array([[0.35, 0.1, 0.05], [0.05, 0.2, 0.05], [0.02, 0.03, 0.15]])  # shares of rows
    hits, own, called = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    truth = {"balanced_accuracy": (hits / own).mean(), "macro_f1": (2 * hits / (own + called)).mean()}
    held: dict[str, list[bool]] = {name: [] for name in truth}
    for _ in range(400):
        cells = random.choice(9, rows, p=table.ravel())
        found = classification_figures(cells // 3, np.eye(3)[cells % 3], ("a", "b", "c"), MULTICLASS)
        for name, true in truth.items():
            held[name].append(getattr(found, name).low <= true <= getattr(found, name).high)
    for name, of in held.items():
        assert 0.925 <= np.mean(of) <= 0.98, name


def test_a_column_of_probabilities_may_come_without_its_second_axis() -> None:
    labels, probabilities = np.array([0, 1, 1]), np.array([0.2, 0.9, 0.1])
    flat = classification_figures(labels, probabilities, ("a", "b"), BINARY)
    assert flat == classification_figures(labels, probabilities[:, None], ("a", "b"), BINARY)


def test_multiclass_figures_are_scikit_learns() -> None:
    outputs = softmax_outputs(300, 5)
    labels = np.random.default_rng(9).integers(0, 4, size=300)  # class 4 has no rows
    outputs[:, 3] = 0.0  # class 3 is never predicted
    figures = classification_figures(labels, outputs, tuple("abcde"), MULTICLASS)
    predicted = outputs.argmax(axis=1)
    report = metrics.classification_report(
        labels, predicted, labels=range(5), target_names=list("abcde"), output_dict=True, zero_division=0
    )
    assert figures.accuracy.value == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert np.array_equal(figures.confusion, metrics.confusion_matrix(labels, predicted, labels=range(5)))
    for found in figures.classes:
        expected = report[found.name]
        assert found.support == expected["support"]
        assert found.precision.value == pytest.approx(expected["precision"])
        assert found.recall.value == pytest.approx(expected["recall"])
        assert found.f1.value == pytest.approx(expected["f1-score"])


def test_multilabel_figures_are_kerass_and_scikit_learns() -> None:
    generator = np.random.default_rng(10)
    labels = (generator.random((200, 3)) > 0.7).astype(np.float32)
    outputs = generator.random((200, 3)).astype(np.float32)
    figures = classification_figures(labels, outputs, ("a", "b", "c"), MULTILABEL)
    assert figures.confusion is None
    assert figures.accuracy.value == pytest.approx(float(keras.metrics.BinaryAccuracy()(labels, outputs)))
    predicted = outputs > 0.5
    assert np.array_equal(figures.label_confusions, metrics.multilabel_confusion_matrix(labels, predicted))
    theirs = metrics.precision_recall_fscore_support(labels, predicted)
    for found, precision, recall, f1, support in zip(figures.classes, *theirs, strict=True):
        assert found.support == support
        values = (found.precision.value, found.recall.value, found.f1.value)
        assert values == pytest.approx((precision, recall, f1))


def test_the_interval_of_f1_holds_the_true_score_as_often_as_it_says() -> None:
    generator = np.random.default_rng(11)
    # 30% are of class 1; 80% of them and 20% of the others are called so.
    true_f1 = 2 * 0.24 / (2 * 0.24 + 0.14 + 0.06)
    held = []
    for _ in range(400):
        labels = (generator.random(300) < 0.3).astype(np.int64)
        outputs = np.where(generator.random(300) < np.where(labels, 0.8, 0.2), 0.9, 0.1)
        f1 = classification_figures(labels, outputs, ("a", "b"), BINARY).classes[1].f1
        held.append(f1.low <= true_f1 <= f1.high)
    assert 0.92 <= np.mean(held) <= 0.98


def test_regression_figures_are_scikit_learns() -> None:
    generator = np.random.default_rng(12)
    labels = generator.normal(1e6, 3.0, size=400)
    predictions = labels + generator.normal(0.5, 1.0, size=400)
    figures = regression_figures(labels, predictions[:, None])
    assert figures.rows == 400
    assert figures.mae.value == pytest.approx(metrics.mean_absolute_error(labels, predictions))
    assert figures.rmse.value == pytest.approx(metrics.root_mean_squared_error(labels, predictions))
    assert figures.r2.value == pytest.approx(metrics.r2_score(labels, predictions))


def test_regression_intervals_hold_the_true_values() -> None:
    generator = np.random.default_rng(13)
    held = []
    for _ in range(60):
        labels = generator.normal(0.0, 2.0, size=200)
        figures = regression_figures(labels, labels + generator.normal(size=200))
        truth = {"mae": np.sqrt(2 / np.pi), "rmse": 1.0, "r2": 0.75}
        intervals = ((getattr(figures, name), value) for name, value in truth.items())
        held.append([figure.low <= value <= figure.high for figure, value in intervals])
    assert (np.mean(held, axis=0) >= 0.86).all()


@pytest.mark.parametrize("predictions", [[2.0, 2.0, 2.0], [2.0, 2.0, 3.0]])
def test_labels_that_do_not_vary_have_scikit_learns_r2(predictions: list[float]) -> None:
    figures = regression_figures(np.full(3, 2.0), np.array(predictions))
    assert figures.r2.value == metrics.r2_score(np.full(3, 2.0), predictions)


def test_one_row_has_figures_without_intervals() -> None:
    figures = regression_figures(np.array([3.0]), np.array([1.0]))
    assert figures.rmse == Figure(2.0, None, None)
    assert figures.r2 == Figure(0.0, None, None)


SHARES = np.array([[0.3, 0.8], [0.5, 0.25], [0.999, 0.001]])
NUMBERS = np.array([0.5, -2.0, 7.0, 0.0]), np.array([[0.25], [1.0], [7.0], [-1.0]])


@pytest.mark.parametrize(
    ("name", "labels", "outputs"),
    [
        *((name, np.array([0, 1, 1]), SHARES[:, :1]) for name in TASKS["binary"].losses),
        *((name, np.array([[1, 0], [0, 0], [1, 1]]), SHARES) for name in TASKS["multilabel"].losses),
        *((name, np.arange(6) % 4, softmax_outputs(6, 4)) for name in TASKS["multiclass"].losses),
        *((name, *NUMBERS) for name in TASKS["regression"].losses),
        *((name, np.array([0.25, 0.75, 1.0]), SHARES[:, :1]) for name in TASKS["unit_regression"].losses),
    ],
)
def test_the_loss_of_each_row_is_kerass(name: str, labels: np.ndarray, outputs: np.ndarray) -> None:
    are_classes = labels.ndim == 1 and outputs.shape[1] > 1
    given = np.eye(outputs.shape[1])[labels] if are_classes else labels.reshape(outputs.shape)
    theirs = keras.losses.get(name)(given.astype(np.float32), outputs.astype(np.float32))
    ours = row_losses(name, labels, outputs)
    assert ours.dtype == np.float64
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-4)


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
def test_a_certain_answer_costs_the_log_of_the_clip_when_wrong_and_nothing_when_right(name: str) -> None:
    outputs = np.array([[1.0], [1.0]]) if name.startswith("binary") else np.array([[0.0, 1.0], [0.0, 1.0]])
    assert row_losses(name, np.array([0, 1]), outputs) == pytest.approx([-np.log(1e-7), 1e-7], rel=1e-6)


def test_the_loss_of_some_rows_is_the_mean_of_theirs() -> None:
    losses = row_losses("mse", np.array([0.0, 0.0, 0.0]), np.array([1.0, 2.0, 3.0]))
    figure = loss_figure(losses)
    assert figure.value == pytest.approx(14 / 3)
    assert figure.low < 14 / 3 < figure.high


@pytest.mark.parametrize(
    ("labels", "outputs", "classes", "task", "message"),
    [
        (np.array([0, 1]), np.zeros((3, 1)), ("a", "b"), BINARY, r"\(3, 1\) do not fit 2 labelled rows"),
        (np.array([], dtype=np.int64), np.zeros((0, 1)), ("a", "b"), BINARY, "do not fit 0 labelled rows"),
        (np.array([0, 1]), np.zeros((2, 2)), ("a", "b"), BINARY, "2 probabilities a row"),
        (np.array([0, 1]), np.zeros((2, 3)), ("a", "b"), MULTICLASS, "3 probabilities a row"),
        (np.array([0, 2]), np.zeros((2, 2)), ("a", "b"), MULTICLASS, "from 0 to 1, got 0 to 2"),
        (np.array([0, 1]), np.zeros((2, 2)), ("a", "b"), MULTILABEL, "do not fit probabilities"),
        (np.array([0, 1]), np.array([[0.5], [np.nan]]), ("a", "b"), BINARY, "row 1 are not finite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(labels, outputs, classes, task, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classification_figures(labels, outputs, classes, task)


def test_labels_that_do_not_fit_the_loss_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 2\) do not fit outputs of shape \(2, 3\)"):
        row_losses("mse", np.zeros((2, 2)), np.zeros((2, 3)))
    for labels, told in (([0, 3], "3 of row 1"), ([-1, 0], "-1 of row 0"), ([0.5, 0], "0.5 of row 0")):
        for loss in TASKS["multiclass"].losses:
            with pytest.raises(ValueError, match=f"Label {told} is no class number from 0 to 2"):
                row_losses(loss, np.array(labels), np.full((2, 3), 1 / 3))
    with pytest.raises(ValueError, match="expected 1 each"):
        regression_figures(np.array([0.0, 1.0]), np.zeros((2, 2)))


def test_figures_are_plain_json_through_asdict() -> None:
    outputs, classes = softmax_outputs(3, 3), ("a", "b", "c")
    multiclass = classification_figures(np.array([0, 1, 2]), outputs, classes, MULTICLASS)
    multilabel = classification_figures(np.eye(3), outputs, classes, MULTILABEL)
    regression = regression_figures(np.array([1.0, 2.0]), np.array([1.5, 2.0]))
    for figures in (multiclass, multilabel, regression):
        text = json.dumps(dataclasses.asdict(figures), allow_nan=False)
        assert json.loads(text)["rows"] == figures.rows
