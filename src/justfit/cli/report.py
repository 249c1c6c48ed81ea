"""``justfit report``: all that came out of a study as one page, as Markdown with its charts, or as JSON."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from justfit.cli.screen import say, say_aside, say_json
from justfit.cli.studies import JsonOption, StoreOption, StudyArgument
from justfit.errors import JustfitError
from justfit.machine import DEFAULT_STORE

if TYPE_CHECKING:
    from justfit.store import StoredStudy


def report(
    study: StudyArgument,
    out: Annotated[
        Path | None,
        typer.Option(help="A folder for the page, the same as Markdown, and every chart as PNG and SVG."),
    ] = None,
    as_json: JsonOption = False,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Write the report of a study, done or not: by default report.html in its folder, which needs no network.

    It tells the workflow in order, from data to test, with charts, warnings and how to repeat it. Mistakes of
    the chosen network are found where the data can still be read, which trains it again on its splits.
    """
    # Imported here because these take altair along, which --help need not wait for.
    from justfit.report.plain import plain_report
    from justfit.report.reported import read_reported
    from justfit.report.whole import report_of, write_copies, write_report
    from justfit.store import find_study, read_study

    folder = find_study(store, study)
    _keep_mistakes(read_study(folder))
    reported = read_reported(folder.parent, str(folder))
    written: tuple[Path, ...] = ()
    if as_json or out is not None:
        found = report_of(reported)
        if out is not None:
            written = write_copies(found, out)
        if as_json:
            say_json(plain_report(found))
            return
    else:
        written = (write_report(reported),)
    page, *others = written
    say(f"written to {page}")
    if others:
        markdown, *charts = others
        say(f"written to {markdown}")
        if charts:
            say(f"{len(charts)} files of charts written to {charts[0].parent}")


def _keep_mistakes(stored: "StoredStudy") -> None:
    """Find what the chosen network gets wrong, where that is not known yet and its data can be read."""
    from justfit.cli.held_out import dataset_of
    from justfit.cli.mistakes_kept import are_to_find, keep_mistakes

    try:
        if are_to_find(stored):
            keep_mistakes(stored, dataset_of(stored))
    except JustfitError as error:
        say_aside(f"The report tells no mistakes. {error}")
