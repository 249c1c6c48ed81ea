"""Data frames, arrays, lists and sparse matrices of Python to a `Frame`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from justfit.data.files.columnar import flattened
from justfit.data.files.frame import Frame, array_columns, numbered
from justfit.data.files.told import first_line
from justfit.data.rows import Bags
from justfit.errors import DataError


def frame_of(rows: Any) -> Frame:
    """The rows of a pandas, polars or Arrow table, a NumPy array or one that NumPy can read (DLPack), a SciPy
    sparse matrix, a dict of columns or a list of texts.

    A data frame's index is left out; a sparse matrix comes as ``bags``.

    Raises:
        DataError: it is none of these, has no rows, or a column mixes types.
    """
    source = f"The {type(rows).__name__}"
    rows = as_array(rows)
    if sparse.issparse(rows):
        matrix: Any = rows  # whose types SciPy's stubs, where they are, know better than NumPy's
        bags = Bags.from_csr(matrix.tocsr())
        if not len(bags):
            raise DataError(f"{source} has no rows.")
        return Frame(pa.table({}), np.arange(1, len(bags) + 1), (), (), source, bags)
    try:
        frame = _of_table(rows, source)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(f"{source} does not make a table: {first_line(error)}.") from error
    if not len(frame):
        raise DataError(f"{source} has no rows.")
    return frame


def as_array(rows: Any) -> Any:
    """An array of another package, such as jax, as NumPy's, not copied where it allows it; all else as it is.

    Raises:
        DataError: it stands in the memory of another device, or has a type that NumPy has not.

    Source: https://dmlc.github.io/dlpack, the array API's ``from_dlpack``.
    """
    if isinstance(rows, np.ndarray) or hasattr(rows, "__arrow_c_stream__"):
        return rows
    try:
        if hasattr(rows, "__dlpack__"):
            return np.from_dlpack(rows)
        return np.asarray(rows) if hasattr(rows, "__array__") else rows
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise DataError(
            f"The {type(rows).__name__} cannot be read by NumPy: {first_line(error)}. Copy it to the CPU's "
            "memory, as numbers of a type that NumPy has."
        ) from error


def with_labels(frame: Frame, name: str, labels: Any) -> Frame:
    """A frame with one more column, of labels that stand in no table.

    Raises:
        DataError: there are not as many as rows, or they mix types.
    """
    try:
        labels = as_array(labels)
        column = pa.array(np.asarray(labels) if not hasattr(labels, "__arrow_c_stream__") else list(labels))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(f"The labels are no column: {first_line(error)}.") from error
    if len(column) != len(frame):
        raise DataError(f"There are {len(frame):,} rows but {len(column):,} labels.")
    # A table without columns has no rows either, whatever the frame has.
    labelled = frame.table.append_column(name, column) if frame.bags is None else pa.table({name: column})
    return replace(frame, table=labelled)


def _of_table(rows: Any, source: str) -> Frame:
    if isinstance(rows, np.ndarray) and rows.ndim == 0:
        raise DataError(f"{source} is a single value, expected rows.")
    if isinstance(rows, Sequence | np.ndarray) and len(rows) and isinstance(rows[0], list):
        raise DataError(
            f"{source} has a list for each row, such as ids of words: make an array of them where they are "
            "of one length, or a SciPy sparse matrix with a column for each id."
        )
    if isinstance(rows, np.ndarray):
        return numbered(array_columns({"x": rows}, source), source)
    if hasattr(rows, "__arrow_c_stream__") or isinstance(rows, Mapping):
        table = pa.table(dict(rows) if isinstance(rows, Mapping) else rows)
    elif isinstance(rows, Sequence) and not isinstance(rows, str | bytes):
        if rows and all(isinstance(row, Mapping) for row in rows):
            table = pa.Table.from_pylist([dict(row) for row in rows])
        else:
            table = pa.table({"text": pa.array(list(rows), pa.string())})
    elif hasattr(rows, "collect"):
        raise DataError(f"{source} is a query that has no rows yet: give what its collect() gives.")
    else:
        raise DataError(
            f"{source} has no rows that could be read. Expected a data frame, an array, a sparse matrix or "
            "a list of texts."
        )
    index = [name for name in table.column_names if name.startswith("__index_level_")]
    table, notes = flattened(table.drop_columns(index), source)
    return numbered(table, source, notes=notes)
