"""A model as ONNX: its preparation where that is a few operations, its layers, and its labels' units."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.data.preparation import NumberPreparation, TextPreparation
from justfit.data.raw import Vocabulary
from justfit.errors import SpecError
from justfit.spec import TextEncoding
from justfit.store import Model
from justfit.store.files import write_bytes

try:
    from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper
except ImportError as error:
    raise SpecError("ONNX files need its package: pip install 'justfit[onnx]'.") from error

OPSET = 20
"""Of the operations; the first that has Gelu."""
_IR_VERSION = 9
"""Of the file's format, as old as the operations."""

_LARGEST = 2**31 - 2**20
"""Bytes that the format can hold in one file."""

_SIMPLE = {
    "relu": "Relu",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "elu": "Elu",
    "selu": "Selu",
    "gelu": "Gelu",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "softmax": "Softmax",
}
"""Activations that are one operation with its defaults."""

_LEAK = 0.2


def write_onnx(model: Model, path: Path) -> str:
    """Write a model as an ONNX file.

    Its input and its output ``outputs``, float32 ``[rows, outputs]`` (probabilities, or values in the labels'
    units), have any number of rows. The input is

    - ``numbers``, float64 ``[rows, columns]``, for a model of numbers: its columns as they are in the data;
    - ``ids``, int64 ``[rows, length]``, for a model of words: ids of words in reading order with the start id
      before them, 0 for padding; ``average`` takes just ``maxlen`` of them;
    - ``rows``, float32 ``[rows, columns]``, for any other: rows as prepared.

    The metadata have task, classes and threshold.

    Args:
        model: to be written.
        path: the file; one that stands there is replaced.

    Returns:
        The name of its input.

    Raises:
        SpecError: the weights take more than the 2 GB that the format can hold.
        StoreError: the disk is full, the folder is missing or may not be written.

    Source: ONNX operators, https://onnx.ai/onnx/operators.
    """
    if sum(kernel.nbytes for kernel in model.kernels) > _LARGEST:
        raise SpecError(
            "An ONNX file holds at most 2 GB, and this model's weights take more: give the .justfit file."
        )
    graph = _Graph()
    given, last = _prepared(graph, model)
    layers = model.network.layers(model.task, model.kernels[-1].shape[1])
    for layer, kernel, bias in zip(layers, model.kernels, model.biases, strict=True):
        last = graph.add("MatMul", last, graph.constant(kernel))
        if bias is not None:
            last = graph.add("Add", last, graph.constant(bias))
        last = _activated(graph, layer.activation, last)
    if model.target is not None:
        wide = graph.add("Cast", last, to=TensorProto.DOUBLE)
        scaled = graph.add("Mul", wide, graph.constant(np.float64(model.target.scale)))
        shifted = graph.add("Add", scaled, graph.constant(np.float64(model.target.shift)))
        last = graph.add("Cast", shifted, to=TensorProto.FLOAT)
    graph.nodes.append(helper.make_node("Identity", [last], ["outputs"]))
    write_bytes(path, _file(model, graph, given).SerializeToString(deterministic=True))
    return str(given.name)


class _Graph:
    """Operations in order, each with one output that has a number for its name, and constants."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        """Append an operation, and give the name of its output."""
        name = f"{operation}_{len(self.nodes) + 1}"
        self.nodes.append(helper.make_node(operation, list(inputs), [name], **attributes))
        return name

    def constant(self, value: npt.ArrayLike) -> str:
        """Append a constant, and give its name."""
        name = f"constant_{len(self.constants) + 1}"
        self.constants.append(
            numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)), name)
        )
        return name


def _prepared(graph: _Graph, model: Model) -> tuple[ValueInfoProto, str]:
    """The input, and the name of the rows that the first layer takes."""
    preparation = model.preparation
    match preparation:
        case NumberPreparation(shift=shift, scale=scale):
            given = helper.make_tensor_value_info(
                "numbers", TensorProto.DOUBLE, ["rows", preparation.columns]
            )
            shifted = graph.add("Sub", "numbers", graph.constant(shift))
            scaled = graph.add("Div", shifted, graph.constant(scale))
            return given, graph.add("Cast", scaled, to=TensorProto.FLOAT)
        case TextPreparation(encoding=encoding):
            length = encoding.maxlen if encoding.kind == "average" else "length"
            given = helper.make_tensor_value_info("ids", TensorProto.INT64, ["rows", length])
            return given, _encoded(graph, encoding)
    given = helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["rows", preparation.columns])
    return given, "rows"


def _encoded(graph: _Graph, encoding: TextEncoding) -> str:
    """Bags of ``ids`` as dense rows: how often each stands in a row, and what the encoding makes of it."""

    def whole(value: int) -> str:
        return graph.constant(np.int64(value))

    is_padding = graph.add("Equal", "ids", whole(0))
    low = graph.add("Less", "ids", whole(max(encoding.skip_top, 1)))
    high = graph.add("GreaterOrEqual", "ids", whole(encoding.num_words))
    known = graph.add("Where", graph.add("Or", low, high), whole(Vocabulary.UNKNOWN), "ids")
    columns = graph.add("Where", is_padding, whole(0), known)
    one, none = graph.constant(np.float32(1)), graph.constant(np.float32(0))
    padding = one if encoding.kind == "average" else none
    ones = graph.add("Where", is_padding, padding, graph.add("Expand", one, graph.add("Shape", "ids")))
    count = graph.add("Shape", "ids", start=0, end=1)
    shape = graph.add("Concat", count, graph.constant(np.array([encoding.num_words])), axis=0)
    empty = graph.add("Expand", none, shape)
    counts = graph.add("ScatterElements", empty, columns, ones, axis=1, reduction="add")
    match encoding.kind:
        case "multi_hot":
            return graph.add("Min", counts, one)
        case "average":
            return graph.add("Div", counts, graph.constant(np.float32(encoding.maxlen)))
    return counts


def _activated(graph: _Graph, activation: str, last: str) -> str:
    if activation in _SIMPLE:
        return graph.add(_SIMPLE[activation], last)
    match activation:
        case "silu":
            return graph.add("Mul", last, graph.add("Sigmoid", last))
        case "leaky_relu":
            return graph.add("LeakyRelu", last, alpha=_LEAK)
    return last


def _file(model: Model, graph: _Graph, given: ValueInfoProto) -> ModelProto:
    outputs = helper.make_tensor_value_info(
        "outputs", TensorProto.FLOAT, ["rows", model.kernels[-1].shape[1]]
    )
    proto = helper.make_model(
        helper.make_graph(graph.nodes, "network", [given], [outputs], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="justfit",
        producer_version=model.versions.get("justfit", ""),
    )
    told = {"data": model.name, "task": model.task.name, "threshold": f"{model.threshold!r}"}
    helper.set_model_props(proto, {**told, "classes": json.dumps(model.classes)})
    return proto
