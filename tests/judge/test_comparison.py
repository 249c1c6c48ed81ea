import numpy as np
import pytest
from scipy import stats

from justfit.judge import compare, compare_pairs, standing
from justfit.spec import Done, Epoch
from justfit.store import StoredRun

FOUR_FOLDS = {"name": "k_fold", "folds": 4, "how": "stratified"}


def run(split: int, seed: int, values: list[float], updates: int = 10) -> StoredRun:
    """A run with these ``val_data_loss`` by epoch; its accuracy is 1 less that; 2 seconds an epoch."""
    history = tuple(
        Epoch(number, value + 1, value, 0.5, value + 1, value, 1 - value, 2.0)
        for number, value in enumerate(values, start=1)
    )
    spec = {"split": split, "seed": seed, "protocol": FOUR_FOLDS}
    return StoredRun("0" * 12, spec, history, Done(), updates)


def test_each_network_is_measured_in_the_best_epoch_of_its_own_mean_curve() -> None:
    good = [run(1, 0, [0.5, 0.2, 0.4, 0.6]), run(1, 1, [0.5, 0.4, 0.1, 0.6])]
    poor = [run(1, 0, [0.8, 0.9]), run(1, 1, [0.6, 0.9])]
    found = compare({"poor": poor, "good": good}, "val_data_loss", more_is_better=False)
    assert list(found) == ["good", "poor"]
    first, second = found["good"], found["poor"]
    assert first is not None
    assert second is not None
    # Means by epoch are 0.5, 0.3, 0.25, 0.6, and 0.7, 0.9.
    assert (first.standing.best_epoch, first.standing.value) == (3, pytest.approx(0.25))
    assert (second.standing.best_epoch, second.standing.value) == (1, pytest.approx(0.7))
    assert first.metric == pytest.approx(0.75)
    assert (first.difference, first.pairs) == (None, 0)
    # 0.8 stands beside 0.4, and 0.6 beside 0.1.
    assert second.difference is not None
    assert second.difference.value == pytest.approx(0.45)
    assert second.pairs == 2


def test_updates_and_seconds_are_those_up_to_the_best_epoch() -> None:
    runs = [run(1, 0, [0.5, 0.2, 0.4, 0.6], updates=40), run(2, 0, [0.5, 0.2, 0.4, 0.6], updates=44)]
    found = compare({"only": runs}, "val_data_loss", more_is_better=False)["only"]
    assert found is not None
    assert (found.standing.best_epoch, found.updates, found.seconds) == (2, 21, 4.0)


def networks_of(values: dict[str, np.ndarray], keys: list[tuple[int, int]]) -> dict[str, list[StoredRun]]:
    return {
        name: [run(*key, [value]) for key, value in zip(keys, each, strict=True)]
        for name, each in values.items()
    }


def test_the_interval_of_a_difference_is_that_of_a_paired_t_test() -> None:
    random = np.random.default_rng(3)
    keys = [(1, seed) for seed in range(12)]
    rows = random.uniform(0.2, 0.8, size=len(keys))
    values = {"a": rows, "b": rows + random.normal(0.1, 0.02, size=len(keys))}
    networks = networks_of(values, keys)
    # The order of the runs shall not matter, only which are on the same rows with the same seed.
    networks["b"] = networks["b"][::-1]
    found = compare(networks, "val_data_loss", more_is_better=False)["b"]
    tested = stats.ttest_rel(values["b"], values["a"])
    ends = tested.confidence_interval(0.95)
    assert found is not None
    assert found.difference is not None
    assert (found.difference.low, found.difference.high) == pytest.approx((ends.low, ends.high))
    assert (found.pairs, found.verdict) == (12, "worse")
    assert found.p == pytest.approx(tested.pvalue)
    assert found.error == pytest.approx(stats.sem(values["b"]))
    # Rows make most of the spread, and pairing takes it away.
    assert found.standing.spread is not None
    assert found.difference.high - found.difference.low < 0.1 < found.standing.spread


def test_over_folds_seeds_are_averaged_and_shared_training_rows_widen_the_interval() -> None:
    random = np.random.default_rng(4)
    keys = [(split, seed) for split in range(1, 5) for seed in range(3)]
    values = {"a": random.uniform(0.2, 0.3, size=12), "b": random.uniform(0.3, 0.8, size=12)}
    found = compare(networks_of(values, keys), "val_data_loss", more_is_better=False)["b"]
    folds = (values["b"] - values["a"]).reshape(4, 3).mean(axis=1)
    # In each of four folds one row validates for three that train.
    error = np.sqrt((1 / 4 + 1 / 3) * folds.var(ddof=1))
    assert found is not None
    assert found.difference is not None
    half = stats.t.ppf(0.975, 3) * error
    expected = (folds.mean(), folds.mean() - half, folds.mean() + half)
    assert (found.difference.value, found.difference.low, found.difference.high) == pytest.approx(expected)
    assert found.p == pytest.approx(2 * stats.t.sf(folds.mean() / error, 3))


