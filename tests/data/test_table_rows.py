import numpy as np
import pyarrow as pa
import pytest

from justfit.data.columns import Column
from justfit.data.files.frame import Frame, numbered
from justfit.data.raw import Numbers, Table, Texts
from justfit.data.table_rows import Odd, raw_of, require_columns, taken
from justfit.errors import DataError

nan = float("nan")


def frame(**columns: object) -> Frame:
    return numbered(pa.table(columns), "a.csv", first=11)


def test_columns_of_all_kinds_become_a_table() -> None:
    rows = frame(
        colour=["red", None, "red"],
        age=["40", "", "41.5"],
        sold=["02.01.1970", None, "01.01.1970"],
        id=["1", "2", "3"],
        review=["so so", None, "good"],
    )
    columns = (
        Column("colour", "category"),
        Column("age", "number"),
        Column("sold", "date", form="%d.%m.%Y"),
        Column("id", "id"),
        Column("review", "text"),
    )
    table, odd = raw_of(rows, columns)
    assert isinstance(table, Table)
    assert odd == ()
    assert [column.name for column in table.columns] == ["colour", "age", "sold", "review"]
    assert table.number_names[:2] == ("age", "sold (days)")
    np.testing.assert_array_equal(table.numbers[:, :3], [[40, 1, 1970], [nan, nan, nan], [41.5, 0, 1970]])
    assert (table.categories[0].levels, table.categories[0].codes.tolist()) == (("red",), [0, -1, 0])
    assert list(table.texts[0]) == ["so so", "", "good"]


def test_one_column_of_texts_alone_gives_texts_and_one_of_images_numbers() -> None:
    texts, _ = raw_of(frame(a=["x", None], b=["1", "2"]), [Column("a", "text"), Column("b", "id")])
    assert isinstance(texts, Texts)
    assert list(texts.texts) == ["x", ""]
    field = pa.field("p", pa.list_(pa.uint8(), 2), metadata={"shape": "1,2"})
    images = numbered(pa.table([pa.array([[0, 255], [1, 2]], field.type)], pa.schema([field])), "images")
    numbers, _ = raw_of(images, [Column("p", "image", form="1,2")])
    assert isinstance(numbers, Numbers)
    assert numbers.values.dtype == np.uint8
    assert numbers.columns == ("p (0,0)", "p (0,1)")
    with pytest.raises(DataError, match=r'column "p": expected images of 2 x 2 numbers, got 1 x 2'):
        raw_of(images, [Column("p", "image", form="2,2")])
    with pytest.raises(DataError, match="got no images"):
        raw_of(frame(p=["x"]), [Column("p", "image", form="2,2")])


def test_cells_of_another_kind_count_as_missing_and_are_told_by_row() -> None:
    table, odd = raw_of(frame(age=["1", "old", "3", "NA", "new"]), [Column("age", "number")])
    np.testing.assert_array_equal(table.numbers[:, 0], [1, nan, 3, nan, nan])
    assert odd == (Odd("a.csv", "age", (12, 15), "old"),)
    assert odd[0].sentence.endswith('rows 12, 15 (such as "old").')


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999"])
def test_an_infinite_number_is_refused_with_file_row_and_column(cell: str) -> None:
    with pytest.raises(DataError, match=rf'^a.csv, row 12, column "age": {cell} is infinite'):
        raw_of(frame(age=["1", cell]), [Column("age", "number")])


def test_a_column_that_is_missing_or_twice_there_is_told() -> None:
    with pytest.raises(
        DataError, match=r'no column "sentimnet": it has review, sentiment\. Did you mean "sentiment"'
    ):
        require_columns(frame(review=["a"], sentiment=["b"]), ["sentimnet"])
    twice = numbered(pa.table([pa.array([1]), pa.array([2])], ["a", "a"]), "a.csv")
    with pytest.raises(DataError, match='2 columns "a"'):
        require_columns(twice, ["a"])


def test_rows_that_are_taken_keep_their_numbers() -> None:
    some = taken(frame(a=["x", "y", "z"]), np.array([2, 0]))
    assert some.rows.tolist() == [13, 11]
    assert some.table.column("a").to_pylist() == ["z", "x"]
