"""Rows in several files, or at an address: a folder, a pattern or a list of them, read one after another."""

import glob
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from justfit.data.files.archives import Unpacked, unpacked_stream
from justfit.data.files.columnar import read_columnar
from justfit.data.files.frame import Frame
from justfit.data.files.told import first_line
from justfit.errors import DataError, JustfitError, SpecError
from justfit.spec.checks import nearest

MOST_SHARDS = 10_000
MOST_BYTES = 1 << 40
"""Of all shards together, as they are packed."""

ENDINGS = (".parquet", ".pq", ".arrow", ".feather", ".csv", ".tsv")
"""Of the files of which a folder of shards is made; text also packed: ``.csv.gz``."""
_PACKED = (".gz", ".bz2", ".zst")

PACKAGES = {
    "file": "",
    "memory": "",
    "s3": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
    "sftp": "paramiko",
}
"""Protocols that are read, and the package that fsspec needs for each; others might run code or read archives
whose sizes nobody checks."""

_ADDRESS = re.compile(r"([a-z][a-z0-9+]+):", re.ASCII)
_VERSIONS = (
    "size",
    "mtime",
    "ETag",
    "etag",
    "LastModified",
    "last_modified",
    "generation",
    "md5Hash",
    "created",
)
"""What file systems say of a file that changes when it does."""


Local = Callable[[Path], Iterator[Frame]]
"""Reads a file on this machine."""

Streamed = Callable[[Unpacked], Iterator[Frame]]
"""Reads a table in text."""


@dataclass(frozen=True)
class Shard:
    """One of the files."""

    where: str
    """Begins messages."""
    size: int
    version: Callable[[], object]
    """Another one when the file was changed."""
    frames: Callable[[], Iterator[Frame]]
    """Its rows, some at a time."""


def is_sharded(path: Path | str | Sequence[str]) -> bool:
    """Whether rows stand in more than one local file: a list, an address, a pattern, a folder of tables."""
    if not isinstance(path, str | Path):
        return True
    if Path(path).exists():
        return Path(path).is_dir() and bool(_tables(Path(path)))
    return _is_address(str(path)) or glob.has_magic(str(path))


def read_shards(paths: Path | str | Sequence[str], local: Local, streamed: Streamed) -> Iterator[Frame]:
    """The rows of all shards in the order of their names, of a list in its order, numbered through.

    Args:
        paths: where they are.
        local: reads a file on this machine.
        streamed: reads text from elsewhere.

    Raises:
        DataError: there are none or too many, one is broken, has other columns than the first, or changed
            while it was read.
        SpecError: what reads such an address is not installed, or there is no such thing.
    """
    where = str(paths) if isinstance(paths, str | Path) else f"{paths[0]} and others"
    shards = [shard for path in _listed(paths) for shard in _shards_at(path, local, streamed)]
    _require_bounds(shards, where)
    note = f"{len(shards):,} files were read one after another; rows are numbered through all of them."
    notes = (note,) if len(shards) > 1 else ()
    expected: tuple[str, pa.Schema] | None = None
    before = 0
    for shard in shards:
        last, version = before, shard.version()
        for frame in shard.frames():
            expected = expected or (shard.where, frame.table.schema)
            _require_same_columns(shard.where, frame.table.schema, *expected)
            skipped = tuple(replace(each, row=each.row + before) for each in frame.skipped)
            rows = frame.rows + before
            last = max((last, *rows[-1:].tolist(), *(each.row for each in skipped[-1:])))
            yield replace(frame, rows=rows, skipped=skipped, notes=(*frame.notes, *notes), source=where)
        if shard.version() != version:
            raise DataError(f"{shard.where} changed while it was read: leave it alone, and read it again.")
        before = last


def _listed(paths: Path | str | Sequence[str]) -> list[str]:
    return [str(paths)] if isinstance(paths, str | Path) else list(paths)


def _require_bounds(shards: Sequence[Shard], where: str) -> None:
    """Raise `DataError` where nothing is there, or more than is ever read; before any of it is."""
    if not shards:
        raise DataError(
            f"There is no file of rows at {where}: expected names that end with {', '.join(ENDINGS)}."
        )
    if len(shards) > MOST_SHARDS:
        raise DataError(
            f"{where}: there are {len(shards):,} files, and {MOST_SHARDS:,} may be read as one data set: "
            "join some, or name fewer."
        )
    if (size := sum(shard.size for shard in shards)) > MOST_BYTES:
        raise DataError(
            f"{where}: the files take {size / 1e9:,.0f} GB, and {MOST_BYTES / 1e9:,.0f} GB may be read as "
            "one data set: name fewer."
        )


def _require_same_columns(where: str, found: pa.Schema, first: str, expected: pa.Schema) -> None:
    """Raise `DataError` where a shard has other columns than the first one, or of other types."""
    if found.equals(expected):
        return
    for name in found.names:
        if name not in expected.names:
            raise DataError(
                f'{where} has the column "{name}", which {first} has not: give all files the same columns.'
                f"{nearest(name, expected.names)}"
            )
    for name in expected.names:
        if name not in found.names:
            raise DataError(
                f'{where} lacks the column "{name}", which {first} has: give all files the same columns.'
                f"{nearest(name, found.names)}"
            )
        kinds = found.field(name).type, expected.field(name).type
        if kinds[0] != kinds[1] and not any(map(pa.types.is_null, kinds)):
            raise DataError(
                f'{where}, column "{name}": found {kinds[0]}, expected {kinds[1]} as in {first}: write all '
                "files with the same types."
            )


