import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_multilabel_classification
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from justfit.bridges.sklearn import JustfitClassifier, JustfitRegressor
from justfit.spec import Adam

IN_BATCHES = dict.fromkeys(
    ("check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"),
    "A row of weight 2 stands once in a batch, and two rows may stand in two: as for SGDClassifier.",
)


@parametrize_with_checks(
    [JustfitClassifier(n_jobs=1), JustfitRegressor(n_jobs=1)], expected_failed_checks=lambda _: IN_BATCHES
)
def test_scikit_learn_s_own_checks_pass(
    estimator: BaseEstimator, check: Callable[[BaseEstimator], None]
) -> None:
    check(estimator)


def test_a_classifier_is_as_good_as_scikit_learn_s_own() -> None:
    rows, digits = load_digits(return_X_y=True)
    train, test, train_digits, test_digits = train_test_split(rows / 16, digits, random_state=0)
    theirs = MLPClassifier((32,), batch_size=32, max_iter=20, random_state=0, n_iter_no_change=20)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        theirs.fit(train, train_digits)
    ours = JustfitClassifier((32,), batch_size=32, epochs=20, random_state=0).fit(train, train_digits)
    assert abs(ours.score(test, test_digits) - theirs.score(test, test_digits)) < 0.02
    assert ours.score(test, test_digits) > 0.93
    assert ours.loss_curve_[-1] == pytest.approx(theirs.loss_curve_[-1], rel=0.2)
    assert [kernel.shape for kernel in ours.coefs_] == [kernel.shape for kernel in theirs.coefs_]
    assert (ours.n_iter_, ours.n_outputs_, ours.out_activation_) == (20, 10, "softmax")


def test_outputs_are_those_that_scikit_learn_computes_from_the_same_weights() -> None:
    rows, classes = load_breast_cancer(return_X_y=True)
    rows = StandardScaler().fit_transform(rows)
    ours = JustfitClassifier((8, 4), epochs=2, activation="tanh", random_state=0).fit(rows, classes)
    theirs = MLPClassifier((8, 4), activation="tanh").partial_fit(rows, classes, classes=[0, 1])
    theirs.coefs_, theirs.intercepts_ = ours.coefs_, ours.intercepts_
    np.testing.assert_allclose(ours.predict_proba(rows), theirs.predict_proba(rows), atol=1e-6)
    np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))


def test_a_regressor_learns_labels_of_any_unit() -> None:
    rows, progress = load_diabetes(return_X_y=True)
    ours = JustfitRegressor((16,), epochs=30, random_state=0).fit(20 * rows, progress)
    of_millions = JustfitRegressor((16,), epochs=30, random_state=0).fit(20 * rows, 1e6 * progress + 1e9)
    assert ours.score(20 * rows, progress) > 0.5
    np.testing.assert_allclose(of_millions.predict(20 * rows), 1e6 * ours.predict(20 * rows) + 1e9, rtol=1e-4)
    several = JustfitRegressor((16,), epochs=30, random_state=0).fit(
        20 * rows, np.stack((progress, -progress), 1)
    )
    assert several.predict(20 * rows).shape == (len(rows), 2)
    assert several.score(20 * rows, np.stack((progress, -progress), 1)) > 0.5


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_same_random_state_gives_the_same_figures_with_any_number_of_processors(jobs: int) -> None:
    rows, digits = load_digits(return_X_y=True)
    settings = {"epochs": 2, "dropout": 0.5, "input_dropout": 0.1, "random_state": 5}
    first = JustfitClassifier(**settings, n_jobs=2).fit(rows / 16, digits)
    again = JustfitClassifier(**settings, n_jobs=jobs).fit(rows / 16, digits)
    other = clone(again).set_params(random_state=6).fit(rows / 16, digits)
    assert again.loss_curve_ == first.loss_curve_ != other.loss_curve_
    np.testing.assert_array_equal(again.predict_proba(rows), first.predict_proba(rows))


