import pytest
from report.handmade import rows_of
from report.handreported import look

from justfit.report.dots import Dot, dots
from justfit.report.look import COLOURS


def test_each_line_has_its_figure_its_interval_and_its_note() -> None:
    chart = dots([Dot("a", 0.5, 0.4, 0.6, "tie"), Dot("b", 0.7, 0.6, 0.8)], "loss", at=0.5)
    found = {
        (row["name"], row["value"], row["low"], row["high"], row["note"])
        for row in rows_of(chart)
        if "name" in row
    }
    assert found == {("a", 0.5, 0.4, 0.6, "tie"), ("b", 0.7, 0.6, 0.8, "")}


def test_without_an_interval_a_line_is_a_dot() -> None:
    rows = rows_of(dots([Dot("a", 0.5)], "loss"))
    assert [row["interval"] for row in rows] == ["unknown"]
    assert "low" not in rows[0]


def test_an_interval_that_is_far_too_wide_is_cut_and_marked() -> None:
    lines = [Dot(name, 0.5, 0.4, 0.6) for name in "abc"]
    chart = dots([*lines, Dot("wide", 0.5, -50.0, 50.0)], "loss")
    edges = {row["edge"]: row["name"] for row in rows_of(chart) if "edge" in row}
    assert list(edges.values()) == ["wide", "wide"]
    assert min(edges) > -2
    assert max(edges) < 3
    assert "-50.0000 to 50.0000" in {row.get("interval") for row in rows_of(chart)}


def test_names_from_data_are_texts() -> None:
    hostile = "</script>\u202e\x00 datum.value"
    spec = str(dots([Dot(hostile, 0.5, note=hostile)], "loss").to_dict())
    assert "\x00" not in spec
    assert "\u202e" not in spec


def test_rings_and_colours_are_those_of_the_lines() -> None:
    chart = dots([Dot("a", 0.5, colour="#000000"), Dot("b", 0.5, is_open=True), Dot("c", 0.6)], "loss")
    assert [look(chart, name) for name in "abc"] == [
        ("#000000", "#000000"),
        (COLOURS[0], "white"),
        (COLOURS[0], COLOURS[0]),
    ]


def test_no_lines_are_no_chart() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        dots([], "loss")
