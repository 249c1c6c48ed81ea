"""The section of a report on regularization: each regularized network against its twin without."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from justfit.data.finding import counted, has
from justfit.judge import Comparison, compare_pairs
from justfit.judge.choice import quoted
from justfit.judge.significance import BETTER, TIE, WORSE
from justfit.judge.studies import more_is_better
from justfit.report.blocks import Block, Drawing, Section, Sentence, Table
from justfit.report.dots import Dot, dots
from justfit.report.findings import titled
from justfit.report.groups import flat_settings, regularized_by, told_regularizers, twins
from justfit.report.look import COLOURS, GREY_TEXT, dressed, heading
from justfit.report.of_search import advice
from justfit.report.reported import Reported
from justfit.report.standings import notes_on, short_name, told_fit, told_value
from justfit.words import number, told_figure

COLOUR_OF = {BETTER: COLOURS[0], WORSE: COLOURS[1]}
"""Of a comparison; a tie is grey. The word always stands beside it."""

Pairs = Mapping[str, str]
"""The twin of each regularized network."""


def regularization(reported: Reported) -> Section | None:
    """Each regularized network against the one that differs in nothing else; None where there are none."""
    pairs, select = twins(reported), reported.study.spec["select"]
    standings = {name: each.standing for name, each in reported.found.items() if each is not None}
    compared = compare_pairs(
        {name: reported.networks[name].runs for name in standings},
        standings,
        list(pairs.items()),
        more_is_better=more_is_better(select, reported.metric),
    )
    found = {name: each for (name, _), each in compared.items()}
    if not found:
        return None
    verdicts = {name: each.verdict for name, each in found.items()}
    blocks: list[Block] = [
        Sentence(
            f"{_mark(reported)}{counted(len(found), 'regularized network')} {has(len(found))} a twin in this "
            "study, which differs in nothing but that nothing holds it back. Beside the twins "
            f"{_tally(verdicts.values())}. Compared are runs on the same split with the same seed, each "
            f"network in its own best epoch; verdicts are corrected for {counted(len(found), 'comparison')}.",
            dict(Counter(verdict or "unknown" for verdict in verdicts.values())),
        ),
        *_by_regularizer(reported, verdicts),
        _most(reported, pairs, found),
        *_overfit(reported, pairs, found),
        _differences(reported, pairs, found),
        *advice(reported, list(found)),
    ]
    return Section("regularization", "Regularization", tuple(blocks))


def _mark(reported: Reported) -> str:
    return "LEAKED: " if reported.leaked else ""


def _tally(verdicts: Iterable[str | None]) -> str:
    """How many comparisons came out how.

    >>> _tally(["better", "tie", "tie"])
    '1 is better, 2 tie'
    >>> _tally(["tie", "tie"])
    'all 2 tie'
    """
    counts = Counter(verdicts)
    told = {
        BETTER: ("is better", "are better"),
        TIE: ("ties", "tie"),
        WORSE: ("is worse", "are worse"),
        None: ("has one pair of runs, which cannot tell", "have one pair of runs, which cannot tell"),
    }
    return ", ".join(
        f"{'all ' if len(counts) == 1 < count else ''}{count:,} {texts[count > 1]}"
        for verdict, texts in told.items()
        if (count := counts[verdict])
    )


def _by_regularizer(reported: Reported, verdicts: Mapping[str, str | None]) -> Iterator[Sentence]:
    """What a way of holding back came to that was tried on several networks, where not all tie."""
    groups: dict[str, list[str | None]] = {}
    for name, verdict in verdicts.items():
        held = regularized_by(flat_settings(reported.networks[name].candidate))
        groups.setdefault(told_regularizers(held), []).append(verdict)
    for told, of_one in groups.items():
        if len(of_one) > 1 and len(groups) > 1 and not {BETTER, WORSE}.isdisjoint(of_one):
            head = f"{_mark(reported)}{told[0].upper()}{told[1:]}"
            counts = Counter(verdict or "unknown" for verdict in of_one)
            text = f"{head}: of {counted(len(of_one), 'network')} {_tally(of_one)}."
            yield Sentence(text, {"regularizers": told, **counts})


def _most(reported: Reported, pairs: Pairs, found: Mapping[str, Comparison]) -> Sentence:
    """The network that is furthest ahead of its twin, or the least behind it."""
    is_high = more_is_better(reported.study.spec["select"], reported.metric)
    sign = -1 if is_high else 1
    name = min(found, key=lambda name: sign * found[name].difference.value)
    apart = found[name].difference
    between = f"{_difference(reported, found[name])}{_between(reported, found[name])}"
    gain = "is furthest ahead" if sign * apart.value < 0 else "is the least behind"
    is_clear = apart.low is not None and apart.high is not None and not apart.low <= 0 <= apart.high
    ends = {
        BETTER: "better",
        WORSE: "worse",
        TIE: f"a tie{f' once corrected for {len(found):,} comparisons' if is_clear else ''}",
        None: "which tells nothing",
    }
    return Sentence(
        f"{quoted([name])} {gain}: {told_value(reported, name)} against {told_value(reported, pairs[name])} "
        f"of {quoted([pairs[name]])}; over {counted(found[name].pairs, 'pair')} of runs a difference of "
        f"{between}, {ends[found[name].verdict]}.",
        {
            "network": name,
            "twin": pairs[name],
            "difference": apart.value,
            "low": apart.low,
            "high": apart.high,
        },
    )


def _signed(reported: Reported, value: float) -> str:
    """A difference with its sign; of accuracies in points of percent."""
    if reported.study.spec["select"] == "val_metric" and reported.metric == "accuracy":
        return f"{100 * value:+.1f} points"
    return f"{'+' if value > 0 else ''}{number(value)}"


def _difference(reported: Reported, found: Comparison) -> str:
    return _signed(reported, found.difference.value) + (" LEAKED" if reported.leaked else "")


def _between(reported: Reported, found: Comparison) -> str:
    low, high = found.difference.low, found.difference.high
    if low is None or high is None:
        return ""
    return f" (95% interval {_signed(reported, low)} to {_signed(reported, high)})"


def _overfit(reported: Reported, pairs: Pairs, found: Mapping[str, Comparison]) -> Iterator[Sentence]:
    """How many overfit with and without what holds them back."""
    fits = {name: reported.fits[name] for name in (*found, *pairs.values())}
    known = [name for name in found if fits[name] is not None and fits[pairs[name]] is not None]
    held, free = (
        {name for name in names if (fit := fits[name]) is not None and fit.kind == "overfit"}
        for names in (known, [pairs[name] for name in known])
    )
    if not (held or free):
        return
    count = len({pairs[name] for name in known})
    yield Sentence(
        f"{_mark(reported)}Of the regularized networks {len(held):,} of {len(known):,} "
        f"overfit, of their twins {len(free):,} of {count:,}.",
        {"regularized_overfit": len(held), "twins_overfit": len(free)},
    )


def _differences(reported: Reported, pairs: Pairs, found: Mapping[str, Comparison]) -> Drawing:
    """The difference of each network to its twin with its interval, as a chart and as a table."""
    figure = short_name(reported.study.spec["select"], reported.metric)
    is_high = more_is_better(reported.study.spec["select"], reported.metric)
    lines = [
        Dot(
            name,
            each.difference.value,
            each.difference.low,
            each.difference.high,
            _note(reported, name, each),
            COLOUR_OF.get(each.verdict or "", GREY_TEXT),
            reported.networks[name].left is not None,
        )
        for name, each in found.items()
    ]
    side = "right" if is_high else "left"
    title = heading(
        titled(reported.study, f"{figure} with regularization minus that without"),
        [
            f"To the {side} of 0 the regularized network is better than its twin.",
            f"Verdicts are corrected for {counted(len(found), 'comparison')}, intervals are not.",
            *notes_on(reported, list(found)),
        ],
        620,
    )
    told = f"{counted(len(found), 'network')} {_tally([each.verdict for each in found.values()])}"
    return Drawing(
        "regularization",
        dressed(dots(lines, f"difference in {figure}", at=0.0).properties(title=title)),
        f"Difference in {figure} to the twin without regularization, with its 95% interval",
        f"{_mark(reported)}Of {told}; where an interval holds 0, either may be the better one.",
        _table(reported, pairs, found),
    )


def _note(reported: Reported, name: str, found: Comparison) -> str:
    left = reported.networks[name].left
    return (found.verdict or "one pair") + (f", left after {left}" if left is not None else "")


def _table(reported: Reported, pairs: Pairs, found: Mapping[str, Comparison]) -> Table:
    select, metric = reported.study.spec["select"], reported.metric
    figure = short_name(select, metric)

    def shown(name: str) -> str:
        stands = reported.found[name]
        assert stands is not None
        return told_figure(select, metric, stands.standing.value, leaked=reported.leaked)

    rows = tuple(
        (
            *(name, pairs[name], shown(name), shown(pairs[name]), _difference(reported, each)),
            _between(reported, each).removeprefix(" (95% interval ").removesuffix(")"),
            *(f"{each.pairs:,}", each.verdict or "one pair"),
            told_fit(reported.fits[name], reported.networks[name].left),
            told_fit(reported.fits[pairs[name]], reported.networks[pairs[name]].left),
        )
        for name, each in found.items()
    )
    columns = (
        *("network", "twin", figure, "of the twin", "difference", "its 95% interval", "pairs", "verdict"),
        *("fit", "fit of the twin"),
    )
    return Table("Regularized networks and their twins", columns, rows, texts=2)
