"""What a Keras model is compiled with, as the engine's loss, metric and recipe."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from justfit.bridges.keras import OPTIMIZER_NAMES, keras
from justfit.bridges.keras_layers import Stack
from justfit.errors import SpecError
from justfit.spec import (
    OPTIMIZERS,
    TASKS,
    Constant,
    CosineDecay,
    Recipe,
    Schedule,
    StepDecay,
)

_LOSSES = {
    "binary_crossentropy": ("binary_crossentropy", "BinaryCrossentropy"),
    "categorical_crossentropy": ("categorical_crossentropy", "CategoricalCrossentropy"),
    "sparse_categorical_crossentropy": ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    "mse": ("mse", "MSE", "mean_squared_error", "MeanSquaredError"),
    "mae": ("mae", "MAE", "mean_absolute_error", "MeanAbsoluteError"),
    "huber": ("huber", "huber_loss", "Huber"),
    "hinge": ("hinge", "Hinge"),
}
"""What Keras calls a loss, as a text, a function and a class."""

_ACCURACIES = {
    "accuracy": ("accuracy", "acc"),
    "binary_accuracy": ("binary_accuracy", "BinaryAccuracy"),
    "categorical_accuracy": ("categorical_accuracy", "CategoricalAccuracy"),
    "sparse_categorical_accuracy": ("sparse_categorical_accuracy", "SparseCategoricalAccuracy"),
}


@dataclass(frozen=True)
class Compiled:
    """Loss and metrics of a compiled model."""

    loss: str
    """As the engine calls it."""
    are_classes: bool
    """Whether labels are class numbers, rather than one number for each unit of the last layer."""
    metric: str
    """Of the engine: accuracy or mae."""
    metrics: tuple[str, ...]
    """What Keras's history calls it; empty where it was not asked for."""


def read_compiled(model: keras.Sequential, stack: Stack) -> Compiled:
    """Loss and metrics of a model that is compiled, fitting its last layer.

    Raises:
        SpecError: it is not compiled, or has a loss, a metric or an argument of one that the engine does not
            have, or that does not go with the last layer.
    """
    if not model.compiled:
        raise SpecError("The model is not compiled: call model.compile with its optimizer, loss and metrics.")
    said = _loss(model.loss)
    config = config_of(model.get_compile_config)
    for argument in ("loss_weights", "weighted_metrics"):
        if config.get(argument):
            raise SpecError(
                f"The model is compiled with {argument}, which justfit does not have: leave it out."
            )
    loss = "categorical_crossentropy" if said == "sparse_categorical_crossentropy" else said
    last, units = stack.layers[-1].activation, stack.layers[-1].units
    fitting = {task.output_activation: task.losses for task in TASKS.values()} | {
        "sigmoid": TASKS["binary"].losses
    }
    if loss not in fitting.get(last, ()):
        raise SpecError(
            f"The loss {said} does not go with the last layer's activation {last}. Taken are "
            + "; ".join(f"{activation} with {', '.join(losses)}" for activation, losses in fitting.items())
            + "; and sparse_categorical_crossentropy with softmax."
        )
    if last == "softmax" and units < 2:
        raise SpecError(
            "The last layer is softmax of 1 unit, which always gives 1: take sigmoid, or more units."
        )
    return Compiled(
        loss, said == "sparse_categorical_crossentropy", *_metrics(config.get("metrics"), said, last, units)
    )


