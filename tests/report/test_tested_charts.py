"""What is drawn holds the stored figures, all of them, and texts stay texts."""

from typing import Any

import numpy as np
import pytest
import vl_convert
from report.handmade import rows_of, texts_of

from justfit.report.look import COLOURS, GREY
from justfit.report.matter_chart import matter_chart
from justfit.report.tested_charts import (
    confusion_chart,
    names_axis,
    pr_chart,
    predictions_chart,
    reliability_chart,
    roc_chart,
)

EVIL = '</script><b>\\"\u202e\x00" + alert(1)'


def curves(name: str, area: float | None = 0.75) -> dict[str, Any]:
    found = {"name": name, "roc": [[0, 0], [0, 0.5], [0.5, 1], [1, 1]], "pr": [[1, 0.4], [0.5, 0.9], [0, 1]]}
    return found if area is None else {**found, "roc_auc": area, "pr_auc": area}


def bins(rows: int = 8) -> list[dict[str, Any]]:
    share = {"value": 0.25, "low": 0.1, "high": 0.4}
    return [{"probability": 0.3, "rows": rows, "share": share}]


def drawn(chart: Any) -> str:
    return vl_convert.vegalite_to_svg(chart.to_dict())


def test_each_cell_of_a_confusion_has_its_count_and_its_share_of_the_class() -> None:
    chart = confusion_chart([[6, 2], [0, 1_000]], ["cat", "dog"], "t", ["n"])
    cells = {(row["label"], row["answer"]): row for row in rows_of(chart) if "share" in row}
    assert {key: cell["count"] for key, cell in cells.items()} == {
        ("cat", "cat"): "6",
        ("cat", "dog"): "2",
        ("dog", "cat"): "0",
        ("dog", "dog"): "1,000",
    }
    assert (cells["cat", "dog"]["share"], cells["cat", "dog"]["of the class"]) == (0.25, "25.0%")
    assert texts_of(chart) == ("t", "n")


def test_a_class_without_rows_is_drawn_empty() -> None:
    chart = confusion_chart([[1, 0], [0, 0]], ["cat", "dog"], "t")
    assert {row["share"] for row in rows_of(chart) if row.get("label") == "dog"} == {0}


@pytest.mark.parametrize(("draw", "key"), [(roc_chart, "roc"), (pr_chart, "pr")])
def test_curves_go_through_the_stored_points_in_their_order(draw: Any, key: str) -> None:
    chart = draw([curves("cat"), curves("dog", 0.5)], "t")
    rows = [row for row in rows_of(chart) if row.get("name") == "cat"]
    assert [[row["x"], row["y"]] for row in sorted(rows, key=lambda row: row["place"])] == curves("cat")[key]
    named = [" ".join(row["label"]) for row in rows_of(chart) if isinstance(row.get("label"), list)]
    assert named == ["cat 0.750", "dog 0.500"]


def test_curves_of_an_earlier_version_have_no_areas() -> None:
    named = [row["label"] for row in rows_of(roc_chart([curves("cat", None)], "t")) if "label" in row]
    assert named == [["cat"]]


def test_one_precision_recall_curve_stands_above_its_share_of_the_rows() -> None:
    assert {"x": 0, "y": 0.4} in rows_of(pr_chart([curves("cat")], "t"))
    assert {"x": 0, "y": 0.4} not in rows_of(pr_chart([curves("cat"), curves("dog")], "t"))


@pytest.mark.slow
def test_of_many_classes_the_worst_have_the_colours() -> None:
    chart = roc_chart([curves(f"class {number}", 0.99 - number / 100) for number in range(20)], "t")
    named = [row["label"][0] for row in rows_of(chart) if isinstance(row.get("label"), list)]
    assert sorted(named) == sorted(f"class {n} {0.99 - n / 100:.3f}" for n in range(13, 20))
    colours = [layer["mark"].get("color") for layer in chart.to_dict()["layer"][1:21]]
    assert colours[:13] == [GREY] * 13, "those in grey stand behind"
    assert set(colours[13:]) == set(COLOURS)


def test_shares_of_answers_have_their_intervals_and_how_many_they_are() -> None:
    chart = reliability_chart(bins(1_234), "t")
    (row,) = {tuple(row.items()) for row in rows_of(chart) if "count" in row}
    found = dict(row)
    assert (found["probability"], found["share"], found["low"], found["high"]) == (0.3, 0.25, 0.1, 0.4)
    assert (found["count"], found["interval"]) == ("1,234", "10.0% to 40.0%")


def test_predictions_stand_on_like_axes_that_are_never_logarithmic() -> None:
    pairs = [(1.0, 1.5), (2.0, 1.0), (1.0, 5_000.0)]
    chart = predictions_chart(pairs, "t")
    assert [(row["label"], row["prediction"]) for row in rows_of(chart) if "error" in row] == pairs
    points = chart.to_dict()["layer"][1]["encoding"]
    assert points["x"]["scale"] == points["y"]["scale"]
    assert points["x"]["scale"]["type"] == "linear"


def test_bars_are_as_long_as_a_word_moves_answers_and_in_the_colour_of_what_it_speaks_for() -> None:
    columns = [
        {"name": "fine", "moved": 0.5, "for": "good"},
        {"name": "dull", "moved": 0.25, "for": "bad"},
        {"name": "film", "moved": 0.125, "for": "good"},
    ]
    rows = {row["name"]: row for row in rows_of(matter_chart(columns, "w", "t"))}
    assert {name: row["moved"] for name, row in rows.items()} == {"fine": 0.5, "dull": 0.25, "film": 0.125}
    assert rows["fine"]["colour"] == rows["film"]["colour"] != rows["dull"]["colour"]


def test_texts_of_the_data_stay_texts_in_every_chart() -> None:
    for chart in (
        confusion_chart([[1, 2], [3, 4]], [EVIL, "dog"], EVIL, [EVIL]),
        roc_chart([curves(EVIL)], EVIL),
        pr_chart([curves(EVIL)], EVIL),
        reliability_chart(bins(), EVIL, [EVIL]),
        matter_chart([{"name": EVIL, "moved": 1.0, "for": EVIL}], "w", EVIL),
    ):
        picture = drawn(chart)
        assert "<b>" not in picture
        assert "</script>" not in picture
        assert "\u202e" not in picture
        assert "&lt;/script&gt;" in picture


@pytest.mark.slow
def test_nothing_that_is_all_alike_breaks_a_chart() -> None:
    np.seterr(all="raise")
    for chart in (
        predictions_chart([(1.0, 1.0)], "t"),
        confusion_chart([[0] * 20] * 20, [f"a long name of class {number}" for number in range(20)], "t"),
        matter_chart([{"name": "x", "moved": 0.0, "for": "y"}], "w", "t"),
        reliability_chart(bins(0), "t"),
    ):
        assert "<svg" in drawn(chart)


def test_names_on_an_axis_stand_in_lines_or_slanted() -> None:
    assert "labelAngle" in names_axis(["a"], 10, slanted=True).to_dict()
    assert '["a long", "name"]' in names_axis(["a long name"], 6).to_dict()["labelExpr"]
