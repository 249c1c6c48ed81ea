"""`Model`: a trained network with all it needs to predict, as two files that hold nothing to execute."""

import dataclasses
import hashlib
import math
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import UnionType
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from justfit import _native
from justfit.data.columns import INPUTS, Column
from justfit.data.preparation import Preparation
from justfit.data.preparation_json import Arrays, preparation_from_parts, preparation_to_parts
from justfit.data.target import Target
from justfit.errors import DataError, SpecError
from justfit.machine import MOST_SHARE, memory
from justfit.spec import Network, Task, task_named
from justfit.store.files import JSON_LIMIT, broken, make_folders, read_bytes, write_bytes
from justfit.store.paths import StudyPaths
from justfit.store.prediction import Predictions, predict
from justfit.store.records import record_in, write_record

FORMAT = 3
"""Raised when an older justfit could no longer read a model's files."""

_PREPARATION = "preparation."
"""What the names of the preparation's arrays begin with, beside those of the weights."""

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A trained network, its preparation, and where it comes from.

    Raises:
        ValueError: kernels, biases, classes or target are not what network, preparation and task ask for.
    """

    name: str
    """Of the data set it was trained on."""
    run_id: str
    task: Task
    classes: tuple[str, ...]
    """In the order of their numbers; empty for regression."""
    network: Network
    preparation: Preparation
    target: Target | None
    """Units of the labels; None where they are classes."""
    kernels: tuple[Float32, ...]
    """One a layer, ``[inputs, units]``, read-only."""
    biases: tuple[Float32 | None, ...]
    """One a layer, ``[units]``, read-only; None for a layer without."""
    notes: tuple[str, ...] = ()
    """What a reader of its answers must know, a sentence each."""
    threshold: float = 0.5
    """Of a binary model: the answer is class 1 where its probability is above it."""
    fingerprint: str = ""
    """Of the data set it was trained on."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of what trained it, as `versions` gives them."""
    columns: tuple[Column, ...] = ()
    """Of the file it was trained on, those that rows are made of; none where it was no file."""

    def __post_init__(self) -> None:
        _check_labels(self.task, self.classes, self.target)
        decides = self.task.name == "binary" and 0 <= self.threshold <= 1
        _require(decides or self.threshold == 0.5, "threshold", "0.5, or for binary a number from 0 to 1")
        wanted, found = _shapes(self.network, self.task, self.classes, self.preparation), _tensors(self)
        if set(wanted) != set(found):
            raise ValueError(f"expected the tensors {', '.join(wanted)}, got {', '.join(found)}")
        for name, shape in wanted.items():
            tensor = found[name]
            if tensor.dtype != np.float32 or tensor.shape != shape:
                expected = f"float32 of shape {list(shape)}"
                raise ValueError(
                    f"{name}: expected {expected}, got {tensor.dtype} of shape {list(tensor.shape)}"
                )
            if not np.isfinite(tensor).all():
                raise ValueError(f"{name}: expected finite numbers")
        object.__setattr__(self, "kernels", tuple(map(_read_only, self.kernels)))
        biases = (bias if bias is None else _read_only(bias) for bias in self.biases)
        object.__setattr__(self, "biases", tuple(biases))

    def predict(self, rows: object) -> Predictions:
        """What it says of rows, as `justfit.predict`; any number of threads may ask at the same time."""
        return predict(self, rows)

    def __repr__(self) -> str:
        widths = "-".join(str(kernel.shape[1]) for kernel in self.kernels)
        what = f"{len(self.classes)} classes" if self.classes else self.task.name
        return f"<model of {self.name}: {what}, {self.preparation.columns} inputs, layers {widths}>"


def versions() -> dict[str, str]:
    """What decides the last bits of a network trained here: justfit, NumPy, Python and the processor."""
    return {
        "justfit": version("justfit"),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": f"{sys.platform} {platform.machine()}",
        "instructions": _native.instructions(),
    }


