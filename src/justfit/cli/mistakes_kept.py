"""What the chosen network gets wrong of validation rows, made once and kept with the study."""

import base64
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.cli.data import picture
from justfit.cli.held_out import dataset_of, held_out
from justfit.cli.mistakes_found import found_mistakes
from justfit.cli.what_matters import what_matters
from justfit.data.columns import of_kind
from justfit.data.dataset import Dataset, Part
from justfit.data.raw import Numbers, Table
from justfit.errors import DataError, StoreError
from justfit.store import StoredStudy, read_mistakes, write_mistakes
from justfit.store.mistakes import LONGEST_TEXT
from justfit.workflow import HeldOut

MOST = 12
"""Mistakes, and doubtful labels, that are kept."""

_SIDE = 96
"""Pixels that a picture is at least high or wide: a smaller one is made larger in whole steps."""


def keep_mistakes(
    stored: StoredStudy, dataset: Dataset | None = None, threads: int | None = None
) -> dict[str, Any] | None:
    """Find out what the chosen network gets wrong of validation rows, and keep it; what is kept stays.

    The network is trained again, once for each split. Test rows stay sealed.

    Args:
        stored: a study.
        dataset: the one it names, where it is at hand; else it is loaded.
        threads: processors to use, by default all.

    Returns:
        What is kept, as the store's README has it; None where there is nothing to find out: the study is
        not done, no training row validates, the chosen network has no best epoch, or its rows cannot
        be had any more.

    Raises:
        EngineError: the network diverged.
        StoreError: a file of the study is broken, or the disk is full.
    """
    if not are_to_find(stored):
        return read_mistakes(stored.folder)
    if dataset is None:
        try:
            dataset = dataset_of(stored)
        except (DataError, StoreError):
            return None
    held = held_out(stored, dataset, threads=threads)
    write_mistakes(stored.folder, mistakes_to_keep(held))
    return read_mistakes(stored.folder)


def are_to_find(stored: StoredStudy) -> bool:
    """Whether what the chosen network gets wrong can be found out and is not kept yet.

    Raises:
        StoreError: what is kept is broken.
    """
    result = stored.result
    if result is None or result["standing"] is None:
        return False
    kept = read_mistakes(stored.folder)
    is_kept = kept is not None and kept["network"] == result["chosen"]
    return not is_kept and stored.spec["validation"]["name"] in ("hold_out", "k_fold")


def mistakes_to_keep(held: HeldOut) -> dict[str, Any]:
    """`found_mistakes` with texts cut, pictures as PNG, and what matters but where rows are pictures."""
    part = held.dataset.train.take(held.rows)
    found = found_mistakes(held, MOST, ())
    high = _brightest(part)
    places = {int(row): place for place, row in enumerate(held.rows)}
    for each in (*found["mistakes"], *found["suspects"]):
        each["text"] = None if each["text"] is None else each["text"][:LONGEST_TEXT]
        pixels = pixels_of(held, part, places[each["row"]])
        each["picture"] = None if pixels is None else png(pixels, high)
    are_pictures = len(part) > 0 and pixels_of(held, part, 0) is not None
    return {**found, "matter": None if are_pictures else what_matters(held, part)}


def pixels_of(held: HeldOut, part: Part, place: int) -> npt.NDArray[np.float64] | None:
    """A row's picture, ``[lines, columns]`` or with 3 colours; None where it has none, or several."""
    images = of_kind(held.dataset.columns, "image")
    match part.raw:
        case Numbers(values) if len(images) == 1:
            return np.asarray(values[place], np.float64).reshape(images[0].shape)
        case Numbers(values) as raw if picture(raw, place):
            side = round(values.shape[1] ** 0.5)
            return np.asarray(values[place], np.float64).reshape(side, side)
        case Table() as raw if len(images) == 1:
            first = raw.number_names.index(images[0].numbers[0])
            numbers = raw.numbers[place, first : first + len(images[0].numbers)]
            return np.asarray(numbers, np.float64).reshape(images[0].shape)
    return None


def _brightest(part: Part) -> float:
    match part.raw:
        case Numbers(values):
            return float(values.max(initial=0))
        case Table() as raw:
            return 255.0 if of_kind(raw.columns, "image") else 0.0
    return 0.0


def png(pixels: npt.NDArray[np.float64], high: float) -> str:
    """A picture as a PNG in a ``data:`` address.

    Source: PNG specification, third edition (W3C 2025), sections 10 and 11.

    Args:
        pixels: ``[lines, columns]`` for gray, ``[lines, columns, 3]`` for red, green and blue; 0 is black.
        high: the value that is the brightest.
    """
    scaled = (pixels / max(high, 1e-12) * 255).clip(0, 255).round().astype(np.uint8)
    larger = max(1, -(-_SIDE // max(scaled.shape[:2])))
    scaled = scaled.repeat(larger, axis=0).repeat(larger, axis=1)
    height, width = scaled.shape[:2]
    colour = 0 if scaled.ndim == 2 else 2
    lines = b"".join(b"\0" + line.tobytes() for line in scaled)
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)),
            (b"IDAT", zlib.compress(lines, 9)),
            (b"IEND", b""),
        )
    )
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"
