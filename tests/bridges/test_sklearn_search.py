from typing import Any

import numpy as np
import pytest
from sklearn import model_selection
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from justfit.bridges.sklearn import GridSearchCV, JustfitClassifier, JustfitRegressor
from justfit.spec import Adam, Sgd

DIGITS = load_digits(return_X_y=True)
ROWS, LABELS = DIGITS[0][:600] / 16, DIGITS[1][:600]


def both(network: Any, grid: Any, rows: Any, labels: Any, fit: dict[str, Any], **options: Any) -> list[Any]:
    return [
        kind(clone(network), grid, **options).fit(rows, labels, **fit)
        for kind in (GridSearchCV, model_selection.GridSearchCV)
    ]


def assert_alike(ours: Any, theirs: Any) -> None:
    assert list(ours.cv_results_) == list(theirs.cv_results_)
    assert ours.cv_results_["params"] == theirs.cv_results_["params"]
    for name, found in ours.cv_results_.items():
        if "score" in name and "time" not in name:
            np.testing.assert_allclose(found, theirs.cv_results_[name], atol=1e-6, err_msg=name)


def test_points_trained_together_have_the_scores_that_scikit_learn_s_search_finds() -> None:
    network = JustfitClassifier(epochs=3, random_state=0, learning_rate=0.005)
    grid = [
        {"hidden": [(8,), (16, 8)], "dropout": np.array([0.0, 0.5]), "batch_size": [16, 32]},
        {"optimizer": [Adam(), Sgd(momentum=0.9)], "class_weight": [None, "balanced"]},
    ]
    ours, theirs = both(network, grid, ROWS, LABELS, {}, cv=3, return_train_score=True)
    assert_alike(ours, theirs)
    assert ours.best_params_ == theirs.best_params_
    assert type(ours.best_estimator_) is JustfitClassifier
    assert ours.best_estimator_.get_params() == theirs.best_estimator_.get_params()
    np.testing.assert_array_equal(ours.predict_proba(ROWS), theirs.predict_proba(ROWS))
    assert ours.score(ROWS, LABELS) == theirs.score(ROWS, LABELS)


@pytest.mark.slow
def test_weights_groups_patience_and_scorers_go_along() -> None:
    rows, progress = load_diabetes(return_X_y=True, as_frame=True)
    network = JustfitRegressor((8,), epochs=20, patience=2, random_state=1)
    fit = {"sample_weight": np.arange(len(rows)) % 3 + 1.0, "groups": np.arange(len(rows)) % 7}
    options = {
        "cv": model_selection.GroupKFold(3),
        "scoring": ["r2", "neg_mean_absolute_error"],
        "refit": "r2",
    }
    ours, theirs = both(
        network,
        {"learning_rate": [0.01, 0.1], "validation_fraction": [0.1, 0.3]},
        rows,
        progress,
        fit,
        **options,
    )
    assert_alike(ours, theirs)
    assert ours.best_params_ == theirs.best_params_
    assert ours.feature_names_in_.tolist() == rows.columns.tolist()


def test_a_point_that_cannot_be_trained_has_no_score_and_the_others_do() -> None:
    rows, progress = load_diabetes(return_X_y=True)
    network = JustfitRegressor((8,), epochs=2, random_state=0)
    search = GridSearchCV(
        network, {"dropout": [0.0, 2.0], "optimizer": ["adam", "sgd:learning_rate=1e30"]}, cv=2
    )
    with (
        pytest.warns(FitFailedWarning, match="dropout must be a number in"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search.fit(100 * rows, progress)
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [False, True, True, True]
    assert search.best_params_ == {"dropout": 0.0, "optimizer": "adam"}


def test_other_estimators_are_searched_as_scikit_learn_does() -> None:
    rows, progress = load_diabetes(return_X_y=True)
    assert_alike(*both(Ridge(), {"alpha": [0.1, 1, 10]}, rows, progress, {}))
    pipeline = make_pipeline(StandardScaler(), JustfitRegressor((4,), epochs=2, random_state=0))
    assert_alike(*both(pipeline, {"justfitregressor__l2": [0, 0.1]}, rows, progress, {}, cv=2))


def test_without_a_random_state_points_of_a_fold_share_one_that_is_drawn() -> None:
    network = JustfitClassifier((16,), epochs=30, learning_rate=0.01)
    search = GridSearchCV(network, {"l2": [0, 1e-5]}, cv=2, n_jobs=2).fit(ROWS, LABELS)
    assert search.best_score_ > 0.8
    assert search.best_estimator_.random_state is None
