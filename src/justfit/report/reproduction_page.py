"""Published figures beside ours as a table: on the screen, in Markdown and as a page."""

import html
from collections.abc import Iterator, Sequence
from pathlib import Path

from justfit.report.reproduction import FigureRow, ParameterRow, Reproduction
from justfit.store.files import make_folders, write_bytes


def write_reproduction(found: Sequence[Reproduction], folder: Path) -> tuple[Path, Path]:
    """Write the table as Markdown and as HTML; gives where.

    Raises:
        StoreError: the disk is full or the folder may not be written.
    """
    make_folders(folder)
    name = found[0].name if len(found) == 1 else "all"
    markdown, page = folder / f"{name}.md", folder / f"{name}.html"
    write_bytes(markdown, to_markdown(found).encode())
    write_bytes(page, to_html(found).encode())
    return markdown, page


Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def figure_table(rows: Sequence[FigureRow]) -> Table:
    """Heads and cells of the figures."""
    heads = ("study", "network", "figure", "published", "ours, mean", "95% interval", "agrees", "why not")
    return heads, [tuple(_figure_cells(row)) for row in rows]


def _figure_cells(row: FigureRow) -> Iterator[str]:
    found = row.agreement
    form = ".0f" if row.figure == "best_epoch" else ".4f"
    yield f"{row.study} (leaked)" if row.is_leaked else row.study
    yield row.network
    yield row.figure
    yield f"{found.published:{form}}"
    yield f"{found.ours.value:{form}}"
    unknown = found.ours.low is None or found.ours.high is None
    yield "" if unknown else f"{found.ours.low:{form}} to {found.ours.high:{form}}"
    yield "yes" if found.agrees else "no"
    yield "" if found.agrees else (row.because or "not known")


def parameter_table(rows: Sequence[ParameterRow]) -> Table:
    """Heads and cells of the parameter counts."""
    heads = ("study", "network", "published", "ours", "equal")
    return heads, [
        (
            row.study,
            row.widths,
            f"{row.published:,}",
            "none" if row.ours is None else f"{row.ours:,}",
            "yes" if row.agrees else "no",
        )
        for row in rows
    ]


def to_markdown(found: Sequence[Reproduction]) -> str:
    """All tables as Markdown; texts are text, never markup."""
    parts = ["# Published and reproduced"]
    for each in found:
        parts += [f"## {_plain(each.title)}", _summary(each)]
        parts.append(_markdown_table(figure_table(each.figures)))
        if each.parameters:
            parts.append(_markdown_table(parameter_table(each.parameters)))
        for reading in each.readings:
            where = f"{_plain(reading.study)}, stage {_plain(reading.stage)}"
            lines = "\n".join(f"- {_plain(line)}" for line in reading.ours)
            parts.append(f"{where}. Published: {_plain(reading.published)}. Ours:\n\n{lines}")
        if each.refused:
            parts.append(f"Refused, as published: {_plain(each.refused)}")
    return "\n\n".join(parts) + "\n"


def _summary(each: Reproduction) -> str:
    text = f"{each.agreeing} of {len(each.figures)} published figures agree."
    if each.parameters:
        equal = sum(row.agrees for row in each.parameters)
        text += f" {equal} of {len(each.parameters)} parameter counts are equal."
    return text


def _plain(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|" else letter for letter in text)


def _markdown_table(table: Table) -> str:
    heads, rows = table
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(
        "| " + " | ".join(_plain(cell) if number != 1 else cell for cell in line) + " |"
        for number, line in enumerate(lines)
    )


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Published and reproduced</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
th, td {{ text-align: left; padding: 0.2rem 0.8rem 0.2rem 0; border-bottom: 1px solid #8888; }}
td {{ font-variant-numeric: tabular-nums; }}
</style>
</head>
<body>
<h1>Published and reproduced</h1>
{body}
</body>
</html>
"""


def to_html(found: Sequence[Reproduction]) -> str:
    """All tables as a page that needs no network; texts are text, never markup."""
    parts: list[str] = []
    for each in found:
        parts += [f"<h2>{html.escape(each.title)}</h2>", f"<p>{_summary(each)}</p>"]
        parts.append(_html_table(figure_table(each.figures)))
        if each.parameters:
            parts.append(_html_table(parameter_table(each.parameters)))
        for reading in each.readings:
            where = html.escape(f"{reading.study}, stage {reading.stage}.")
            lines = "".join(f"<li>{html.escape(line)}</li>" for line in reading.ours)
            parts.append(f"<p>{where} Published: {html.escape(reading.published)}. Ours:</p><ul>{lines}</ul>")
        if each.refused:
            parts.append(f"<p>Refused, as published: {html.escape(each.refused)}</p>")
    return _PAGE.format(body="\n".join(parts))


def _html_table(table: Table) -> str:
    heads, rows = table
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<div><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
