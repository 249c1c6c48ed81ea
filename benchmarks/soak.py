"""Hours of a server's life: studies, predictions and page loads side by side, and whether anything grows.

``scripts/soak`` makes a store of two studies, starts `justfit ui` on it, and then lets 16 people ask a model,
others open pages, hear of changes and send files, a browser go through the pages, and studies be begun,
stopped, resumed and removed, by the pages and by the command line. Every few seconds it looks at the
server's memory, handles, threads and children, and keeps them as CSV. At the end it says whether any of them
grows after the first ten minutes, and what went wrong. It fails where anything does.
"""

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.crowd import Answered, Client, Crowd, Ended, asker, listener, sender, visitor
from benchmarks.rounds import ROOT, Figures
from benchmarks.served import carried_out, command, served
from benchmarks.steady import Trend, sample, trend
from benchmarks.tables import table
from justfit.store.lock import holder_of

ASKERS = 16
WARM_UP = 600.0
"""Seconds in which memory may grow, and at most a third of the time."""

FIGURES = ("memory", "handles", "threads", "children")
UNITS = {"memory": "MB"}

_PAUSE = 0.25
"""Seconds for which each asker rests after an answer: the others shall have their share of the processors."""

_STUDY_SECONDS = 600.0
_END_SECONDS = 60.0

_STUDY = """\
name: soak-{number}
data: wine
validation: {{k_fold: 3}}
seed: {number}
defaults: {{epochs: 30, batch_size: 16}}
stages:
  widths: {{grid: {{hidden: [[4], [16]]}}}}
"""


def made(store: Path) -> tuple[str, str]:
    """The folders' names of two studies in a store, of a network on texts and of one on a table."""
    texts = carried_out(store, "docstrings", "--hidden", "16", "--epochs", "3")
    return texts, carried_out(store, "wine", "--hidden", "8", "--epochs", "5")


def main(
    arguments: Sequence[str] | None = None,
    make: Callable[[Path], tuple[str, str]] = made,
    serving: Sequence[str] | None = None,
) -> int:
    """Soaks a server; 0 where nothing grows and nothing goes wrong, otherwise 1.

    Args:
        arguments: of the command line.
        make: makes the studies that are asked, as `made` does.
        serving: what starts the server instead of ``justfit ui``; options of store and port follow.
    """
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=120.0, help="how long (default 120)")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between samples (default 5)")
    parser.add_argument("--csv", type=Path, help="where the samples go (default a temporary file)")
    parser.add_argument(
        "--few", action="store_true", help="only predictions, pages and streams, by HTTP alone"
    )
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="justfit-soak-") as name:
        soak = Soak(Path(name), given, serving)
        trends = soak.run(*make(soak.store))
    print(told(soak, trends))
    return 1 if soak.crowd.failed or any(each.grows for each in trends) else 0


