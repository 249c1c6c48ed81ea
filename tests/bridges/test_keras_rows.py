from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from scipy import sparse

from justfit.bridges.keras_compiled import Compiled, read_compiled
from justfit.bridges.keras_layers import Stack, read_layers
from justfit.bridges.keras_rows import class_weighted, labelled, read_rows, split_off
from justfit.data.rows import Bags, Dense
from justfit.errors import DataError, EngineError, SpecError


def stack_of(
    *stack: keras.Layer, last: str = "sigmoid", units: int = 1, loss: str = "mse"
) -> tuple[Stack, Compiled]:
    model = keras.Sequential([*stack, layers.Dense(units, activation=last)])
    model.compile("sgd", loss)
    found = read_layers(model)
    return found, read_compiled(model, found)


def plain() -> Stack:
    """The layers that rows go into as they are."""
    return stack_of()[0]


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32, np.float64])
def test_rows_that_are_mostly_zero_become_sparse_and_stay_the_same(dtype: type) -> None:
    random = np.random.default_rng(0)
    rows = ((random.random((700, 90)) < 0.03) * random.integers(1, 9, (700, 90))).astype(dtype)
    rows[3] = 0
    found = read_rows(rows, plain())
    assert isinstance(found, Bags)
    np.testing.assert_array_equal(found.to_csr().toarray(), rows)
    assert isinstance(read_rows(rows + dtype(1), plain()), Dense)


def test_rows_that_validate_are_sparse_where_those_that_train_are() -> None:
    few, many = np.eye(50), np.ones((3, 50))
    assert isinstance(read_rows(many, plain(), like=read_rows(few, plain())), Bags)
    assert isinstance(read_rows(few, plain(), like=read_rows(many, plain())), Dense)
    dense = read_rows(sparse.csr_array(few), plain(), like=read_rows(many, plain()))
    np.testing.assert_array_equal(dense.values if isinstance(dense, Dense) else None, few)


def test_images_are_laid_end_to_end_and_scaled_as_keras_does_it() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 3)).astype(np.uint8)
    model = [layers.Flatten(), layers.Rescaling(1 / 255), layers.Rescaling([2.0] * 12, [0.5] * 12)]
    found = read_rows(images, stack_of(*model)[0])
    expected = keras.Sequential(model)(images)
    assert isinstance(found, Dense)
    np.testing.assert_allclose(found.values, np.asarray(expected), rtol=1e-6)


