"""Arrays as Keras takes them to the engine's rows and labels."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from justfit.bridges.keras_compiled import Compiled
from justfit.bridges.keras_layers import Stack
from justfit.data.rows import Bags, Dense, Float32, Rows
from justfit.engine import Labelled
from justfit.errors import DataError, SpecError

Array = npt.NDArray[Any]

_MOST_FILLED = 0.05
"""Share of numbers other than 0 up to which dense rows are trained faster as sparse ones."""

_BLOCK = 256
"""Rows looked at in one go, so that no second copy of all rows is needed."""


def read_rows(x: Any, stack: Stack, like: Rows | None = None) -> Rows:
    """Rows as the engine takes them; dense ones that are mostly 0 become sparse, which is far faster.

    Args:
        x: an array, what becomes one, or SciPy sparse.
        stack: what the rows go through.
        like: rows that these go with, sparse or dense as they are; None for what suits these best.

    Raises:
        DataError: a type, shape or number that cannot be.
    """
    if is_sparse(x):
        if stack.rescalings or stack.flattens or stack.averages is not None:
            raise DataError(
                "x is sparse, which goes into Dense or Dropout only: make it dense with x.toarray()."
            )
        return _like(Bags.from_csr(x.tocsr()), like)
    array = _numbers(x, "x", "rows")
    if stack.averages is not None:
        return _averaged(array, stack.averages)
    if array.ndim != 2 and not (stack.flattens and array.ndim > 2):
        raise DataError(
            f"x has the shape {list(array.shape)}, expected [rows, columns]"
            + (": reshape it, or begin the model with Flatten." if array.ndim > 2 else ".")
        )
    array = array.reshape(len(array), -1)
    for layer in stack.rescalings:
        array = array.astype(np.float32) * np.float32(layer.scale) + np.float32(layer.offset)
    if isinstance(like, Bags) or (like is None and _is_mostly_zero(array)):
        return _bags(array)
    with np.errstate(over="ignore"):  # an infinity is told of with its place
        return Dense(np.ascontiguousarray(array, np.float32))


def labelled(rows: Rows, y: Any, weights: Any, stack: Stack, compiled: Compiled) -> Labelled:
    """Rows with their labels and weights as the engine takes them.

    Args:
        rows: of `read_rows`.
        y: their labels.
        weights: of the rows, ``[rows]``; None for 1.
        stack: the model's layers.
        compiled: what the labels are compared with.

    Raises:
        DataError: labels of a type or shape that cannot be, or not as many as rows.
        EngineError: a label or a weight that cannot be.
    """
    labels = _numbers(y, "y", "labels")
    if len(rows) != len(labels):
        raise DataError(f"There are {len(rows):,} rows in x but {len(labels):,} labels in y.")
    row_weights = None if weights is None else _row_weights(weights)
    if stack.layers[-1].activation == "softmax":
        classes = _classes(labels, stack.layers[-1].units, compiled)
        return Labelled(rows, np.empty((0, 1), np.float32), classes, row_weights)
    units = stack.layers[-1].units
    numbers = labels.astype(np.float32).reshape(len(labels), -1)
    if labels.ndim > 2 or numbers.shape[1] != units:
        raise DataError(
            f"y has the shape {list(labels.shape)}, expected [rows, {units}]"
            + (" or [rows]" if units == 1 else "")
            + f": the last layer has {units} unit{'s' * (units > 1)}."
        )
    return Labelled(rows, numbers, None, row_weights)


def class_weighted(y: Any, class_weight: Mapping[Any, Any]) -> Float32:
    """What each row weighs by its class, ``[rows]``; 1 for classes that ``class_weight`` does not name.

    Raises:
        DataError: ``class_weight`` is no dict of numbers by class.
    """
    if not isinstance(class_weight, Mapping):
        raise DataError(
            f"class_weight must be a dict of numbers by class, got {type(class_weight).__name__}."
        )
    labels = _numbers(y, "y", "labels")
    classes = (
        labels.argmax(axis=1) if labels.ndim > 1 and labels.shape[1] > 1 else labels.reshape(len(labels))
    )
    weights = np.ones(len(classes), np.float32)
    for number, weight in class_weight.items():
        try:
            weights[np.round(classes) == number] = weight
        except (TypeError, ValueError) as error:
            raise DataError(
                f"class_weight has {weight!r} for class {number!r}, expected a number."
            ) from error
    return weights


def split_off(share: object, *arrays: Any) -> tuple[list[Any], list[Any]]:
    """The first rows of arrays, and the last ``share`` of them; as in Keras, nothing is shuffled before.

    Raises:
        SpecError: ``share`` is no number between 0 and 1, or leaves no row on one side.
    """
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
        raise SpecError(f"validation_split must be a number between 0 and 1, got {share!r}.")
    whole: list[Any] = [
        array.tocsr() if is_sparse(array) else None if array is None else np.asarray(array)
        for array in arrays
    ]
    rows = whole[0].shape[0]
    first = math.floor(rows * (1.0 - share))
    if not 0 < first < rows:
        raise SpecError(f"validation_split {share} of {rows} rows leaves no row on one side: give more rows.")
    return (
        [None if array is None else array[:first] for array in whole],
        [None if array is None else array[first:] for array in whole],
    )


def is_sparse(x: Any) -> bool:
    """Whether rows are SciPy's."""
    return bool(sparse.issparse(x))