def test_p_is_corrected_for_all_pairs_as_the_best_is_not_known_before() -> None:
    keys = [(1, seed) for seed in range(4)]
    values = {
        "a": np.array([0.1, 0.2, 0.3, 0.4]),
        "b": np.array([0.3, 0.35, 0.5, 0.6]),
        "c": np.array([0.3, 0.3, 0.2, 0.4]),
    }
    found = compare(networks_of(values, keys), "val_data_loss", more_is_better=False)
    pairs = {pair: stats.ttest_rel(values[pair[0]], values[pair[1]]).pvalue for pair in ("ab", "ac", "bc")}
    assert pairs["ab"] < pairs["bc"] < pairs["ac"]
    b, c = found["b"], found["c"]
    assert b is not None
    assert c is not None
    assert (b.p, b.verdict) == (pytest.approx(3 * pairs["ab"]), "worse")
    assert (c.p, c.verdict) == (pytest.approx(pairs["ac"]), "tie")


def test_of_many_equal_networks_none_is_called_worse_in_all_but_7_of_100_studies() -> None:
    random = np.random.default_rng(5)
    keys = [(1, seed) for seed in range(5)]
    wrong = 0
    for _ in range(300):
        values = random.normal(size=(8, 5)) + random.normal(size=5)
        networks = networks_of({str(number): each for number, each in enumerate(values)}, keys)
        found = compare(networks, "val_data_loss", more_is_better=False).values()
        wrong += any(each is not None and each.verdict == "worse" for each in found)
    assert wrong <= 0.07 * 300


def test_only_runs_on_the_same_split_with_the_same_seed_are_paired() -> None:
    networks = {
        "best": [run(1, 0, [0.1]), run(2, 0, [0.2])],
        "half": [run(2, 0, [0.5]), run(2, 1, [0.9])],
        "none": [run(3, 0, [0.7]), run(3, 1, [0.9])],
    }
    found = compare(networks, "val_data_loss", more_is_better=False)
    half, none = found["half"], found["none"]
    assert half is not None
    assert none is not None
    assert half.difference is not None
    assert (half.difference.value, half.difference.low, half.pairs) == (pytest.approx(0.3), None, 1)
    assert (none.difference, none.pairs) == (None, 0)


def test_more_can_be_better() -> None:
    networks = {"low": [run(1, 0, [0.9, 0.8])], "high": [run(1, 0, [0.3, 0.4])]}
    found = compare(networks, "val_metric", more_is_better=True)
    assert list(found) == ["high", "low"]
    low = found["low"]
    assert low is not None
    assert low.standing.best_epoch == 2
    assert low.difference is not None
    assert low.difference.value == pytest.approx(0.2 - 0.7)


def test_networks_without_a_measured_figure_come_last() -> None:
    inf = float("inf")
    networks = {
        "no runs": [],
        "diverged": [run(1, 0, [inf])],
        "cut": [run(1, 0, [])],
        "fine": [run(1, 0, [9.0])],
    }
    found = compare(networks, "val_data_loss", more_is_better=False)
    assert next(iter(found)) == "fine"
    assert [name for name, each in found.items() if each is None] == ["no runs", "diverged", "cut"]
    assert compare({}, "loss", more_is_better=False) == {}
    assert compare(networks, "fit_loss", more_is_better=False)["fine"] is None


def test_pairs_are_corrected_for_those_that_are_compared_and_no_others() -> None:
    keys = [(1, seed) for seed in range(4)]
    values = {
        "base": np.array([0.50, 0.52, 0.51, 0.49]),
        "near": np.array([0.46, 0.49, 0.50, 0.45]),
        "far": np.array([0.90, 0.93, 0.91, 0.92]),
    }
    networks = networks_of(values, keys) | {"elsewhere": [run(2, 0, [0.4])]}
    standings = {
        name: standing([each.history for each in runs], "val_data_loss", more_is_better=False)
        for name, runs in networks.items()
    }
    known = {name: found for name, found in standings.items() if found is not None}
    pairs = [("near", "base"), ("far", "base"), ("elsewhere", "base")]
    found = compare_pairs(networks, known, pairs, more_is_better=False)
    assert list(found) == pairs[:2]
    raw = [stats.ttest_rel(values[name], values["base"]).pvalue for name in ("near", "far")]
    assert 0.02 < raw[0] < 0.05
    assert found[pairs[0]].p == pytest.approx(raw[0])  # the last to be corrected
    assert found[pairs[1]].p == pytest.approx(2 * raw[1])
    assert [each.verdict for each in found.values()] == ["better", "worse"]
