"""What a report is made of: sections of sentences, tables, drawings and examples, as plain values.

HTML, Markdown and JSON are made of the same objects. All texts are texts: whoever renders them escapes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import altair as alt


@dataclass(frozen=True)
class Sentence:
    """One generated sentence and the stored figures that it tells."""

    text: str
    figures: Mapping[str, object] = field(default_factory=dict)
    """By name, unrounded, for programs."""
    is_warning: bool = False


@dataclass(frozen=True)
class Table:
    """Cells as they are read."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1
    """How many columns from the left are texts; the others are numbers and stand to the right."""
    marked: frozenset[int] = frozenset()
    """Rows to set off, such as the one that was chosen, from 0."""


@dataclass(frozen=True)
class Drawing:
    """A chart, what it is called, and what it shows for those who do not see it."""

    name: str
    """Of its files; of one report no two are the same."""
    chart: alt.LayerChart | alt.HConcatChart
    caption: str
    told: str
    """One or two generated sentences that say what can be seen."""
    table: Table | None = None
    """The same figures to be read."""


@dataclass(frozen=True)
class Example:
    """A row of the data worth looking at: a mistake, or a label that may be wrong."""

    heading: str
    text: str | None
    """Of the row, where it has one."""
    picture: str | None = None
    """A PNG as a ``data:`` address, where it is one."""
    moved: tuple[tuple[str, float], ...] = ()
    """Words or columns and how far each moved the answer toward what was given."""


@dataclass(frozen=True)
class Code:
    """Commands or a file to copy."""

    caption: str
    text: str
    language: str
    """``sh``, ``yaml`` or ``python``."""


Block = Sentence | Table | Drawing | Example | Code


@dataclass(frozen=True)
class Section:
    """A step of the workflow."""

    key: str
    """Short and of small letters, such as ``test``; the anchor on the page."""
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """All that is told of one study, in the order of the workflow."""

    title: str
    lead: tuple[Sentence, ...]
    """What came out, in a few sentences."""
    sections: tuple[Section, ...]
    leaked: bool
    """Whether test rows validated; marked wherever a figure is shown."""
