"""``justfit predict``: class and probability for raw input."""

import codecs
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from justfit.cli.run import StoreOption
from justfit.cli.screen import cell, say
from justfit.cli.studies import StudyArgument
from justfit.errors import DataError, StoreError
from justfit.machine import DEFAULT_STORE

if TYPE_CHECKING:
    from justfit.store import Predictions


def predict(
    study: StudyArgument,
    file: Annotated[
        Path | None, typer.Argument(help="A file with a row a line; without it, standard input.")
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="A row itself; may be given again.")] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Print class and probability (or value) of each row: a text a line, or numbers with commas between."""
    from justfit.store import find_study, read_model, read_study
    from justfit.store import predict as ask

    folder = find_study(store, study, done=True)
    if read_study(folder).spec.get("final") is None:
        raise StoreError(
            f"{folder} has no model, as its study trains no final network: give it one under final."
        )
    model = read_model(folder)
    if text and file:
        raise DataError(f"Both --text and the file {file} were given: give one of them.")
    lines = text or _lines(file)
    if not lines:
        return
    for line in _said(ask(model, lines)):
        say(line)


def _said(answers: "Predictions") -> Iterator[str]:
    """A line a row, its cells with tabs between."""
    names = [cell(name) for name in answers.classes]
    probabilities = answers.probabilities() if names else answers.outputs
    labels = [None] * len(probabilities) if answers.labels is None else answers.labels.tolist()
    for label, shares in zip(labels, probabilities.tolist(), strict=True):
        if label is not None:
            yield f"{names[label]}\t{shares[label]:.4f}"
        elif names:
            yield "\t".join(f"{name}\t{share:.4f}" for name, share in zip(names, shares, strict=True))
        else:
            yield f"{shares[0]:.6g}"


def _lines(file: Path | None) -> list[str]:
    """The lines of a file or of standard input, as UTF-8."""
    name = str(file) if file else "standard input"
    try:
        content = file.read_bytes() if file else sys.stdin.buffer.read()
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from error
    lines = content.removeprefix(codecs.BOM_UTF8).split(b"\n")
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