def _like(rows: Bags, like: Rows | None) -> Rows:
    return Dense(rows.to_csr().toarray()) if isinstance(like, Dense) else rows


def _is_mostly_zero(array: Array) -> bool:
    """By some rows evenly spread, since it decides about speed only."""
    some = array[:: max(1, len(array) // 1000)]
    return some.size > 0 and int(np.count_nonzero(some)) <= _MOST_FILLED * some.size


def _bags(array: Array) -> Bags:
    """The same rows, sparse."""
    lengths, indices, values = [], [], []
    with np.errstate(over="ignore"):
        for start in range(0, len(array), _BLOCK):
            block = np.ascontiguousarray(array[start : start + _BLOCK])
            at = np.flatnonzero(block != 0)
            lengths.append(np.bincount(at // block.shape[1], minlength=len(block)))
            indices.append((at % block.shape[1]).astype(np.int32))
            values.append(block.reshape(-1)[at].astype(np.float32))
    indptr = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)
    return Bags(indptr, np.concatenate(indices), np.concatenate(values), array.shape[1])


def _averaged(ids: Array, columns: int) -> Bags:
    """Rows of ids, each of which counts with its share of the row's places."""
    if ids.ndim != 2:
        raise DataError(
            f"x has the shape {list(ids.shape)}, expected [rows, length] with an id in each place."
        )
    if (wrong := np.argwhere((ids < 0) | (ids >= columns) | (ids % 1 != 0))).size:
        row, place = wrong[0].tolist()
        raise DataError(
            f"Row {row}, place {place}: the id is {ids[row, place]}, expected a whole number from 0 to "
            f"{columns - 1}, the Embedding's input_dim less 1."
        )
    length = ids.shape[1]
    indptr = np.arange(len(ids) + 1) * length
    each = np.full(ids.size, 1 / length, np.float32)
    return Bags.from_csr(
        sparse.csr_array((each, ids.reshape(-1).astype(np.int32), indptr), (len(ids), columns))
    )


def _classes(labels: Array, units: int, compiled: Compiled) -> npt.NDArray[np.int32]:
    """Class numbers ``[rows]`` of class numbers or one-hot rows, as the loss has them."""
    if compiled.are_classes:
        flat = labels.reshape(len(labels), -1)
        if labels.ndim > 2 or flat.shape[1] != 1:
            raise DataError(
                f"y has the shape {list(labels.shape)}, expected [rows] of class numbers: for one-hot rows "
                "take the loss categorical_crossentropy."
            )
        if (wrong := np.flatnonzero((flat[:, 0] % 1 != 0) | (flat[:, 0] < 0) | (flat[:, 0] >= units))).size:
            raise DataError(
                f"Row {wrong[0]}: the label is {flat[wrong[0], 0]}, expected a class number from 0 to "
                f"{units - 1}."
            )
        return np.ascontiguousarray(flat[:, 0], np.int32)
    if labels.ndim != 2 or labels.shape[1] != units:
        raise DataError(
            f"y has the shape {list(labels.shape)}, expected one-hot rows [rows, {units}]: see "
            "keras.utils.to_categorical, or take the loss sparse_categorical_crossentropy for class numbers."
        )
    is_one_hot = (np.count_nonzero(labels, axis=1) == 1) & (labels.max(axis=1) == 1)
    if not is_one_hot.all():
        row = int(np.argmin(is_one_hot))
        raise DataError(f"Row {row}: the label is {labels[row].tolist()}, expected a single 1 among 0.")
    return np.ascontiguousarray(labels.argmax(axis=1), np.int32)


def _row_weights(weights: Any) -> Float32:
    array = _numbers(weights, "sample_weight", "weights")
    if array.ndim > 2 or (array.ndim == 2 and array.shape[1] != 1):
        raise DataError(f"sample_weight has the shape {list(array.shape)}, expected [rows].")
    return np.ascontiguousarray(array.reshape(-1), np.float32)


def _numbers(values: Any, name: str, what: str) -> Array:
    """``values`` as an array of numbers with at least one axis."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DataError(f"{name} is no array of {what}: {error}.") from error
    if array.dtype.kind == "O" and array.size and isinstance(array.flat[0], list | tuple | np.ndarray):
        raise DataError(
            f"{name} has rows of different lengths, such as lists of word ids, expected an array of numbers: "
            "make multi-hot rows of them, or pad them for an Embedding."
        )
    if array.dtype.kind not in "biuf" or array.ndim == 0:
        raise DataError(f"{name} is {type(values).__name__} of {array.dtype}, expected an array of numbers.")
    return array
