"""The report as plain values, for programs; and which of its figures are leaked."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from justfit.report.blocks import Block, Code, Drawing, Example, Report, Section, Sentence, Table

FORMAT = 1
"""Of the JSON; raised when programs that read it would have to change."""

LEAKED_REPORT = (
    "LEAKED: networks were chosen by the test rows themselves, so no figure here tells how good one is on "
    "rows not seen."
)

_WITHOUT_FIGURES = ("data", "protocol", "repeat")
"""Sections that tell no figure of a network."""


def has_leaked(report: Report, section: Section) -> bool:
    """Whether the figures of a section are leaked and so must be marked."""
    return report.leaked and section.key not in _WITHOUT_FIGURES


def plain_report(report: Report) -> dict[str, Any]:
    """The report as nested dicts and lists, ready for JSON.

    A block has its ``kind`` (sentence, table, drawing, example or code) and the fields of
    `justfit.report.blocks`, a drawing its table instead of a chart. Figures are unrounded; what is not finite
    is None.
    """
    return {
        "format": FORMAT,
        "title": report.title,
        "leaked": report.leaked,
        "lead": [_block(sentence) for sentence in report.lead],
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "leaked": has_leaked(report, section),
                "blocks": [_block(block) for block in section.blocks],
            }
            for section in report.sections
        ],
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Sentence(text, figures, is_warning):
            found = {"text": text, "is_warning": is_warning, "figures": _value(figures)}
        case Table():
            found = _table(block)
        case Drawing(name, _, caption, told, table):
            found = {
                "name": name,
                "caption": caption,
                "told": told,
                "table": None if table is None else _table(table),
            }
        case Example() | Code():
            found = {item.name: _value(getattr(block, item.name)) for item in dataclasses.fields(block)}
    return {"kind": type(block).__name__.lower(), **found}


def _table(table: Table) -> dict[str, Any]:
    return {
        "caption": table.caption,
        "columns": list(table.columns),
        "rows": [list(row) for row in table.rows],
        "texts": table.texts,
        "marked": sorted(table.marked),
    }


def _value(value: object) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): _value(each) for key, each in value.items()}
        case Sequence():
            return [_value(each) for each in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _value(getattr(value, item.name)) for item in dataclasses.fields(value)}
    raise TypeError(f"A report's figures are plain values, and this is none: {value!r}")
