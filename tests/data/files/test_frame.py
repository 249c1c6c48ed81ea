import numpy as np
import pyarrow as pa
import pytest

from justfit.data.files.frame import Skipped, concatenated, numbered
from justfit.errors import DataError


def test_pieces_keep_rows_skipped_rows_and_each_note_once() -> None:
    first = numbered(pa.table({"a": [1]}), "x", 1, ("note",))
    second = numbered(pa.table({"a": [2]}), "x", 3, ("note", "more"))
    object.__setattr__(second, "skipped", (Skipped(2, "why"),))
    frame = concatenated([first, second])
    assert frame.rows.tolist() == [1, 3]
    assert frame.skipped == (Skipped(2, "why"),)
    assert frame.notes == ("note", "more")
    assert frame.source == "x"


@pytest.mark.parametrize(
    ("types", "together"),
    [
        ((pa.int64(), pa.float64()), pa.float64()),
        ((pa.int64(), pa.string()), pa.string()),
        ((pa.bool_(), pa.int64(), pa.null()), pa.string()),
        ((pa.timestamp("s"), pa.string()), pa.string()),
    ],
)
def test_types_that_differ_become_one_that_holds_all(
    types: tuple[pa.DataType, ...], together: pa.DataType
) -> None:
    frames = [numbered(pa.table({"a": pa.nulls(1, kind)}), "x") for kind in types]
    assert concatenated(frames).table.schema.field("a").type == together


def test_types_that_nothing_holds_are_refused_with_their_column() -> None:
    frames = [numbered(pa.table({"a": column}), "x") for column in ([[1]], np.array(["b"]))]
    with pytest.raises(DataError, match='x, column "a"'):
        concatenated(frames)
