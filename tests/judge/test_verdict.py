import dataclasses
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from justfit.judge import Verdict, standing, verdict, verdicts
from justfit.judge.intervals import Figure
from justfit.spec import Done, Epoch, History
from justfit.store import StoredRun

Array = npt.NDArray[np.float64]


def runs_of(validation: npt.ArrayLike, training: npt.ArrayLike, *, fit: bool = True) -> list[History]:
    """Runs with these losses ``[runs, epochs]``; what else an epoch has says the opposite."""
    rows = zip(np.asarray(validation, float).tolist(), np.asarray(training, float).tolist(), strict=True)
    return [
        tuple(
            Epoch(n, 9 - t, 9 - t if fit else t, 0.5, 9 - v, v, 0.5, 0.1, t if fit else None)
            for n, (v, t) in enumerate(zip(one, other, strict=True), start=1)
        )
        for one, other in rows
    ]


def judged(validation: npt.ArrayLike, training: npt.ArrayLike | None = None, *, fit: bool = True) -> Verdict:
    """The verdict on runs whose training loss falls, unless it is given."""
    values = np.asarray(validation, float)
    falling = np.tile(np.exp(-np.arange(values.shape[1]) / 6), (len(values), 1))
    found = verdict(runs_of(values, falling if training is None else training, fit=fit))
    assert found is not None
    return found


def noisy(curve: Sequence[float] | Array, runs: int, random: np.random.Generator, size: float = 1.0) -> Array:
    """Runs about a curve with the noise that a 16-16 network has on IMDB, batch 512, measured over 10 seeds.

    From epoch to epoch its standard deviation is 0.0215 at a loss of 0.28, with sudden peaks (skewness 1.7)
    and no memory; between runs the level differs by 0.01.
    """
    shape = (runs, len(curve))
    peaks = random.exponential(0.035, shape) * (random.random(shape) < 0.12)
    noise = random.normal(0, 0.014, shape) + peaks + random.normal(0, 0.01, (runs, 1))
    return np.asarray(curve) + size * noise


def turning(epochs: int, bottom: int, slope: float) -> Array:
    """Falls fast, then slowly to its lowest epoch, and rises from there: on IMDB by about 0.0125 an epoch."""
    epoch = np.arange(1, epochs + 1)
    falls = 0.11 * np.exp(-(epoch - 1) / 1.2) + 0.02 * (bottom - epoch)
    return 0.28 + np.where(epoch < bottom, falls, slope * (epoch - bottom))


def flattening(epochs: int, pace: float = 2.0) -> Array:
    return 0.28 + 0.12 * np.exp(-np.arange(epochs) / pace)


# Overfit


@given(st.integers(2, 12), st.floats(0.01, 1), st.floats(0.1, 100), st.integers(1, 5))
def test_a_curve_that_turns_up_without_noise_overfits_from_the_next_epoch(
    bottom: int, slope: float, level: float, runs: int
) -> None:
    curve = level * (1 + slope * np.abs(np.arange(1, 25) - bottom))
    found = judged(np.tile(curve, (runs, 1)))
    assert (found.kind, found.best_epoch, found.onset) == ("overfit", bottom, bottom + 1)
    assert found.sentence.startswith(f"Overfit from epoch {bottom + 1}: ")


@pytest.mark.parametrize(
    ("bottom", "slope"),
    [*(pytest.param(bottom, 0.0125, marks=pytest.mark.slow) for bottom in (4, 8, 12)), (4, 0.03)],
)
def test_the_onset_is_within_one_epoch_at_the_noise_of_five_imdb_replicates(
    bottom: int, slope: float
) -> None:
    random = np.random.default_rng(bottom)
    found = [judged(noisy(turning(20, bottom, slope), 5, random)) for _ in range(200)]
    assert sum(each.kind == "overfit" for each in found) >= 190
    near = [each.onset is not None and abs(each.onset - (bottom + 1)) <= 1 for each in found]
    assert sum(near) >= 180


