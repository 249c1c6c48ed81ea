"""The section of a report on baselines: common sense, a linear network, and which network beats them."""

from collections.abc import Iterator, Mapping
from typing import Any

from justfit.data.finding import counted
from justfit.judge import Figure, compare_pairs, mean_curve
from justfit.judge.choice import quoted
from justfit.judge.significance import BETTER, TIE
from justfit.judge.studies import more_is_better
from justfit.report.blocks import Block, Drawing, Section, Sentence, Table
from justfit.report.dots import Dot, dots
from justfit.report.findings import titled
from justfit.report.groups import sizes
from justfit.report.look import COLOURS, dressed, heading
from justfit.report.reported import Reported
from justfit.report.standings import short_name
from justfit.store.entries import within
from justfit.words import interval, number, percent, told_answer, told_figure

Baseline = Mapping[str, Any]
"""As a result has it: ``answer`` and ``figures``."""


def baselines(reported: Reported) -> Section | None:
    """What the same answer to every row is worth, what a linear network is, and which network beats them."""
    result = reported.study.result
    blocks: list[Block] = []
    if result is not None:
        parts = {"rows that validate": result["validation_baseline"], "test rows": result["test_baseline"]}
        known = {part: guess for part, guess in parts.items() if guess is not None}
        if reported.leaked:  # they are the same rows
            known.pop("rows that validate", None)
        blocks += _guesses(known)
        if result["validation_baseline"] is not None and (metrics := _metrics(reported)):
            blocks += _ahead(reported, result["validation_baseline"], metrics)
    blocks += _linear(reported)
    return Section("baselines", "Baselines", tuple(blocks)) if blocks else None


def _guesses(known: Mapping[str, Baseline]) -> Iterator[Block]:
    """The common-sense baseline on each part of the rows."""
    if not known:
        return
    guess, metric = next(iter(known.values())), _metric(known)
    figures = {part: each["figures"][metric] for part, each in known.items()}
    told = " and ".join(
        f"{_shown(metric, figure['value'])} on the {part}" for part, figure in figures.items()
    )
    source = "the most frequent answer" if metric == "accuracy" else "the mean"
    yield Sentence(
        f"Common sense answers every row with {told_answer(guess['answer'])}, {source} of the training rows: "
        f"{metric} {told}. A network that does no better has learned nothing.",
        figures,
    )
    rows = tuple(
        (part, _shown(metric, figure["value"]), interval(figure, share=metric == "accuracy"))
        for part, figure in figures.items()
    )
    yield Table("The common-sense baseline", ("on", metric, "95% interval"), rows)


def _metric(known: Mapping[str, Baseline]) -> str:
    figures = next(iter(known.values()))["figures"]
    return "accuracy" if "accuracy" in figures else "mae"


def _shown(metric: str, value: float) -> str:
    return percent(value) if metric == "accuracy" else number(value)


def _metrics(reported: Reported) -> dict[str, Figure]:
    """The validation metric of each network in its best epoch with its interval over runs, in their order."""
    found = {}
    for name, network in reported.networks.items():
        compared = reported.found[name]
        if compared is None or compared.metric is None:
            continue
        curve = mean_curve([run.history for run in network.runs], "val_metric")
        assert curve is not None
        at = compared.standing.best_epoch - 1
        low, high = curve.band[at] if curve.band else (None, None)
        found[name] = Figure(curve.mean[at], *within(reported.metric, low, high))
    return found


