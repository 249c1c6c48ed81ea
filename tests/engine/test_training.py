"""How a member's training goes and ends, and what is measured on the way."""

from dataclasses import replace

import numpy as np
import pytest
from engine.handmade import (
    COLUMNS,
    SHORT,
    STILL,
    binary_crossentropy,
    labelled,
    member,
    outputs_of,
    penalty_of,
    rows_of,
    same_weights,
    table,
    train,
)

from justfit import _native
from justfit.data.rows import native_rows
from justfit.engine import Cohort, Labelled, Training
from justfit.engine.native_specs import cohort_spec, member_spec
from justfit.errors import EngineError
from justfit.spec import TASKS, Adam, Done, Epoch, Network, Recipe, Sgd

TASK, SOFTMAX = TASKS["binary"], TASKS["multiclass"]
OVERFITTING = Recipe(Adam(0.02), batch_size=16, epochs=30)


# ---- stopping early, and the best epoch ----


def test_where_nothing_changes_the_first_epoch_is_best_and_patience_ends_after_it() -> None:
    one = member(recipe=replace(STILL, epochs=9, patience=3))
    epochs, training = train(one, labelled(), labelled(seed=5), keep_best=True)
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3, 4]
    assert training.outcome() == Done()
    assert training.best()[0].epoch == 1


@pytest.mark.parametrize(
    ("monitor", "task", "sign"),
    [
        ("val_data_loss", "binary", 1),
        ("val_loss", "binary", 1),
        ("val_metric", "binary", -1),  # accuracy shall rise
        ("val_metric", "regression", 1),  # the mean absolute error shall fall
    ],
)
def test_patience_ends_a_member_so_many_epochs_after_its_best_by_its_monitor(
    monitor: str, task: str, sign: int
) -> None:
    rows = labelled(task), labelled(task, seed=5)
    network = Network((16,), l2=0.05)  # the penalty falls while the rest rises, so the monitors differ
    whole, _ = train(member(network, OVERFITTING, task), *rows)
    measured = [sign * getattr(epoch, monitor) for epoch in whole]
    best, last = 0, len(measured)
    for number, value in enumerate(measured):
        if value < measured[best]:
            best = number
        if number - best == 3:
            last = number + 1
            break
    recipe = replace(OVERFITTING, patience=3, monitor=monitor)
    epochs, training = train(member(network, recipe, task), *rows, keep_best=True)
    assert [vars(epoch) for epoch in epochs] == [vars(epoch) for epoch in whole[:last]]
    assert training.best()[0].epoch == best + 1
    assert last < len(whole), "nothing was stopped early"


def test_the_best_epoch_s_weights_give_the_best_epoch_s_figures() -> None:
    values = table(seed=5)
    validation = Labelled.of(rows_of(values), np.arange(len(values)) % 2, TASK)
    # By a loss with penalties, which fall at first, so that the best epoch is neither the first nor the last.
    one = member(Network((16,), "tanh", l2=0.05), replace(OVERFITTING, monitor="val_loss"))
    epochs, training = train(one, labelled(), validation, keep_best=True)
    best, weights = training.best()
    assert 1 < best.epoch < len(epochs)
    outputs = outputs_of(one.layers, weights, values)[-1]
    loss = binary_crossentropy(outputs, validation.numbers)
    assert best.val_data_loss == pytest.approx(loss, rel=1e-5)
    assert best.val_loss == pytest.approx(loss + penalty_of(one.layers, weights), rel=1e-5)
    assert best.val_metric == pytest.approx(np.mean((outputs > 0.5) == validation.numbers))
    assert not same_weights(weights, training.weights())


@pytest.mark.parametrize(("validation", "keep_best"), [(None, True), (labelled(seed=5), False)])
def test_without_validation_or_unasked_there_are_no_best_weights(
    validation: Labelled | None, keep_best: bool
) -> None:
    _, training = train(member(), labelled(), validation, keep_best=keep_best)
    with pytest.raises(EngineError, match="No best weights were kept: validate, and ask for keep_best"):
        training.best()


# ---- what is measured ----


def test_fit_figures_are_those_of_the_training_rows_after_the_epoch_without_dropout() -> None:
    rows = labelled()
    one = member(Network((16,), dropout=0.5, l2=0.01))
    training = Training(Cohort((one,)), rows, fit=True)
    for done in training.epochs():
        epoch = done[0]
        assert isinstance(epoch, Epoch)
        outputs = training.outputs(rows.rows)
        assert epoch.fit_loss == pytest.approx(binary_crossentropy(outputs, rows.numbers), rel=1e-5)
        assert epoch.fit_metric == pytest.approx(np.mean((outputs > 0.5) == rows.numbers))
        assert abs(epoch.data_loss - epoch.fit_loss) > 0.01
    assert all(epoch.fit_loss is None for epoch in train(one, rows)[0])


