"""The section of a report on the choice: how all networks stand, which was taken, why, and what ties."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations

from justfit.data.finding import counted
from justfit.judge import compare_pairs
from justfit.judge.choice import quoted
from justfit.judge.significance import BETTER, TIE, WORSE
from justfit.judge.studies import more_is_better
from justfit.report.blocks import Block, Drawing, Section, Sentence
from justfit.report.dots import MOST, dots
from justfit.report.findings import titled
from justfit.report.look import COLOURS, GREY_TEXT, dressed, heading
from justfit.report.reported import Reported
from justfit.report.standings import dot, notes_on, short_name, table, told_ends, told_value

Verdicts = Mapping[str, str | None]
"""Of networks beside the chosen one; None for one pair of runs."""


def choice(reported: Reported) -> Section | None:
    """All networks by the figure that chooses, what was decided on the way, which one was taken, and why."""
    chosen = reported.study.result["chosen"] if reported.study.result else None
    ranked = [name for name, found in reported.found.items() if found is not None]
    blocks: list[Block] = [*_reason(reported, chosen)]
    reference = chosen if chosen in ranked else next(iter(ranked), None)
    if reference is not None and len(ranked) > 1:
        verdicts = _verdicts(reported, ranked, reference)
        blocks.append(_beside(reported, reference, verdicts, is_chosen=reference == chosen))
        blocks.append(_ranking(reported, ranked, reference, verdicts, is_chosen=reference == chosen))
    blocks += _decisions(reported)
    return Section("choice", "Choice", tuple(blocks)) if blocks else None


def _decisions(reported: Reported) -> Iterator[Sentence]:
    """What the automatic workflow told on its way."""
    for decision in reported.study.result["decisions"] if reported.study.result else ():
        step, _, sentence = decision.partition(": ")
        yield Sentence(f"On the way, {step.replace('_', ' ')}: {sentence}", {"step": step})


def _reason(reported: Reported, chosen: str | None) -> Iterator[Sentence]:
    """Which network was taken and why; or how far the study is."""
    result = reported.study.result
    if result is None:
        ids = {run_id for network in reported.networks.values() for run_id in network.run_ids}
        trained = {run.id for network in reported.networks.values() for run in network.runs}
        yield Sentence(
            f"No network is chosen yet: of the stages that have begun {len(trained):,} of "
            f"{counted(len(ids), 'run')} are trained. Run the study again to train what is missing.",
            {"trained": len(trained), "planned": len(ids)},
            is_warning=True,
        )
        return
    mark = "LEAKED: chosen by the test rows themselves. " if reported.leaked else ""
    name = quoted([str(chosen)])
    stands = result["standing"]
    if stands is None:
        text = f"{mark}Taken is {name}, as the study names it: no row validates that could choose."
        yield Sentence(text, {"chosen": chosen})
    else:
        figure = short_name(reported.study.spec["select"], reported.metric)
        is_known = reported.found.get(str(chosen)) is not None
        told = f", {figure} {told_value(reported, str(chosen))}" if is_known else ""
        yield Sentence(f"{mark}Taken is {name}{told}.", {"chosen": chosen, **stands})
    if result["reason"]:
        yield Sentence(str(result["reason"]), {"rule": reported.study.spec["rule"]})


def _verdicts(reported: Reported, ranked: list[str], reference: str) -> Verdicts:
    """Each network beside the reference.

    Corrected for all pairs of networks, since the runs compared have also said which to take; where the study
    names it beforehand, for the pairs with it.
    """
    standings = {name: found.standing for name in ranked if (found := reported.found[name]) is not None}
    pairs = [(other, one) if one == reference else (one, other) for one, other in combinations(ranked, 2)]
    if _is_named(reported, reference):
        pairs = [(one, other) for one, other in pairs if other == reference]
    compared = compare_pairs(
        {name: reported.networks[name].runs for name in ranked},
        standings,
        pairs,
        more_is_better=more_is_better(reported.study.spec["select"], reported.metric),
    )
    return {name: each.verdict for (name, other), each in compared.items() if other == reference}


def _is_named(reported: Reported, reference: str) -> bool:
    """Whether a study names the network beforehand, so that its figures have not chosen it."""
    final = reported.study.spec["final"]
    return final is not None and final["of"] == reference


def _beside(reported: Reported, reference: str, verdicts: Verdicts, *, is_chosen: bool) -> Sentence:
    """How many networks tie with the chosen one, and how many are better or worse."""
    counts = Counter(verdicts.values())
    ties = [name for name, verdict in verdicts.items() if verdict == TIE]
    what = f"{'the chosen network' if is_chosen else 'the best network so far'} {quoted([reference])}"
    parts = []
    if ties:
        tie = "ties" if len(ties) == 1 else "tie"
        parts.append(f"{counted(len(ties), 'network')} {tie} with {what}: {quoted(ties)}")
    for verdict in (BETTER, WORSE):
        if count := counts[verdict]:
            than = "" if parts else f" than {what}"
            parts.append(f"{count:,} {'is' if count == 1 else 'are'} distinguishably {verdict}{than}")
    if count := counts[None]:
        parts.append(f"of {counted(count, 'network')} one pair of runs with {what} cannot tell")
    text = "; ".join(parts) or f"No network has runs on the same splits with the same seeds as {what}"
    text = f"{'LEAKED: ' if reported.leaked else ''}{text[0].upper()}{text[1:]}."
    if any(counts[verdict] for verdict in (TIE, BETTER, WORSE)):
        pairs = "of it with the others" if _is_named(reported, reference) else "of networks"
        text += f" Verdicts are corrected for all pairs {pairs}."
    figures = {verdict or "unknown": count for verdict, count in counts.items()}
    return Sentence(text, {**figures, "tied": ties})


def _ranking(
    reported: Reported, ranked: list[str], reference: str, verdicts: Verdicts, *, is_chosen: bool
) -> Drawing:
    """All networks, the best first, with their intervals and how they compare with the chosen one."""
    figure = short_name(reported.study.spec["select"], reported.metric)
    shown, among = ranked[:MOST], f"{len(ranked):,} networks"
    if len(shown) < len(ranked):
        among = f"the {len(shown):,} best of {among}"
    if reference not in shown:
        shown.append(reference)
        among += " and the chosen one"
    notes = {name: verdicts.get(name) or "" for name in shown} | {
        reference: "chosen" if is_chosen else "best"
    }
    lines = [dot(reported, name, notes[name], _colour(name, reference, verdicts)) for name in shown]
    said = f"To the right the verdict beside the {'chosen' if is_chosen else 'best'} network."
    title = heading(titled(reported.study, f"{figure} of {among}"), [*notes_on(reported, shown), said], 620)
    return Drawing(
        "choice",
        dressed(dots(lines, figure, at=lines[shown.index(reference)].value).properties(title=title)),
        f"{figure.capitalize()} of {among}, the best first",
        told_ends(reported, ranked),
        table(reported, shown, f"How {among} stand", notes, "beside it"),
    )


def _colour(name: str, reference: str, verdicts: Verdicts) -> str:
    if name == reference:
        return COLOURS[1]
    return COLOURS[0] if verdicts.get(name) == TIE else GREY_TEXT
