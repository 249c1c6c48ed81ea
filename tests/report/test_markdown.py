from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from report.golden import HOSTILE, report, require_gold

from justfit.report.blocks import Report, Section, Table
from justfit.report.look import shown
from justfit.report.markdown import fenced, table, to_markdown

MARKDOWN = MarkdownIt("commonmark").enable("table")


def kinds(markdown: str) -> list[str]:
    """What the parts of a document are."""
    return [token.type for token in MARKDOWN.parse(markdown)]


def texts(markdown: str) -> str:
    """All that is read, without any markup."""
    return "".join(
        child.content
        for token in MARKDOWN.parse(markdown)
        for child in (token.children or [token])
        if child.type in ("text", "text_special", "fence", "code_block")
    )


def test_the_report_is_as_it_was_read_and_found_good() -> None:
    require_gold("report.md", to_markdown(report("and <b>")))


def test_texts_stay_texts() -> None:
    found = to_markdown(report(HOSTILE))
    assert kinds(found) == kinds(to_markdown(report("harmless")))
    assert "<script>" not in str(MARKDOWN.render(found))
    assert texts(found).count(shown(HOSTILE)) >= texts(to_markdown(report("harmless"))).count("harmless")


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_in_a_cell_stays_one_cell(text: str) -> None:
    rows = [(text, "1"), ("b", text)]
    found = kinds(table(("a", "b"), rows, 1))
    assert found.count("td_open") == 4
    assert kinds(
        to_markdown(Report("t", (), (Section("a", "A", (Table("c", ("a", "b"), tuple(rows)),)),), False))
    )


def test_numbers_stand_to_the_right_and_marked_rows_are_bold() -> None:
    found = Table("c", ("network", "loss"), (("8-1", "0.5"), ("16-1", "0.4")), 1, frozenset({1}))
    text = to_markdown(Report("t", (), (Section("a", "A", (found,)),), leaked=False))
    assert text.endswith("*c*\n\n| network | loss |\n| --- | ---: |\n| 8-1 | 0.5 |\n| **16-1** | **0.4** |\n")


def test_leaked_figures_are_marked_wherever_they_are_shown() -> None:
    assert "LEAKED" not in to_markdown(report("x"))
    text = to_markdown(report("x", leaked=True))
    assert "\n**LEAKED: networks were chosen by the test rows" in text
    assert "## Scaling x (LEAKED)\n" in text
    assert "*Networks x* (LEAKED)\n" in text
    assert "## Data\n" in text


def test_charts_are_shown_from_the_folder_beside_it() -> None:
    text = to_markdown(report("x"))
    assert "![Loss over epochs](charts/scaling.svg)\n\n*Loss over epochs*\n\nIt falls x.\n" in text
    assert "(charts/twin.svg)" in text


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    assert fenced("a\n````\nb", "sh") == "`````sh\na\n````\nb\n`````"
