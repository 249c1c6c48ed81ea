"""The pages as they are sent: what their markup and scripts promise, without a browser."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

import justfit.web.pages
from justfit.web.pages import NAMES, page

VALUES = {
    "study": {"study": "imdb-1f0a93bc77de"},
    "network": {"study": "imdb-1f0a93bc77de", "number": 3},
    "error": {"status": 404, "sentence": "There is no such page."},
}
STATIC = Path(justfit.web.pages.__file__).parent / "static"
SCRIPTS = sorted(STATIC.glob("*.js"))
INPUTS = ("input", "select", "textarea", "progress")
VOID = ("meta", "link", "input", "br", "img")


class Markup(HTMLParser):
    """The elements of a page with their attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.elements if "id" in attributes]


def markup_of(name: str) -> Markup:
    return Markup(page(name, **VALUES.get(name, {})))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_whole_and_no_two_elements_have_one_id(name: str) -> None:
    markup = markup_of(name)
    assert markup.open == []
    assert len(set(markup.ids)) == len(markup.ids)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_has_a_label(name: str) -> None:
    markup = markup_of(name)
    labelled = [attributes["for"] for attributes in markup.all("label")]
    assert [attributes["id"] for attributes in markup.all(*INPUTS)] == labelled


@pytest.mark.parametrize("name", NAMES)
def test_what_an_attribute_refers_to_is_there(name: str) -> None:
    markup = markup_of(name)
    for _, attributes in markup.elements:
        for key in ("for", "aria-labelledby", "aria-controls", "aria-describedby"):
            if key in attributes:
                assert attributes[key] in markup.ids


@pytest.mark.parametrize("name", NAMES)
def test_a_page_can_be_found_through_by_landmarks_and_headings(name: str) -> None:
    markup = markup_of(name)
    assert markup.all("html") == [{"lang": "en"}]
    assert len(markup.all("main")) == len(markup.all("h1")) == len(markup.all("header")) == 1
    first = markup.all("a")[0]
    assert first["href"] == "#content"
    levels = [int(tag[1]) for tag, _ in markup.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_stands_inline_and_nothing_comes_from_elsewhere(name: str) -> None:
    markup = markup_of(name)
    assert markup.all("style") == []
    for tag, attributes in markup.elements:
        assert not any(key == "style" or key.startswith("on") for key in attributes)
        assert tag != "script" or attributes["src"]
        for key in ("src", "href"):
            address = attributes.get(key)
            assert address is None or address in ("data:,", "#content") or re.match(r"/(?!/)", address)


@pytest.mark.parametrize("name", NAMES)
def test_the_scripts_and_styles_of_a_page_are_there(name: str) -> None:
    addresses = [each.get("src") or each.get("href") for each in markup_of(name).all("script", "link")]
    wanted = {str(address).removeprefix("/static/") for address in addresses} - {"vega.js", "data:,"}
    assert all((STATIC / each).is_file() for each in wanted)
    assert "style.css" in wanted


@pytest.mark.parametrize("name", [name for name in NAMES if name != "error"])
def test_a_page_has_every_element_that_its_script_asks_for(name: str) -> None:
    text = (STATIC / f"{name}.js").read_text()
    asked = set(re.findall(r'byId\("([\w-]+)"\)', text))
    if "showProblem" in text or 'from "./store.js"' in text:
        asked.add("problem")
    if "live(" in text:
        asked.add("connection")
    assert asked
    assert asked <= set(markup_of(name).ids)


def test_values_are_text_and_never_markup() -> None:
    hostile = "\"><script>alert('1')</script>&amp;"
    plain = [markup_of(name).elements for name in ("study", "network", "error")]
    told = [
        page("study", study=hostile),
        page("network", study=hostile, number=1),
        page("error", status=400, sentence=hostile),
    ]
    for text, elements in zip(told, plain, strict=True):
        assert "<script>alert" not in text
        markup = Markup(text)
        assert [tag for tag, _ in markup.elements] == [tag for tag, _ in elements]
    (study,) = [each for each in Markup(told[0]).all("div") if each.get("id") == "study"]
    assert study["data-study"] == hostile
    links = [each["href"] for each in Markup(told[0]).all("a")]
    assert all(re.fullmatch(r"[\w/%.?=#()~-]+", str(link)) for link in links)


def test_a_page_that_is_not_known_or_lacks_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match='no page "\\.\\./base"'):
        page("../base")
    with pytest.raises(Exception, match="'study' is undefined"):
        page("study")


FORBIDDEN = (
    *(
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "DOMParser",
        "createContextualFragment",
    ),
    *("srcdoc", "eval(", "new Function", "javascript:", "http:", "https:", "@import"),
)


@pytest.mark.parametrize("path", [*SCRIPTS, *sorted(STATIC.glob("*.css"))], ids=lambda path: path.name)
def test_no_data_can_become_markup_or_code_and_no_other_address_is_named(path: Path) -> None:
    text = path.read_text()
    assert [each for each in FORBIDDEN if each in text] == []
    assert not re.search(r"\burl\(", text)
    assert not re.search(r"""set(?:Timeout|Interval)\(\s*["'`]""", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_what_a_script_imports_is_exported_and_used(path: Path) -> None:
    text = path.read_text()
    for names, module in re.findall(r'^import \{ ([^}]+) \} from "\./([\w.]+)";$', text, re.MULTILINE):
        exported = re.findall(
            r"^export (?:async )?(?:function|const|class) (\w+)", (STATIC / module).read_text(), re.MULTILINE
        )
        for name in names.split(", "):
            assert name in exported
            assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{name} is imported and not used"
    assert len(re.findall(r"^import ", text, re.MULTILINE)) == len(re.findall(r'from "\./', text))


def test_a_script_stays_short_enough_to_be_read() -> None:
    assert {path.name: lines for path in SCRIPTS if (lines := len(path.read_text().splitlines())) > 330} == {}
