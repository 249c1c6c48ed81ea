"""``justfit predict``: class and probability for raw input."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from justfit.cli.run import StoreOption
from justfit.cli.screen import say
from justfit.errors import DataError
from justfit.machine import DEFAULT_STORE


def predict(
    run: Annotated[str, typer.Argument(help="A run's folder, its name in the store, or the beginning of its id.")],
    file: Annotated[Path | None, typer.Argument(help="A file with a row a line; without it, standard input.")] = None,
    text: Annotated[list[str] | None, typer.Option(help="A row itself; may be given again.")] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Print class and probability (or value) of each row: a text a line, or numbers with commas between."""
    from justfit.store import find_run, read_model
    from justfit.store import predict as ask

    model = read_model(find_run(store, run))
    if text and file:
        raise DataError(f"Both --text and the file {file} were given: give one of them.")
    lines = text or _lines(file)
    if not lines:
        return
    answers = ask(model, lines)
    for row, outputs in enumerate(answers.outputs.tolist()):
        if answers.labels is not None:
            label = int(answers.labels[row])
            say(f"{model.classes[label]}\t{answers.probabilities()[row, label]:.4f}")
        elif model.classes:
            say("\t".join(f"{name}\t{share:.4f}" for name, share in zip(model.classes, outputs, strict=True)))
        else:
            say(f"{outputs[0]:.6g}")


def _lines(file: Path | None) -> list[str]:
    """The lines of a file or of standard input, as UTF-8."""
    name = str(file) if file else "standard input"
    try:
        content = file.read_bytes() if file else sys.stdin.buffer.read()
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from error
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    decoded = []
    for number, line in enumerate(lines, start=1):
        try:
            decoded.append(line.decode().rstrip("\r"))
        except UnicodeDecodeError as error:
            raise DataError(
                f"{name}, line {number}: byte {error.start + 1} is not UTF-8; convert the file first."
            ) from error
    return decoded
