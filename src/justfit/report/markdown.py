"""Markdown (CommonMark with tables): texts that stay texts, and the report as a file beside its charts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from justfit.report.blocks import Block, Code, Drawing, Example, Report, Sentence, Table
from justfit.report.files import file_name
from justfit.report.look import shown
from justfit.report.plain import LEAKED_REPORT, has_leaked

CHARTS = "charts"
"""The folder of the pictures beside a report in Markdown."""

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&@$]|:(?=\S)|(?<=www)\.|^\d*[-+=.)](?=\D|$))", re.IGNORECASE)
"""What means something in Markdown, or in dialects that make links and pictures of plain text."""


def plain(text: str) -> str:
    r"""Text that Markdown shows as it is, on one line.

    >>> print(plain("1. *bold* <b>\n0.5: www.x"))
    1\. \*bold\* \<b\>\\n0.5: www\.x
    """
    return _MARKUP.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", shown(text).strip())


def listed(items: Iterable[str]) -> str:
    """Markdown, an item a line.

    >>> print(listed(["one", "two"]))
    - one
    - two
    """
    return "\n".join(f"- {item}" for item in items)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], texts: int | None = None) -> str:
    """Texts as a table; columns after the first ``texts``, by default none, stand to the right.

    >>> print(table(("network", "loss"), [("8-1", "0.5")], texts=1))
    | network | loss |
    | --- | ---: |
    | 8-1 | 0.5 |
    """
    texts = len(heads) if texts is None else texts
    rule = ["---" if number < texts else "---:" for number in range(len(heads))]
    lines = [map(plain, heads), rule, *([plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fenced(content: str, language: str) -> str:
    """A block of code whose fence is longer than any in it; control characters are spelt out."""
    longest = max((len(run) for run in re.findall("`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    lines = "\n".join(shown(line) for line in content.rstrip("\n").split("\n"))
    return f"{fence}{language}\n{lines}\n{fence}"


def to_markdown(report: Report) -> str:
    """The report as Markdown, which shows its charts as SVG files of the folder `CHARTS`.

    Args:
        report: any.

    Returns:
        CommonMark with tables; every text of the report stays text.
    """
    parts = [f"# {plain(report.title)}"]
    if report.leaked:
        parts.append(f"**{LEAKED_REPORT}**")
    parts += map(_sentence, report.lead)
    for section in report.sections:
        mark = " (LEAKED)" if has_leaked(report, section) else ""
        parts.append(f"## {plain(section.title)}{mark}")
        for block in section.blocks:
            parts += _block(block, mark)
    return "\n\n".join(parts) + "\n"


def _block(block: Block, mark: str) -> Iterator[str]:
    match block:
        case Sentence():
            yield _sentence(block)
        case Table():
            yield from _table(block, mark)
        case Drawing():
            yield f"![{plain(block.caption)}]({CHARTS}/{quote(file_name(block.name))}.svg)"
            yield f"*{plain(block.caption)}*{mark}"
            yield plain(block.told)
            if block.table is not None:
                yield from _table(block.table, mark)
        case Example():
            yield f"### {plain(block.heading)}"
            if block.picture is not None:
                yield "A picture, which the page shows."
            if block.text is not None:
                yield "\n".join(f"> {plain(line)}" for line in block.text.split("\n"))
            if block.moved:
                yield listed(f"{plain(name)} {value:+.4f}" for name, value in block.moved)
        case Code():
            yield f"{plain(block.caption)}:"
            yield fenced(block.text, block.language)


def _sentence(sentence: Sentence) -> str:
    return f"**Warning:** {plain(sentence.text)}" if sentence.is_warning else plain(sentence.text)


def _table(found: Table, mark: str) -> Iterator[str]:
    yield f"*{plain(found.caption)}*{mark}"
    lines = table(found.columns, found.rows, found.texts).split("\n")
    for number in found.marked:
        cells = [f"**{plain(cell)}**" if cell.strip() else "" for cell in found.rows[number]]
        lines[number + 2] = f"| {' | '.join(cells)} |"
    yield "\n".join(lines)
