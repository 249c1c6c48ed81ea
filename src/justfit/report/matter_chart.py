"""The words or columns that matter most, as bars."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from justfit.report.look import COLOURS, GREY_TEXT, TEXT, chart_of, dressed, heading, shown, wrapped
from justfit.report.tested_charts import names_axis

_WIDTH = 330


def matter_chart(
    columns: Sequence[Mapping[str, Any]], what: str, title: str, notes: Sequence[str] = ()
) -> alt.LayerChart:
    """A bar for each word or column, as long as it moves the answer, in the colour of what it speaks for.

    Args:
        columns: each with its ``name``, how far it ``moved`` and what it is ``for``.
        what: it moves.
        title: of the chart.
        notes: below it.
    """
    kinds = list(dict.fromkeys(str(each["for"]) for each in columns))
    most = max(each["moved"] for each in columns)
    rows = [
        {
            "place": place,
            "start": 0,
            "moved": each["moved"],
            "name": shown(each["name"]),
            "speaks for": shown(str(each["for"])),
            "said": f"{each['moved']:.3g}",
            "colour": COLOURS[kinds.index(str(each["for"]))] if len(kinds) <= len(COLOURS) else COLOURS[0],
            "side": wrapped(str(each["for"]), 24, 1)[0],
        }
        for place, each in enumerate(columns)
    ]
    scale = alt.Scale(domain=[len(rows) - 0.5, -0.5], nice=False, zero=False)
    y = alt.Y("place:Q").title(None).scale(scale).axis(names_axis([each["name"] for each in columns], 30))
    x, start = (
        alt.X(f"{key}:Q").title(what).scale(domain=[0, 1.18 * most], nice=False).axis(tickCount=5)
        for key in ("moved", "start")
    )
    colour = alt.Color("colour:N", legend=None).scale(None)
    data = chart_of(rows).encode(y=y)
    told = ["name:N", "speaks for:N", alt.Tooltip("said:N", title=what)]
    layers = [
        data.mark_rule(strokeWidth=14).encode(x=start, x2=alt.X2("moved:Q"), color=colour, tooltip=told),
        data.mark_text(align="left", dx=5, fontSize=TEXT, color="#333").encode(x=x, text=alt.Text("said:N")),
    ]
    if len(kinds) > 1:
        beside = data.mark_text(align="left", fontSize=TEXT)
        ink = colour if len(kinds) <= len(COLOURS) else alt.value(GREY_TEXT)
        layers.append(beside.encode(x=alt.value(_WIDTH + 12), text=alt.Text("side:N"), color=ink))
    chart = alt.LayerChart(layer=layers).properties(width=_WIDTH, height=21 * len(rows))
    return dressed(chart.properties(title=heading(title, notes, _WIDTH + 200)))
