"""What a model says of every row of a file, as columns beside the file's own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from justfit.data.columns import Column
from justfit.data.files.frame import Frame, Skipped, shape_of
from justfit.data.files.image_paths import images_read
from justfit.data.files.images import is_shape
from justfit.data.rows import Float32, Rows
from justfit.data.table_given import given_columns, given_rows
from justfit.data.table_output import FORMATS, with_columns, write_tables
from justfit.data.table_rows import Odd, taken
from justfit.errors import SpecError
from justfit.spec.checks import nearest
from justfit.store.files import writing
from justfit.store.model import Model
from justfit.store.occlusion import strongest_effects
from justfit.store.prediction import answers, network_outputs

_ROWS = 2**15
_NUMBERS = 2**23
"""Of rows, and of outputs, that are asked for at a time."""

_EXPLAINED = 2**11
"""Rows that are explained at a time: each of their columns is a row to be asked for."""

_NAMED = 5
"""Words or columns that an explanation names."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """Some rows of a file with their answers."""

    table: Any
    """The file's columns but for pictures, and then the answers', a `pyarrow.Table`."""
    odd: tuple[Odd, ...]
    """Cells that count as missing, since they are of another kind than where the model was trained."""
    skipped: tuple[Skipped, ...] = ()
    """Rows without an answer, since they name no image that can be read."""


def predictions(model: Model, frames: Iterable[Frame], *, explain: bool = False) -> Iterator[Predicted]:
    """The rows of frames with columns added: what `Predictions.named` has, and ``because`` to explain it.

    Where the model has a column of images and a file one of their paths, they are read from there.

    Args:
        model: as `load` gives it.
        frames: as `justfit.data.files.read_batches` gives them; those without rows are left out.
        explain: whether to name the words or columns that did most to each answer.

    Raises:
        DataError: a column is missing or holds what the model cannot take, with file, row and column.
    """
    size = max(1, min(_ROWS, _NUMBERS // model.kernels[-1].shape[1]))
    columns: tuple[Column, ...] = ()
    shapes = {each.name: each.shape for each in model.columns if is_shape(each.shape)}
    for frame in frames:
        if len(frame):  # what the first rows are made of, all are
            columns = columns or given_columns(model.preparation, model.columns, frame)
        for start in range(0, len(frame), size):
            some = slice(start, start + size)
            part = replace(frame, table=frame.table[some], rows=frame.rows[some], skipped=())
            read = images_read(part, shapes)
            rows, odd = given_rows(model.preparation, columns, read)
            kept = taken(part, np.flatnonzero(np.isin(part.rows, read.rows))).table
            kept = kept.select([field.name for field in kept.schema if shape_of(field) is None])
            yield Predicted(with_columns(kept, answered(model, rows, explain=explain)), odd, read.skipped)


def answered(model: Model, rows: Rows, *, explain: bool = False) -> dict[str, Any]:
    """Columns of the answers to prepared rows, by name."""
    outputs = network_outputs(model, rows)
    named: dict[str, Any] = dict(answers(model, outputs).named())
    if explain:
        named["because"] = explanations(model, rows, outputs)
    return named


def explanations(model: Model, rows: Rows, outputs: Float32) -> list[str]:
    """Of each row the words or columns that did most to its answer, such as ``great +1.31; but -0.42``.

    The figures are those of `justfit.store.effects`: how much log odds, or a value, would fall without each.
    Of several labels a row it is the most probable one's.
    """
    found = answers(model, outputs)
    wanted = outputs.argmax(axis=1) if found.labels is None else found.labels
    told: list[str] = []
    for part in np.split(np.arange(len(rows)), range(_EXPLAINED, len(rows), _EXPLAINED)):
        some = strongest_effects(model, rows.take(part), wanted[part].astype(np.int64), _NAMED)
        told += ("; ".join(f"{effect.name} {effect.toward:+.2f}" for effect in row) for row in some)
    return told


def format_of(path: Path) -> str:
    """The format of a file of predictions by its name; raises `SpecError` where it has none."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise SpecError(
            f'"{path}" ends in "{path.suffix}", and predictions can be written as {", ".join(FORMATS)}: end '
            f"its name so.{nearest(suffix, tuple(FORMATS))}"
        )
    return FORMATS[suffix]


def write_predictions(tables: Iterable[Any], path: Path) -> None:
    """Write tables whole or not at all, as CSV, JSON lines or Parquet by the file's ending.

    Raises:
        SpecError: another ending.
        DataError: the tables cannot stand in one file of that format, or cannot be made.
        StoreError: the disk is full, the folder is missing or may not be written.
    """
    kind = format_of(path)
    with writing(path) as file:
        write_tables(tables, kind, file)