def write_model(model: Model, folder: Path) -> None:
    """Write ``model`` into a study's folder: arrays as safetensors, all else as JSON with their checksum.

    Raises:
        StoreError: the disk is full, or the folder may not be written.
    """
    paths = StudyPaths(folder)
    make_folders(paths.model.parent)
    values, arrays = preparation_to_parts(model.preparation)
    tensors: Arrays = {f"{_PREPARATION}{name}": array for name, array in arrays.items()}
    # safetensors copies memory as it lies, whatever the strides.
    content = save(
        {name: np.ascontiguousarray(tensor) for name, tensor in (_tensors(model) | tensors).items()}
    )
    write_bytes(paths.weights, content)
    write_record(
        paths.model,
        FORMAT,
        {
            "name": model.name,
            "run": model.run_id,
            "fingerprint": model.fingerprint,
            "task": model.task.name,
            "classes": model.classes,
            "network": dataclasses.asdict(model.network),
            "preparation": values,
            "target": None if model.target is None else dataclasses.asdict(model.target),
            "notes": model.notes,
            "threshold": model.threshold,
            "versions": dict(model.versions),
            "columns": [{key: getattr(column, key) for key in _OF_COLUMN} for column in model.columns],
            "sha256": hashlib.sha256(content).hexdigest(),
        },
    )


def read_model(folder: Path) -> Model:
    """The model in a study's folder, checked in every part.

    Raises:
        StoreError: a file is missing, cut off, changed or too large for this machine, or does not fit the
            other.
    """
    paths = StudyPaths(folder)
    description = read_bytes(paths.model, JSON_LIMIT)
    return model_of(folder, description, read_bytes(paths.weights, int(MOST_SHARE * memory())))


def model_of(folder: Path, description: bytes, weights: bytes) -> Model:
    """The model that the content of ``model.json`` and of ``model.safetensors`` describe; neither is trusted.

    Args:
        folder: where they stand, for messages.
        description: JSON.
        weights: safetensors.

    Raises:
        StoreError: one is cut off or changed, or does not fit the other.
    """
    paths = StudyPaths(folder)
    values = record_in(paths.model, description, FORMAT)
    try:
        _require_keys("model", values, _KEYS)
        if hashlib.sha256(weights).hexdigest() != values["sha256"]:
            raise broken(
                paths.weights, "not the file that was written with its description (its SHA-256 differs)"
            )
        return _model(values, _arrays(paths.weights, weights))
    except (DataError, SpecError, ValueError) as error:
        raise broken(paths.model, f"not a model that fits together ({error})") from error


_KEYS = (
    "name",
    "run",
    "fingerprint",
    "task",
    "classes",
    "network",
    "preparation",
    "target",
    "notes",
    "threshold",
    "versions",
    "columns",
    "sha256",
)
_OF_COLUMN = ("name", "kind", "form")