def test_ids_are_averaged_as_keras_does_it() -> None:
    ids = np.array([[0, 0, 3, 3, 1], [4, 2, 0, 1, 3]])
    embedding, pooling = layers.Embedding(5, 4), layers.GlobalAveragePooling1D()
    found = read_rows(ids, stack_of(embedding, pooling)[0])
    assert isinstance(found, Bags)
    expected = np.asarray(pooling(embedding(ids)))
    vectors = np.asarray(embedding.embeddings.value)
    np.testing.assert_allclose(found.to_csr() @ vectors, expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros(3), r"shape \[3\], expected \[rows, columns\]\."),
        (np.zeros((3, 4, 4)), "begin the model with Flatten"),
        (np.array([[1, 2], [3]], object), "lists of word ids"),
        ([[1, 2], [3]], "is no array of rows"),
        ([["a"]], "list of <U1, expected an array of numbers"),
        (keras.Sequential(), "Sequential of object"),
        (np.array([[1.0, np.nan]]), "Row 0, column 1: the value is nan"),
        (np.full((2, 2), 1e300), "Row 0, column 0: the value is inf"),
    ],
)
def test_rows_that_cannot_be_are_told(rows: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_rows(rows, plain())


def test_ids_that_cannot_be_are_told() -> None:
    averaged, _ = stack_of(layers.Embedding(5, 4), layers.GlobalAveragePooling1D())
    with pytest.raises(DataError, match="Row 1, place 0: the id is 5, expected a whole number from 0 to 4"):
        read_rows(np.array([[0, 1], [5, 1]]), averaged)
    with pytest.raises(DataError, match=r"expected \[rows, length\]"):
        read_rows(np.array([0, 1]), averaged)
    with pytest.raises(DataError, match="make it dense"):
        read_rows(sparse.csr_array(np.eye(3)), averaged)


CLASSES: dict[str, Any] = {"last": "softmax", "units": 3, "loss": "sparse_categorical_crossentropy"}
ONE_HOT: dict[str, Any] = {"last": "softmax", "units": 3, "loss": "categorical_crossentropy"}
ROWS = Dense(np.zeros((3, 2), np.float32))


def test_labels_come_in_every_form_that_keras_takes() -> None:
    for numbers in (np.array([2, 0, 1]), np.array([[2.0], [0.0], [1.0]]), [2, 0, 1]):
        found = labelled(ROWS, numbers, None, *stack_of(**CLASSES)).classes
        assert found is not None
        assert found.tolist() == [2, 0, 1]
    found = labelled(ROWS, keras.utils.to_categorical([2, 0, 1]), [1, 2, 3], *stack_of(**ONE_HOT))
    assert found.classes is not None
    assert found.weights is not None
    assert (found.classes.tolist(), found.weights.tolist()) == ([2, 0, 1], [1, 2, 3])
    for one in (np.array([True, False, True]), np.array([[1.0], [0.0], [1.0]])):
        assert labelled(ROWS, one, None, *stack_of()).numbers.tolist() == [[1], [0], [1]]
    assert labelled(ROWS, np.ones((3, 4)), None, *stack_of(units=4)).numbers.shape == (3, 4)


@pytest.mark.parametrize(
    ("labels", "of", "message"),
    [
        (np.zeros(2), {}, "3 rows in x but 2 labels in y"),
        (np.zeros((3, 2)), {}, r"expected \[rows, 1\] or \[rows\]: the last layer has 1 unit\."),
        (np.zeros(3), {"units": 2}, r"expected \[rows, 2\]: the last layer has 2 units"),
        (np.zeros((3, 1, 1)), {}, r"shape \[3, 1, 1\]"),
        (["a", "b", "c"], {}, "y is list of <U1"),
        (np.array([0, 3, 1]), CLASSES, "Row 1: the label is 3, expected a class number from 0 to 2"),
        (np.array([0, 0.5, 1]), CLASSES, "Row 1: the label is 0.5"),
        (np.eye(3), CLASSES, "take the loss categorical_crossentropy"),
        (np.array([0, 1, 2]), ONE_HOT, "take the loss sparse_categorical_crossentropy"),
        (np.array([[1, 0, 0], [0.5, 0.5, 0], [0, 0, 1]]), ONE_HOT, "Row 1: .* expected a single 1 among 0"),
    ],
)  # fmt: skip
def test_labels_that_cannot_be_are_told(labels: object, of: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        labelled(ROWS, labels, None, *stack_of(**of))


def test_weights_that_cannot_be_are_told() -> None:
    with pytest.raises(DataError, match=r"sample_weight has the shape \[3, 2\]"):
        labelled(ROWS, np.zeros(3), np.ones((3, 2)), *stack_of())
    with pytest.raises(EngineError, match=r"Row 2: the weight is -1.0, expected a number from 0 up"):
        labelled(ROWS, np.zeros(3), [1, 1, -1], *stack_of())


def test_classes_weigh_what_they_are_given_and_1_otherwise() -> None:
    assert class_weighted([0, 2, 1], {0: 2, 2: 0.5}).tolist() == [2, 0.5, 1]
    assert class_weighted(np.eye(3)[[0, 2, 1]], {0: 2, 2: 0.5}).tolist() == [2, 0.5, 1]
    with pytest.raises(DataError, match="class_weight must be a dict of numbers by class, got str"):
        class_weighted([0, 1], "balanced")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="class_weight has 'many' for class 0, expected a number"):
        class_weighted([0, 1], {0: "many"})


def test_the_last_rows_are_split_off() -> None:
    first, last = split_off(0.4, np.arange(10), list(range(10)), None)
    assert [array if array is None else list(array) for array in first] == [[*range(6)], [*range(6)], None]
    assert list(last[0]) == [6, 7, 8, 9]
    first, last = split_off(0.5, sparse.coo_array(np.eye(4)))
    np.testing.assert_array_equal(last[0].toarray(), np.eye(4)[2:])
    for share, message in ((1.5, "between 0 and 1, got 1.5"), ("all", "got 'all'"), (0.99, "leaves no row")):
        with pytest.raises(SpecError, match=message):
            split_off(share, np.arange(10))
