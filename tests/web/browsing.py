"""A store, the server as users start it, and the system's Chromium, for tests of the pages."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium")

STUDY = """\
name: widths
data: {name: digits}
validation: {k_fold: 3}
defaults: {batch_size: 128, epochs: 12}
stages:
  width: {grid: {hidden: [[4], [16], [64]]}}
  dropout: {from: {winner_of: width}, grid: {dropout: [0.0, 0.3]}}
"""

REVIEWS = [
    (f"{adverb} {adjective}, <b>the {noun}</b> of it", label)
    for adjective, label in (("good", "liked"), ("lovely", "liked"), ("bad", "not"), ("dull", "not"))
    for adverb in ("very", "quite", "simply", "really", "so")
    for noun in ("film", "plot", "cast", "end", "score")
]


def reviews_csv(folder: Path) -> Path:
    """A file whose name and texts hold markup."""
    path = folder / "re<i>views.csv"
    lines = [f'"{text}",{label}' for text, label in REVIEWS]
    path.write_text("\n".join(["review,opinion", *lines]) + "\n")
    return path


def justfit(*args: str | Path, store: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "justfit", *map(str, args), "--store", str(store)],
        check=True,
        capture_output=True,
        timeout=300,
    )


def make_store(folder: Path) -> Path:
    """A store with a study of four networks on pictures and one of a network on texts."""
    store = folder / "store"
    (folder / "study.yaml").write_text(STUDY)
    justfit("run", folder / "study.yaml", store=store)
    described = ("--hidden", "4", "--epochs", "20", "--batch-size", "16")
    justfit("run", reviews_csv(folder), "--target", "opinion", *described, store=store)
    return store


class Served:
    """``justfit ui`` as a process."""

    def __init__(self, store: Path, port: int = 8300) -> None:
        command = [
            sys.executable,
            "-m",
            "justfit",
            "ui",
            "--no-open",
            "--store",
            str(store),
            "--port",
            str(port),
        ]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        told = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", told)
        assert found, told
        self.address, self.port = found[0].rstrip("/"), int(found[1])

    def end(self, how: signal.Signals = signal.SIGINT) -> None:
        self.process.send_signal(how)
        self.process.wait(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def served(store: Path) -> Iterator[Served]:
    server = Served(store)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()


@contextmanager
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian's package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def page_of(browser: Browser, server: Served, **options: object) -> Iterator[Page]:
    """A page in a context of its own, on which nothing may go wrong unseen or ask another address."""
    context = browser.new_context(base_url=server.address, **options)  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if _is_own(request.url, server) else wrong.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if _is_fault(message.text) else None)
    yield page
    context.close()
    assert not wrong, wrong


def _is_own(url: str, server: Served) -> bool:
    return url.startswith((server.address, "data:", "blob:"))


def _is_fault(text: str) -> bool:
    """Whether a message of the console tells of a fault, and not of a server that was ended."""
    return "Content Security Policy" in text or "Uncaught" in text