def _arrays(path: Path, content: bytes) -> Arrays:
    """The arrays of a safetensors file; raises `StoreError` where it is none."""
    try:
        return load(content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise broken(path, f"not a safetensors file of known numbers ({error})") from error


def _model(values: dict[str, Any], arrays: Arrays) -> Model:
    """The model of checked keys and any arrays; raises what `model_of` catches where they do not fit."""
    for key in ("name", "run", "fingerprint", "task"):
        _require(isinstance(values[key], str), key, "a text")
    for key in ("classes", "notes"):
        _require(_is_list_of(str, values[key]), key, "a list of texts")
    _require(type(values["threshold"]) in (int, float), "threshold", "a number")
    made_by = values["versions"]
    _require(
        isinstance(made_by, dict) and _is_list_of(str, list(made_by.values())), "versions", "texts by name"
    )
    _require(isinstance(values["columns"], list), "columns", "a list")
    _require_keys("network", values["network"], [field.name for field in dataclasses.fields(Network)])
    _require(isinstance(values["preparation"], dict), "preparation", "an object")
    task, classes = task_named(values["task"]), tuple(values["classes"])
    own = {name: array for name, array in arrays.items() if name.startswith(_PREPARATION)}
    preparation = preparation_from_parts(
        values["preparation"], {name.removeprefix(_PREPARATION): array for name, array in own.items()}
    )
    network = Network(**values["network"])
    shapes = _shapes(network, task, classes, preparation)
    if len(arrays) != len(own) + len(shapes) or not shapes.keys() <= arrays.keys():
        raise ValueError(
            f"{len(arrays) - len(own)} arrays of weights where {', '.join(shapes)} were expected"
        )
    layers = [name.removesuffix(".kernel") for name in shapes if name.endswith(".kernel")]
    return Model(
        name=values["name"],
        run_id=values["run"],
        task=task,
        classes=classes,
        network=network,
        preparation=preparation,
        target=None if values["target"] is None else _target(values["target"]),
        kernels=tuple(arrays[f"{layer}.kernel"] for layer in layers),
        biases=tuple(arrays.get(f"{layer}.bias") for layer in layers),
        notes=tuple(values["notes"]),
        threshold=float(values["threshold"]),
        fingerprint=values["fingerprint"],
        versions=made_by,
        columns=tuple(_column(column) for column in values["columns"]),
    )


def _column(values: object) -> Column:
    column = _require_keys("columns", values, _OF_COLUMN)
    _require(
        _is_list_of(str, list(column.values())) and column["kind"] in INPUTS, "columns", "columns of rows"
    )
    return Column(column["name"], column["kind"], form=column["form"])


def _target(values: object) -> Target:
    target = _require_keys("target", values, ("shift", "scale"))
    _require(_is_list_of(int | float, list(target.values())), "target", "two numbers")
    return Target(float(target["shift"]), float(target["scale"]))


def _shapes(
    network: Network, task: Task, classes: tuple[str, ...], preparation: Preparation
) -> dict[str, tuple[int, ...]]:
    """Name and shape of every kernel and bias, in the order of the layers, which count from 1."""
    shapes: dict[str, tuple[int, ...]] = {}
    inputs = preparation.columns
    for number, layer in enumerate(network.layers(task, task.outputs(len(classes))), start=1):
        shapes[f"layer{number}.kernel"] = (inputs, layer.units)
        if layer.has_bias:
            shapes[f"layer{number}.bias"] = (layer.units,)
        inputs = layer.units
    return shapes


def _tensors(model: Model) -> dict[str, Float32]:
    kernels = {f"layer{number}.kernel": kernel for number, kernel in enumerate(model.kernels, start=1)}
    biases = {f"layer{number}.bias": bias for number, bias in enumerate(model.biases, start=1)}
    return kernels | {name: bias for name, bias in biases.items() if bias is not None}


def _read_only(array: Float32) -> Float32:
    array = array.view()
    array.flags.writeable = False
    return array


def _check_labels(task: Task, classes: tuple[str, ...], target: Target | None) -> None:
    fits = {"binary": len(classes) == 2, "multiclass": len(classes) >= 2, "multilabel": len(classes) >= 1}
    _require(fits.get(task.name, not classes), "classes", f"as many as {task.name} has, got {len(classes)}")
    if target is None or task.is_classification:
        _require(task.is_classification == (target is None), "target", "one where labels are numbers")
    else:
        usable = math.isfinite(target.shift) and math.isfinite(target.scale) and target.scale > 0
        _require(usable, "target", f"finite numbers and a scale above 0, got {target}")


def _require(holds: bool, key: str, expected: str) -> None:
    if not holds:
        raise ValueError(f"key {key}: expected {expected}")


def _require_keys(what: str, values: object, keys: Sequence[str]) -> dict[str, Any]:
    """``values`` if it is a JSON object with just these keys."""
    if not isinstance(values, dict) or set(values) != set(keys):
        raise ValueError(f"key {what}: expected an object with the keys {', '.join(keys)}")
    return values


def _is_list_of(kind: type | UnionType, values: object) -> bool:
    return isinstance(values, list) and all(isinstance(item, kind) for item in values)
