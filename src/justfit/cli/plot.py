"""``justfit plot``: what a study has found, as pictures and pages."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from justfit.cli.screen import say, say_json
from justfit.cli.studies import JsonOption, StoreOption, StudyArgument
from justfit.errors import SpecError
from justfit.machine import DEFAULT_STORE

if TYPE_CHECKING:
    import altair as alt

    from justfit.store import StoredStudy

DEFAULT_FIGURE = "val_data_loss"


def plot(  # noqa: PLR0917 - typer calls it by keyword
    study: StudyArgument,
    network: Annotated[
        list[str] | None, typer.Option(help="A network by its name; may be given again. By default all.")
    ] = None,
    stage: Annotated[
        list[str] | None, typer.Option(help="All networks of this stage; may be given again.")
    ] = None,
    figure: Annotated[
        str | None,
        typer.Option(
            help=f"By default {DEFAULT_FIGURE}, which has no penalties; of one network, loss and metric "
            "side by side. Others: loss, data_loss, metric, val_loss, val_metric, fit_loss, fit_metric."
        ),
    ] = None,
    folds: Annotated[
        bool,
        typer.Option("--folds", help="Each run of one network, by default the chosen one, and their mean."),
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(help="The figure at the best epoch against this setting, such as batch_size or units."),
    ] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file ending in .png, .svg or .html; may be given again. By default in the study's folder."
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Draw figures of a study's networks over epochs, or against a setting."""
    # Imported here because these take altair along, which --help need not wait for.
    from justfit.cli.show_study import study_json
    from justfit.report import file_name, require_suffix, trained, write_chart
    from justfit.report import folds as draw_folds
    from justfit.report.against import against
    from justfit.report.curves import curves
    from justfit.report.overlay import overlay
    from justfit.store import find_study, read_study

    for path in out or ():
        require_suffix(path)
    if folds and by is not None:
        raise SpecError("--folds and --by are both given, and each is a chart of its own: give one of them.")
    found = read_study(find_study(store, study))
    names = list(network or ())
    whole: list[str] | list[None] = [] if names else [None]
    for each in stage or whole:
        names = list(dict.fromkeys([*names, *trained(found, each)]))
        _tell_missing(found, each, names)
    asked, of = figure or DEFAULT_FIGURE, [*(stage or ()), *(network or ())]
    chart: alt.LayerChart | alt.HConcatChart
    if folds:
        name = _one(found, names)
        chart, what = draw_folds(found, name, asked), [name, asked, "folds"]
    elif by is not None:
        chart, what = against(found, by, names, asked), [f"{asked} by {by}", *of]
    elif len(names) == 1 and figure is None:
        chart, what = curves(found, names[0]), [names[0], "curves"]
    else:
        chart, what = overlay(found, names, asked), [asked, *of]
    paths = out or [found.folder / f"{file_name(', '.join(what))}.png"]
    for path in paths:
        write_chart(chart, path)
        say(f"written to {path}")
    if as_json:
        drawn = [name] if folds else names
        say_json({**study_json(found), "networks": drawn, "figure": asked, "by": by, "written": paths})


def _tell_missing(study: "StoredStudy", stage: str | None, names: Sequence[str]) -> None:
    """Say how many networks of a stage, or of all, are left out."""
    there = {
        network["name"]
        for each in study.stages
        if stage in (None, each["name"])
        for network in each["networks"]
    }
    if missing := len(there - set(names)):
        say(f"note: {missing} of {len(there)} networks are not trained yet and left out")


def _one(study: "StoredStudy", names: Sequence[str]) -> str:
    """The network to draw the runs of."""
    if len(names) == 1:
        return names[0]
    if study.result is not None and study.result["chosen"] in names:
        return str(study.result["chosen"])
    few = ", ".join(f'"{name}"' for name in names[:5])
    raise SpecError(
        f"--folds draws the runs of one network: name it by --network. Trained are {few or 'none yet'}."
    )
