"""Files that carry a hash of what they say, so that none of it changes unseen.

In a JSON file it stands beside the format, at the beginning::

    {
     "format": 2,
     "checksum": "0b1d...",

and is the SHA-256 of the whole file with zeros in place of its 64 digits. A file of the format before
the newest has none: what it says is taken as it is. A safetensors file has it in its metadata, and a line
of the log of looks at its end, likewise of the line alone.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from justfit.store.files import (
    JSON_LIMIT,
    broken,
    json_bytes,
    json_object,
    read_bytes,
    told_newer,
    writing,
)

_ZEROS = b"0" * 64
_HEAD = re.compile(rb'\{\n "format": \d{1,9},\n "checksum": "([0-9a-f]{64})"', re.ASCII)
_IN_HEADER = re.compile(rb'"__metadata__":\{"checksum":"([0-9a-f]{64})"\}')
DIFFERS = "its SHA-256 differs from its checksum"

UNSTAMPED = {"checksum": _ZEROS.decode()}
"""What is to be `stamped`: metadata of a safetensors file, or the end of a line."""


def write_record(path: Path, number: int, values: Mapping[str, object]) -> None:
    """Write plain finite values as JSON of a format, with their checksum.

    Args:
        path: of the file.
        number: of the format.
        values: all but ``format`` and ``checksum``.

    Raises:
        StoreError: the disk is full, the folder is missing or may not be written, or they are too long.
    """
    content = json_bytes(path, {"format": number, "checksum": _ZEROS.decode(), **values})
    write_stamped(path, content)


def read_record(path: Path, newest: int) -> dict[str, Any]:
    """What `write_record` wrote, but for ``format`` and ``checksum``.

    Args:
        path: of the file.
        newest: the newest format of such a file; the one before, which has no checksum, is read, too.

    Raises:
        StoreError: the file is missing, cut off, changed or too new.
    """
    return record_in(path, read_bytes(path, JSON_LIMIT), newest)


def record_in(path: Path, content: bytes, newest: int) -> dict[str, Any]:
    """As `read_record`, of the content of a file; ``path`` is for messages."""
    values = json_object(path, content)
    found, checksum = values.pop("format", None), values.pop("checksum", None)
    if type(found) is int and found > newest:
        raise told_newer(path, found, newest)
    if found not in (newest, newest - 1) or type(found) is not int or not found:
        raise broken(path, f"of format {found!r} where {newest} was expected")
    if found < newest and checksum is None:
        return values
    head = _HEAD.match(content)
    if found < newest or not is_right(content, head):
        raise broken(path, f"not as it was written ({DIFFERS})")
    return values


def stamped(content: bytes) -> bytes:
    """Content with its checksum in the place of the first 64 zeros."""
    return b"".join(_stamped(content))


def write_stamped(path: Path, content: bytes) -> None:
    """Write a file as `stamped`, without another copy of it; raises what `writing` does."""
    with writing(path) as file:
        file.writelines(_stamped(content))


def _stamped(content: bytes) -> tuple[memoryview, bytes, memoryview]:
    place, all_of_it = content.index(_ZEROS), memoryview(content)
    return all_of_it[:place], hashlib.sha256(content).hexdigest().encode(), all_of_it[place + len(_ZEROS) :]


def require_unchanged(content: bytes) -> None:
    """Raise ValueError where a safetensors file with `UNSTAMPED` metadata, once stamped, was changed.

    One without metadata is of an earlier justfit.
    """
    header = content[8 : 8 + int.from_bytes(content[:8], "little")]
    if b'"__metadata__"' in header and not is_right(content, _IN_HEADER.search(content, 8, 8 + len(header))):
        raise ValueError(DIFFERS)


def is_right(content: bytes, written: re.Match[bytes] | None) -> bool:
    """Whether the checksum that was found is that of the content."""
    if written is None:
        return False
    found = hashlib.sha256(content[: written.start(1)] + _ZEROS)
    found.update(memoryview(content)[written.end(1) :])
    return found.hexdigest() == written[1].decode()
