"""The command line: one file a command; the only place that prints.

Exit codes: 0 done, 1 something the user can mend, 2 a command that is not understood, 3 a fault of justfit,
130 a study that was stopped, by Ctrl-C or `justfit stop`.
"""

import sys
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from typing import Annotated

import typer

from justfit.cli.card import card
from justfit.cli.check import check
from justfit.cli.compare import compare
from justfit.cli.completion import InstallOption, ShowOption, take_questions
from justfit.cli.data import app as data_app
from justfit.cli.doctor import doctor
from justfit.cli.export import export
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
from justfit.cli.screen import be_quiet, say_error
from justfit.cli.show import show
from justfit.cli.stop import stop
from justfit.cli.ui import ui
from justfit.errors import JustfitError, StoppedError, StudyFileError

app = typer.Typer(
    help="Labelled text, images or tables to a tested feed-forward network that fits just right.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_COMMANDS: dict[str, Callable[..., None]] = {
    "run": run,
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


@app.callback()
def _options(
    context: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print results and errors only, nothing on the way.")
    ] = False,
    install_completion: InstallOption = None,  # noqa: ARG001 - does what it is for, and ends, before
    show_completion: ShowOption = None,  # noqa: ARG001 - likewise
) -> None:
    be_quiet(quiet)
    context.call_on_close(lambda: be_quiet(False))


INTERRUPTED = 130


def main() -> None:
    """Run a command; errors become one sentence and an exit code."""
    if isinstance(sys.stdout, TextIOWrapper):  # What its encoding lacks is spelt out.
        sys.stdout.reconfigure(errors="backslashreplace")
    take_questions()
    try:
        app(prog_name="justfit")
    except SystemExit as end:  # how typer ends every command, Ctrl-C too
        if end.code == INTERRUPTED:
            say_error("Stopped by Ctrl-C; runs that had ended are kept, and nothing half-done.")
        raise
    except StoppedError as stopped:
        say_error(str(stopped))
        code = INTERRUPTED
    except StudyFileError as error:
        for line in str(error).splitlines():
            say_error(line)
        code = 1
    except JustfitError as error:
        say_error(str(error))
        code = 1
    except MemoryError:
        say_error("There is not enough memory: use fewer rows or words, or a smaller network or batch size.")
        code = 1
    except Exception:  # noqa: BLE001 - the one place where a fault of justfit itself ends
        traceback.print_exc()
        say_error("This is a fault in justfit, not in what you asked for: please report the lines above.")
        code = 3
    sys.exit(code)
