"""What a section tells, for tests: its sentences, tables, drawings and examples."""

from typing import Any

from justfit.report.blocks import Drawing, Example, Section, Sentence, Table


def sentences(section: Section | None) -> list[str]:
    assert section is not None
    return [block.text for block in section.blocks if isinstance(block, Sentence)]


def warnings(section: Section) -> list[str]:
    return [block.text for block in section.blocks if isinstance(block, Sentence) and block.is_warning]


def figures(section: Section) -> dict[str, Any]:
    """The figures of all sentences; later ones win."""
    found: dict[str, Any] = {}
    for block in section.blocks:
        if isinstance(block, Sentence):
            found |= block.figures
    return found


def tables(section: Section | None) -> list[Table]:
    assert section is not None
    return [block for block in section.blocks if isinstance(block, Table)]


def drawings(section: Section | None) -> dict[str, Drawing]:
    assert section is not None
    found = [block for block in section.blocks if isinstance(block, Drawing)]
    assert len({each.name for each in found}) == len(found)
    return {each.name: each for each in found}


def examples(section: Section) -> list[Example]:
    return [block for block in section.blocks if isinstance(block, Example)]


def column(table: Table, name: str) -> dict[str, str]:
    """A column of a table by the first cell of each row."""
    return {row[0]: row[table.columns.index(name)] for row in table.rows}
