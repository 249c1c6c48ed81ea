"""A study killed at any moment goes on where it was, to the figures of one that was never interrupted."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from workflow.killing import Carrier, left_in, made
from workflow.power import KINDS

from justfit.engine.states import unpacked_state
from justfit.store import has_run
from justfit.store.checking import check_store
from justfit.store.checkpoints import checkpoint_files, read_checkpoint
from justfit.store.repairing import repair_store

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("study", "kills", "how"),
    [
        ("stages", 20, {}),
        ("stages", 10, {"eager": True}),
        ("stages", 4, {"eager": True, "workers": 2}),
        ("tpe", 12, {"eager": True}),
        ("automatic", 4, {}),
    ],
    ids=["stages", "each_epoch_kept", "workers", "tpe", "automatic"],
)
def test_killed_at_random_moments_a_study_comes_to_the_figures_of_one_never_interrupted(
    carry: Carrier, tmp_path: Path, study: str, kills: int, how: dict[str, Any]
) -> None:
    whole = carry.whole(study, made(tmp_path / "whole"))
    seconds = carry(study, made(tmp_path / "measured"), **how).seconds
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    lineage = killed = 0
    while killed < kills:
        lineage += 1
        store = made(tmp_path / f"store_{lineage}")
        where = f"lineage {lineage} of seed {seed}, {seconds} seconds"
        for _ in range(5):
            ended = carry(study, store, seconds=moments.uniform(0, seconds), **how)
            assert not ended.error, f"{where}: {ended.error}"
            if not ended.signal:
                break
            killed += 1
            assert check_store(store).faults == (), where
        assert carry.whole(study, store) == whole, where


def test_killed_before_any_step_that_it_takes_a_study_goes_on_from_the_last_epochs_kept(
    carry: Carrier, tmp_path: Path
) -> None:
    whole = carry.whole("tiny", made(tmp_path / "whole"))
    steps = carry("tiny", made(tmp_path / "steps"), step=10**6, eager=True).steps
    # What was brought to the disk looks the same before.
    places = [step for step in range(len(steps)) if step == 0 or steps[step - 1] != "fsync"]
    assert len(places) > 50
    epochs = set()
    for step in places:
        store = made(tmp_path / f"store_{step}")
        if not carry("tiny", store, step=step, eager=True).signal:
            break  # how many checkpoints there are depends on how fast the disk is
        assert check_store(store).faults == (), step
        kept, wanted = kept_epochs(store)
        ended = carry("tiny", store)
        assert not ended.error, f"step {step}: {ended.error}"
        went_on = Counter(ended.went_on)
        assert wanted <= went_on <= kept, step
        assert left_in(store) == whole, step
        assert not kept_epochs(store)[1], step
        epochs.update(went_on)
    assert step > 80
    assert epochs
    assert epochs <= {1, 2}, "with the last, the third, they end"


def kept_epochs(store: Path) -> tuple[Counter[int], Counter[int]]:
    """The epochs that cohorts have done, of all and of those of which a run has not ended."""
    states = [unpacked_state(read_checkpoint(path)) for path in checkpoint_files(store)]
    training = [each for each in states if not all(has_run(store, member.id) for member in each.members)]
    return Counter(each.epoch for each in states), Counter(each.epoch for each in training)


def test_after_a_loss_of_power_at_any_moment_a_study_goes_on(carry: Carrier, tmp_path: Path) -> None:
    states = made(tmp_path / "states")
    whole = carry.whole("tiny", made(tmp_path / "whole"), record=states, eager=True)
    found = sorted(states.iterdir())
    assert len(found) > 30
    assert {state.name[5:] for state in found} >= set(KINDS[:2])
    for store in found:
        require_at_most_torn(store)
        ended = carry("tiny", store)
        assert not ended.error, f"{store.name}: {ended.error}"
        require_at_most_torn(store)
        repair_store(check_store(store))
        assert left_in(store) == whole, store.name


def require_at_most_torn(store: Path) -> None:
    """Lines that were cut off are all that is wrong."""
    faults = check_store(store).faults
    assert all(each.kind == "torn" for each in faults), f"{store.name}: {faults}"


def test_out_of_memory_a_study_ends_with_an_error_and_goes_on_with_more(
    carry: Carrier, tmp_path: Path
) -> None:
    whole = carry.whole("wide", made(tmp_path / "whole"))
    errors = set()
    for memory in range(2, 500, 7):
        store = made(tmp_path / f"store_{memory}")
        # Killed where Python waits for ever for a thread that had too little to begin.
        ended = carry("wide", store, memory=memory, seconds=30)
        if not ended.error and not ended.signal:
            break
        if ended.error:
            errors.add(ended.error.splitlines()[-1].partition(": ")[::2])
        assert carry.whole("wide", store) == whole, memory
    # By Python and by the engine; the command line puts it in words.
    threads = {
        ("RuntimeError", what) for what in ("can't start new thread", "Resource temporarily unavailable")
    }
    assert {kind for kind, _ in errors - threads} == {"MemoryError"}
