"""A model in MLflow's format: what writes it, and what ``mlflow.pyfunc`` loads it by; without pickle.

Its folder holds the ``.justfit`` file, which `justfit.load` reads and checks, and ``MLmodel``, which names
this module as the loader.
"""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from justfit.data.bag_preparation import BagPreparation
from justfit.data.columns import Column
from justfit.data.preparation import NumberPreparation
from justfit.data.table_preparation import TablePreparation
from justfit.errors import SpecError
from justfit.store import Model, load, pack_model
from justfit.store.files import make_folders, write_bytes

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read when it is first imported
try:
    from mlflow.models import Model as Description
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec
    from mlflow.types.schema import AnyType
except ImportError as error:
    raise SpecError("MLflow's models need its package: pip install 'justfit[mlflow]'.") from error

_FILE, _EXAMPLE, _ENVIRONMENT = "model.justfit", "input_example.json", "python_env.yaml"

_AS_FRAME = {"type": "dataframe", "pandas_orient": "split"}
_AS_ARRAY = {"type": "ndarray", "format": "tf-serving"}

_ANY = AnyType()  # type: ignore[no-untyped-call]
"""For all but texts: MLflow takes no whole numbers where others are expected. justfit tells what is none."""

_TEXT = "a text"
"""For the example of a row, as a model has none of the rows that trained it."""


class PyfuncModel:
    """What ``mlflow.pyfunc`` asks."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, rows: Any) -> Any:
        """A data frame (pandas) with the columns of `Predictions.named`, for rows as `justfit.predict` takes.

        They are ``class`` and ``probability of ...`` each, ``classes`` of several labels, or ``value``.
        """
        if _takes_texts(self.model) and list(getattr(rows, "columns", ())) == [0]:
            rows = rows[0].tolist()  # MLflow makes a frame of a list
        return pa.table(dict(self.model.predict(rows).named())).to_pandas()


def _load_pyfunc(path: str) -> PyfuncModel:
    """What ``mlflow.pyfunc.load_model`` calls with the path of the ``.justfit`` file."""
    return PyfuncModel(load(path))


def write_mlflow_model(source: Path, folder: Path) -> None:
    """Write a model as a folder that ``mlflow.pyfunc.load_model`` reads.

    It has a signature, an example of a row (not one that trained) and justfit as its requirement.

    Args:
        source: a study's folder, or a ``.justfit`` file.
        folder: made where it is missing.

    Raises:
        StoreError: a file of the model is missing, cut off or changed, or the disk is full.

    Source: MLflow's model format, https://mlflow.org/docs/latest/ml/model.
    """
    model = load(source)
    make_folders(folder)
    pack_model(source, folder / _FILE)
    inputs, example = _inputs(model)
    description = Description(
        signature=ModelSignature(inputs, _outputs(model)), model_size_bytes=(folder / _FILE).stat().st_size
    )
    description.saved_input_example_info = {
        "artifact_path": _EXAMPLE,
        **(_AS_FRAME if isinstance(example, dict) else _AS_ARRAY),
    }
    description.add_flavor(
        "python_function",
        loader_module=__name__,
        data=_FILE,
        env={"virtualenv": _ENVIRONMENT},
        python_version=platform.python_version(),
    )
    # JSON is YAML, too.
    environment = {"python": platform.python_version(), "dependencies": ["-r requirements.txt"]}
    write_bytes(folder / _ENVIRONMENT, json.dumps(environment).encode())
    write_bytes(folder / "requirements.txt", f"justfit[mlflow]>={version('justfit')}\n".encode())
    write_bytes(folder / _EXAMPLE, json.dumps(example).encode())
    write_bytes(folder / "MLmodel", description.to_yaml().encode())


def _inputs(model: Model) -> tuple[Schema, dict[str, Any] | list[list[float]]]:
    """What rows are made of, and an example of one as JSON has it."""
    preparation = model.preparation
    columns = model.columns
    if _takes_texts(model):  # without a name, as a list of texts has none
        return Schema([ColSpec("string")]), {"columns": [0], "data": [[_TEXT]]}
    if isinstance(preparation, TablePreparation):
        columns = columns or preparation.inputs
    if isinstance(preparation, BagPreparation) or any(column.kind == "image" for column in columns):
        shape = (-1, preparation.columns)
        return Schema([TensorSpec(np.dtype(np.float64), shape)]), [[0.0] * preparation.columns]
    if isinstance(preparation, NumberPreparation) and all(not column.form for column in columns):
        names = list(preparation.names)
        schema = Schema([ColSpec(_ANY, name) for name in names])
        return schema, {"columns": names, "data": [preparation.shift.tolist()]}
    schema = Schema([ColSpec("string" if column.kind == "text" else _ANY, column.name) for column in columns])
    return schema, {
        "columns": [column.name for column in columns],
        "data": [[_cell(each) for each in columns]],
    }


def _takes_texts(model: Model) -> bool:
    """Whether a row is one text."""
    if model.columns:
        return [column.kind for column in model.columns] == ["text"]
    return not isinstance(model.preparation, TablePreparation | NumberPreparation | BagPreparation)


def _cell(column: Column) -> str | float | None:
    match column.kind:
        case "text":
            return _TEXT
        case "number" if not column.form:
            return 0.0
    return None  # missing


def _outputs(model: Model) -> Schema:
    named = model.predict(np.zeros((1, model.preparation.columns), np.float32)).named()
    kinds = {name: "string" if name in ("class", "classes") else "float" for name in named}
    return Schema([ColSpec(kind, name) for name, kind in kinds.items()])
