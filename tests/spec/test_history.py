import math

import pytest

from justfit.spec import Epoch, best_epoch


def epochs(*losses: float | None) -> tuple[Epoch, ...]:
    return tuple(
        Epoch(number, 1.0, 1.0, 0.5, loss and loss + 1, loss, 0.5, seconds=0.1)
        for number, loss in enumerate(losses, start=1)
    )


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ((0.5, 0.4, 0.6), 2),
        ((0.5, 0.4, 0.4), 2),
        ((0.5, 0.0, 0.4), 2),
        ((0.3,), 1),
        ((math.nan, 0.4, math.inf), 2),
        ((0.5, math.nan, 0.4), 3),
        ((None, 0.4), 2),
    ],
)
def test_the_best_epoch_has_the_lowest_finite_validation_loss_and_is_the_earliest_of_equals(
    losses: tuple[float | None, ...], best: int
) -> None:
    assert best_epoch(epochs(*losses)).epoch == best


def test_penalties_do_not_decide_which_epoch_is_best() -> None:
    penalized = Epoch(1, 1.0, 1.0, 0.5, val_loss=9.0, val_data_loss=0.1, val_metric=0.5, seconds=0.1)
    other = Epoch(2, 1.0, 1.0, 0.5, val_loss=0.2, val_data_loss=0.2, val_metric=0.5, seconds=0.1)
    assert best_epoch((penalized, other)).epoch == 1


@pytest.mark.parametrize("losses", [(), (None, None), (math.nan, math.inf)])
def test_without_a_finite_validation_loss_no_epoch_is_best(losses: tuple[float | None, ...]) -> None:
    with pytest.raises(ValueError, match="none can be called best"):
        best_epoch(epochs(*losses))


def test_the_best_epoch_follows_the_monitor() -> None:
    rows = [(0.5, 0.9, 0.6), (0.4, 1.0, 0.5), (0.6, 0.8, 0.6)]
    history = tuple(
        Epoch(n, 1.0, 1.0, 0.5, val_loss, val_data_loss, val_metric, 0.0)
        for n, (val_data_loss, val_loss, val_metric) in enumerate(rows, start=1)
    )
    assert best_epoch(history).epoch == 2
    assert best_epoch(history, "val_loss").epoch == 3
    assert best_epoch(history, "val_metric", "accuracy").epoch == 1
    assert best_epoch(history, "val_metric", "mae").epoch == 2
