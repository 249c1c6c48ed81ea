import pytest

from justfit.spec import AllRows, HoldOut, KFold, Protocol, TestRows, plain
from justfit.words import interval, number, percent, told_answer, told_figure, told_protocol, told_task


@pytest.mark.parametrize(
    ("protocol", "told"),
    [
        (KFold(4), "4 folds, stratified"),
        (KFold(5, how="in_order"), "5 folds, in order"),
        (KFold(4, repeats=3), "4 folds, stratified, 3 times reshuffled"),
        (HoldOut(), "hold-out, stratified: 20.0% of the training rows validate"),
        (
            HoldOut(how="first", size=10_000, train=0.25),
            "hold-out, first: 10,000 rows validate, 25.0% of the training rows train",
        ),
        (TestRows(), "the test rows validate, which is a leak"),
        (AllRows(), "no row validates"),
    ],
)
def test_a_protocol_is_told_in_words(protocol: Protocol, told: str) -> None:
    assert told_protocol(plain(protocol)) == told


def test_numbers_are_never_in_powers_of_ten() -> None:
    assert [number(value) for value in (0.00001, -0.5, 99.99999, 1e7)] == [
        "0.0000",
        "-0.5000",
        "100.0000",
        "10,000,000.0",
    ]
    assert [percent(value) for value in (0, 0.12345, 1)] == ["0.0%", "12.3%", "100.0%"]


def test_an_interval_with_an_open_end_is_unknown() -> None:
    assert interval({"low": 0.1, "high": None}) == "unknown"
    assert interval({"value": 0.2, "low": 0.1, "high": 0.3}, share=True) == "10.0% to 30.0%"


def test_only_accuracies_are_in_percent_and_only_validation_figures_leak() -> None:
    assert told_figure("val_metric", "accuracy", 0.5, leaked=True) == "50.0% LEAKED"
    assert told_figure("val_metric", "mae", 0.5) == "0.5000"
    assert told_figure("metric", "accuracy", 0.5, leaked=True) == "50.0%"


def test_what_is_learned_and_answered_is_told() -> None:
    assert told_task("multilabel", 4) == "which of 4 labels a row has, any number of them"
    assert told_task("multiclass", 0) == "which of several classes a row has"
    assert told_answer(0) == "0.0000"
    assert told_answer(()) == "no label"
