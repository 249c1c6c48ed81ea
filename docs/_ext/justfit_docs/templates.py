"""Message templates read off syntax trees: f-strings as sentences with <names> for what is filled in."""

import ast
import operator
import re
from collections.abc import Mapping
from typing import Any

_OPERATORS: dict[type[ast.operator], Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
_SIGNS = {ast.Add: "+", ast.Sub: "-"}

_PASSED_ON = {"str", "repr", "excerpt", "first_line", "sorted", "tuple", "list", "min", "max", "sum", "map"}
"""Functions whose result is named as what they are given."""

_OF_ITS_OWNER = {"name", "strerror", "reason", "title"}
"""Attributes that are named as what has them."""

_ENDINGS = {"has": "have", "_s": "", "_tells": "tell", "named": "<names>"}
"""Functions that let a verb agree with a number, or shorten a list."""

LONGEST_WAY = 40
"""Letters of one of two ways in which a message may go on, both of which are shown."""

MOST_LISTED = 16
"""Values of a constant that are spelt out; longer lists are named."""

Names = Mapping[str, ast.expr]
"""What stands for a name: a constant of the module, or what is put in the place of a parameter."""


def template(node: ast.expr | None, names: Names) -> str | None:  # noqa: PLR0911 - a syntax each
    """The sentence that an expression makes, or None where it is none or only passes one on."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(template(part, names) or "" for part in parts)
        case ast.FormattedValue(value=value, format_spec=spec):
            return _filled(value, spec, names)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, second = template(left, names), template(right, names)
            return None if first is None else first + (second or f"<{_name(right, names)}>")
        case ast.IfExp(body=body, orelse=other):
            return template(body, names) or template(other, names)
        case ast.Name(id=name) if name in names:
            return template(names[name], {key: each for key, each in names.items() if key != name})
        case ast.Call(func=ast.Name(id="nearest")):
            return ' [Did you mean "<name>"?]'
    return None


def _filled(value: ast.expr, spec: ast.expr | None, names: Names) -> str:
    """What is seen in the place of a value: itself where it is known, else its name."""
    known = constant(value, names)
    if known is not None:
        form = spec.values[0] if isinstance(spec, ast.JoinedStr) and spec.values else None
        return format(known, form.value if isinstance(form, ast.Constant) else "")
    either = names.get(value.id) if isinstance(value, ast.Name) else value
    if isinstance(either, ast.IfExp):
        ways = [template(way, names) for way in (either.body, either.orelse)]
        if None in ways or max(len(way or "") for way in ways) > LONGEST_WAY:
            return f"<{_name(value, names)}>"
        return "<" + " or ".join(re.sub("[<>]", "", way).strip() for way in ways if way) + ">"
    match value:
        case ast.Call(func=ast.Name(id="counted"), args=[_, ast.Constant(value=str(noun))]):
            return f"<number> {noun}s"
        case ast.Call(func=ast.Name(id=function)) if function in _ENDINGS:
            return _ENDINGS[function]
    inner = template(value, names)
    return inner if inner is not None else f"<{_name(value, names)}>"


def constant(node: ast.expr, names: Names) -> Any:
    """A number, a text or a joined list of texts that is the same whatever happens; else None."""
    match node:
        case ast.Constant(value=int() | float() | str() as value):
            return value
        case ast.Name(id=name) if name in names and not isinstance(names[name], ast.JoinedStr):
            return constant(names[name], {key: each for key, each in names.items() if key != name})
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            first, second = constant(left, names), constant(right, names)
            numbers = isinstance(first, int | float) and isinstance(second, int | float)
            return _OPERATORS[type(sign)](first, second) if numbers else None
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(glue)), attr="join"), args=[listed]):
            texts = _texts(listed, names)
            return glue.join(texts) if texts is not None and len(texts) <= MOST_LISTED else None
    return None


def _texts(node: ast.expr, names: Names) -> list[str] | None:
    """A literal list of texts, or the keys of a literal mapping."""
    match node:
        case ast.Name(id=name) if name in names:
            return _texts(names[name], {})
        case ast.Tuple(elts=items) | ast.List(elts=items):
            texts = [item.value for item in items if isinstance(item, ast.Constant)]
            return [str(text) for text in texts] if len(texts) == len(items) else None
        case ast.Dict(keys=keys):
            return _texts(ast.List(elts=[key for key in keys if key is not None]), {})
        case ast.Call(func=ast.Name(id="sorted" | "tuple" | "list"), args=[inner]):
            return _texts(inner, names)
    return None


def _name(node: ast.expr, names: Names) -> str:  # noqa: C901, PLR0911, PLR0912 - a syntax each
    """A name for what an expression gives, for people."""
    match node:
        case ast.Name(id=name):
            inner = names.get(name)
            return _name(inner, {}) if isinstance(inner, ast.Name) else _words(name)
        case ast.Attribute(value=owner, attr=attribute):
            if attribute in _OF_ITS_OWNER and not _is_self(owner):
                return _name(owner, names)
            return (
                f"{_name(owner, names)} id"
                if attribute == "id" and not _is_self(owner)
                else _words(attribute)
            )
        case ast.Call():
            return _name_of_call(node, names)
        case ast.BoolOp(values=values):
            return _name(values[0], names)
        case ast.Subscript(value=owner, slice=ast.Constant(value=str(key))):
            return _words(key) if key.isidentifier() else _name(owner, names)
        case ast.Subscript(value=owner) | ast.Starred(value=owner) | ast.UnaryOp(operand=owner):
            return _name(owner, names)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _SIGNS and _is_told(right, names):
            return f"{_name(left, names)} {_SIGNS[type(sign)]} {_name(right, names)}"
        case ast.BinOp(left=left, right=right):
            return _name(right if isinstance(left, ast.Constant) else left, names)
        case ast.IfExp(body=body, orelse=other):
            return _name(other if isinstance(body, ast.Constant) else body, names)
        case ast.GeneratorExp(elt=item) | ast.ListComp(elt=item) | ast.SetComp(elt=item):
            return _name(item, names)
        case ast.JoinedStr(values=parts):
            return next(
                (_name(part.value, names) for part in parts if isinstance(part, ast.FormattedValue)), "text"
            )
        case ast.Constant(value=value):
            return str(value)
    return "value"


def _name_of_call(node: ast.Call, names: Names) -> str:  # noqa: PLR0911 - a call each
    match node:
        case ast.Call(func=ast.Attribute(attr="join"), args=[listed]):
            return f"{_name(listed, names)}, ..."
        case ast.Call(func=ast.Name(id="len"), args=[inner]):
            return f"number of {_name(inner, names)}"
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(attribute)), *_]):
            return _words(attribute)
        case ast.Call(func=ast.Name(id="type"), args=[inner]):
            return f"kind of {_name(inner, names)}"
        case ast.Call(func=ast.Name(id=function), args=[*_, inner]) if function in _PASSED_ON:
            return _name(inner, names)
        case ast.Call(func=ast.Name(id=function)):
            return _words(function)
        case ast.Call(func=ast.Attribute(value=owner, attr=method)):
            return _words(method) if _is_self(owner) else _name(owner, names)
    return "value"


def _words(name: str) -> str:
    return name.strip("_").lower().replace("_", " ")


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls", "error")


def _is_told(node: ast.expr, names: Names) -> bool:
    return constant(node, names) is None
