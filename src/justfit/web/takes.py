"""What a row is made of that a model is to be asked about, so that a page can offer the fields for it."""

import math
from typing import Any

from justfit.data.columns import of_kind
from justfit.data.ngrams import NgramPreparation
from justfit.data.preparation import NumberPreparation, TextPreparation
from justfit.data.table_preparation import TablePreparation
from justfit.store import Model

_MOST_LEVELS = 100
_MOST_NAMED = 100
"""Numbers that a person would fill in one by one."""

_PIXEL = "pixel_"
"""What the columns of the data sets of pictures begin with."""


def takes(model: Model) -> dict[str, Any]:
    """Of what kind a row is, and its columns, picture or count of numbers."""
    told: dict[str, Any] = dict.fromkeys(("columns", "height", "width", "low", "high"))
    told |= {"classes": list(model.classes) or None, "count": model.preparation.columns}
    match model.preparation:
        case TextPreparation() | NgramPreparation():
            return {"kind": "text", **told, "count": 1}
        case TablePreparation() as table:
            return {"kind": "columns", **told, "columns": _columns(table), "count": len(table.inputs)}
        case NumberPreparation() as numbers if (shape := _shape(model, numbers)) is not None:
            ends = (float(numbers.shift.min()), float((numbers.shift + numbers.scale).max()))
            # Only where pixels were divided by their largest value is that value known.
            low, high = (0.0, 255.0) if ends[0] != 0 else ends
            height, width = shape
            return {"kind": "picture", **told, "height": height, "width": width, "low": low, "high": high}
        case NumberPreparation() as numbers if len(numbers.names) <= _MOST_NAMED:
            named = [{"name": name, "kind": "number", "values": None} for name in numbers.names]
            return {"kind": "columns", **told, "columns": named}
    return {"kind": "numbers", **told}


def _columns(table: TablePreparation) -> list[dict[str, Any]]:
    categories = dict(
        zip((each.name for each in of_kind(table.inputs, "category")), table.categories, strict=True)
    )
    told = []
    for column in table.inputs:
        levels = categories[column.name].levels if column.name in categories else ()
        values = list(levels) if 0 < len(levels) <= _MOST_LEVELS else None
        told.append({"name": column.name, "kind": column.kind, "values": values})
    return told


def _shape(model: Model, numbers: NumberPreparation) -> tuple[int, int] | None:
    """Height and width of the picture that a row is; None where it is none in shades of gray."""
    images = of_kind(model.columns, "image")
    if len(images) == len(model.columns) == 1:
        return images[0].shape if len(images[0].shape) == 2 else None
    side = math.isqrt(len(numbers.names))
    is_picture = side * side == len(numbers.names) and all(name.startswith(_PIXEL) for name in numbers.names)
    return (side, side) if is_picture and side > 1 else None
