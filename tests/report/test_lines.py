import pytest

from justfit.judge import Curve
from justfit.report.lines import End, Line, panel, places
from justfit.report.look import Axis

ONE = Curve("val_loss", 1, (0.5,), None, None)
THREE = Curve("val_loss", 2, (0.5, 0.4, 0.3), ((0.4, 0.6), (0.3, 0.5), (0.2, 0.4)), (0.1, 0.1, 0.1))


def marks(line: Line) -> list[str]:
    chart = panel([line], "loss", width=300, height=200).to_dict()
    return [layer["mark"]["type"] for layer in chart["layer"]]


def test_a_curve_of_one_epoch_is_a_dot() -> None:
    chart = panel([Line("one", ONE)], "loss", width=300, height=200).to_dict()
    (line,) = [layer["mark"] for layer in chart["layer"] if layer["mark"]["type"] == "line"]
    assert line["point"]["size"] > 0


def test_a_band_a_ring_and_a_name_are_drawn_where_asked_for() -> None:
    assert marks(Line("plain", THREE, has_label=False)) == ["line"]
    assert marks(Line("all", THREE, best=2, has_band=True)) == ["area", "rule", "line", "point", "text"]


def test_a_best_epoch_that_the_curve_does_not_reach_has_no_ring() -> None:
    assert "point" not in marks(Line("short", ONE, best=2))


def test_no_curves_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="no curves"):
        panel([], "loss", width=300, height=200)


def test_names_stand_where_their_lines_end_and_long_ones_take_two_lines() -> None:
    axis = Axis(0.0, 1.0, is_log=False)
    assert places([End("a", "", 1, 0.25), End("b", "", 1, 0.75)], axis, 200) == [150, 50]
    near = places([End("a", "", 1, 0.5), End("b", "", 1, 0.5)], axis, 200)
    long = places([End("a " * 40, "", 1, 0.5), End("b " * 40, "", 1, 0.5)], axis, 200)
    assert abs(near[1] - near[0]) == pytest.approx(18)
    assert abs(long[1] - long[0]) == pytest.approx(33)
