import io
import re
import sys

import pytest
from cli.ended import Command
from typer.models import OptionInfo
from typer.utils import get_params_from_function

from justfit.cli import app


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("run", "predict", "data", "fits just right")),
        (
            ("run",),
            ("study file", "--hidden", "--dropout", "--validation", "--encoding", "--replicates", "--store"),
        ),
        (("predict",), ("--text", "standard input", "--store")),
        (("data",), ("show", "List the data sets")),
        (("data", "show"), ("--row", "--shortest", "Test rows stay sealed")),
    ],
)
def test_commands_have_help(command: Command, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    ended = command(*arguments, "--help")
    assert (ended.code, ended.err) == (0, "")
    text = " ".join(re.sub("[│╭╮╰╯─]", " ", ended.out).split())
    for word in words:
        assert word in text


COMMANDS = sorted(command.name for command in app.registered_commands if command.name)


def test_every_command_is_named_and_told_in_a_sentence(command: Command) -> None:
    assert {"run", "check", "plan", "list", "show", "compare", "rm", "predict", "reproduce"} <= set(COMMANDS)
    out = command("--help").out
    for name in COMMANDS:
        assert re.search(rf"\b{name} +[A-Z]", out), name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_each_of_its_options(
    command: Command, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ended = command(name, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 80
    text = " ".join(re.sub("[│╭╮╰╯─]", " ", ended.out).split())
    assert f"Usage: justfit {name}" in text
    (registered,) = (each for each in app.registered_commands if each.name == name)
    for parameter in get_params_from_function(registered.callback).values():
        if isinstance(parameter.default, OptionInfo):
            assert parameter.default.help, f"{name}: {parameter.name}"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("rnu", "wine"),
        ("run",),
        ("run", "wine", "--epoch"),
        ("run", "wine", "--epochs", "many"),
        ("run", "wine", "--threads", "0"),
        ("run", "wine", "digits"),
        ("data", "wine"),
        ("data", "show"),
        ("data", "show", "wine", "--row", "first"),
        ("predict",),
    ],
    ids=" ".join,
)
def test_a_command_that_is_not_understood_ends_with_2_and_says_how_to_ask(
    command: Command, arguments: tuple[str, ...]
) -> None:
    ended = command(*arguments)
    assert ended.code == 2
    assert "Usage: justfit" in ended.err + ended.out
    assert "Traceback" not in ended.err


def test_characters_that_the_output_cannot_hold_are_spelt_out(
    command: Command, monkeypatch: pytest.MonkeyPatch, opinions: list[str]
) -> None:
    assert "actörs" in opinions[0]
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert command("data", "show", "opinions").code == 0
    assert rb"with [red]act\xf6rs[/red]" in written.getvalue()


def failing(error: BaseException) -> object:
    def load(*_: object) -> None:
        raise error

    return load


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (
            KeyboardInterrupt(),
            130,
            (
                "error: Stopped by Ctrl-C; runs that had ended are kept, and of others most epochs. Run it "
                "again to go on.\n"
            ),
        ),
        (MemoryError(), 1, "error: There is not enough memory: use fewer rows or words, or a smaller"),
        (RuntimeError("can't start new thread"), 1, "error: No thread can be started: free some memory, or"),
        (RuntimeError("Resource temporarily unavailable"), 1, "error: No thread can be started: free some"),
        (
            ZeroDivisionError("oops"),
            3,
            "Traceback .*\nZeroDivisionError: oops\nerror: This is a fault in just",
        ),
    ],
)
def test_what_is_nobody_s_mistake_ends_with_its_own_code(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, message: str
) -> None:
    monkeypatch.setattr("justfit.data.load.load_dataset", failing(error))
    ended = command("run", "wine")
    assert ended.code == code
    assert re.match(message, ended.err, re.DOTALL)