def test_loss_and_data_loss_differ_by_the_penalties() -> None:
    values = table()
    network = Network(
        (8, 5), "tanh", l1=(0.01, 0), l2=(0.02, 0.03), activity_l1=(0, 0.004), activity_l2=0.005
    )
    one = member(network, STILL)
    rows = Labelled.of(rows_of(values), np.arange(len(values)) % 2, TASK)
    hidden = outputs_of(one.layers, one.weights, values)[:-1]
    activity = sum(
        np.mean((layer.activity_l1 * np.abs(x) + layer.activity_l2 * x**2).sum(axis=1))
        for layer, x in zip(one.layers, hidden, strict=False)
    )
    expected = penalty_of(one.layers, one.weights) + activity
    assert expected > 0.1
    for epoch in train(one, rows, rows)[0]:
        assert epoch.loss - epoch.data_loss == pytest.approx(expected, rel=1e-5)
        assert epoch.val_loss - epoch.val_data_loss == pytest.approx(expected, rel=1e-5)


def test_weighted_rows_count_by_their_weight_in_the_loss_and_by_one_in_the_metric() -> None:
    values, weights = table(), np.linspace(0, 2, 70)
    rows = Labelled.of(rows_of(values), np.arange(70) % 2, TASK, weights)
    one = member(recipe=STILL)
    outputs, labels = outputs_of(one.layers, one.weights, values)[-1], rows.numbers
    losses = np.array([binary_crossentropy(outputs[row], labels[row]) for row in range(70)])
    epoch = train(one, rows)[0][0]
    assert epoch.data_loss == pytest.approx(np.mean(weights * losses), rel=1e-5)
    assert epoch.metric == pytest.approx(np.mean((outputs > 0.5) == labels))


# ---- shapes at the edge ----


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize(
    ("rows", "columns", "batch_size"),
    [(70, 40, 1000), (1, 40, 16), (1, 1, 1), (70, 1, 16), (70, 40, 1), (17, 3, 16)],
)
def test_networks_train_on_rows_of_any_shape(sparse: bool, rows: int, columns: int, batch_size: int) -> None:
    values = table(rows, columns)
    few = Labelled.of(rows_of(values, sparse), np.arange(rows) % 2, TASK)
    one = member(recipe=replace(SHORT, batch_size=batch_size), columns=columns)
    epochs, training = train(one, few, few)
    assert len(epochs) == 3
    assert not same_weights(training.weights(), one.weights)
    expected = outputs_of(one.layers, training.weights(), values)[-1]
    np.testing.assert_allclose(training.outputs(few.rows), expected, rtol=1e-4, atol=1e-6)


def test_a_row_without_words_gives_what_the_biases_give_and_an_absent_word_s_weights_stay() -> None:
    values = table()
    assert not values[2].any()
    assert not values[:, 3].any()
    rows = Labelled.of(rows_of(values), np.arange(70) % 2, TASK)
    one = member()
    _, training = train(one, rows)
    expected = outputs_of(one.layers, training.weights(), np.zeros((1, COLUMNS)))[-1]
    np.testing.assert_allclose(training.outputs(rows.rows)[2], expected[0], rtol=1e-5)
    np.testing.assert_array_equal(training.weights()[0][0][3], one.weights[0][0][3])
    assert not np.array_equal(training.weights()[0][0][4], one.weights[0][0][4])


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("outputs", [2, 16, 17, 1000])
def test_one_step_of_softmax_regression_moves_weights_by_its_derivative(outputs: int, sparse: bool) -> None:
    values = table()
    labels = np.random.default_rng(2).integers(0, outputs, 70)
    rows = Labelled.of(rows_of(values, sparse), labels, SOFTMAX)
    recipe = Recipe(Sgd(0.5), batch_size=70, epochs=1)
    one = member(Network(()), recipe, "multiclass", outputs)
    _, training = train(one, rows, threads=2)
    (kernel, bias), *_ = one.weights
    away = outputs_of(one.layers, one.weights, values)[-1] - np.eye(outputs)[labels]
    (trained_kernel, trained_bias), *_ = training.weights()
    np.testing.assert_allclose(trained_kernel, kernel - 0.5 * values.T @ away / 70, atol=1e-6)
    np.testing.assert_allclose(trained_bias, bias - 0.5 * away.mean(axis=0), atol=1e-6)


# ---- instruction sets ----


def test_all_sets_of_instructions_give_the_same_figures_but_for_rounding() -> None:
    rows = labelled(rows=200)
    one = member(Network((20, 9), "gelu", dropout=0.3, l2=0.01), replace(SHORT, epochs=1))
    spec = cohort_spec(Cohort((one,)), columns=COLUMNS, sparse=True, rows=200, threads=1)
    outputs = {}
    for name in ("avx512", "avx2", "plain"):
        try:
            native = _native.Cohort(spec, [member_spec(one, 13)], name)
        except ValueError:
            continue  # not to be had on this processor
        for layer, (kernel, bias) in enumerate(one.weights):
            native.set_layer(0, layer, kernel, bias)
        targets = _native.number_targets(rows.numbers)
        native.train_epoch(native_rows(rows.rows), targets, np.arange(200), 1)
        outputs[name] = native.predict(0, native_rows(rows.rows))
    assert _native.instructions() in outputs
    for found in outputs.values():
        np.testing.assert_allclose(found, outputs["plain"], atol=1e-5)
    with pytest.raises(ValueError, match="instructions are unknown"):
        _native.Cohort(spec, [member_spec(one, 13)], "abacus")
