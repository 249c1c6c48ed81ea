"""What a report tells of a classifier's test rows: confusions, each class, curves, calibration."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from justfit.data.finding import counted
from justfit.report.blocks import Block, Drawing, Sentence, Table
from justfit.report.findings import notes, titled
from justfit.report.reported import Reported
from justfit.report.tested_charts import MOST_CLASSES, confusion_chart, pr_chart, reliability_chart, roc_chart
from justfit.words import interval, number, percent

_MOST_PAIRS = 20
"""Pairs of classes that are told where they are too many for a picture."""

_AT_FALSE = 0.05
"""The false positive rate at which curves are compared in words."""

_AT_RECALL = 0.9

_OF_CLASS = ("precision", "recall", "f1")


def of_classes(reported: Reported, result: Mapping[str, Any]) -> Iterator[Block]:
    """Each block that the stored figures allow; those of an earlier version lack curves and calibration."""
    test = result["test"]
    if test["confusion"] is not None:
        yield from _confusion(reported, result["classes"], test["confusion"])
    yield from _each_class(test, leaked=reported.leaked)
    if curves := test.get("curves"):
        yield from _curves(reported, curves, len(result["classes"]))
    if bins := test.get("reliability"):
        yield _calibration(reported, result, bins)


def _confusion(
    reported: Reported, classes: Sequence[str], confusion: Sequence[Sequence[int]]
) -> Iterator[Block]:
    """A picture of all counts, or where classes are many a table of what is confused most."""
    support = [sum(row) for row in confusion]
    pairs = sorted(
        (
            (count, true, answered)
            for true, row in enumerate(confusion)
            for answered, count in enumerate(row)
            if count and true != answered
        ),
        key=lambda pair: (-pair[0], pair[1:]),
    )
    wrong = sum(count for count, _, _ in pairs)
    if not pairs:
        said = "No test row is confused with another class."
    else:
        count, true, answered = pairs[0]
        said = (
            f"{counted(wrong, 'test row')} of {sum(support):,} {'is' if wrong == 1 else 'are'} confused, "
            f'most often "{classes[true]}" taken for "{classes[answered]}": {count:,} of {support[true]:,} '
            f"rows ({percent(count / support[true])})."
        )
    if len(classes) > MOST_CLASSES:
        yield Sentence(said, {"wrong": wrong})
        rows = tuple(
            (classes[true], classes[answered], f"{count:,}", percent(count / support[true]))
            for count, true, answered in pairs[:_MOST_PAIRS]
        )
        yield Table(
            f"What is confused most of {len(classes)} classes",
            ("true class", "answer", "rows", "share of the class"),
            rows,
            texts=2,
        )
        return
    yield Drawing(
        "confusion",
        confusion_chart(
            confusion,
            classes,
            titled(reported.study, "answers on test rows"),
            ["Rows of each true class by their answer; the darker, the larger the share of its line."],
        ),
        "Confusion matrix of the test rows",
        said,
        Table(
            "Test rows by true class (down) and answer (across)",
            ("true class", *classes),
            tuple(
                (name, *(f"{count:,}" for count in row)) for name, row in zip(classes, confusion, strict=True)
            ),
        ),
    )


def _each_class(test: Mapping[str, Any], *, leaked: bool) -> Iterator[Block]:
    """Precision, recall and F1 of each class; of many the weakest."""
    classes, mark = test["classes"], " LEAKED" * leaked
    weakest = sorted(classes, key=lambda each: each["f1"]["value"])
    last = weakest[0]
    yield Sentence(
        f'"{last["name"]}" is told worst, with F1 {number(last["f1"]["value"])}{mark} '
        f"(95% interval {interval(last['f1'])}) on {counted(last['support'], 'row')}; "
        f'"{weakest[-1]["name"]}" best, with {number(weakest[-1]["f1"]["value"])}{mark}.',
        {"weakest": last["name"], "f1": last["f1"]},
    )
    told = classes if len(classes) <= MOST_CLASSES else weakest[:MOST_CLASSES]
    caption = (
        "Each class" if len(told) == len(classes) else f"The {len(told)} weakest of {len(classes)} classes"
    )
    labels = {
        each["name"]: table for each, table in zip(classes, test.get("label_confusions") or (), strict=False)
    }
    heads = ("class", *(f"{key if key != 'f1' else 'F1'}, 95% interval" for key in _OF_CLASS), "test rows")
    rows = []
    for each in told:
        cells = [f"{number(each[key]['value'])}{mark} ({interval(each[key])})" for key in _OF_CLASS]
        row = [each["name"], *cells, f"{each['support']:,}"]
        if labels:
            (_, false), (missed, _) = labels[each["name"]]
            row += [f"{missed:,}", f"{false:,}"]
        rows.append(tuple(row))
    yield Table(caption, (*heads, *(("missed", "wrongly found") if labels else ())), tuple(rows))


def _curves(reported: Reported, curves: Sequence[Mapping[str, Any]], classes: int) -> Iterator[Drawing]:
    """ROC and precision-recall curves."""
    leak = notes(reported.study, ())
    kind = (
        "each class against the others"
        if len(curves) > 1
        else f'"{curves[0]["name"]}" against the other class'
    )
    few = f", the {len(curves)} with the most rows" if 1 < len(curves) < classes else ""
    found = {each["name"]: _at(each["roc"], _AT_FALSE) for each in curves}
    yield Drawing(
        "roc",
        roc_chart(
            curves, titled(reported.study, "ROC on test rows"), [*leak, "On the dashed line stands guessing."]
        ),
        f"ROC curve of {kind}{few}",
        f"At a false positive rate of 5% {_range(found, 'recall', leaked=reported.leaked)}.",
        _areas(
            curves,
            "roc_auc",
            "ROC AUC",
            ("recall at a false positive rate of 5%", found),
            leaked=reported.leaked,
        ),
    )
    found = {each["name"]: _at([*reversed(each["pr"])], _AT_RECALL, highest=True) for each in curves}
    low = [*leak, "The dashed line is the share of rows that are of the class."] if len(curves) == 1 else leak
    yield Drawing(
        "precision-recall",
        pr_chart(curves, titled(reported.study, "precision and recall on test rows"), low),
        f"Precision-recall curve of {kind}{few}",
        f"At a recall of 90% {_range(found, 'precision', leaked=reported.leaked)}.",
        _areas(curves, "pr_auc", "PR AUC", ("precision at a recall of 90%", found), leaked=reported.leaked),
    )


def _range(found: Mapping[str, float], what: str, *, leaked: bool) -> str:
    """About how high it is, of the worst and the best class: stored curves are thinned."""
    worst, best = min(found, key=found.__getitem__), max(found, key=found.__getitem__)
    low, high = (f"{percent(found[name])}{' LEAKED' * leaked}" for name in (worst, best))
    if len(found) == 1:
        return f"{what} is about {low}"
    if low == high:
        return f"{what} is about {low} for each class"
    return f'{what} is from about {low} ("{worst}") to about {high} ("{best}")'


def _at(points: Sequence[tuple[float, float]], x: float, *, highest: bool = False) -> float:
    """How high a curve stands at ``x``: on the line between its points; of a step the last or highest."""
    across, up = np.array(points).T
    found = np.flatnonzero(across == x)
    if found.size:
        return float(up[found].max() if highest else up[found[-1]])
    after = int(np.searchsorted(across, x))
    return float(np.interp(x, across[after - 1 : after + 1], up[after - 1 : after + 1]))


def _areas(
    curves: Sequence[Mapping[str, Any]],
    key: str,
    name: str,
    at: tuple[str, Mapping[str, float]],
    *,
    leaked: bool,
) -> Table:
    mark = " LEAKED" * leaked
    has_areas = all(key in each for each in curves)
    rows = tuple(
        (
            each["name"],
            *([f"{number(each[key])}{mark}"] if has_areas else []),
            f"{percent(at[1][each['name']])}{mark}",
        )
        for each in curves
    )
    return Table(f"{name} of each class", ("class", *([name] if has_areas else []), at[0]), rows)


_OF_WHAT = {"binary": 'class "{}"', "multiclass": "the answer", "multilabel": "a label"}


def _calibration(reported: Reported, result: Mapping[str, Any], bins: Sequence[Mapping[str, Any]]) -> Drawing:
    """Whether probabilities are the shares that come true."""
    answers = sum(each["rows"] for each in bins)
    given = sum(each["rows"] * each["probability"] for each in bins) / answers
    true = sum(each["rows"] * each["share"]["value"] for each in bins) / answers
    off = [each for each in bins if not each["share"]["low"] <= each["probability"] <= each["share"]["high"]]
    what = _OF_WHAT[result["task"]].format(result["classes"][-1])
    ece, mark = result["test"]["ece"], " LEAKED" * reported.leaked
    said = (
        f"The mean probability of {what} is {percent(given)}, and {percent(true)}{mark} came true; the "
        "expected calibration "
        f"error is {number(ece['value'])}{mark} (95% interval {interval(ece)}). "
    )
    if off:
        worst = max(off, key=lambda each: abs(each["probability"] - each["share"]["value"]))
        way = "high" if worst["probability"] > worst["share"]["value"] else "low"
        said += (
            f"Of {counted(len(bins), 'group')} of answers {len(off)} {'lies' if len(off) == 1 else 'lie'} "
            "beside "
            f"what chance explains: around {percent(worst['probability'])} probabilities are too {way}, with "
            f"{percent(worst['share']['value'])} come true of {counted(worst['rows'], 'answer')}."
        )
    else:
        said += "In every group of answers that is within what chance explains."
    return Drawing(
        "calibration",
        reliability_chart(
            bins,
            titled(reported.study, "calibration on test rows"),
            [
                *notes(reported.study, ()),
                f"Probabilities of {what}, shares with 95% intervals; on the dashed line both are alike.",
            ],
        ),
        "What came true of answers, by their probability",
        said,
        Table(
            f"Answers by their probability of {what}",
            ("mean probability", "answers", "came true", "95% interval"),
            tuple(
                (
                    percent(each["probability"]),
                    f"{each['rows']:,}",
                    percent(each["share"]["value"]),
                    interval(each["share"], share=True),
                )
                for each in bins
            ),
            texts=0,
        ),
    )
