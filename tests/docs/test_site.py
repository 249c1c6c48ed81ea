"""The documentation site as `scripts/docs` builds it, read like a visitor's browser does."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from web.browsing import chromium

import justfit

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

LOOKED_AT = (
    "index.html",
    "messages.html",
    "messages/training.html",
    "reference/running.html",
    "search.html",
)
"""A page of each kind: pictures, tables, entries, signatures and code, a form."""


class Page(HTMLParser):
    """What a page refers to and can be referred to by."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.assets: list[str] = []
        self.headings = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        self.headings += tag == "h1"
        self.ids |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") not in ("index", "search", "next", "prev"):
            self.assets.append(found.get("href", ""))
        self.assets += [found[name] for name in ("src", "srcset", "poster") if name in found]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built in a home without network settings of anyone."""
    pytest.importorskip("furo", reason="needs the extra docs")
    out = tmp_path_factory.mktemp("docs") / "site"
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = subprocess.run(
        [ROOT / "scripts" / "docs", out],
        env={**os.environ, "PATH": search},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert not told.stderr
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    found = {path.resolve(): Page(path) for path in site.rglob("*.html") if "_static" not in path.parts}
    assert len(found) > 30
    return found


def test_no_page_loads_anything_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    for page in pages.values():
        for asset in page.assets:
            assert not re.match(r"(https?:)?//", asset), (page.path, asset)
            if not asset.startswith("data:"):
                assert (page.path.parent / unquote(re.split("[?#]", asset)[0])).is_file(), (page.path, asset)
    for style in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", style.read_text()), style


def test_every_link_within_the_site_leads_somewhere(pages: dict[Path, Page]) -> None:
    for page in pages.values():
        for link in page.links:
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = (page.path.parent / unquote(path)).resolve() if path else page.path.resolve()
            assert target.exists(), (page.path, link)
            if anchor and target in pages:
                assert unquote(anchor) in pages[target].ids, (page.path, link)


def test_every_public_name_has_an_entry(pages: dict[Path, Page]) -> None:
    ids = set().union(*(page.ids for page in pages.values()))
    assert [name for name in justfit.__all__ if f"justfit.{name}" not in ids] == []


def test_every_page_has_one_first_heading(pages: dict[Path, Page]) -> None:
    assert [page.path.name for page in pages.values() if page.headings != 1] == []


def test_the_search_index_finds_a_message_by_its_words(site: Path) -> None:
    index = (site / "searchindex.js").read_text()
    assert '"messages/data-files"' in index
    assert all(f'"{word}":' in index for word in ("pickl", "stratifi", "diverg"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_used_by_everyone_on_a_phone_and_on_a_desk(site: Path, scheme: str) -> None:
    with chromium() as browser:
        for width in (360, 1280):
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))  # noqa: B023 - its own page's list
            for name in LOOKED_AT:
                page.goto((site / name).as_uri())
                page.wait_for_load_state("load")
                found = Axe().run(page).response["violations"]
                grave = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in GRAVE]
                assert not grave, (name, width)
                assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, (
                    name,
                    width,
                )
            assert all(url.startswith(("file:", "data:")) for url in asked)
            context.close()


GRAVE = ("serious", "critical")
