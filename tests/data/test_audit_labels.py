import itertools

import numpy as np
import pytest
from scipy import stats

from justfit.data.audit_labels import label_findings, order_findings, split_findings
from justfit.data.finding import Finding
from justfit.data.splits import Split
from justfit.spec import TASKS, HoldOut, KFold, Protocol

NAMES = ("a", "b", "c")


def shares(labels: np.ndarray, task: str = "multiclass") -> dict[str, Finding]:
    return {each.what: each for each in label_findings(labels, TASKS[task], NAMES)}


def order(labels: np.ndarray, task: str = "multiclass", protocol: Protocol | None = None) -> list[Finding]:
    return list(order_findings(labels, TASKS[task], protocol))


def split(labels: np.ndarray, validation: range, task: str = "multiclass") -> list[Finding]:
    rows = np.arange(len(labels))
    chosen = np.isin(rows, validation)
    return list(split_findings(labels, TASKS[task], NAMES, (Split(rows[~chosen], rows[chosen]),)))


def test_shares_are_noted() -> None:
    findings = shares(np.repeat([0, 1, 2], [5, 3, 2]))
    assert findings.keys() == {"class_shares"}
    assert findings["class_shares"].level == "note"
    assert findings["class_shares"].sentence.endswith("in 10 training rows: a 50.0%, b 30.0%, c 20.0%.")


def test_one_class_or_one_number_only_is_an_error() -> None:
    assert shares(np.ones(9, np.int64))["one_class"].level == "error"
    assert 'All 9 training rows are of class "b"' in shares(np.ones(9, np.int64))["one_class"].sentence
    assert shares(np.full(9, 2.5, np.float32), "regression")["one_label"].level == "error"
    assert shares(np.array([2.5, 2.5, 3], np.float32), "regression") == {}


def test_absent_classes_and_imbalance_are_warnings() -> None:
    findings = shares(np.repeat([0, 2], [40, 4]))
    assert findings.keys() == {"absent_classes", "imbalance", "class_shares"}
    assert findings["absent_classes"].sentence.startswith('No training row is of class "b"')
    assert findings["imbalance"].level == "warning"
    assert 'Class "a" has 40 training rows and class "c" 4' in findings["imbalance"].sentence
    assert "imbalance" not in shares(np.repeat([0, 2], [39, 4]))


def test_rows_may_have_several_labels_or_none() -> None:
    labels = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0]], np.float32)
    findings = shares(labels, "multilabel")
    assert findings.keys() == {"absent_classes", "class_shares"}
    assert "a 75.0%, b 25.0%, c 0.0%" in findings["class_shares"].sentence


def test_a_sorted_file_is_a_note_and_a_warning_where_validation_takes_file_order() -> None:
    labels = np.repeat([0, 1, 2], 20)
    for protocol, level in (
        (None, "note"),
        (HoldOut(), "note"),
        (KFold(4), "note"),
        (HoldOut(how="first"), "warning"),
        (HoldOut(how="last"), "warning"),
        (KFold(4, how="in_order"), "warning"),
    ):
        (finding,) = order(labels, protocol=protocol)
        assert (finding.level, finding.count) == (level, 3)
    assert "3 runs of equal labels, where a shuffled file has about 41" in finding.sentence


def test_numbers_are_sorted_when_they_stand_together_above_or_below_the_median() -> None:
    labels = np.linspace(0, 1, 40).astype(np.float32)
    (finding,) = order(labels, "regression")
    assert (finding.what, finding.count) == ("sorted_rows", 2)
    assert order(np.random.default_rng(0).permutation(labels), "regression") == []


def test_alternating_and_too_few_labels_are_not_called_sorted() -> None:
    assert order(np.tile([0, 1], 30)) == []
    assert order(np.array([0, 0, 0, 1, 1])) == []
    assert order(np.zeros(50, np.int64)) == []
    assert order(np.eye(3, dtype=np.float32), "multilabel") == []


def test_runs_of_all_orders_of_a_small_file_have_the_mean_that_is_told() -> None:
    labels = (0, 0, 0, 0, 0, 0, 1, 1)
    runs = [1 + sum(a != b for a, b in itertools.pairwise(each)) for each in itertools.permutations(labels)]
    (finding,) = order(np.repeat(labels, 30))
    # n (n + 1) - sum of squares over n, here of 240 rows with 180 and 60: 91; of these 8 rows it is 4.
    assert np.mean(runs) == pytest.approx((8 * 9 - 6**2 - 2**2) / 8)
    assert "about 91." in finding.sentence


def test_shuffled_files_are_seldom_called_sorted() -> None:
    random = np.random.default_rng(0)
    called = [bool(order(random.permutation(np.repeat([0, 1, 2], [30, 50, 20])))) for _ in range(2000)]
    assert sum(called) <= 8, "a chance of 1 in 1,000 each"


def test_a_split_whose_label_shares_differ_beyond_chance_is_named_with_the_fix() -> None:
    labels = np.repeat([0, 1, 2], 20)
    (finding,) = split(labels, range(20))
    assert (finding.level, finding.count, finding.rows) == ("warning", 20, (0, 1, 2, 3, 4))
    assert finding.sentence.startswith(
        'Split 1 was taken in file order, and class "a" has 100.0% of the rows that validate and 0.0% of '
        "those that train, beyond chance"
    )
    assert "let a stratified or shuffled split validate" in finding.sentence
    assert split(np.tile([0, 1, 2], 20), range(20)) == []


def test_the_chance_is_that_of_the_chi_squared_test_and_is_shared_by_the_splits() -> None:
    for positive in range(15, 40):
        validation = np.repeat([1, 0], [positive, 50 - positive])
        train = np.repeat([1, 0], [60, 140])
        table = [[np.sum(part == name) for name in (0, 1)] for part in (train, validation)]
        chance = stats.chi2_contingency(table, correction=False).pvalue
        labels = np.concatenate([validation, train])
        for splits in (1, 5):
            rows = np.arange(len(labels))
            found = split_findings(labels, TASKS["binary"], NAMES[:2], [Split(rows[50:], rows[:50])] * splits)
            assert len(list(found)) == splits * (chance < 0.001 / splits)


def test_numbers_and_several_labels_are_compared_too() -> None:
    random = np.random.default_rng(0)
    numbers = random.normal(size=200).astype(np.float32)
    assert split(numbers, range(50), "regression") == []
    (finding,) = split(np.sort(numbers), range(50), "regression")
    assert "the median label is -" in finding.sentence
    several = random.integers(0, 2, (200, 3)).astype(np.float32)
    assert split(several, range(50), "multilabel") == []
    several[:50, 1] = 1
    (finding,) = split(several, range(50), "multilabel")
    assert "of the rows that validate" in finding.sentence
    assert 'b" has' in finding.sentence


def test_a_rare_class_that_happens_to_validate_is_not_called_beyond_chance() -> None:
    labels = np.tile([0, 1], 2_000)
    labels[7] = 2
    assert split(labels, range(40)) == []
    random = np.random.default_rng(0)
    rare = np.repeat([0, 1, 2], [1_990, 2_000, 10])
    named = [bool(split(random.permutation(rare), range(40))) for _ in range(1_000)]
    assert sum(named) <= 8
    assert split(np.sort(rare), range(16)), "of a few rows in a sorted file it is seen all the same"
