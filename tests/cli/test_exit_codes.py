"""Every command ends with 1, 2, 3 or 130 for the same reasons; with 0 in `test_json`."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli.asked import ASKED
from cli.ended import Command

from justfit.cli import app
from justfit.errors import DataError, StoppedError


def ending(callback: Callable[..., Any], error: BaseException) -> Callable[..., Any]:
    """A command with the options of this one that ends so."""

    @functools.wraps(callback)
    def command(**_: object) -> None:
        raise error

    return command


def registered(name: str) -> Any:
    """What typer knows of a command."""
    group, _, inner = name.partition(" ")
    groups = {each.name: each.typer_instance for each in app.registered_groups}
    if group in groups and not inner:
        return groups[group].registered_callback
    among = groups[group] if inner else app
    return next(
        each
        for each in among.registered_commands
        if (each.name or each.callback.__name__) == (inner or group)
    )


@pytest.mark.parametrize("name", ASKED)
def test_an_option_that_no_command_has_ends_with_2(command: Command, name: str) -> None:
    ended = command(*name.split(), "--no-such-option")
    assert (ended.code, ended.out) == (2, "")
    assert "--no-such-option" in ended.err


@pytest.mark.parametrize(
    "end",
    [
        (DataError("It is broken: mend it."), 1, "error: It is broken: mend it.\n"),
        (KeyboardInterrupt(), 130, "error: Stopped by Ctrl-C; "),
        pytest.param(
            (StoppedError("Somebody stopped it."), 130, "error: Somebody stopped it.\n"),
            marks=pytest.mark.slow,
        ),
        pytest.param((ZeroDivisionError("oops"), 3, "Traceback "), marks=pytest.mark.slow),
    ],
    ids=lambda end: type(end[0]).__name__,
)
@pytest.mark.parametrize("name", ASKED)
def test_whatever_ends_a_command_has_its_own_code(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    end: tuple[BaseException, int, str],
) -> None:
    error, code, told = end
    (tmp_path / "study.yaml").touch()
    known = registered(name)
    monkeypatch.setattr(known, "callback", ending(known.callback, error))
    ended = command(*name.split(), *ASKED[name][0])
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith(told)
