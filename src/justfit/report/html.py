"""The report as one page: it asks for nothing from the network, and all texts in it are texts."""

import base64
import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from justfit.report.blocks import Drawing, Example, Report, Section
from justfit.report.look import COLOURS, GREY, GREY_TEXT, shown
from justfit.report.plain import LEAKED_REPORT, has_leaked
from justfit.report.vega import vega

_DIGITS = 6
"""That numbers in charts have: no screen shows more."""

_INKS = {
    **{colour: f"var(--colour-{number})" for number, colour in enumerate(COLOURS, start=1)},
    GREY: "var(--grey)",
    GREY_TEXT: "var(--grey-text)",
    **dict.fromkeys(("#333", "#444", "#555", "#777"), "var(--faint)"),
    "#e8e8e8": "var(--line)",
    "white": "var(--paper)",
}
"""Colours of charts that the page's style sheet gives, so that they go with its darkness."""

_TEXTS = ("text", "title", "subtitle")
"""Keys of a chart's specification under which a word is a word, though a colour be called so."""

_APART = ("$schema", "title", "datasets")
"""What of a chart's specification stands elsewhere on the page."""

_FOLDER = Path(__file__).parent / "page"

_PICTURE = "data:image/png;base64,"


def to_html(report: Report) -> str:
    """The report as a page (HTML) that works from a file and allows no script but its own.

    Without scripts it lacks the charts alone; their figures stand in tables.

    Args:
        report: any.

    Raises:
        ValueError: an example's picture is none.
    """
    blocks = [block for section in report.sections for block in section.blocks]
    for block in blocks:
        if isinstance(block, Example) and not (block.picture or _PICTURE).startswith(_PICTURE):
            raise ValueError(f"The picture of {block.heading!r} is no PNG as a data: address.")
    drawings = [block for block in blocks if isinstance(block, Drawing)]
    specs = [spec_of(drawing.chart, validate=False) for drawing in drawings]
    return _page(
        "whole.html",
        specs,
        report=report,
        sections=[(section, has_leaked(report, section)) for section in report.sections],
        places={drawing.name: place for place, drawing in enumerate(drawings)},
        notes={drawing.name: _notes(spec) for drawing, spec in zip(drawings, specs, strict=True)},
        leaked=LEAKED_REPORT,
    )


def to_part(section: Section, *, leaked: bool) -> str:
    """A section as a piece of somebody else's page (HTML), such as a notebook's, with a style of its own.

    Args:
        section: without drawings: without scripts there are none.
        leaked: whether its figures are, and so must be marked.
    """
    style = (_FOLDER / "part.css").read_text(encoding="utf-8")
    template = _environment().get_template("part.html")
    return template.render(section=section, is_leaked=leaked, leaked=LEAKED_REPORT, style=style)


def chart_page(chart: alt.LayerChart | alt.HConcatChart) -> str:
    """One chart as a page of its own."""
    spec = spec_of(chart)
    title = " ".join(spec.get("title", {}).get("text", ["chart"]))
    return _page("chart.html", [spec], title=title, notes=_notes(spec))


def spec_of(chart: alt.LayerChart | alt.HConcatChart, *, validate: bool = True) -> dict[str, Any]:
    """A chart as Vega-Lite takes it, control characters spelt out: a picture cannot hold them."""
    spec: dict[str, Any] = _spelt(chart.to_dict(validate=validate))
    return spec


def _spelt(value: Any) -> Any:
    match value:
        case dict():
            return {key: _spelt(each) for key, each in value.items()}
        case list() | tuple():
            return [_spelt(each) for each in value]
        case str():
            return shown(value)
    return value


def _notes(spec: Mapping[str, Any]) -> str:
    """What a reader of a chart must know, as one text; in a picture it stands under the title."""
    return " ".join(spec.get("title", {}).get("subtitle", []))


def _page(template: str, specs: Sequence[Mapping[str, Any]], **values: object) -> str:
    """A page whose policy allows the scripts and the style that it is made of and nothing else."""
    environment = _environment()
    script, style = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("report.js", "report.css"))
    scripts = [vega(), script] if specs else [script]
    return environment.get_template(template).render(
        scripts=scripts,
        style=style,
        hashes=" ".join(map(_hashed, scripts)),
        style_hash=_hashed(style),
        # A text with </script> in it must not end the script.
        drawn=json.dumps(_drawn(specs), separators=(",", ":")).replace("<", "\\u003c"),
        **values,
    )


@functools.cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: shown(value) if type(value) is str else value,
    )
    found.filters |= {"lines": _lines, "kind": lambda block: type(block).__name__.lower()}
    return found


def _lines(text: str) -> Markup:
    """A text of several lines, all else that no line has spelt out."""
    return Markup("\n").join(escape(shown(line)) for line in text.rstrip("\n").split("\n"))


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _drawn(specs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All charts for the page's script; what several show is there once, and titles stand on the page."""
    rows = {name: found for spec in specs for name, found in spec.get("datasets", {}).items()}
    return {
        "datasets": _short(rows),
        "charts": [
            {
                "datasets": list(spec.get("datasets", ())),
                **{key: _inked(value) for key, value in spec.items() if key not in _APART},
            }
            for spec in specs
        ],
    }


def _short(value: Any) -> Any:
    match value:
        case float():
            return float(f"{value:.{_DIGITS}g}")
        case dict():
            return {key: _short(each) for key, each in value.items()}
        case list() | tuple():
            return [_short(each) for each in value]
    return value


def _inked(value: Any) -> Any:
    """A chart whose colours the style sheet gives, but for those between which others are mixed."""
    match value:
        case {"type": "quantitative", "scale": {"range": _}}:
            return value
        case dict():
            return {
                key: each if key in _TEXTS and not isinstance(each, dict) else _inked(each)
                for key, each in value.items()
            }
        case list() | tuple():
            return [_inked(each) for each in value]
        case str():
            return _INKS.get(value, value)
    return value
