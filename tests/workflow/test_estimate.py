import pytest
from workflow.handmade import numbers

from justfit.spec import AllRows, Data, Final, HoldOut, KFold, Stage, Study, TestRows
from justfit.workflow import plan
from justfit.workflow.estimate import Estimate, estimate
from justfit.workflow.outline import outline


def estimated(*stages: Stage, stored: bool = False, threads: int = 1, **others: object) -> Estimate:
    study = Study("study", Data("handmade"), stages, **others)  # type: ignore[arg-type]
    planned = plan(study, numbers("binary"))
    return estimate(planned, outline(planned), lambda _: stored, threads)


WIDTHS = Stage("a", {"batch_size": 16, "epochs": 3}, {"hidden": [[8], [4], [8, 8]]})


def test_all_runs_of_all_splits_and_replicates_are_to_train() -> None:
    found = estimated(WIDTHS, validation=KFold(3), replicates=2)
    assert (found.runs, found.stored) == (18, 0)
    assert found.cohorts >= 3
    assert found.seconds > 0


def test_what_is_stored_takes_no_time() -> None:
    every = estimated(WIDTHS, replicates=50, final=None)
    none = estimated(WIDTHS, replicates=50, final=None, stored=True)
    assert (none.runs, none.stored, none.cohorts, none.seconds) == (0, 150, 0, 0)
    assert every.runs == 150


def test_more_replicates_and_more_epochs_take_more_time() -> None:
    few = estimated(WIDTHS, replicates=2)
    many = estimated(WIDTHS, replicates=80)
    longer = estimated(Stage("a", {**WIDTHS.settings, "epochs": 3_000}, WIDTHS.grid), replicates=2)
    assert many.seconds > few.seconds
    assert longer.seconds > few.seconds


@pytest.mark.slow
def test_wide_networks_take_more_memory() -> None:
    narrow = estimated(Stage("a", {"batch_size": 16, "hidden": [8]}))
    wide = estimated(Stage("a", {"batch_size": 16, "hidden": [4096, 4096]}))
    # Once to begin with, and once in training at the least, each of four bytes.
    assert wide.memory - narrow.memory > 4 * 2 * 4096 * 4096 * 0.9


def test_test_rows_stay_sealed_even_where_they_will_validate() -> None:
    def fail() -> None:
        raise AssertionError("the test rows were opened")

    study = Study("study", Data("handmade"), (WIDTHS,), TestRows())
    planned = plan(study, numbers("binary", opened=fail))
    assert estimate(planned, outline(planned)).runs == 3


def test_without_validation_only_the_final_networks_train() -> None:
    found = estimated(Stage("a"), validation=AllRows(), final=Final(epochs=3), replicates=2)
    assert (found.runs, found.stored) == (0, 0)
    assert found.cohorts >= 1


def test_a_decision_threshold_is_decided_by_one_more_training_on_each_split() -> None:
    for validation, splits in ((HoldOut(), 1), (KFold(3), 3), (KFold(3, repeats=2), 3)):
        plain = estimated(WIDTHS, validation=validation, final=Final(), replicates=2)
        asked = estimated(WIDTHS, validation=validation, final=Final(threshold="accuracy"), replicates=2)
        assert (asked.runs, asked.cohorts) == (plain.runs, plain.cohorts + splits)


def test_rows_fewer_than_a_batch_and_a_network_that_diverges_are_no_matter() -> None:
    wild = Stage("a", {"batch_size": 10_000, "learning_rate": 1e30, "optimizer": "sgd", "loss": "mse"})
    assert estimated(wild, validation=HoldOut(size=0.9)).runs == 1
