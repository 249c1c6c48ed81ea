"""`splits`: which rows of the training part train and which validate."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from justfit.data.dataset import Labels
from justfit.data.dataset import Split as Split
from justfit.data.rows import Int64
from justfit.data.stratified import stratified_hold_out
from justfit.errors import DataError, SpecError
from justfit.spec import AllRows, HoldOut, KFold, Protocol, Task, TestRows

_MAX_SEED = 2**32 - 1
"""The largest that scikit-learn takes."""

Groups = npt.NDArray[np.int64]


def splits(protocol: Protocol, labels: Labels, task: Task, groups: Groups | None = None) -> tuple[Split, ...]:
    """The splits of a training part, given by its ``labels``, in which rows train and others validate.

    Stratified hold-out is scikit-learn's ``train_test_split`` with the protocol's seed, k-fold its
    ``StratifiedKFold``, ``KFold``, ``GroupKFold`` or ``TimeSeriesSplit``; the seed rises by 1 with each
    repeat. Where labels are not classes of which each row has one, rows are only shuffled. Where fewer
    rows train than are left, the validating ones are the same as without that, and fewer are among more.

    Args:
        protocol: how; of `TestRows` and `AllRows` all rows train.
        labels: one a row.
        task: what the labels are.
        groups: a group number a row, which ``grouped`` needs.

    Raises:
        SpecError: the protocol leaves no row to train or validate, asks for more folds than there are rows,
            groups or rows of a class, or its seed is above 2**32 - 1.
        DataError: the classes are too small, or too many for so few rows, to be stratified, or no groups.

    >>> from justfit.spec import task_named
    >>> found = splits(KFold(folds=2, how="in_order"), np.array([0, 1, 0, 1]), task_named("binary"))
    >>> [split.validation.tolist() for split in found]
    [[0, 1], [2, 3]]
    """
    match protocol:
        case AllRows() | TestRows():
            rows = np.arange(len(labels))
            return (Split(rows, rows[:0]),)
        case HoldOut():
            return (_hold_out(protocol, labels, task),)
        case KFold():
            return tuple(_k_fold(protocol, labels, task, groups))


def _hold_out(protocol: HoldOut, labels: Labels, task: Task) -> Split:
    total = len(labels)
    count, trained = protocol.rows(total), protocol.training_rows(total)
    if protocol.how == "first":
        return Split(np.arange(count, count + trained), np.arange(count))
    if protocol.how == "last":
        return Split(np.arange(total - count - trained, total - count), np.arange(total - count, total))
    if _has_one_class_a_row(task):
        classes = labels.astype(np.int64, copy=False)
        _require_stratifiable(classes, count)
        train, validation = stratified_hold_out(classes, count, _seed(protocol.seed))
        if trained < len(train):
            train = _evenly(train, labels)
    else:
        from sklearn.model_selection import train_test_split  # noqa: PLC0415 - as in `_k_fold`

        train, validation = train_test_split(
            np.arange(total), test_size=count, random_state=_seed(protocol.seed)
        )
    train = train[:trained]
    train.sort()  # in place, as there may be very many
    validation.sort()
    return Split(train, validation)


def _evenly(rows: npt.NDArray[np.intp], classes: Labels) -> npt.NDArray[np.intp]:
    """The rows in an order of which each beginning has nearly the shares of the classes that all have."""
    at = np.empty(len(rows))
    for name in np.unique(classes[rows]):
        of_class = np.flatnonzero(classes[rows] == name)
        at[of_class] = (np.arange(len(of_class)) + 0.5) / len(of_class)
    return rows[np.argsort(at, kind="stable")]


def _k_fold(protocol: KFold, labels: Labels, task: Task, groups: Groups | None) -> Iterator[Split]:
    from sklearn import model_selection  # noqa: PLC0415 - takes more than a second, and hold-outs need none of it

    rows, folds = np.arange(len(labels)), protocol.folds
    needed = folds + 1 if protocol.how == "time" else folds
    if needed > len(rows):
        raise SpecError(
            f"{folds} folds ({protocol.how}) need at least {needed} training rows, and there are {len(rows)}"
            ": use fewer folds, or give more rows."
        )
    stratified = protocol.how == "stratified" and _has_one_class_a_row(task)
    if stratified:
        _require_folds_in_classes(folds, labels)
    # Who does not ask for groups is not to get any: scikit-learn's other splitters warn of them.
    groups = _require_groups(folds, groups) if protocol.how == "grouped" else None
    for repeat in range(protocol.repeats):
        seed = _seed(protocol.seed + repeat)
        match protocol.how:
            case "grouped":
                splitter = model_selection.GroupKFold(folds, shuffle=True, random_state=seed)
            case "time":
                splitter = model_selection.TimeSeriesSplit(folds)
            case "in_order":
                splitter = model_selection.KFold(folds)
            case _:
                kind = model_selection.StratifiedKFold if stratified else model_selection.KFold
                splitter = kind(folds, shuffle=True, random_state=seed)
        for train, validation in splitter.split(rows, labels if stratified else None, groups):
            yield Split(np.sort(train), np.sort(validation))


def _has_one_class_a_row(task: Task) -> bool:
    return task.name in ("binary", "multiclass")


def _seed(seed: int) -> int:
    if seed > _MAX_SEED:
        raise SpecError(f"seed {seed} is too large to shuffle rows with: at most {_MAX_SEED}.")
    return seed


def _require_folds_in_classes(folds: int, labels: Labels) -> None:
    present, members = np.unique(labels, return_counts=True)
    if (small := members < folds).any():
        name, count = present[small][0], members[small][0]
        fewer = f"use at most {members.min()} folds, " if members.min() > 1 else ""
        raise SpecError(
            f"{folds} stratified folds need {folds} training rows of each class, and class {name} has {count}"
            f": {fewer}leave the class out, or do not stratify (k_fold:{folds}:shuffled)."
        )


def _require_groups(folds: int, groups: Groups | None) -> Groups:
    if groups is None:
        raise DataError(
            "The data set names no groups of rows, so folds cannot be grouped: use stratified or shuffled."
        )
    if (count := len(np.unique(groups))) < folds:
        raise SpecError(
            f"{folds} grouped folds need {folds} groups of rows, and there are {count}: use fewer folds, or "
            "stratified or shuffled ones."
        )
    return groups


def _require_stratifiable(classes: Int64, count: int) -> None:
    members = np.bincount(classes)
    present = np.flatnonzero(members)
    members = members[present]
    remedy = "give more rows, or validate without stratifying (first:, last:)."
    if (members < 2).any():
        alone = present[members < 2][0]
        raise DataError(
            f"Class {alone} has 1 training row, so it cannot be in both parts of a stratified split: "
            f"leave the class out, {remedy}"
        )
    if min(count, len(classes) - count) < len(present):
        raise DataError(
            f"A stratified split of {len(classes)} rows with {count} to validate leaves one part "
            f"with fewer rows than there are classes ({len(present)}): {remedy}"
        )
