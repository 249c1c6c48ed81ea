import math

import pytest

from justfit.spec import Diverged, Done, Epoch, Failed, best_epoch, is_better


def epochs(*losses: float | None) -> tuple[Epoch, ...]:
    return tuple(
        Epoch(number, 1.0, 1.0, 0.5, loss and loss + 1, loss, 0.5, seconds=0.1)
        for number, loss in enumerate(losses, start=1)
    )


def test_outcomes_say_how_training_ended_and_why() -> None:
    assert Failed("too wide") == Failed("too wide")
    assert len({Done(), Diverged(3), Diverged(4), Failed("too wide"), Failed("no rows")}) == 5
    assert "too wide" in repr(Failed("too wide"))


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


def epoch(number: int, val_data_loss: float, val_loss: float, val_metric: float) -> Epoch:
    return Epoch(number, 1.0, 1.0, 0.5, val_loss, val_data_loss, val_metric, seconds=0.1)


def test_the_best_epoch_follows_the_monitor() -> None:
    history = (epoch(1, 0.5, 0.9, 0.6), epoch(2, 0.4, 1.0, 0.5), epoch(3, 0.6, 0.8, 0.6))
    assert best_epoch(history).epoch == 2
    assert best_epoch(history, "val_loss").epoch == 3
    assert best_epoch(history, "val_metric", "accuracy").epoch == 1
    assert best_epoch(history, "val_metric", "mae").epoch == 2


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_the_accuracy_of_a_diverged_network_makes_no_epoch_the_best(loss: float) -> None:
    history = (epoch(1, 0.5, 0.5, 0.6), epoch(2, loss, loss, 0.9))
    assert best_epoch(history, "val_metric", "accuracy").epoch == 1
    assert not is_better(history[1], None, "val_metric", "accuracy")


def test_an_epoch_is_better_only_by_a_finite_figure_and_not_by_the_same() -> None:
    good, bad, broken = epoch(1, 0.4, 0.4, 0.5), epoch(2, 0.5, 0.5, 0.5), epoch(3, math.nan, math.nan, 0.5)
    (unvalidated,) = epochs(None)
    assert is_better(good, bad, "val_data_loss", "accuracy")
    for other in (None, broken, unvalidated):
        assert is_better(bad, other, "val_data_loss", "accuracy")
    for worse in (good, bad, broken, unvalidated):
        assert not is_better(worse, good, "val_data_loss", "accuracy")
    for metric in ("accuracy", "mae"):
        assert not is_better(good, bad, "val_metric", metric)
