"""Loss and metric over epochs, as a picture and as a page, made without a browser or the network."""

import html
import json
import math
from collections.abc import Mapping
from typing import Any, TypeVar

import altair as alt
import vl_convert

from justfit.spec import History
from justfit.store import StudyPaths
from justfit.store.files import write_bytes

_COLOURS = {"training": "#0072B2", "validation": "#D55E00", "fit": "#009E73"}
"""Blue, vermilion and green of Okabe and Ito (2008), told apart with any colour vision."""

_DASHES = {"training": [5, 3], "validation": [1, 0], "fit": [1, 2]}

Channel = TypeVar("Channel", alt.Color, alt.StrokeDash)

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;
 script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'">
<title>{title}</title>
</head>
<body>
<div id="chart"></div>
<script>{library}</script>
<script>vegaEmbed("#chart", {chart}, {{"actions": false}});</script>
</body>
</html>
"""


def write_curves(  # noqa: PLR0913 - all that is drawn
    history: History, paths: StudyPaths, title: str, metric: str, *, best: int | None, dropout: bool
) -> None:
    """Draw loss without penalties and ``metric`` over epochs, for training and validation rows.

    What is not finite is left out. ``title`` and ``metric`` are shown as they are, whatever
    characters they hold.

    Args:
        history: of one training; at least one epoch.
        paths: where the picture (PNG, to be shown some 900 pixels wide) and the page (HTML that
            asks for nothing from the network) go, each whole or not at all.
        title: what was trained.
        metric: the name of `Epoch.metric`, such as ``accuracy``.
        best: the epoch to mark as the best, or None for none.
        dropout: whether the network has dropout, which the running means of the training rows include.

    Raises:
        ValueError: ``history`` is empty.
        StoreError: the disk is full or the folder may not be written.
    """
    if not history:
        raise ValueError("There are no epochs to draw.")
    chart = json.dumps(_chart(history, title, metric, best, dropout).to_dict())
    write_bytes(paths.curves_png, vl_convert.vegalite_to_png(chart, scale=2))
    page = _PAGE.format(
        title=html.escape(title),
        library=vl_convert.javascript_bundle(),  # type: ignore[call-arg] # the stub lacks its default
        chart=chart.replace("<", "\\u003c"),  # a text with </script> in it must not end the script
    )
    write_bytes(paths.curves_html, page.encode())


def _chart(history: History, title: str, metric: str, best: int | None, dropout: bool) -> alt.HConcatChart:
    losses = {"training": "data_loss", "validation": "val_data_loss", "fit": "fit_loss"}
    metrics = {"training": "metric", "validation": "val_metric", "fit": "fit_metric"}
    panels = (
        _panel(history, "loss, without penalties", losses, best),
        _panel(history, metric, metrics, best),
    )
    note = f"Training: mean over each epoch{', dropout on' if dropout else ''}."
    if history[0].val_loss is not None:
        note += f" Validation: after it{', dropout off' if dropout else ''}."
    if history[0].fit_loss is not None:
        note += " Fit: training rows, measured like validation rows."
    heading = alt.TitleParams(
        [title], subtitle=[note], anchor="start", fontSize=16, subtitleColor="#555", limit=860, offset=12
    )
    chart: alt.HConcatChart = (
        alt.hconcat(*panels, title=heading, spacing=30)
        .configure_axis(labelFontSize=12, titleFontSize=13, titleFontWeight="normal", gridColor="#e8e8e8")
        .configure_legend(labelFontSize=13, symbolType="stroke", symbolSize=700, symbolStrokeWidth=2.5)
        .configure_view(stroke=None)
    )
    return chart


def _panel(history: History, name: str, figures: Mapping[str, str], best: int | None) -> alt.LayerChart:
    """One figure over the epochs; ``figures`` are its names in `Epoch`, by the rows it was measured on."""
    last = history[-1].epoch
    # Half an epoch of room on both sides keeps points off the axis and gives a single epoch a place.
    x = alt.X("epoch:Q").title("epoch").scale(domain=[0.5, last + 0.5], nice=False)
    x = x.axis(values=_ticks(last), format="d", grid=False, labelFlush=False)
    points = [
        {"epoch": epoch.epoch, "rows": rows, "value": value}
        for epoch in history
        for rows, figure in figures.items()
        if (value := getattr(epoch, figure)) is not None and math.isfinite(value)
    ]
    drawn = [rows for rows in figures if any(point["rows"] == rows for point in points)]
    dots: bool | alt.OverlayMarkDef = alt.OverlayMarkDef(size=36) if last <= 40 else False
    lines = (
        alt.Chart(alt.InlineData(points))
        .mark_line(point=dots, strokeWidth=2)
        .encode(
            x=x,
            y=alt.Y("value:Q").title(name).scale(zero=False),
            color=_by_rows(alt.Color("rows:N"), drawn, _COLOURS),
            strokeDash=_by_rows(alt.StrokeDash("rows:N"), drawn, _DASHES),
            tooltip=["rows:N", "epoch:Q", alt.Tooltip("value:Q", format=".4f", title=name)],
        )
        .properties(width=370, height=280)
    )
    return alt.LayerChart(layer=[lines] if best is None else [*_best_epoch_marks(best, x), lines])


def _by_rows(channel: Channel, drawn: list[str], looks: Mapping[str, Any]) -> Channel:
    """What was measured on different rows told apart by ``looks``, in one legend."""
    return channel.title(None).legend(orient="top").scale(domain=drawn, range=[looks[rows] for rows in drawn])


def _best_epoch_marks(epoch: int, x: alt.X) -> list[alt.Chart]:
    """A rule at the best epoch, and its label above the panel, where no curve is."""
    base = alt.Chart(alt.InlineData([{"epoch": epoch, "label": f"best epoch {epoch}"}])).encode(x=x)
    return [
        base.mark_rule(color="#777", strokeDash=[2, 2]),
        base.mark_text(y=-11, color="#444", fontSize=12).encode(text="label:N"),
    ]


def _ticks(last: int) -> list[int]:
    """Whole epochs from 1, at most some ten of them.

    >>> _ticks(4), _ticks(30)
    ([1, 2, 3, 4], [1, 5, 10, 15, 20, 25, 30])
    """
    step = next(unit * 10**power for power in range(7) for unit in (1, 2, 5) if last <= 10 * unit * 10**power)
    return [1, *(tick for tick in range(step, last + 1, step) if tick > 1)]
