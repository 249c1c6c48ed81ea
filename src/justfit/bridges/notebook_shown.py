"""Sections of a report as what a notebook displays: HTML, and charts as Vega-Lite beside a picture."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode
from IPython.display import display

from justfit.bridges import notebook_compared, notebook_sections
from justfit.bridges.notebook_sections import Chart, Shown
from justfit.errors import JustfitError
from justfit.report.html import spec_of, to_part

_VEGA_LITE = f"application/vnd.vegalite.{alt.SCHEMA_VERSION.partition('.')[0]}+json"
"""The MIME type by which notebooks draw a chart; nbformat takes an object only where it ends so."""

_SHOWS: Mapping[str, Callable[[Any], Shown]] = {
    "compared_choices": notebook_compared.compared_choices,
    "compared_networks": notebook_compared.compared_networks,
    "model": notebook_sections.model,
    "run": notebook_sections.run,
    "stored_study": notebook_sections.stored_study,
    "study": notebook_sections.study,
}


def show(kind: str, value: object) -> None:
    """Display an object in the notebook's current cell.

    Args:
        kind: one of the functions above.
        value: an object of its type.
    """
    for data in bundles(kind, value):
        display(data, raw=True)  # type: ignore[no-untyped-call]


def bundles(kind: str, value: object) -> Iterator[dict[str, Any]]:
    """What an object displays, one after the other: data by MIME type.

    Where its files cannot be read, that is a sentence in place of the figures.
    """
    try:
        shown = _SHOWS[kind](value)
    except JustfitError as error:
        yield {"text/plain": f"{value!r}\n{error}"}
        return
    yield {"text/plain": repr(value), "text/html": to_part(shown.section, leaked=shown.leaked)}
    for chart, told in shown.charts:
        yield _chart(chart, told)


def _chart(chart: Chart, told: str) -> dict[str, Any]:
    """A chart that can be pointed at, and for who cannot draw it a picture."""
    with debug_mode(False):  # it is checked by the tests of the report
        spec = spec_of(chart, validate=False)
    picture = vl_convert.vegalite_to_svg(json.dumps(spec))  # a tenth of the bytes of a PNG
    return {_VEGA_LITE: spec, "image/svg+xml": picture, "text/plain": f"<chart: {told}>"}
