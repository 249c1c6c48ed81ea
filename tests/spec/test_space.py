import itertools
import math

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc

from justfit.errors import SpecError, StudyFileError
from justfit.spec import Data, Stage, Study, expand, plain
from justfit.spec.space import DIGITS, Range, dimension_of, drawn
from justfit.spec.study_file import parse_studies, write_studies
from justfit.spec.study_schema import study_schema

SPACE = {
    "hidden": {"taper": [1, "1/2"], "of": [4, 8]},
    "learning_rate": {"from": 0.0001, "to": 0.1, "log": True},
    "dropout": {"from": 0, "to": 0.6},
    "batch_size": {"from": 8, "to": 64, "log": True},
    "optimizer": ["rmsprop", "adam"],
}
EVEN = {key: {"from": 0, "to": 1} for key in ("dropout", "input_dropout", "l2")}


def study(**options: object) -> Study:
    return Study("s", Data("wine"), (Stage("drawn", space=SPACE, **options),), seed=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("sampler", ["random", "quasi_random"])
@given(seed=st.integers(0, 2**40), few=st.integers(1, 20))
def test_fewer_trials_are_the_first_of_more(sampler: str, seed: int, few: int) -> None:
    more = list(drawn(SPACE, sampler, 21, seed))
    assert list(drawn(SPACE, sampler, few, seed)) == more[:few]
    assert list(drawn(SPACE, sampler, 21, seed + 1)) != more


@given(
    ends=st.lists(st.floats(1e-6, 1e3), min_size=2, max_size=2, unique=True).map(sorted),
    share=st.floats(0, 1, exclude_max=True),
    is_log=st.booleans(),
)
def test_what_is_drawn_stays_in_its_range_and_a_name_can_tell_all_of_it(
    ends: list[float], share: float, is_log: bool
) -> None:
    value = Range(*ends, is_log).at(share)
    assert ends[0] <= value <= ends[1]
    assert value in ends or value == float(f"{value:.{DIGITS}g}")


@given(low=st.integers(1, 30), length=st.integers(1, 30), is_log=st.booleans())
def test_whole_numbers_of_a_range_are_all_drawn_its_ends_included(
    low: int, length: int, is_log: bool
) -> None:
    found = Range(low, low + length, is_log, is_whole=True)
    shares = np.linspace(0, 1, 2_000, endpoint=False)
    assert {found.at(share) for share in shares} == set(range(low, low + length + 1))


def test_each_factor_is_as_likely_as_another_where_a_range_is_logarithmic() -> None:
    rates = [settings["learning_rate"] for settings in drawn(SPACE, "random", 3000, seed=0)]
    shares = [sum(low <= rate < 10 * low for rate in rates) / 3000 for low in (0.0001, 0.001, 0.01)]  # type: ignore[operator]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.04)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_quasi_random_points_are_spread_far_more_evenly_than_random_ones(seed: int) -> None:
    spread = {
        sampler: qmc.discrepancy(
            np.array([list(found.values()) for found in drawn(EVEN, sampler, 128, seed)])
        )
        for sampler in ("random", "quasi_random")
    }
    assert spread["quasi_random"] < spread["random"] / 3


@pytest.mark.parametrize(("dimension", "base"), [(0, 2), (1, 3), (2, 5)])
def test_the_first_points_of_a_base_stand_each_in_a_part_of_its_own(dimension: int, base: int) -> None:
    points = list(drawn(EVEN, "quasi_random", base**2, seed=7))
    parts = {int(list(point.values())[dimension] * base**2) for point in points}  # type: ignore[call-overload]
    assert parts == set(range(base**2))


def test_a_grid_takes_all_that_a_grid_of_the_same_lists_does_and_no_range() -> None:
    lists = {"hidden": [[4], [8, 4]], "dropout": [0, 0.5], "l2": [0]}
    stages = (Stage("s", space=lists, sampler="grid"), Stage("s", grid=lists))
    drawn_from, crossed = (Study("s", Data("wine"), (stage,)) for stage in stages)
    found = [expand(each, each.stages[0], {}, {}, 3) for each in (drawn_from, crossed)]
    assert found[0] == found[1]
    with pytest.raises(SpecError, match="learning_rate has a range, which the sampler grid cannot try whole"):
        list(drawn(SPACE, "grid", None, seed=0))


def test_what_is_drawn_twice_is_one_network() -> None:
    few = Study("s", Data("wine"), (Stage("s", space={"dropout": [0, 0.25, 0.5]}, trials=50),))
    found = expand(few, few.stages[0], {}, {}, 3)
    assert sorted(named.candidate.network.dropout[0] for named in found) == [0, 0.25, 0.5]


def test_networks_are_drawn_by_the_seed_of_the_study_and_each_has_its_own_name() -> None:
    names = [named.name for named in expand(study(), study().stages[0], {}, {}, 3)]
    assert len(set(names)) == 64
    again = Study("s", Data("wine"), study().stages, seed=4)
    assert names != [named.name for named in expand(again, again.stages[0], {}, {}, 3)]


def test_a_study_without_a_space_has_the_id_that_it_had_before_there_were_any() -> None:
    (stage,) = plain(Study("s", Data("wine"), (Stage("s"),)))["stages"]  # type: ignore[misc]
    assert set(stage) == {
        *("name", "settings", "grid", "zip", "networks", "base", "replicates", "halving"),
    }


def test_a_study_file_with_a_space_is_read_as_it_was_written_and_fits_the_schema() -> None:
    asked = study(trials=20, sampler="quasi_random")
    assert parse_studies(write_studies([asked])) == (asked,)
    stage = {"space": SPACE, "trials": 20, "sampler": "quasi_random"}
    checker = jsonschema.Draft202012Validator(study_schema())
    assert checker.is_valid({"data": "wine", "stages": {"s": stage}})
    for wrong in (
        {"optimizer": {"from": 1, "to": 2}},
        {"dropout": {"from": 0}},
        {"units": [1]},
        {"epochs": []},
    ):
        assert not checker.is_valid({"data": "wine", "stages": {"s": {"space": wrong}}}), wrong


WRONG = {
    "dropout: {from: 0.5, to: 0.1}": (
        "the range of dropout goes from 0.5 to 0.1: from must be less than to."
    ),
    "dropout: {from: 0.1}": "the range of dropout lacks to: give it a number.",
    "dropout: {from: 0.1, to: 2}": "dropout must be a number in [0, 1), got 2.0.",
    "l2: {from: 0, to: 0.1, log: true}": (
        "the range of l2 begins at 0, which has no logarithm: begin above 0, or leave log out."
    ),
    "l2: {from: 0, to: 0.1, step: 1}": (
        'key of the range of l2 "step" is not known: expected one of from, to, log.'
    ),
    "optimizer: {from: 1, to: 2}": "optimizer is not a number, so it has no range: list the values to try.",
    "epochs: {from: 1.5, to: 20}": "from of the range of epochs must be a whole number at least 1, got 1.5.",
    "epochs: 5": ("epochs must be a list of values to try, or a range such as {from: 1, to: 8}, got 5."),
    "hiden: [[4]]": 'unknown key; did you mean "hidden"?',
}


@pytest.mark.parametrize("space", WRONG)
def test_what_a_space_cannot_be_is_told_with_its_line(space: str) -> None:
    with pytest.raises(StudyFileError) as told:
        parse_studies(f"data: wine\nstages:\n  s:\n    space:\n      {space}\n")
    (problem,) = told.value.problems
    assert problem.line == 5  # type: ignore[attr-defined]
    assert WRONG[space] in str(told.value)


def test_what_does_not_go_with_a_space_is_told() -> None:
    lists = {"dropout": [0, 0.5]}
    with pytest.raises(SpecError, match="in place of grid, zip and networks: leave either out"):
        Stage("s", space=lists, grid=lists)
    with pytest.raises(SpecError, match="trials and sampler tell how to draw from a space: give it one"):
        Stage("s", trials=5)
    with pytest.raises(SpecError, match="takes all of the space, so that trials has no say"):
        Stage("s", space=lists, sampler="grid", trials=5)
    with pytest.raises(SpecError, match='"sobol" is not known: expected one of random, quasi_random, grid'):
        Stage("s", space=lists, sampler="sobol")
    twice = Study("s", Data("wine"), (Stage("s", {"dropout": 0.1}, space=lists),))
    with pytest.raises(SpecError, match="dropout is given by the stage itself and by space"):
        expand(twice, twice.stages[0], {}, {}, 1)
    with pytest.raises(SpecError, match='setting "unit" is not known'):
        dimension_of("unit", [1])


def test_points_of_many_dimensions_are_all_within_the_unit() -> None:
    space = {key: {"from": 1, "to": 2} for key in ("l1", "l2", "activity_l1", "activity_l2", "max_norm")}
    for settings in itertools.islice(drawn(space, "quasi_random", 5000, seed=1), 5000):
        assert all(1 <= value <= 2 and math.isfinite(value) for value in settings.values())  # type: ignore[operator]
