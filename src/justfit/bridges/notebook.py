"""justfit in Jupyter: objects show themselves, progress is shown as it goes on, and errors are a sentence.

What draws is imported when something is first shown; outside a notebook nothing changes.
"""

import sys
import traceback
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any

from justfit.errors import JustfitError, SpecError
from justfit.watching import watch_with

try:
    from IPython import get_ipython
except ImportError as error:
    raise SpecError("Notebooks need IPython: pip install 'justfit[notebook]'.") from error

_HERE = "justfit.bridges.notebook"

_SHOWN = {
    ("justfit.judge.compared_networks", "ComparedNetworks"): "compared_networks",
    ("justfit.spec.study", "Study"): "study",
    ("justfit.store.model", "Model"): "model",
    ("justfit.store.runs", "StoredRun"): "run",
    ("justfit.store.stored_study", "StoredStudy"): "stored_study",
    ("justfit.workflow.compared_choices", "ComparedChoices"): "compared_choices",
}
"""Types by module and name, and the functions of ``notebook_shown`` that show them."""


def register() -> bool:
    """Have a notebook show justfit's objects, progress and errors; whether this is a notebook's kernel.

    ``import justfit`` calls it where IPython runs, and calling it again changes nothing.
    """
    shell = get_ipython()
    if getattr(shell, "kernel", None) is None:
        return False
    formatter = shell.display_formatter.ipython_display_formatter
    for (module, name), function in _SHOWN.items():
        formatter.for_type_by_name(module, name, _shower(function))
    watch_with(_progress)
    JustfitError._render_traceback_ = _told  # type: ignore[attr-defined] # IPython asks for it
    return True


def _shower(function: str) -> Any:
    def show(value: object) -> None:
        import_module(f"{_HERE}_shown").show(function, value)

    return show


def _progress() -> AbstractContextManager[Any]:
    watched: AbstractContextManager[Any] = import_module(f"{_HERE}_progress").progress()
    return watched


def _told(error: JustfitError) -> list[str]:
    """Where in the notebook an error came up and what it says, without what happened inside justfit."""
    compiler = get_ipython().compile
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        if cell := compiler.format_code_name(frame.filename):
            lines.append(f"{' '.join(cell)}, line {frame.lineno}\n    {frame.line}\n")
        elif frame.line and not _is_inside(frame.filename):
            lines.append(f'File "{frame.filename}", line {frame.lineno}, in {frame.name}\n    {frame.line}\n')
    return [*lines, f"{type(error).__name__}: {error}"]


_INSIDE = ("justfit", "IPython", "ipykernel")
"""Packages whose lines tell a reader of a notebook nothing."""


def _is_inside(file: str) -> bool:
    """Whether a file is of one of these packages, as far as they are imported."""
    modules = [sys.modules[name] for name in _INSIDE if name in sys.modules]
    return any(Path(file).is_relative_to(folder) for module in modules for folder in module.__path__)
