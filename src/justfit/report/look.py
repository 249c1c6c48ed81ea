"""How charts look: sizes, colours, axes and headings, the same in all of them."""

import math
import re
import statistics
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import altair as alt

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Of Okabe and Ito (2008), told apart with any colour vision; their yellow is too pale for a line."""

SOLID: tuple[int, ...] = (1, 0)
LOOKS = tuple((colour, dash) for dash in (SOLID, (5, 3)) for colour in COLOURS)
"""Colour and dashes of lines that are to be told apart."""

GREY = "#a0a0a0"
GREY_TEXT = "#6b6b6b"
TEXT = 12
"""Size of a chart's text in pixels."""

_WRAPPED = 44
"""Letters on a line of a label."""

_LARGEST = 709.0
"""The logarithm of what a float can just hold."""

_WIDE = 20
"""Values that span more than this factor stand on a logarithmic axis."""

PLAIN = "format(datum.value, datum.value < 1e6 ? '~r' : '.0e')"
"""Numbers on an axis as they are read; logarithmic ones otherwise have all in powers of ten."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""What cannot stand in a picture, or would turn its text around."""


def shown(text: str) -> str:
    r"""A text from data as a chart can show it, control characters spelt out.

    >>> shown("16-16-1\x00")
    '16-16-1\\x00'
    """
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def wrapped(text: str, width: int = _WRAPPED, lines: int = 2) -> list[str]:
    """A text in at most so many lines. What is too long loses its middle: names mostly differ at their ends.

    >>> wrapped("32-32-1, dropout 0.5, L2 0.001, batch 64, sgd momentum 0.9")
    ['32-32-1, dropout 0.5, L2 0.001, batch 64,', 'sgd momentum 0.9']
    >>> wrapped("a very long name of a network that nobody needs, batch 64", 20, 2)
    ['a very long name ...', 'y needs, batch 64']
    """
    text = shown(text)
    whole = textwrap.wrap(text, width)
    if len(whole) <= lines:
        return whole or [""]
    for end in range(width * lines // 2 - 1, 0, -1):
        cut = textwrap.wrap(f"{text[:end].rstrip()} ... {text[-end:].lstrip()}", width)
        if len(cut) <= lines:
            return cut
    return whole[:lines]


def heading(title: str, notes: Sequence[str], width: int) -> alt.TitleParams:
    """A title and below it what a reader must know, in lines that fit ``width`` pixels."""
    below = [line for note in notes for line in wrapped(note, width // 6, 4)]
    return alt.TitleParams(
        wrapped(title, width // 9, 3),
        subtitle=below,
        anchor="start",
        frame="group",
        fontSize=16,
        subtitleColor="#555",
        subtitleFontSize=TEXT,
        subtitlePadding=5,
        offset=26,
    )


def epoch_axis(last: int, key: str = "epoch") -> alt.X:
    """Whole epochs from 1 to the last, with half of one to both sides: it keeps points off the axis."""
    x = alt.X(f"{key}:Q").title("epoch").scale(domain=[0.5, last + 0.5], nice=False)
    return x.axis(values=ticks(last), format="d", grid=False, labelFlush=False)


def ticks(last: int) -> list[int]:
    """Whole epochs from 1, at most some ten of them.

    >>> ticks(4), ticks(30)
    ([1, 2, 3, 4], [1, 5, 10, 15, 20, 25, 30])
    """
    step = next(unit * 10**power for power in range(7) for unit in (1, 2, 5) if last <= 10 * unit * 10**power)
    return [1, *(tick for tick in range(step, last + 1, step) if tick > 1)]


@dataclass(frozen=True)
class Axis:
    """Where values stand: from ``low`` to ``high``, linear or by their logarithm."""

    low: float
    high: float
    is_log: bool

    def share(self, value: float) -> float:
        """How far from low to high a value stands, in [0, 1] for those between.

        >>> Axis(0.01, 1.0, is_log=True).share(0.1)
        0.5
        """
        if self.is_log:
            low, high = math.log(self.low), math.log(self.high)
            return (math.log(value) - low) / (high - low)
        return (value - self.low) / (self.high - self.low)

    def value(self, share: float) -> float:
        """The value that stands so far from low to high.

        >>> Axis(0.0, 4.0, is_log=False).value(0.25)
        1.0
        """
        if self.is_log:
            low, high = math.log(self.low), math.log(self.high)
            return math.exp(min(low + share * (high - low), _LARGEST))
        return self.low + share * (self.high - self.low)

    def scale(self) -> alt.Scale:
        """The same for altair."""
        if self.is_log:
            return alt.Scale(domain=[self.low, self.high], type="log", nice=False)
        return alt.Scale(domain=[self.low, self.high], type="linear", nice=False, zero=False)

    def labels(self) -> alt.Axis:
        """Numbers on the axis; of a logarithmic one only as many as can be read."""
        if not self.is_log:
            return alt.Axis()
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        few = self.high / self.low > 1e4
        steps = [unit * 10.0**power for power in powers for unit in ((1,) if few else (1, 2, 5))]
        inside = [step for step in steps if self.low <= step <= self.high]
        return alt.Axis(values=inside[:: max(1, len(inside) // 8)], labelExpr=PLAIN)


def value_axis(values: Iterable[float], bands: Iterable[tuple[float, float]] = ()) -> Axis:
    """An axis for figures; logarithmic where a few tower above the others.

    Bands have room to a limit, since those of two or three runs can be many times as wide as all
    values together.
    """
    values = list(values)
    low, high = min(values), max(values)
    is_log = low > 0 and high > _WIDE * statistics.median(values)
    if not is_log:
        room = 2 * (high - low)
        ends = [end for band in bands for end in band]
        low, high = max(min([low, *ends]), low - room), min(max([high, *ends]), high + room)
    return _with_room(low, high, is_log=is_log, room=0.04)


def field_axis(values: Sequence[float]) -> Axis:
    """An axis for the values of a setting; logarithmic where they span more than a factor of 20.

    >>> field_axis([16, 512]).is_log, field_axis([0.0, 0.5]).is_log
    (True, False)
    """
    low, high = min(values), max(values)
    return _with_room(low, high, is_log=is_wide(low, high), room=0.08)


def is_wide(low: float, high: float) -> bool:
    """Whether values from low to high need a logarithmic axis."""
    return low > 0 and high / low > _WIDE


def _with_room(low: float, high: float, *, is_log: bool, room: float) -> Axis:
    """An axis with a share of its length free at both ends."""
    if low == high:
        around = abs(low) / 2 or 0.5
        return Axis(low - around, high + around, is_log=False)
    bare = Axis(low, high, is_log)
    return Axis(bare.value(-room), bare.value(1 + room), is_log)


def apart(wanted: Sequence[float], sizes: Sequence[float], length: float) -> list[float]:
    """Places for labels of these sizes, as near to those wanted as they can be without touching.

    Neighbours that would touch are moved together as one block, about the mean of what they want. All
    stand between 0 and ``length``, or where they are too many for that, from 0 on.

    Source: pool adjacent violators, of isotonic regression.

    >>> apart([10, 12, 50], [10, 10, 10], 100)
    [6.0, 16.0, 50.0]
    """
    order = sorted(range(len(wanted)), key=lambda number: wanted[number])
    starts: list[float] = []  # of each label, if the ones before it in its block had no size
    before = 0.0
    offsets = {}
    for number in order:
        offsets[number] = before + sizes[number] / 2
        starts.append(wanted[number] - offsets[number])
        before += sizes[number]
    blocks: list[tuple[float, int]] = []
    for start in starts:
        mean, count = start, 1
        while blocks and blocks[-1][0] > mean:
            other, more = blocks.pop()
            mean, count = (mean * count + other * more) / (count + more), count + more
        blocks.append((mean, count))
    last = max(0.0, length - before)
    flat = [min(max(mean, 0.0), last) for mean, count in blocks for _ in range(count)]
    places = {number: flat[rank] + offsets[number] for rank, number in enumerate(order)}
    return [float(places[number]) for number in range(len(wanted))]


def looks(values: Sequence[float]) -> list[tuple[str, tuple[int, ...]] | None]:
    """A look of `LOOKS` for each of some things; where they are too many, for the best few alone.

    Args:
        values: how good each is, the less the better.
    """
    if len(values) <= len(LOOKS):
        return list(LOOKS[: len(values)])
    best = sorted(sorted(range(len(values)), key=lambda number: values[number])[: len(COLOURS)])
    return [LOOKS[best.index(number)] if number in best else None for number in range(len(values))]


Chart = TypeVar("Chart", alt.LayerChart, alt.HConcatChart)


def chart_of(rows: Iterable[Mapping[str, Any]]) -> alt.Chart:
    """A chart of rows, by their keys.

    Altair copies lists, all in them included, each time that anything is said of a chart; a tuple stays.
    """
    return alt.Chart(alt.InlineData(tuple(rows)))


def dressed(chart: Chart) -> Chart:
    """A whole chart with the look of all."""
    found: Chart = (
        chart.configure(padding=12, background="white")
        .configure_axis(labelFontSize=TEXT, titleFontSize=13, titleFontWeight="normal", gridColor="#e8e8e8")
        .configure_view(stroke=None)
    )
    return found
