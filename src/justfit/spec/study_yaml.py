"""YAML as plain values with their lines, and back. Nothing is made of it but texts, numbers, lists and dicts.

Plain scalars mean what YAML 1.2's core schema says: ``no`` and ``on`` are texts, ``1e-3`` is a number.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

MOST_DEPTH = 20
"""Values nested deeper than this are no study."""

MOST_NODES = 20_000

MOST_PROBLEMS = 200
"""So many are told of one file."""

MOST_DIGITS = 18
"""Of a whole number, so that it fits 64 bits."""

_TOO_LARGE = 1_000_000_000_000_000_000


@dataclass(frozen=True)
class Problem:
    """One thing in a file that cannot be."""

    line: int | None
    """From 1; None where it is the file as a whole."""
    column: int | None
    """From 1."""
    path: str
    """Where in the document, such as ``stages.dropout.grid.batch_size[2]``, items from 0; may be empty."""
    message: str

    def told(self, file: str) -> str:
        """The problem in one line, after the name of its ``file``."""
        line = "" if self.line is None else f", line {self.line}"
        return f"{file}{line}{f', {self.path}' if self.path else ''}: {self.message}"


@dataclass(frozen=True)
class Node:
    """A value with its place: of a key's value, that of the key."""

    value: "str | int | float | bool | list[Node] | dict[str, Node] | None"
    line: int
    column: int
    path: str