def test_a_curve_that_stays_level_before_it_rises_overfits_from_where_it_rises() -> None:
    random = np.random.default_rng(0)
    level = np.concatenate((flattening(4), np.full(6, 0.29), 0.29 + 0.02 * np.arange(1, 15)))
    onsets = [judged(noisy(level, 5, random, size=0.5)).onset or 0 for _ in range(100)]
    assert np.median(onsets) in (10, 11, 12)
    assert sum(abs(onset - 11) <= 1 for onset in onsets) >= 80


@pytest.mark.slow
@pytest.mark.parametrize("runs", [2, 3, 5, 10])
def test_curves_that_only_flatten_are_called_overfit_in_less_than_one_of_twenty_cases(runs: int) -> None:
    random = np.random.default_rng(runs)
    curves = [flattening(10), flattening(20), flattening(60), flattening(20, 5), np.full(20, 0.28)]
    found = [judged(noisy(curve, runs, random)).kind for curve in curves for _ in range(120)]
    assert found.count("overfit") < 0.05 * len(found), Counter(found)


def test_noise_that_lasts_for_some_epochs_is_no_overfitting() -> None:
    random = np.random.default_rng(1)

    def wandering() -> Array:
        steps = random.normal(0, 0.02, (5, 20))
        for epoch in range(1, 20):
            steps[:, epoch] = 0.6 * steps[:, epoch - 1] + 0.8 * steps[:, epoch]
        return flattening(20) + steps

    found = [judged(wandering()).kind for _ in range(300)]
    assert found.count("overfit") < 15, Counter(found)


@given(st.integers(0, 2**32), st.sampled_from([2, 3, 5]))
@settings(max_examples=25)
def test_a_steep_rise_is_never_missed_at_a_tenth_of_that_noise(seed: int, runs: int) -> None:
    values = noisy(turning(20, 4, 0.02), runs, np.random.default_rng(seed), size=0.1)
    assert judged(values).kind == "overfit"


def test_what_a_run_s_level_is_does_not_count_for_differences_within_runs() -> None:
    values = noisy(turning(20, 4, 0.0125), 5, np.random.default_rng(3), size=0.3)
    level = np.array([[0.0], [0.5], [0.1], [0.2], [0.3]])
    found, other = judged(values), judged(values + level)
    assert (other.kind, other.onset) == (found.kind, found.onset)
    for figure in ("rise", "trend"):
        one, two = getattr(found, figure), getattr(other, figure)
        assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high))


@given(st.integers(0, 2**32), st.floats(1e-3, 1e3), st.permutations(range(4)))
@settings(max_examples=30)
def test_a_verdict_depends_on_neither_the_unit_of_the_loss_nor_the_order_of_the_runs(
    seed: int, unit: float, order: list[int]
) -> None:
    random = np.random.default_rng(seed)
    values = noisy(turning(16, 5, 0.01 * random.random()), 4, random)
    found, other = judged(values), judged(unit * values[order])
    assert (other.kind, other.onset, other.best_epoch) == (found.kind, found.onset, found.best_epoch)


def test_a_loss_that_rises_together_with_that_of_training_rows_is_unstable_and_not_overfit() -> None:
    values = np.tile(turning(12, 3, 0.1), (3, 1))
    found = judged(values, training=values - 0.1)
    assert (found.kind, found.onset) == ("unclear", None)
    assert "unstable" in found.sentence
    assert "lower learning rate" in found.sentence


# One run


def test_the_wiggle_of_one_run_is_no_overfitting() -> None:
    random = np.random.default_rng(0)
    found = [judged(noisy(flattening(20), 1, random)) for _ in range(200)]
    assert {each.kind for each in found} <= {"unclear", "just right"}
    assert "one run" in found[0].sentence
    assert found[0].rise.low is None


def test_one_run_that_rises_far_beyond_its_wiggle_is_overfit() -> None:
    found = judged(noisy(turning(20, 4, 0.03), 1, np.random.default_rng(0)))
    assert found.kind == "overfit"
    assert "in one run" in found.sentence


