import numpy as np
import pytest

from justfit.judge import residuals
from justfit.judge.residuals import MOST_PAIRS


def test_few_rows_are_all_there_by_how_far_they_are_too_high() -> None:
    labels, predictions = np.array([1.0, 5.0, 3.0]), np.array([[2.0], [5.5], [0.0]])
    assert residuals(labels, predictions) == ((3, 0), (5, 5.5), (1, 2))


def test_of_many_rows_the_errors_keep_their_quantiles_and_the_largest_stay() -> None:
    random = np.random.default_rng(0)
    labels = random.normal(size=20_000)
    predictions = labels + random.standard_t(4, size=20_000)
    kept = np.array(residuals(labels, predictions))
    assert len(kept) == MOST_PAIRS
    errors, all_errors = kept[:, 1] - kept[:, 0], predictions - labels
    assert (errors[0], errors[-1]) == (all_errors.min(), all_errors.max())
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    np.testing.assert_allclose(np.quantile(errors, shares), np.quantile(all_errors, shares), atol=0.02)
    rows = set(zip(labels.tolist(), predictions.tolist(), strict=True))
    assert {(label, given) for label, given in kept.tolist()} <= rows


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="2 labels do not fit 3 predictions"):
        residuals(np.zeros(2), np.zeros(3))
