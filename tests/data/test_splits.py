import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, StratifiedKFold, TimeSeriesSplit, train_test_split
from sklearn.model_selection import KFold as Folds

from justfit.data.splits import Split, splits
from justfit.errors import DataError, SpecError
from justfit.spec import AllRows, HoldOut, KFold, Protocol, TestRows, task_named

BINARY, MULTICLASS, REGRESSION = task_named("binary"), task_named("multiclass"), task_named("regression")
LABELS = np.array([0] * 30 + [1] * 70)
GROUPS = np.repeat(np.arange(20), 5)


def hold_out(protocol: HoldOut, labels: np.ndarray = LABELS) -> Split:
    (only,) = splits(protocol, labels, BINARY)
    return only


def validated(protocol: Protocol, labels: object, groups: object = None) -> list[list[int]]:
    """The rows that validate, split by split."""
    numbers = None if groups is None else np.array(groups)
    return [split.validation.tolist() for split in splits(protocol, np.array(labels), BINARY, numbers)]


# Hold-out


@given(
    how=st.sampled_from(["stratified", "first", "last"]),
    size=st.integers(2, 60),
    seed=st.integers(0, 5),
    train=st.none() | st.integers(1, 40),
    classes=st.booleans(),
)
def test_of_a_hold_out_no_row_trains_and_validates_and_all_are_used_unless_fewer_shall_train(
    how: str, size: int, seed: int, train: int | None, *, classes: bool
) -> None:
    (parts,) = splits(HoldOut(how, size, seed, train), LABELS, BINARY if classes else REGRESSION)
    assert len(parts.validation) == size
    assert len(parts.train) == (100 - size if train is None else train)
    used = [*parts.train, *parts.validation]
    assert len(set(used)) == len(used)
    assert set(used) <= set(range(100))
    for part in (parts.train, parts.validation):
        assert part.dtype == np.intp
        assert (np.diff(part) > 0).all()


def test_first_and_last_take_rows_in_file_order() -> None:
    labels = np.array([0, 1] * 5)
    first, last = hold_out(HoldOut("first", 3), labels), hold_out(HoldOut("last", 0.4), labels)
    assert (first.validation.tolist(), first.train.tolist()) == ([0, 1, 2], [3, 4, 5, 6, 7, 8, 9])
    assert (last.validation.tolist(), last.train.tolist()) == ([6, 7, 8, 9], [0, 1, 2, 3, 4, 5])


def test_fewer_rows_that_train_are_those_beside_the_validating_ones() -> None:
    labels = np.array([0, 1] * 5)
    assert hold_out(HoldOut("first", 3, train=2), labels).train.tolist() == [3, 4]
    assert hold_out(HoldOut("last", 3, train=2), labels).train.tolist() == [5, 6]


def test_stratified_keeps_the_shares_of_the_classes_in_both_parts() -> None:
    parts = hold_out(HoldOut(size=0.2, train=40))
    assert np.bincount(LABELS[parts.validation]).tolist() == [6, 14]
    assert np.bincount(LABELS[parts.train]).tolist() == [12, 28]


def test_fewer_stratified_rows_are_among_more_and_are_validated_on_the_same() -> None:
    parts = [hold_out(HoldOut(size=20, train=train)) for train in (10, 40, None)]
    assert {tuple(part.validation) for part in parts} == {tuple(parts[0].validation)}
    assert set(parts[0].train) < set(parts[1].train) < set(parts[2].train)


@pytest.mark.parametrize("seed", [0, 7])
def test_stratified_is_scikit_learns_split_with_that_seed(seed: int) -> None:
    train, validation = train_test_split(np.arange(100), test_size=0.2, stratify=LABELS, random_state=seed)
    parts = hold_out(HoldOut(size=0.2, seed=seed))
    assert parts.train.tolist() == sorted(train)
    assert parts.validation.tolist() == sorted(validation)


def test_numbers_are_shuffled_plainly() -> None:
    labels = np.linspace(0, 1, 100, dtype=np.float32)
    parts = [splits(HoldOut(size=0.3, seed=seed), labels, REGRESSION)[0] for seed in (0, 1)]
    assert parts[0].validation.tolist() != parts[1].validation.tolist()
    assert parts[0].validation.tolist() != list(range(30))


