"""Sections of a report: scaling up, and the settings that stages vary but for size and regularization."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from justfit.data.finding import counted
from justfit.judge import Verdict, mean_curve
from justfit.judge.choice import quoted
from justfit.judge.studies import stage_findings
from justfit.report.against import against
from justfit.report.blocks import Block, Drawing, Section, Sentence, Table
from justfit.report.dots import MOST, dots
from justfit.report.fields import spoken
from justfit.report.findings import titled
from justfit.report.groups import Varied, flat_settings, others, regularized_by, sizes, told_regularizers
from justfit.report.look import COLOURS, dressed, heading
from justfit.report.overlay import overlay
from justfit.report.reported import Reported
from justfit.report.standings import dot, notes_on, short_name, table, told_best, told_ends
from justfit.words import number


def scaling(reported: Reported) -> Section | None:
    """What size does: curves overlaid, where overfitting begins, and whether each network fits.

    None where no two networks differ in size alone.
    """
    names = sizes(reported)
    if not names:
        return None
    parameters = [reported.networks[name].parameters for name in names]
    held = regularized_by(flat_settings(reported.networks[names[0]].candidate))
    text = (
        f"{counted(len(names), 'network')} of {min(parameters):,} to {max(parameters):,} parameters differ "
        f"in size alone, {f'all with {told_regularizers(held)}' if held else 'and nothing holds them back'}."
    )
    figures = {"networks": len(names), "least": min(parameters), "most": max(parameters)}
    blocks: list[Block] = [Sentence(text, figures)]
    blocks += _best(reported, names)
    blocks += _fits(reported, names)
    onsets = {name: fit.onset for name in names if (fit := reported.fits[name]) is not None and fit.onset}
    blocks.append(
        Drawing(
            "scaling",
            overlay(reported.study, names, "val_data_loss", onsets),
            "Validation loss over the epochs" + (", triangles where overfitting begins" if onsets else ""),
            _said_of_curves(reported, names, onsets),
            table(reported, names, "Networks by size"),
        )
    )
    blocks += _by_size(reported, names)
    blocks += advice(reported, names)
    return Section("scaling", "Scaling up", tuple(blocks))


def _best(reported: Reported, names: Sequence[str]) -> list[Sentence]:
    told = told_best(reported, names)
    return [] if told is None else [told]


def _fits(reported: Reported, names: Sequence[str]) -> Iterator[Sentence]:
    """How many are under- and overfit and from when on, and the verdict on the best in full."""
    fits = {name: fit for name in names if (fit := reported.fits[name]) is not None}
    if not fits:
        return
    mark = "LEAKED: " if reported.leaked else ""
    kinds = Counter(fit.kind for fit in fits.values())
    told = ", ".join(
        f"{count:,} {'is' if count == 1 else 'are'} {kind}" for kind, count in kinds.most_common()
    )
    text = f"{mark}By their curves, of {counted(len(fits), 'network')} {told}."
    yield Sentence(text, {str(kind): count for kind, count in kinds.items()})
    over = sorted((fit.onset, name) for name, fit in fits.items() if fit.onset is not None)
    if over:
        (soon, first), (late, last) = over[0], over[-1]
        text = f"{mark}{quoted([first])} overfits soonest, from epoch {soon} on"
        if late > soon:
            text += f", {quoted([last])} last, from epoch {late} on"
        yield Sentence(f"{text}.", {name: onset for onset, name in over})
    best = next(name for name in reported.found if name in fits)
    yield _verdict(reported, best, fits[best])


def _verdict(reported: Reported, name: str, fit: Verdict) -> Sentence:
    mark = "LEAKED: " if reported.leaked else ""
    sentence = f"{fit.sentence[0].lower()}{fit.sentence[1:]}"
    return Sentence(f"{mark}{quoted([name])} is {sentence}", {"kind": fit.kind, "onset": fit.onset})


def _said_of_curves(reported: Reported, names: Sequence[str], onsets: Mapping[str, int]) -> str:
    """Where the curves are lowest, and where they end."""
    mark = " LEAKED" if reported.leaked else ""
    curves = {
        name: curve.mean
        for name in names
        if (curve := mean_curve([run.history for run in reported.networks[name].runs], "val_data_loss"))
    }
    lowest = min(curves, key=lambda name: min(curves[name]))
    epoch = curves[lowest].index(min(curves[lowest])) + 1
    low, high = (choose(curves, key=lambda name: curves[name][-1]) for choose in (min, max))
    text = (
        f"The lowest mean is {number(min(curves[lowest]))}{mark}, of {quoted([lowest])} in epoch {epoch}; at "
        f"their ends the curves stand from {number(curves[low][-1])}{mark} ({quoted([low])}) to "
        f"{number(curves[high][-1])}{mark} ({quoted([high])})."
    )
    if onsets:
        text += f" {counted(len(onsets), 'curve')} {'rises' if len(onsets) == 1 else 'rise'} again: overfit."
    return text


def _by_size(reported: Reported, names: Sequence[str]) -> Iterator[Drawing]:
    """The figure that chooses against what makes networks large."""
    if (field := _size_field(reported, names)) is not None:
        yield _against(reported, "scaling-sizes", field, names)


def _size_field(reported: Reported, names: Sequence[str]) -> str | None:
    """In which sizes differ: the first width, the depth, the width of word vectors or the widths."""
    networks = [reported.networks[name].candidate.network for name in names]
    values: dict[str, set[object]] = {
        "units": {network.hidden[:1] for network in networks},
        "layers": {len(network.hidden) for network in networks},
        "embedding": {network.embedding for network in networks},
        "hidden": {network.hidden for network in networks},
    }
    return next((field for field, several in values.items() if len(several) > 1), None)


def _against(
    reported: Reported, name: str, field: str, names: Sequence[str], shown: Table | None = None
) -> Drawing:
    """The figure that chooses against a setting, with its intervals."""
    select = reported.study.spec["select"]
    figure = short_name(select, reported.metric)
    ranked = [each for each in reported.found if each in names]
    return Drawing(
        name,
        against(reported.study, field, names, select),
        f"{figure.capitalize()} in the best epoch of each network, by {spoken(field)}",
        told_ends(reported, ranked),
        shown,
    )


def advice(reported: Reported, names: Sequence[str]) -> Iterator[Sentence]:
    """How well was searched among some networks, and what to try."""
    for finding in stage_findings(reported.study, reported.networks, names):
        key = finding.setting or ""
        text = finding.sentence.replace(key, spoken(key)) if key else finding.sentence
        text = f"{text[0].upper()}{text[1:]}"
        mark = "LEAKED: " if reported.leaked else ""
        yield Sentence(f"{mark}{text}", {"finding": finding.kind, "setting": finding.setting})


def settings(reported: Reported) -> Section | None:
    """What stages vary but for size and regularization, such as batch size; None where they vary nothing."""
    blocks: list[Block] = []
    for number_, varied in enumerate(others(reported), start=1):
        blocks += _varied(reported, varied, f"settings-{number_}")
    return Section("settings", "Other settings", tuple(blocks)) if blocks else None


def _varied(reported: Reported, varied: Varied, name: str) -> Iterator[Block]:
    """What one stage varies: who is best, a chart and its table."""
    *most, last = (spoken(key) for key in varied.keys)
    said = f"{', '.join(most)} and {last}" if most else last
    yield Sentence(
        f"Stage {quoted([varied.stage])} varies {said}: {counted(len(varied.names), 'network')} of the study "
        "differ in nothing else.",
        {"stage": varied.stage, "varies": list(varied.keys), "networks": list(varied.names)},
    )
    yield from _best(reported, varied.names)
    shown = table(reported, varied.names, f"Networks that differ in {said}")
    field = varied.keys[0] if len(varied.keys) == 1 else None
    if field == "hidden":
        field = _size_field(reported, varied.names)
    if field is not None:
        yield _against(reported, name, field, varied.names, shown)
    else:
        yield _side_by_side(reported, name, said, varied.names, shown)
    yield from advice(reported, varied.names)


def _side_by_side(reported: Reported, name: str, said: str, names: Sequence[str], shown: Table) -> Drawing:
    """Networks that differ in several settings, the best first."""
    ranked = [each for each in reported.found if each in names]
    select, metric = reported.study.spec["select"], reported.metric
    figure = short_name(select, metric)
    best = ranked[:MOST]
    among = "of each network" if best == ranked else f"of the {len(best)} best of {len(ranked):,} networks"
    lines = [dot(reported, each, "best" if place == 0 else "", COLOURS[0]) for place, each in enumerate(best)]
    title = heading(titled(reported.study, f"{figure}, by {said}"), notes_on(reported, best), 620)
    return Drawing(
        name,
        dressed(dots(lines, figure).properties(title=title)),
        f"{figure.capitalize()} in the best epoch {among}",
        told_ends(reported, ranked),
        shown,
    )
