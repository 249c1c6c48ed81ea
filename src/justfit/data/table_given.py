"""Rows of a file, or of a Python object, for a model that is trained already."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from justfit.data.bag_preparation import BagPreparation
from justfit.data.columns import Column, of_kind
from justfit.data.files.frame import Frame
from justfit.data.preparation import NumberPreparation, Preparation
from justfit.data.raw import Numbers, Raw, Table
from justfit.data.rows import Bags, Rows
from justfit.data.table_columns import typed
from justfit.data.table_preparation import TablePreparation
from justfit.data.table_rows import Odd, raw_of
from justfit.errors import DataError


def given_columns(preparation: Preparation, columns: Sequence[Column], frame: Frame) -> tuple[Column, ...]:
    """The columns that the rows of a frame are made of.

    Args:
        preparation: of the model.
        columns: that the model's rows were made of; none where it was trained on no file, and for a table,
            which knows its own. Then a model of numbers takes the columns of its names, and one of texts the
            only column of texts.
        frame: which may have other columns, too.

    Raises:
        DataError: it is not clear which column has the texts.
    """
    if columns or frame.bags is not None:
        return tuple(columns)
    if isinstance(preparation, TablePreparation):
        return preparation.inputs
    if isinstance(preparation, BagPreparation):
        raise preparation.refused("columns of a table")
    if isinstance(preparation, NumberPreparation):
        return tuple(Column(name, "number") for name in preparation.names)
    texts = [field.name for field in frame.table.schema if _is_text(field.type)]
    if len(texts) > 1:
        looked_at = typed(frame.table.select(texts), {}, frame.source)
        # Few and short texts look like categories.
        likely = of_kind(looked_at, "text") or of_kind(looked_at, "category")
        texts = [column.name for column in likely] or texts
    if len(texts) != 1:
        found = ", ".join(texts[:8]) or "none"
        raise DataError(
            f"{frame.source} should have one column of texts, as the model was trained on texts without a "
            f"name, and has {len(texts)} ({found}): leave only that one."
        )
    return (Column(texts[0], "text"),)


def given_rows(
    preparation: Preparation, columns: Sequence[Column], frame: Frame
) -> tuple[Rows, tuple[Odd, ...]]:
    """The rows of a frame, prepared as the rows that trained.

    Args:
        preparation: of the model.
        columns: as `given_columns` gives them.
        frame: which may have other columns, too.

    Returns:
        The rows, and the cells that count as missing since they are of another kind.

    Raises:
        DataError: a column is missing or holds another type, or a number is missing or infinite, with
            file, row and column.
    """
    if frame.bags is not None:
        return _of_bags(preparation, frame.bags, frame.source), ()
    raw, odd = raw_of(frame, columns)
    if isinstance(preparation, NumberPreparation) and isinstance(raw, Table):
        raw = _numbers(raw, frame)
    return preparation.rows(raw), odd


def _of_bags(preparation: Preparation, bags: Bags, source: str) -> Rows:
    """Sparse rows of a Python object: numbers to be prepared, or rows as prepared for any other model."""
    if bags.columns != preparation.columns:
        raise DataError(f"{source}: expected rows of {preparation.columns} numbers, got {bags.columns}.")
    if isinstance(preparation, NumberPreparation):
        return preparation.rows(Numbers(bags.to_csr().toarray(), preparation.names))
    return bags


def _is_text(kind: pa.DataType) -> bool:
    return any(is_kind(kind) for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_null))


def _numbers(table: Table, frame: Frame) -> Raw:
    if (missing := np.isnan(table.numbers)).any():
        row, column = (int(axis[0]) for axis in np.nonzero(missing))
        raise DataError(
            f'{frame.source}, row {frame.rows[row]}, column "{table.number_names[column]}": there is no '
            "number, and none was missing where the model was trained: fill it in, or leave the row out."
        )
    return Numbers(table.numbers, table.number_names)
