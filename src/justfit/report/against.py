"""A figure against a setting: what varying it does, with error bars."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from justfit.errors import SpecError
from justfit.judge.selection import FIGURES
from justfit.report.fields import FIELDS, places_of, series, spoken, value_of
from justfit.report.findings import Finding, averaged, figure_name, findings, metric_of, notes, titled
from justfit.report.lines import End, labels, places
from justfit.report.look import (
    GREY,
    LOOKS,
    PLAIN,
    SOLID,
    Axis,
    chart_of,
    dressed,
    field_axis,
    heading,
    looks,
    shown,
    value_axis,
    wrapped,
)
from justfit.report.overlay import HEIGHT, WIDTH, require_measured
from justfit.spec.checks import require_choice
from justfit.store import StoredStudy

_DODGE = 8
"""Pixels between points of different series that share a value of the field."""


@dataclass(frozen=True)
class _Point:
    name: str
    series: str
    field: float | str
    x: float
    """Where it stands."""
    y: float
    low: float
    high: float
    rank: float


@dataclass(frozen=True)
class _Series:
    """Networks that differ in nothing but the field."""

    name: str
    points: Sequence[_Point]
    """The one furthest to the right last."""
    colour: str
    dash: tuple[int, ...]
    aside: float
    """How far its points stand beside their places, as a share of the width."""


def against(
    study: StoredStudy, field: str, networks: Sequence[str] | None = None, figure: str = "val_data_loss"
) -> alt.LayerChart:
    """A figure at the best epoch of each network against one of its settings, with error bars.

    Networks that differ in nothing else are joined and share a colour. The axis is logarithmic where
    numbers span more than a factor of 20.

    Args:
        study: whose networks.
        field: one of `FIELDS`.
        networks: their names; by default all whose runs are all kept.
        figure: one of `justfit.judge.selection.FIGURES`; those without penalties compare across networks.

    Raises:
        SpecError: no such figure or field, a field that is the same in all networks, or a figure that was
            not measured.
        StoreError: there is no such network, or a file of its runs is missing, cut off or changed.
    """
    require_choice("figure", figure, FIGURES)
    require_choice("field", field, FIELDS)
    found = findings(study, networks)
    _require_varied(found, field)
    measured = [
        each for each in found if each.best and (curve := each.curve(figure)) and each.best <= len(curve.mean)
    ]
    require_measured(measured, study, figure)
    texts, numbers = places_of([value_of(each, field) for each in measured])
    all_series = series(measured, field)
    points = [
        _point(each, figure, field, number, series)
        for each, number, series in zip(measured, numbers, all_series, strict=True)
    ]
    name = figure_name(figure, metric_of(found[0].runs[0]))
    said = [f"At the best epoch of each network, by {study.spec['select']}."]
    if mean := averaged([each.runs for each in measured]):
        said[0] += f" Mean of {mean}, with its 95% interval."
    if len(measured) < len(found):
        said.append(
            f"{len(found) - len(measured)} of {len(found)} networks have no epoch that all runs reached."
        )
    if len({point.series for point in points}) > len(LOOKS):
        said.append("In colour the series with the best networks, in grey the others.")
    title = heading(titled(study, f"{name}, by {spoken(field)}"), [*notes(study, found), *said], WIDTH + 200)
    return dressed(_chart(points, texts, name, spoken(field)).properties(title=title))


def _require_varied(found: Sequence[Finding], field: str) -> None:
    if len({value_of(each, field) for each in found}) > 1:
        return
    varied = [key for key in FIELDS if len({value_of(each, key) for each in found}) > 1]
    raise SpecError(
        f"{field} is {value_of(found[0], field)} in all {len(found)} networks, so nothing could be "
        "drawn against it: "
        + (f"what differs is {', '.join(varied)}." if varied else "draw several networks.")
    )


def _point(found: Finding, figure: str, field: str, x: float, series: str) -> _Point:
    curve = found.curve(figure)
    assert curve is not None
    assert found.best is not None
    value = curve.mean[found.best - 1]
    low, high = curve.band[found.best - 1] if curve.band else (value, value)
    return _Point(found.name, series, value_of(found, field), x, value, low, high, found.rank)


def _chart(points: Sequence[_Point], texts: Sequence[str] | None, name: str, field: str) -> alt.LayerChart:
    """All points in one frame; ``texts`` name the places 0, 1, ..., where those are no numbers."""
    at = [point.x for point in points]
    across = field_axis(at) if texts is None else Axis(-0.5, len(texts) - 0.5, is_log=False)
    up = value_axis([point.y for point in points], [(point.low, point.high) for point in points])
    x = alt.X("x:Q").title(field).scale(across.scale()).axis(_ticks(texts, across, at))
    y = alt.Y("y:Q").title(name).scale(up.scale()).axis(up.labels())
    drawn = _drawn(points, across)
    layers: list[alt.Chart] = []
    for each in drawn:
        data = chart_of([_row(point, across, up, each.aside) for point in each.points])
        data = data.encode(x=x)
        if texts is None:
            line = data.mark_line(color=each.colour, strokeDash=list(each.dash), strokeWidth=1.5)
            layers.append(line.encode(y=y))
        bar = data.mark_rule(color=each.colour, strokeWidth=1.5)
        layers.append(bar.encode(y=alt.Y("low:Q").scale(up.scale()), y2=alt.Y2("high:Q")))
        fill = each.colour if each.dash == SOLID else "white"
        dot = data.mark_point(color=each.colour, fill=fill, size=50, opacity=1)
        told = ["name:N", alt.Tooltip("field:N", title=field), alt.Tooltip("y:Q", format=".4f", title=name)]
        layers.append(dot.encode(y=y, tooltip=told))
    layers += _legend([each for each in drawn if each.name and each.colour != GREY], up)
    return alt.LayerChart(layer=layers).properties(width=WIDTH, height=HEIGHT)


def _drawn(points: Sequence[_Point], across: Axis) -> list[_Series]:
    """Points by their series, those in grey first, so that the others stand on top."""
    found: dict[str, list[_Point]] = {point.series: [] for point in points}
    for point in sorted(points, key=lambda point: point.x):
        found[point.series].append(point)
    of_all = looks([min(point.rank for point in of_one) for of_one in found.values()])
    room = 0.0 if None in of_all else _room(sorted({across.share(point.x) for point in points}), len(found))
    drawn = []
    for number, ((name, of_one), look) in enumerate(zip(found.items(), of_all, strict=True)):
        colour, dash = look or (GREY, SOLID)
        drawn.append(_Series(name, of_one, colour, dash, room * (number - (len(found) - 1) / 2)))
    return sorted(drawn, key=lambda each: each.colour != GREY)


def _room(shares: Sequence[float], series: int) -> float:
    """How far from each other points of so many series stand that share a place, as a share of the width.

    They stay nearer to their place than to the next one, and within the frame.
    """
    gap = min((after - before for before, after in itertools.pairwise(shares)), default=1.0)
    return min(_DODGE / WIDTH, min(0.8 * gap, 0.12) / series)


def _legend(told: Sequence[_Series], up: Axis) -> list[alt.Chart]:
    """The names of series beside the frame, each after a piece of its line, as high as its last point."""
    ends = [End(each.name, each.colour, each.points[-1].x, each.points[-1].y) for each in told]
    where = places(ends, up, HEIGHT)
    keys = [
        chart_of([{}])
        .mark_rule(color=each.colour, strokeDash=list(each.dash), strokeWidth=2.5)
        .encode(x=alt.value(WIDTH + 3), x2=alt.value(WIDTH + 14), y=alt.value(place))
        for each, place in zip(told, where, strict=True)
    ]
    return [*keys, *labels(ends, where, WIDTH)]


def _row(point: _Point, across: Axis, up: Axis, aside: float) -> dict[str, Any]:
    return {
        "name": shown(point.name),
        "field": shown(point.field) if isinstance(point.field, str) else f"{point.field:g}",
        "x": across.value(across.share(point.x) + aside),
        "y": point.y,
        "low": max(point.low, up.low),
        "high": min(point.high, up.high),
    }


def _ticks(texts: Sequence[str] | None, across: Axis, at: Sequence[float]) -> alt.Axis:
    if texts is None:
        values = sorted(set(at))
        if len(values) <= 12:
            return alt.Axis(values=values, labelExpr=PLAIN, grid=False, labelOverlap="greedy")
        return across.labels()
    lines = json.dumps([wrapped(text, max(8, 80 // len(texts)), 3) for text in texts])
    return alt.Axis(
        values=list(range(len(texts))), labelExpr=f"{lines}[datum.value]", grid=False, labelOverlap=False
    )
