"""`from_keras`: a compiled Keras model, trained by justfit's engine and given its weights back."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.bridges.keras import keras
from justfit.bridges.keras_callbacks import callback_list
from justfit.bridges.keras_compiled import Compiled, config_of, read_compiled, read_recipe
from justfit.bridges.keras_layers import Stack, read_layers
from justfit.bridges.keras_rows import class_weighted, labelled, read_rows, split_off
from justfit.data.rows import Float32
from justfit.engine import Cohort, Labelled, Member, Training, Weights
from justfit.errors import DataError, EngineError, SpecError
from justfit.spec import Diverged, Epoch, Recipe
from justfit.spec.checks import require_flag, require_integer
from justfit.spec.schedule import MOST_EPOCHS


def from_keras(model: keras.Sequential) -> "Trainer":
    """A compiled Keras model with Keras's verbs, whose ``fit`` is carried out by justfit's engine.

    Where code says ``model.fit(...)``, it may say ``justfit.from_keras(model).fit(...)``, and go on with
    ``model`` as before: it has the trained weights.

    Args:
        model: a compiled ``keras.Sequential``, built or not, of Input, Flatten, Rescaling, an Embedding that
            is averaged, Dense, Activation, ActivityRegularization and Dropout.

    Raises:
        SpecError: a layer, an argument, a loss, a metric or an optimizer that the engine does not have, each
            by its name.

    >>> import keras
    >>> from sklearn.datasets import load_iris
    >>> rows, species = load_iris(return_X_y=True)
    >>> keras.utils.set_random_seed(0)
    >>> model = keras.Sequential(
    ...     [keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")]
    ... )
    >>> model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    >>> history = from_keras(model).fit(rows, species, epochs=50, verbose=0)
    >>> bool(history.history["accuracy"][-1] > 0.8)
    True
    """
    return Trainer(model)


class Trainer:
    """What `from_keras` gives."""

    def __init__(self, model: keras.Sequential) -> None:
        read_compiled(model, read_layers(model))
        self.model = model

    def evaluate(self, *arguments: Any, **named: Any) -> Any:
        """As the model's own, which does it."""
        return self.model.evaluate(*arguments, **named)

    def predict(self, *arguments: Any, **named: Any) -> Any:
        """As the model's own, which does it."""
        return self.model.predict(*arguments, **named)

    def fit(  # noqa: PLR0913, PLR0917 - as in Keras
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        **others: Any,
    ) -> keras.callbacks.History:
        """Train the model from its present weights, as ``keras.Model.fit`` does.

        Weights are put back into the model after each epoch, so that callbacks find them. The optimizer
        begins anew with each call, and the Keras model's own stays as it is. Rows' order and dropout follow
        ``keras.utils.set_random_seed``, with other random numbers than Keras's.

        Args:
            x: rows: NumPy array or what becomes one, or SciPy sparse. Dense ones that are mostly 0, such as
                multi-hot texts, are trained as sparse ones.
            y: labels ``[rows]``, ``[rows, 1]`` or ``[rows, units]``.
            batch_size: rows of one optimizer step; None for 32.
            epochs: passes over the rows; 0 trains nothing.
            verbose: as in Keras, whose progress bar it is: 0, 1 or 2; a bar moves once an epoch.
            callbacks: Keras's, or of one's own, called for the training and each epoch of it.
            validation_split: share of the rows, from the end, that is measured after each epoch instead of
                trained.
            validation_data: ``(x, y)`` or ``(x, y, weights)`` to be measured after each epoch.
            shuffle: whether rows come in another order in each epoch.
            class_weight: what rows' losses weigh by class, numbers from 0; 1 for those left out.
            sample_weight: what rows' losses weigh, ``[rows]``.
            others: ``validation_batch_size`` changes no figure; other arguments of Keras's only with their
                usual values.

        Returns:
            Keras's own ``History``: in ``history`` a list of each figure, epoch by epoch, under the name that
            it has in Keras; in ``epoch`` the epochs' numbers, from 0 as Keras counts; ``params``, ``model``.

        Raises:
            SpecError: an argument that justfit does not have, by its name, or what `from_keras` raises.
            DataError: rows or labels of a type or shape that cannot be.
            EngineError: the loss became infinite or not a number, or a label or weight that cannot be.
        """
        _require_usual(others)
        batch_size = require_integer("batch_size", 32 if batch_size is None else _plain(batch_size), 1)
        epochs = require_integer("epochs", _plain(epochs), 0, MOST_EPOCHS)
        require_flag("shuffle", shuffle)
        if class_weight is not None and sample_weight is not None:
            raise SpecError("class_weight and sample_weight are both given: give one of them.")
        model = self.model
        stack = read_layers(model)
        compiled = read_compiled(model, stack)
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split_off(validation_split, x, y, sample_weight)
        if class_weight is not None:
            sample_weight = class_weighted(y, class_weight)
        _build(model, x)
        train = labelled(read_rows(x, stack), y, sample_weight, stack, compiled)
        validation = _validation(validation_data, model, stack, compiled, train)
        steps = math.ceil(len(train.rows) / batch_size)
        recipe = read_recipe(model.optimizer, batch_size, max(1, epochs), steps)
        listed = callback_list(callbacks, model, y, verbose=verbose, epochs=epochs, steps=steps)
        member = _member(stack, compiled, recipe)
        cohort = (Cohort if shuffle else _InOrder)((member,))
        _train(model, Training(cohort, train, validation), listed, stack, compiled)
        return model.history


def _member(stack: Stack, compiled: Compiled, recipe: Recipe) -> Member:
    return Member(
        layers=stack.layers,
        loss=compiled.loss,
        metric=compiled.metric,
        recipe=recipe,
        weights=stack.weights(),
        dropout_seed=_seed(),
        order_seed=_seed(),
        input_dropout=stack.input_dropout,
    )


class _InOrder(Cohort):
    """Rows keep their order in every epoch."""

    def order(self, epoch: int, rows: int) -> npt.NDArray[np.int64]:  # noqa: ARG002 - as in all epochs
        """The rows as they stand."""
        return np.arange(rows)


def _train(
    model: keras.Sequential,
    training: Training,
    callbacks: keras.callbacks.CallbackList,
    stack: Stack,
    compiled: Compiled,
) -> None:
    """Train epoch by epoch, and call what is to be called."""
    model.stop_training = False
    settings, put = config_of(model.optimizer.get_config), stack.weights()
    logs: dict[str, float] = {}
    callbacks.on_train_begin()
    done = training.epochs()
    for number in range(callbacks.params["epochs"]):
        callbacks.on_epoch_begin(number)
        _require_untouched(model, settings, stack, put)
        epoch = next(done)[0]
        if isinstance(epoch, Diverged):
            raise EngineError(
                f"The loss became infinite or not a number in epoch {epoch.epoch}: scale the rows, or take a "
                "lower learning rate. The model has the weights from before that epoch."
            )
        put = training.weights()
        stack.put(put)
        logs = _logs(epoch, compiled)
        callbacks.on_epoch_end(number, logs)
        if model.stop_training:
            break
    callbacks.on_train_end(logs)


def _logs(epoch: Epoch, compiled: Compiled) -> dict[str, float]:
    """An epoch's figures under Keras's names, in its order."""
    logs = {"loss": epoch.loss} | dict.fromkeys(compiled.metrics, epoch.metric)
    if epoch.val_loss is None or epoch.val_metric is None:
        return logs
    return (
        logs
        | {"val_loss": epoch.val_loss}
        | dict.fromkeys((f"val_{name}" for name in compiled.metrics), epoch.val_metric)
    )


def _require_untouched(model: keras.Sequential, settings: object, stack: Stack, put: Weights) -> None:
    """Raise `SpecError` where a callback changed what the engine goes on with."""
    if config_of(model.optimizer.get_config) != settings:
        raise SpecError(
            "A callback has changed the optimizer between epochs, such as its learning rate, which justfit "
            "cannot follow: compile with a schedule instead."
        )
    for now, before in zip(stack.weights(), put, strict=True):
        if not all(map(_same, now, before)):
            raise SpecError(
                "A callback has changed the model's weights between epochs, which justfit cannot follow: "
                "let Keras train this model."
            )


def _same(now: Float32 | None, before: Float32 | None) -> bool:
    return now is before if now is None or before is None else np.array_equal(now, before)


def _validation(
    given: Any, model: keras.Sequential, stack: Stack, compiled: Compiled, train: Labelled
) -> Labelled | None:
    if given is None:
        return None
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        raise SpecError(f"validation_data must be (x, y) or (x, y, weights), got {type(given).__name__}.")
    x, y, *weights = given
    _require_shape(model, x, "validation_data: a row of x")
    rows = read_rows(x, stack, like=train.rows)
    return labelled(rows, y, weights[0] if weights else None, stack, compiled)


def _build(model: keras.Sequential, x: Any) -> None:
    """Have Keras make the weights where it has not; raises DataError where the rows are not what it takes."""
    if not model.built:
        model.build((None, *_shape(x)))
    _require_shape(model, x, "A row of x")
    model.optimizer.build(model.trainable_variables)  # as Keras's fit: else a saved model does not open


def _require_shape(model: keras.Sequential, x: Any, what: str) -> None:
    found, wanted = _shape(x), tuple(model.input_shape[1:])
    if len(found) != len(wanted) or any(
        axis not in (None, own) for axis, own in zip(wanted, found, strict=True)
    ):
        raise DataError(f"{what} has the shape {list(found)}, and the model takes {list(wanted)}.")


def _shape(x: Any) -> tuple[int, ...]:
    """Of a row."""
    try:
        shape = tuple(getattr(x, "shape", None) or np.shape(x))
    except ValueError as error:  # lists of different lengths
        raise DataError(f"x is no array of rows: {error}.") from error
    if not shape or shape[0] == 0:
        raise DataError(f"x is {type(x).__name__} without rows, expected an array of rows.")
    return shape[1:]


_USUAL = {
    "initial_epoch": 0,
    "steps_per_epoch": None,
    "validation_steps": None,
    "validation_freq": 1,
}


def _require_usual(others: Mapping[str, object]) -> None:
    for name, value in others.items():
        if name != "validation_batch_size" and (name not in _USUAL or value != _USUAL[name]):
            raise SpecError(f"fit has {name} {value!r}, which justfit does not have: leave it out.")


def _plain(value: Any) -> Any:
    """A number of NumPy, such as of argmin, as Python's."""
    return value.item() if isinstance(value, np.integer) else value


def _seed() -> int:
    """A random number that follows ``keras.utils.set_random_seed``."""
    return int(np.asarray(keras.ops.convert_to_numpy(keras.random.SeedGenerator().state.value))[0])
