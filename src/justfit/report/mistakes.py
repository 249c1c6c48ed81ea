"""The surest mistakes of each class as pictures, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import altair as alt
import numpy as np
import numpy.typing as npt

from justfit.report.look import TEXT, chart_of, dressed, heading, shown, wrapped

_SIDE = 110
"""Of a picture, in pixels of the chart."""

_MOST_CLASSES = 20

_MOST_SPOTS = 32
"""Of a picture's side; in a larger one pixels are put together, as each spot is a mark of its own."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A row that was answered wrong."""

    values: npt.NDArray[np.float64]
    """Its brightness ``[lines, columns]`` from 0 on, dark in the chart where it is highest."""
    answer: str
    """What the network took it for, and how surely."""
    row: int
    """Its number."""


def mistakes_chart(title: str, pictures: Mapping[str, Sequence[Picture]]) -> alt.HConcatChart:
    """A column of pictures for each class, each with what the network took it for.

    Args:
        title: of the chart.
        pictures: those of each class; of more than `_MOST_CLASSES` only the first are drawn.
    """
    notes = ["Labels above, answers and numbers of rows below; validation rows, the surest mistakes first."]
    if len(pictures) > _MOST_CLASSES:
        notes.append(f"The first {_MOST_CLASSES} of {len(pictures)} classes that have mistakes.")
    columns = [
        alt.vconcat(*(_drawn(each, "" if place else label) for place, each in enumerate(of)), spacing=8)
        for label, of in islice(pictures.items(), _MOST_CLASSES)
    ]
    if not columns:
        notes = ["No validation row was answered wrong."]
        columns = [alt.vconcat(_drawn(None, ""))]
    width = max(300, len(columns) * (_SIDE + 24))
    return dressed(alt.hconcat(*columns, title=heading(title, notes, width), spacing=24))


def _drawn(picture: Picture | None, label: str) -> alt.LayerChart:
    """One picture, its label above it; an empty place for none."""
    values = np.zeros((1, 1)) if picture is None else _small(picture.values)
    high = max(float(values.max()), 1e-12)
    spots = [
        {"x": x, "y": y, "shade": round(float(value) / high, 3)}
        for y, line in enumerate(values)
        for x, value in enumerate(line)
    ]
    last = max(values.shape)
    marks = (
        chart_of(spots)
        .properties(width=_SIDE, height=_SIDE)
        # A little wider than they are, so that no light shines through between them.
        .transform_calculate(x2="datum.x + 1.04", y2="datum.y + 1.04")
        .mark_rect(clip=True)
        .encode(
            x=alt.X("x:Q", axis=None).scale(domain=[0, last], nice=False),
            x2="x2:Q",
            y=alt.Y("y:Q", axis=None).scale(domain=[last, 0], nice=False),
            y2="y2:Q",
            color=alt.Color("shade:Q", legend=None).scale(domain=[0, 1], range=["#f4f4f4", "#000000"]),
        )
    )
    above = (
        chart_of([{"text": shown(label)}])
        .mark_text(
            align="left", baseline="bottom", fontSize=TEXT, fontWeight="bold", x=0, y=-4, limit=_SIDE + 20
        )
        .encode(text="text:N")
    )
    said = [] if picture is None else [*wrapped(picture.answer, 18, 1), f"row {picture.row:,}"]
    below = alt.TitleParams(
        said, orient="bottom", anchor="start", fontSize=TEXT - 1, fontWeight="normal", offset=2
    )
    layers: alt.LayerChart = alt.LayerChart(layer=[marks, above], title=below)
    return layers


def _small(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A picture of at most `_MOST_SPOTS` lines."""
    block = -(-max(values.shape) // _MOST_SPOTS)
    padded = np.pad(values, [(0, -length % block) for length in values.shape])
    small: npt.NDArray[np.float64] = padded.reshape(
        len(padded) // block, block, padded.shape[1] // block, block
    ).mean(axis=(1, 3))
    return small
