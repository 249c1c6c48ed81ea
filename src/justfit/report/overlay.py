"""One figure over the epochs: networks beside each other, or the runs of one network with their mean."""

from collections.abc import Mapping, Sequence

import altair as alt

from justfit.errors import SpecError
from justfit.judge import mean_curve
from justfit.judge.selection import FIGURES
from justfit.report.findings import averaged, figure_name, findings, metric_of, notes, titled
from justfit.report.lines import Line, panel
from justfit.report.look import COLOURS, dressed, heading, looks
from justfit.spec.checks import require_choice
from justfit.store import StoredRun, StoredStudy

WIDTH, HEIGHT = 560, 380
_WITH_BANDS = 5
"""Bands of more lines cannot be told apart."""

_MOST_RUNS = 20
"""Of more, no line is named but the mean."""


def overlay(
    study: StoredStudy,
    networks: Sequence[str] | None = None,
    figure: str = "val_data_loss",
    onsets: Mapping[str, int] | None = None,
) -> alt.LayerChart:
    """A figure over the epochs for some networks of a study, each the mean of its runs.

    The best epoch of each, by the figure that the study chooses by, has a ring. Few networks have
    their band, the 95% interval of the mean; of more, the best one has. Of many, all but the best are
    grey, and named only in a page, under the pointer.

    Args:
        study: whose networks.
        networks: their names; by default all whose runs are all kept.
        figure: one of `justfit.judge.selection.FIGURES`; those without penalties compare across networks.
        onsets: the epoch from which each network overfits, from 1, which has a triangle; of those that do.

    Raises:
        SpecError: no such figure, or it was measured for none of the networks.
        StoreError: there is no such network, or a file of its runs is missing, cut off or changed.
    """
    require_choice("figure", figure, FIGURES)
    found = findings(study, networks)
    drawn = [(finding, curve) for finding in found if (curve := finding.curve(figure))]
    require_measured(drawn, study, figure)
    is_few, best = len(drawn) <= _WITH_BANDS, min(finding.rank for finding, _ in drawn)
    in_grey, told, onsets = [], [], onsets or {}
    for (finding, curve), look in zip(drawn, looks([finding.rank for finding, _ in drawn]), strict=True):
        if look is None:
            in_grey.append(Line(finding.name, curve, width=1.0, has_label=False))
        else:
            told.append(
                Line(
                    finding.name,
                    curve,
                    *look,
                    best=finding.best,
                    onset=onsets.get(finding.name),
                    has_band=is_few or finding.rank == best,
                )
            )
    mean = averaged([finding.runs for finding, _ in drawn])
    band = "with its 95% interval" if is_few else "that of the best network with its 95% interval"
    said = f"Mean of {mean}, {band}. " if mean else ""
    if any(line.best for line in told):
        said += f"Rings: best epochs by {study.spec['select']}."
    if any(line.onset for line in told):
        said += " Triangles: overfitting begins."
    texts = [said]
    if in_grey:
        texts.append(
            f"In colour the {len(told)} best of {len(drawn)} networks by {study.spec['select']}, "
            "in grey the others."
        )
    if len(drawn) < len(found):
        texts.append(
            f"{len(found) - len(drawn)} of {len(found)} networks have no epoch that all runs reached."
        )
    name = figure_name(figure, metric_of(found[0].runs[0]))
    title = heading(titled(study, name), [*notes(study, found), *texts], WIDTH + 200)
    return dressed(panel([*in_grey, *told], name, width=WIDTH, height=HEIGHT).properties(title=title))


def folds(study: StoredStudy, network: str, figure: str = "val_data_loss") -> alt.LayerChart:
    """A figure over the epochs for each run of a network, and thick their mean with its band.

    Args:
        study: whose network.
        network: its name.
        figure: one of `justfit.judge.selection.FIGURES`.

    Raises:
        SpecError: no such figure, or it was not measured.
        StoreError: there is no such network, or a file of its runs is missing, cut off or changed.
    """
    require_choice("figure", figure, FIGURES)
    (found,) = findings(study, [network])
    mean = found.curve(figure)
    require_measured(mean, study, figure)
    assert mean is not None
    each = [(run, curve) for run in found.runs if (curve := mean_curve([run.history], figure))]
    is_named = len(each) <= _MOST_RUNS
    lines = [Line(_run_name(study, run), curve, width=1.2, has_label=is_named) for run, curve in each]
    lines.append(Line("mean", mean, COLOURS[0], width=3.5, has_band=True, has_dots=True))
    name = figure_name(figure, metric_of(found.runs[0]))
    texts = [*notes(study, [found])]
    if over := averaged([found.runs]):
        texts.append(f"Thin: {over}. Thick: their mean, with its 95% interval.")
    if study.spec["validation"].get("folds"):
        texts.append("Folds share training rows, so the interval is narrower than the truth.")
    if found.best:
        texts.append(f"Best epoch of the mean by {study.spec['select']}.")
    title = heading(titled(study, network), texts, WIDTH + 120)
    chart = panel(lines, name, best=found.best, width=WIDTH, height=HEIGHT)
    return dressed(chart.properties(title=title))


def require_measured(drawn: object, study: StoredStudy, figure: str) -> None:
    """Raise `SpecError` where nothing could be drawn of a figure."""
    if drawn:
        return
    if figure.startswith("fit_"):
        remedy = "run the study with fit: true"
    elif figure.startswith("val_"):
        remedy = "hold rows out, or draw another figure"
    else:
        remedy = "draw another network"
    raise SpecError(
        f"{figure} was measured in no epoch of what is to be drawn of {study.folder.name}: {remedy}."
    )


def _run_name(study: StoredStudy, run: StoredRun) -> str:
    """Which of a network's runs it is."""
    split, seed = run.spec["split"], run.spec["seed"]
    per_repeat = study.spec["validation"].get("folds", 1)
    repeats = study.spec["validation"].get("repeats", 1)
    parts = []
    if repeats > 1:
        parts.append(f"repeat {(split - 1) // per_repeat + 1}")
    if per_repeat > 1:
        parts.append(f"fold {(split - 1) % per_repeat + 1}")
    if study.spec["replicates"] > 1 or not parts:
        parts.append(f"seed {seed}")
    return ", ".join(parts)