def test_sparse_rows_give_what_dense_ones_do_and_are_never_made_dense() -> None:
    random = np.random.default_rng(0)
    rows = sparse.random_array((60, 40), density=0.1, rng=random, format="csr")
    classes = random.integers(0, 3, 60)
    of_sparse = JustfitClassifier((8,), epochs=5, random_state=0).fit(rows, classes)
    of_dense = clone(of_sparse).fit(rows.toarray(), classes)
    np.testing.assert_allclose(
        of_sparse.predict_proba(rows), of_dense.predict_proba(rows.toarray()), atol=1e-5
    )
    columns = 2_000_000
    wide = sparse.csr_array((rows.data, rows.indices, rows.indptr), shape=(60, columns))
    tracemalloc.start()
    network = JustfitClassifier((1,), optimizer="sgd", epochs=1).fit(wide, classes)
    assert network.predict_proba(wide).shape == (60, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 * columns


def test_words_counted_in_a_pipeline_are_searched_and_scored() -> None:
    texts = ["a good film", "very good indeed", "a bad film", "bad and dull"] * 10
    verdicts = ["good", "good", "bad", "bad"] * 10
    pipeline = make_pipeline(CountVectorizer(), JustfitClassifier((8,), learning_rate=0.1, random_state=0))
    assert cross_val_score(pipeline, texts, verdicts, cv=4).mean() == 1
    search = GridSearchCV(
        pipeline,
        {"justfitclassifier__hidden": [(4,), (8, 4)], "justfitclassifier__epochs": np.array([10, 20])},
        cv=2,
        scoring="roc_auc",
        n_jobs=1,
    ).fit(texts, verdicts)
    assert search.best_score_ == 1
    assert search.predict(["good", "bad"]).tolist() == ["good", "bad"]


def test_names_of_columns_come_through_a_pipeline_that_gives_frames() -> None:
    frame, progress = load_diabetes(return_X_y=True, as_frame=True)
    pipeline = make_pipeline(StandardScaler(), JustfitRegressor((4,), epochs=1)).set_output(
        transform="pandas"
    )
    pipeline.fit(frame, progress)
    assert pipeline[-1].feature_names_in_.tolist() == frame.columns.tolist()


def test_any_of_several_labels_are_learned_and_given_back() -> None:
    rows, labels = make_multilabel_classification(300, n_features=10, n_classes=4, random_state=0)
    ours = JustfitClassifier((32,), epochs=60, random_state=0).fit(rows, labels)
    theirs = MLPClassifier((32,), batch_size=32, max_iter=60, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        theirs.fit(rows, labels)
    assert ours.predict_proba(rows).shape == (300, 4)
    assert set(np.unique(ours.predict(rows))) == {0, 1}
    assert abs(float((ours.predict(rows) == labels).mean() - (theirs.predict(rows) == labels).mean())) < 0.03


def test_any_of_several_labels_are_learned_part_by_part() -> None:
    rows, labels = make_multilabel_classification(300, n_features=10, n_classes=4, random_state=0)
    network = JustfitClassifier((32,), random_state=0)
    for _ in range(30):
        network.partial_fit(rows[:150], labels[:150], classes=range(4)).partial_fit(rows[150:], labels[150:])
    assert (network.predict(rows) == labels).mean() > 0.75
    with pytest.raises(ValueError, match="3 labels a row, expected 4"):
        network.partial_fit(rows, labels[:, :3])
    with pytest.raises(ValueError, match="cannot be mixed"):
        network.partial_fit(rows, labels[:, 0])


@pytest.mark.slow
def test_networks_go_to_other_processes_and_come_back() -> None:
    rows, digits = load_digits(return_X_y=True)
    network = JustfitClassifier((8,), epochs=5, random_state=0, n_jobs=1)
    alone, apart = (cross_val_score(network, rows / 16, digits, cv=2, n_jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(alone, apart)


def test_rows_that_weigh_nothing_teach_nothing_and_classes_weigh_as_told() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(400, 2))
    classes = (rows[:, 0] + random.normal(size=400) > 1.5).astype(int)
    lies = np.concatenate((classes, 1 - classes))
    weights = np.concatenate((np.ones(400), np.zeros(400)))
    network = JustfitClassifier((8,), epochs=30, random_state=0)
    told = clone(network).fit(np.concatenate((rows, rows)), lies, sample_weight=weights)
    assert told.score(rows, classes) > 0.8
    plain, balanced = (
        network.fit(rows, classes),
        clone(network).set_params(class_weight="balanced").fit(rows, classes),
    )
    assert balanced.predict(rows).mean() > 1.5 * plain.predict(rows).mean()
    by_row = clone(network).fit(rows, classes, sample_weight=np.where(classes == 1, 3, 1))
    by_class = clone(network).set_params(class_weight={0: 1, 1: 3}).fit(rows, classes)
    np.testing.assert_array_equal(by_row.predict_proba(rows), by_class.predict_proba(rows))


def test_patience_ends_training_and_keeps_the_best_epoch_s_weights() -> None:
    rows, progress = load_diabetes(return_X_y=True)
    settings = {"hidden": (64,), "optimizer": Adam(0.01), "random_state": 0}
    patient = JustfitRegressor(**settings, epochs=500, patience=3, validation_fraction=0.3).fit(
        20 * rows, progress
    )
    losses = patient.validation_loss_curve_
    assert patient.n_iter_ == len(losses) == int(np.argmin(losses)) + 1 + 3 < 500
    until_best = JustfitRegressor(
        **settings, epochs=patient.n_iter_ - 3, patience=500, validation_fraction=0.3
    )
    until_best.fit(20 * rows, progress)
    np.testing.assert_array_equal(patient.predict(20 * rows), until_best.predict(20 * rows))


def test_partial_fits_go_on_from_the_weights_that_there_are() -> None:
    rows, digits = load_digits(return_X_y=True)
    network = JustfitClassifier((32,), random_state=0)
    with pytest.raises(ValueError, match="all classes"):
        network.partial_fit(rows[:900] / 16, digits[:900])
    for _ in range(6):
        network.partial_fit(rows[:900] / 16, digits[:900], classes=range(10))
        network.partial_fit(rows[900:901] / 16, digits[900:901])
    assert network.n_iter_ == len(network.loss_curve_) == 12
    assert network.loss_curve_[::2] == sorted(network.loss_curve_[::2], reverse=True)
    assert network.score(rows[900:] / 16, digits[900:]) > 0.8
    with pytest.raises(ValueError, match="class 10"):
        network.partial_fit(rows[:2] / 16, [1, 10])


def test_a_regressor_s_partial_fits_keep_the_units_of_the_first_labels() -> None:
    rows = np.linspace(-1, 1, 200)[:, None]
    network = JustfitRegressor(random_state=0, learning_rate=0.01)
    for half in [slice(0, None, 2), slice(1, None, 2)] * 10:
        network.partial_fit(rows[half], 1000 + 100 * rows[half, 0])
    assert network.score(rows, 1000 + 100 * rows[:, 0]) > 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": (0,)}, "hidden width"),
        ({"dropout": 1.0}, "dropout"),
        ({"optimizer": "adan"}, 'Did you mean "adam"'),
        ({"n_jobs": 0}, "n_jobs"),
        ({"learning_rate": 1e30, "optimizer": "sgd"}, "StandardScaler"),
    ],
)
def test_what_cannot_be_is_told_as_scikit_learn_expects(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        JustfitRegressor(**settings).fit(np.eye(20), np.arange(20))