class Soak:
    """One server, who is at it, and what it has by the second."""

    def __init__(self, folder: Path, given: argparse.Namespace, serving: Sequence[str] | None) -> None:
        self._folder, self._given = folder, given
        self._serving = serving
        self.crowd = Crowd()
        self.samples: list[tuple[float, dict[str, float]]] = []
        self.path = given.csv or Path(tempfile.gettempdir()) / "justfit-soak.csv"
        self.seconds = self.warm_up = 0.0
        self.store = folder / "store"

    def run(self, texts: str, table: str) -> list[Trend]:
        """All of it, with these studies; how each figure goes on after the warm-up."""
        with ExitStack() as stack:
            said = stack.enter_context((self._folder / "server.txt").open("w+"))
            server, address = stack.enter_context(served(self.store, self._serving, said))
            self._fill(address, texts, table)
            stack.callback(self.crowd.end)
            if self._has_browser():
                self._browse(stack, address, (texts, table))
            with suppress(KeyboardInterrupt):  # then the time so far counts
                self._watch(server)
            self.crowd.end()
            self._ended(server)
            said.seek(0)
            if printed := said.read().strip():
                self.crowd.fail("server", f"it has said on standard error: {printed[-2_000:]}")
        self.seconds = self.samples[-1][0] if self.samples else 0.0
        self.warm_up = min(WARM_UP, self.seconds / 3)
        kept = [(second, each) for second, each in self.samples if second >= self.warm_up]
        seconds = [second for second, _ in kept]
        try:
            return [trend(name, seconds, [each[name] for _, each in kept]) for name in FIGURES]
        except ValueError as error:
            self.crowd.fail("samples", str(error))
            return []

    def _fill(self, address: str, texts: str, table: str) -> None:
        """Have everybody begin."""
        for _ in range(ASKERS):
            self.crowd.add("prediction", asker(self.crowd, address, texts), _PAUSE)
        self.crowd.add("page", visitor(address, (texts, table)), 0.2)
        self.crowd.add("page", visitor(address, (table, texts)), 0.7)
        self.crowd.add("stream", listener(address), 1.0)
        if not self._given.few:
            self.crowd.add("file", sender(address, texts), 5.0)
            self.crowd.add("study by the pages", self._study_by_pages(address, (texts, table)), 5.0)
            self.crowd.add("study by the command line", self._study_by_command(), 5.0)

    def _study_by_pages(self, address: str, others: Sequence[str]) -> Callable[[], None]:
        """Somebody who begins a study by the pages, stops it, resumes it, waits, and removes it."""

        def found(client: Client) -> dict[str, Figures]:
            """The studies that were begun here; a search's name changes when it has decided."""
            listed = client.get("/api/studies")["studies"]
            return {
                each["study"]: each
                for each in listed
                if each["name"] == "wine" and each["study"] not in others
            }

        def carry_out() -> None:
            with closing(Client(address)) as client:
                started = client.post("/api/start", {"data": "wine", "quick": True})["started"]
                name = _waited(lambda: client.get(f"/api/started/{started}")["study"])
                _tried(client, f"/api/studies/{name}/stop")
                _waited(lambda: client.get(f"/api/started/{started}")["state"] in ("done", "failed"))
                for stopped, entry in found(client).items():
                    if entry["state"] != "done":
                        _tried(client, f"/api/studies/{stopped}/resume")
                _waited(lambda: {each["state"] for each in found(client).values()} <= {"done", "failed"})
                # A study is done when its result is there; its report is written after that.
                _waited(lambda: all(holder_of(self.store / each) is None for each in found(client)))
                for ended, entry in found(client).items():
                    if entry["state"] == "failed":
                        raise RuntimeError(f"{ended}: {entry['error']}")
                    command(self.store, "rm", ended, "--yes")

        return carry_out

    def _study_by_command(self) -> Callable[[], None]:
        """Somebody who carries out a study after another by the command line, and removes it."""
        number = 0

        def carry_out() -> None:
            nonlocal number
            number += 1
            path = self._folder / "study.yaml"
            path.write_text(_STUDY.format(number=number))
            command(self.store, "run", str(path))
            command(self.store, "rm", f"soak-{number}", "--yes")

        return carry_out

    def _has_browser(self) -> bool:
        return not self._given.few and bool(shutil.which("chromium") and find_spec("playwright"))

    def _browse(self, stack: ExitStack, address: str, studies: Sequence[str]) -> None:
        """Have a browser go through the pages, in a process of its own; a line a page, or an error."""
        begin = [sys.executable, "-m", "benchmarks.soak_browser", address, *studies]
        browser = stack.enter_context(
            subprocess.Popen(begin, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )
        stack.callback(browser.kill)

        def shown() -> None:
            assert browser.stdout is not None
            line = browser.stdout.readline()
            if not line.startswith("shown "):
                raise Ended(line + browser.stdout.read()[-2_000:])

        self.crowd.add("page in Chromium", shown, 0.0)

    def _watch(self, server: "subprocess.Popen[str]") -> None:
        """Sample the server until the time is over, or it has ended."""
        begun = time.monotonic()
        with self.path.open("w", newline="") as file:
            out = csv.writer(file)
            acts = ("prediction", "page", "page in Chromium", "stream", "file")
            out.writerow(["seconds", *FIGURES, *acts, "studies", "errors"])
            while (second := time.monotonic() - begun) < self._given.minutes * 60:
                try:
                    found = sample(server.pid)
                except OSError:
                    self.crowd.fail("server", f"it has ended after {second:.0f} seconds")
                    return
                self.samples.append((second, found))
                done = self.crowd.done
                studies = sum(count for name, count in done.items() if name.startswith("study"))
                counts = [*(done[name] for name in acts), studies, self.crowd.failed.total()]
                out.writerow([f"{second:.1f}", *(f"{found[name]:.10g}" for name in FIGURES), *counts])
                file.flush()
                time.sleep(self._given.every)

    def _ended(self, server: "subprocess.Popen[str]") -> None:
        if server.poll() is not None:
            return  # which is told
        server.terminate()
        try:
            code = server.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.crowd.fail("server", f"it has not ended {_END_SECONDS:.0f} seconds after it was asked to")
        else:
            if code not in (0, -15, 143):
                self.crowd.fail("server", f"it has ended with the code {code}")


def told(soak: Soak, trends: Sequence[Trend]) -> str:
    """What was done, how each figure goes on, and the verdict."""
    done = ", ".join(f"{count:,} x {name}" for name, count in sorted(soak.crowd.done.items()))
    lines = [f"{soak.seconds / 60:.3g} minutes: {done}."]
    if soak.crowd.latencies:
        middle, rare, worst = np.quantile(np.array(soak.crowd.latencies) * 1e3, (0.5, 0.99, 1.0))
        lines.append(
            f"A prediction beside all that: median {middle:.1f} ms, p99 {rare:.1f} ms, most {worst:.0f} ms."
        )
    lines += ["", f"After the first {soak.warm_up / 60:.3g} minutes, with 95% intervals:", ""]
    rows = [
        [
            f"{each.name}, {UNITS[each.name]}" if each.name in UNITS else each.name,
            f"{each.at_first:,.1f}",
            f"{each.at_last:,.1f}",
            f"{each.per_hour:+.2f}",
            f"{each.low:+.2f} to {each.high:+.2f}",
            "grows" if each.grows else "steady",
        ]
        for each in trends
    ]
    lines += [table(["floor of", "at first", "at last", "an hour", "interval", "verdict"], rows), ""]
    for name, count in sorted(soak.crowd.failed.items()):
        lines.append(f"{count:,} errors: {name}")
    lines += soak.crowd.errors
    growing = [each.name for each in trends if each.grows]
    wrong = [f"{' and '.join(growing)} {'grows' if growing == ['memory'] else 'grow'}"] if growing else []
    wrong += [f"{soak.crowd.failed.total():,} errors"] if soak.crowd.failed else []
    lines.append(
        f"It does not stand: {' and '.join(wrong)}." if wrong else "It stands: nothing grows, no error."
    )
    return "\n".join([*lines, f"Samples: {soak.path}"])


def _tried(client: Client, path: str) -> None:
    """Ask for something that may come too late, as a study is done or has another name now."""
    try:
        client.post(path)
    except Answered as error:
        if error.status not in (404, 409):
            raise


def _waited(found: "Callable[[], object]") -> str:
    """What is found, as soon as it is something."""
    end = time.monotonic() + _STUDY_SECONDS
    while not (what := found()):
        if time.monotonic() > end:
            raise TimeoutError(f"nothing came of it within {_STUDY_SECONDS:.0f} seconds")
        time.sleep(0.5)
    return str(what)


if __name__ == "__main__":
    sys.exit(main())
