import numpy as np
import pytest
from scipy import stats

from justfit.judge.importance import GROUPS, explained


def test_of_a_case_by_hand_it_is_what_the_formula_says() -> None:
    # Ranks 1, 2, 3 against 4, 5, 6: H = 12/42 * (36/3 + 225/3) - 21 = 27/7, so (27/7 - 1) / 4.
    assert explained([10, 20, 30, 40, 50, 60], ["a"] * 3 + ["b"] * 3) == pytest.approx(5 / 7)


def test_many_numbers_are_compared_by_quarters_of_their_order() -> None:
    random = np.random.default_rng(0)
    values, numbers = random.random(40), random.permutation(40.0 ** random.random(40))
    order = np.argsort(np.argsort(numbers))
    quarters = [values[order * GROUPS // 40 == quarter] for quarter in range(GROUPS)]
    statistic = stats.kruskal(*quarters).statistic
    assert explained(list(values), list(numbers)) == pytest.approx(max(0, (statistic - 3) / 36))


def test_a_setting_that_decides_alone_explains_nearly_all_and_one_without_a_say_nothing() -> None:
    random = np.random.default_rng(1)
    numbers = list(random.random(200))
    assert explained([number**2 for number in numbers], numbers) == pytest.approx(0.94, abs=0.03)
    assert explained(list(random.random(200)), numbers) == pytest.approx(0, abs=0.05)
    assert explained([1.0] * 200, numbers) == 0


def test_how_far_values_lie_apart_does_not_matter_only_their_order() -> None:
    settings = ["a", "b"] * 10
    values = list(np.random.default_rng(2).random(20) + [0, 1] * 10)
    assert explained(values, settings) == explained([1000**value for value in values], settings)


def test_where_there_is_nothing_to_compare_it_is_none() -> None:
    assert explained([1, 2, 3], ["a"] * 3) is None
    assert explained([1, 2, 3], ["a", "b", "c"]) is None
    assert explained([], []) is None
