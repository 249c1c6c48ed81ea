import keras
import numpy as np
import pytest
from engine.handmade import labelled, member, rows_of, same_weights, table
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from justfit.engine import Cohort, Labelled, Training, class_weights, initial_weights
from justfit.errors import EngineError
from justfit.spec import TASKS, Layer, Network, Recipe, Sgd

ROWS = rows_of(table(4, 5))
NUMBERS = np.zeros((4, 1), np.float32)


# ---- rows with labels ----


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"numbers": NUMBERS[:3]}, "There are 4 rows but 3 labels"),
        (
            {"numbers": NUMBERS.astype(np.float64)},
            "Labels must be float32 with 2 axes, got float64 with 2 axes",
        ),
        ({"numbers": NUMBERS[:, 0]}, "Labels must be float32 with 2 axes, got float32 with 1 axes"),
        ({"numbers": [[1.0]] * 4}, "Labels must be float32 with 2 axes, got list"),
        (
            {"numbers": np.array([[0, 1], [1, 0], [0, np.nan], [np.inf, 1]], np.float32)},
            r"Row 2: the label is \[ 0. nan\], not finite",
        ),
        ({"classes": np.zeros(4)}, "Class numbers must be int32 with 1 axes, got float64"),
        (
            {"classes": np.zeros((4, 1), np.int32)},
            "Class numbers must be int32 with 1 axes, got int32 with 2",
        ),
        ({"weights": np.ones(3, np.float32)}, "There are 4 rows but 3 weights"),
        ({"weights": np.ones((4, 1), np.float32)}, "Row weights must be float32 with 1 axes"),
        ({"weights": np.ones(4)}, "Row weights must be float32"),
        (
            {"weights": np.array([1, -1, 1, 1], np.float32)},
            "Row 1: the weight is -1.0, expected a number from 0",
        ),
        ({"weights": np.array([1, 1, 1, np.inf], np.float32)}, "Row 3: the weight is inf"),
        ({"weights": np.array([np.nan, 1, 1, 1], np.float32)}, "Row 0: the weight is nan"),
    ],
)
def test_labels_and_weights_that_do_not_fit_are_refused_with_the_row(
    parts: dict[str, object], message: str
) -> None:
    with pytest.raises(EngineError, match=message):
        Labelled(**{"rows": ROWS, "numbers": NUMBERS} | parts)