def config_of(read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What Keras says of an optimizer or of how a model is compiled, ``read`` by its own method."""
    with warnings.catch_warnings():
        # NumPy 2 warns of how Keras reads its own learning rate.
        warnings.filterwarnings("ignore", "__array__ implementation doesn't accept", DeprecationWarning)
        return read()


def _loss(given: Any) -> str:
    """The name in `_LOSSES` of a loss as it was given to ``compile``."""
    for name, aliases in _LOSSES.items():
        if isinstance(given, str):
            if given in aliases:
                return name
            continue
        kind = getattr(keras.losses, aliases[-1])
        if given is getattr(keras.losses, aliases[0], None):
            return name
        if type(given) is kind:
            _require_usual(
                f"The loss {aliases[-1]}", given.get_config(), kind().get_config(), ("name", "dtype")
            )
            # Its delta does not stand in its settings.
            if name == "huber" and float(given([[0.0]], [[3.0]])) != 2.5:
                raise SpecError("The loss Huber has a delta other than 1: justfit's is 1.")
            return name
    raise SpecError(
        f"The loss is {given if isinstance(given, str) else type(given).__name__}. "
        f"Taken are {', '.join(_LOSSES)}, by name or as Keras's own function or class."
    )


def _metrics(given: Any, loss: str, last: str, units: int) -> tuple[str, tuple[str, ...]]:
    """`Compiled.metric` and `Compiled.metrics` of the metrics as a model's settings have them."""
    if isinstance(given, dict):
        raise SpecError("The model is compiled with a dict of metrics: give a list.")
    measured: dict[str, str] = {}
    for item in given or ():
        name, kind = _metric(item)
        if kind in _ACCURACIES:
            _require_accuracy(kind, loss, last, units)
            kind = "accuracy"
        elif kind != "mae" or last == "softmax":
            raise _metric_error(name)
        measured[name] = kind
    if len(set(measured.values())) > 1:
        raise SpecError(f"The model is compiled with {' and '.join(measured)}: justfit measures one of them.")
    usual = "mae" if last == "linear" else "accuracy"
    return next(iter(measured.values()), usual), tuple(measured)


def _metric(item: Any) -> tuple[str, str]:
    """What Keras's history calls a metric, and what it is."""
    kinds = {
        alias: name for name, aliases in {**_ACCURACIES, "mae": _LOSSES["mae"]}.items() for alias in aliases
    }
    if isinstance(item, str) and item in kinds:
        return item, kinds[item]
    if isinstance(item, dict) and item.get("module") == "keras.metrics" and item["class_name"] in kinds:
        config, kind = item["config"], getattr(keras.metrics, item["class_name"])
        _require_usual(f"The metric {config['name']}", config, kind().get_config(), ("name", "dtype"))
        return config["name"], kinds[item["class_name"]]
    raise _metric_error(str(item) if not isinstance(item, dict) else _name_of(item))


def _name_of(item: dict[str, Any]) -> str:
    config = item.get("config")
    return str(config.get("name", item["class_name"])) if isinstance(config, dict) else str(config)


def _metric_error(name: str) -> SpecError:
    return SpecError(
        f"The metric {name} is none that justfit measures while it trains. Taken are accuracy, acc, "
        "binary_accuracy, categorical_accuracy and sparse_categorical_accuracy for classes, mae for "
        "numbers, each by name or as Keras's class. For others compile without them, and compute them "
        "from model.predict afterwards."
    )


def _require_accuracy(kind: str, loss: str, last: str, units: int) -> None:
    """Raise `SpecError` where Keras would not mean by an accuracy what the engine does."""
    if last == "softmax":
        fitting = "sparse_categorical_accuracy" if loss.startswith("sparse") else "categorical_accuracy"
        if kind in ("accuracy", fitting):
            return
        raise SpecError(f"The metric {kind} does not go with softmax and {loss}: take {fitting}.")
    if last == "linear":
        raise SpecError(
            f"The metric {kind} does not go with a linear last layer, which gives numbers: take mae."
        )
    if kind == "binary_accuracy" or (kind == "accuracy" and units == 1):
        return
    if kind == "accuracy":
        raise SpecError(
            f"The metric accuracy is, of {units} sigmoid units, Keras's categorical_accuracy, which looks at "
            "the largest only: take binary_accuracy."
        )
    raise SpecError(f"The metric {kind} does not go with sigmoid units: take binary_accuracy.")


def read_recipe(optimizer: Any, batch_size: int, epochs: int, steps: int) -> Recipe:
    """A Keras optimizer's numbers, with its schedule and its clipping.

    Args:
        optimizer: of a compiled model.
        batch_size: rows of one step.
        epochs: passes over the rows, from 1.
        steps: of an epoch; Keras's schedules count steps, justfit's epochs.

    Raises:
        SpecError: an optimizer, a schedule or a number that the engine does not have.
    """
    name = OPTIMIZER_NAMES.get(type(optimizer))
    if name is None:
        raise SpecError(
            f"The optimizer is {type(optimizer).__name__}. "
            f"Taken are Keras's own {', '.join(kind.__name__ for kind in OPTIMIZER_NAMES)}."
        )
    kind = OPTIMIZERS[name]
    own = [field.name for field in fields(kind) if field.init]
    config, usual = config_of(optimizer.get_config), config_of(type(optimizer)().get_config)
    taken = ("name", "clipnorm", "clipvalue", "learning_rate", *own)
    _require_usual(f"The optimizer {type(optimizer).__name__}", config, usual, taken)
    if hasattr(optimizer, "_exclude_from_weight_decay"):  # by its method; its settings do not say so
        raise SpecError(
            "The optimizer leaves weights out of its weight decay, which justfit does not: leave that out."
        )
    numbers: dict[str, Any] = {key: config[key] for key in own}
    numbers["learning_rate"], schedule = _schedule(config["learning_rate"], steps)
    return Recipe(
        optimizer=kind(**numbers),
        batch_size=batch_size,
        epochs=epochs,
        schedule=schedule,
        clip_norm=config["clipnorm"],
        clip_value=config["clipvalue"],
    )


def _schedule(rate: Any, steps: int) -> tuple[float, Schedule]:
    """The learning rate that a schedule begins with, and how it goes on."""
    if isinstance(rate, int | float):
        return float(rate), Constant()
    match rate if isinstance(rate, dict) and rate.get("module") == "keras.optimizers.schedules" else None:
        case {"class_name": "ExponentialDecay", "config": {"staircase": True} as config}:
            decay = StepDecay(config["decay_steps"] / steps, config["decay_rate"])
            return float(config["initial_learning_rate"]), decay
        case {"class_name": "CosineDecay", "config": {"warmup_target": None} as config}:
            cosine = CosineDecay(config["decay_steps"] / steps, config["alpha"])
            return float(config["initial_learning_rate"]), cosine
        case {"class_name": "CosineDecay", "config": {"initial_learning_rate": 0} as config}:
            warmup = config["warmup_steps"] / steps
            cosine = CosineDecay(config["decay_steps"] / steps, config["alpha"], warmup)
            return float(config["warmup_target"]), cosine
    raise SpecError(
        "The learning rate follows another schedule than justfit's. Taken are ExponentialDecay with "
        "staircase=True, and CosineDecay, whose warm-up begins at 0."
    )


def _require_usual(what: str, config: dict[str, Any], usual: dict[str, Any], taken: tuple[str, ...]) -> None:
    """Raise `SpecError` where an argument that is not ``taken`` is not as by default."""
    for key, value in config.items():
        if key not in taken and value != usual.get(key):
            raise SpecError(
                f"{what} has {key} {value!r}, which justfit does not have: leave it at {usual.get(key)!r}."
            )
