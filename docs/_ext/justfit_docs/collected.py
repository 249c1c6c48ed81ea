"""Every message in the sources: what is raised, found in data, left out, or said by `justfit doctor`."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import justfit
from justfit import errors
from justfit_docs.templates import template

SOURCES = Path(justfit.__file__).parent

OWN = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
"""The package's exceptions."""

RAISED = {*OWN, "Refused", "ValueError", "BadParameter"}
FOUND = {"Finding": 4, "of_rows": 3, "SearchFinding": 2}
"""What makes a finding, with the place of its sentence."""
LEVELS = ("error", "warning", "note")


@dataclass(frozen=True)
class Message:
    """A sentence that somebody may read, with <names> for what is filled in."""

    kind: str
    """The exception's class, ``Skipped`` for rows left out, ``doctor``, or the level of a finding."""
    text: str
    module: str
    """Such as ``data/audit.py``."""
    function: str
    about: str
    """The first sentence of the function's docstring."""
    code: str = ""
    """Of a finding."""
    status: int = 0
    """Of an answer of HTTP."""


@dataclass(frozen=True)
class _Maker:
    """A function that makes an error of what it is given, so that its messages stand where it is called."""

    module: str
    kind: str
    parameters: tuple[str, ...]
    sentence: ast.expr
    names: Mapping[str, ast.expr]