def test_no_rows_are_refused() -> None:
    with pytest.raises(EngineError, match="There are no rows: at least 1 is needed"):
        Labelled(ROWS.take(np.zeros(0, np.intp)), np.zeros((0, 1), np.float32))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 1, 1.5, 2]), "Row 2: the label is 1.5, expected a class number"),
        (np.array([0, np.nan, 1, 2]), "Row 1: the label is nan"),
        (np.array([0, 1, 2, 2**32]), "Row 3: the label is 4294967296"),
    ],
)
def test_labels_of_classes_must_be_whole_numbers_in_reach(labels: np.ndarray, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        Labelled.of(ROWS, labels, TASKS["multiclass"])


def test_arrays_out_of_order_or_out_of_step_in_memory_train_like_any_others() -> None:
    numbers = np.random.default_rng(0).random((70, 3)).astype(np.float32)
    out_of_step = np.frombuffer(b"?" + numbers.tobytes(), np.float32, offset=1).reshape(70, 3)
    assert not out_of_step.flags.aligned
    rows = labelled().rows
    losses = []
    for form in (numbers, np.asfortranarray(numbers), out_of_step):
        training = Training(Cohort((member(task="multilabel", outputs=3),)), Labelled(rows, form))
        losses.append(next(training.epochs())[0].loss)
    assert losses[0] == losses[1] == losses[2]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_balanced_weights_of_classes_are_scikit_learn_s(classes: list[int]) -> None:
    labels = np.array(classes)
    present = np.unique(labels)
    expected = dict(zip(present, compute_class_weight("balanced", classes=present, y=labels), strict=True))
    weights = class_weights(labels, 5)
    np.testing.assert_allclose([weights[name] for name in present], list(expected.values()), rtol=1e-6)
    assert weights.shape == (5,)


# ---- members that do not fit ----


@pytest.mark.parametrize(
    "change",
    [
        {"recipe": Recipe(batch_size=8)},
        {"order_seed": 1},
        {"network": Network((8,), input_dropout=0.5)},
        {"task": "regression", "outputs": 2},
    ],
)
def test_a_cohort_s_members_have_batch_size_order_and_outputs_in_common(change: dict[str, object]) -> None:
    with pytest.raises(
        EngineError, match="must have the same batch size, shuffle, order seed, input dropout and outputs"
    ):
        Cohort((member(), member(**change)))


def test_a_cohort_needs_a_batch_size() -> None:
    with pytest.raises(EngineError, match="must say their batch size"):
        Cohort((member(recipe=Recipe()),))


@pytest.mark.parametrize(
    ("one", "rows", "message"),
    [
        (member(columns=7), labelled(), "Member 0, layer 0: the kernel's shape does not fit its layer"),
        (member(weights=member().weights[:2]), labelled(), "Member 0 has weights of 2 layers, not 3"),
        (
            member(weights=((np.zeros((40, 8)), None), *member().weights[1:])),
            labelled(),
            "Member 0, layer 0: .*incompatible",
        ),
        (member(), labelled("multilabel", 2), "The labels have 2 numbers a row, the last layer 1 units"),
        (
            member(),
            labelled("multiclass", 1),
            "The labels are class numbers, but a last layer is not softmax",
        ),
        (
            member(task="multiclass", outputs=3),
            Labelled(ROWS, np.empty((0, 1), np.float32), np.array([0, 2, -1, 3], np.int32)),
            r"Row 2: class -1 is outside \[0, 3\)",
        ),
    ],
)
def test_rows_labels_weights_and_layers_that_do_not_fit_are_refused(
    one: object, rows: Labelled, message: str
) -> None:
    with pytest.raises(EngineError, match=message):
        Training(Cohort((one,)), rows)


@pytest.mark.parametrize(
    ("others", "found"),
    [(labelled(sparse=False), "Dense of 40"), (labelled(columns=39), "Bags of 39")],
)
def test_all_rows_must_be_like_those_that_train(others: Labelled, found: str) -> None:
    cohort, rows = Cohort((member(),)), labelled()
    message = f"The rows that train are Bags of 40 columns, others {found}"
    with pytest.raises(EngineError, match=message):
        Training(cohort, rows, others)
    with pytest.raises(EngineError, match=message):
        Training(cohort, rows).outputs(others.rows)


def test_members_that_left_or_never_were_are_told_apart_from_those_in_training() -> None:
    cohort = Cohort((member(recipe=Recipe(Sgd(), batch_size=16, epochs=1)), member(seed=1)))
    training = Training(cohort, labelled())
    with pytest.raises(EngineError, match="Member 0 is still in training"):
        training.outcome()
    list(training.epochs())
    with pytest.raises(EngineError, match=r"Member 0 is not in training: ask for one of \[1\]"):
        training.outputs(labelled().rows)
    with pytest.raises(EngineError, match="Member 2 is not in training"):
        training.weights(2)


def test_weights_of_members_that_left_are_kept_unless_nobody_wants_them() -> None:
    cohort = Cohort((member(recipe=Recipe(Sgd(), batch_size=16, epochs=1)), member(seed=1)))
    wanted, unwanted = Training(cohort, labelled()), Training(cohort, labelled(), weights=False)
    for training in (wanted, unwanted):
        list(training.epochs())
    assert same_weights(wanted.weights(1), unwanted.weights(1)), "the last ones stay"
    assert wanted.weights(0)
    with pytest.raises(EngineError, match="Member 0 is not in training"):
        unwanted.weights(0)


# ---- the order of the rows ----


@given(st.integers(0, 2**128 - 1), st.integers(1, 10**6), st.integers(1, 300))
def test_an_epoch_s_order_names_every_row_once(seed: int, epoch: int, rows: int) -> None:
    order = Cohort((member(order_seed=seed),)).order(epoch, rows)
    np.testing.assert_array_equal(np.sort(order), np.arange(rows))


def test_an_epoch_s_order_follows_from_seed_and_epoch_alone() -> None:
    cohort = Cohort((member(order_seed=7),))
    third = cohort.order(3, 50)
    assert not np.array_equal(third, cohort.order(4, 50))
    np.testing.assert_array_equal(third, cohort.order(3, 50))
    np.testing.assert_array_equal(third, Cohort((member(Network((99,)), order_seed=7),) * 2).order(3, 50))
    assert not np.array_equal(third, Cohort((member(order_seed=8),)).order(3, 50))


# ---- initial weights ----


@pytest.mark.parametrize(
    ("layer", "initializer"),
    [
        (Layer("dense", 90, "relu"), keras.initializers.GlorotUniform(seed=1)),
        (Layer("embedding", 90, "linear"), keras.initializers.RandomUniform(seed=1)),
    ],
)
def test_kernels_start_within_keras_s_bounds_and_as_evenly(
    layer: Layer, initializer: keras.initializers.Initializer
) -> None:
    ((kernel, _),) = initial_weights((layer,), 400, seed=3)
    reference = np.asarray(initializer((400, 90)))
    assert kernel.dtype == np.float32
    assert np.abs(kernel).max() == pytest.approx(np.abs(reference).max(), rel=1e-3)
    # Of 36,000 uniform numbers in +-b the mean's standard error is b / sqrt(3 * 36,000).
    bound = np.abs(reference).max()
    assert abs(kernel.mean()) < 4 * bound / np.sqrt(3 * 36_000)
    assert kernel.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)
    assert reference.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)


def test_biases_start_at_zero_and_embeddings_have_none() -> None:
    layers = Network((8,), embedding=6).layers(TASKS["binary"], 1)
    weights = initial_weights(layers, 40, seed=0)
    assert [kernel.shape for kernel, _ in weights] == [(40, 6), (6, 8), (8, 1)]
    assert weights[0][1] is None
    assert all(not bias.any() for _, bias in weights[1:])


def test_each_layer_and_each_seed_has_its_own_weights_and_the_same_seed_the_same() -> None:
    layers = (Layer("dense", 30, "relu"),) * 2
    (first, _), (second, _) = initial_weights(layers, 30, seed=1)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, initial_weights(layers, 30, seed=1)[0][0])
    assert not np.array_equal(first, initial_weights(layers, 30, seed=2)[0][0])