# ---- on this machine ----


def _shards_at(path: str, local: Local, streamed: Streamed) -> Iterator[Shard]:
    if Path(path).is_dir():
        found = _tables(Path(path))
        if not found:
            raise DataError(f"{path} is a folder without files of rows ({', '.join(ENDINGS)}).")
    elif Path(path).exists():
        found = [Path(path)]
    elif _is_address(path):
        if path.startswith("file:"):
            yield from _shards_at(re.sub(r"^file:(//)?", "", path), local, streamed)
        else:
            yield from _at_address(path, streamed)
        return
    elif glob.has_magic(path):
        matching = glob.iglob(path)  # noqa: PTH207 - which takes absolute patterns, too
        found = sorted(each for each in map(Path, matching) if each.is_file())
    else:
        raise DataError(f'There is no file or folder "{path}".')
    for file in found[: MOST_SHARDS + 1]:
        yield Shard(str(file), file.stat().st_size, partial(_version, file), partial(local, file))


def _version(path: Path) -> object:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_size, state.st_mtime_ns, state.st_ino


def _tables(folder: Path) -> list[Path]:
    """The files of a folder by name, where all but those that others have put there are tables."""
    try:
        files = sorted(each for each in folder.iterdir() if each.name[0] not in "._")
    except OSError:
        return []
    return files if files and all(each.is_file() and _is_table(each.name) for each in files) else []


def _is_table(name: str) -> bool:
    path = PurePosixPath(name.lower())
    return (path.with_suffix("") if path.suffix in _PACKED else path).suffix in ENDINGS


# ---- at an address ----


def _is_address(path: str) -> bool:
    return _ADDRESS.match(path) is not None


def _at_address(path: str, streamed: Streamed) -> Iterator[Shard]:
    protocol = path.partition(":")[0]
    system, path = _file_system(protocol, path)
    with _told(path):
        if glob.has_magic(path) and protocol not in ("http", "https"):
            infos = [info for info in system.glob(path, detail=True).values() if info["type"] == "file"]
        elif (info := system.info(path))["type"] == "directory":
            infos = [
                each
                for each in system.ls(path, detail=True)
                if each["type"] == "file" and _is_table(each["name"]) and _name(each)[0] not in "._"
            ]
        else:
            infos = [info]
    for info in sorted(infos, key=_name):
        where = f"{protocol}://{str(info['name']).removeprefix(f'{protocol}://').lstrip('/')}"
        if info.get("size") is None:
            raise DataError(f"{where} does not say its size: download it, and give the file.")
        yield Shard(
            where,
            int(info["size"]),
            partial(_version_at, system, info["name"], where),
            partial(_frames_at, system, info, where, streamed),
        )


def _name(info: Mapping[str, Any]) -> str:
    return str(info["name"]).rstrip("/").rpartition("/")[2]


def _file_system(protocol: str, path: str) -> tuple[Any, str]:
    """What fsspec reads an address with, and the address as it is usually written."""
    if protocol not in PACKAGES or "::" in path:
        raise SpecError(
            f"{path} cannot be read: paths may begin with {', '.join(f'{each}:' for each in PACKAGES)}, and "
            "lead through no other."
        )
    try:
        fsspec = import_module("fsspec")
    except ImportError as error:
        raise SpecError(f"{protocol}: paths need a package: pip install 'justfit[remote]'.") from error
    try:
        path = f"{protocol}://{path.partition(':')[2].lstrip('/')}"
        return fsspec.url_to_fs(path)[0], path
    except ImportError as error:
        raise SpecError(f"{protocol}: paths need a package: pip install {PACKAGES[protocol]}.") from error
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path} cannot be reached: {first_line(error)}.") from error


@contextmanager
def _told(where: str) -> Iterator[None]:
    """What a file system raises, which is of a kind of its own, as a `DataError` that names the path."""
    try:
        yield
    except JustfitError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"There is no file or folder {where}.") from error
    except Exception as error:  # each file system has its own
        raise DataError(f"{where} cannot be read: {first_line(error)}.") from error


def _version_at(system: Any, name: str, where: str) -> object:
    system.invalidate_cache()
    with _told(where):
        info = system.info(name)
    return tuple(str(info.get(key)) for key in _VERSIONS)


def _frames_at(system: Any, info: Mapping[str, Any], where: str, streamed: Streamed) -> Iterator[Frame]:
    with _told(where), system.open(info["name"], "rb") as file:
        head = file.read(4)
        file.seek(0)
        if head == b"PAR1":
            yield from read_columnar(file, where, "parquet", int(info["size"]))
        elif head == b"ARRO":
            raise DataError(f"{where} is an Arrow file, which is read on this machine alone: write Parquet.")
        else:
            with unpacked_stream(io.BufferedReader(file), where, _name(info)) as found:
                yield from streamed(found)