_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class _Module:
    name: str
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    calls: list[tuple[ast.Call, _Function | None]] = field(default_factory=list)
    """All calls by their place, each with the innermost function that it stands in."""
    raising: set[int] = field(default_factory=set)
    """Ids of the functions that return an exception."""

    def __post_init__(self) -> None:
        waiting: list[tuple[ast.AST, _Function | None]] = [(self.tree, None)]
        while waiting:
            node, function = waiting.pop()
            if isinstance(node, ast.Call):
                self.calls.append((node, function))
            if isinstance(node, ast.Return) and node.value and _called(node.value) in RAISED:
                self.raising.add(id(function))
            inside = node if isinstance(node, _Function) else function
            waiting += [(inner, inside) for inner in ast.iter_child_nodes(node)]
        self.calls.sort(key=lambda call: (call[0].lineno, call[0].col_offset))
        outside = [node for node in self.tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
        self.constants |= _assigned(outside)


def collect(sources: Path = SOURCES) -> list[Message]:
    """The messages of all modules below a folder, by module and in the order of their lines."""
    modules = [
        _Module(path.relative_to(sources).as_posix(), ast.parse(path.read_bytes()))
        for path in sorted(sources.rglob("*.py"))
    ]
    by_name = {f"justfit.{each.name[:-3].replace('/', '.')}": each for each in modules}
    own_constants = {id(each): dict(each.constants) for each in modules}
    for each in modules:
        for node in each.tree.body:
            if isinstance(node, ast.ImportFrom) and node.module in by_name:
                origin = own_constants[id(by_name[node.module])]
                names = {name.asname or name.name: name.name for name in node.names}
                each.constants |= {here: origin[there] for here, there in names.items() if there in origin}
    makers = {maker: found for each in modules for maker, found in _makers(each)}
    found: dict[tuple[str, str, str], Message] = {}
    for each in modules:
        for message in _messages(each, makers):
            found.setdefault((message.kind, message.text, message.module), message)
    return list(found.values())


def _assigned(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """What names are set to once and for all in some statements."""
    found: dict[str, ast.expr] = {}
    again: set[str] = set()
    for node in body:
        for inner in ast.walk(node):
            match inner:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    again |= {name} & set(found)
                    found[name] = value
                case ast.AugAssign() | ast.For() | ast.comprehension() | ast.NamedExpr():
                    again |= {each.id for each in ast.walk(inner.target) if isinstance(each, ast.Name)}
    return {name: value for name, value in found.items() if name not in again}


def _called(node: ast.AST) -> str:
    """The last part of what a call calls."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return ""


def _sentence(node: ast.Call) -> tuple[str, ast.expr] | None:  # noqa: PLR0911 - a form of message each
    """The kind of message that a call makes, and the expression of its sentence."""
    name = _called(node)
    arguments = node.args
    if name in FOUND and len(arguments) > FOUND[name]:
        return name, arguments[FOUND[name]]
    if name in RAISED and arguments:
        return name, arguments[0]
    if name in ("Skipped", "Problem") and len(arguments) > 1:
        return "Skipped" if name == "Skipped" else "StudyFileError", arguments[-1]
    match node.func:
        case ast.Attribute(value=ast.Attribute(attr="problems"), attr="add") if len(arguments) == 2:
            return "StudyFileError", arguments[1]
        case ast.Attribute(value=ast.Name(id="problems"), attr="append") if arguments:
            return "doctor", arguments[0]
        case ast.Name(id="say_error") if arguments and isinstance(arguments[0], ast.Constant):
            return "say_error", arguments[0]
    return None


def _makers(module: _Module) -> Iterator[tuple[str, _Maker]]:
    for node, function in module.calls:
        if function is None or (made := _sentence(node)) is None:
            continue
        kind, sentence = made
        arguments = (*function.args.args, *function.args.kwonlyargs)
        parameters = tuple(each.arg for each in arguments if each.arg not in ("self", "cls"))
        passes_on = isinstance(sentence, ast.Name) and sentence.id in parameters
        if passes_on or (id(function) in module.raising and _uses(sentence, parameters)):
            names = {**module.constants, **_assigned(function.body)}
            yield _key(module, function.name), _Maker(module.name, kind, parameters, sentence, names)


def _key(module: _Module, name: str) -> str:
    """The key of a function that makes an error; a private one counts in its module alone."""
    return f"{module.name}:{name}" if name.startswith("_") else name


def _uses(sentence: ast.expr, parameters: tuple[str, ...]) -> bool:
    used = {node.id for node in ast.walk(sentence) if isinstance(node, ast.Name)}
    return bool(used & set(parameters))


def _messages(module: _Module, makers: Mapping[str, _Maker]) -> Iterator[Message]:
    """The messages of one module."""
    for node, function in module.calls:
        maker = makers.get(_key(module, _called(node)))
        made = _sentence(node)
        if made is None and maker is None:
            continue
        names = {**module.constants, **(_assigned(function.body) if function else {})}
        if made is not None:
            kind, sentence = made
            own = makers.get(_key(module, function.name)) if function else None
            if own is not None and own.module == module.name:
                continue  # it stands where the function is called
            text = template(sentence, names)
        else:
            assert maker is not None
            given = dict(zip(maker.parameters, node.args, strict=False))
            given |= {word.arg: word.value for word in node.keywords if word.arg}
            texts = {key: _spelt(value, names) for key, value in given.items()}
            kind, text = maker.kind, template(maker.sentence, {**maker.names, **texts})
            if not any(isinstance(value, ast.Constant | ast.JoinedStr) for value in texts.values()):
                continue
        if text and len(text.strip("<>. ")) > len("<x>") and " " in text and not text.startswith("<error>"):
            yield _message(kind, text, module, function, node)


def _spelt(value: ast.expr, names: Mapping[str, ast.expr]) -> ast.expr:
    """An argument as the sentence that it is, so that the names of the caller stand in it."""
    text = template(value, names)
    return value if text is None else ast.Constant(text)


def _message(
    kind: str,
    text: str,
    module: _Module,
    function: ast.FunctionDef | ast.AsyncFunctionDef | None,
    node: ast.Call,
) -> Message:
    about = (ast.get_docstring(function) or "" if function else "").split("\n\n")[0].replace("\n", " ")
    where = function.name if function else ""
    text = " ".join(text.split())
    if kind in FOUND:
        code = next((each.value for each in node.args[:1] if isinstance(each, ast.Constant)), "")
        levels = [
            inner.value
            for inner in ast.walk(node)
            if isinstance(inner, ast.Constant) and inner.value in LEVELS
        ]
        level = " or ".join(dict.fromkeys(map(str, levels))) or "note"
        return Message(level, text, module.name, where, about, code=str(code))
    status = 0
    if kind == "Refused":
        numbers = [each.value for each in node.args[1:2] if isinstance(each, ast.Constant)]
        status = int(numbers[0]) if numbers and isinstance(numbers[0], int) else 400
    return Message(kind, text, module.name, where, about, status=status)
