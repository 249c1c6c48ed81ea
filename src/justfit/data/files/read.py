"""Any file or folder to a `Frame`."""

import io
import logging
import re
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from justfit.data.files.archives import BROKEN, Unpacked, unpacked
from justfit.data.files.arrays import is_idx, read_idx, read_npy, read_npz
from justfit.data.files.columnar import read_columnar
from justfit.data.files.csr import is_csr, read_csr
from justfit.data.files.delimited import read_delimited
from justfit.data.files.excel import read_excel
from justfit.data.files.folder import read_folder
from justfit.data.files.frame import Frame, concatenated
from justfit.data.files.images import Shape
from justfit.data.files.json_lines import read_json
from justfit.data.files.shards import is_sharded, read_shards
from justfit.data.files.text import Utf8
from justfit.errors import DataError
from justfit.spec.checks import nearest

_LOG = logging.getLogger(__name__)


def read_frame(path: Path | str, *, strict: bool = False, image_shape: Shape | None = None) -> Frame:
    """All rows of a file or folder; what it holds is found by looking, in doubt by its name's ending.

    CSV, TSV and their like in any usual encoding, JSON lines, a JSON array of objects, Parquet, Arrow,
    Feather, Excel, ``.npy``, ``.npz``, IDX; text also in ``.gz``, ``.bz2``, ``.zst`` and ``.zip`` with one
    member; a folder with a subfolder a class of text files or images.

    Args:
        path: where it is.
        strict: whether a row that cannot be used is an error instead of being skipped.
        image_shape: what the images of a folder are brought to, (height, width) or (height, width, 3), as
            those that trained a model; by default as a look at them suggests.

    Raises:
        DataError: it is not there, empty, broken or of no known kind, no row can be used; or with ``strict``
            one cannot.
    """
    return concatenated(list(read_batches(path, strict=strict, image_shape=image_shape)))


def read_batches(
    path: Path | str | Sequence[str],
    *,
    strict: bool = False,
    image_shape: Shape | None = None,
    part: str | None = None,
) -> Iterator[Frame]:
    """The same rows in order, some at a time, so that a file larger than memory can be read.

    Frames may be empty; the last one carries the notes that only the end of the file allows. The types of
    JSON columns may differ between frames.

    Args:
        path: where it is; also a list of paths, a pattern such as ``rows/*.parquet``, a folder of tables, or
            an address such as ``s3://bucket/rows`` (`justfit.data.files.shards`).
        strict: as in `read_frame`.
        image_shape: likewise.
        part: ``train``, ``test`` or ``validation``: which rows of a ``.npz`` file that has several parts.

    Raises:
        DataError: as `read_frame`, in the course of reading.
    """
    if is_sharded(path):
        yield from read_shards(path, partial(_one_file, strict=strict), partial(_streamed, strict=strict))
        return
    path = Path(cast("str | Path", path))
    _require_there(path)
    start, rows = time.perf_counter(), 0
    try:
        for frame in _frames(path, strict=strict, image_shape=image_shape, part=part):
            rows += len(frame)
            yield replace(frame, folder=path.parent)
        size = path.stat().st_size
        _LOG.info("read %s: %d bytes, %d rows in %.2f s", path, size, rows, time.perf_counter() - start)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _one_file(path: Path, *, strict: bool) -> Iterator[Frame]:
    """The rows of one of several files."""
    try:
        for frame in _frames(path, strict=strict, image_shape=None, part=None):
            yield replace(frame, folder=path.parent)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _streamed(contents: Unpacked, *, strict: bool) -> Iterator[Frame]:
    return _of_stream(contents, Path(contents.where), strict=strict)


def read_stream(stream: BinaryIO, where: str) -> Iterator[Frame]:
    """The rows of a table in text that has no name and is read once, some at a time: CSV and its like, JSON
    lines, a JSON array of objects.

    Args:
        stream: its bytes, unpacked.
        where: what messages call it.

    Raises:
        DataError: as `read_batches`.
    """
    contents = Unpacked(where, "", cast("io.BufferedReader", io.BufferedReader(cast("io.RawIOBase", stream))))
    try:
        yield from _of_stream(contents, Path(where), strict=False)
    except OSError as error:
        raise DataError(f"{where} cannot be read: {error.strerror or error}.") from error


def _require_there(path: Path) -> None:
    if path.is_file() or path.is_dir():
        return
    if path.exists():
        raise DataError(f"{path} is neither a file nor a folder.")
    beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    raise DataError(f'There is no file or folder "{path}".{nearest(path.name, beside)}')


