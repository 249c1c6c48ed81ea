import datetime
from collections.abc import Sequence

import pyarrow as pa
import pytest

from justfit.data.columns import Column
from justfit.data.table_columns import asked_kinds, typed
from justfit.errors import DataError

WORDS = [
    "film",
    "that",
    "nobody",
    "needs",
    "to",
    "see",
    "twice",
    "and",
    "some",
    "will",
    "not",
    "see",
    "once",
    "more",
]


def look(cells: Sequence[object] | pa.Array, name: str = "it", asked: str | None = None) -> Column:
    """The kind of a column beside another one."""
    other = pa.array([0.5, 1.5] * (len(cells) // 2) + [0.5] * (len(cells) % 2))
    array = cells if isinstance(cells, pa.Array) else pa.array(cells)
    return typed(pa.table({name: array, "other": other}), {name: asked} if asked else {}, "a.csv")[0]


def sentences(count: int) -> list[str]:
    return [" ".join(WORDS[(row * step) % 14] for step in range(1, 8)) + f" {row}" for row in range(count)]


@pytest.mark.parametrize(
    ("cells", "kind", "reason", "form"),
    [
        (["1.5", "2", "-3e2", None] * 5, "number", "every value is a number", ""),
        (["1", "0"] * 20, "number", "every value is a number", ""),
        (["1", "NA", "2.5", "?"] * 5, "number", "every value is a number", ""),
        (["1,234", "12", "7"] * 7, "number", "every value is a number (written as 1,234.5)", "thousands"),
        (["1,5", "12", "7,25"] * 7, "number", "every value is a number (written as 1.234,5)", "comma"),
        (
            ["1.5"] * 10 + ["2"] * 9 + ["old"],
            "number",
            "95% of the values are numbers; the others count as missing",
            "",
        ),
        (["red", "green", "blue", "red"] * 5, "category", "3 different values in 20 rows", ""),
        (["red", None, "blue", " "] * 5, "category", "2 different values in 10 rows, 10 of them empty", ""),
        (["red", None] * 5, "category", "1 different value in 5 rows, 5 of them empty", ""),
        (["01067", "01069"] * 10, "category", "2 different values in 20 rows", ""),
        (
            ["not at all", "now and then", "very often indeed"] * 9,
            "category",
            "3 different values in 27 rows",
            "",
        ),
        (["2024-01-31", "2024-02-29"] * 9, "date", "every value is a date (written as 2024-03-31)", "iso"),
        (
            ["31.01.2024", "29.02.2024"] * 9,
            "date",
            "every value is a date (written as 31.03.2024)",
            "%d.%m.%Y",
        ),
        (
            ["01/31/2024", "02/29/2024"] * 9,
            "date",
            "every value is a date (written as 03/31/2024)",
            "%m/%d/%Y",
        ),
        (sentences(40), "text", "8.0 words a value on average, and 40 different values in 40 rows", ""),
        (
            [f"今日は良い天気です{chr(0x4E00 + row)}" for row in range(40)],
            "text",
            "a script without blanks, and 40 different values in 40 rows",
            "",
        ),
        ([f"u{row}" for row in range(40)], "id", "40 different values in 40 rows, without blanks", ""),
        ([str(row) for row in range(100, 160)], "id", "whole numbers that count the rows up", ""),
        (
            [f"{row}.png" for row in range(40)],
            "id",
            "names of pictures, most of which are not in the file's folder",
            "",
        ),
        (["same"] * 20, "constant", '"same" in every row', ""),
        ([None, "", "  "] * 7, "constant", "every cell is empty", ""),
        (["NA", "?"] * 10, "constant", "every value stands for a missing one", ""),
        ([True, False] * 10, "category", "true or false", ""),
        ([1, 2, 3, None] * 5, "number", "every value is a number", ""),
        ([datetime.date(2024, 1, 31), datetime.date(2024, 2, 29)], "date", "dates by type", "iso"),
    ],
)
def test_columns_are_typed_by_looking_with_a_reason(
    cells: list[object], kind: str, reason: str, form: str
) -> None:
    found = look(cells)
    assert (found.kind, found.reason, found.form) == (kind, reason, form)


def test_dates_that_can_be_read_in_two_ways_say_so() -> None:
    found = look(["01/02/2024", "03/04/2024"] * 9)
    assert found.form == "%d/%m/%Y"
    assert found.reason == (
        "every value is a date (written as 31/03/2024), though all would be dates written as 03/31/2024, too"
    )


def test_shuffled_whole_numbers_are_an_id_only_where_they_are_called_one() -> None:
    cells = [str(row * 7919 % 1009) for row in range(100)]
    assert look(cells).kind == "number"
    assert look(cells, "customer_id").kind == "id"
    assert look(cells, "paid").kind == "number"


def test_a_kind_that_was_asked_for_is_taken() -> None:
    assert look(["1", "2"] * 10, asked="category") == Column("it", "category")
    assert look(["red", "blue"] * 10, asked="text") == Column("it", "text")
    assert look(["1,5", "x"] * 10, asked="number") == Column("it", "number", form="comma")
    assert look([str(row) for row in range(50)], asked="number").kind == "number"


def test_words_that_were_asked_to_be_numbers_are_refused_with_one_of_them() -> None:
    with pytest.raises(DataError, match=r'a.csv, column "it" shall be numbers, but .* \(such as "red"\)'):
        look(["red", "blue"] * 10, asked="number")


def test_words_that_all_differ_are_text_where_there_is_nothing_else_to_learn_from() -> None:
    names = pa.array([f"Name{row}" for row in range(40)])
    (alone,) = typed(pa.table({"name": names}), {}, "a.csv")
    assert alone.kind == "text"
    numbers = pa.array([str(row) for row in range(40)])
    assert [column.kind for column in typed(pa.table({"row": numbers, "name": names}), {}, "a.csv")] == [
        "id",
        "text",
    ]
    assert typed(pa.table({"row": numbers}), {}, "a.csv")[0].kind == "id"


def test_images_and_names_of_files_are_told_by_what_their_reader_says() -> None:
    pixels = pa.field("pixels", pa.list_(pa.uint8(), 6), metadata={"shape": "2,3"})
    file = pa.field("file", pa.string(), metadata={"kind": "id"})
    table = pa.table(
        [pa.array([[0] * 6] * 2, pixels.type), ["a b c d", "e f g h"]], pa.schema([pixels, file])
    )
    image, name = typed(table, {}, "folder")
    assert (image.kind, image.form, image.reason) == ("image", "2,3", "2 x 3 numbers in each row")
    assert name.kind == "id"


def test_a_column_cannot_be_asked_to_be_two_kinds() -> None:
    assert asked_kinds(["a"], ["b"], ["c"]) == {"a": "text", "b": "category", "c": "number"}
    with pytest.raises(DataError, match='"a" is asked to be a text and a number'):
        asked_kinds(["a"], [], ["a"])
