import pytest
from workflow.handmade import numbers

from justfit.errors import SpecError
from justfit.spec import Adam, HoldOut, Network, Recipe, RmsProp, Scaling
from justfit.workflow import plan_run
from justfit.workflow.plan import batch_size_for


def test_what_is_left_open_is_decided_and_written_down() -> None:
    data = numbers("regression", train=2000)
    run = plan_run(data)
    assert run.candidate.network == Network((16, 16))
    assert run.candidate.recipe == Recipe(RmsProp(), batch_size=64, epochs=20, loss="mse")
    assert (run.protocol, run.preparation, run.seed) == (HoldOut("stratified", 0.2), data.preparation, 0)
    assert (run.data, run.fingerprint, run.task) == ("handmade", data.fingerprint, "regression")


def test_what_is_asked_for_stays() -> None:
    recipe = Recipe(Adam(), batch_size=7, epochs=3, loss="mse")
    protocol, preparation = HoldOut("last", 50), Scaling("none")
    run = plan_run(
        numbers("binary"), Network((2,)), recipe, preparation=preparation, protocol=protocol, seed=5
    )
    assert (run.candidate.network, run.candidate.recipe) == (Network((2,)), recipe)
    assert (run.protocol, run.preparation, run.seed) == (protocol, preparation, 5)


def test_naming_the_task_s_own_loss_changes_nothing() -> None:
    named = plan_run(numbers("binary"), recipe=Recipe(loss="binary_crossentropy"))
    assert named.id == plan_run(numbers("binary")).id


@pytest.mark.parametrize(
    ("task", "arguments", "message"),
    [
        ("regression", {"recipe": Recipe(loss="hinge")}, 'loss "hinge" is not known for regression labels'),
        ("binary", {"protocol": HoldOut(size=240)}, "would take 240 of 240 training rows"),
        ("binary", {"seed": -1}, "seed must be a whole number at least 0, got -1"),
    ],
)
def test_what_does_not_fit_the_data_is_refused(task: str, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        plan_run(numbers(task), **arguments)


def test_batch_sizes_are_powers_of_two_that_give_about_32_batches() -> None:
    assert {batch_size_for(rows) for rows in range(1, 513)} == {16}
    for rows in range(513, 20_000, 7):
        size = batch_size_for(rows)
        assert size in {16, 32, 64, 128, 256, 512}
        assert size == 512 or 16 <= rows / size < 34
