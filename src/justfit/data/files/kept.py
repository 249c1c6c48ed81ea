"""Frames whose strings stand on the disk, for files that would take too much memory."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import pyarrow as pa

from justfit.data.files.frame import Frame, as_texts, concatenated
from justfit.data.on_disk import KeptStrings, give_back_all
from justfit.machine import memory

MOST_HELD = 1 << 27
"""Bytes of cells that are held in memory, on a machine with 4 GB at least; a text takes a few times as much
once it is a row."""

_SHARE = 1 / 32
"""Of the machine's memory, where that is less."""

_LONG = 20
"""Bytes that strings take on average in memory, from which on their places take clearly less."""

_MOST_COLUMNS = 100
"""On the disk, each of which takes two files."""

_ROWS = 1 << 16
"""Rows that are copied at a time."""


def gathered(frames: Iterable[Frame]) -> Frame:
    """One frame of the pieces of a file: with more than `MOST_HELD` bytes, its long strings on the disk.

    Which columns have long strings is seen in the first pieces, which have so many bytes.

    Raises:
        DataError: as `concatenated`, or the disk is full.
    """
    held, size, pieces = list[Frame](), 0, iter(frames)
    for frame in pieces:
        held.append(frame)
        size += frame.table.nbytes
        if size > min(MOST_HELD, memory() * _SHARE):
            return _kept(chain(_let_go(held), pieces), _long(held))
    return concatenated(held)


def joined(frames: Sequence[Frame]) -> Frame:
    """One frame of whole ones, as `concatenated`; its strings on the disk where those of one are."""
    if not any(frame.kept for frame in frames):
        return concatenated(frames)
    blocks = (
        frame.between(start, start + _ROWS) for frame in frames for start in range(0, len(frame), _ROWS)
    )
    told = concatenated([dataclasses.replace(each, table=each.table.slice(0, 0), kept={}) for each in frames])
    names = dict.fromkeys(name for frame in frames for name in frame.kept)
    return dataclasses.replace(_kept(blocks, list(names)), skipped=told.skipped, notes=told.notes)


def _let_go(held: list[Frame]) -> Iterator[Frame]:
    while held:
        yield held.pop(0)


def _long(frames: Sequence[Frame]) -> list[str]:
    """The columns of long strings."""
    sizes: dict[str, list[int]] = {}
    for frame in frames:
        names = frame.table.column_names
        for field, column in zip(frame.table.schema, frame.table.columns, strict=True):
            if _is_string(field.type) and names.count(field.name) == 1:  # of two it is told later
                sizes.setdefault(field.name, []).append(column.nbytes)
    rows = sum(map(len, frames))
    return [name for name, found in sizes.items() if sum(found) >= _LONG * rows][:_MOST_COLUMNS]


def _kept(frames: Iterable[Frame], names: Sequence[str]) -> Frame:
    """The rows with these columns on the disk, as strings."""
    kept = {name: KeptStrings() for name in names}
    pieces = [_moved(frame, kept) for frame in frames]
    give_back_all()
    return dataclasses.replace(concatenated(pieces), kept=kept)


def _moved(frame: Frame, kept: Mapping[str, KeptStrings]) -> Frame:
    """The frame with the places of strings instead of them."""
    others = [field.name for field in frame.table.schema if field.name in kept and not _is_string(field.type)]
    table = as_texts(frame.table, others, frame.source)
    for number, field in enumerate(table.schema):
        if field.name in kept:
            places = kept[field.name].add(table.column(number))
            column = pa.array(places, mask=places < 0)
            table = table.set_column(number, field.with_type(column.type), column)
    return dataclasses.replace(frame, table=table)


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