def _frames(path: Path, *, strict: bool, image_shape: Shape | None, part: str | None) -> Iterator[Frame]:
    where = str(path)
    if path.is_dir():
        if is_csr(path):
            yield from read_csr(path)
            return
        yield from read_folder(path, strict=strict, image_shape=image_shape)
        return
    with path.open("rb") as file:
        head = file.read(512)
    if kind := next((kind for start, kind in _COLUMNAR.items() if head.startswith(start)), None):
        yield from read_columnar(path, where, kind)
    elif head.startswith(b"\x93NUMPY"):
        yield from read_npy(path)
    elif (held := _held_by_zip(path, head)) == "arrays":
        yield from read_npz(path, part)
    elif held == "sheets":
        yield from read_excel(path)
    else:
        with unpacked(path) as contents:
            yield from _of_stream(contents, path, strict=strict)


def _of_stream(contents: Unpacked, path: Path, *, strict: bool) -> Iterator[Frame]:
    where, stream = contents.where, contents.stream
    head = stream.peek(512)[:512]
    if is_idx(head):
        yield from read_idx(stream, path)
        return
    if not head:
        raise DataError(
            f"{where} is empty: it has 0 bytes. Expected a header with the names of the columns, and rows."
        )
    if what := next((what for start, what in _FOREIGN.items() if head.startswith(start)), None):
        raise DataError(f"{where} is {what}.")
    if head[257:262] == b"ustar":
        raise DataError(f"{where} is a tar archive. Unpack it and give the file or the folder.")
    text = Utf8(stream, where)
    if _is_json(head, contents.name):
        yield from read_json(text, where, strict=strict)
    else:
        yield from read_delimited(text, where, contents.name, strict=strict)


def _is_json(head: bytes, name: str) -> bool:
    ending = Path(name).suffix.lower()
    if ending in {".csv", ".tsv", ".txt", ".tab", ".psv"}:
        return False
    return ending in {".json", ".jsonl", ".ndjson"} or _JSON_START.match(head) is not None


def _held_by_zip(path: Path, head: bytes) -> str:
    """arrays, sheets, or nothing where the file is no zip, or one of another kind."""
    if not head.startswith(b"PK"):
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except BROKEN:
        return ""  # what is wrong with it is told where it is unpacked
    if "xl/workbook.xml" in names:
        return "sheets"
    if "content.xml" in names or "word/document.xml" in names or "xl/workbook.bin" in names:
        raise DataError(f"{path} is an office document. Save its table as xlsx or CSV.")
    return "arrays" if names and all(name.endswith(".npy") for name in names) else ""


_JSON_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{|\[\s*\{)")
_COLUMNAR = {b"PAR1": "parquet", b"ARROW1": "arrow", b"\xff\xff\xff\xff": "stream"}
_ONE_IMAGE = "one image. Give a folder with a subfolder of images for each class"
_UNPACK = "Unpack it and give the file or the folder"
_FOREIGN = {
    b"\x89PNG": _ONE_IMAGE,
    b"\xff\xd8\xff": _ONE_IMAGE,
    b"GIF8": _ONE_IMAGE,
    b"%PDF": "a PDF. Save its table or text as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file. Save it as xlsx or CSV",
    b"7z\xbc\xaf\x27\x1c": f"a 7z archive. {_UNPACK}",
    b"Rar!": f"a rar archive. {_UNPACK}",
    b"\xfd7zXZ": f"an xz file. {_UNPACK}",
    b"PK": f"packed twice. {_UNPACK}",
    b"\x1f\x8b": f"packed twice. {_UNPACK}",
    b"\x28\xb5\x2f\xfd": f"packed twice. {_UNPACK}",
    b"FEA1": "a Feather file of version 1. Write it as version 2, or as Parquet",
    b"PAR1": "a packed Parquet file. Unpack it first",
    b"ARROW1": "a packed Arrow file. Unpack it first",
    b"SQLite format 3": "a database. Export its table as CSV or Parquet",
    b"\x89HDF": "an HDF5 file. Save its table as Parquet or its arrays as npz",
    b"\x80\x04\x95": "a pickle, which can run code when it is read; justfit reads none. Save it as Parquet "
    "or npz",
    b"\x80\x03": "a pickle, which can run code when it is read; justfit reads none. Save it as Parquet or "
    "npz",
    b"\x80\x05\x95": "a pickle, which can run code when it is read; justfit reads none. Save it as Parquet "
    "or npz",
}
