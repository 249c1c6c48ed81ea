"""Columns of a table that name files of images: found by looking, and then read as those images."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from justfit.data.files.frame import Frame, Skipped, array_columns
from justfit.data.files.images import ENDINGS, Shape, read_image, shape_for
from justfit.data.files.told import excerpt
from justfit.errors import DataError

MOSTLY = 0.9
"""Share of a column's values that must end as names of images do."""

_FIRST = 10_000
"""Rows that are looked at before all are."""

_FOUND = 0.5
"""Share of such values that must lead to a file, for the column to be taken for images."""


def with_images(frames: Mapping[str, Frame], left: Collection[str]) -> dict[str, Frame]:
    """The frames of a data set, with the columns that name images read as such, all of one shape.

    A value is a path in the folder of its file. Rows with a value that leads out of that folder, to no file
    or to no image are skipped.

    Args:
        frames: by part; the rows of ``train`` say which columns name images, and their shapes.
        left: names of columns that are not to be looked at.

    Raises:
        DataError: no row of a frame has images that can be read, or Pillow is not installed.
    """
    shapes: dict[str, Shape] = {}
    notes: tuple[str, ...] = ()
    train = frames["train"]
    for name in train.table.column_names:
        if name not in left and (found := _images_in(train, name)):
            try:
                shapes[name], told = shape_for(found)
            except DataError as error:
                raise DataError(
                    f'{train.source}, column "{name}" names images. {error} Or drop the column.'
                ) from error
            notes += tuple(f'Column "{name}": {note}' for note in told)
    if not shapes:
        return dict(frames)
    read = {part: images_read(frame, shapes) for part, frame in frames.items()}
    for part, frame in read.items():
        if not len(frame):
            reason = frame.skipped[-1].reason if frame.skipped else "It is empty"
            raise DataError(f"{frame.source} has no row with images that can be read. {reason}.")
        read[part] = replace(frame, notes=frame.notes + notes)
    return read


def images_read(frame: Frame, shapes: Mapping[str, Shape]) -> Frame:
    """The frame with columns of paths as the images they lead to; rows without one are skipped, with reasons.

    Args:
        frame: of a file.
        shapes: of the images, by name of the column. Columns that hold no strings stay as they are.
    """
    skipped = dict[int, str]()
    images = dict[str, npt.NDArray[np.uint8]]()
    for name, shape in shapes.items():
        if _has_paths(frame, name):
            images[name] = _images(frame, name, shape, skipped)
    if not images:
        return frame
    kept = np.delete(np.arange(len(frame)), sorted(skipped))
    table = frame.table.take(pa.array(kept))
    for name, values in images.items():
        column = array_columns({name: values[kept]}, frame.source, split=False)
        field = column.schema.field(0).with_metadata({"shape": _axes(shapes[name]), "of": "paths"})
        table = table.set_column(table.column_names.index(name), field, column.column(0))
    told = tuple(Skipped(int(frame.rows[place]), reason) for place, reason in sorted(skipped.items()))
    strings = {name: each for name, each in frame.kept.items() if name not in images}
    return replace(frame, table=table, rows=frame.rows[kept], skipped=frame.skipped + told, kept=strings)


def are_images_of_paths(field: pa.Field) -> bool:
    """Whether a column's images were read from files that its cells named."""
    return (field.metadata or {}).get(b"of") == b"paths"


def _axes(shape: Shape) -> str:
    return ",".join(map(str, shape))


def _has_paths(frame: Frame, name: str) -> bool:
    if frame.folder is None or frame.table.column_names.count(name) != 1:
        return False
    field = frame.table.schema.field(name)
    is_text = pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    return not field.metadata and (is_text or name in frame.kept)


def _images_in(frame: Frame, name: str) -> list[Path]:
    """The files that a column names, if it names images; else none."""
    if not _has_paths(frame, name):
        return []
    endings = "|".join(ending[1:] for ending in sorted(ENDINGS))
    for rows in (_FIRST, len(frame)):  # of a large file the first ones mostly tell that these are no names
        values = pc.unique(frame.between(0, rows).column(name).drop_null())
        named = pc.match_substring_regex(values, rf"(?i)\.({endings})\s*$")
        if not len(values) or pc.sum(named).as_py() < MOSTLY * len(values):
            return []
    found = [path for value in values.to_pylist() if isinstance(path := _inside(frame, value), Path)]
    return found if len(found) >= _FOUND * len(values) else []


def _images(frame: Frame, name: str, shape: Shape, skipped: dict[int, str]) -> npt.NDArray[np.uint8]:
    """An image a row, each file read once; tells of the rows that have none."""
    encoded = frame.column(name).combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    images = np.zeros((len(values) + 1, *shape), np.uint8)
    reasons = {-1: "names no image"}
    for code, value in enumerate(values):
        if not value.strip():
            reasons[code] = reasons[-1]
            continue
        path = _inside(frame, value)
        image = path if isinstance(path, str) else read_image(path, shape)
        if isinstance(image, str):
            reasons[code] = f'names "{excerpt(value)}", which {image}'
        else:
            images[code] = image
    codes = pc.fill_null(encoded.indices, -1).to_numpy()
    for place in np.flatnonzero(np.isin(codes, list(reasons))).tolist():
        skipped.setdefault(place, f'column "{name}" {reasons[codes[place]]}')
    found: npt.NDArray[np.uint8] = images[codes]
    return found


def _inside(frame: Frame, value: str) -> Path | str:
    """The file in the frame's folder that a value leads to, or why there is none."""
    if frame.folder is None:
        return "has no folder to be in"
    name = value.strip()
    if Path(name).is_absolute():
        return "is no path in the folder of the file"
    path = frame.folder / name
    try:
        if not path.resolve().is_relative_to(frame.folder.resolve()):
            return "leads out of the folder of the file"
        return path if path.is_file() else "is not there"
    except (OSError, ValueError, RuntimeError):  # too long, not a name, or links in a circle
        return "cannot be the name of a file"
