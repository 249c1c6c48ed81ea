"""Rules of the house that import-linter and ruff cannot see."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import justfit
from justfit.store import StudyPaths

ROOT = Path(justfit.__file__).parent
FILES = {str(path.relative_to(ROOT)): ast.parse(path.read_bytes()) for path in sorted(ROOT.rglob("*.py"))}


def places(kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[tuple[str, ast.AST]]:
    """Every syntax node of a kind, with its file."""
    for name, tree in FILES.items():
        for node in ast.walk(tree):
            if isinstance(node, kind):
                yield name, node


def called(node: ast.AST) -> str:
    """The last part of what a call calls."""
    assert isinstance(node, ast.Call)
    match node.func:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
    return ""


def test_imports_stand_at_the_top_but_in_the_command_line() -> None:
    inside = {
        name
        for name, function in places((ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    # Most rows need nothing of scikit-learn, which takes longer to import than all the rest together.
    of_scikit_learn = {"data/splits.py", "data/sources/embedded.py"}
    assert {name.partition("/")[0] for name in inside - of_scikit_learn} <= {"cli"}


WRITERS = {
    "write_text",
    "write_bytes",
    "replace",
    "rename",
    "mkdir",
    "unlink",
    "rmtree",
    "save",
    "dump",
    "truncate",
}


def writes(node: ast.AST) -> bool:
    """Whether a call changes files: opens one to write, or calls a function that does.

    ``replace`` and ``save`` are also names of functions that do not, which take other arguments.
    """
    name = called(node)
    if name == "open":
        modes = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        return any(
            isinstance(mode, str) and re.fullmatch("[rwaxbt+]*[wax+][rwaxbt+]*", mode) for mode in modes
        )
    if name == "replace":  # of a path, not of a dataclass or a text
        return isinstance(node.func, ast.Attribute) and len(node.args) == 1 and not node.keywords
    return name in WRITERS


def test_only_the_store_the_reports_the_cache_and_what_others_read_write_files() -> None:
    where = {name for name, node in places(ast.Call) if writes(node)}
    own = ("store/", "report/", "bridges/")
    assert {name for name in where if not name.startswith(own)} <= {"data/cache.py"}


def test_only_the_command_line_prints() -> None:
    printing = {name for name, node in places(ast.Call) if called(node) == "print"}
    printing |= {name for name, node in places(ast.Attribute) if node.attr in ("stdout", "stderr")}
    assert printing <= {name for name in FILES if name.startswith("cli/")}


def test_only_the_command_line_catches_everything_and_what_file_systems_raise_is_of_any_kind() -> None:
    def is_broad(node: ast.AST) -> bool:
        assert isinstance(node, ast.ExceptHandler)
        return node.type is None or ast.unparse(node.type) == "Exception"

    found = {name for name, node in places(ast.ExceptHandler) if is_broad(node)}
    assert found == {"cli/__init__.py", "data/files/shards.py"}


def test_whatever_catches_more_than_errors_raises_them_again() -> None:
    for name, node in places(ast.ExceptHandler):
        if node.type is not None and ast.unparse(node.type) in ("BaseException", "SystemExit"):
            assert isinstance(node.body[-1], ast.Raise), name


def test_pickles_are_read_in_one_place_only() -> None:
    dangerous = {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
    where = {
        name
        for name, node in places((ast.Import, ast.ImportFrom))
        for module in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
        if module.partition(".")[0] in dangerous
    }
    assert where == {"data/unpickle.py"}
    allowing = {
        name
        for name, node in places(ast.keyword)
        if node.arg == "allow_pickle" and getattr(node.value, "value", None) is not False
    }
    assert not allowing


def test_nothing_is_evaluated_or_executed() -> None:
    names = {"eval", "exec", "compile", "system", "popen", "Popen", "__import__"}
    calls = {(name, called(node)) for name, node in places(ast.Call) if called(node) in names}
    others = {(name, function) for name, function in calls if function != "compile"}
    assert others == {("engine/processes.py", "Popen")}  # a worker: this very program
    compiling = [node for name, node in places(ast.Call) if called(node) == "compile"]
    # A pattern, and a Keras model.
    assert {ast.unparse(node.func) for node in compiling} <= {"re.compile", "made.compile"}


def test_the_names_of_a_studys_files_stand_in_one_place() -> None:
    paths = StudyPaths(Path("study"))
    names = {
        getattr(paths, name).name for name, value in vars(StudyPaths).items() if isinstance(value, property)
    }
    assert "result.json" in names
    assert len(names) == 15
    where = {
        name
        for name, node in places(ast.Constant)
        if isinstance(node.value, str) and node.value in names | {f"model/{file}" for file in names}
    }
    assert where == {"store/paths.py"}


@pytest.mark.parametrize("name", FILES)
def test_files_and_functions_can_be_read_at_one_sitting(name: str) -> None:
    lines = (ROOT / name).read_text().count("\n")
    assert lines <= 330
    for node in ast.walk(FILES[name]):
        if isinstance(node, ast.FunctionDef) and (name, node.name) != ("cli/run.py", "run"):
            # `run` of the command line lists every option.
            assert node.end_lineno - node.lineno < 70, node.name
