import numpy as np
import pytest

from justfit.report import Picture, mistakes_chart


def texts_of(chart: object) -> str:
    return str(chart.to_dict())  # type: ignore[attr-defined]


def picture(answer: str, row: int = 0, side: int = 8) -> Picture:
    return Picture(np.arange(side * side, dtype=float).reshape(side, side), answer, row)


def test_each_class_has_a_column_with_its_label_once_and_every_answer() -> None:
    chart = mistakes_chart("m: 8-2", {"cat": [picture("dog, 90.0%", 3), picture("dog, 80.0%", 1_204)]})
    spec = chart.to_dict()
    (column,) = spec["hconcat"]
    titles = [each["title"]["text"] for each in column["vconcat"]]
    assert titles == [["dog, 90.0%", "row 3"], ["dog, 80.0%", "row 1,204"]]
    assert str(spec.get("datasets", spec)).count("'cat'") == 1


def test_a_large_picture_is_put_together_to_few_spots_and_the_brightest_is_darkest() -> None:
    spec = mistakes_chart("m", {"cat": [picture("dog", side=100)]}).to_dict()
    shades = spec["hconcat"][0]["vconcat"][0]["layer"][0]
    name = shades["data"].get("name")
    spots = spec["datasets"][name] if name else shades["data"]["values"]
    assert len(spots) == 25 * 25
    shade = {(spot["x"], spot["y"]): spot["shade"] for spot in spots}
    # A picture whose values rise line by line, the first block with a mean of 151.5 and the last of 9847.5.
    assert (shade[0, 0], shade[24, 24]) == (round(151.5 / 9847.5, 3), 1.0)


@pytest.mark.slow
def test_of_many_classes_the_first_are_drawn_and_that_is_said() -> None:
    chart = mistakes_chart("m", {f"class {number}": [picture("x")] for number in range(30)})
    assert len(chart.to_dict()["hconcat"]) == 20
    assert "The first 20 of 30 classes that have mistakes." in texts_of(chart)


def test_where_nothing_was_wrong_that_is_said() -> None:
    assert "No validation row was answered wrong." in texts_of(mistakes_chart("m", {}))
