import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.judge import SearchFinding, Tried, search_findings
from justfit.spec import Diverged, Done, Epoch, candidate_of
from justfit.store import StoredRun


def run(value: float, split: int, seed: int, *, diverged: bool = False) -> StoredRun:
    """A run of one epoch with this validation loss and accuracy."""
    epoch = Epoch(1, 1.0, 1.0, 0.5, value, value, value, 0.1)
    outcome = Diverged(1) if diverged else Done()
    history = () if diverged else (epoch,)
    return StoredRun(f"{split}{seed}", {"split": split, "seed": seed}, history, outcome, 1)


def tried(settings: Mapping[str, object], *values: float, folds: int = 1) -> Tried:
    """A network with these validation losses; those that are not finite diverged."""
    runs = [
        run(value, number % folds + 1, number // folds, diverged=not math.isfinite(value))
        for number, value in enumerate(values)
    ]
    return Tried(candidate_of({"hidden": [16], "batch_size": 64, **settings}), runs)


def found_in(
    *networks: Tried, figure: str = "val_data_loss", more_is_better: bool = False
) -> tuple[SearchFinding, ...]:
    names = {f"network {number}": network for number, network in enumerate(networks)}
    return search_findings(names, figure, more_is_better=more_is_better)


def grid(key: str, values: Sequence[object], best: object) -> tuple[SearchFinding, ...]:
    """Networks far apart of which that with ``best`` is the best."""
    networks = [
        tried({key: value}, *(0.3 + (value != best) * (1 + number) + 0.001 * seed for seed in range(3)))
        for number, value in enumerate(values)
    ]
    return found_in(*networks)


def kinds(found: Sequence[SearchFinding]) -> list[tuple[str, str | None]]:
    return [(each.kind, each.setting) for each in found]


# The edge of what was tried


@pytest.mark.parametrize(
    ("key", "values", "best", "setting", "next_one"),
    [
        ("dropout", [0, 0.2, 0.4], 0.4, "dropout", "0.6"),
        ("dropout", [0.5, 0.7, 0.9], 0.9, "dropout", "0.95"),
        ("dropout", [0.2, 0.4, 0.6], 0.2, "dropout", "0.1"),
        ("input_dropout", [0, 0.1, 0.3], 0.3, "input_dropout", "0.5"),
        ("l2", [0, 0.0001, 0.001], 0.001, "l2", "0.01"),
        ("l1", [0.0001, 0.001, 0.01], 0.0001, "l1", "1e-05"),
        ("hidden", [[4], [16], [64]], [64], "width", "256"),
        ("hidden", [[4], [16], [64]], [4], "width", "1"),
        ("hidden", [[8], [8, 8], [8, 8, 8]], [8, 8, 8], "layers", "4"),
        ("batch_size", [32, 64, 128], 32, "batch_size", "16"),
        ("learning_rate", [0.0003, 0.001, 0.003], 0.003, "learning_rate", "0.009"),
    ],
)
def test_where_the_best_value_is_the_last_one_tried_the_next_one_is_named(
    key: str, values: list[object], best: object, setting: str, next_one: str
) -> None:
    (found,) = grid(key, values, best)
    assert (found.kind, found.setting) == ("edge", setting)
    assert found.sentence.startswith(f"{setting}: the best network has ")
    assert "of 3 values that were tried" in found.sentence
    assert found.sentence.endswith(f": try {next_one}.")


@pytest.mark.parametrize(
    ("key", "values", "best"),
    [
        ("dropout", [0, 0.2, 0.4], 0.2),
        ("dropout", [0, 0.2, 0.4], 0),
        ("l2", [0, 0.0001, 0.001], 0),
        ("hidden", [[1], [2], [3]], [1]),
        ("hidden", [[8], [8, 8], [8, 8, 8]], [8]),
        ("activation", ["relu", "tanh", "elu"], "elu"),
        ("epochs", [5, 10, 20], 20),
    ],
)
def test_a_value_between_others_or_one_that_nothing_comes_before_is_no_edge(
    key: str, values: list[object], best: object
) -> None:
    assert grid(key, values, best) == ()


def test_learning_rates_of_different_optimizers_are_not_compared() -> None:
    networks = [
        tried({"optimizer": name, "learning_rate": rate}, value, value + 0.001)
        for name, rate, value in (("adam", 0.001, 1.0), ("sgd", 0.1, 2.0), ("rmsprop", 0.01, 3.0))
    ]
    assert found_in(*networks) == ()


def test_what_differs_from_layer_to_layer_is_no_single_value() -> None:
    networks = [
        tried({"hidden": [8, 8], "dropout": value}, loss, loss + 0.001)
        for value, loss in ((0.2, 2.0), (0.4, 3.0), ([0.6, 0.3], 1.0))
    ]
    assert found_in(*networks) == ()


@given(
    st.lists(st.integers(0, 90), min_size=3, max_size=6, unique=True),
    st.sampled_from(["dropout", "input_dropout"]),
)
def test_the_next_share_is_always_one_that_can_be(percents: list[int], key: str) -> None:
    values = sorted(percent / 100 for percent in percents)
    for best in (values[0], values[-1]):
        for found in grid(key, values, best):
            value = float(found.sentence.rpartition("try ")[2].rstrip("."))
            candidate_of({key: value})
            assert value < values[0] or value > values[-1]


def test_the_highest_is_the_best_where_more_is_better() -> None:
    networks = [tried({"dropout": value}, value, value + 0.001) for value in (0.1, 0.2, 0.3)]
    (found,) = found_in(*networks, figure="val_metric", more_is_better=True)
    assert "has 0.3, the highest" in found.sentence
    (found,) = found_in(*networks, figure="val_metric")
    assert "has 0.1, the lowest" in found.sentence


# Too few values


@pytest.mark.parametrize(
    ("key", "values", "best", "advice"),
    [
        (
            "dropout",
            [0, 0.5],
            0.5,
            "0 and 0.5 were tried, and the best network has 0.5: try 0.25 between and ",
        ),
        ("dropout", [0, 0.5], 0, "0 and 0.5 were tried, and the best network has 0: try 0.25 between."),
        ("l2", [0, 0.01], 0.01, "try 0.001 between and 0.1 beyond."),
        ("hidden", [[4], [64]], [64], "try 16 between and 1024 beyond."),
        ("hidden", [[8], [8, 8]], [8, 8], "try 3 beyond."),
        ("batch_size", [16, 64], 64, "try 32 between and 256 beyond."),
    ],
)
def test_of_two_values_others_between_and_beyond_are_named(
    key: str, values: list[object], best: object, advice: str
) -> None:
    (found,) = grid(key, values, best)
    assert found.kind == "few points"
    assert advice in found.sentence


def test_one_layer_that_is_better_than_two_needs_nothing_between() -> None:
    assert grid("hidden", [[8], [8, 8]], [8]) == ()


def test_every_setting_that_varies_has_its_own_finding() -> None:
    networks = [
        tried({"dropout": dropout, "l2": l2}, value, value + 0.001)
        for value, (dropout, l2) in enumerate([(0.4, 0), (0.4, 0.1), (0.2, 0), (0.2, 0.1), (0, 0), (0, 0.1)])
    ]
    assert kinds(found_in(*networks)) == [("edge", "dropout"), ("few points", "l2")]


# Replicates


def test_where_runs_of_a_network_differ_more_than_networks_do_more_runs_are_asked_for() -> None:
    networks = [
        tried({"dropout": 0.1}, 0.30, 0.36, 0.27, 0.35),
        tried({"dropout": 0.2}, 0.36, 0.30, 0.34, 0.31),
        tried({"dropout": 0.3}, 0.31, 0.37, 0.35, 0.29),
    ]
    (found,) = found_in(*networks)
    assert (found.kind, found.setting) == ("replicates", "replicates")
    assert "may be chance" in found.sentence
    assert "differ by 0.0" in found.sentence


def test_the_number_of_runs_asked_for_tells_the_difference_four_times_in_five() -> None:
    # Paired, each differs by 0.1 or -0.02: 0.04 on average, with a standard deviation of 0.06 times the root
    # of 4/3, which is 0.049 a run. To tell that at 5% in 80% of cases takes 16 (0.049 / 0.04) ** 2 runs each.
    networks = [tried({}, 0.3, 0.3, 0.3, 0.3), tried({"dropout": 0.2}, 0.4, 0.28, 0.4, 0.28)]
    (found,) = found_in(*networks)
    assert "about 24 runs of each" in found.sentence
    assert "differ by 0.049 (standard deviation)" in found.sentence
    assert "the other network by at most 0.04 from the best" in found.sentence


def test_what_splits_have_in_common_is_no_disagreement() -> None:
    values = [0.1, 0.9, 0.5, 0.1, 0.9, 0.5]
    networks = [
        tried({"dropout": share}, *(value + share for value in values), folds=3) for share in (0.1, 0.2, 0.3)
    ]
    assert kinds(found_in(*networks)) == [("edge", "dropout")]


def test_networks_trained_once_are_called_so_and_their_values_are_looked_at_all_the_same() -> None:
    networks = [tried({"dropout": share}, share) for share in (0.1, 0.2, 0.3)]
    found = found_in(*networks)
    assert kinds(found) == [("replicates", "replicates"), ("edge", "dropout")]
    assert "trained once" in found[0].sentence


def test_equal_networks_are_told_apart_by_no_number_of_runs() -> None:
    networks = [tried({}, 0.3, 0.4), tried({"dropout": 0.2}, 0.4, 0.3)]
    (found,) = found_in(*networks)
    assert "runs of each" not in found.sentence
    assert found.sentence.endswith("take the smallest.")


# Diverged runs


def test_diverged_runs_are_counted_and_a_lower_learning_rate_is_named() -> None:
    networks = [
        tried({"learning_rate": 0.01}, 0.3, 0.31),
        tried({"learning_rate": 0.3}, math.nan, 0.5),
        tried({"learning_rate": 3}, math.nan, math.nan),
    ]
    found, *_ = found_in(*networks)
    assert (found.kind, found.setting) == ("diverged", "learning_rate")
    assert found.sentence.startswith("3 of 6 runs diverged (50%), of 2 of 3 networks: ")
    assert "below 0.3, such as 0.1," in found.sentence


def test_where_all_runs_diverged_that_is_all_there_is_to_say() -> None:
    networks = [tried({"dropout": share}, math.nan) for share in (0.1, 0.2, 0.3)]
    assert kinds(found_in(*networks)) == [("diverged", "learning_rate")]


def test_of_one_network_or_none_nothing_is_said() -> None:
    assert found_in() == ()
    assert found_in(tried({}, 0.3, 0.4)) == ()
    assert found_in(tried({}, 0.3, 0.4), tried({"dropout": 0.5})) == ()
