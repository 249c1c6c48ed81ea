"""`report_of`: the whole report of a study, in the order of the workflow."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from altair.utils.schemapi import debug_mode

from justfit.errors import JustfitError
from justfit.judge.choice import quoted
from justfit.report import (
    of_baselines,
    of_choice,
    of_data,
    of_errors,
    of_final,
    of_importances,
    of_regularization,
    of_repeat,
    of_search,
    of_test,
)
from justfit.report.blocks import Drawing, Report, Section, Sentence
from justfit.report.files import file_name, write_chart
from justfit.report.html import to_html
from justfit.report.markdown import CHARTS, to_markdown
from justfit.report.reported import Reported
from justfit.store import StudyPaths
from justfit.store.entries import read_from
from justfit.store.files import make_folders, write_bytes
from justfit.words import interval, number, percent, told_answer

_SECTIONS: Mapping[str, Callable[[Reported], Section | None]] = {
    "Data": of_data.data,
    "Protocol": of_data.protocol,
    "Baselines": of_baselines.baselines,
    "Scaling up": of_search.scaling,
    "Regularization": of_regularization.regularization,
    "Settings": of_search.settings,
    "What mattered": of_importances.importances,
    "Choice": of_choice.choice,
    "The final network": of_final.final,
    "Test": of_test.test,
    "Errors": of_errors.errors,
    "Warnings": of_repeat.warnings,
    "How to repeat it": of_repeat.repeat,
}


def report_of(reported: Reported) -> Report:
    """The report of a study, finished or not; a section whose files cannot be read says so in its place.

    Args:
        reported: as `justfit.report.reported.read_reported` gives it.
    """
    with debug_mode(False):  # checking charts against their schema takes as long as making them
        made = [_made(title, reported) for title in _SECTIONS]
    return Report(
        title=reported.study.name,
        lead=tuple(lead(reported)),
        sections=tuple(section for section in made if section is not None and section.blocks),
        leaked=reported.leaked,
    )


def _made(title: str, reported: Reported) -> Section | None:
    try:
        with read_from(reported.study.folder):
            return _SECTIONS[title](reported)
    except JustfitError as error:
        key = title.lower().split()[-1]
        return Section(key, title, (Sentence(f"This cannot be told. {error}", is_warning=True),))


def write_report(reported: Reported) -> Path:
    """Write the report of a study into its folder as ``report.html``, and give where.

    Raises:
        StoreError: the disk is full, or the folder may not be written.
    """
    path = StudyPaths(reported.study.folder).report
    write_bytes(path, to_html(report_of(reported)).encode())
    return path


def write_copies(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write a report as page, as Markdown and each of its charts as PNG and SVG, and give where.

    Raises:
        StoreError: the disk is full, or the folder may not be written.
    """
    make_folders(folder / CHARTS)
    page, markdown = StudyPaths(folder).report, folder / "report.md"
    write_bytes(page, to_html(report).encode())
    charts = []
    for drawing in drawings(report):
        for suffix in (".png", ".svg"):
            charts.append(folder / CHARTS / f"{file_name(drawing.name)}{suffix}")
            write_chart(drawing.chart, charts[-1])
    write_bytes(markdown, to_markdown(report).encode())  # last, as it shows what must be there
    return page, markdown, *charts


def drawings(report: Report) -> Iterator[Drawing]:
    """All charts of a report, in its order."""
    for section in report.sections:
        yield from (block for block in section.blocks if isinstance(block, Drawing))


def lead(reported: Reported) -> Iterator[Sentence]:
    """What came out, in a few sentences."""
    study, result = reported.study, reported.study.result
    networks = len(reported.networks)
    runs = sum(len(network.runs) for network in reported.networks.values())
    if result is None:
        yield Sentence(
            f"{study.name} is not done yet: so far {runs:,} runs of {networks:,} networks are trained.",
            {"networks": networks, "runs": runs},
            is_warning=True,
        )
        return
    if "test" in result:
        yield _tested(result, leaked=reported.leaked)
        if not result.get("learned", True):
            yield Sentence("Nothing was learned that can be told from guessing.", is_warning=True)
    else:
        yield Sentence(
            f"{quoted([result['chosen']])} was chosen, and nothing was tested.", {"chosen": result["chosen"]}
        )
    if networks > 1:
        yield Sentence(
            f"It was chosen among {networks:,} networks by {runs:,} runs: {result['reason']}",
            {"networks": networks, "runs": runs},
        )
    if (fit := reported.fits.get(result["chosen"])) is not None:
        mark = " LEAKED" if reported.leaked else ""
        yield Sentence(f"{fit.sentence}{mark}", {"fit": fit.kind, "onset": fit.onset})


def _tested(result: Mapping[str, Any], *, leaked: bool) -> Sentence:
    """The figure of test rows that tells most, beside what the baseline has."""
    name = "accuracy" if "accuracy" in result["test"] else "mae"
    found, rows = result["test"][name], result["rows"]["test"]
    is_share = name == "accuracy"
    show = percent if is_share else number
    mark = " LEAKED" if leaked else ""
    figures = {"chosen": result["chosen"], name: found, "rows": rows}
    value = f"{show(found['value'])}{mark} (95% interval {interval(found, share=is_share)})"
    what = "the labels of " if result["task"] == "multilabel" else ""
    text = (
        f"{quoted([result['chosen']])} answers {value} of {what}{rows:,} test rows right"
        if is_share
        else f"{quoted([result['chosen']])} is off by {value} on average over {rows:,} test rows"
    )
    if (base := result.get("test_baseline")) and name in base["figures"]:
        against = base["figures"][name]["value"]
        answer = told_answer(base["answer"])
        text += (
            f"; {answer} for every row would be right for {show(against)}"
            if is_share
            else f"; {answer} for every row would be off by {show(against)}"
        )
        figures["baseline"] = against
    return Sentence(f"{text}.", figures)
