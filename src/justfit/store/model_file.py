"""A model as one file, ``NAME.justfit``: the files of its study's folder that it needs, in a zip.

The members are stored as they are, not compressed: nothing in it can unpack to more than the file itself,
and the same model always gives the same bytes. The first member lists the others with length and SHA-256.
It is only read in memory: nothing of it is written to a disk or executed.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from justfit.errors import StoreError, StudyFileError
from justfit.machine import DEFAULT_STORE, MOST_SHARE, memory
from justfit.spec import digest, plain
from justfit.spec.study_file import FILE_LIMIT, parse_studies
from justfit.store.files import json_object, read_bytes, require_format, write_bytes
from justfit.store.folders import find_study
from justfit.store.model import Model, model_of, read_model
from justfit.store.paths import StudyPaths
from justfit.store.records import record_in
from justfit.store.studies import FORMAT as STUDY_FORMAT
from justfit.store.studies import read_study

SUFFIX = ".justfit"

FORMAT = 1
"""Raised when an older justfit could no longer read such a file."""

_CONTENTS = "justfit.json"
_CONTENTS_LIMIT = 2**16
"""Bytes of the list of members."""

_AT = StudyPaths(Path())
_STUDY, _FILE, _RESULT, _MODEL, _WEIGHTS = (
    path.as_posix() for path in (_AT.study, _AT.file, _AT.result, _AT.model, _AT.weights)
)
"""Members are named as in a study's folder, so that a file unpacked by hand is such a folder."""
_NEEDED = {_CONTENTS, _STUDY, _RESULT, _MODEL, _WEIGHTS}
_KNOWN = _NEEDED | {_FILE}

_END = 22
"""Bytes at the end of a zip that say how many members it has, where no comment follows."""
_LARGEST = 2**32 - 2**16
"""Bytes of a zip that is written and read; a larger one has another end."""

_NEVER = (1980, 1, 1, 0, 0, 0)
"""The date of every member, the first that a zip can have: no byte shall depend on the day."""

_UNIX, _PLAIN_FILE = 3, 0o100644 << 16
"""Where a member was written, and that it is a file, neither link nor folder."""


@dataclass(frozen=True, eq=False)
class StoredModel:
    """A model with what is stored of the study that it is from."""

    model: Model
    spec: dict[str, Any]
    """Of the study, as `justfit.spec.plain` gives it."""
    result: dict[str, Any]
    """What came out; ``README.md`` beside this module specifies it."""
    study_file: str | None
    """The study as YAML, to run it again; None where somebody changed it afterwards."""


def load(reference: str | Path, store: Path = DEFAULT_STORE) -> Model:
    """The model of a study or of a ``.justfit`` file, checked in every part and ready to predict.

    Args:
        reference: the path of a ``.justfit`` file or of a study's folder, or the beginning of the name or the
            id of one study in ``store``.
        store: the folder that holds the studies' folders.

    Raises:
        StoreError: there is no such model, or a file of it is missing, cut off or changed.
    """
    path = find_model(reference, store)
    return read_model(path) if path.is_dir() else _packed_model(path, _members(path))


def find_model(reference: str | Path, store: Path = DEFAULT_STORE) -> Path:
    """The ``.justfit`` file or the study's folder that ``reference`` means, as `load` takes it.

    Raises:
        StoreError: no study is meant, or several, or it has no model.
    """
    path = Path(reference)
    if not path.is_dir() and (path.suffix == SUFFIX or path.is_file()):
        return path
    folder = find_study(store, str(reference), done=True)
    if read_study(folder).spec.get("final") is None:
        raise StoreError(
            f"{folder} has no model, as its study trains no final network: give it one under final."
        )
    return folder


def read_stored_model(path: Path) -> StoredModel:
    """The model at ``path``, a ``.justfit`` file or a study's folder, with its study's spec and result.

    Raises:
        StoreError: a file is missing, cut off or changed.
    """
    if path.is_dir():
        study = read_study(path)
        if study.result is None:
            raise StoreError(f"{path} is not done: run its study to the end.")
        return StoredModel(read_model(path), study.spec, study.result, unchanged_file(path, study.spec))
    members = _members(path)
    spec, result = (record_in(path / name, members[name], STUDY_FORMAT) for name in (_STUDY, _RESULT))
    if not isinstance(spec.get("spec"), dict):
        raise _broken(path, f"{_STUDY} has no spec")
    text = members.get(_FILE)
    try:
        return StoredModel(
            _packed_model(path, members), spec["spec"], result, None if text is None else text.decode()
        )
    except UnicodeDecodeError as error:
        raise _broken(path, f"{_FILE} is not UTF-8") from error


