"""``justfit export``: a model as one file, for justfit elsewhere, ONNX or Keras; a study for trackers."""

from pathlib import Path
from typing import Annotated

import typer

from justfit.cli.predict import ModelArgument
from justfit.cli.screen import say, say_json
from justfit.cli.studies import JsonOption, StoreOption
from justfit.cli.tracking import require_trackers, track
from justfit.errors import SpecError
from justfit.machine import DEFAULT_STORE
from justfit.spec.checks import require_choice

_FORMATS = ("justfit", "onnx", "keras")
_TRACKERS = ("tensorboard", "mlflow")
"""They take a study, done or not."""


def export(
    model: ModelArgument,
    out: Annotated[
        str,
        typer.Option(
            help="The file, whose ending says the format unless --to does; for tensorboard a folder, for "
            "mlflow its address: http://127.0.0.1:5000 or sqlite:///mlflow.db."
        ),
    ],
    to: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(_FORMATS)}; of a study, {' or '.join(_TRACKERS)}.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Write a model as one file: .justfit (all that belongs to it), .onnx or .keras (for elsewhere).

    Or write all networks of a study, done or not, with their settings and curves for TensorBoard or MLflow.
    """
    file = Path(out)
    kind = require_choice("to", to or file.suffix.removeprefix("."), (*_FORMATS, *_TRACKERS))
    if kind in _TRACKERS:
        _export_study(model, store, kind, out, as_json=as_json)
        return
    if file.suffix != f".{kind}":
        raise SpecError(f'"{out}" should end in .{kind}, for that is the format asked for.')
    # What a package that is missing makes impossible is told before anything is read.
    if kind == "onnx":
        from justfit.bridges.onnx import write_onnx as write
    elif kind == "keras":
        from justfit.bridges.keras import write_keras as write
    from justfit.store import find_model, load, pack_model

    path, takes = find_model(model, store), None
    if kind == "justfit":
        pack_model(path, file)
    else:
        takes = write(load(model, store), file)
    if as_json:
        say_json({"model": path, "format": kind, "input": takes, "written": [out]})
    else:
        say(f"written to {out}" + (f"; its input: {takes}" if takes else ""))


def _export_study(reference: str, store: Path, kind: str, out: str, *, as_json: bool) -> None:
    folder, address = (Path(out), None) if kind == "tensorboard" else (None, out)
    require_trackers(folder, address)
    from justfit.store import find_study, read_study

    study = read_study(find_study(store, reference))
    written = track([study], folder, address)
    if as_json:
        say_json({"study": study.folder, "format": kind, "written": written})
