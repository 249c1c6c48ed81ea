"""Lines over epochs, with their bands, best epochs and labels: what all charts over epochs are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from justfit.judge import Curve
from justfit.report.look import (
    GREY,
    GREY_TEXT,
    SOLID,
    TEXT,
    Axis,
    apart,
    chart_of,
    epoch_axis,
    shown,
    value_axis,
    wrapped,
)

_LINE = TEXT + 3
"""Pixels from one line of a label to the next."""

_DOTTED = 40
"""With more epochs than this, dots would touch each other."""


@dataclass(frozen=True)
class Line:
    """One curve as it is drawn."""

    name: str
    curve: Curve
    colour: str = GREY
    dash: tuple[int, ...] = SOLID
    width: float = 2.0
    best: int | None = None
    """The epoch to mark, from 1; None for none."""
    onset: int | None = None
    """The epoch from which it overfits, from 1; None where it does not."""
    has_band: bool = False
    has_dots: bool = False
    has_label: bool = True


def panel(
    lines: Sequence[Line], name: str, *, best: int | None = None, width: int, height: int
) -> alt.LayerChart:
    """Lines over epochs in one frame, each with its name where it ends.

    Args:
        lines: those to stand on top last; at least one.
        name: of the figure, for the axis.
        best: an epoch that is the best of all lines, marked with a rule; None for none.
        width: of the frame, in pixels.
        height: likewise.

    Raises:
        ValueError: no lines.
    """
    if not lines:
        raise ValueError("There are no curves to draw.")
    last = max(len(line.curve.mean) for line in lines)
    values = [value for line in lines for value in line.curve.mean]
    bands = [band for line in lines if line.has_band for band in line.curve.band or ()]
    axis = value_axis(values, bands)
    x = epoch_axis(last)
    y = alt.Y("value:Q").title(name).scale(axis.scale()).axis(axis.labels())
    ends = [
        End(line.name, line.colour, len(line.curve.mean), line.curve.mean[-1])
        for line in lines
        if line.has_label
    ]
    where = places(ends, axis, height)
    layers = [] if best is None else _rule(best, x)
    layers += [_band(line, axis, x) for line in lines if line.has_band and line.curve.band]
    layers += _leaders(ends, where, y, epoch_axis(last, "x"), width)
    layers += [_line(line, name, x, y) for line in lines]
    layers += [
        _best(line, line.best, name, x, y)
        for line in lines
        if line.best and line.best <= len(line.curve.mean)
    ]
    layers += [
        _onset(line, line.onset, name, x, y)
        for line in lines
        if line.onset and line.onset <= len(line.curve.mean)
    ]
    layers += labels(ends, where, width)
    return alt.LayerChart(layer=layers).properties(width=width, height=height)


def _band(line: Line, axis: Axis, x: alt.X) -> alt.Chart:
    rows = [
        {"epoch": epoch, "low": max(low, axis.low), "high": min(high, axis.high), "of": shown(line.name)}
        for epoch, (low, high) in enumerate(line.curve.band or (), start=1)
    ]
    data = chart_of(rows).encode(x=x, y=alt.Y("low:Q").scale(axis.scale()), y2=alt.Y2("high:Q"))
    layer: alt.Chart = data.mark_area(color=line.colour, opacity=0.13, clip=True)
    if len(rows) == 1:  # an area would have no width
        layer = data.mark_rule(color=line.colour, opacity=0.4, strokeWidth=6, clip=True)
    return layer


def _line(line: Line, name: str, x: alt.X, y: alt.Y) -> alt.Chart:
    rows = [
        {"name": shown(line.name), "epoch": epoch, "value": value}
        for epoch, value in enumerate(line.curve.mean, start=1)
    ]
    has_dots = (line.has_dots and len(rows) <= _DOTTED) or len(rows) == 1
    dots: bool | alt.OverlayMarkDef = alt.OverlayMarkDef(size=30, color=line.colour) if has_dots else False
    mark = chart_of(rows).mark_line(
        color=line.colour, strokeWidth=line.width, strokeDash=list(line.dash), point=dots
    )
    layer: alt.Chart = mark.encode(
        x=x, y=y, tooltip=[alt.Tooltip("name:N"), alt.Tooltip("epoch:Q"), _told(name)]
    )
    return layer


def _best(line: Line, best: int, name: str, x: alt.X, y: alt.Y) -> alt.Chart:
    """A ring around the best epoch of a line."""
    row = {"name": shown(line.name), "epoch": best, "best epoch": best, "value": line.curve.mean[best - 1]}
    mark = chart_of([row]).mark_point(color=line.colour, fill="white", size=60, strokeWidth=2, opacity=1)
    layer: alt.Chart = mark.encode(
        x=x, y=y, tooltip=[alt.Tooltip("name:N"), alt.Tooltip("best epoch:Q"), _told(name)]
    )
    return layer


def _onset(line: Line, onset: int, name: str, x: alt.X, y: alt.Y) -> alt.Chart:
    """A triangle on a line where overfitting begins."""
    value = line.curve.mean[onset - 1]
    row = {"name": shown(line.name), "epoch": onset, "overfits from": onset, "value": value}
    mark = chart_of([row]).mark_point(
        shape="triangle-up", color="white", fill=line.colour, size=110, strokeWidth=1, opacity=1
    )
    layer: alt.Chart = mark.encode(
        x=x, y=y, tooltip=[alt.Tooltip("name:N"), alt.Tooltip("overfits from:Q"), _told(name)]
    )
    return layer


def _told(name: str) -> alt.Tooltip:
    return alt.Tooltip("value:Q", format=".4f", title=name)


def _rule(best: int, x: alt.X) -> list[alt.Chart]:
    """A rule at the best epoch, and its label above the frame, where no curve is."""
    base = chart_of([{"epoch": best, "label": f"best epoch {best}"}]).encode(x=x)
    return [
        base.mark_rule(color="#777", strokeDash=[2, 2]),
        base.mark_text(y=-11, color="#444", fontSize=TEXT).encode(text=alt.Text("label:N")),
    ]


@dataclass(frozen=True)
class End:
    """What a line is called, and where it ends."""

    name: str
    colour: str
    x: float
    y: float


def places(ends: Sequence[End], axis: Axis, height: int) -> list[float]:
    """The pixels from the top at which the names of lines stand: where they end, or so near that none touch.

    Args:
        ends: of the lines.
        axis: of their values.
        height: of the frame, in pixels.
    """
    sizes = [_LINE * len(wrapped(end.name)) + 3.0 for end in ends]
    return apart([(1 - axis.share(end.y)) * height for end in ends], sizes, height)


def labels(ends: Sequence[End], where: Sequence[float], width: int) -> list[alt.Chart]:
    """The names of lines in their colours, beside a frame of this width, at their `places`."""
    layers = []
    for end, place in zip(ends, where, strict=True):
        data = chart_of([{"label": wrapped(end.name), "of": shown(end.name)}])
        ink = GREY_TEXT if end.colour == GREY else end.colour
        mark = data.mark_text(align="left", baseline="middle", color=ink, fontSize=TEXT, lineHeight=_LINE)
        layers.append(mark.encode(x=alt.value(width + 18), y=alt.value(place), text=alt.Text("label:N")))
    return layers


def _leaders(ends: Sequence[End], where: Sequence[float], y: alt.Y, x: alt.X, width: int) -> list[alt.Chart]:
    """From the end of each line to its name."""
    layers = []
    for end, place in zip(ends, where, strict=True):
        data = chart_of([{"x": end.x, "value": end.y, "of": shown(end.name)}])
        mark = data.mark_rule(color=end.colour, opacity=0.6, strokeWidth=1)
        layers.append(mark.encode(x=x, y=y, x2=alt.value(width + 14), y2=alt.value(place)))
    return layers
