"""The surest mistakes of each class as pictures, where rows are pictures."""

from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.cli.data import picture
from justfit.cli.mistakes_found import answers_of
from justfit.cli.screen import percent
from justfit.data.columns import of_kind
from justfit.data.raw import Numbers, Raw, Table
from justfit.errors import SpecError
from justfit.report import Picture
from justfit.workflow import HeldOut


def mistake_pictures(held: HeldOut, most: int) -> dict[str, list[Picture]]:
    """The surest mistakes by class in the order of the classes, each class's surest first.

    Args:
        held: what the network says.
        most: of one class; of a regression in all.

    Raises:
        SpecError: the rows are no pictures.
    """
    part = held.dataset.train.take(held.rows)
    drawn: dict[str, list[Picture]] = {}
    for each in answers_of(held, part.labels).wrong:
        is_class = isinstance(each.label, str)
        of = drawn.setdefault(str(each.label) if is_class else "largest errors", [])
        if len(of) < most:
            told = (
                f"{each.answer}, {percent(each.size)}"
                if is_class
                else f"{each.answer:.4g}, not {each.label:.4g}"
            )
            of.append(Picture(_pixels(held, part.raw, each.place), told, int(held.rows[each.place])))
    order = [name for absent in ("", "not ") for name in (absent + each for each in held.dataset.classes)]
    return {name: drawn[name] for name in (*order, *drawn) if name in drawn}


def _pixels(held: HeldOut, raw: Raw, place: int) -> npt.NDArray[np.float64]:
    """The brightness of a row's picture, ``[lines, columns]``."""
    found: npt.NDArray[Any] | None = None
    match raw:
        case Numbers(values) if picture(raw, place):
            side = round(values.shape[1] ** 0.5)
            found = values[place].reshape(side, side)
        case Table(columns) if len(images := of_kind(columns, "image")) == 1 and len(images[0].shape) > 1:
            first = raw.number_names.index(images[0].numbers[0])
            pixels = raw.numbers[place, first : first + len(images[0].numbers)].reshape(images[0].shape)
            found = pixels if pixels.ndim == 2 else pixels.mean(axis=tuple(range(2, pixels.ndim)))
    if found is None:
        raise SpecError(
            f"The rows of {held.dataset.name} are no square pictures, so none can be drawn: leave out --out."
        )
    return np.asarray(found, np.float64)
