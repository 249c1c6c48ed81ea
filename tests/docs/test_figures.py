"""No figure on the pages of the documentation was typed from memory."""

import json
import re

import pytest
from docs.figures import RESULTS, ROOT, own_words, with_quotations, with_speeds
from docs.snippets import blocks

DOCS = ROOT / "docs"
_FIGURE = re.compile(r"(?<![\w.-])\d+\.\d+%?|\d{1,3}(?:,\d{3})+|\d+%")
"""With a point, thousands or a percent sign; small whole numbers are words."""

REPORT = """\
# A study

## Choice

Two networks tie.

One has 0.25.

## The test

One has 0.5.
"""


def text_of(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["how-the-engine-works", "comparison"])
def test_speeds_are_those_of_the_stored_benchmarks(name: str) -> None:
    page = text_of(name)
    assert with_speeds(page) == page, "scripts/docs-images puts them there"
    assert "<!-- speeds from benchmarks/results.json -->\n\n- processor" in page


def test_a_changed_benchmark_is_noticed() -> None:
    page = text_of("comparison")
    assert with_speeds(page.replace(" times |", " TIMES |", 1)) == page


@pytest.mark.parametrize("name", ["workflow", "how-the-engine-works", "comparison"])
def test_outside_of_what_was_put_there_pages_have_no_measured_figures(name: str) -> None:
    assert set(_FIGURE.findall(own_words(text_of(name)))) <= {"95%", "10,000", "25,000"}


def test_the_figures_that_the_tutorial_speaks_of_are_printed_on_it() -> None:
    page = text_of("tutorial")
    printed = "".join(block.code for block in blocks(page, "tutorial.md"))
    spoken = set(_FIGURE.findall(own_words(page)))
    assert len(spoken) > 5
    assert [figure for figure in spoken - {"95%"} if figure not in printed] == []


def test_every_quotation_is_there_and_says_its_study() -> None:
    page = text_of("workflow")
    asked = re.findall(r"<!-- quoted from (\w+), [^\n]+ -->\n\n> ", page)
    assert len(asked) == page.count("<!-- quoted from") > 8
    assert set(asked) == {"docstrings", "imdb"}


def test_a_quotation_is_the_paragraph_of_the_section_that_has_the_words() -> None:
    page = "<!-- quoted from a, Choice: One has -->\n%s<!-- end of quotation -->\n"
    put = page % "\n> *a, Choice.* One has 0.25.\n\n"
    assert with_quotations(page % "", {"a": REPORT}) == put
    assert with_quotations(put, {"a": REPORT}) == put
    assert with_quotations(put, {"b": REPORT}) == put, "the study was not carried out anew"
    with pytest.raises(ValueError, match="0 paragraphs"):
        with_quotations(page.replace("One has", "Three have") % "", {"a": REPORT})


def test_what_the_pages_say_of_the_speeds_holds() -> None:
    found = json.loads(RESULTS.read_text(encoding="utf-8"))["results"]
    seconds = {
        name: {peer: each["seconds"] for peer, each in found[name]["modes"]["train"].items()}
        for name in ("cohort", "single", "wide", "mnist")
    }
    assert seconds["cohort"]["justfit"] < seconds["single"]["justfit"] / 2
    assert (
        min(seconds["cohort"]["keras-tensorflow"], seconds["cohort"]["keras-jax"])
        > 24 * seconds["cohort"]["justfit"]
    )
    gains = [seconds[name]["keras-jax"] / seconds[name]["justfit"] for name in ("cohort", "wide", "mnist")]
    assert gains == sorted(gains, reverse=True)
