"""The surest mistakes of each class as pictures, where rows are pictures."""

import numpy as np
import numpy.typing as npt

from justfit.cli.mistakes_found import answers_of
from justfit.cli.mistakes_kept import pixels_of
from justfit.data.dataset import Part
from justfit.errors import SpecError
from justfit.report import Picture
from justfit.words import percent
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
            of.append(Picture(_pixels(held, part, each.place), told, int(held.rows[each.place])))
    order = [name for absent in ("", "not ") for name in (absent + each for each in held.dataset.classes)]
    return {name: drawn[name] for name in (*order, *drawn) if name in drawn}


def _pixels(held: HeldOut, part: Part, place: int) -> npt.NDArray[np.float64]:
    """The brightness of a row's picture, ``[lines, columns]``."""
    found = pixels_of(held, part, place)
    if found is None:
        raise SpecError(
            f"The rows of {held.dataset.name} are no square pictures, so none can be drawn: leave out --out."
        )
    return found if found.ndim == 2 else np.asarray(found.mean(axis=2), np.float64)
