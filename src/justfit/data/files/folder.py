"""A folder with a subfolder a class, of text files or of images."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from justfit.data.files.frame import Frame, Skipped, array_columns
from justfit.data.files.images import ENDINGS, Shape, read_image, shape_for
from justfit.data.files.text import text_of
from justfit.errors import DataError

TEXT_ENDINGS = frozenset({"", ".txt", ".text", ".md", ".eml"})
LARGEST_TEXT = 1 << 26
"""Bytes of one text file."""
_BATCH = 4096
_BY_SYSTEMS = {"Thumbs.db", "desktop.ini", "__MACOSX"}
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation"}


@dataclass(frozen=True)
class _Member:
    path: Path
    name: str
    label: str | None


def read_folder(path: Path, *, strict: bool, image_shape: Shape | None) -> Iterator[Frame]:
    """The files in ``path``, a row each, by folder and name: columns ``text`` or ``image``, ``class`` and
    ``file``.

    Without subfolders there is no ``class``. Images are brought to ``image_shape``, or to what a look at
    them suggests.

    Raises:
        DataError: there are no text files and no images, or both, or subfolders of subfolders; none can be
            read; or with ``strict`` one cannot.
    """
    where = str(path)
    members, notes = _members(path)
    endings = {member.path.suffix.lower() for member in members}
    images, texts = endings & ENDINGS, endings & TEXT_ENDINGS
    if bool(images) == bool(texts):
        held = "both text files and images" if images else "neither text files nor images"
        raise DataError(
            f"{where} holds {held}. Expected a subfolder for each class with text files (.txt) or images "
            "(.png, .jpg)."
        )
    if images and image_shape is None:
        image_shape, looked = shape_for([m.path for m in members if m.path.suffix.lower() in ENDINGS])
        notes += looked
    reading = _Reading(path, image_shape if images else None, strict=strict)
    left = iter(members)
    found = False
    while batch := list(islice(left, _BATCH)):
        frame = reading.frame(batch, notes)
        found = found or len(frame) > 0
        yield frame
    if not found:
        raise DataError(f"{where}: none of its {len(members):,} files can be used. {reading.first_skipped}")


class _Reading:
    """One pass over the files, with their numbers."""

    def __init__(self, folder: Path, shape: Shape | None, *, strict: bool) -> None:
        self._folder, self._shape, self._strict = folder, shape, strict
        self._root = folder.resolve()
        self._row = 0
        self._decoded: list[str] = []
        self.first_skipped = ""

    def frame(self, members: list[_Member], notes: tuple[str, ...]) -> Frame:
        """The rows of some files."""
        contents, used, numbers, skipped = [], [], [], []
        self._decoded = []
        for member in members:
            self._row += 1
            content, reason = self._content(member.path)
            if reason:
                skipped.append(Skipped(self._row, f"{member.name} {reason}"))
                self._skip(skipped[-1])
            else:
                contents.append(content)
                used.append(member)
                numbers.append(self._row)
        if self._shape:
            pixels = np.array(contents, np.uint8).reshape(-1, *self._shape)
            table = array_columns({"image": pixels}, str(self._folder), split=False)
        else:
            table = pa.table({"text": pa.array(contents, pa.string())})
        if members[0].label is not None:
            table = table.append_column("class", pa.array([member.label for member in used], pa.string()))
        names = pa.array([member.name for member in used], pa.string())
        table = table.append_column(pa.field("file", pa.string(), metadata={"kind": "id"}), names)
        if self._decoded:
            notes += (f"{len(self._decoded):,} files were not plain UTF-8, the first {self._decoded[0]}",)
        return Frame(table, np.array(numbers, np.int64), tuple(skipped), notes, str(self._folder))

    def _content(self, path: Path) -> tuple[object, str]:
        """What a file holds, or why it cannot be used."""
        endings, kind = (ENDINGS, "image") if self._shape else (TEXT_ENDINGS, "text file")
        if not path.resolve().is_relative_to(self._root):
            return None, "is a link to outside of the folder"
        if not path.is_file() or path.suffix.lower() not in endings:
            return None, f"is no {kind}"
        return _image(path, self._shape) if self._shape else self._text(path)

    def _text(self, path: Path) -> tuple[object, str]:
        if path.stat().st_size > LARGEST_TEXT:
            return None, f"takes more than {LARGEST_TEXT >> 20} MB"
        try:
            text, notes = text_of(path.read_bytes(), path.name)
        except (DataError, OSError) as error:
            return None, f"cannot be read: {error}"
        self._decoded.extend(f"{path.name}: {note}" for note in notes[:1])
        return text or None, ""

    def _skip(self, skipped: Skipped) -> None:
        self.first_skipped = self.first_skipped or f"{skipped.reason}."
        if self._strict:
            raise DataError(f"{self._folder}: {skipped.reason}. Mend or delete it, or read without strict.")


def _image(path: Path, shape: Shape) -> tuple[object, str]:
    image = read_image(path, shape)
    return (None, image) if isinstance(image, str) else (image, "")


def _members(path: Path) -> tuple[list[_Member], tuple[str, ...]]:
    """The files of all classes, in the order of their names."""
    folders, files = _content_of(path)
    if not folders:
        if not files:
            raise DataError(f"{path} is an empty folder. Expected a subfolder for each class.")
        return [_Member(file, file.name, None) for file in files], ()
    members: list[_Member] = []
    for folder in folders:
        inner, inside = _content_of(folder)
        if inner:
            told = (
                f"Give {folder} and its neighbors one by one, as training and test rows."
                if folder.name.lower() in _PARTS
                else "Expected files only in the subfolder of a class."
            )
            raise DataError(
                f'{path}: the subfolder "{folder.name}" holds folders ("{inner[0].name}"). {told}'
            )
        members.extend(_Member(file, f"{folder.name}/{file.name}", folder.name) for file in inside)
    note = f"{len(files):,} files beside the subfolders were left out, as {files[0].name}." if files else ""
    return members, (note,) if note else ()


def _content_of(folder: Path) -> tuple[list[Path], list[Path]]:
    """Subfolders and files, by name, without hidden ones."""
    inside = sorted(item for item in folder.iterdir() if item.name[0] != "." and item.name not in _BY_SYSTEMS)
    return [item for item in inside if item.is_dir()], [item for item in inside if not item.is_dir()]
