import ast
import importlib
import types
from pathlib import Path

import pytest

import justfit

ROOT = Path(justfit.__file__).parent
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


def test_type_checkers_see_what_the_package_lists() -> None:
    module = ast.parse((ROOT / "__init__.py").read_bytes())
    (guarded,) = [node for node in module.body if isinstance(node, ast.If)]
    seen = {alias.asname: node.module for node in guarded.body for alias in node.names}
    assert seen == justfit._HOMES


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'justfit' has no attribute 'fit'"):
        _ = justfit.fit


@pytest.mark.parametrize("package", [package for package in PACKAGES if package != Path()], ids=str)
def test_the_file_of_a_folder_only_says_again_what_its_modules_define(package: Path) -> None:
    if package == Path("cli"):
        return  # holds `main`, the console script's function
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
