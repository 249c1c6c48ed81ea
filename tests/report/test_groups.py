from pathlib import Path

from report.handreported import reported

from justfit.report.groups import others, sizes, twins
from justfit.spec import Settings


def losses(_network: str, _split: int, _seed: int) -> list[float]:
    return [0.5, 0.4]


def test_sizes_are_networks_that_differ_in_widths_alone(tmp_path: Path) -> None:
    networks: dict[str, Settings] = {
        "held": {"hidden": [16], "dropout": 0.5},
        "linear": {"hidden": []},
        "small": {"hidden": [4]},
        "slow": {"hidden": [8], "learning_rate": 0.1},
        "large": {"hidden": [16, 16], "epochs": 50, "patience": 3},
    }
    assert sizes(reported(tmp_path, networks, losses)) == ("linear", "small", "large")


def test_where_all_are_held_back_sizes_are_those_held_back_alike(tmp_path: Path) -> None:
    networks: dict[str, Settings] = {
        "a": {"hidden": [4], "dropout": 0.5},
        "b": {"hidden": [16, 8], "dropout": [0.5, 0.5]},
        "c": {"hidden": [16], "dropout": 0.3},
    }
    assert sizes(reported(tmp_path, networks, losses)) == ("a", "b")


def test_one_size_says_nothing_of_sizes(tmp_path: Path) -> None:
    networks: dict[str, Settings] = {"a": {"hidden": [4]}, "b": {"hidden": [4], "epochs": 9}}
    assert sizes(reported(tmp_path, networks, losses)) == ()


def test_a_twin_differs_in_nothing_but_what_holds_back(tmp_path: Path) -> None:
    networks: dict[str, Settings] = {
        "plain": {"hidden": [16, 16]},
        "other": {"hidden": [16, 16], "batch_size": 32},
        "dropped": {"hidden": [16, 16], "dropout": [0.5, 0]},
        "normed": {"hidden": [16, 16], "batch_size": 32, "max_norm": 3, "input_dropout": 0.2},
        "alone": {"hidden": [8, 8], "l2": 0.001},
    }
    assert twins(reported(tmp_path, networks, losses)) == {"dropped": "plain", "normed": "other"}


def test_of_two_twins_it_is_the_one_that_ends_likewise(tmp_path: Path) -> None:
    networks: dict[str, Settings] = {
        "short": {"hidden": [4], "epochs": 5},
        "long": {"hidden": [4], "epochs": 50},
        "held": {"hidden": [4], "epochs": 50, "l1": 0.1},
        "other": {"hidden": [4], "epochs": 20, "l1": 0.1},
    }
    assert twins(reported(tmp_path, networks, losses)) == {"held": "long", "other": "short"}


def test_what_else_a_stage_varies_is_told_with_all_that_differ_in_nothing_else(tmp_path: Path) -> None:
    networks: dict[str, Settings] = {  # the first stands in a stage of its own
        "usual": {"hidden": [4]},
        "fast": {"hidden": [4], "learning_rate": 0.1},
        "slow": {"hidden": [4], "learning_rate": 0.0001},
    }
    (found,) = others(reported(tmp_path, networks, losses))
    assert (found.stage, found.keys, found.names) == ("second", ("learning_rate",), ("usual", "fast", "slow"))


def test_what_sizes_and_twins_tell_of_is_not_told_again(tmp_path: Path) -> None:
    networks: dict[str, Settings] = {
        "a": {"hidden": [4]},
        "b": {"hidden": [8]},
        "c": {"hidden": [8], "dropout": 0.5},
    }
    assert list(others(reported(tmp_path, networks, losses))) == []


def test_a_network_whose_runs_lack_belongs_to_no_group(tmp_path: Path) -> None:
    networks: dict[str, Settings] = {"a": {"hidden": [4]}, "b": {"hidden": [8]}}
    assert sizes(reported(tmp_path, networks, losses, untrained=("b",))) == ()
