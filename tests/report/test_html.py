import base64
import dataclasses
import hashlib
import itertools
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report.golden import HOSTILE, PICTURE, SPELT, drawing, report, require_gold

from justfit.report import html
from justfit.report.blocks import Example, Report, Section, Sentence, Table
from justfit.report.html import chart_page, to_html, to_part
from justfit.report.look import COLOURS, heading


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """No library that draws: it is nearly a million letters."""
    monkeypatch.setattr(html, "vega", lambda: "window.vegaEmbed = async () => {};")


class Page(HTMLParser):
    """The tags of a page in order, and the text inside each kind of them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, "tags are closed in order"

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._open[-1] if self._open else "", data))

    def inside(self, tag: str) -> list[str]:
        """The texts directly inside a kind of tag."""
        return [text for kind, text in self.texts if kind == tag]

    def having(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each tag of a kind."""
        return [attributes for kind, attributes in self.tags if kind == tag]

    @property
    def policy(self) -> str:
        return next(str(each["content"]) for each in self.having("meta") if "http-equiv" in each)

    @property
    def drawn(self) -> dict[str, Any]:
        return json.loads(self.inside("script")[0])


def test_the_page_is_as_it_was_read_and_found_good() -> None:
    text = to_html(report("and <b>"))
    require_gold("report.html", text[text.index("<body>") : text.index("<script>")])


def test_texts_stay_texts_wherever_they_stand() -> None:
    plain, hostile = Page(to_html(report("harmless"))), Page(to_html(report(HOSTILE)))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    for tag in ("h1", "h2", "h3", "a", "span", "th", "td", "figcaption", "bdi", "code", "blockquote"):
        if any("harmless" in text for text in plain.inside(tag)):
            assert any(SPELT in text for text in hostile.inside(tag)), tag
    assert "\x00" not in to_html(report(HOSTILE))
    assert "\u202e" not in to_html(report(HOSTILE))
    assert "49" not in "".join(hostile.inside("p"))


