"""``justfit doctor``: what is installed, what is used, where things are, and what is wrong."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from justfit.cli.screen import cell, say, say_json, say_table
from justfit.cli.studies import JsonOption, StoreOption
from justfit.machine import DEFAULT_STORE


def doctor(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Say what is installed and used, where data and studies are, and what is wrong, with what to do.

    The exit status is 1 where something is wrong. Nothing is changed, downloaded or sent.
    """
    from justfit.cli.doctor_facts import facts

    found = facts(store)
    if as_json:
        say_json(found)
    else:
        _show(found)
    if found["problems"]:
        raise typer.Exit(1)


def _show(found: Mapping[str, Any]) -> None:
    say(f"justfit {found['justfit']}, Python {found['python']}, {cell(found['system'])}")
    say()
    say_table(("package", "for", "version", "needed by"), _packages(found["packages"]), texts=4)
    say()
    say_table(("what", "found"), _places(found), texts=2, folds=False)
    if found["data"]:
        say()
        columns = ("data set", "file", "state", "where", "size")
        say_table(columns, _files(found["data"]["files"]), texts=4, folds=False)
        say("Files in the cache are checked when they are read, those in JUSTFIT_DATA are taken as they are.")
    say()
    problems = found["problems"]
    say(f"{len(problems)} wrong:" if problems else "Nothing is wrong.")
    for problem in problems:
        say(cell(f"- {problem}"))


def _packages(packages: list[dict[str, str | None]]) -> Iterator[tuple[str, ...]]:
    for each in packages:
        extra = each["extra"]
        missing = f"not installed: pip install 'justfit{f'[{extra}]' if extra else ''}'"
        needed_by = each["needed_by"] or "" if extra else ""
        yield (
            each["name"] or "",
            f"extra {extra}" if extra else "justfit",
            each["version"] or missing,
            needed_by,
        )


def _places(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    machine, data, store, temporary = (found[key] for key in ("machine", "data", "store", "temporary"))
    yield "vector instructions", machine["instructions"] or "unknown"
    yield "threads", f"{machine['threads']} of {machine['processors']} processors"
    yield "memory", _size(machine["memory"])
    yield "charts", "drawn without a browser" if found["charts"] else "cannot be drawn"
    if data:
        yield "data, looked for first", data["folder"] or "nowhere: JUSTFIT_DATA is not set"
        yield "data, then", str(data["cache"])
    if store:
        told = f"{store['studies']:,} stud{'y' if store['studies'] == 1 else 'ies'}"
        there = told if store["there"] else "not there yet"
        yield "studies", f"{store['folder']}: {there}, {_size(store['free'])} free"
        for each in store["running"]:
            yield "running", f"{each['study']}: process {each['process']} on {each['machine']}"
        for each in store["unreadable"]:
            yield "unreadable", str(each["study"])
    if temporary:
        yield "large temporary files", f"{temporary['folder']}: {_size(temporary['free'])} free"


def _files(files: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for each in files:
        where = str(each["path"] or "")
        yield (
            each["set"],
            each["file"],
            each["state"],
            where,
            "" if each["bytes"] is None else _size(each["bytes"]),
        )


def _size(size: int | None) -> str:
    """Bytes in the unit that suits.

    >>> _size(17464789), _size(3 * 2**30), _size(12), _size(None)
    ('16.7 MiB', '3.0 GiB', '12 bytes', 'unknown')
    """
    if size is None:
        return "unknown"
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"