# Underfit


def test_a_loss_that_still_falls_at_the_end_is_underfit() -> None:
    random = np.random.default_rng(0)
    found = [judged(noisy(0.9 - 0.01 * np.arange(20), 5, random)) for _ in range(50)]
    assert {each.kind for each in found} == {"underfit"}
    assert all("still falls" in each.sentence for each in found)


def test_a_network_both_of_whose_losses_are_higher_than_those_of_a_better_one_is_underfit() -> None:
    random = np.random.default_rng(0)
    small, good = (
        runs_of(level + noisy(flattening(20), 5, random, 0.3), noisy(np.full(20, level), 5, random, 0.1))
        for level in (0.3, 0.1)
    )
    alone, beside = verdict(small), verdict(small, good)
    assert alone is not None
    assert beside is not None
    assert (alone.kind, alone.behind) == ("just right", None)
    assert (beside.kind, beside.onset) == ("underfit", None)
    assert beside.behind is not None
    assert beside.behind.value == pytest.approx(0.2, abs=0.02)
    assert "more units" in beside.sentence
    best = verdict(good, small)
    assert best is not None
    assert best.kind == "just right"


def test_a_network_that_only_validates_worse_is_not_underfit() -> None:
    random = np.random.default_rng(0)
    fit = noisy(np.full(20, 0.1), 5, random, 0.1)
    worse = runs_of(0.2 + noisy(flattening(20), 5, random, 0.3), fit + 0.00001)
    found = verdict(worse, runs_of(noisy(flattening(20), 5, random, 0.3), fit + 0.01))
    assert found is not None
    assert found.kind == "just right"


# Just right, and what cannot be said


def test_a_curve_that_is_level_after_its_lowest_epoch_is_just_right() -> None:
    random = np.random.default_rng(0)
    found = [judged(noisy(flattening(40), 5, random, 0.5)) for _ in range(100)]
    assert sum(each.kind == "just right" for each in found) >= 90
    assert found[0].sentence.startswith("Just right: ")


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_of_a_few_epochs_nothing_is_said(epochs: int) -> None:
    found = judged(np.tile(np.arange(1.0, epochs + 1), (5, 1)))
    assert (found.kind, found.onset, found.epochs) == ("unclear", None, epochs)
    assert f"{epochs} epochs are too few" in found.sentence


def test_losses_of_nothing_or_of_zero_have_a_verdict_or_none() -> None:
    assert judged(np.zeros((3, 10))).kind == "just right"
    diverged = runs_of([[math.nan, 1.0]], [[1.0, 1.0]])
    assert verdict(diverged) is None
    assert verdict([()]) is None
    unvalidated = [
        tuple(dataclasses.replace(epoch, val_data_loss=None) for epoch in run)
        for run in runs_of([[1.0] * 9], [[1.0] * 9])
    ]
    assert verdict(unvalidated) is None


def test_runs_of_different_lengths_are_compared_as_far_as_all_came() -> None:
    runs = runs_of(np.tile(turning(20, 4, 0.02), (3, 1)), np.tile(turning(20, 4, -0.01), (3, 1)))
    found = verdict([runs[0], runs[1][:12], runs[2]])
    assert found is not None
    assert (found.epochs, found.runs, found.onset) == (12, 3, 5)


def test_a_reference_with_other_runs_or_no_runs_at_all_are_refused() -> None:
    runs = runs_of(np.ones((3, 8)), np.ones((3, 8)))
    with pytest.raises(ValueError, match="The reference has 2 runs, expected 3"):
        verdict(runs, runs[:2])
    with pytest.raises(ValueError, match="at least one run"):
        verdict([])


# Evidence


