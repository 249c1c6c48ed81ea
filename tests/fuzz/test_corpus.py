"""Each input of the corpora, among them all that once broke something, is taken or refused as documented."""

import ast
from pathlib import Path

import pytest
from engine import test_fuzz
from fuzz.targets import TARGETS, bounded, corpus

from justfit import _native


@pytest.mark.parametrize("target", TARGETS)
def test_each_input_is_taken_or_refused_in_time(target: str) -> None:
    try_one = bounded(TARGETS[target])
    for path in corpus(target):
        try:
            try_one(path.read_bytes())
        except Exception as error:
            raise AssertionError(f"{path.name}: {error}") from error


def test_the_corpora_are_small() -> None:
    assert sum(path.stat().st_size for target in TARGETS for path in corpus(target)) < 200_000


def test_what_takes_too_long_or_too_much_fails() -> None:
    with pytest.raises(AssertionError, match="1000 bytes took"):
        bounded(sorted, seconds=0)(bytes(1000))
    with pytest.raises(AssertionError, match="MiB"):
        bounded(len, memory=-1)(b"abc")


def test_every_function_of_the_native_module_is_fuzzed() -> None:
    tree = ast.parse(Path(test_fuzz.__file__).read_text())
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    functions: set[str] = set()
    for name, value in vars(_native).items():
        if isinstance(value, type):
            functions |= {each for each, of in vars(value).items() if type(of).__name__ == "nb_method"}
        elif callable(value):
            functions.add(name)
    assert {name for name in functions if not name.startswith("__")} - called == {"instructions"}
