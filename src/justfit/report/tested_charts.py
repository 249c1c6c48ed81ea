"""What test rows say, drawn: confusion, ROC and precision-recall curves, calibration, predictions."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from justfit.report.look import (
    COLOURS,
    GREY,
    SOLID,
    TEXT,
    Axis,
    apart,
    chart_of,
    dressed,
    heading,
    looks,
    shown,
    value_axis,
    wrapped,
)
from justfit.words import percent

MOST_CLASSES = 20
"""Of a confusion matrix that can be read as a picture."""

_SIDE = 330
"""Of a square frame, in pixels."""

_LINE = TEXT + 3
_DASHES = (4, 3)
_SHARE = alt.Axis(format="%")
_WHOLE = alt.Scale(domain=[0, 1], nice=False)


def confusion_chart(
    confusion: Sequence[Sequence[int]], classes: Sequence[str], title: str, notes: Sequence[str] = ()
) -> alt.LayerChart:
    """Counts of rows, true classes down and answers across; the darker, the larger the share of its line.

    Args:
        confusion: ``[true][answered]``.
        classes: their names; at most `MOST_CLASSES`.
        title: of the chart.
        notes: below it.
    """
    many = len(classes) > 8
    slanted = many and max(map(len, classes)) > 3
    cells = [
        {
            "true": row,
            "answered": column,
            "label": shown(classes[row]),
            "answer": shown(classes[column]),
            "count": f"{count:,}",
            "share": count / max(1, sum(counts)),
            "of the class": percent(count / max(1, sum(counts))),
            "ink": "white" if count > 0.85 * sum(counts) else "black" if count else "#8a8a8a",
        }
        for row, counts in enumerate(confusion)
        for column, count in enumerate(counts)
    ]
    size = 34 if many else 62
    last = len(classes)
    scale = alt.Scale(domain=[-0.5, last - 0.5], nice=False, zero=False)
    # The first class stands on top, as in a table.
    down = alt.Scale(domain=[last - 0.5, -0.5], nice=False, zero=False)
    x = alt.X("answered:Q").title("answer").scale(scale).axis(names_axis(classes, 10, slanted=slanted))
    y = alt.Y("true:Q").title("true class").scale(down).axis(names_axis(classes, 16))
    data = chart_of(cells).encode(x=x, y=y)
    told = ["label:N", "answer:N", "count:N", "of the class:N"]
    squares = data.mark_rect(stroke="white", width=size - 1, height=size - 1).encode(
        color=alt.Color("share:Q", legend=None).scale(domain=[0, 1], range=["#f1f5f8", COLOURS[0]]),
        tooltip=told,
    )
    ink = alt.Color("ink:N", legend=None).scale(None)
    above = 0 if many else -8
    texts = [
        data.mark_text(fontSize=10 if many else 15, dy=above).encode(
            text=alt.Text("count:N"), color=ink, tooltip=told
        )
    ]
    if not many:
        texts.append(
            data.mark_text(fontSize=TEXT, dy=11).encode(
                text=alt.Text("of the class:N"), color=ink, tooltip=told
            )
        )
    chart = alt.LayerChart(layer=[squares, *texts]).properties(
        width=size * last, height=size * last, title=heading(title, notes, max(360, size * last + 150))
    )
    return dressed(chart)


def names_axis(names: Sequence[str], width: int, *, slanted: bool = False) -> alt.Axis:
    """An axis whose places 0, 1, ... have these names, in lines of so many letters or slanted."""
    texts = [shown(name) for name in names] if slanted else [wrapped(name, width, 3) for name in names]
    return alt.Axis(
        values=list(range(len(names))),
        labelExpr=f"{json.dumps(texts)}[datum.value]",
        labelAngle=-45 if slanted else 0,
        labelAlign="right" if slanted else alt.Undefined,
        labelLimit=120,
        labelOverlap=False,
        grid=False,
        ticks=False,
        domain=False,
    )


def roc_chart(curves: Sequence[Mapping[str, Any]], title: str, notes: Sequence[str] = ()) -> alt.LayerChart:
    """The ROC curve of each class, as stored, above the diagonal of guessing.

    Args:
        curves: each with its ``name``, ``roc`` and the area ``roc_auc``, where that is stored.
        title: of the chart.
        notes: below it.
    """
    guessing = [{"x": 0, "y": 0}, {"x": 1, "y": 1}]
    return _curves_chart(
        curves, "roc", ("false positive rate", "true positive rate"), guessing, (title, notes)
    )


def pr_chart(curves: Sequence[Mapping[str, Any]], title: str, notes: Sequence[str] = ()) -> alt.LayerChart:
    """The precision-recall curve of each class, as stored; of one class above its share of the rows.

    Args:
        curves: each with its ``name``, ``pr`` and the area ``pr_auc``, where that is stored.
        title: of the chart.
        notes: below it.
    """
    guessing = []
    if len(curves) == 1:
        share = curves[0]["pr"][0][1]  # precision where all rows are called so
        guessing = [{"x": 0, "y": share}, {"x": 1, "y": share}]
    return _curves_chart(curves, "pr", ("recall", "precision"), guessing, (title, notes))


def _curves_chart(
    curves: Sequence[Mapping[str, Any]],
    key: str,
    axes: tuple[str, str],
    guessing: Sequence[Mapping[str, float]],
    texts: tuple[str, Sequence[str]],
) -> alt.LayerChart:
    x = alt.X("x:Q").title(axes[0]).scale(_WHOLE).axis(_SHARE)
    y = alt.Y("y:Q").title(axes[1]).scale(_WHOLE).axis(_SHARE)
    layers: list[alt.Chart] = []
    if guessing:
        line = chart_of([dict(point) for point in guessing])
        layers.append(line.mark_line(color=GREY, strokeDash=list(_DASHES)).encode(x=x, y=y))
    area = f"{key}_auc"
    # Where colours do not suffice they go to the classes that are told worst.
    styles = looks([each.get(area, 0.0) for each in curves])
    named = []
    for each, style in sorted(zip(curves, styles, strict=True), key=lambda pair: pair[1] is not None):
        colour, dash = style or (GREY, SOLID)
        name = shown(str(each["name"]))
        points = [{"x": across, "y": up, "name": name} for across, up in each[key]]
        # Points come in the order of the curve, which is not that of x where it rises straight up.
        data = chart_of([{**point, "place": place} for place, point in enumerate(points)])
        told = ["name:N", _told("x", axes[0]), _told("y", axes[1])]
        layers.append(
            data.mark_line(color=colour, strokeDash=list(dash), strokeWidth=2).encode(
                x=x, y=y, order="place:Q", tooltip=told
            )
        )
        if style is not None:
            value = f" {each[area]:.3f}" if area in each else ""
            named.append((f"{each['name']}{value}", name, colour, dash))
    frame = alt.LayerChart(layer=[*layers, *_keys(named)]).properties(width=_SIDE, height=_SIDE)
    return dressed(frame.properties(title=heading(*texts, _SIDE + 160)))


def _told(field: str, name: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", format=".1%", title=name)


def _keys(named: Sequence[tuple[str, str, str, tuple[int, ...]]]) -> list[alt.Chart]:
    """Names beside the frame, each after a piece of its line."""
    lines = [wrapped(text, 24, 2) for text, *_ in named]
    sizes = [_LINE * len(each) + 4.0 for each in lines]
    layers = []
    for text, (_, name, colour, dash), place in zip(
        lines, named, apart([0.0] * len(named), sizes, _SIDE), strict=True
    ):
        rule = chart_of([{"of": name}]).mark_rule(color=colour, strokeDash=list(dash), strokeWidth=2.5)
        layers.append(rule.encode(x=alt.value(_SIDE + 8), x2=alt.value(_SIDE + 24), y=alt.value(place)))
        mark = chart_of([{"label": text, "of": name}]).mark_text(
            align="left", baseline="middle", color=colour, fontSize=TEXT, lineHeight=_LINE
        )
        layers.append(mark.encode(x=alt.value(_SIDE + 30), y=alt.value(place), text=alt.Text("label:N")))
    return layers


def reliability_chart(
    bins: Sequence[Mapping[str, Any]], title: str, notes: Sequence[str] = ()
) -> alt.HConcatChart:
    """Of answers by their probability, the share that came true with its interval; beside it their number.

    Args:
        bins: each with its mean ``probability``, its ``share`` with ``low`` and ``high``, and its ``rows``.
        title: of the chart.
        notes: below it.
    """
    rows = [
        {
            "probability": each["probability"],
            "share": each["share"]["value"],
            "low": each["share"]["low"],
            "high": each["share"]["high"],
            "none": 0,
            "rows": each["rows"],
            "count": f"{each['rows']:,}",
            "interval": f"{percent(each['share']['low'])} to {percent(each['share']['high'])}",
        }
        for each in bins
    ]
    # No name of a class here: Vega makes an expression of an axis's title, where a backslash means something.
    x = alt.X("probability:Q").title("probability").scale(_WHOLE).axis(_SHARE)
    y = alt.Y("share:Q").title("share that came true").scale(_WHOLE).axis(_SHARE)
    data = chart_of(rows).encode(x=x)
    told = [
        _told("probability", "mean probability"),
        _told("share", "came true"),
        alt.Tooltip("interval:N", title="95% interval"),
        alt.Tooltip("count:N", title="answers"),
    ]
    right = chart_of([{"probability": end, "share": end} for end in (0, 1)])
    points = alt.LayerChart(
        layer=[
            right.mark_line(color=GREY, strokeDash=list(_DASHES)).encode(x=x, y=y),
            data.mark_rule(color=COLOURS[0], strokeWidth=1.5).encode(
                y=alt.Y("low:Q").scale(_WHOLE), y2=alt.Y2("high:Q")
            ),
            data.mark_point(color=COLOURS[0], fill=COLOURS[0], size=55, opacity=1).encode(y=y, tooltip=told),
        ]
    ).properties(width=_SIDE - 30, height=_SIDE - 30)
    most = max(each["rows"] for each in bins)
    room = alt.Scale(domain=[-0.04, 1.04], nice=False)
    beside = alt.Y("probability:Q").title("probability").scale(room).axis(_SHARE)
    scale = alt.Scale(domain=[0, 1.3 * most], nice=False)
    across = alt.X("rows:Q").title("answers").scale(scale).axis(tickCount=3, grid=False)
    counted = chart_of(rows).encode(y=beside)
    start = alt.X("none:Q").title("answers").scale(scale).axis(tickCount=3, grid=False)
    counts = alt.LayerChart(
        layer=[
            counted.mark_rule(color=COLOURS[4], strokeWidth=12).encode(
                x=start, x2=alt.X2("rows:Q"), tooltip=told
            ),
            counted.mark_text(align="left", dx=5, fontSize=TEXT, color="#333").encode(
                x=across, text=alt.Text("count:N")
            ),
        ]
    ).properties(width=150, height=_SIDE - 30)
    return dressed(alt.hconcat(points, counts, title=heading(title, notes, _SIDE + 220), spacing=14))


def predictions_chart(
    pairs: Sequence[tuple[float, float]], title: str, notes: Sequence[str] = ()
) -> alt.LayerChart:
    """Predictions against labels, and the diagonal on which they would be right.

    Args:
        pairs: of label and prediction.
        title: of the chart.
        notes: below it.
    """
    axis = _plain(value_axis([value for pair in pairs for value in pair]))
    rows = [{"label": label, "prediction": given, "error": given - label} for label, given in pairs]
    x = alt.X("label:Q").title("label").scale(axis.scale())
    y = alt.Y("prediction:Q").title("prediction").scale(axis.scale())
    ends = [{"label": end, "prediction": end} for end in (axis.low, axis.high)]
    told = [alt.Tooltip(f"{key}:Q", format=".4~g") for key in ("label", "prediction", "error")]
    chart = alt.LayerChart(
        layer=[
            chart_of(ends).mark_line(color=GREY, strokeDash=list(_DASHES)).encode(x=x, y=y),
            chart_of(rows)
            .mark_point(color=COLOURS[0], fill=COLOURS[0], fillOpacity=0.35, strokeOpacity=0.5, size=28)
            .encode(x=x, y=y, tooltip=told),
        ]
    )
    return dressed(
        chart.properties(width=_SIDE + 30, height=_SIDE + 30, title=heading(title, notes, _SIDE + 100))
    )


def _plain(axis: Axis) -> Axis:
    """Both axes of predictions are linear, so that equal errors are equally far from the diagonal."""
    return Axis(axis.low, axis.high, is_log=False)
