"""`raw_of`: raw rows of a table's columns, the same for the rows that train and those that are predicted."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from justfit.data import mapped
from justfit.data.columns import INPUTS, Column, of_kind
from justfit.data.files.frame import Frame, shape_of
from justfit.data.finding import counted, named
from justfit.data.on_disk import TextsOnDisk
from justfit.data.raw import Numbers, Raw, Table, Texts
from justfit.data.table_cells import (
    category_cells,
    date_cells,
    image_cells,
    is_numeric,
    number_cells,
    text_cells,
)
from justfit.errors import DataError
from justfit.spec.checks import nearest


@dataclass(frozen=True)
class Odd:
    """Cells that are not of their column's kind, and so count as missing."""

    source: str
    column: str
    rows: tuple[int, ...]
    """Numbers of all rows in the file that have one."""
    found: str
    """The first of them."""

    @property
    def sentence(self) -> str:
        """For people.

        >>> Odd("a.csv", "age", (3, 8), "old").sentence.partition(":")[0]
        'a.csv, column "age" has 2 cells of another kind, which count as missing'
        """
        rows = named([str(row) for row in self.rows])
        return (
            f'{self.source}, column "{self.column}" has {counted(len(self.rows), "cell")} of another kind, '
            f'which count as missing: rows {rows} (such as "{self.found[:40]}").'
        )


def raw_of(frame: Frame, columns: Sequence[Column]) -> tuple[Raw, tuple[Odd, ...]]:
    """The rows of a frame, made of the columns that are inputs.

    One column of texts alone gives `Texts`, one of images alone `Numbers`, sparse rows `Bags`, all else a
    `Table`.

    Args:
        frame: which may have other columns, too.
        columns: as `justfit.data.table_columns.typed` found them in the rows that train.

    Raises:
        DataError: a column is missing or holds another type, or a number is infinite, with file, row and
            column.
    """
    if frame.bags is not None:
        return frame.bags, ()
    frame = plain(frame)
    inputs = tuple(column for column in columns if column.kind in INPUTS)
    require_columns(frame, [column.name for column in inputs])
    if len(inputs) == 1 and inputs[0].kind == "text":
        return Texts(_texts(frame, inputs[0])), ()
    if len(inputs) == 1 and inputs[0].kind == "image":
        return Numbers(_images(frame, inputs[0]), inputs[0].numbers), ()
    odd: list[Odd] = []
    blocks = [_numbers(frame, column, odd) for column in inputs if column.numbers]
    table = Table(
        columns=inputs,
        numbers=np.hstack(blocks) if blocks else np.zeros((len(frame), 0)),
        categories=tuple(
            category_cells(frame.column(column.name), _where(frame, column))
            for column in of_kind(inputs, "category")
        ),
        texts=tuple(_texts(frame, column) for column in of_kind(inputs, "text")),
    )
    return table, tuple(odd)


def plain(frame: Frame) -> Frame:
    """The frame with one type for strings, and none for columns that are packed in some way."""
    table = frame.table
    for number, field in enumerate(table.schema):
        column = table.column(number)
        if pa.types.is_run_end_encoded(field.type):
            column = pc.run_end_decode(column)
        elif pa.types.is_dictionary(field.type):
            column = column.cast(field.type.value_type)
        if pa.types.is_string(column.type) or pa.types.is_string_view(column.type):
            column = column.cast(pa.large_string())
        if column.type != field.type:
            table = table.set_column(number, field.with_type(column.type), column)
    return frame if table is frame.table else dataclasses.replace(frame, table=table)


def require_columns(frame: Frame, names: Sequence[str]) -> None:
    """Raise `DataError` where a frame lacks a column, or has one twice, with the nearest name."""
    found = frame.table.column_names
    for name in names:
        if name not in found:
            some = ", ".join(found[:8]) + (", ..." if len(found) > 8 else "")
            raise DataError(
                f'{frame.source} has no column "{name}": it has {some or "none"}.{nearest(name, found)}'
            )
        if found.count(name) > 1:
            raise DataError(
                f'{frame.source} has {found.count(name)} columns "{name}": give each its own name.'
            )


def _numbers(frame: Frame, column: Column, odd: list[Odd]) -> npt.NDArray[np.float64]:
    if column.kind == "image":
        return _images(frame, column).astype(np.float64)
    cells_of, where = frame.column(column.name), _where(frame, column)
    cells = (number_cells if column.kind == "number" else date_cells)(cells_of, column.form, where)
    if (infinite := np.isinf(cells.values).any(axis=1)).any():
        row = int(np.argmax(infinite))
        raise DataError(
            f'{frame.source}, row {frame.rows[row]}, column "{column.name}": {cells_of[row].as_py()} is '
            "infinite as a number: correct it, or leave the cell empty."
        )
    if cells.wrong.any():
        rows = np.flatnonzero(cells.wrong)
        found = str(cells_of[int(rows[0])].as_py())
        odd.append(Odd(frame.source, column.name, tuple(frame.rows[rows].tolist()), found))
    return cells.values


def _images(frame: Frame, column: Column) -> npt.NDArray[np.generic]:
    cells = frame.table.column(column.name)
    shape = shape_of(frame.table.schema.field(column.name))
    found = "no images" if shape is None else " x ".join(map(str, shape))
    if shape is None or ",".join(map(str, shape)) != column.form or not is_numeric(cells.type.value_type):
        raise DataError(
            f"{_where(frame, column)}: expected images of {column.form.replace(',', ' x ')} numbers, got "
            f"{found}."
        )
    if (missing := cells.is_null()).to_numpy().any():
        row = int(np.argmax(missing.to_numpy()))
        raise DataError(
            f"{_where(frame, column)}, row {frame.rows[row]}: there is no image; leave the row out."
        )
    return image_cells(cells)


def _texts(frame: Frame, column: Column) -> Sequence[str]:
    if column.name in frame.kept:
        return TextsOnDisk(frame.kept[column.name], frame.places(column.name))
    return text_cells(frame.table.column(column.name), _where(frame, column))


def _where(frame: Frame, column: Column) -> str:
    return f'{frame.source}, column "{column.name}"'


def taken(frame: Frame, rows: npt.NDArray[np.intp]) -> Frame:
    """The rows at places ``rows`` of a frame, in that order."""
    table = frame.table.take(pa.array(rows))
    bags = None if frame.bags is None else frame.bags.take(rows)
    numbers = mapped.taken(frame.rows, rows)
    return dataclasses.replace(frame, table=table, rows=numbers, bags=bags)
