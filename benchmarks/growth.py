"""How an epoch's time grows with rows, words in a row, columns and vocabulary, on made-up rows."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import altair as alt
import numpy as np
import vl_convert

from benchmarks.rounds import Figures
from benchmarks.rows import zipf_rows
from justfit.engine import Cohort, Labelled, Member, Training, initial_weights
from justfit.spec import TASKS, Network, Recipe

TURN_SECONDS = 0.3

COLORS = ("#0072B2", "#D55E00", "#009E73")
"""Of Okabe and Ito (2008), told apart with any colour vision."""


@dataclass(frozen=True)
class Point:
    """Networks 16-16-1 trained on made-up rows at batch 512."""

    rows: int = 16_384
    words: int = 128
    networks: int = 4
    vocabulary: int = 10_000
    used: int = 10_000
    """Words of the vocabulary that stand in any row."""
    l2: float = 0.0


@dataclass(frozen=True)
class Axis:
    """Points of which one property grows, in one series or several."""

    title: str
    of: Callable[[Point], int]
    series: dict[str, tuple[Point, ...]]


_WIDER = (10_000, 30_000, 100_000, 300_000, 1_000_000)
AXES = {
    "rows": Axis("rows", lambda p: p.rows, {"": tuple(Point(rows=2**k) for k in range(10, 17))}),
    "words": Axis("words in a row", lambda p: p.words, {"": tuple(Point(words=2**k) for k in range(4, 10))}),
    "columns": Axis(
        "columns of the first layers together",
        lambda p: 16 * p.networks,
        {"": tuple(Point(networks=2**k) for k in range(6))},
    ),
    "vocabulary": Axis(
        "vocabulary",
        lambda p: p.vocabulary,
        {
            "rows use 10,000 words of it": tuple(Point(vocabulary=v) for v in _WIDER),
            "rows use all of it": tuple(Point(vocabulary=v, used=v) for v in _WIDER),
            "10,000 words, L2 moves every weight": tuple(Point(vocabulary=v, l2=0.001) for v in _WIDER),
        },
    ),
}


def measure_growth(rounds: int, *, quick: bool) -> Figures:
    """Seconds of a training epoch at each point of each axis, the points of a series in turn."""
    return {
        name: [
            {"series": label, "x": axis.of(point), "seconds": seconds}
            for label, series in axis.series.items()
            for points in [_quick(series) if quick else series]
            for point, seconds in zip(points, _measure(points, rounds), strict=True)
        ]
        for name, axis in AXES.items()
    }


def _quick(points: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple(replace(point, rows=max(point.rows // 16, 64)) for point in points[:2])


def _measure(points: tuple[Point, ...], rounds: int) -> list[float]:
    trainings = [_epoch_seconds(point) for point in points]
    turns: list[list[float]] = [[] for _ in points]
    for training in trainings:
        next(training)  # to warm up
    for _ in range(rounds):
        for times, training in zip(turns, trainings, strict=True):
            turn = [next(training)]
            while sum(turn) < TURN_SECONDS and len(turn) < 20:
                turn.append(next(training))
            times.append(median(turn))
    return [median(times) for times in turns]


def _epoch_seconds(point: Point) -> Iterator[float]:
    """Trains without end; the seconds of each epoch."""
    rows = zipf_rows(point.rows, point.words, point.used, point.vocabulary)
    labels = np.random.default_rng(0).integers(0, 2, len(rows))
    task = TASKS["binary"]
    layers = Network((16, 16), l2=point.l2).layers(task, 1)
    recipe = Recipe(batch_size=512, epochs=1_000_000)
    weights = initial_weights(layers, point.vocabulary, 0)
    members = tuple(
        Member(layers, task.loss(), task.metric, recipe, weights, dropout_seed=number, order_seed=0)
        for number in range(point.networks)
    )
    epochs = Training(Cohort(members), Labelled.of(rows, labels, task)).epochs()
    while True:
        start = time.perf_counter()
        next(epochs)
        yield time.perf_counter() - start


def draw_growth(figures: Figures, folder: Path) -> None:
    """A picture an axis, ``growth_NAME.png``: scales are logarithmic, a dashed line grows in proportion."""
    folder.mkdir(exist_ok=True)
    for name, points in figures.items():
        shown = [{**point, "series": point["series"] or "measured"} for point in points]
        picture = vl_convert.vegalite_to_png(_chart(AXES[name].title, shown).to_json(), scale=2)
        (folder / f"growth_{name}.png").write_bytes(picture)


def _chart(title: str, points: list[Figures]) -> alt.LayerChart:
    first = points[0]
    steps = sorted({point["x"] for point in points})
    proportion = [
        {"x": x, "seconds": first["seconds"] * x / first["x"], "series": "in proportion"}
        for x in (steps[0], steps[-1])
    ]
    series = list(dict.fromkeys(point["series"] for point in points))
    color = alt.Color("series:N").title(None).legend(orient="top", columns=2, labelLimit=400)
    color = color.scale(domain=[*series, "in proportion"], range=[*COLORS[: len(series)], "#999999"])
    x = alt.X("x:Q").title(title).scale(type="log", nice=False).axis(format="~s", values=steps, grid=False)
    y = alt.Y("seconds:Q").title("seconds an epoch").scale(type="log").axis(format="~g", gridColor="#e8e8e8")
    lines = alt.Chart(alt.InlineData(points)).mark_line(point=True).encode(x=x, y=y, color=color)
    guide = alt.Chart(alt.InlineData(proportion)).mark_line(strokeDash=[4, 4]).encode(x=x, y=y, color=color)
    return alt.layer(guide, lines).properties(width=420, height=280)
