import ast
import importlib
import types
from pathlib import Path

import pytest

import justfit
import justfit.report
import justfit.store

ROOT = Path(justfit.__file__).parent
LAZY = (justfit, justfit.report, justfit.store)
"""Packages that import what they list when it is used."""

PACKAGES = sorted(path.relative_to(ROOT).parent for path in ROOT.rglob("__init__.py"))


def test_what_the_package_lists_is_what_can_be_imported_in_alphabetical_order() -> None:
    assert justfit.__all__ == sorted(justfit.__all__)
    for name in justfit.__all__:
        assert callable(getattr(justfit, name)), name
    public = {
        name
        for name in dir(justfit)
        if not name.startswith("_") and not isinstance(getattr(justfit, name), types.ModuleType)
    }
    assert public - {"import_module", "TYPE_CHECKING"} == set(justfit.__all__)


@pytest.mark.parametrize("package", LAZY, ids=["justfit", "report", "store"])
def test_type_checkers_see_what_a_package_imports_when_it_is_used(package: types.ModuleType) -> None:
    module = ast.parse(Path(package.__file__).read_bytes())
    (guarded,) = [node for node in module.body if isinstance(node, ast.If)]
    seen = {alias.asname: node.module for node in guarded.body for alias in node.names}
    assert seen == package._HOMES
    assert all(hasattr(package, name) for name in package.__all__)


@pytest.mark.parametrize("package", LAZY, ids=["justfit", "report", "store"])
def test_an_unknown_name_is_no_attribute(package: types.ModuleType) -> None:
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'fit'"):
        _ = package.fit


@pytest.mark.parametrize("package", [package for package in PACKAGES if package != Path()], ids=str)
def test_the_file_of_a_folder_only_says_again_what_its_modules_define(package: Path) -> None:
    if package in (Path("cli"), Path("report"), Path("store")):
        return  # holds `main`, the console script's function; imports what it lists when it is used
    module = ast.parse((ROOT / package / "__init__.py").read_bytes())
    assert ast.get_docstring(module)
    body = module.body[1:]
    if package == Path("data/sources"):  # holds the literal dict of sources, and its one look-up
        body = [node for node in body if not isinstance(node, ast.AnnAssign | ast.FunctionDef)]
    imported = importlib.import_module(".".join(("justfit", *package.parts)))
    for node in body:
        assert isinstance(node, ast.ImportFrom), ast.unparse(node)
        for alias in node.names:
            assert hasattr(imported, alias.name)
            if package != Path("data/sources"):
                assert alias.asname == alias.name, f"import {alias.name} as {alias.name}, to say it again"
