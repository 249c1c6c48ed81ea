import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from justfit.data import on_disk
from justfit.data.on_disk import KeptStrings, TextsOnDisk, rows_on_disk
from justfit.data.rows import Bags, Dense

CELLS = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])))


def kept(cells: list[str | None]) -> TextsOnDisk:
    strings = KeptStrings()
    return TextsOnDisk(strings, strings.add(pa.chunked_array([pa.array(cells, pa.string())])))


def bags(rows: list[list[int]], columns: int = 9) -> Bags:
    ends = np.cumsum([0, *map(len, rows)])
    indices = np.array([column for row in rows for column in row], np.int32)
    return Bags(ends, indices, indices.astype(np.float32) + 1, columns)


@settings(max_examples=30)  # each of which makes files
@given(st.lists(CELLS, max_size=4))
def test_strings_are_read_as_they_were_added_in_any_order(pieces: list[list[str | None]]) -> None:
    strings = KeptStrings()
    places = [strings.add(pa.chunked_array([pa.array(piece, pa.string())])) for piece in pieces]
    order = np.concatenate([np.zeros(0, np.int32), *places])
    cells = np.array([cell for piece in pieces for cell in piece], object)
    shuffled = np.random.default_rng(len(order)).permutation(len(order))
    assert strings.read(order[shuffled]).to_pylist() == cells[shuffled].tolist()


def test_of_a_slice_of_a_column_only_its_own_strings_are_kept() -> None:
    strings = KeptStrings()
    column = pa.chunked_array([pa.array(["a", None, "bc", "d"]), pa.array(["ef", "g"])])
    first, second = strings.add(column.slice(1, 4)), strings.add(column.slice(0, 1))
    assert strings.read(np.concatenate([second, first])).to_pylist() == ["a", None, "bc", "d", "ef"]


def test_texts_on_the_disk_are_a_sequence_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_disk, "BLOCK", 3)
    expected = ["null is empty", "", "ünïcode 火", "a\0b", '"quoted"\n', "x", "y"]
    texts = kept(["null is empty", None, *expected[2:]])
    assert list(texts) == expected
    assert len(texts) == 7
    assert [texts[at] for at in range(-7, 7)] == expected * 2
    assert list(texts[1::2]) == expected[1::2]
    assert list(texts.take(np.array([5, 0, 5]))) == ["x", "null is empty", "x"]
    assert list(texts[:0]) == []
    with pytest.raises(IndexError):
        texts[7]


@settings(max_examples=30)
@given(st.lists(st.lists(st.sets(st.integers(0, 8)), min_size=1), min_size=1, max_size=4))
def test_blocks_of_sparse_rows_become_one_block_in_files(blocks: list[list[set[int]]]) -> None:
    rows = [[sorted(row) for row in block] for block in blocks]
    found, expected = rows_on_disk(map(bags, rows)), bags([row for block in rows for row in block])
    assert isinstance(found, Bags)
    for name in ("indptr", "indices", "values"):
        one, other = getattr(found, name), getattr(expected, name)
        assert (one.dtype, one.tolist()) == (other.dtype, other.tolist())
    assert found.columns == 9


def test_blocks_of_dense_rows_become_one_block_in_files() -> None:
    values = np.arange(12, dtype=np.float32).reshape(6, 2)
    found = rows_on_disk([Dense(values[:4]), Dense(values[4:])])
    assert isinstance(found, Dense)
    assert found.values.tolist() == values.tolist()
