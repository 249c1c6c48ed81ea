from typing import Any

import pytest
from workflow.handmade import numbers, small_study

from justfit.data import Dataset
from justfit.errors import DataError, SpecError
from justfit.spec import (
    Adam,
    AllRows,
    Data,
    Final,
    From,
    HoldOut,
    KFold,
    Named,
    Network,
    Recipe,
    RmsProp,
    Run,
    Scaling,
    Stage,
    TestRows,
)
from justfit.workflow import plan, single
from justfit.workflow.plan import batch_size_for


def run_of(data: Dataset, *arguments: Any, **options: Any) -> Run:
    """The one run that chooses in the study of one network."""
    planned = plan(single(*arguments, **options), data)
    (named,) = planned.candidates(planned.study.stages[0], {}, {})
    (run,) = planned.runs(named.candidate)
    return run


def test_what_is_left_open_is_decided_and_written_down() -> None:
    data = numbers("regression", train=2000)
    run = run_of(data, "handmade")
    assert run.candidate.network == Network((16, 16))
    assert run.candidate.recipe == Recipe(RmsProp(), batch_size=64, epochs=20, loss="mse")
    assert (run.protocol, run.preparation, run.seed) == (HoldOut("stratified", 0.2), data.preparation, 0)
    assert (run.data, run.fingerprint, run.task) == ("handmade", data.fingerprint, "regression")


def test_what_is_asked_for_stays() -> None:
    recipe = Recipe(Adam(), batch_size=7, epochs=3, loss="mse")
    data, protocol = Data("handmade", scaling="none"), HoldOut("last", 50)
    run = run_of(numbers("binary"), data, Network((2,)), recipe, protocol=protocol, seed=5)
    assert (run.candidate.network, run.candidate.recipe) == (Network((2,)), recipe)
    assert (run.protocol, run.preparation, run.seed) == (protocol, Scaling("none"), 5)


def test_naming_the_task_s_own_loss_changes_nothing() -> None:
    named = run_of(numbers("binary"), "handmade", recipe=Recipe(loss="binary_crossentropy"))
    assert named.id == run_of(numbers("binary"), "handmade").id


@pytest.mark.parametrize(
    ("task", "arguments", "message"),
    [
        ("regression", {"recipe": Recipe(loss="hinge")}, 'loss "hinge" is not known for regression labels'),
        ("binary", {"protocol": HoldOut(size=240)}, "would take 240 of 240 training rows"),
        ("binary", {"seed": -1}, "seed must be a whole number at least 0, got -1"),
    ],
)
def test_what_does_not_fit_the_data_is_refused(task: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        plan(single("handmade", **arguments), numbers(task))


STAGES = (Stage("one", grid={"hidden": [[4], [8]]}), Stage("two", {"dropout": 0.5}, base=From("one")))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"final": Final(of="tow")}, 'of "tow" is not known under final: .* Did you mean "two"'),
        (
            {"final": Final(of="4-2")},
            r'of "4-2" is not known under final: expected one of one, two, 4-1, 8-1',
        ),
        ({"stages": (STAGES[0], Stage("b", {"name": "4-1", "hidden": [9]}))}, 'stage b has .* name "4-1"'),
        ({"stages": (Stage("a", grid={"dropout": [0, 1.5]}),)}, r"stage a: dropout must be .*got 1\.5"),
        ({"stages": (Stage("a", zip={"epochs": [1, 2], "dropout": [0]}),)}, "epochs has 2, dropout has 1"),
        (
            {"stages": (Stage("a", grid={"loss": ["mse", "categorical_crossentropy"]}),)},
            '"16-16-1, categorical_crossentropy": loss "categorical_crossentropy" is not known for binary',
        ),
        (
            {"validation": AllRows(), "final": Final(epochs=3)},
            "which candidate is best: name one under final",
        ),
        (
            {"validation": AllRows(), "final": Final("two", 3)},
            'best: name one under final, as of: "4-1, drop',
        ),
        (
            {"validation": AllRows(), "final": Final("4-1", 3), "defaults": {"patience": 2}},
            '"4-1": patience is 2, but no row validates: leave it out, or hold rows out',
        ),
        (
            {"final": Final(threshold="f1"), "task": "multiclass"},
            "threshold is f1, but the labels of handmade are multiclass: only binary labels are decided by",
        ),
        ({"data": Data("handmade", num_words=99)}, "has rows of numbers, so num_words does not fit"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_trained(changes: dict[str, Any], message: str) -> None:
    task = changes.get("task", "binary")
    changes = {key: value for key, value in changes.items() if key != "task"}
    with pytest.raises(SpecError, match=message):
        plan(small_study(**({"stages": STAGES} | changes)), numbers(task))


def test_more_rows_than_there_are_cannot_be_asked_for() -> None:
    with pytest.raises(DataError, match="handmade has 240 training rows, not 241: ask for fewer"):
        plan(small_study(data=Data("handmade", rows=241)), numbers("binary"))


def first(planned: Any) -> Named:
    named: Named = planned.candidates(planned.study.stages[0], {}, {})[0]
    return named


def test_a_candidate_has_a_run_for_each_replicate_on_each_split() -> None:
    planned = plan(small_study(validation=KFold(3, repeats=2), replicates=4, seed=7), numbers("binary"))
    runs = planned.runs(first(planned).candidate)
    assert [(run.split, run.seed) for run in runs] == [(n, 7 + m) for n in range(1, 7) for m in range(4)]
    assert len({run.id for run in runs}) == 24
    assert len({run.candidate for run in runs}) == 1


def test_the_final_runs_train_on_all_rows_for_the_chosen_epochs_with_the_same_seeds() -> None:
    planned = plan(
        small_study(replicates=3, defaults={"patience": 2, "monitor": "val_loss"}), numbers("binary")
    )
    runs = planned.final_runs(first(planned).candidate, Final(), 7)
    assert [(run.seed, run.protocol) for run in runs] == [(seed, AllRows()) for seed in range(3)]
    assert {run.candidate.recipe.epochs for run in runs} == {7}
    assert {run.candidate.recipe.patience for run in runs} == {None}


def test_nothing_that_validates_means_no_runs_that_choose() -> None:
    planned = plan(
        small_study(validation=AllRows(), stages=(Stage("one"),), final=Final(epochs=2)), numbers("binary")
    )
    assert not planned.selects
    assert planned.runs(first(planned).candidate) == ()


def test_where_test_rows_validate_all_training_rows_train_and_the_plan_is_leaked() -> None:
    planned = plan(small_study(validation=TestRows()), numbers("binary"))
    assert planned.is_leaked
    assert planned.validation_rows == 200
    assert [len(split.train) for split in planned.splits] == [240]
    assert not plan(small_study(), numbers("binary")).is_leaked


def test_only_the_first_rows_are_split_where_so_asked() -> None:
    planned = plan(small_study(data=Data("handmade", rows=100), validation=KFold(4)), numbers("binary"))
    rows = [row for split in planned.splits for row in split.validation.tolist()]
    assert sorted(rows) == list(range(100))
    assert planned.dataset.sealed.count == 200


def test_batch_sizes_are_powers_of_two_that_give_about_32_batches() -> None:
    assert {batch_size_for(rows) for rows in range(1, 513)} == {16}
    for rows in range(513, 20_000, 7):
        size = batch_size_for(rows)
        assert size in {16, 32, 64, 128, 256, 512}
        assert size == 512 or 16 <= rows / size < 34
