"""`Model`: a trained network with all it needs to predict, as two files that hold nothing to execute."""

import dataclasses
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from justfit.data.preparation import Preparation
from justfit.data.preparation_json import preparation_from_json, preparation_to_json
from justfit.data.target import Target
from justfit.errors import DataError, SpecError
from justfit.spec import Network, Task, task_named
from justfit.store.files import (
    broken,
    make_folders,
    read_bytes,
    read_json,
    require_format,
    write_bytes,
    write_json,
)
from justfit.store.paths import StudyPaths

FORMAT = 1
"""Raised when an older justfit could no longer read a model's files."""

HEADER_LIMIT = 2**20
"""Bytes of names and shapes in front of the numbers of a safetensors file."""

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
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
    """One a layer, ``[inputs, units]``."""
    biases: tuple[Float32 | None, ...]
    """One a layer, ``[units]``; None for a layer without."""
    notes: tuple[str, ...] = ()
    """What a reader of its answers must know, a sentence each."""
    threshold: float = 0.5
    """Of a binary model: the answer is class 1 where its probability is above it."""

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


def write_model(model: Model, folder: Path) -> None:
    """Write ``model`` into a study's folder: numbers as safetensors, all else as JSON with their checksum.

    Raises:
        StoreError: the disk is full, the folder may not be written, or the vocabulary is too large.
    """
    paths = StudyPaths(folder)
    make_folders(paths.model.parent)
    # safetensors copies memory as it lies, whatever the strides.
    content = save({name: np.ascontiguousarray(tensor) for name, tensor in _tensors(model).items()})
    write_bytes(paths.weights, content)
    write_json(
        paths.model,
        {
            "format": FORMAT,
            "name": model.name,
            "run": model.run_id,
            "task": model.task.name,
            "classes": model.classes,
            "network": dataclasses.asdict(model.network),
            "preparation": preparation_to_json(model.preparation),
            "target": None if model.target is None else dataclasses.asdict(model.target),
            "notes": model.notes,
            "threshold": model.threshold,
            "sha256": hashlib.sha256(content).hexdigest(),
        },
    )


def read_model(folder: Path) -> Model:
    """The model in a study's folder, checked in every part.

    Raises:
        StoreError: a file is missing, cut off or changed, or does not fit the other.
    """
    paths = StudyPaths(folder)
    values = read_json(paths.model)
    require_format(paths.model, values, FORMAT)
    try:
        return _model(values, paths.weights)
    except (DataError, SpecError, ValueError) as error:
        raise broken(paths.model, f"not a model that fits together ({error})") from error


_KEYS = ("name", "run", "task", "classes", "network", "preparation", "target", "notes", "threshold", "sha256")


def _model(values: dict[str, Any], weights: Path) -> Model:
    """The model that the JSON ``values`` and the file ``weights`` describe; neither is trusted."""
    _require_keys("model", values, _KEYS)
    for key in ("name", "run", "task", "sha256"):
        _require(isinstance(values[key], str), key, "a text")
    for key in ("classes", "notes"):
        _require(_is_list_of(str, values[key]), key, "a list of texts")
    _require(type(values["threshold"]) in (int, float), "threshold", "a number")
    _require_keys("network", values["network"], [field.name for field in dataclasses.fields(Network)])
    _require(isinstance(values["preparation"], dict), "preparation", "an object")
    task, classes = task_named(values["task"]), tuple(values["classes"])
    network, preparation = Network(**values["network"]), preparation_from_json(values["preparation"])
    shapes = _shapes(network, task, classes, preparation)
    tensors = _read_tensors(weights, shapes, values["sha256"])
    layers = [name.removesuffix(".kernel") for name in shapes if name.endswith(".kernel")]
    return Model(
        name=values["name"],
        run_id=values["run"],
        task=task,
        classes=classes,
        network=network,
        preparation=preparation,
        target=None if values["target"] is None else _target(values["target"]),
        kernels=tuple(tensors[f"{layer}.kernel"] for layer in layers),
        biases=tuple(tensors.get(f"{layer}.bias") for layer in layers),
        notes=tuple(values["notes"]),
        threshold=float(values["threshold"]),
    )


def _target(values: object) -> Target:
    target = _require_keys("target", values, ("shift", "scale"))
    _require(_is_list_of(int | float, list(target.values())), "target", "two numbers")
    return Target(float(target["shift"]), float(target["scale"]))


def _read_tensors(path: Path, shapes: dict[str, tuple[int, ...]], sha256: str) -> dict[str, Float32]:
    """The tensors of a safetensors file that has this checksum; their shapes are left to `Model`.

    Raises:
        StoreError: it is missing, larger than ``shapes`` need, another file, or has other tensors.
    """
    numbers = sum(math.prod(shape) for shape in shapes.values())
    content = read_bytes(path, limit=4 * numbers + HEADER_LIMIT)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise broken(path, "not the file that was written with its description (its SHA-256 differs)")
    try:
        tensors = load(content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise broken(path, f"not a safetensors file of known numbers ({error})") from error
    if set(tensors) != set(shapes):
        raise broken(path, f"a file of {len(tensors)} tensors where {', '.join(shapes)} were expected")
    return tensors


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
