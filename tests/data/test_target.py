import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.data.target import Target, fit_target
from justfit.errors import DataError
from justfit.spec import task_named

REGRESSION, UNIT = task_named("regression"), task_named("unit_regression")


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20))
def test_labels_come_back_as_they_went_in(numbers: list[float]) -> None:
    labels = np.array(numbers, np.float32)
    target = fit_target(REGRESSION, labels)
    assert target is not None
    back = target.from_engine(target.to_engine(labels))
    np.testing.assert_allclose(back, labels, rtol=1e-5, atol=1e-5 * (np.ptp(labels) + 1))


def test_training_labels_get_mean_0_and_deviation_1() -> None:
    labels = np.array([100, 200, 300, 400], np.float32)
    target = fit_target(REGRESSION, labels)
    assert target == Target(250.0, np.std([100, 200, 300, 400]))
    assert target.to_engine(labels).mean() == pytest.approx(0, abs=1e-7)
    assert target.to_engine(labels).std() == pytest.approx(1)


def test_labels_that_are_all_the_same_are_only_shifted() -> None:
    assert fit_target(REGRESSION, np.full(5, 0.1, np.float32)).scale == 1.0


def test_labels_between_0_and_1_stay_as_they_are() -> None:
    assert fit_target(UNIT, np.array([0, 0.5, 1], np.float32)) == Target(0.0, 1.0)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_classes_have_no_target(task: str) -> None:
    assert fit_target(task_named(task), np.array([0, 1])) is None


@pytest.mark.parametrize(
    ("task", "label", "message"),
    [
        (UNIT, 1.5, r"Row 1: label 1.5 is not a number in \[0, 1\]"),
        (UNIT, -0.1, "Row 1: label -0.1"),
        (UNIT, np.nan, "Row 1: label nan"),
        (REGRESSION, np.inf, "Row 1: label inf is not a number"),
    ],
)
def test_a_label_out_of_range_is_refused_with_its_row(task: object, label: float, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit_target(task, np.array([0.5, label], np.float32))
