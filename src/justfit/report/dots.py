"""Figures with their intervals, a line each: how networks stand, and how far they are from each other."""

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from justfit.report.look import COLOURS, GREY_TEXT, TEXT, Axis, chart_of, shown, value_axis, wrapped

MOST = 60
"""Of more networks a chart shows the best."""

_FEW = 14
"""So many lines have room for names of two lines."""

_WIDTH = 420

_ROOM = 3
"""Times the width of the middle interval, beyond which none is drawn: those of two runs can be huge."""


@dataclass(frozen=True)
class Dot:
    """One line."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    """The ends of its 95% interval; None where one run leaves them unknown."""
    note: str = ""
    """Beside the frame, such as ``tie``."""
    colour: str = COLOURS[0]
    is_open: bool = False
    """A ring instead of a dot."""


def dots(lines: Sequence[Dot], figure: str, *, at: float | None = None) -> alt.LayerChart:
    """Dots with their intervals in one frame, the first on top, names to the left and notes to the right.

    Args:
        lines: at least one.
        figure: the name of the axis.
        at: a value to hold all against, marked with a rule; None for none.

    Raises:
        ValueError: no lines.
    """
    if not lines:
        raise ValueError("There is nothing to draw.")
    step = 34 if len(lines) <= _FEW else 19
    axis = _axis(lines, at)
    x = alt.X("value:Q").title(figure).scale(axis.scale()).axis(axis.labels())
    y = _names([line.name for line in lines], is_few=len(lines) <= _FEW)
    rows = [_row(number, line, axis) for number, line in enumerate(lines)]
    layers = [] if at is None else [_rule(at, x)]
    looks = dict.fromkeys((line.colour, line.is_open) for line in lines)
    for colour, is_open in looks:
        alike = [
            (row, line)
            for row, line in zip(rows, lines, strict=True)
            if (line.colour, line.is_open) == (colour, is_open)
        ]
        layers += _spans(alike, axis, figure, y, colour)
        dot = chart_of([row for row, _ in alike]).mark_point(
            color=colour, fill="white" if is_open else colour, size=55, strokeWidth=1.5, opacity=1
        )
        told = ["name:N", alt.Tooltip("value:Q", format=".4f", title=figure), "interval:N", "note:N"]
        layers.append(dot.encode(x=x, y=y, tooltip=told))
    noted = chart_of([row for row in rows if row["note"]]).encode(y=y)
    text = noted.mark_text(align="left", baseline="middle", color=GREY_TEXT, fontSize=TEXT)
    layers.append(text.encode(x=alt.value(_WIDTH + 10), text=alt.Text("note:N")))
    return alt.LayerChart(layer=layers).properties(width=_WIDTH, height=step * len(lines))


def _axis(lines: Sequence[Dot], at: float | None) -> Axis:
    """From the lowest to the highest end, but of the few intervals that are many times as wide as others."""
    values = [line.value for line in lines] + ([] if at is None else [at])
    spans = [(line.low, line.high) for line in lines if line.low is not None and line.high is not None]
    room = _ROOM * statistics.median([high - low for low, high in spans] or [0.0])
    low, high = min(values) - room, max(values) + room
    ends = [min(max(end, low), high) for span in spans for end in span]
    return value_axis([*values, *ends])


def _spans(
    lines: Sequence[tuple[dict[str, Any], Dot]], axis: Axis, figure: str, y: alt.Y, colour: str
) -> Iterator[alt.Chart]:
    """Intervals, with a triangle at the edge of the frame where one goes on beyond it."""
    if spans := [row for row, _ in lines if "low" in row]:
        rule = chart_of(spans).mark_rule(color=colour, strokeWidth=2)
        low = alt.X("low:Q").title(figure).scale(axis.scale())
        yield rule.encode(x=low, x2="high:Q", y=y)
    for end, edge, shape in (("low", axis.low, "triangle-left"), ("high", axis.high, "triangle-right")):
        cut = [{**row, "edge": edge} for row, line in lines if end in row and row[end] != getattr(line, end)]
        if cut:
            mark = chart_of(cut).mark_point(shape=shape, color=colour, fill=colour, size=45)
            x = alt.X("edge:Q").scale(axis.scale())
            yield mark.encode(x=x, y=y, tooltip=["name:N", "interval:N"])


def _names(names: Sequence[str], *, is_few: bool) -> alt.Y:
    width, most = (44, 2) if is_few else (56, 1)
    texts = json.dumps([wrapped(name, width, most) for name in names])
    axis = alt.Axis(
        values=list(range(len(names))),
        labelExpr=f"{texts}[datum.value]",
        labelLimit=480,
        labelOverlap=False,
        ticks=False,
        domain=False,
        gridDash=[1, 3],
        labelPadding=10,
    )
    scale = alt.Scale(domain=[len(names) - 0.5, -0.5], nice=False, zero=False)
    return alt.Y("line:Q").title(None).scale(scale).axis(axis)


def _row(number: int, line: Dot, axis: Axis) -> dict[str, Any]:
    row: dict[str, Any] = {
        "line": number,
        "name": shown(line.name),
        "value": line.value,
        "interval": "unknown",
        "note": shown(line.note),
    }
    if line.low is not None and line.high is not None:
        row |= {
            "low": max(line.low, axis.low),
            "high": min(line.high, axis.high),
            "interval": f"{line.low:.4f} to {line.high:.4f}",
        }
    return row


def _rule(at: float, x: alt.X) -> alt.Chart:
    chart: alt.Chart = chart_of([{"value": at}]).mark_rule(color="#777", strokeDash=[4, 3])
    return chart.encode(x=x)