def test_the_rise_is_that_of_the_last_quarter_over_the_lowest_quarter_with_students_interval() -> None:
    # The lowest two of eight epochs are 3 and 4 in all runs but for the wiggle.
    values = np.array([[9, 5, 2, 3, 4, 6, 8, 9], [9, 5, 3, 2, 4, 6, 9, 9], [9, 5, 2, 2, 4, 6, 7, 9]], float)
    found = judged(values)
    differences = values[:, 6:].mean(axis=1) - values[:, 2:4].mean(axis=1)
    low, high = stats.t.interval(0.95, df=2, loc=differences.mean(), scale=stats.sem(differences))
    assert dataclasses.astuple(found.rise) == pytest.approx((differences.mean(), low, high))
    trend = values[:, 6:].mean(axis=1) - values[:, 4:6].mean(axis=1)
    assert found.trend.value == pytest.approx(trend.mean())
    assert (found.lowest, found.best_epoch) == (pytest.approx(7 / 3), 3)


def test_the_lowest_epoch_of_a_run_is_that_of_the_others() -> None:
    # Each run has a chance low of its own, in which the other two are as high as ever.
    values = np.full((3, 12), 5.0)
    for run, epoch in enumerate((1, 4, 7)):
        values[run, epoch] = 0.0
    found = judged(values)
    assert found.rise.value >= 0
    assert found.kind != "overfit"


def test_the_best_epoch_is_that_of_the_standing() -> None:
    random = np.random.default_rng(5)
    runs = runs_of(noisy(turning(20, 6, 0.01), 5, random), np.ones((5, 20)))
    stands, found = standing(runs, "val_data_loss", more_is_better=False), verdict(runs)
    assert stands is not None
    assert found is not None
    assert (found.best_epoch, found.lowest) == (stands.best_epoch, stands.value)


def test_training_rows_measured_after_the_epoch_are_preferred_and_others_are_said_to_be_a_running_mean() -> (
    None
):
    values = np.tile(turning(12, 4, 0.05), (3, 1))
    measured, running = judged(values), judged(values, fit=False)
    assert (measured.training, running.training) == ("fit_loss", "data_loss")
    assert "running mean" not in measured.sentence
    assert "running mean" in running.sentence
    assert measured.kind == running.kind == "overfit"


def test_a_sentence_has_the_figures_of_its_verdict() -> None:
    found = judged(noisy(turning(20, 4, 0.02), 5, np.random.default_rng(0)))
    assert found.rise.low is not None
    assert found.rise.high is not None
    for told in (
        f"lowest in epoch {found.best_epoch} ({found.lowest:.4g})",
        f"{found.rise.value:.3g} higher (95% interval {found.rise.low:.3g} to {found.rise.high:.3g}, 5 runs)",
        f"falls by {-found.training_rise.value:.3g} (95% interval {-(found.training_rise.high or 0):.3g} to ",
        "in epochs 16 to 20",
    ):
        assert told in found.sentence


# Networks of a study


def stored(histories: Sequence[History], seeds: Sequence[int]) -> list[StoredRun]:
    return [
        StoredRun(f"run{seed}", {"split": 1, "seed": seed}, history, Done(), 10)
        for seed, history in zip(seeds, histories, strict=True)
    ]


def test_networks_are_held_against_the_best_where_their_runs_pair_with_its() -> None:
    random = np.random.default_rng(0)

    def curves(level: float) -> list[History]:
        return runs_of(
            level + noisy(flattening(20), 3, random, 0.1), noisy(np.full(20, level), 3, random, 0.1)
        )

    networks = {
        "small": stored(curves(0.3), (0, 1, 2)),
        "other": stored(curves(0.3), (5, 6, 7)),
        "best": stored(curves(0.1), (0, 1, 2)),
        "none": [],
    }
    found = verdicts(networks, "best")
    assert {name: each and each.kind for name, each in found.items()} == {
        "small": "underfit",
        "other": "just right",
        "best": "just right",
        "none": None,
    }
    assert {name: each and each.behind is None for name, each in verdicts(networks).items()} == {
        "small": True,
        "other": True,
        "best": True,
        "none": None,
    }
    assert found["best"] is not None
    assert found["best"].behind is None
    assert isinstance(found["small"] and found["small"].behind, Figure)
