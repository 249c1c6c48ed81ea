"""What the chosen network gets wrong of validation rows, kept in the study's folder."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from justfit.store.files import broken
from justfit.store.paths import StudyPaths
from justfit.store.records import read_record, write_record

FORMAT = 2

LONGEST_TEXT = 2_000
"""Letters of a row's text that are kept."""

_PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+={0,2}")

_KINDS = {str: "a text", int: "a whole number", float: "a finite number"}

_ANY_LABEL = (str, float)
_FIGURE = {"value": float, "low": (float, None), "high": (float, None)}
_SHAPE = {
    "network": str,
    "epochs": int,
    "splits": int,
    "rows": int,
    "figure": str,
    "all": _FIGURE,
    "mistakes_in_all": (int, None),
    "mistakes": [
        {
            "row": int,
            "label": _ANY_LABEL,
            "answer": _ANY_LABEL,
            "size": float,
            "text": (str, None),
            "effects": [{"name": str, "toward": float}],
            "picture": (_PICTURE, None),
        }
    ],
    "suspects_in_all": (int, None),
    "suspects": [
        {
            "row": int,
            "label": _ANY_LABEL,
            "likely": _ANY_LABEL,
            "label_probability": float,
            "likely_probability": float,
            "text": (str, None),
            "picture": (_PICTURE, None),
        }
    ],
    "groups": {str: [{"name": str, "rows": int, "figure": _FIGURE}]},
    "matter": (
        {
            "rows": int,
            "columns": [
                {"name": str, "rows": int, "moved": float, "toward": float, "speaks_for": (str, None)}
            ],
        },
        None,
    ),
}
"""What stands where: a type, a pattern, one of several, a list of one kind, or an object with these keys."""


def write_mistakes(folder: Path, mistakes: Mapping[str, Any]) -> None:
    """Keep what the chosen network gets wrong, plain values as ``README.md`` beside this module has them.

    Args:
        folder: of the study.
        mistakes: all but the format.

    Raises:
        StoreError: the disk is full or the folder may not be written.
    """
    write_record(StudyPaths(folder).mistakes, FORMAT, mistakes)


def read_mistakes(folder: Path) -> dict[str, Any] | None:
    """What `write_mistakes` kept; None where there is nothing.

    Raises:
        StoreError: the file is cut off, changed or too new.
    """
    path = StudyPaths(folder).mistakes
    if not path.is_file():
        return None
    content = read_record(path, FORMAT)
    if (wrong := _wrong(content, _SHAPE, "it")) is not None:
        raise broken(path, f"not what a network got wrong ({wrong})")
    return content


def _wrong(value: Any, shape: Any, where: str) -> str | None:
    """What of ``value`` is not as ``shape`` has it; None where all is."""
    match shape:
        case tuple():
            found = [_wrong(value, each, where) for each in shape]
            return None if None in found else found[0]
        case re.Pattern():
            fits, expected = isinstance(value, str) and bool(shape.fullmatch(value)), "a PNG as an address"
        case list():
            fits, expected = isinstance(value, list), "a list"
            if fits:
                return _first(_wrong(each, shape[0], f"{where}, {place}") for place, each in enumerate(value))
        case dict():
            is_open = str in shape
            fits = isinstance(value, dict) and (is_open or value.keys() == shape.keys())
            expected = "an object" if is_open else f"an object with the keys {', '.join(shape)}"
            if fits:
                pairs = ((value[key], shape[str if is_open else key], f"{where}.{key}") for key in value)
                return _first(_wrong(*each) for each in pairs)
        case None:
            fits, expected = value is None, "null"
        case _:
            fits, expected = _is(value, shape), _KINDS[shape]
    return None if fits else f"{where}: expected {expected}"


def _first(found: Any) -> str | None:
    return next((each for each in found if each is not None), None)


def _is(value: Any, kind: type) -> bool:
    if kind is not float:
        return isinstance(value, kind) and not isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
