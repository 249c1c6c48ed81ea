"""Figures on pages, put there from what is stored: speeds of the benchmarks, and sentences of reports.

They stand between two comments, of which the first says what they are.
"""

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results.json"

_SPEEDS = re.compile(
    r"(<!-- speeds from benchmarks/results\.json -->\n).*?(<!-- end of speeds -->)", re.DOTALL
)
_QUOTED = re.compile(
    r"(<!-- quoted from (\w+), ([^:\n]+): ([^\n]+) -->\n).*?(<!-- end of quotation -->)", re.DOTALL
)


PEERS = {
    "justfit": "justfit",
    "keras-tensorflow": "Keras/TensorFlow",
    "keras-jax": "Keras/JAX",
    "scikit-learn": "MLPClassifier",
}
WORK = {
    "workflow": "43 networks of a published workflow, all their epochs",
    "cohort": "one of 16 networks 16-16-1 side by side, batch 512",
    "single": "one network 16-16-1, batch 512",
    "wide": "one network 512-512-1, batch 512",
    "small_batch": "one network 16-8-4-1, L2 0.001, dropout 0.4, batch 16",
    "mnist": "one network 784-512-10 on MNIST, batch 128",
}
"""What was timed, by its key in the results. The peers train one network where justfit trains 16."""


def with_speeds(page: str) -> str:
    """The page with the table of what was measured, and on what."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    machine = "\n".join(f"- {key}: {value}" for key, value in found["machine"].items())
    text = f"{machine}\n\n{speeds(found['results'])}"
    return _SPEEDS.sub(lambda asked: f"{asked[1]}\n{text}\n\n{asked[2]}", page)


def speeds(results: dict[str, Any]) -> str:
    """Seconds of each program, how many times justfit's they are, and megabytes."""
    times, memory = [], []
    for name, about in WORK.items():
        for mode, found in results[name]["modes"].items():
            cells = [_told(found.get(peer), found["justfit"]) for peer in PEERS]
            times.append([about, "with" if mode == "validated" else "without", *cells])
        taken = results[name]["megabytes"]
        memory.append([about, *(f"{taken[peer]:,.0f}" if peer in taken else "" for peer in PEERS)])
    titles = list(PEERS.values())
    seconds = _table(["an epoch of", "validation", *titles], times)
    return f"{seconds}\n\n{_table(['megabytes at most', *titles], memory)}"


def _told(peer: dict[str, float] | None, ours: dict[str, float]) -> str:
    if peer is None:
        return ""
    seconds = f"{peer['seconds']:.3g} s"
    return seconds if peer is ours else f"{seconds}, {peer['seconds'] / ours['seconds']:.3g} times"


def _table(heading: list[str], lines: list[list[str]]) -> str:
    ruled = [heading, ["---"] * len(heading), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in ruled)


def with_quotations(page: str, reports: dict[str, str]) -> str:
    """The page with the paragraph that each comment asks for, of the reports that are there.

    Args:
        page: as Markdown.
        reports: by study, its report as Markdown.

    Raises:
        ValueError: none or several paragraphs of a section have the words.
    """

    def quotation(asked: re.Match[str]) -> str:
        begin, study, heading, words, end = asked.groups()
        if study not in reports:
            return asked[0]
        parts = re.split(r"^## ", reports[study], flags=re.MULTILINE)[1:]
        section = dict(part.split("\n", 1) for part in parts)[heading]
        found = [paragraph.strip() for paragraph in section.split("\n\n") if words in paragraph]
        if len(found) != 1:
            raise ValueError(
                f'{len(found)} paragraphs of "{heading}" in the report of {study} have "{words}".'
            )
        return f"{begin}\n> *{study}, {heading}.* {found[0]}\n\n{end}"

    return _QUOTED.sub(quotation, page)


def own_words(page: str) -> str:
    """The page without what was put there, without code, and without links' addresses."""
    for put in (
        _SPEEDS,
        _QUOTED,
        re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE),
        re.compile(r"\]\([^)]*\)"),
    ):
        page = put.sub("", page)
    return re.sub(r"`[^`\n]*`", "", page)