def pack_model(folder: Path, out: Path) -> None:
    """Write the model in a study's folder as one file. The same folder always gives the same bytes.

    Args:
        folder: of a study that is done and has a model; or such a file, which is copied.
        out: the file, ``NAME.justfit``; one that stands there is replaced.

    Raises:
        StoreError: something in the folder is missing, cut off or changed, it is larger than 4 GB, the disk
            is full or ``out`` may not be written.
    """
    stored = read_stored_model(folder)  # so that no broken model is packed
    if not folder.is_dir():
        write_bytes(out, read_bytes(folder, _LARGEST))
        return
    names = sorted(_NEEDED - {_CONTENTS})
    members = {name: read_bytes(folder / name, int(MOST_SHARE * memory())) for name in names}
    if stored.study_file is not None:
        members[_FILE] = stored.study_file.encode()
    content = _zipped(members)
    if len(content) > _LARGEST:
        raise StoreError(f"{folder} would take {len(content) / 1e9:.1f} GB as one file: hand on the folder.")
    write_bytes(out, content)


def unchanged_file(folder: Path, spec: Mapping[str, Any]) -> str | None:
    """The text of a study's file in ``folder``; None where it is gone, or says another than ``spec``."""
    path = folder / _FILE
    if not path.is_file():
        return None
    try:
        text = read_bytes(path, FILE_LIMIT).decode()
        (study,) = parse_studies(text)
    except (StudyFileError, StoreError, ValueError):
        return None
    return text if digest(plain(study)) == digest(spec) else None


def _zipped(members: Mapping[str, bytes]) -> bytes:
    told = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in members.items()
    }
    contents = json.dumps({"format": FORMAT, "members": told}, indent=1).encode()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in {_CONTENTS: contents, **members}.items():
            member = zipfile.ZipInfo(name, _NEVER)
            member.create_system, member.external_attr = _UNIX, _PLAIN_FILE
            archive.writestr(member, content)
    return written.getvalue()


def _members(path: Path) -> dict[str, bytes]:
    """The checked members of a ``.justfit`` file by name.

    Raises:
        StoreError: it is missing, no such file, too large for this machine, cut off or changed.
    """
    content = read_bytes(path, min(_LARGEST, int(MOST_SHARE * memory())))
    try:
        _require_few(content)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _require_plain(archive.infolist())
            return _read_members(path, archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError) as error:
        raise _broken(path, str(error) or "it is cut off") from error


def _require_few(content: bytes) -> None:
    """Refuse what has more members than there can be before they are listed; raises ValueError."""
    end = content[-_END:]
    if len(end) < _END or not end.startswith(b"PK\5\6") or not content.startswith(b"PK\3\4"):
        raise ValueError("it is cut off, or of another kind")
    if int.from_bytes(end[10:12], "little") > len(_KNOWN):
        raise ValueError(f"it has more than {len(_KNOWN)} members")


def _require_plain(listed: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse members other than files of known names, once each, stored as they are; raises ValueError."""
    names = [member.filename for member in listed]
    for member in listed:
        name = member.filename
        if name not in _KNOWN:
            raise ValueError(f"a member is named {name[:80]!r}, and may be {', '.join(sorted(_KNOWN))}")
        if names.count(name) > 1:
            raise ValueError(f"{name} stands there twice")
        if (member.create_system, member.external_attr) != (_UNIX, _PLAIN_FILE):
            raise ValueError(f"{name} is not marked as a file: it may be a link or a folder")
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise ValueError(f"{name} is compressed, and members are stored as they are")
        if member.flag_bits:
            raise ValueError(f"{name} is encrypted, or written in another way than justfit's")
    if missing := sorted(_NEEDED - set(names)):
        raise ValueError(f"it has no {missing[0]}")


def _read_members(path: Path, archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The members but for the list of contents, compared with it; raises ValueError where one differs."""
    if archive.getinfo(_CONTENTS).file_size > _CONTENTS_LIMIT:
        raise ValueError(f"{_CONTENTS} is longer than {_CONTENTS_LIMIT:,} bytes")
    contents = json_object(path / _CONTENTS, archive.read(_CONTENTS))
    require_format(path / _CONTENTS, contents, FORMAT)
    lengths = {member.filename: member.file_size for member in archive.infolist()}
    del lengths[_CONTENTS]
    told = contents.get("members")
    if not isinstance(told, dict) or told.keys() != lengths.keys():
        raise ValueError(f"{_CONTENTS} lists other members than stand there")
    found = {}
    for name, length in lengths.items():
        # Compared before any of it is read.
        if not isinstance(told[name], dict) or told[name].get("bytes") != length:
            raise ValueError(f"{name} is not as long as {_CONTENTS} says")
        found[name] = archive.read(name)
        if hashlib.sha256(found[name]).hexdigest() != told[name].get("sha256"):
            raise ValueError(f"{name} is not what was packed (its SHA-256 differs)")
    return found


def _packed_model(path: Path, members: Mapping[str, bytes]) -> Model:
    return model_of(path, members[_MODEL], members[_WEIGHTS])


def _broken(path: Path, what: str) -> StoreError:
    return StoreError(
        f"{path} is no whole justfit model ({what}): get it again, or export it again from its study."
    )
