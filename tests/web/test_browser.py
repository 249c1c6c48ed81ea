"""The pages as people use them, in a real browser against the real server."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect
from web.browsing import Served, chromium, make_store, page_of, reviews_csv, served

from justfit.store import study_folders

pytestmark = pytest.mark.slow
expect.set_options(timeout=60_000)  # a shared machine can be slow


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def server(store: Path) -> Iterator[Served]:
    with served(store) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, server: Served) -> Iterator[Page]:
    with page_of(browser, server) as page:
        yield page


def name_of(store: Path, begin: str) -> str:
    (folder,) = [each for each in study_folders(store) if each.name.startswith(begin)]
    return folder.name


@pytest.fixture(scope="module")
def widths(store: Path) -> str:
    """The study of four networks."""
    return name_of(store, "widths-")


def test_a_run_is_started_in_the_page_and_its_curves_move(page: Page) -> None:
    page.goto("/start")
    page.get_by_label("A data set by name").select_option("wine")
    page.get_by_label("Quick").check()
    expect(page.locator("#task")).to_contain_text("142 rows")
    page.get_by_role("button", name="Run").click()
    page.wait_for_url(re.compile(r"/studies/wine-"))
    expect(page.locator("#chart .legend li").first).to_be_visible()
    before = page.locator("#chart details table").text_content()
    page.wait_for_function(
        "before => document.querySelector('#chart details table').textContent !== before", arg=before
    )
    expect(page.locator("#marks")).to_contain_text("done", timeout=120_000)
    expect(page.locator("#outcome-facts")).to_contain_text("test accuracy")


def test_networks_are_sorted_filtered_and_laid_over_each_other_and_the_address_says_so(
    page: Page, widths: str
) -> None:
    page.goto(f"/studies/{widths}")
    rows = page.locator("#table tbody tr")
    expect(rows).to_have_count(4)
    page.locator('#table th[data-key="parameters"] button').click()
    sorted_heads = page.locator('#table th[aria-sort="ascending"]')
    expect(sorted_heads).to_contain_text("parameters")
    expect(rows.first).to_contain_text("4-10")
    for box in page.locator('#table input[type="checkbox"]').all()[:2]:
        box.check()
    expect(page.locator("#chart .legend li")).to_have_count(2)
    page.get_by_label("Search").fill("dropout 0.3")
    expect(rows).to_have_count(1)
    address = page.url
    page.goto("/")
    page.goto(address)
    expect(rows).to_have_count(1)
    expect(page.locator("#chart .legend li")).to_have_count(2)


def test_networks_of_two_studies_are_compared(page: Page, widths: str) -> None:
    page.goto("/compare")
    for number in ("1", "3"):
        page.get_by_label("Study").select_option(widths)
        page.locator(f'#network option[value="{number}"]').wait_for(state="attached")
        page.get_by_label("Network", exact=True).select_option(number)
        page.get_by_role("button", name="Add").click()
    expect(page.locator("#table tbody tr")).to_have_count(2)
    expect(page.locator("#table")).to_contain_text(re.compile("best|worse|tie", re.IGNORECASE))
    assert f"{widths}:1" in page.url.replace("%3A", ":")
    page.get_by_role("button", name=re.compile("^Remove")).first.click()
    expect(page.locator("#table tbody tr")).to_have_count(1)


def test_a_text_is_predicted_and_the_words_that_moved_it_are_marked(page: Page, store: Path) -> None:
    study = name_of(store, "re")
    page.goto("/try?study=" + study.replace("<", "%3C").replace(">", "%3E"))
    page.get_by_label("Text").fill("a lovely <script>alert(1)</script> film")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer .verdict")).to_have_text("liked")
    expect(page.locator("#answer mark.for").filter(has_text="lovely").first).to_be_visible()
    expect(page.locator("#answer .bars")).to_contain_text("%")


def test_a_file_of_rows_comes_back_with_answers(page: Page, store: Path, tmp_path: Path) -> None:
    study = name_of(store, "re")
    page.goto("/try?study=" + study.replace("<", "%3C").replace(">", "%3E"))
    page.get_by_label("Text").wait_for()
    with page.expect_download() as coming:
        page.locator("#file").set_input_files(reviews_csv(tmp_path))
    lines = Path(coming.value.path()).read_text().splitlines()
    assert len(lines) == 101
    assert "probability of liked" in lines[0]


def test_an_uploaded_file_is_looked_at_and_trained(page: Page, tmp_path: Path) -> None:
    page.goto("/start")
    page.locator("#file").set_input_files(reviews_csv(tmp_path))
    page.get_by_label("Column to learn").select_option("opinion")
    expect(page.locator("#task")).to_contain_text("binary")
    expect(page.locator("#columns")).to_contain_text("text")
    page.get_by_label("Quick").check()
    page.get_by_role("button", name="Run").click()
    page.wait_for_url(re.compile("/studies/"))
    expect(page.locator("#marks")).to_contain_text("done", timeout=120_000)


def test_a_study_is_stopped_and_resumed_in_the_page(page: Page) -> None:
    page.goto("/start")
    page.get_by_label("A data set by name").select_option("docstrings")
    page.get_by_role("button", name="Run").click(timeout=60_000)
    page.wait_for_url(re.compile("/studies/"))
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Resume").click(timeout=60_000)
    expect(page.locator("#marks")).to_contain_text("running")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible(timeout=60_000)


def test_a_page_left_open_recovers_when_the_server_was_killed(
    browser: Browser, store: Path, widths: str
) -> None:
    first = Served(store, 8400)
    try:
        with page_of(browser, first) as page, page_of(browser, first) as other:
            for each in (page, other):
                each.goto(f"/studies/{widths}")
                expect(each.locator("#table tbody tr")).to_have_count(4)
            first.end(signal.SIGKILL)
            expect(page.locator("#connection")).to_contain_text("Connection lost")
            second = Served(store, first.port)
            try:
                assert second.port == first.port
                expect(page.locator("#connection")).to_be_hidden()
                expect(page.locator("#table tbody tr")).to_have_count(4)
                expect(other.locator("#connection")).to_be_hidden()
                assert page.locator("#table").inner_text() == other.locator("#table").inner_text()
            finally:
                second.end()
    finally:
        if first.process.poll() is None:
            first.end()


def test_an_answer_that_is_cut_short_is_told_and_the_page_goes_on(page: Page, widths: str) -> None:
    def cut_short(route: Route) -> None:
        route.fulfill(body='{"study": ', content_type="application/json")

    page.route(f"**/api/studies/{widths}", cut_short)
    page.goto(f"/studies/{widths}")
    expect(page.locator("#problem")).to_contain_text("justfit does not answer")
    page.unroute(f"**/api/studies/{widths}")
    page.reload()
    expect(page.locator("#table tbody tr")).to_have_count(4)
    expect(page.locator("#problem")).to_be_hidden()


def test_all_is_reached_by_the_keyboard_alone(page: Page, widths: str) -> None:
    page.goto(f"/studies/{widths}")
    expect(page.locator("#table tbody tr")).to_have_count(4)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    wanted = page.locator('#table th[data-key="parameters"] button')
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator('#table th[aria-sort="ascending"]')).to_contain_text("parameters")
    box = page.locator('#table input[type="checkbox"]').first
    for _ in range(40):
        page.keyboard.press("Tab")
        if box.evaluate("each => each === document.activeElement"):
            break
    page.keyboard.press("Space")
    expect(page.locator("#chart .legend li")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_no_page_has_a_serious_fault_of_accessibility_or_scrolls_sideways(
    browser: Browser, server: Served, widths: str, scheme: str, width: int
) -> None:
    with page_of(browser, server, color_scheme=scheme, viewport={"width": width, "height": 900}) as page:
        for path in (
            "/",
            f"/studies/{widths}",
            f"/studies/{widths}/networks/1",
            f"/compare?run={widths}:1&run={widths}:2",
            "/try",
            "/start",
            "/docs",
            f"/studies/{widths}/report",
        ):
            page.goto(path)
            page.wait_for_function("document.querySelector('h1')")
            expect(
                page.locator("table").or_(page.locator("select")).or_(page.locator("h2")).first
            ).to_be_attached()
            found = Axe().run(page).response["violations"]
            serious = [
                (path, each["id"], [node["html"][:200] for node in each["nodes"][:3]])
                for each in found
                if each["impact"] in ("serious", "critical")
            ]
            assert not serious
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0, path


def test_the_report_draws_its_charts_and_asks_nobody(page: Page, widths: str) -> None:
    page.goto(f"/studies/{widths}/report")
    expect(page.locator("svg.marks").first).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("widths")
