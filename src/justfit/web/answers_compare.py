"""Networks of any studies side by side."""

from collections.abc import Iterator, Sequence
from typing import Any

from justfit.judge import compare, standing
from justfit.judge.studies import StoredNetwork, more_is_better
from justfit.report.findings import figure_name
from justfit.report.reported import Reported
from justfit.store import StoredRun
from justfit.store.entries import within
from justfit.store.live_view import Live
from justfit.web.answers_curves import network_curve

Asked = tuple[Reported, StoredNetwork]


def compare_answer(asked: Sequence[Asked]) -> dict[str, Any]:
    """How networks stand by the figure that the first one's study chooses by, in the order asked.

    Those whose runs are on the same splits of the same rows as the first one's are compared with the best of
    them, pair by pair; the others stand alone.

    Args:
        asked: studies and their networks, at least one.
    """
    first = asked[0][0]
    figure, metric = first.study.spec["select"], first.metric
    better = more_is_better(figure, metric)
    rows = [_rows(network.runs) for _, network in asked]
    same = [each is not None and each == rows[0] for each in rows]
    pairs = {
        str(place): network.runs
        for place, (_, network) in enumerate(asked)
        if same[place] and network.is_complete
    }
    found = compare(pairs, figure, more_is_better=better)
    told, curves = [], []
    for place, (reported, network) in enumerate(asked):
        compared = found.get(str(place))
        histories = [run.history for run in network.runs]
        alone = standing(histories, figure, more_is_better=better) if histories else None
        at = compared.standing if compared else alone
        apart = compared.difference if compared else None
        kind = metric if figure.endswith("metric") else figure
        low, high = within(kind, at.interval.low, at.interval.high) if at else (None, None)
        told.append(
            {
                "study": reported.study.folder.name,
                "number": network.number,
                "name": network.name,
                "leaked": reported.leaked,
                "value": at.value if at else None,
                "low": low,
                "high": high,
                "best_epoch": at.best_epoch if at else None,
                "parameters": network.parameters,
                "difference": apart and {"value": apart.value, "low": apart.low, "high": apart.high},
                "p": compared.p if compared else None,
                "verdict": compared.verdict if compared else None,
                "same_rows": same[place],
            }
        )
        if (curve := network_curve(reported, network, figure, Live())) is not None:
            curves.append({"study": reported.study.folder.name, **curve})
    return {
        "figure": figure,
        "metric": metric,
        "networks": told,
        "notes": list(_notes(asked, same)),
        "curves": {"figure": figure, "name": figure_name(figure, metric), "curves": curves},
    }


def _rows(runs: Sequence[StoredRun]) -> tuple[object, ...] | None:
    """What decides which rows train and validate; None where nothing is trained."""
    if not runs:
        return None
    spec = runs[0].spec
    return spec["fingerprint"], spec["task"], tuple(spec["protocol"].items())


def _notes(asked: Sequence[Asked], same: Sequence[bool]) -> Iterator[str]:
    first, chooses = asked[0][0], asked[0][0].study.spec["select"]
    for (reported, network), is_same in zip(asked, same, strict=True):
        name = f"{network.name} of {reported.study.name}"
        if not network.runs:
            yield f"{name} has no trained run yet."
        elif not is_same:
            yield f"{name} was validated on other rows than the first, so their figures are not compared."
        elif not network.is_complete:
            yield f"{name} has not all its runs trained, so it is not compared."
        if (other := reported.study.spec["select"]) != chooses:
            yield f"{reported.study.name} itself chooses by {other}, not by {chooses}."
    if any(reported.leaked for reported, _ in asked):
        yield "LEAKED: test rows validated, so these figures do not tell of rows not seen."
    if first.study.spec["validation"]["name"] == "k_fold":
        yield "Folds share training rows, so intervals over them are narrower than the truth."
