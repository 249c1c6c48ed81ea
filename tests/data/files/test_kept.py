import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest

from justfit.data.files import kept
from justfit.data.files.frame import Frame, Skipped, concatenated, numbered
from justfit.data.files.kept import gathered, joined


@pytest.fixture
def nothing_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_HELD", 0)


def same(found: Frame, expected: Frame) -> None:
    """What can be asked of both, whether strings stand on the disk or in memory."""
    assert found.table.column_names == expected.table.column_names
    for name in found.table.column_names:
        ours, theirs = found.column(name), expected.column(name)
        if name not in found.kept:
            assert ours.type == theirs.type
        assert ours.to_pylist() == theirs.to_pylist()
    assert found.rows.tolist() == expected.rows.tolist()
    assert (found.skipped, found.notes, found.source) == (expected.skipped, expected.notes, expected.source)


def pieces(*tables: dict[str, Sequence[object]]) -> list[Frame]:
    frames, first = [], 1
    for number, columns in enumerate(tables):
        frame = numbered(pa.table(dict(columns)), "a.json", first, ("note", f"note {number}"))
        frames.append(dataclasses.replace(frame, skipped=(Skipped(first + len(frame), "why"),)))
        first += len(frame) + 1
    return frames


LONG = "so long that it is worth a place on the disk, ü "

PIECES: dict[str, Callable[[], list[Frame]]] = {
    "strings and numbers": lambda: pieces({"t": [LONG, None], "n": [1, 2]}, {"t": ["ü"], "n": [3]}),
    "long and short strings": lambda: pieces({"t": [LONG], "n": ["a"]}, {"t": ["b"], "n": [LONG * 9]}),
    "strings, then numbers": lambda: pieces({"t": [LONG, None]}, {"t": [1, 2]}, {"t": [True]}),
    "a column that is missing": lambda: pieces({"n": [1], "t": [LONG]}, {"n": [2]}),
    "a column that is empty": lambda: pieces({"t": [LONG]}, {"t": pa.nulls(2)}),
    "numbers that widen": lambda: pieces({"t": [LONG], "n": [1]}, {"t": ["b"], "n": [1.5]}),
    "lists": lambda: pieces({"t": [LONG], "n": [["x", "y"]]}, {"t": ["b"], "n": [[]]}),
    "one piece": lambda: pieces({"t": [LONG, "b"]}),
    "an empty piece": lambda: pieces({"t": [LONG]}, {"t": pa.array([], pa.string())}),
}


@pytest.mark.parametrize("made", PIECES.values(), ids=PIECES)
@pytest.mark.usefixtures("nothing_held")
def test_long_strings_of_a_large_file_stand_on_the_disk_and_all_is_as_in_memory(
    made: Callable[[], list[Frame]],
) -> None:
    found = gathered(iter(made()))
    same(found, concatenated(made()))
    assert set(found.kept) == {"t"}


@pytest.mark.parametrize(
    "made",
    [
        lambda: pieces({"t": [1, None]}, {"t": [LONG]}, {"t": [True]}),
        lambda: pieces({"n": [1]}, {"n": [2], "t": [LONG]}),
        lambda: pieces({"t": ["short", "ones"]}, {"t": ["too"]}),
    ],
)
@pytest.mark.usefixtures("nothing_held")
def test_what_has_no_long_strings_at_first_stays_in_memory(made: Callable[[], list[Frame]]) -> None:
    found = gathered(iter(made()))
    same(found, concatenated(made()))
    assert not found.kept


@pytest.mark.usefixtures("nothing_held")
def test_no_more_files_are_opened_than_a_process_may_have() -> None:
    table = pa.table({str(number): [LONG] for number in range(2000)})
    found = gathered([numbered(table, "a.csv")])
    same(found, numbered(table, "a.csv"))
    assert len(found.kept) == 100


def test_a_small_file_stays_in_memory() -> None:
    found = gathered(PIECES["strings and numbers"]())
    same(found, concatenated(PIECES["strings and numbers"]()))
    assert not found.kept


def test_a_file_is_large_by_its_cells_in_memory_and_by_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = pieces({"t": ["a" * 1000]}, {"t": ["b" * 1000]})
    monkeypatch.setattr(kept, "memory", lambda: 32 * 3000)
    assert not gathered(frames).kept
    monkeypatch.setattr(kept, "memory", lambda: 32 * 1500)
    assert gathered(frames).kept


@pytest.mark.usefixtures("nothing_held")
def test_what_a_column_is_said_to_be_is_not_lost() -> None:
    field = pa.field("file", pa.string(), metadata={"kind": "id"})
    frame = numbered(pa.table([[LONG, "b"]], schema=pa.schema([field])), "folder")
    found = gathered([frame])
    for table in (found.table, found.between(0, 1).table):
        assert table.schema.field("file").metadata == {b"kind": b"id"}


@pytest.mark.usefixtures("nothing_held")
def test_a_large_frame_and_a_small_one_are_joined_as_two_small_ones() -> None:
    small = pieces({"t": ["x", None], "n": [7, 8]})
    large = gathered(PIECES["strings and numbers"]())
    found = joined([large, *small])
    same(found, concatenated([concatenated(PIECES["strings and numbers"]()), *small]))
    assert set(found.kept) == {"t"}


@pytest.mark.usefixtures("nothing_held")
def test_columns_of_one_name_are_left_in_memory_to_be_told_of() -> None:
    table = pa.table([[LONG], [LONG]], names=["t", "t"])
    found = gathered([numbered(table, "a.parquet")])
    assert not found.kept
    assert found.table.column_names == ["t", "t"]


@pytest.mark.usefixtures("nothing_held")
def test_rows_between_two_are_read_into_memory() -> None:
    found = gathered(PIECES["strings and numbers"]()).between(1, 3)
    assert found.table.to_pydict() == {"t": [None, "ü"], "n": [2, 3]}
    assert (found.rows.tolist(), found.kept) == ([2, 4], {})
    assert np.asarray(found.rows).dtype == np.int64
