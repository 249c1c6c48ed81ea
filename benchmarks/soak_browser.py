"""``python -m benchmarks.soak_browser ADDRESS STUDY...``: Chromium goes through the pages until it is ended.

Prints a line for each page that is shown; ends with an error where a page has one.
"""

import itertools
import shutil
import sys
from functools import partial

from playwright.sync_api import sync_playwright

_REST = 1_000
"""Milliseconds for which a page stands."""

_AT_ONCE = 25
"""Pages until another browser is begun: its memory is not what is looked at."""


def main() -> None:
    address, *studies = sys.argv[1:]
    paths = ["/", "/start", f"/try?study={studies[0]}", f"/compare?run={studies[0]}:1&run={studies[1]}:1"]
    paths += [f"/studies/{study}{page}" for study in studies for page in ("", "/networks/1", "/report")]
    ahead = itertools.cycle(paths)
    with sync_playwright() as playwright:
        while True:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(base_url=address)
            wrong: list[object] = []
            page.on("pageerror", partial(_keep, wrong))
            for path in itertools.islice(ahead, _AT_ONCE):
                answered = page.goto(path)
                if answered is None or answered.status != 200:
                    sys.exit(f"{path}: {answered and answered.status}")
                page.wait_for_timeout(_REST)
                if wrong:
                    sys.exit(f"{path}: {wrong[0]}")
                print("shown", path, flush=True)
            browser.close()


def _keep(wrong: list[object], error: object) -> None:
    wrong.append(error)


if __name__ == "__main__":
    main()
