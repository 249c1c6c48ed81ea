"""The command line: one file a command; the only place that prints.

Exit codes: 0 done, 1 something the user can mend, 2 a command that is not understood, 3 a fault of justfit,
130 a study that was stopped, by Ctrl-C or `justfit stop`. With ``--json`` an error is one object, too.
"""

import contextlib
import dataclasses
import os
import sys
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from typing import Annotated, Any

import typer

from justfit.cli.card import card
from justfit.cli.check import check
from justfit.cli.compare import compare
from justfit.cli.completion import InstallOption, ShowOption, take_questions
from justfit.cli.data import app as data_app
from justfit.cli.doctor import doctor
from justfit.cli.export import export
from justfit.cli.interrupt import INTERRUPTED, interruptible
from justfit.cli.list import list_studies
from justfit.cli.mistakes import mistakes
from justfit.cli.plan import plan
from justfit.cli.plot import plot
from justfit.cli.predict import predict
from justfit.cli.report import report
from justfit.cli.reproduce import reproduce
from justfit.cli.rm import rm
from justfit.cli.run import run
from justfit.cli.schema import schema
from justfit.cli.screen import ask_nothing, be_quiet, be_verbose, say_error, say_json
from justfit.cli.search import search
from justfit.cli.show import show
from justfit.cli.stop import stop
from justfit.cli.store import app as store_app
from justfit.cli.ui import ui
from justfit.errors import JustfitError, StoppedError, StoreError, StudyFileError

app = typer.Typer(
    help="Labelled text, images or tables to a tested feed-forward network that fits just right.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_COMMANDS: dict[str, Callable[..., None]] = {
    "run": run,
    "search": search,
    "stop": stop,
    "check": check,
    "plan": plan,
    "list": list_studies,
    "ui": ui,
    "show": show,
    "compare": compare,
    "mistakes": mistakes,
    "plot": plot,
    "report": report,
    "rm": rm,
    "predict": predict,
    "card": card,
    "export": export,
    "reproduce": reproduce,
    "schema": schema,
    "doctor": doctor,
}
for name, function in _COMMANDS.items():
    app.command(name)(function)
app.add_typer(data_app, name="data")
app.add_typer(store_app, name="store")


@app.callback()
def _options(
    context: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print results and errors only, nothing on the way.")
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Tell on standard error, too, what is read, prepared, trained and written.",
        ),
    ] = False,
    install_completion: InstallOption = None,  # noqa: ARG001 - does what it is for, and ends, before
    show_completion: ShowOption = None,  # noqa: ARG001 - likewise
) -> None:
    if quiet and verbose:
        raise typer.BadParameter("--quiet and --verbose say the opposite of each other: give one of them.")
    be_quiet(quiet)
    be_verbose(verbose)
    context.call_on_close(lambda: be_verbose(False))


MISUNDERSTOOD = 2
_STOPPED = (
    "Stopped by Ctrl-C; runs that had ended are kept, and of others most epochs. Run it again to go on."
)
_NO_THREAD = ("can't start new thread", "Resource temporarily unavailable")
"""How Python and the native engine say so."""


def main() -> None:
    """Run a command; errors become one sentence and an exit code."""
    _open_streams()
    ask_nothing()
    take_questions()
    try:
        with interruptible():
            app(prog_name="justfit")
    except SystemExit as end:  # how typer ends every command, Ctrl-C too
        if end.code == INTERRUPTED:
            _tell("KeyboardInterrupt", _STOPPED, INTERRUPTED)
        elif end.code == MISUNDERSTOOD:  # typer has told it as text
            told = getattr(end.__context__, "format_message", lambda: "The command is not understood.")
            _answer("UsageError", told(), MISUNDERSTOOD)
        raise
    except Exception as error:  # noqa: BLE001 - the one place where a fault of justfit itself ends
        code = _told(error)
    sys.exit(code)


def _told(error: Exception) -> int:
    """Tell an error, and give the exit code that goes with it."""
    kind, message = type(error).__name__, str(error)
    match error:
        case StoppedError():
            return _tell(kind, message, INTERRUPTED)
        case StudyFileError(problems=problems):
            for line in message.splitlines():
                say_error(line)
            from justfit.spec.study_yaml import Problem

            found = [dataclasses.asdict(each) for each in problems if isinstance(each, Problem)]
            return _answer(kind, message, 1, problems=found)
        case JustfitError():
            return _tell(kind, message, 1)
        case MemoryError():
            return _tell(
                kind,
                "There is not enough memory: use fewer rows or words, or a smaller network or batch size.",
                1,
            )
        case RuntimeError() if message.endswith(_NO_THREAD):
            return _tell(
                kind,
                "No thread can be started: free some memory, or raise the limit on processes (ulimit -u), "
                "and run it again.",
                1,
            )
    traceback.print_exc()
    return _tell(
        kind, "This is a fault in justfit, not in what you asked for: please report the lines above.", 3
    )


def _tell(kind: str, message: str, code: int) -> int:
    say_error(message)
    return _answer(kind, message, code)


def _answer(kind: str, message: str, code: int, **more: Any) -> int:
    """Where JSON was asked for, give the error as the one object; gives back its exit code."""
    if "--json" in sys.argv:  # which holds even where the command line is not understood
        with contextlib.suppress(StoreError):  # that standard output cannot be written is told already
            say_json({"error": {"kind": kind, "message": message, "exit_code": code, **more}})
    return code


def _open_streams() -> None:
    """Have standard streams that were closed lead nowhere, and spell out what an encoding lacks.

    Otherwise the next file that is opened would be taken for a stream.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
