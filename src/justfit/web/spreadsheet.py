"""`harmless`: tables whose cells no spreadsheet takes for formulas."""

import re

import pyarrow as pa
import pyarrow.compute as pc

_BEGIN = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""What a spreadsheet may take a cell for a formula by; the last four as wide as Chinese characters."""

_FORMULA = f"^[{_BEGIN}][\\s\\S]"
_NUMBER = r"^[+-]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([eE][+-]?[0-9]+)?$"


def harmless(table: pa.Table) -> pa.Table:
    """A table with an apostrophe before each text, and each column's name, that may be obeyed as a formula.

    A spreadsheet shows such a cell as text. Numbers stay as they are, written as text or not, and so does a
    sign alone.

    >>> harmless(pa.table({"a": ["=1+1", "-5", "-", "@you", "x=1"], "b": [-1, 2, 3, 4, 5]})).to_pydict()
    {'a': ["'=1+1", '-5', '-', "'@you", 'x=1'], 'b': [-1, 2, 3, 4, 5]}
    """
    columns = [_harmless(column) if _is_text(column.type) else column for column in table.columns]
    return pa.table(columns, names=[_named(name) for name in table.column_names])


def _harmless(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = column.cast(pa.large_string())
    begin, number = (pc.match_substring_regex(texts, pattern) for pattern in (_FORMULA, _NUMBER))
    before, between = (pa.scalar(each, texts.type) for each in ("'", ""))
    marked = pc.binary_join_element_wise(before, texts, between)
    return pc.if_else(pc.and_not(begin, number), marked, texts)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return kind in (pa.string(), pa.large_string(), pa.string_view())


def _named(name: str) -> str:
    return f"'{name}" if re.match(_FORMULA, name) and not re.match(_NUMBER, name) else name