@pytest.mark.slow
@given(st.text(max_size=60))
@settings(max_examples=30)
def test_any_text_gives_the_same_page_but_for_itself(text: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(html, "vega", lambda: "")
        found, plain = to_html(report(text)), to_html(report("x"))
    assert [tag for tag, _ in Page(found).tags] == [tag for tag, _ in Page(plain).tags]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", found)
    found.encode()


def test_the_policy_allows_the_page_s_own_scripts_and_style_and_nothing_else() -> None:
    text = to_html(report())
    page = Page(text)
    assert page.policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in page.policy
    assert "http" not in page.policy
    scripts = re.findall("<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 2
    for content in (*scripts, *re.findall("<style>(.*?)</style>", text, re.DOTALL)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in page.policy


def test_the_page_asks_for_nothing_from_the_network() -> None:
    page = Page(to_html(report()))
    for tag, attributes in page.tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "action", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,")), tag
    assert PICTURE in [each["src"] for each in page.having("img")]


def test_a_report_without_charts_carries_no_library() -> None:
    page = Page(to_html(Report("bare", (Sentence("Nothing yet."),), (), leaked=False)))
    assert page.drawn["charts"] == []
    assert len(page.having("script")) == 2


def test_headings_go_down_one_level_at_a_time_and_sections_have_anchors() -> None:
    page = Page(to_html(report("x")))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    anchors = {each["id"] for each in page.having("h2")}
    assert anchors == {"data", "scaling", "errors", "repeat"}
    assert anchors | {"main"} == {str(each["href"])[1:] for each in page.having("a")}
    assert page.having("main")[0]["id"] == "main"
    assert page.having("html")[0]["lang"] == "en"


def test_tables_have_captions_and_heads_that_say_what_they_head() -> None:
    page = Page(to_html(report("x")))
    counts = Counter(tag for tag, _ in page.tags)
    assert counts["table"] == counts["caption"] == 2
    assert all(each.get("scope") in ("col", "row") for each in page.having("th"))
    assert [each["class"] for each in page.having("tr") if "class" in each] == ["marked", "marked"]


def test_each_chart_is_told_in_words_and_stands_above_its_figures() -> None:
    page = Page(to_html(report("x")))
    charts = [each for each in page.having("div") if "data-chart" in each]
    assert [(each["role"], each["data-chart"], each["aria-label"]) for each in charts] == [
        ("img", "0", "It falls x."),
        ("img", "1", "It falls."),
    ]
    tags = [tag for tag, _ in page.tags]
    assert tags.count("details") == 1
    assert tags.index("table", tags.index("details"))
    assert tags.index("noscript")


def test_what_several_charts_show_is_there_once_and_rounded() -> None:
    page = Page(to_html(report("x")))
    first, second = page.drawn["charts"]
    assert first["datasets"] == second["datasets"]
    assert set(page.drawn["datasets"]) == set(first["datasets"])
    (rows,) = [page.drawn["datasets"][name] for name in dict.fromkeys(first["datasets"])]
    assert [row["value"] for row in rows] == [0.123457, 0.5]


def test_charts_take_their_colours_from_the_style_sheet_and_texts_stay_as_they_are() -> None:
    found = drawing()
    found.chart.layer[0].encoding.y.title = COLOURS[0]
    page = Page(to_html(Report("t", (), (Section("scaling", "S", (found,)),), leaked=False)))
    (chart,) = page.drawn["charts"]
    assert chart["layer"][0]["encoding"]["y"]["title"] == COLOURS[0]
    assert {layer["mark"]["color"] for layer in chart["layer"]} == {"var(--colour-1)", "var(--grey)"}
    style = page.inside("style")[0]
    for variable in re.findall(r"var\((--[\w-]+)\)", json.dumps(chart) + style + page.inside("script")[-1]):
        assert f"{variable}:" in style


def test_leaked_figures_are_marked_wherever_they_are_shown() -> None:
    assert "LEAKED" not in to_html(report("x"))
    page = Page(to_html(report("x", leaked=True)))
    assert [text for text in page.inside("p") if text.startswith("LEAKED: networks were chosen by the test")]
    marks = [each for each in page.having("span") if each.get("class") == "mark"]
    assert len(marks) == 2 + 2 + 1, (
        "two headings, two charts and the table of one; rows of data are no figure"
    )


def test_warnings_are_told_by_words_and_not_by_colour_alone() -> None:
    page = Page(to_html(report("x")))
    assert [each["class"] for each in page.having("p") if "class" in each].count("warning") == 2
    assert page.inside("strong") == ["Warning:"]


def test_a_picture_that_is_none_is_refused() -> None:
    bad = Example("Row 1", None, "https://example.org/x.png")
    with pytest.raises(ValueError, match="The picture of 'Row 1' is no PNG"):
        to_html(Report("t", (), (Section("errors", "Errors", (bad,)),), leaked=False))


def test_what_stands_under_a_chart_s_title_stands_in_the_page_s_own_lines() -> None:
    found = drawing()
    titled = dataclasses.replace(
        found, chart=found.chart.properties(title=heading("t", ["Mean of", "two."], 400))
    )
    page = Page(to_html(Report("t", (), (Section("scaling", "S", (titled,)),), leaked=False)))
    assert "It falls. Mean of two." in page.inside("p")
    assert "title" not in page.drawn["charts"][0]


def test_a_chart_alone_is_a_page_by_the_same_rules() -> None:
    page = Page(chart_page(drawing().chart.properties(title=heading("a <b>", ["A note."], 300))))
    assert page.inside("title") == page.inside("h1") == ["a <b>"]
    assert page.inside("p") == ["A note."]
    assert "unsafe" not in page.policy
    assert len(page.drawn["charts"]) == 1


@pytest.mark.slow
def test_a_browser_draws_the_charts_by_the_policy_without_a_word_of_complaint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := Path("/usr/bin/chromium")).exists():
        pytest.skip("needs Chromium")
    monkeypatch.undo()
    (tmp_path / "report.html").write_text(to_html(report(leaked=True)))
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme, ink in (("light", "rgb(0, 114, 178)"), ("dark", "rgb(74, 163, 220)")):
            page = browser.new_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)
            said: list[str] = []
            page.on("console", lambda message, said=said: said.append(message.text))
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            page.goto(f"file://{tmp_path}/report.html")
            page.wait_for_selector("html.ready")
            assert said == []
            assert page.locator("[data-chart] svg").count() == 2
            line = page.locator("[data-chart] svg .mark-line path").first
            assert line.evaluate("path => getComputedStyle(path).stroke") == ink
            assert page.evaluate("document.documentElement.scrollWidth") == 320
            page.close()
        browser.close()


def test_a_part_of_a_report_is_a_piece_of_a_page_in_which_texts_are_texts_and_leaks_are_marked() -> None:
    hostile = "<script>alert(1)</script>\x00"
    section = Section("part", hostile, (Sentence(hostile), Table(hostile, (hostile,), ((hostile,),))))
    sound, leaked = to_part(section, leaked=False), to_part(section, leaked=True)
    for part in (sound, leaked):
        assert "<script" not in part
        assert "<html" not in part
        assert part.count("&lt;script&gt;alert(1)&lt;/script&gt;\\x00") >= 5
    assert "LEAKED" not in sound
    assert leaked.count('<span class="mark">LEAKED</span>') == 2
