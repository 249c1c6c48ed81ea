"""``justfit export``: a model as one file, for justfit elsewhere, ONNX or Keras."""

from pathlib import Path
from typing import Annotated

import typer

from justfit.cli.predict import ModelArgument
from justfit.cli.run import StoreOption
from justfit.cli.screen import say
from justfit.errors import SpecError
from justfit.machine import DEFAULT_STORE
from justfit.spec.checks import require_choice

_FORMATS = ("justfit", "onnx", "keras")


def export(
    model: ModelArgument,
    out: Annotated[Path, typer.Option(help="The file; its ending says the format, unless --to does.")],
    to: Annotated[str | None, typer.Option(help=f"One of {', '.join(_FORMATS)}.")] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Write a model as one file: .justfit (all that belongs to it), .onnx or .keras (for elsewhere)."""
    kind = require_choice("to", to or out.suffix.removeprefix("."), _FORMATS)
    if out.suffix != f".{kind}":
        raise SpecError(f'"{out}" should end in .{kind}, for that is the format asked for.')
    # What a package that is missing makes impossible is told before anything is read.
    if kind == "onnx":
        from justfit.bridges.onnx import write_onnx as write
    elif kind == "keras":
        from justfit.bridges.keras import write_keras as write
    from justfit.store import find_model, load, pack_model

    if kind == "justfit":
        pack_model(find_model(model, store), out)
        say(f"written to {out}")
    else:
        say(f"written to {out}; its input: {write(load(model, store), out)}")
