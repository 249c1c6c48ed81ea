import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from justfit.data.files import frame_of
from justfit.data.files.frame import shape_of
from justfit.data.files.objects import as_array, with_labels
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


def test_columns_of_pandas_and_polars_come_alike_whatever_types_hold_them() -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    texts, numbers = ["x", None, "y", "x"], [1, None, 3, 4]
    expected = [{"text": text, "number": number} for text, number in zip(texts, numbers, strict=True)]
    by_pandas = (
        {"text": pandas.Series(texts, dtype="str"), "number": pandas.array(numbers, "Int64")},
        {"text": pandas.Categorical(texts), "number": pandas.array(numbers, "Float64")},
    )
    by_polars = (
        {"text": polars.Series(texts), "number": polars.Series(numbers)},
        {"text": polars.Series(texts, dtype=polars.Categorical), "number": polars.Series(numbers)},
        {"text": polars.Series(texts, dtype=polars.Enum(["x", "y"])), "number": polars.Series(numbers)},
    )
    frames = [pandas.DataFrame(each) for each in by_pandas] + [polars.DataFrame(each) for each in by_polars]
    for rows in frames:
        found = frame_of(rows).table
        assert found.to_pylist() == expected
        assert found.schema.field("text").type == pa.string()


def test_a_query_that_is_not_carried_out_is_told_to_be_collected() -> None:
    polars = pytest.importorskip("polars")
    with pytest.raises(DataError, match=r"LazyFrame is a query that has no rows yet: give what its collect"):
        frame_of(polars.DataFrame({"a": [1]}).lazy())


@pytest.mark.slow
def test_an_array_of_another_package_comes_as_numpy_s_own_without_a_copy() -> None:
    jax = pytest.importorskip("jax")
    theirs = jax.numpy.arange(6, dtype="float32").reshape(3, 2)
    ours = as_array(theirs)
    assert isinstance(ours, np.ndarray)
    assert np.shares_memory(ours, np.from_dlpack(theirs))
    assert frame_of(theirs).table.to_pydict() == {"x_1": [0.0, 2.0, 4.0], "x_2": [1.0, 3.0, 5.0]}
    labels = with_labels(frame_of(theirs), "y", jax.numpy.array([1, 0, 1]))
    assert labels.table.column("y").to_pylist() == [1, 0, 1]
    with pytest.raises(DataError, match="The ArrayImpl cannot be read by NumPy"):
        frame_of(theirs.astype("bfloat16"))


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
        ([[3, 1], [2]], "The list has a list for each row, such as ids of words"),
        (np.array([[3, 1], [2]], object), "The ndarray has a list for each row"),
        (np.array(1), "single value"),
        (np.array([object()]), "expected numbers, texts or dates"),
        ({"a": [1], "b": [1, 2]}, "The dict does not make a table"),
    ],
)
def test_what_makes_no_table_is_refused(rows: object, told: str) -> None:
    with pytest.raises(DataError, match=told):
        frame_of(rows)
