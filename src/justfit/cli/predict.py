"""``justfit predict``: class and probability of each row, or its value, beside the row."""

import codecs
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from justfit.cli.completion import study_names
from justfit.cli.screen import cell, printing, say, say_aside, say_json
from justfit.cli.standard_input import STANDARD_INPUT
from justfit.cli.studies import JsonOption, StoreOption
from justfit.errors import DataError
from justfit.machine import DEFAULT_STORE

if TYPE_CHECKING:
    from justfit.data.files import Frame, Skipped
    from justfit.data.files.images import Shape
    from justfit.store import Model

ModelArgument = Annotated[
    str,
    typer.Argument(
        help="A .justfit file, a study's folder, its name in the store, or the beginning of its id.",
        autocompletion=study_names,
    ),
]

_TOLD = 5
"""Rows that are told one by one."""


def predict(  # noqa: PLR0917 - typer calls it by keyword
    model: ModelArgument,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Rows in any format, or a folder; of a .txt file, and of standard input, each line is a "
            "row. - for a table in standard input, with a header, where the model takes columns."
        ),
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="A row itself; may be given again.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write there, as .csv, .jsonl or .parquet, instead of printing.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add the words or columns that did most to each answer.")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Add class and probabilities, or a value, to each row of a file.

    Rows of a file are given back as CSV with columns added. Of lines (a text, or numbers with commas
    between) each gets a line: its class and that one's probability, or its value.
    """
    from justfit.store import find_model, load, predictions, write_predictions
    from justfit.store.predicted_file import format_of

    if text and file:
        raise DataError(f"Both --text and the file {file} were given: give one of them.")
    if out is not None:
        format_of(out)  # before anything is read
    found = load(model, store)
    if _is_standard_input(file) and not _takes_columns(found):
        file = None
    told = _Told()
    if file is not None and file.suffix.lower() != ".txt":
        frames = told.frames(file, _image_shape(found))
        tables = told.passing(predictions(found, frames, explain=explain))
    else:
        lines = text or _lines(file)
        if out is None and not as_json:
            _say_lines(found, lines, explain=explain)
            return
        if out is not None and not lines:
            raise DataError("There are no rows.")
        tables = told.passing_lines(found, lines, explain=explain)
    answers = None
    if out is not None:
        write_predictions(tables, out)
    elif as_json:
        answers = [row for table in tables for row in table.to_pylist()]
    else:
        _say_csv(tables)
    told.say(out)
    if as_json:
        written = [] if out is None else [out]
        say_json(
            {"model": find_model(model, store), **told.as_json(), "answers": answers, "written": written}
        )


class _Told:
    """What is told when all rows are through: how many there were, and what was skipped or odd."""

    def __init__(self) -> None:
        self._rows = 0
        self._skipped: list[Skipped] = []
        self._notes: dict[str, None] = {}

    def frames(self, file: Path, image_shape: "Shape | None") -> "Iterator[Frame]":
        """The frames of a file, images of this shape; raises `DataError` where it cannot be read."""
        from justfit.data.files import read_batches, read_stream

        if _is_standard_input(file):
            frames = read_stream(sys.stdin.buffer, "standard input")
        else:
            frames = read_batches(file, image_shape=image_shape)
        for frame in frames:
            self._skipped.extend(frame.skipped)
            self._notes |= dict.fromkeys(frame.notes)
            yield frame

    def passing(self, found: Iterable[Any]) -> Iterator[Any]:
        """The tables of predictions, with what is odd in them remembered."""
        for each in found:
            self._rows += each.table.num_rows
            self._skipped.extend(each.skipped)
            self._notes |= dict.fromkeys(odd.sentence for odd in each.odd)
            yield each.table

    def passing_lines(self, model: "Model", lines: list[str], *, explain: bool) -> Iterator[Any]:
        """Lines as a table of one column with the answers' columns added."""
        from justfit.data.files import frame_of
        from justfit.data.table_output import with_columns
        from justfit.store import answered, prepared_rows

        if lines:
            self._rows = len(lines)
            added = answered(model, prepared_rows(model, lines), explain=explain)
            yield with_columns(frame_of(lines).table, added)

    def as_json(self) -> dict[str, Any]:
        """The same as `say` tells, as plain values."""
        skipped = [{"row": each.row, "reason": each.reason} for each in self._skipped]
        return {"rows": self._rows, "skipped": skipped, "notes": [*self._notes]}

    def say(self, out: Path | None) -> None:
        for note in self._notes:
            say_aside(f"note: {note}")
        for skipped in self._skipped[:_TOLD]:
            say_aside(f"row {skipped.row} has no answer: {skipped.reason}")
        if (more := len(self._skipped) - _TOLD) > 0:
            say_aside(f"and {more:,} more rows have none")
        if out is not None:
            say_aside(f"{self._rows:,} row{'' if self._rows == 1 else 's'} written to {out}")


def _is_standard_input(file: Path | None) -> bool:
    return str(file) == STANDARD_INPUT


def _takes_columns(model: "Model") -> bool:
    """Whether a row has several cells, so that names must say which is which."""
    from justfit.data import NumberPreparation
    from justfit.data.table_preparation import TablePreparation

    return isinstance(model.preparation, NumberPreparation | TablePreparation)


def _image_shape(model: "Model") -> "Shape | None":
    """What images are brought to: the shape of those that trained the model."""
    return next((column.shape for column in model.columns if column.kind == "image"), None)


def _say_csv(tables: Iterable[Any]) -> None:
    """Print tables as CSV: byte for byte, but on a terminal with control characters spelt out."""
    from justfit.data.table_output import write_tables

    if not sys.stdout.isatty():
        with printing():
            sys.stdout.flush()
            write_tables(tables, "csv", sys.stdout.buffer)
            sys.stdout.buffer.flush()
        return
    for number, table in enumerate(tables):
        lines = io.BytesIO()
        write_tables([table], "csv", lines)
        for line in lines.getvalue().decode(errors="replace").splitlines()[number > 0 :]:
            say(line)


def _say_lines(model: "Model", lines: list[str], *, explain: bool) -> None:
    """A line a row, its cells with tabs between."""
    from justfit.store import answers, explanations, network_outputs, prepared_rows

    if not lines:
        return
    rows = prepared_rows(model, lines)
    outputs = network_outputs(model, rows)
    found = answers(model, outputs)
    names = [cell(name) for name in found.classes]
    probabilities = found.probabilities() if names else found.outputs
    labels = [None] * len(probabilities) if found.labels is None else found.labels.tolist()
    because = explanations(model, rows, outputs) if explain else [""] * len(lines)
    for label, shares, reason in zip(labels, probabilities.tolist(), because, strict=True):
        if label is not None:
            line = f"{names[label]}\t{shares[label]:.4f}"
        elif names:
            line = "\t".join(f"{name}\t{share:.4f}" for name, share in zip(names, shares, strict=True))
        else:
            line = f"{shares[0]:.6g}"
        say(f"{line}\t{cell(reason)}" if explain else line)


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
