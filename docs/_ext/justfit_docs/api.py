"""The API reference: which names stand on which page, for autodoc; read off syntax trees, without extras."""

import ast
import importlib.util
from functools import cache
from pathlib import Path

import justfit
from justfit_docs.marked import code, sentence_of

BRIDGES = Path(justfit.__file__).parent / "bridges"


def api(module: str, *names: str) -> str:
    """Directives for some names of a module, or for all that it has and `justfit` has not."""
    listed = names or tuple(name for name in exported(module) if not _is_shared(module, name))
    parts = [_directive(module, name) for name in listed]
    if not names and (shared := sorted(set(exported(module)) - set(listed))):
        links = ", ".join(f"{{py:obj}}`{name} <justfit.{name}>`" for name in shared)
        parts.insert(0, f"Names of `justfit` itself, described there: {links}.")
    return "\n\n".join(parts)


def _is_shared(module: str, name: str) -> bool:
    """Whether a name of a module stands for the same in `justfit`."""
    return name in justfit.__all__ and _definition(module, name)[0] == _definition("justfit", name)[0]


def bridge_modules() -> str:
    """A chapter for each bridge but scikit-learn's; what bridges rest on has _ in its name."""
    parts = []
    for path in sorted(BRIDGES.glob("*.py")):
        module = f"justfit.bridges.{path.stem}"
        if "_" in path.stem or path.stem == "sklearn" or not exported(module):
            continue
        told = sentence_of(ast.get_docstring(_tree(module))).partition(". ")[0].rstrip(".")
        shared = [
            name for name, home in exported("justfit").items() if home.startswith((module, f"{module}_"))
        ]
        own = [name for name in exported(module) if not _is_shared(module, name)]
        parts += [f"## {told}", f"In {code(module)}."]
        parts += [
            *(_directive("justfit", name) for name in shared),
            *(_directive(module, name) for name in own),
        ]
    return "\n\n".join(parts)


@cache
def exported(module: str) -> dict[str, str]:
    """The names that a package hands on, or that a module has itself, with the modules where they stand."""
    # What is imported when it is first used stands below "if TYPE_CHECKING".
    parts = (node.body if isinstance(node, ast.If) else [node] for node in _tree(module).body)
    body = [node for part in parts for node in part]
    handed_on = {
        name.asname: node.module or ""
        for node in body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
        if name.asname and name.asname == name.name
    }
    own = {node.name: module for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return handed_on or {name: home for name, home in own.items() if not name.startswith("_")}


@cache
def _tree(module: str) -> ast.Module:
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{module} is not there, though a page of the reference describes it.")
    return ast.parse(Path(found.origin).read_bytes())


def _directive(module: str, name: str) -> str:
    """What describes one name, by the shortest path to it, under which others refer to it."""
    home, node = _definition(module, name)
    match node:
        case ast.ClassDef():
            lines = [f".. autoclass:: {module}.{name}", "   :members:"]
        case ast.FunctionDef():
            lines = [f".. autofunction:: {module}.{name}"]
        case _:
            lines = [f".. autodata:: {home}.{name}", "   :no-value:"]
    return "\n".join(["```{eval-rst}", *lines, "```"])


def _definition(module: str, name: str) -> tuple[str, ast.stmt | None]:
    """The module that sets a name, and the class or function that it is, if it is one."""
    home = exported(module).get(name, module)
    if home != module:
        return _definition(home, name)
    for node in _tree(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return module, node
        if isinstance(node, ast.ImportFrom) and node.module and any(each.name == name for each in node.names):
            return _definition(node.module, name)
    return module, None