class Problems:
    """All that cannot be in a file; of each place only what was found first."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self._places: set[tuple[int | None, str]] = set()

    def add(self, node: Node, message: str) -> None:
        """Tell of the value at ``node``."""
        self.tell(Problem(node.line, node.column, node.path, message))

    def tell(self, problem: Problem) -> None:
        """Tell of a problem, unless its place is told already or there are too many."""
        place = problem.line, problem.path
        if place in self._places or len(self.found) > MOST_PROBLEMS:
            return
        if len(self.found) == MOST_PROBLEMS:
            problem = Problem(
                problem.line, None, "", "there is more that cannot be: mend what is told first."
            )
        self._places.add(place)
        self.found.append(problem)


class _Stopped(Exception):  # noqa: N818 - no error: it is told already
    """Reading cannot go on; what is wrong is told."""


def read_yaml(text: str, problems: Problems) -> list[Node]:
    """The documents of a YAML text; what cannot be is added to ``problems``.

    Tags and aliases are refused, a key that comes twice too; of a syntax error the documents before it
    are left.
    """
    documents: list[Node] = []
    if wrong := re.search(
        "[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]",
        text.removeprefix("\ufeff"),
    ):
        message = f"the character U+{ord(wrong[0]):04X} cannot stand in YAML: remove it."
        problems.tell(Problem(text.count("\n", 0, wrong.start()) + 1, None, "", message))
        return documents
    reader = _Reader(YAML(typ="safe", pure=True).parse(text), problems)
    try:
        documents.extend(reader.documents())
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ", ".join(part for part in (error.context, error.problem) if part)
        message = (
            f"this is not YAML ({what}): look at the indentation, brackets and quotes here and just before."
        )
        line = mark.line + 1 if mark else None
        problems.tell(Problem(line, mark.column + 1 if mark else None, "", message))
    except YAMLError as error:
        problems.tell(Problem(None, None, "", f"this is not YAML ({error})."))
    except _Stopped:
        pass
    return documents


class _Reader:
    """Events of a parser to nodes."""

    def __init__(self, events: Iterator[Event], problems: Problems) -> None:
        self._events = events
        self._problems = problems
        self._nodes = 0

    def documents(self) -> Iterator[Node]:
        for event in self._events:
            if not isinstance(event, DocumentStartEvent):
                continue
            if event.version not in (None, (1, 2)):
                self._problems.add(_place(event, ""), "only YAML 1.2 is read: leave the %YAML line out.")
            yield self._node(next(self._events), "", 0, None)
            assert isinstance(next(self._events), DocumentEndEvent)

    def _node(self, event: Event, path: str, depth: int, key: Node | None) -> Node:
        """The node that begins with ``event``; ``key`` is the place of its key, where it has one."""
        place = key or _place(event, path)
        self._nodes += 1
        if self._nodes > MOST_NODES or depth > MOST_DEPTH:
            what = (
                f"{MOST_NODES:,} values"
                if self._nodes > MOST_NODES
                else f"{MOST_DEPTH} values inside each other"
            )
            self._problems.add(place, f"a study file may have at most {what}.")
            raise _Stopped
        value: Any = None
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._problems.add(
                place, f"the tag {_said_tag(tag)} is refused: a study file has only plain values."
            )
        match event:
            case AliasEvent():
                self._problems.add(place, f"the alias *{event.anchor} is refused: write the value out here.")
            case ScalarEvent():
                value = self._scalar(event, place)
            case SequenceStartEvent():
                value = []
                while not isinstance(item := next(self._events), SequenceEndEvent):
                    value.append(self._node(item, f"{path}[{len(value)}]", depth + 1, None))
            case _:
                value = self._mapping(path, depth)
        return Node(value, place.line, place.column, path)

    def _mapping(self, path: str, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            inner = (
                f"{path}.{event.value}"
                if path and isinstance(event, ScalarEvent)
                else getattr(event, "value", path)
            )
            place = _place(event, str(inner))
            if not isinstance(event, ScalarEvent):
                self._problems.add(place, "a key must be a text.")
                self._node(event, path, depth + 1, None)
                self._node(next(self._events), path, depth + 1, None)
                continue
            if event.tag is not None:
                self._problems.add(
                    place, f"the tag {_said_tag(event.tag)} is refused: a key is a plain text."
                )
            if event.value in found:
                first = found[event.value].line
                self._problems.add(place, f"this comes twice, first in line {first}: give each its own name.")
                self._node(next(self._events), str(inner), depth + 1, place)
                continue
            found[event.value] = self._node(next(self._events), str(inner), depth + 1, place)
        return found

    def _scalar(self, event: ScalarEvent, place: Node) -> object:
        text: str = event.value
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            self._problems.add(place, "the text has half of a surrogate pair: write the character itself.")
            return ""
        if event.style is not None and event.style != "":
            return text
        value = resolved(text)
        if isinstance(value, int) and abs(value) >= _TOO_LARGE:
            self._problems.add(place, f"a whole number may have at most {MOST_DIGITS} digits.")
            return None
        return value


def _place(event: Event, path: str) -> Node:
    return Node(None, event.start_mark.line + 1, event.start_mark.column + 1, path)


def _said_tag(tag: object) -> str:
    return str(tag).replace("tag:yaml.org,2002:", "!!")


_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MOST_LETTERS = 300


def resolved(text: str) -> str | float | bool | None:
    """What a plain scalar stands for by YAML 1.2's core schema; one of absurd length is 10 ** 18.

    >>> [resolved(text) for text in ("12", "1e-3", "no", "true", "~", "1/2")]
    [12, 0.001, 'no', True, None, '1/2']
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > _MOST_LETTERS:
            return _TOO_LARGE
        bases = {"0o": 8, "0x": 16}
        return int(text, bases.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


def plain_value(node: Node) -> Any:
    """The value of a node without places: texts, numbers, lists and dicts."""
    match node.value:
        case list(items):
            return [plain_value(item) for item in items]
        case dict(fields):
            return {key: plain_value(item) for key, item in fields.items()}
        case plain:
            return plain


_LONG_LINE = 88
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*( [A-Za-z0-9_.-]+)*")


def yaml_lines(value: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """A mapping of plain values as lines of YAML; short values stand on one line.

    >>> list(yaml_lines({"stages": {"a": {"hidden": [16, 8]}}, "name": "no"}))
    ['stages:', '  a: {hidden: [16, 8]}', 'name: no']
    """
    for key, inner in value.items():
        head = f"{indent}{_flow(key)}:"
        line = f"{head} {_flow(inner)}"
        nested = isinstance(inner, Mapping) and any(
            isinstance(item, Mapping) and item for item in inner.values()
        )
        if isinstance(inner, Mapping) and inner and (nested or len(line) > _LONG_LINE):
            yield head
            yield from yaml_lines(inner, indent + "  ")
        elif isinstance(inner, list | tuple) and inner and len(line) > _LONG_LINE:
            yield head
            yield from (f"{indent}  - {_flow(item)}" for item in inner)
        else:
            yield line


def _flow(value: object) -> str:
    match value:
        case Mapping():
            return "{" + ", ".join(f"{_flow(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(_flow(inner) for inner in value) + "]"
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case str():
            is_plain = _PLAIN.fullmatch(value) and resolved(value) == value
            return value if is_plain else _quoted(value)
        case _:
            return repr(value)


def _quoted(text: str) -> str:
    """In double quotes, what does not print spelt out."""
    return "".join(
        letter if letter.isprintable() else f"\\U{ord(letter):08X}"
        for letter in json.dumps(text, ensure_ascii=False)
    )