def _ahead(reported: Reported, guess: Baseline, metrics: Mapping[str, Figure]) -> Iterator[Block]:
    """Which network is the first, by the order of the stages, that is clear of the baseline."""
    metric, base = reported.metric, guess["figures"][reported.metric]
    mark = " LEAKED" if reported.leaked else ""
    ahead = [name for name, figure in metrics.items() if _is_clear(figure, base, metric)]
    figures: dict[str, object] = {"ahead": len(ahead), "networks": len(metrics)}
    if ahead:
        first = metrics[ahead[0]]
        between = interval(vars(first), share=metric == "accuracy")
        ends = "" if first.low is None else f" (95% interval {between})"
        yield Sentence(
            f"{quoted(ahead[:1])} is the first network that is clear of the baseline, with validation "
            f"{metric} {_shown(metric, first.value)}{mark}{ends}; of {counted(len(metrics), 'network')} "
            f"{'all' if len(ahead) == len(metrics) > 1 else f'{len(ahead):,}'} "
            f"{'is' if len(ahead) == 1 else 'are'}.",
            {**figures, "first": ahead[0], metric: first.value},
        )
    else:
        yield Sentence(
            "No network is clear of the baseline, so nothing was learned that can be told from guessing.",
            figures,
            is_warning=True,
        )
    linear = [name for name in metrics if not reported.networks[name].candidate.network.hidden]
    best = next(name for name in reported.found if name in metrics)
    notes = {best: "best"} | dict.fromkeys(ahead[:1], "first ahead") | dict.fromkeys(linear[:1], "linear")
    names = [name for name in metrics if name in notes]
    lines = [
        Dot(
            f"always {told_answer(guess['answer'])}",
            base["value"],
            base["low"],
            base["high"],
            "baseline",
            COLOURS[6],
        ),
        *(
            Dot(name, each.value, each.low, each.high, notes[name])
            for name in names
            for each in (metrics[name],)
        ),
    ]
    title = heading(
        titled(reported.study, f"validation {metric} against common sense"),
        ["95% intervals: of networks over their runs, of the baseline over rows."],
        620,
    )
    told = ", ".join(f"{quoted([name])} at {_shown(metric, metrics[name].value)}{mark}" for name in names)
    yield Drawing(
        "baselines",
        dressed(dots(lines, f"validation {metric}", at=base["value"]).properties(title=title)),
        f"Validation {metric} of networks beside the common-sense baseline",
        f"The baseline stands at {_shown(metric, base['value'])}, {told}.",
    )


def _is_clear(figure: Figure, base: Mapping[str, Any], metric: str) -> bool:
    """Whether a network is better than the baseline by more than the intervals of both, as far as known."""
    low, high = (base[end] if base[end] is not None else base["value"] for end in ("low", "high"))
    if metric == "accuracy":
        return bool((figure.value if figure.low is None else figure.low) > high)
    return bool((figure.value if figure.high is None else figure.high) < low)


def _linear(reported: Reported) -> Iterator[Block]:
    """The linear network, and whether any larger one of the same settings is better."""
    names = sorted(sizes(reported), key=lambda name: reported.networks[name].parameters)
    linear = next((name for name in names if not reported.networks[name].candidate.network.hidden), None)
    if linear is None:
        return
    select = reported.study.spec["select"]
    others = [name for name in names if reported.networks[name].candidate.network.hidden]
    standings = {name: each.standing for name in names if (each := reported.found[name]) is not None}
    pairs = compare_pairs(
        {name: reported.networks[name].runs for name in names},
        standings,
        [(name, linear) for name in others],
        more_is_better=more_is_better(select, reported.metric),
    )
    shown = {
        name: told_figure(select, reported.metric, standings[name].value, leaked=reported.leaked)
        for name in names
    }
    figure = short_name(select, reported.metric)
    text = f"The linear network, {quoted([linear])}, has a {figure} of {shown[linear]}."
    figures: dict[str, object] = {linear: standings[linear].value}
    verdicts = {name: pairs[name, linear].verdict for name in others if (name, linear) in pairs}
    better = next((name for name in others if verdicts.get(name) == BETTER), None)
    if better is not None:
        apart = pairs[better, linear].difference
        text += (
            f" {quoted([better])} is the smallest network that is distinguishably better: it has "
            f"{shown[better]}, {number(abs(apart.value))} {'more' if apart.value > 0 else 'less'} "
            f"(95% interval of the difference {interval(vars(apart))})."
        )
        figures |= {better: standings[better].value, "difference": apart.value}
    elif TIE in verdicts.values():
        text += (
            f" Of {counted(len(others), 'network')} with hidden layers none is distinguishably better, so "
            "what there is to learn is close to linear, or the runs are too few to tell."
        )
    elif others:
        text += " One run each cannot tell whether one with hidden layers is better."
    yield Sentence(text, figures)
