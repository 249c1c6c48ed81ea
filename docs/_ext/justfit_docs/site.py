"""The Sphinx extension of this site: fills in what is generated, and resolves names without network."""

import ast
import builtins
import importlib.util
import re
from functools import cache
from typing import Any

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

from justfit_docs.api import api, bridge_modules
from justfit_docs.collected import SOURCES
from justfit_docs.commands import commands
from justfit_docs.marked import Generator, fill
from justfit_docs.messages import exceptions, finding_codes, messages_of
from justfit_docs.study_keys import study_keys

GENERATORS: dict[str, Generator] = {
    "api": api,
    "bridge-modules": bridge_modules,
    "commands": commands,
    "exceptions": exceptions,
    "findings": finding_codes,
    "messages": messages_of,
    "study-keys": study_keys,
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_lexer("csv", TextLexer)  # a table as it stands in a file has no colours
    app.connect("source-read", _fill)
    app.connect("missing-reference", _other)
    app.connect("autodoc-skip-member", _skip)
    app.connect("autodoc-process-signature", _readable)
    app.connect("doctree-read", _colons)
    app.connect("html-page-context", _accessible, priority=900)  # after the theme's
    aside = _Aside()
    app.connect("autodoc-process-docstring", aside.take, priority=400)  # Napoleon's is 500
    app.connect("autodoc-process-docstring", aside.bring, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _fill(app: Sphinx, docname: str, source: list[str]) -> None:  # noqa: ARG001 - Sphinx calls it so
    filled = fill(source[0], GENERATORS)
    if filled != source[0]:
        app.env.note_reread()  # what it is made of may change without it
        source[0] = filled


def _other(app: Sphinx, env: Any, node: Any, shown: nodes.Element) -> nodes.Element | None:
    """What a name without an entry of its own refers to.

    An entry that ends with it; else the name itself, where it is one of the sources' or of another package,
    as there is no network to ask. A name that is nowhere stays missing, which the build tells.
    """
    if node.get("refdomain") != "py":
        return None
    name = str(node["reftarget"]).removesuffix("()")
    domain = env.domains["py"]
    entries = [path for path in domain.objects if path.endswith(f".{name}")]
    if entries:
        path = min(entries, key=len)
        return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", path, node, shown)
    root = name.partition(".")[0]
    is_of_others = root != "justfit" and "." in name and importlib.util.find_spec(root)
    is_known = hasattr(builtins, name) or set(name.split(".")) <= names_in_sources()
    return shown if is_of_others or is_known else None


@cache
def names_in_sources() -> frozenset[str]:
    """Every name that the sources define or import: classes, functions, parameters, variables, modules."""
    found = {"justfit"}
    for path in SOURCES.rglob("*.py"):
        found |= set(path.relative_to(SOURCES).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_bytes())):
            match node:
                case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.arg(arg=name):
                    found.add(name)
                case ast.Name(id=name, ctx=ast.Store()):
                    found.add(name)
                case ast.alias(name=name, asname=renamed):
                    found.add(renamed or name)
    return frozenset(found)


class _Aside:
    """Keeps Napoleon from taking what stands before a colon in an attribute's docstring for its type."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def take(self, *told: Any) -> None:
        """Before Napoleon."""
        what, lines = told[1], told[-1]
        self._lines = lines.copy() if what in ("attribute", "data", "property") else []
        if self._lines:
            lines.clear()

    def bring(self, *told: Any) -> None:
        """After it."""
        if self._lines:
            told[-1][:] = self._lines


def _readable(*told: Any) -> tuple[str | None, str | None]:
    """A signature that Python would read: defaults that are made anew each time have no other form."""
    signature, returned = told[-2:]
    return (signature and signature.replace("<factory>", "...")), returned


def _colons(app: Sphinx, doctree: nodes.document) -> None:  # noqa: ARG001 - Sphinx calls it so
    """Part parameters from what is said of them by a colon, as all dashes on these pages are typed ones."""
    for text in list(doctree.findall(nodes.Text)):
        if text.astext() == " -- ":
            text.parent.replace(text, nodes.Text(": "))


def _skip(*told: Any) -> bool | None:
    """Leave out the methods that scikit-learn gives its estimators by itself."""
    name = str(told[2])
    return True if name.startswith("set_") and name.endswith("_request") else None


_SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.DOTALL)


def _accessible(app: Sphinx, page: str, template: str, context: dict[str, Any], *_: Any) -> None:  # noqa: ARG001
    """Mend what the theme leaves to those who use a keyboard or listen.

    What scrolls can be reached, captions have a level, and the lines of a signature are no definitions.
    """
    tree = "furo_navigation_tree"
    context[tree] = str(context.get(tree, "")).replace('role="heading"', 'role="heading" aria-level="2"')
    if not context.get("body"):
        return
    body = context["body"].replace("<pre>", '<pre tabindex="0">')
    body = body.replace('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper')
    context["body"] = _SIGNATURE.sub(_as_lines, body)


def _as_lines(signature: re.Match[str]) -> str:
    text = signature[0].replace("<dl>", '<span class="lines">').replace("<dd>", '<span class="line">')
    return text.replace("</dl>", "</span>").replace("</dd>", "</span>")
