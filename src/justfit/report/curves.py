"""Loss and metric over epochs, as a picture and as a page, made without a browser or the network."""

import html
import json
import math
from collections.abc import Callable
from typing import Any, TypeVar

import altair as alt
import vl_convert

from justfit.spec import Epoch, History, best_epoch
from justfit.store import RunPaths
from justfit.store.files import write_bytes

TRAINING, VALIDATION = "#0072B2", "#D55E00"
"""Blue and vermilion of Okabe and Ito (2008), told apart with any colour vision."""

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


def write_curves(history: History, paths: RunPaths, title: str, metric: str) -> None:
    """Draw loss without penalties and ``metric`` over epochs, for training and validation rows.

    The best epoch is marked where rows validate. What is not finite is left out. ``title`` and
    ``metric`` are shown as they are, whatever characters they hold.

    Args:
        history: of one training; at least one epoch.
        paths: where the picture (PNG, to be shown some 900 pixels wide) and the page (HTML that
            asks for nothing from the network) go, each whole or not at all.
        title: what was trained.
        metric: the name of `Epoch.metric`, such as ``accuracy``.

    Raises:
        ValueError: ``history`` is empty.
        StoreError: the disk is full or the folder may not be written.
    """
    if not history:
        raise ValueError("There are no epochs to draw.")
    chart = json.dumps(_chart(history, title, metric).to_dict())
    write_bytes(paths.curves_png, vl_convert.vegalite_to_png(chart, scale=2))
    page = _PAGE.format(
        title=html.escape(title),
        library=vl_convert.javascript_bundle(),  # type: ignore[call-arg] # the stub lacks its default
        chart=chart.replace("<", "\\u003c"),  # a text with </script> in it must not end the script
    )
    write_bytes(paths.curves_html, page.encode())


def _chart(history: History, title: str, metric: str) -> alt.HConcatChart:
    panels = (
        _panel(history, "loss, without penalties", lambda epoch: (epoch.data_loss, epoch.val_data_loss)),
        _panel(history, metric, lambda epoch: (epoch.metric, epoch.val_metric)),
    )
    note = "Training: mean over each epoch, dropout on."
    if _validated(history):
        note += " Validation: after it, dropout off."
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


def _panel(
    history: History, name: str, figures: Callable[[Epoch], tuple[float, float | None]]
) -> alt.LayerChart:
    validated, last = _validated(history), history[-1].epoch
    # Half an epoch of room on both sides keeps points off the axis and gives a single epoch a place.
    x = alt.X("epoch:Q").title("epoch").scale(domain=[0.5, last + 0.5], nice=False)
    x = x.axis(values=_ticks(last), format="d", grid=False, labelFlush=False)
    parts = ["training", "validation"] if validated else ["training"]
    points = [
        {"epoch": epoch.epoch, "rows": part, "value": value}
        for epoch in history
        for part, value in zip(("training", "validation"), figures(epoch), strict=True)
        if value is not None and math.isfinite(value)
    ]
    dots: bool | alt.OverlayMarkDef = alt.OverlayMarkDef(size=36) if last <= 40 else False
    lines = (
        alt.Chart(alt.InlineData(points))
        .mark_line(point=dots, strokeWidth=2)
        .encode(
            x=x,
            y=alt.Y("value:Q").title(name).scale(zero=False),
            color=_by_part(alt.Color("rows:N"), parts, [TRAINING, VALIDATION]),
            strokeDash=_by_part(alt.StrokeDash("rows:N"), parts, [[5, 3], [1, 0]]),
            tooltip=["rows:N", "epoch:Q", alt.Tooltip("value:Q", format=".4f", title=name)],
        )
        .properties(width=370, height=280)
    )
    layers = [lines] if not validated else [*_best_epoch_marks(best_epoch(validated).epoch, x), lines]
    return alt.LayerChart(layer=layers)


def _by_part(channel: Channel, parts: list[str], looks: list[Any]) -> Channel:
    """Training and validation told apart by ``looks``, in one legend."""
    return channel.title(None).legend(orient="top").scale(domain=parts, range=looks[: len(parts)])


def _best_epoch_marks(epoch: int, x: alt.X) -> list[alt.Chart]:
    """A rule at the best epoch, and its label above the panel, where no curve is."""
    base = alt.Chart(alt.InlineData([{"epoch": epoch, "label": f"best epoch {epoch}"}])).encode(x=x)
    return [
        base.mark_rule(color="#777", strokeDash=[2, 2]),
        base.mark_text(y=-11, color="#444", fontSize=12).encode(text="label:N"),
    ]


def _validated(history: History) -> History:
    """The epochs whose validation loss is a number."""
    return tuple(e for e in history if e.val_data_loss is not None and math.isfinite(e.val_data_loss))


def _ticks(last: int) -> list[int]:
    """Whole epochs from 1, at most some ten of them.

    >>> _ticks(4), _ticks(30)
    ([1, 2, 3, 4], [1, 5, 10, 15, 20, 25, 30])
    """
    step = next(unit * 10**power for power in range(7) for unit in (1, 2, 5) if last <= 10 * unit * 10**power)
    return [1, *(tick for tick in range(step, last + 1, step) if tick > 1)]
