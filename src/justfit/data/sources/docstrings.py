"""`docstrings`: the docstrings of the installed numpy, scipy and scikit-learn, parsed and never run."""

import ast
import gc
import hashlib
import importlib.metadata
import importlib.util
import inspect
import itertools
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from justfit.data.cache import kept
from justfit.data.dataset import Dataset, Part
from justfit.data.raw import Texts
from justfit.data.sources.source import SEALED_NOTE, Source, seal_fifth
from justfit.data.tokens import tokens
from justfit.errors import DataError
from justfit.spec import TextEncoding, task_named

LIBRARIES = {"numpy": "numpy", "scipy": "scipy", "scikit-learn": "sklearn"}
"""Name of the distribution, which is the class, and of its package."""

MASK = "thislibrary"
"""Stands in the texts for the name of a library, which would give the label away."""

MIN_WORDS = 20
_LEFT_OUT = {"tests", "conftest.py", "externals", "array_api_compat", "array_api_extra"}
"""Tests, and what a library carries along from others."""

_NAMES = re.compile(r"numpy|scipy|sklearn|scikit[-_\s]*learn|(?<![^\W_])(?:np|sp)(?![^\W_])", re.IGNORECASE)


def mask_names(text: str) -> str:
    """``text`` with the libraries' names, alone or within longer names, replaced by `MASK`.

    >>> mask_names("As np.dot and scipy.stats.norm; see scikit-learn, but leave input alone.")
    'As thislibrary.dot and thislibrary.stats.norm; see thislibrary, but leave input alone.'
    """
    return _NAMES.sub(MASK, text)


def load() -> Dataset:
    """Texts of at least `MIN_WORDS` words, the label being the library.

    Texts with the same words are taken once, and not at all when two libraries have them, so that no
    test row was seen in training. Rows of one module are a group.

    Raises:
        DataError: one of the libraries is not installed as files.
    """
    rows = _rows()
    labels = np.array([label for _, label, _ in rows], np.int64)
    groups = np.array([module for _, _, module in rows], np.int64)
    task = task_named("multiclass")
    train, sealed, digest = seal_fifth(Part(Texts([text for text, _, _ in rows]), labels, groups), task)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    return Dataset(
        name="docstrings",
        task=task,
        classes=tuple(LIBRARIES),
        train=train,
        sealed=sealed,
        preparation=TextEncoding(),
        fingerprint=digest,
        notes=(SEALED_NOTE, f"The rows are those of {versions}: other versions have other texts."),
    )


DOCSTRINGS = Source(
    name="docstrings",
    about="some 4,500 docstrings, to be told whether of numpy, scipy or scikit-learn",
    task="multiclass",
    license="the developers of numpy, scipy and scikit-learn, BSD-3-Clause",
    needs="nothing: parsed from the installed libraries",
    load=load,
)


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Syntax trees are many objects without cycles: looking for cycles in them took 40% of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _rows() -> list[tuple[str, int, int]]:
    """Text, label and number of the module of each row, each text once."""
    installed = _installed()
    # Parsing takes seconds.
    return _parsed() if installed is None else kept(f"docstrings-{installed}", _parsed)


def _installed() -> str | None:
    """A digest of all that rows are made of and by; None where no record says which files are installed."""
    depends = hashlib.sha256(sys.version.encode())
    for made_by in (mask_names, tokens):
        depends.update(Path(inspect.getfile(made_by)).read_bytes())
    for name, package in LIBRARIES.items():
        try:
            record = importlib.metadata.distribution(name).read_text("RECORD") or ""
        except importlib.metadata.PackageNotFoundError:
            return None
        if f"\n{package}/__init__.py,sha256=" not in f"\n{record}":
            return None
        depends.update(record.encode())
    return depends.hexdigest()[:16]


def _parsed() -> list[tuple[str, int, int]]:
    found: dict[tuple[str, ...], tuple[str, int, int]] = {}
    shared = set()
    modules = itertools.count()
    with _no_collecting():
        for label, package in enumerate(LIBRARIES.values()):
            # The numbers never end, so of two libraries no modules have the same.
            for module, docstrings in zip(modules, _modules(_folder(package)), strict=False):
                for docstring in docstrings:
                    text = mask_names(docstring)
                    if len(words := tuple(tokens(text))) < MIN_WORDS:
                        continue
                    if found.setdefault(words, (text, label, module))[1] != label:
                        shared.add(words)
    return [row for words, row in found.items() if words not in shared]


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)  # finds a top-level package without importing it
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"{package} is not installed as a folder of files: install it with pip.")
    return Path(spec.submodule_search_locations[0])


def _modules(folder: Path) -> Iterator[list[str]]:
    """Docstrings of public classes, functions and methods by module, in an order that never changes."""
    for path in sorted(folder.rglob("*.py")):
        source = path.read_bytes()
        # Parsing is what takes time, and a long docstring has triple quotes.
        if b'"""' not in source or _LEFT_OUT.intersection(path.relative_to(folder).parts):
            continue
        with warnings.catch_warnings(action="ignore"):  # how strings are escaped is their authors' matter
            module = ast.parse(source, str(path))
        yield list(_documented(module))


def _documented(parent: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in parent.body:
        match node:
            case ast.ClassDef(name) | ast.FunctionDef(name) | ast.AsyncFunctionDef(name) if name[0] != "_":
                if text := ast.get_docstring(node):
                    yield text
                if isinstance(node, ast.ClassDef):
                    yield from _documented(node)
