import pytest

from justfit.data.columns import Column, of_kind
from justfit.errors import DataError


def test_a_column_becomes_as_many_numbers_as_its_kind_says() -> None:
    assert Column("age", "number").numbers == ("age",)
    assert Column("review", "text").numbers == Column("colour", "category").numbers == ()
    assert Column("at", "date", form="iso time").numbers[-1] == "at (hour)"
    assert Column("at", "date", form="%d.%m.%Y %H:%M").numbers[-1] == "at (hour)"
    assert len(Column("on", "date", form="%d.%m.%Y").numbers) == 4
    assert Column("pixel", "image", form="2,2").numbers == tuple(
        f"pixel ({place})" for place in ("0,0", "0,1", "1,0", "1,1")
    )


def test_columns_are_the_same_whatever_the_reason() -> None:
    assert Column("a", "number", "every value is a number") == Column("a", "number")
    assert Column("a", "number") != Column("a", "category")


def test_columns_of_a_kind_stay_in_their_order() -> None:
    columns = (Column("b", "text"), Column("c", "number"), Column("a", "text"))
    assert [column.name for column in of_kind(columns, "text")] == ["b", "a"]


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("word", ""),
        ("number", "hex"),
        ("date", ""),
        ("date", "%H"),
        ("text", "long"),
        ("image", ""),
        ("image", "0,8"),
        ("image", "9999,9999"),
        ("image", "8,8,8,8,8"),
        ("image", "\uff11,12"),
    ],
)
def test_a_kind_or_form_that_there_is_not_is_refused_with_the_column(kind: str, form: str) -> None:
    with pytest.raises(DataError, match=r'^Column "it"'):
        Column("it", kind, form=form)
