import struct
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import altair as alt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report.handmade import study

from justfit.errors import SpecError, StoreError
from justfit.report import file_name, write_chart
from justfit.report.curves import curves
from justfit.report.overlay import overlay

HOSTILE = 'a</script><script>alert(1)</script><!-- {chart} <b> & "q" \'é \x00 \u202e'


class Page(HTMLParser):
    """The tags of a page and the text in its scripts, its title and its heading."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "title": [], "h1": []}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in self.texts and data.strip():
            self.texts[self.tags[-1][0]].append(data)


def hostile(store: Path) -> alt.HConcatChart:
    """The curves of a network with a hostile name."""
    return curves(study(store, {HOSTILE: {"hidden": [4]}}, lambda *_: [0.5, 0.4]), HOSTILE)


@pytest.mark.slow
def test_a_picture_is_some_900_pixels_wide_at_twice_the_density(tmp_path: Path) -> None:
    write_chart(hostile(tmp_path), tmp_path / "curves.PNG")
    content = (tmp_path / "curves.PNG").read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert 1600 <= width <= 1950
    assert 700 <= height <= 950


def test_a_drawing_is_well_formed_and_shows_text_as_text(tmp_path: Path) -> None:
    write_chart(hostile(tmp_path), tmp_path / "curves.svg")
    root = ElementTree.fromstring((tmp_path / "curves.svg").read_text())
    assert "alert(1)" in "".join(root.itertext())
    assert not {"script", "b", "image", "foreignObject"} & {
        each.tag.rpartition("}")[2] for each in root.iter()
    }


def test_a_page_asks_for_nothing_from_the_network(tmp_path: Path) -> None:
    write_chart(hostile(tmp_path), tmp_path / "curves.html")
    page = Page((tmp_path / "curves.html").read_text())
    assert [tag for tag, _ in page.tags].count("script") == 3
    for tag, attributes in page.tags:
        assert not {"src", "href"} & set(attributes), tag
    policy = next(attributes["content"] for tag, attributes in page.tags if "http-equiv" in attributes)
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_a_page_shows_text_as_text_whatever_it_holds(tmp_path: Path) -> None:
    write_chart(hostile(tmp_path), tmp_path / "curves.html")
    page = Page((tmp_path / "curves.html").read_text())
    assert [tag for tag, _ in page.tags].count("script") == 3
    assert "b" not in {tag for tag, _ in page.tags}
    (shown,) = page.texts["h1"]
    assert shown == "".join(page.texts["title"])
    assert '</script><script>alert(1)</script><!-- {chart} <b> & "q" \'é \\x00 \\u202e' in shown


def test_a_hostile_name_is_text_in_every_label_too(tmp_path: Path) -> None:
    stored = study(tmp_path, {HOSTILE: {"hidden": [4]}, "b": {"hidden": [8]}}, lambda *_: [0.5, 0.4])
    write_chart(overlay(stored), tmp_path / "both.svg")
    root = ElementTree.fromstring((tmp_path / "both.svg").read_text())
    assert "script" not in {each.tag.rpartition("}")[2] for each in root.iter()}


@pytest.mark.parametrize("name", ["chart.jpg", "chart", "chart.pgn"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError, match=r"a chart can be written as \.png, \.svg, \.html"):
        write_chart(hostile(tmp_path), tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_missing_folder_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    chart = hostile(tmp_path / "store")
    with pytest.raises(StoreError, match="gone is missing"):
        write_chart(chart, tmp_path / "gone" / "chart.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


@given(st.text(max_size=300))
def test_any_text_gives_a_name_that_a_file_can_have(text: str) -> None:
    name = file_name(text)
    assert name
    assert len(name) < 120
    assert not set(name) & set('/\\:*?"<>|\x00')
    assert not name.startswith(".")
    assert not name.endswith((".", " "))


def test_different_texts_have_different_names() -> None:
    texts = ["a/b", "a_b", "a:b", "a" * 200, "a" * 201, "", ".", "..", " a", "a"]
    assert len({file_name(text) for text in texts}) == len(texts)