@pytest.mark.parametrize("protocol", [HoldOut(size=2), KFold(folds=2)])
def test_rows_with_several_labels_are_shuffled_plainly(protocol: Protocol) -> None:
    found = splits(protocol, np.eye(5, dtype=np.float32), task_named("multilabel"))
    assert sorted(len(split.validation) for split in found) in ([2], [2, 3])


@pytest.mark.parametrize("protocol", [AllRows(), TestRows()])
def test_where_no_training_row_validates_all_train(protocol: Protocol) -> None:
    (parts,) = splits(protocol, LABELS, BINARY)
    assert parts.train.tolist() == list(range(100))
    assert parts.validation.tolist() == []


@pytest.mark.parametrize(
    ("labels", "size", "message"),
    [
        ([0, 0, 0, 1, 2, 2, 2], 3, "Class 1 has 1 training row.*first:, last:"),
        ([0, 0, 1, 1, 2, 2], 2, r"6 rows with 2 to validate.*than there are classes \(3\)"),
    ],
)
def test_classes_too_small_to_stratify_are_named_with_the_remedy(
    labels: list[int], size: int, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        splits(HoldOut(size=size), np.array(labels), MULTICLASS)


def test_parts_that_are_empty_or_overlap_are_refused() -> None:
    with pytest.raises(SpecError, match="100 of 100"):
        hold_out(HoldOut(size=100))
    with pytest.raises(SpecError, match="80 of 100 rows validate and 30 shall train, so 10 would do both"):
        hold_out(HoldOut("first", 80, train=30))


@pytest.mark.parametrize(
    "protocol", [HoldOut(seed=2**32), KFold(seed=2**32), KFold(repeats=2, seed=2**32 - 1)]
)
def test_a_seed_that_scikit_learn_cannot_take_is_refused(protocol: Protocol) -> None:
    with pytest.raises(SpecError, match="seed 4294967296 is too large"):
        splits(protocol, LABELS, BINARY)


# K-fold


def test_folds_in_order_cut_the_file_as_it_stands() -> None:
    assert validated(KFold(3, "in_order"), [0] * 7) == [[0, 1, 2], [3, 4], [5, 6]]


def test_folds_by_time_train_only_on_the_rows_before() -> None:
    found = splits(KFold(3, "time"), np.zeros(8), REGRESSION)
    assert [split.train.tolist() for split in found] == [[0, 1], [0, 1, 2, 3], [0, 1, 2, 3, 4, 5]]
    assert [split.validation.tolist() for split in found] == [[2, 3], [4, 5], [6, 7]]


def test_each_stratified_fold_has_its_share_of_each_class() -> None:
    labels = np.array([0, 1, 1] * 4)
    for rows in validated(KFold(4), labels):
        assert sorted(labels[rows]) == [0, 1, 1]


def test_shuffled_folds_do_not_follow_the_classes() -> None:
    shares = [sum(LABELS[rows]) for rows in validated(KFold(5, "shuffled"), LABELS)]
    assert sum(shares) == 70
    assert len(set(shares)) > 1


def test_rows_of_a_group_stand_in_one_fold() -> None:
    found = validated(KFold(3, "grouped"), [0] * 7, groups=[5, 5, 9, 9, 2, 2, 2])
    assert sorted(found) == [[0, 1], [2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("how", "splitter"),
    [
        ("stratified", StratifiedKFold(4, shuffle=True, random_state=3)),
        ("shuffled", Folds(4, shuffle=True, random_state=3)),
        ("grouped", GroupKFold(4, shuffle=True, random_state=3)),
        ("in_order", Folds(4)),
        ("time", TimeSeriesSplit(4)),
    ],
)
def test_folds_are_scikit_learns(how: str, splitter: Folds) -> None:
    ours = splits(KFold(4, how, seed=3), LABELS, BINARY, GROUPS)
    theirs = splitter.split(LABELS, LABELS, GROUPS if how == "grouped" else None)
    for our, (train, validation) in zip(ours, theirs, strict=True):
        assert our.train.tolist() == sorted(train)
        assert our.validation.tolist() == sorted(validation)


def test_iterated_k_fold_shuffles_anew_for_each_repeat_as_the_next_seed_would() -> None:
    protocol = KFold(5, repeats=3, seed=8)
    found = validated(protocol, LABELS)
    assert len(found) == protocol.splits == 15
    alone = [validated(KFold(5, seed=seed), LABELS) for seed in (8, 9, 10)]
    assert found == [rows for repeat in alone for rows in repeat]
    assert len({tuple(rows) for rows in found}) == 15


SHUFFLED = ("stratified", "shuffled", "grouped")


@st.composite
def k_folds(draw: st.DrawFn) -> tuple[KFold, np.ndarray, np.ndarray]:
    """A protocol with labels and groups that it can cut into its folds."""
    folds = draw(st.integers(2, 6))
    how = draw(st.sampled_from([*SHUFFLED, "time", "in_order"]))
    repeats = draw(st.integers(1, 3)) if how in SHUFFLED else 1
    labels = [0, 1] * folds + draw(st.lists(st.integers(0, 1), max_size=20))
    groups = [*range(folds), *draw(st.lists(st.integers(0, 30), min_size=len(labels), max_size=len(labels)))]
    protocol = KFold(folds, how, repeats, draw(st.integers(0, 2**31)))
    return protocol, np.array(draw(st.permutations(labels))), np.array(groups[: len(labels)])


@given(k_folds(), st.sampled_from([BINARY, REGRESSION]))
def test_each_row_validates_once_a_repeat_and_trains_in_all_other_folds(
    made: tuple[KFold, np.ndarray, np.ndarray], task: object
) -> None:
    protocol, labels, groups = made
    found = splits(protocol, labels, task, groups)
    assert len(found) == protocol.splits
    rows = set(range(len(labels)))
    for split in found:
        train, validation = set(split.train.tolist()), set(split.validation.tolist())
        assert train
        assert validation
        assert not train & validation
        if protocol.how == "time":
            assert max(train) < min(validation)
        else:
            assert train | validation == rows
        if protocol.how == "grouped":
            assert not set(groups[split.train]) & set(groups[split.validation])
    if protocol.how != "time":
        for repeat in range(protocol.repeats):
            folds = found[repeat * protocol.folds : (repeat + 1) * protocol.folds]
            assert sorted(row for split in folds for row in split.validation) == sorted(rows)


@pytest.mark.parametrize("how", SHUFFLED)
def test_other_seeds_give_other_folds_and_the_same_seed_the_same(how: str) -> None:
    found = [validated(KFold(4, how, seed=seed), LABELS, GROUPS) for seed in (0, 1, 0)]
    assert found[0] != found[1]
    assert found[0] == found[2]


@pytest.mark.parametrize(
    ("protocol", "labels", "groups", "message"),
    [
        (
            KFold(5),
            [0] * 9 + [1] * 3,
            None,
            r"5 training rows of each class, and class 1 has 3: use at most 3 .* \(k_fold:5:shuffled\)",
        ),
        (KFold(2), [0, 0, 0, 1], None, "class 1 has 1: leave the class out, or do not stratify"),
        (KFold(5), [0, 1, 0, 1], None, r"5 folds \(stratified\) need at least 5 .* there are 4: use fewer"),
        (KFold(4, "time"), [0, 1, 0, 1], None, r"4 folds \(time\) need at least 5 training rows"),
        (KFold(3, "grouped"), [0] * 9, [1, 1, 1, 7, 7, 7, 7, 7, 7], "3 groups of rows, and there are 2"),
    ],
)
def test_more_folds_than_the_rows_can_fill_are_refused_with_the_reason(
    protocol: KFold, labels: list[int], groups: list[int] | None, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        validated(protocol, labels, groups)


def test_rows_without_groups_cannot_be_grouped() -> None:
    with pytest.raises(DataError, match=r"names no groups of rows.*use stratified or shuffled"):
        validated(KFold(2, "grouped"), LABELS)
