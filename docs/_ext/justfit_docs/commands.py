"""The page of commands, made of the command line itself."""

import inspect
from pathlib import Path
from typing import Any

import typer

from justfit.cli import app
from justfit_docs.marked import code, plain, sentence_of, slug, table


def commands() -> str:
    """Every command with its arguments and options, as Markdown."""
    root: Any = typer.main.get_command(app)
    context = root.make_context("justfit", [], resilient_parsing=True)
    parts = ["## Before any command", _options(root, context)]
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        parts += _command(command, f"justfit {name}", context)
    return "\n\n".join(part for part in parts if part)


def _command(command: Any, path: str, context: Any) -> list[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    inner = getattr(command, "commands", {})
    words = [path, *(_metavar(each) for each in arguments), "[OPTIONS]", *(["[COMMAND]"] if inner else [])]
    parts = [
        f"(command-{slug(path.removeprefix('justfit '))})=\n## {code(path)}",
        _paragraphs(command.help),
        f"```text\n{' '.join(words)}\n```",
    ]
    if arguments:
        rows = [[code(_metavar(each)), _help(each)] for each in arguments]
        parts.append(table(["argument", "what it is"], rows))
    parts.append(_options(command, context))
    for name, each in inner.items():
        parts += _command(each, f"{path} {name}", context)
    return parts


def _options(command: Any, context: Any) -> str:
    """Tables of the options, one a panel."""
    panels: dict[str, list[list[str]]] = {}
    for each in command.params:
        if each.param_type_name == "option" and not each.hidden and "--help" not in each.opts:
            panel = getattr(each, "rich_help_panel", None) or "Options"
            panels.setdefault(panel, []).append([_names(each, context), _help(each), _default(each)])
    several = len(panels) > 1
    parts = []
    for panel, rows in panels.items():
        title = f"**{plain(panel)}**\n\n" if several else ""
        parts.append(title + table(["option", "what it does", "default"], rows))
    return "\n\n".join(parts)


def _names(option: Any, context: Any) -> str:
    names = ", ".join(code(name) for name in (*option.opts, *option.secondary_opts))
    if option.is_flag:
        return names
    shown = option.display_type(context)
    kind = next((kind for part, kind in _KINDS.items() if part in shown), shown.strip("<>").upper())
    return f"{names} {code(option.metavar or kind)}"


_KINDS = {"int": "NUMBER", "float": "NUMBER", "str": "TEXT", "path": "PATH"}
"""What an option takes, by a part of what typer calls it."""


def _metavar(argument: Any) -> str:
    name = (argument.metavar or argument.name).upper().strip("[]")
    name += "..." if argument.nargs == -1 else ""
    return name if argument.required else f"[{name}]"


def _help(parameter: Any) -> str:
    return sentence_of(parameter.help)


def _default(option: Any) -> str:
    value = option.default
    if isinstance(value, bool):
        return "on" if value else ""
    plain_value = isinstance(value, str | int | float | Path) and str(value)
    return code(str(value)) if plain_value else ""


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(each.split()) for each in inspect.cleandoc(text or "").split("\n\n"))
