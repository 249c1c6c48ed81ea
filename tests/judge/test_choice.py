import dataclasses
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.judge import Choice, Compared, Figure, Standing, choose


def network(
    value: float, error: float | None = None, verdict: str | None = None, *, runs: int = 5, updates: int = 100
) -> Compared:
    """A network with this mean, standard error and verdict against the best."""
    runs = 1 if error is None else runs
    stands = Standing("val_data_loss", 7, value, None, Figure(value, None, None), runs)
    return Compared(stands, error, None, updates, 1.0, Figure(0.1, None, None), runs, None, verdict)


def chosen(
    found: Mapping[str, Compared | None],
    sizes: Mapping[str, int],
    rule: str = "one_standard_error",
    *,
    leaked: bool = False,
) -> Choice:
    choice = choose(found, sizes, rule=rule, leaked=leaked)
    assert choice is not None
    assert choice.reason.endswith(".")
    return choice


SIZES = {"wide": 5_000, "middle": 1_000, "small": 200, "tiny": 20}
FOUND = {
    "wide": network(0.30, 0.02),
    "middle": network(0.305, 0.03, "tie"),
    "small": network(0.319, 0.03, "tie"),
    "tiny": network(0.321, 0.03, "tie"),
}


def test_the_smallest_within_one_standard_error_of_the_best_is_taken() -> None:
    choice = chosen(FOUND, SIZES)
    assert choice.name == "small"
    assert choice.reason == (
        "small (200 parameters) is the smallest of 3 networks within one standard error, 0.0200, of the best "
        "val_data_loss of 4 networks: it has 0.3190 (mean of 5 runs), and wide (5,000 parameters) 0.3000 "
        "(mean of 5 runs); the two tie."
    )


def test_one_that_is_worse_in_pairs_of_runs_is_not_taken_though_it_is_within() -> None:
    found = {**FOUND, "small": network(0.319, 0.03, "worse")}
    assert chosen(found, SIZES).name == "middle"


def test_the_best_is_taken_where_no_smaller_one_is_as_good_and_its_ties_are_told() -> None:
    sizes = {"wide": 10, "middle": 1_000, "small": 200, "tiny": 5}
    choice = chosen(FOUND, sizes)
    assert choice == Choice(
        "wide",
        "wide has the best val_data_loss of 4 networks, 0.3000 (mean of 5 runs, standard error 0.0200), and "
        'no smaller one is within one standard error of it; it ties with "middle", "small" and "tiny".',
    )
    many = {**FOUND, "more": network(0.4, 0.1, "tie"), "worse": network(0.5, 0.01, "worse")}
    told = chosen(many, {**sizes, "more": 9_000, "worse": 9_000}).reason
    assert told.endswith('it ties with "middle", "small", "tiny" and 1 more.')


def test_of_equally_small_ones_the_one_with_fewer_updates_is_taken() -> None:
    found = {
        "slow": network(0.30, 0.02, updates=300),
        "quick": network(0.31, 0.02, "tie", updates=100),
        "late": network(0.305, 0.02, "tie", updates=200),
    }
    choice = chosen(found, dict.fromkeys(found, 50))
    assert choice.name == "quick"
    assert "(50 parameters and the fewest updates) is the smallest of 3" in choice.reason


def test_more_can_be_better() -> None:
    found = {"wide": network(0.90, 0.01), "small": network(0.895, 0.01, "tie"), "tiny": network(0.88, 0.01)}
    assert chosen(found, SIZES).name == "small"


def test_by_the_rule_best_the_best_is_taken_and_ties_are_told() -> None:
    choice = chosen(FOUND, SIZES, "best")
    assert choice.name == "wide"
    assert choice.reason.startswith("wide has the best val_data_loss of 4 networks, 0.3000")
    assert choice.reason.endswith('; it ties with "middle", "small" and "tiny".')


@pytest.mark.parametrize("rule", ["best", "one_standard_error"])
def test_with_one_run_each_the_best_is_taken_and_no_tie_is_claimed(rule: str) -> None:
    found = {"wide": network(0.3), "small": network(0.3001)}
    assert chosen(found, SIZES, rule) == Choice(
        "wide", "wide has the best val_data_loss of 2 networks, 0.3000; one run each cannot tell a tie."
    )


def test_a_lucky_single_run_is_not_taken_where_others_have_several() -> None:
    found = {"tiny": network(0.29), **{name: FOUND[name] for name in ("wide", "middle")}}
    choice = chosen(found, SIZES)
    assert choice.name == "middle"
    assert "of 2 networks with several runs" in choice.reason
    assert chosen(found, SIZES, "best").name == "tiny"


def test_a_network_that_was_not_measured_is_never_taken() -> None:
    found = {"wide": network(0.3, 0.1), "small": network(0.35, 0.1, "tie"), "tiny": None}
    choice = chosen(found, SIZES)
    assert choice.name == "small"
    assert choose({"tiny": None}, SIZES, rule="one_standard_error") is None
    assert choose({}, {}, rule="one_standard_error") is None


def test_an_only_network_is_said_to_be_the_only_one() -> None:
    assert chosen({"small": network(0.3)}, SIZES).reason == "small is the only network."


@pytest.mark.parametrize("rule", ["best", "one_standard_error"])
def test_leaked_figures_are_marked_wherever_they_stand(rule: str) -> None:
    for found in (FOUND, {"wide": network(0.3), "tiny": network(0.31)}):
        reason = chosen(found, SIZES, rule, leaked=True).reason
        assert "0.3000 LEAKED" in reason
        assert ("0.3190 LEAKED" in reason) == ("0.3190" in reason)


NETWORKS = st.lists(
    st.tuples(st.floats(0.1, 1), st.floats(0.001, 0.5), st.integers(1, 50), st.integers(1, 9)), min_size=1
)


@given(NETWORKS)
def test_nothing_smaller_is_within_one_standard_error_of_the_best(
    networks: list[tuple[float, float, int, int]],
) -> None:
    networks.sort(key=lambda each: each[0])
    found = {
        str(number): network(value, error, "tie", updates=updates)
        for number, (value, error, _, updates) in enumerate(networks)
    }
    sizes = {str(number): size for number, (_, _, size, _) in enumerate(networks)}
    taken = found[chosen(found, sizes).name]
    best = found["0"]
    assert best.error is not None
    assert taken.standing.value <= best.standing.value + best.error + 1e-12
    for name, each in found.items():
        if each.standing.value <= best.standing.value + best.error - 1e-12:
            assert sizes[name] >= sizes[chosen(found, sizes).name]
    alone = dataclasses.replace(best, error=None)
    assert chosen({"0": alone}, sizes).name == "0"
