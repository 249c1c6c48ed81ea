"""Dropout seen from outside: networks give 1 for each row, so that their figures tell what was dropped."""

from collections.abc import Iterable

import numpy as np
import pytest
from engine.handmade import STILL, same_weights, train

from justfit.data.rows import Bags, Dense, Rows
from justfit.engine import Labelled, Member
from justfit.spec import Epoch, Layer, Recipe

ROWS = 20_000
WHOLE = Recipe(STILL.optimizer, batch_size=1024, epochs=3, loss="mse")


def ones(sparse: bool) -> Rows:
    values = np.ones((ROWS, 1), np.float32)
    return Bags.from_csr(values) if sparse else Dense(values)


def zeros_for(rows: Rows) -> Labelled:
    """Labels of zero, so that the loss is the mean square of the outputs and the metric their mean."""
    return Labelled(rows, np.zeros((len(rows), 1), np.float32))


def averaging(
    hidden: int, share: float = 0.0, inputs: float = 0.0, *, seed: int = 0, order_seed: int = 0
) -> Member:
    """A linear network whose output is the mean of ``hidden`` units that all pass the only input on."""
    return Member(
        layers=(Layer("dense", hidden, "linear", dropout=share), Layer("dense", 1, "linear")),
        loss="mse",
        metric="mae",
        recipe=WHOLE,
        weights=(
            (np.ones((1, hidden), np.float32), np.zeros(hidden, np.float32)),
            (np.full((hidden, 1), 1 / hidden, np.float32), np.zeros(1, np.float32)),
        ),
        dropout_seed=seed,
        order_seed=order_seed,
        input_dropout=inputs,
    )


def assert_dropped(epochs: Iterable[Epoch], share: float, hidden: int = 1) -> None:
    """A kept unit gives 1 / (1 - share), so outputs have mean 1 and variance share / (1 - share) / hidden."""
    variance = share / (1 - share) / hidden
    for epoch in epochs:
        assert abs(epoch.metric - 1) < 4 * np.sqrt(variance / ROWS)
        if hidden == 1:  # the kept ones' output is their mean square over their mean, the same for all
            assert epoch.loss / epoch.metric == pytest.approx(1 / (1 - share), rel=1e-5)
        assert epoch.loss == pytest.approx(1 + variance, rel=0.05)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_dropout_keeps_its_share_of_a_layer_s_outputs_and_scales_them_up(share: float) -> None:
    assert_dropped(train(averaging(1, share), zeros_for(ones(True)))[0], share)


@pytest.mark.parametrize("hidden", [5, 40])
def test_units_of_a_layer_are_dropped_independently_of_each_other(hidden: int) -> None:
    assert_dropped(train(averaging(hidden, 0.5), zeros_for(ones(True)))[0], 0.5, hidden)


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("share", [0.2, 0.5])
def test_dropout_of_inputs_keeps_its_share_and_scales_the_others_up(share: float, sparse: bool) -> None:
    assert_dropped(train(averaging(1, inputs=share), zeros_for(ones(sparse)))[0], share)


@pytest.mark.parametrize("sparse", [True, False])
def test_inputs_of_a_row_are_dropped_independently_of_each_other(sparse: bool) -> None:
    values = np.ones((ROWS, 8), np.float32)
    one = averaging(1, inputs=0.5)
    wide = ((np.full((8, 1), 1 / 8, np.float32), one.weights[0][1]), one.weights[1])
    rows = zeros_for(Bags.from_csr(values) if sparse else Dense(values))
    assert_dropped(train(Member(**{**vars(one), "weights": wide}), rows)[0], 0.5, hidden=8)


def test_validation_and_fit_figures_know_no_dropout() -> None:
    rows = zeros_for(ones(True))
    for epoch in train(averaging(3, 0.5, 0.5), rows, rows, fit=True)[0]:
        assert epoch.val_loss == epoch.val_metric == epoch.fit_loss == epoch.fit_metric == pytest.approx(1)
        assert epoch.loss > 1.5


def dropped(*, seed: int = 0, order_seed: int = 0, inputs: float = 0.0) -> list[float]:
    one = averaging(4, 0.0 if inputs else 0.5, inputs, seed=seed, order_seed=order_seed)
    return [epoch.loss for epoch in train(one, zeros_for(ones(True)))[0]]


def test_each_epoch_and_each_seed_drops_others_and_the_same_seed_the_same() -> None:
    assert dropped(seed=1) == dropped(seed=1)
    assert len({*dropped(seed=1), *dropped(seed=2)}) == 6


def test_inputs_dropped_follow_from_the_order_s_seed_and_not_from_the_member_s() -> None:
    assert dropped(inputs=0.5, seed=1) == dropped(inputs=0.5, seed=2)
    assert len({*dropped(inputs=0.5), *dropped(inputs=0.5, order_seed=1)}) == 6


def test_weights_behind_dropped_outputs_are_left_alone() -> None:
    one = averaging(200, 0.5)
    member = Member(**{**vars(one), "recipe": Recipe(batch_size=1, epochs=1)})
    _, training = train(member, Labelled(Dense(np.ones((1, 1), np.float32)), np.zeros((1, 1), np.float32)))
    (before, _), (after, _) = one.weights[1], training.weights()[1]
    assert not same_weights(one.weights, training.weights())
    assert 60 < np.count_nonzero(before == after) < 140
    moved = training.weights()[0][0][0] != one.weights[0][0][0]
    np.testing.assert_array_equal(moved, (before != after)[:, 0])
