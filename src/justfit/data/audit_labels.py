"""What an audit finds in labels: their shares, their order in the file, and their shares in a split."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from justfit.data.dataset import Labels, Split
from justfit.data.finding import Finding, counted, named
from justfit.spec import HoldOut, KFold, Protocol, Task

CHANCE = 0.001
"""What comes up in fewer than this share of shuffled files is said to be beyond chance."""

_IMBALANCE = 10
"""Times as many rows of the most frequent class as of the rarest."""

_SHOWN = 10
"""Classes whose shares a sentence names at most."""


def label_findings(labels: Labels, task: Task, classes: Sequence[str]) -> Iterator[Finding]:
    """What is wrong or remarkable with the shares of labels."""
    if not task.is_classification:
        if np.isfinite(labels).all() and (labels == labels[0]).all():
            yield Finding(
                "one_label",
                "error",
                len(labels),
                (),
                f"All {len(labels):,} training rows have the label {labels[0]:g}: there is nothing to learn.",
            )
        return
    several = labels.ndim > 1
    counts = (
        labels.sum(axis=0).astype(int) if several else np.bincount(labels.astype(int), minlength=len(classes))
    )
    present = np.flatnonzero(counts)
    if not several and len(present) == 1:
        yield Finding(
            "one_class",
            "error",
            len(labels),
            (),
            f'All {len(labels):,} training rows are of class "{classes[present[0]]}", so there is nothing to '
            "tell apart: give rows of the other classes, too.",
        )
        return
    if absent := [f'"{name}"' for name, count in zip(classes, counts, strict=True) if count == 0]:
        yield Finding(
            "absent_classes",
            "warning",
            len(absent),
            (),
            f"No training row is of class {named(absent)}, which so cannot be learned: give rows of it.",
        )
    yield _shares(counts, len(labels), classes)
    most, least = int(np.argmax(counts)), present[int(np.argmin(counts[present]))]
    if not several and counts[most] >= _IMBALANCE * counts[least]:
        yield Finding(
            "imbalance",
            "warning",
            int(counts[least]),
            (),
            f'Class "{classes[most]}" has {counts[most]:,} training rows and class "{classes[least]}" '
            f"{counts[least]:,}, so accuracy hides how rare classes fare: look at their recall and F1.",
        )


def _shares(counts: npt.NDArray[np.int64], rows: int, classes: Sequence[str]) -> Finding:
    shares = [f"{name} {100 * count / rows:.1f}%" for name, count in zip(classes, counts, strict=True)]
    text = ", ".join(shares)
    if len(shares) > _SHOWN:
        order = np.argsort(-counts, kind="stable")
        text = f"{shares[order[0]]} is the most frequent of {len(shares):,}, {shares[order[-1]]} the rarest"
    return Finding(
        "class_shares", "note", rows, (), f"Shares of the classes in {rows:,} training rows: {text}."
    )


def order_findings(labels: Labels, task: Task, protocol: Protocol | None) -> Iterator[Finding]:
    """Whether equal labels stand together in the file more often than in a shuffled one.

    Of numbers, those above and those not above the median. A warning where the protocol takes rows in
    file order. Source: the runs test for several kinds (Mood 1940, doi:10.1214/aoms/1177731825).
    """
    if labels.ndim > 1 or len(labels) < 2:
        return
    kinds = labels if task.is_classification else labels > np.median(labels)
    runs = 1 + int(np.count_nonzero(kinds[1:] != kinds[:-1]))
    n, counts = float(len(kinds)), np.unique(kinds, return_counts=True)[1].astype(float)
    squares, cubes = float((counts**2).sum()), float((counts**3).sum())
    expected = (n * (n + 1) - squares) / n
    variance = (squares * (squares + n * (n + 1)) - 2 * n * cubes - n**3) / (n**2 * (n - 1))
    if variance <= 0 or special.ndtr((runs + 0.5 - expected) / np.sqrt(variance)) >= CHANCE:
        return
    what = "of equal labels" if task.is_classification else "above or below the median label"
    yield Finding(
        "sorted_rows",
        "warning" if takes_file_order(protocol) else "note",
        runs,
        (),
        f"The file is sorted by label beyond chance: {counted(runs, 'run')} {what}, where a shuffled file "
        f"has about {expected:,.0f}. Let shuffled rows validate, as is the default, not rows in file order.",
    )


def takes_file_order(protocol: Protocol | None) -> bool:
    """Whether rows validate as they stand in the file, without time being meant."""
    return isinstance(protocol, HoldOut | KFold) and protocol.how in ("first", "last", "in_order")


def split_findings(
    labels: Labels, task: Task, classes: Sequence[str], splits: Sequence[Split]
) -> Iterator[Finding]:
    """The splits in which labels that validate differ beyond chance from those that train.

    Chi-squared test of classes, one by one where a row has several; Kolmogorov-Smirnov test of
    numbers; the chance is divided by the number of splits.
    """
    for number, split in enumerate(splits, start=1):
        if not len(split.validation) or not len(split.train):
            continue
        train, validation = labels[split.train], labels[split.validation]
        if not task.is_classification:
            chance, said = _differing_numbers(train, validation)
        elif labels.ndim > 1:
            chance, said = min(
                _differing_classes(
                    train[:, each].astype(int), validation[:, each].astype(int), ("not " + name, name)
                )
                for each, name in enumerate(classes)
            )
            chance *= len(classes)
        else:
            chance, said = _differing_classes(train.astype(int), validation.astype(int), classes)
        if chance < CHANCE / len(splits):
            of = f" of {len(splits)}" if len(splits) > 1 else ""
            yield Finding(
                "split_shares",
                "warning",
                len(split.validation),
                tuple(split.validation[:5].tolist()),
                f"Split {number}{of} was taken in file order, and {said}, beyond chance, so its figures "
                "mislead: let a stratified or shuffled split validate, as is the default.",
            )


def _differing_classes(train: Labels, validation: Labels, classes: Sequence[str]) -> tuple[float, str]:
    """The chance of shares that differ so, and the class that differs most."""
    counts = np.array([np.bincount(part, minlength=len(classes)) for part in (train, validation)], float)
    rows = counts.sum(axis=1, keepdims=True)
    # Of classes with less than a row expected in a part the test knows nothing (Cochran 1954,
    # doi:10.2307/3001616): they are taken together.
    rare = (rows * counts.sum(axis=0) / counts.sum()).min(axis=0) < 1
    counts = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    names = [f'class "{name}"' for name, few in zip(classes, rare, strict=True) if not few]
    names.append("the rest")
    expected = rows * counts.sum(axis=0) / counts.sum()
    enough = expected.min(axis=0) >= 1
    if enough.sum() < 2:
        return 1.0, ""
    terms = np.divide((counts - expected) ** 2, expected, out=np.zeros_like(counts), where=enough)
    chance = float(special.chdtrc(int(enough.sum()) - 1, terms.sum()))
    most = int(np.argmax(terms.sum(axis=0)))
    trains, validates = counts[:, most] / rows[:, 0]
    shares = f"{100 * validates:.1f}% of the rows that validate and {100 * trains:.1f}% of those that train"
    return chance, f"{names[most]} has {shares}"


def _differing_numbers(train: Labels, validation: Labels) -> tuple[float, str]:
    """The chance of two distributions that differ so, and their medians."""
    every = np.sort(np.concatenate([train, validation]))
    below = [np.searchsorted(np.sort(part), every, side="right") / len(part) for part in (train, validation)]
    size = len(train) * len(validation) / (len(train) + len(validation))
    chance = float(special.kolmogorov(np.sqrt(size) * np.abs(below[0] - below[1]).max()))
    medians = np.median(validation), np.median(train)
    return (
        chance,
        f"the median label is {medians[0]:g} where rows validate and {medians[1]:g} where they train",
    )
