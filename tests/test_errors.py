import ast
import inspect
import re
from pathlib import Path

import justfit
from justfit import errors

CLASSES = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind)}
SOURCES = Path(justfit.__file__).parent


def test_the_tree_drawn_at_the_top_is_the_tree_there_is() -> None:
    drawn = re.findall(r"^([ │├└─]+)(\w+Error)\b", errors.__doc__ or "", re.M)
    parents = {0: "Exception"}
    found = {}
    for indent, name in drawn:
        depth = len(indent) // 4
        found[name] = parents[depth - 1]
        parents[depth] = name
    assert found == {name: kind.__bases__[0].__name__ for name, kind in CLASSES.items()}


def test_all_errors_are_caught_as_one() -> None:
    assert all(issubclass(kind, errors.JustfitError) for kind in CLASSES.values())


def test_every_error_is_raised_somewhere_and_none_is_defined_elsewhere() -> None:
    raised, defined = set(), set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                raised.add(node.func.id)
            is_error = isinstance(node, ast.ClassDef) and node.name.endswith(("Error", "Exception"))
            if is_error and not node.name.startswith("_"):  # such a one is caught where it is defined
                defined.add((node.name, path.name))
    assert set(CLASSES) - {"JustfitError"} <= raised
    assert defined == {(name, "errors.py") for name in CLASSES}
