import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from justfit.data.files import frame_of
from justfit.data.files.frame import shape_of
from justfit.errors import DataError


def test_a_pandas_frame_comes_without_its_index() -> None:
    pandas = pytest.importorskip("pandas")
    rows = pandas.DataFrame({"a": [1, 2], "b": ["x", None]}, index=["first", "second"])
    assert frame_of(rows).table.to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def test_a_polars_frame_comes_with_plain_types() -> None:
    polars = pytest.importorskip("polars")
    frame = frame_of(polars.DataFrame({"a": [1, 2], "b": ["x", None], "c": [["u"], []]}))
    assert frame.table.to_pylist() == [{"a": 1, "b": "x", "c": ["u"]}, {"a": 2, "b": None, "c": []}]
    assert frame.table.schema.field("b").type == pa.string()


def test_arrays_lists_and_dicts_are_tables() -> None:
    assert frame_of(np.array([[1, 2], [3, 4]])).table.to_pydict() == {"x_1": [1, 3], "x_2": [2, 4]}
    assert frame_of(np.array(["a", "b"])).table.to_pydict() == {"x": ["a", "b"]}
    assert shape_of(frame_of(np.zeros((2, 3, 4))).table.schema.field("x")) == (3, 4)
    assert frame_of(["a", None]).table.to_pydict() == {"text": ["a", None]}
    assert frame_of({"a": [1], "b": ["x"]}).table.to_pydict() == {"a": [1], "b": ["x"]}
    assert frame_of([{"a": 1}, {"a": 2}]).table.to_pydict() == {"a": [1, 2]}


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csr_matrix, sparse.coo_array, sparse.csc_array])
def test_a_sparse_matrix_comes_as_bags(make: type) -> None:
    dense = np.array([[0, 2.5, 0], [1, 0, 0]])
    frame = frame_of(make(dense))
    assert frame.bags is not None
    np.testing.assert_array_equal(frame.bags.to_csr().toarray(), dense)
    assert len(frame) == 2


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (5, "The int has no rows"),
        ("a text", "The str has no rows"),
        ([1, 2], "The list does not make a table"),
        ([], "no rows"),
        (np.array(1), "single value"),
        (np.array([object()]), "expected numbers, texts or dates"),
        ({"a": [1], "b": [1, 2]}, "The dict does not make a table"),
    ],
)
def test_what_makes_no_table_is_refused(rows: object, told: str) -> None:
    with pytest.raises(DataError, match=told):
        frame_of(rows)
