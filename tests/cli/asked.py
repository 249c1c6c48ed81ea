"""Every command of the shell with arguments that it answers to."""

import typer

STUDY = """
name: asked
data: wine
defaults: {epochs: 2}
stages: {widths: {grid: {hidden: [[4], [8]]}}}
"""

ASKED: dict[str, tuple[tuple[str, ...], str]] = {
    "run": (("study.yaml",), "studies"),
    "search": (("study.yaml", "--sampler", "random", "--trials", "1"), "studies"),
    "stop": (("breast_cancer",), "process"),
    "check": (("study.yaml",), "studies"),
    "plan": (("study.yaml",), "studies"),
    "list": ((), "studies"),
    "ui": (("--no-open",), "address"),
    "show": (("breast_cancer",), "stages"),
    "compare": (("breast_cancer",), "networks"),
    "mistakes": (("breast_cancer",), "mistakes"),
    "plot": (("breast_cancer", "--out", "drawn.html"), "written"),
    "report": (("breast_cancer",), "sections"),
    "rm": (("diabetes", "--yes"), "removed"),
    "predict": (("breast_cancer", "--out", "answers.csv", "rows.csv"), "rows"),
    "card": (("breast_cancer",), "card"),
    "export": (("breast_cancer", "--out", "model.justfit"), "written"),
    "reproduce": (("tanh",), "documents"),
    "schema": ((), "$schema"),
    "doctor": ((), "packages"),
    "data": ((), "sets"),
    "data show": (("wine",), "columns"),
    "data audit": (("wine",), "audit"),
    "store check": ((), "faults"),
}
"""Each command with arguments, and a key of its answer."""


def commands(of: typer.Typer, before: str = "") -> set[str]:
    """The names of all commands, and of groups that do something by themselves."""
    found = {f"{before}{each.name or each.callback.__name__}" for each in of.registered_commands}
    for group in of.registered_groups:
        if group.typer_instance.info.invoke_without_command is True:
            found |= {f"{before}{group.name}"}
        found |= commands(group.typer_instance, f"{before}{group.name} ")
    return found
