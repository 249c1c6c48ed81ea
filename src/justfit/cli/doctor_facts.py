"""What is installed, what the machine gives, where things are, and what is wrong, as plain values."""

import os
import platform
import re
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import platformdirs

from justfit.errors import StoreError
from justfit.machine import available_threads, memory

FOR_DEVELOPERS = ("test", "bench", "check", "docs")
"""Extras that only who works on justfit itself wants."""

USES = {
    "excel": "Excel files",
    "images": "image files",
    "keras": "from_keras, to_keras, and files ending in .keras",
    "mlflow": "run --mlflow",
    "notebook": "progress and tables in notebooks",
    "onnx": "files ending in .onnx",
    "optuna": "search --sampler tpe",
    "ray": "run --on ray",
    "remote": "rows at an address, such as s3://",
    "tensorboard": "run --tensorboard",
}
"""What each extra is for."""

_LITTLE_DISK = 2**28
"""Bytes free below which a study may not be kept."""

_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)[^>;]*(?:>=(?P<least>[\d.]+))?[^;]*(?:;.*extra == .(?P<extra>[\w-]+))?"
)


def facts(store: Path) -> dict[str, Any]:
    """All that `justfit doctor` tells.

    Args:
        store: the folder that holds the studies' folders.

    Returns:
        ``justfit``, ``python`` and ``system`` (texts); ``packages`` (each with ``name``, ``extra`` (None for
        what is always needed), ``needed_by``, ``version`` (None where it is not there) and ``least``);
        ``machine`` (``instructions``, ``processors``, ``threads``, ``memory`` in bytes); ``data`` (``folder``
        that JUSTFIT_DATA names or None, ``cache``, ``files``); ``store`` (``folder``, ``there``, ``free``
        bytes, number of ``studies``, ``running`` and ``unreadable`` ones); ``temporary`` (``folder``,
        ``free``); ``charts`` (whether they can be drawn); ``problems`` (sentences: what is wrong, and what to
        do).
        ``data``, ``store`` and ``temporary`` are None where the native module or a package that is always
        needed is missing.
    """
    problems: list[str] = []
    packages = _packages(problems)
    machine = _machine(problems)
    is_whole = machine["instructions"] and all(each["version"] or each["extra"] for each in packages)
    return {
        "justfit": version("justfit"),
        "python": platform.python_version(),
        "system": f"{sys.platform} {platform.machine()}",
        "packages": packages,
        "machine": machine,
        "data": _data(problems) if is_whole else None,
        "store": _store(store, problems) if is_whole else None,
        "temporary": _temporary(problems) if is_whole else None,
        "charts": _charts(problems),
        "problems": problems,
    }


def _packages(problems: list[str]) -> list[dict[str, str | None]]:
    found = []
    for requirement in requires("justfit") or ():
        match = _REQUIREMENT.match(requirement)
        if match is None or match["extra"] in FOR_DEVELOPERS:
            continue
        name, extra, least = match["name"], match["extra"], match["least"]
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = None
        use = "all of justfit" if extra is None else USES.get(extra)
        found.append({"name": name, "extra": extra, "needed_by": use, "version": installed, "least": least})
        whole = "justfit" if extra is None else f"justfit[{extra}]"
        if installed is None and extra is None:
            problems.append(
                f"{name} is not installed, and justfit needs it: pip install --upgrade '{whole}'."
            )
        elif installed and least and _release(installed) < _release(least):
            problems.append(
                f"{name} {installed} is too old, {least} is the oldest that will do: "
                f"pip install --upgrade '{name}>={least}'."
            )
    return found


def _release(text: str) -> list[int]:
    """The numbers of a version, without zeros at its end.

    >>> _release("2.1.0rc1"), _release("1.26.4") < _release("2.0")
    ([2, 1], True)
    """
    numbers = re.match(r"\d+(\.\d+)*", text)
    release = [int(part) for part in numbers[0].split(".")] if numbers else []
    while release and release[-1] == 0:
        release.pop()
    return release


def _machine(problems: list[str]) -> dict[str, Any]:
    try:
        from justfit._native import instructions

        used = instructions()
    except ImportError as error:
        used = None
        problems.append(
            f"The native module cannot be loaded ({error}): pip install --force-reinstall --no-deps justfit."
        )
    return {
        "instructions": used,
        "processors": os.cpu_count() or 1,
        "threads": available_threads(),
        "memory": memory(),
    }


def _data(problems: list[str]) -> dict[str, Any]:
    from justfit.data.sources import SOURCES

    named, cache = os.environ.get("JUSTFIT_DATA"), platformdirs.user_cache_path("justfit")
    if named and not Path(named).is_dir():
        problems.append(f"JUSTFIT_DATA names {named}, which is no folder: correct or unset it.")
    if wrong := _not_writable(cache):
        problems.append(f"Data sets could not be downloaded: {wrong}")
    files = []
    for source in SOURCES.values():
        for file in source.files:
            names = [name for name in (file.name, file.instead) if name]
            places = [Path(named) / name for name in names] if named else []
            path = next((path for path in (*places, cache / file.name) if path.is_file()), None)
            part = cache / f"{file.name}.part"
            size = path.stat().st_size if path else part.stat().st_size if part.is_file() else None
            if path and size == 0:
                problems.append(f"{path} is empty: remove it, so that {file.name} is had anew.")
            state = "there" if path else "begun" if size is not None else "not there"
            files.append({"set": source.name, "file": file.name, "state": state, "path": path, "bytes": size})
    return {"folder": named, "cache": cache, "files": files}


def _store(store: Path, problems: list[str]) -> dict[str, Any]:
    from justfit.store import holder_of, read_looks, read_study, study_folders

    if wrong := _not_writable(store):
        problems.append(f"Studies could not be kept: {wrong}")
    folders: list[Path] = []
    running, unreadable = [], []
    try:
        folders = study_folders(store)
        read_looks(store)
    except StoreError as error:
        problems.append(str(error))
    for folder in folders:
        if holder := holder_of(folder):
            running.append({"study": folder.name, "process": holder.process, "machine": holder.machine})
        try:
            read_study(folder)
        except StoreError as error:
            unreadable.append({"study": folder.name, "error": str(error)})
            problems.append(str(error))
    return {
        "folder": store.absolute(),
        "there": store.is_dir(),
        "free": _free(store, "studies", problems),
        "studies": len(folders),
        "running": running,
        "unreadable": unreadable,
    }


def _temporary(problems: list[str]) -> dict[str, Any]:
    from justfit.data.mapped import temporary_folder

    folder = Path(temporary_folder())
    return {"folder": folder, "free": _free(folder, "files larger than memory", problems)}


def _charts(problems: list[str]) -> bool:
    try:
        import vl_convert  # noqa: F401 - whether its library can be loaded
    except ImportError as error:
        problems.append(f"Charts cannot be drawn ({error}): pip install --force-reinstall vl-convert-python.")
        return False
    return True


def _not_writable(folder: Path) -> str | None:
    from justfit.store.files import require_writable

    try:
        require_writable(folder)
    except StoreError as error:
        return str(error)
    return None


def _free(folder: Path, what: str, problems: list[str]) -> int | None:
    """Bytes free where a folder is or would be made; None where that cannot be seen."""
    there = next((path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir()), None)
    try:
        free = shutil.disk_usage(there).free if there else None
    except OSError:
        free = None
    if free is not None and free < _LITTLE_DISK:
        problems.append(
            f"Only {free / 2**20:.0f} MiB are free in {there} for {what}: free some, or take another folder."
        )
    return free
