"""Images to numbers, by Pillow (extra ``images``): all of one size, gray or red, green and blue."""

import logging
import warnings
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.data.files.told import first_line
from justfit.errors import DataError

# It tells of what it then raises; where nobody listens, that would go to the terminal.
logging.getLogger("PIL").addHandler(logging.NullHandler())

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm"})
SIDE = 32
"""Pixels of a side that images of different or large sizes are brought to."""
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
_MOST_AS_THEY_ARE = 64 * 64
_MOST_PIXELS = 50_000_000
_GRAY = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "F"})

Shape = tuple[int, ...]
"""Height and width of gray images; height, width and 3 of colored ones."""


def is_shape(axes: tuple[int, ...]) -> bool:
    """Whether images can be brought to these axes."""
    return len(axes) == 2 or (len(axes) == 3 and axes[2] == 3)


def shape_for(paths: Sequence[Path]) -> tuple[Shape, tuple[str, ...]]:
    """The shape to bring images to, from a look at their sizes, and a note that tells it.

    Raises:
        DataError: Pillow is not installed, or none of the files is an image.
    """
    sizes: Counter[tuple[int, int]] = Counter()
    gray, reason = True, ""
    for path in paths:
        try:
            with _opened(path) as image:
                sizes[image.size] += 1
                gray = gray and image.mode in _GRAY
        except _UNREADABLE as error:
            reason = reason or f"{path} is no image that can be read: {first_line(error)}"
    if not sizes:
        raise DataError(f"None of {len(paths):,} images can be read. {reason}.")
    (width, height), _ = sizes.most_common(1)[0]
    colors = "gray" if gray else "colored"
    if len(sizes) == 1 and width * height <= _MOST_AS_THEY_ARE:
        note = f"All images are {colors}, {height} pixels high and {width} wide."
    else:
        (narrow, low), (wide, high) = map(min, zip(*sizes, strict=True)), map(max, zip(*sizes, strict=True))
        note = (
            f"Images are {colors}, {low} to {high} pixels high and {narrow} to {wide} wide: all were "
            f"brought to {SIDE} by {SIDE}."
        )
        width = height = SIDE
    return ((height, width) if gray else (height, width, 3)), (note,)


def read_image(path: Path, shape: Shape) -> npt.NDArray[np.uint8] | str:
    """The image as numbers from 0 to 255 of ``shape``, or why it cannot be read."""
    try:
        with _opened(path) as image, warnings.catch_warnings(action="ignore"):  # of odd metadata
            width, height = image.size
            if width * height > _MOST_PIXELS:
                return f"has {width * height:,} pixels, expected at most {_MOST_PIXELS:,}"
            image.draft("L" if len(shape) == 2 else "RGB", (shape[1], shape[0]))
            return _pixels(image, shape)
    except _UNREADABLE as error:
        return f"is no image that can be read: {first_line(error)}"


def _pixels(image: Any, shape: Shape) -> npt.NDArray[np.uint8]:
    if image.mode in {"I", "I;16", "I;16B"}:  # 16 bits; Pillow would cut off what is above 255
        image = _pillow().fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
    image = image.convert("L" if len(shape) == 2 else "RGB")
    if image.size != (shape[1], shape[0]):
        image = image.resize((shape[1], shape[0]), _pillow().Resampling.BOX)
    return np.asarray(image, np.uint8)


def _opened(path: Path) -> Any:
    pillow = _pillow()
    with warnings.catch_warnings(action="ignore"):  # the number of pixels is checked before any is decoded
        try:
            return pillow.open(path, formats=_FORMATS)
        except pillow.DecompressionBombError as error:
            raise ValueError(first_line(error)) from error


def _pillow() -> Any:
    try:
        return import_module("PIL.Image")
    except ImportError as error:
        raise DataError("Images need Pillow: install it with pip install 'justfit[images]'.") from error


# What Pillow raises for files that are broken, cut off or made to harm.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    TypeError,
    OverflowError,
    MemoryError,
    KeyError,
)
