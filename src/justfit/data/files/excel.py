"""Excel's ``.xlsx``, by openpyxl (extra ``excel``): the first sheet, a header and rows."""

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from justfit.data.files.archives import check_members
from justfit.data.files.frame import MOST_COLUMNS, Frame
from justfit.data.files.json_lines import column_of
from justfit.data.files.sniff import unique_names
from justfit.data.files.told import first_line
from justfit.errors import DataError

_BATCH = 10_000
# What openpyxl stumbles over in files that are broken or made to harm.
_BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_excel(path: Path) -> Iterator[Frame]:
    """The rows of the first sheet; formulas as the values that were stored with them, empty rows left out.

    Types may differ from frame to frame (`concatenated` makes them one).

    Raises:
        DataError: openpyxl is not installed, or the file is broken, or its first sheet has no header or no
            rows.
    """
    where = str(path)
    openpyxl = _openpyxl()
    try:
        with zipfile.ZipFile(path) as archive:
            check_members(where, archive)
        with path.open("rb") as file, warnings.catch_warnings(action="ignore"):  # of styles and extensions
            yield from _frames(openpyxl.load_workbook(file, read_only=True, data_only=True), where)
    except _BROKEN as error:
        raise DataError(
            f"{where} is broken: {first_line(error)}. Save it again as xlsx, or as CSV."
        ) from error


def _openpyxl() -> Any:
    try:
        return import_module("openpyxl")
    except ImportError as error:
        raise DataError(
            "Excel files need openpyxl: install it with pip install 'justfit[excel]', or save the table as "
            "CSV."
        ) from error


def _frames(book: Any, where: str) -> Iterator[Frame]:
    if not book.worksheets:
        raise DataError(f"{where} has no sheet with cells.")
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # what a file says of its size may be false or a million empty columns
    rows = enumerate(sheet.iter_rows(values_only=True))
    header: tuple[Any, ...] = next((row for _, row in rows if not _is_blank(row)), ())
    while header and header[-1] is None:
        header = header[:-1]
    if not 1 <= len(header) <= MOST_COLUMNS:
        raise DataError(f'{where}, sheet "{sheet.title}": expected a header with the names of the columns.')
    columns, notes = unique_names(["" if name is None else str(name) for name in header])
    if len(book.worksheets) > 1:
        others = ", ".join(f'"{other.title}"' for other in book.worksheets[1:6])
        notes.append(f'Only the first sheet, "{sheet.title}", is read, not {others}.')
    found = False
    for frame in _batches(rows, columns, where, tuple(notes)):
        found = True
        yield frame
    if not found:
        raise DataError(
            f'{where}, sheet "{sheet.title}": has a header ({", ".join(columns[:5])}) but no rows.'
        )


def _batches(
    rows: Iterator[tuple[int, tuple[Any, ...]]], columns: tuple[str, ...], where: str, notes: tuple[str, ...]
) -> Iterator[Frame]:
    cells: list[tuple[Any, ...]] = []
    numbers: list[int] = []
    width, first = len(columns), None
    for number, row in rows:
        first = number if first is None else first
        if _is_blank(row):
            continue
        if any(cell is not None for cell in row[width:]):
            raise DataError(
                f"{where}, row {number - first + 1}: has a cell right of the last column with a name "
                f'("{columns[-1]}"). Name its column or clear it.'
            )
        cells.append(row[:width] + (None,) * (width - len(row)))
        numbers.append(number - first + 1)
        if len(cells) == _BATCH:
            yield _frame(cells, numbers, columns, where, notes)
            cells, numbers = [], []
    if cells:
        yield _frame(cells, numbers, columns, where, notes)


def _frame(
    cells: list[tuple[Any, ...]],
    numbers: list[int],
    columns: tuple[str, ...],
    where: str,
    notes: tuple[str, ...],
) -> Frame:
    arrays = [column_of(list(column)) for column in zip(*cells, strict=True)]
    return Frame(pa.table(arrays, names=list(columns)), np.array(numbers, np.int64), (), notes, where)


def _is_blank(row: tuple[Any, ...]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in row)
