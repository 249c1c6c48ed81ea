"""The frames of a data set: training rows, and those that validate and test where they are given."""

from collections.abc import Collection, Mapping, Sequence

from justfit.data.files.frame import Frame
from justfit.data.files.image_paths import with_images
from justfit.data.finding import named
from justfit.data.table_rows import plain, require_columns
from justfit.errors import DataError

PARTS = ("train", "validation", "test")
"""Names of the frames that may be given; without ``test`` a fifth of ``train`` is sealed."""


def parts_of(
    frames: Mapping[str, Frame], target: str, drop: Collection[str], asked: Mapping[str, str]
) -> dict[str, Frame]:
    """The frames of a data set in plain types, with columns that name images as those images.

    Args:
        frames: by name, as in `PARTS`.
        target: name of the column that holds the labels.
        drop: names of columns that are left out.
        asked: kinds that were asked for, by name of the column.

    Raises:
        DataError: a frame, or a column that was named, is not there, or the frames are not alike.
    """
    frames = {part: plain(frame) for part, frame in frames.items()}
    _require_parts(frames, target, drop, asked)
    _require_same_bags(list(frames.values()))
    return with_images(frames, {target, *drop, *asked})


def _require_parts(
    frames: Mapping[str, Frame], target: str, drop: Collection[str], asked: Mapping[str, str]
) -> None:
    if "train" not in frames or any(part not in PARTS for part in frames):
        found = ", ".join(frames) or "none"
        raise DataError(
            f"The parts of a data set are {', '.join(PARTS)}, of which train is needed; got {found}."
        )
    train = frames["train"]
    require_columns(train, [target, *drop, *asked])
    if target in drop or target in asked:
        raise DataError(
            f'Column "{target}" is the target, so it cannot be {asked.get(target, "left out")}, too.'
        )
    if left := [name for name in asked if name in drop]:
        raise DataError(f'Column "{left[0]}" is asked to be a {asked[left[0]]} and to be left out.')
    names = [name for name in train.table.column_names if name not in drop]
    require_columns(train, names)
    for part, frame in frames.items():
        own = [name for name in frame.table.column_names if name not in drop]
        lacks, more = [n for n in names if n not in own], [n for n in own if n not in names]
        if lacks or more:
            said = [f"lacks {named(lacks)}"] * bool(lacks) + [f"has {named(more)} besides"] * bool(more)
            raise DataError(
                f"{frame.source} ({part}) {' and '.join(said)}, compared with {train.source}: give both the "
                "same columns, or drop those that differ."
            )


def _require_same_bags(frames: Sequence[Frame]) -> None:
    """Raise `DataError` where the frames are not all sparse rows of as many columns, and some are."""
    widths = {0 if frame.bags is None else frame.bags.columns for frame in frames}
    if len(widths) > 1:
        found = ", ".join(f"{width:,} columns" if width else "a table" for width in sorted(widths))
        raise DataError(f"Some parts are sparse rows, and are not alike ({found}): give all parts as many.")
