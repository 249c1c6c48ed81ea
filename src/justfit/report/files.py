"""Charts as files: pictures, and pages that ask for nothing from the network."""

import json
from pathlib import Path

import altair as alt
import vl_convert

from justfit.errors import SpecError
from justfit.report.html import chart_page, spec_of
from justfit.spec import digest
from justfit.spec.checks import nearest
from justfit.store.files import write_bytes

SUFFIXES = (".png", ".svg", ".html")
_MOST_LETTERS = 100


def require_suffix(path: Path) -> str:
    """The suffix of a chart's file; raises `SpecError` where it is none that a chart can be written as."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise SpecError(
            f'"{path}" ends in "{path.suffix}", and a chart can be written as {", ".join(SUFFIXES)}: '
            f"end its name so.{nearest(suffix, SUFFIXES)}"
        )
    return suffix


def write_chart(chart: alt.LayerChart | alt.HConcatChart, path: Path) -> None:
    """Write a chart whole or not at all, by the suffix: PNG at twice the density, SVG or a page (HTML).

    The page holds all that it needs. Texts in a chart stay texts, whatever characters they hold.

    Raises:
        SpecError: another suffix.
        StoreError: the disk is full, the folder is missing or may not be written.
    """
    match require_suffix(path):
        case ".png":
            content = vl_convert.vegalite_to_png(json.dumps(spec_of(chart)), scale=2)
        case ".svg":
            content = vl_convert.vegalite_to_svg(json.dumps(spec_of(chart))).encode()
        case _:
            content = chart_page(chart).encode()
    write_bytes(path, content)


def file_name(text: str) -> str:
    """A text as the name of a file: different texts have different names.

    >>> file_name("16-16-1, dropout 0.5")
    '16-16-1, dropout 0.5'
    >>> file_name("dropout 0.5/0")
    'dropout 0.5_0-ceee84b9'
    """
    name = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "_-., ") else "_" for letter in text
    )
    name = name[:_MOST_LETTERS].strip(" .")
    return name if name and name == text else f"{name or '_'}-{digest(text)[:8]}"
