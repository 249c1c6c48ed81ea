"""The pages of messages: an entry for each sentence that `collected` finds, by theme and module."""

import ast
import re
from functools import cache
from pathlib import Path

from justfit import errors
from justfit_docs.collected import OWN, SOURCES, Message, collect
from justfit_docs.marked import code, plain, sentence_of, slug

THEMES = {
    "study-files": (
        "spec/",
        "workflow/plan",
        "data/splits",
        "workflow/search",
        "cli/run",
        "cli/rows",
        "cli/standard",
    ),
    "data-files": ("data/", "cli/data"),
    "audit": ("data/audit", "judge/search"),
    "rows": (
        "data/bag_preparation",
        "data/ngrams",
        "data/preparation",
        "data/rows",
        "data/table_given",
        "data/table_output",
        "data/table_preparation",
        "store/predict",
        "cli/predict",
    ),
    "training": ("engine/", "workflow/"),
    "store": (
        "store/",
        "judge/studies",
        "report/",
        "workflow/compar",
        "workflow/stored_rows",
        "workflow/validation_outputs",
    ),
    "model-files": ("store/model", "data/preparation_json", "cli/export"),
    "pages": ("web/", "cli/ui"),
    "bridges": ("bridges/",),
    "command-line": ("cli/",),
    "python": ("",),
}
"""Pages below ``docs/messages``, with the beginnings of the modules they are about; the longest counts."""

OFTEN = Path(__file__).parents[2] / "messages" / "often.md"
"""Longer words on some messages: headings that are code are beginnings of messages."""

_OFTEN = re.compile(r"^\((?P<anchor>often-[\w-]+)\)=\n## `(?P<beginning>[^`\n]+)`$", re.MULTILINE)

_EXIT_CODES = {"StoppedError": 130, "BadParameter": 2}


def theme_of(module: str) -> str:
    """The page on which a module's messages stand."""
    beginnings = {start: page for page, starts in THEMES.items() for start in starts}
    return beginnings[max((start for start in beginnings if module.startswith(start)), key=len)]


@cache
def all_messages() -> tuple[Message, ...]:
    """Every message of the package, read once a build."""
    return tuple(collect())


def explained() -> dict[str, str]:
    """The anchors of longer entries, by the beginnings of the messages they are about."""
    return _explained(OFTEN)


@cache
def _explained(page: Path) -> dict[str, str]:
    return {found["beginning"]: found["anchor"] for found in _OFTEN.finditer(page.read_text())}


def unmatched() -> list[str]:
    """Beginnings of longer entries with which no message begins any more."""
    texts = [message.text for message in all_messages()]
    return [start for start in explained() if not any(text.startswith(start) for text in texts)]


def messages_of(page: str) -> str:
    """The entries of one page as Markdown."""
    if wrong := unmatched():
        raise ValueError(f"{OFTEN}: no message begins with {wrong}: correct the heading, or take it out.")
    parts: list[str] = []
    taken: dict[str, int] = {}
    modules = sorted({message.module for message in all_messages() if theme_of(message.module) == page})
    for module in modules:
        parts += [f"## {_title(module)}", f"In {code(_dotted(module))}."]
        parts += [_entry(message, taken) for message in all_messages() if message.module == module]
    return "\n\n".join(parts)


def exceptions() -> str:
    """Each of the package's exceptions, with what it means, what it builds on and its exit code."""
    parts = []
    for name, kind in vars(errors).items():
        if isinstance(kind, type):
            base = kind.__mro__[1].__name__
            of = f" A kind of {code(base)}." if base in OWN else ""
            told = " ".join((kind.__doc__ or "").split()).replace("``", "`")
            parts.append(
                f"(exception-{name.lower()})=\n### {code(name)}\n\n{told}{of} "
                f"The command line ends with {_EXIT_CODES.get(name, 1)}. {_EXPECTED[name]}"
            )
    return "\n\n".join(parts)


_EXPECTED = {
    "JustfitError": "From Python, catch this one to catch all that a user can mend.",
    "SpecError": "Correct the value that the message names; it says what would be legal.",
    "StudyFileError": "Each line of the message names a line of the file; all are told at once.",
    "DataError": "Mend the file, the row or the column that the message names, or leave it out.",
    "SealError": "Test rows are looked at once; `justfit run STUDY --again REASON` looks once more.",
    "StoreError": "Only what the message names is lost: runs are kept, and what lacks is trained again.",
    "EngineError": "Mostly a network that diverged: lower the learning rate, or scale the columns.",
    "WorkerLostError": "Another worker goes on; where all are lost, look why processes or nodes end.",
    "StoppedError": "Run the same again, and it goes on from its last epochs.",
}


def finding_codes() -> str:
    """A table of the codes of findings, with their levels and where they are told."""
    found: dict[str, Message] = {}
    for message in all_messages():
        if message.code and message.module.startswith("data/"):
            found.setdefault(message.code, message)
    lines = [f"- {code(name)} ({found[name].kind}): {shown(found[name].text)}" for name in sorted(found)]
    return "\n".join(lines)


def shown(text: str) -> str:
    """A template as Markdown: what is filled in, and commands, as code."""
    parts = re.split(r"(<[^<>]+>|`[^`]+`)", text)
    told = [plain(part) if place % 2 == 0 else code(part.strip("`")) for place, part in enumerate(parts)]
    return re.sub("(?<=`)(?=`<)", " ", "".join(told))


def _entry(message: Message, taken: dict[str, int]) -> str:
    anchor = slug(f"{message.code} {message.text}")
    taken[anchor] = taken.get(anchor, 0) + 1
    if taken[anchor] > 1:
        anchor += f"-{taken[anchor]}"
    page = theme_of(message.module)
    more = next((name for start, name in explained().items() if message.text.startswith(start)), None)
    lines = [f"{_kind(message)}."]
    if message.about and not message.function.startswith("_"):
        lines.append(f"From {code(message.function)}: {_ended(sentence_of(message.about))}")
    if more:
        lines.append(f"[More on this message](often.md#{more}).")
    return f"(message-{page}-{anchor})=\n{shown(message.text)}\n: {' '.join(lines)}"


def _kind(message: Message) -> str:  # noqa: PLR0911 - a kind each
    kind = message.kind
    if message.code:
        return f"{code(message.code)}, {plain(message.kind)}"
    if kind == "Refused":
        return f"An answer of the server with status {message.status}"
    if kind == "Skipped":
        return "The reason for which a row is left out"
    if kind == "doctor":
        return "A problem that `justfit doctor` names; exit code 1"
    if kind == "say_error":
        return "Said by the command line"
    if kind == "ValueError" and not message.module.startswith(("bridges/", "judge/", "report/", "spec/")):
        return "A detail that stands within another message"
    if kind == "ValueError":
        return "`ValueError`, from Python"
    name = (
        f"[{code(kind)}](../messages.md#exception-{kind.lower()})"
        if kind in OWN
        else "A command not understood"
    )
    return f"{name}, exit code {_EXIT_CODES.get(kind, 1)}"


def _title(module: str) -> str:
    tree = ast.parse((SOURCES / module).read_bytes())
    told = sentence_of(ast.get_docstring(tree)).partition(". ")[0].rstrip(".")
    told = re.sub("^`[^`]+`: ", "", told)
    return told[:1].upper() + told[1:] or _dotted(module)


def _dotted(module: str) -> str:
    return f"justfit.{module.removesuffix('.py').replace('/', '.')}".removesuffix(".__init__")


def _ended(text: str) -> str:
    return text if text.endswith((".", ":", "!", "?")) else f"{text}."
