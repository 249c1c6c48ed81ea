import numpy as np
import pytest
from scipy import stats

from justfit.judge import agreement


def test_a_mean_within_the_tolerance_agrees_whatever_its_interval() -> None:
    found = agreement(0.88, [0.871, 0.8711, 0.8712], 0.87, 0.89)
    assert found.within
    assert not found.covered
    assert found.agrees


def test_an_interval_that_covers_the_published_figure_agrees_though_the_mean_is_off() -> None:
    values = [0.70, 0.86, 0.80]
    found = agreement(0.88, values, 0.87, 0.89)
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert (found.ours.low, found.ours.high) == (pytest.approx(low), pytest.approx(high))
    assert not found.within
    assert found.covered
    assert found.agrees


def test_neither_is_no_agreement() -> None:
    assert not agreement(0.88, [0.850, 0.851, 0.849], 0.87, 0.89).agrees


def test_one_value_has_no_interval_that_could_cover() -> None:
    assert agreement(11, [13], 8, 14).within
    found = agreement(11, [17], 8, 14)
    assert found.ours.low is None
    assert not found.agrees


def test_no_values_are_no_comparison() -> None:
    with pytest.raises(ValueError, match="No rows"):
        agreement(0.88, [], 0.87, 0.89)
