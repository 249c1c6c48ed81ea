"""What is no state of the cohort that shall go on from it is refused, and does no harm."""

import contextlib
import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from engine.handmade import labelled, member
from hypothesis import given, settings
from hypothesis import strategies as st

from justfit.data.rows import Bags
from justfit.engine import Cohort, Labelled, Training, TrainingState
from justfit.errors import EngineError
from justfit.spec import Adam, CosineDecay, Network, RmsProp

TWO = Cohort((member(), member(Network((5,)), seed=1)))
ROWS = labelled()


def advanced(cohort: Cohort, rows: Labelled = ROWS, **options: Any) -> TrainingState:
    """The state after one more epoch."""
    training = Training(cohort, rows, labelled(rows=30, sparse=isinstance(rows.rows, Bags)), **options)
    next(training.epochs())
    return training.state()


whole = functools.cache(lambda: advanced(TWO))
"""A state of `TWO` as it should be."""


def changed(**recipe: Any) -> Cohort:
    """The cohort with another recipe of its second member."""
    first, second = TWO.members
    return Cohort((first, replace(second, recipe=replace(second.recipe, **recipe))))


def of_all(**fields: Any) -> Cohort:
    return Cohort(tuple(replace(one, **fields) for one in TWO.members))


OF_ANOTHER_MEMBER = "is another network, or trained otherwise"
OF_OTHER_ROWS = "made with another number of members, or other columns, batches or dropped inputs"


@pytest.mark.parametrize(
    ("cohort", "rows", "message"),
    [
        (changed(optimizer=RmsProp(0.02)), ROWS, f"its member 1 {OF_ANOTHER_MEMBER}"),
        (changed(optimizer=Adam(0.01)), ROWS, f"its member 1 {OF_ANOTHER_MEMBER}"),
        (changed(schedule=CosineDecay(3)), ROWS, f"its member 1 {OF_ANOTHER_MEMBER}"),
        (changed(clip_norm=1.0), ROWS, f"its member 1 {OF_ANOTHER_MEMBER}"),
        (Cohort(TWO.members[::-1]), ROWS, f"its member 0 {OF_ANOTHER_MEMBER}"),
        (of_all(dropout_seed=9), ROWS, f"its member 0 {OF_ANOTHER_MEMBER}"),
        (of_all(loss="mse"), ROWS, f"its member 0 {OF_ANOTHER_MEMBER}"),
        (of_all(order_seed=9), ROWS, OF_OTHER_ROWS),
        (of_all(input_dropout=0.1), ROWS, OF_OTHER_ROWS),
        (TWO, labelled(rows=15), OF_OTHER_ROWS),
        (TWO, labelled(sparse=False), OF_OTHER_ROWS),
        (Cohort(TWO.members * 2), ROWS, "The state has 4 members and 4 best epochs, the cohort 2 members"),
    ],
)
def test_a_state_of_another_cohort_or_of_other_rows_is_refused(
    cohort: Cohort, rows: Labelled, message: str
) -> None:
    state = advanced(cohort, rows)
    with pytest.raises(EngineError, match=message):
        Training(TWO, ROWS, state=state)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"best": ()}, "The state has 2 members and 0 best epochs, the cohort 2 members"),
        ({"epoch": 3}, "The state is of epoch 3, but a member trains 3 epochs"),
        ({"epoch": -1}, "The state is of epoch -1, but a member trains 3 epochs"),
    ],
)
def test_a_state_that_contradicts_its_cohort_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        Training(TWO, ROWS, state=replace(whole(), **fields))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content[:-1], "its 5343 bytes are not as many as it tells"),
        (lambda content: np.append(content, np.uint8(0)), "its 5345 bytes are not as many as it tells"),
        (lambda content: content[:0], "it does not begin as the state of a cohort"),
        (lambda content: content[::2], "must be an array of uint8 with 1 axis"),
        (lambda content: content.astype(np.int8), "must be an array of uint8 with 1 axis"),
    ],
)
def test_a_state_whose_content_was_changed_is_refused(change: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        Training(TWO, ROWS, state=replace(whole(), content=change(whole().content)))


def test_best_weights_are_not_kept_after_a_state_that_lacks_them() -> None:
    with pytest.raises(EngineError, match="the state has none: it was taken without them"):
        Training(TWO, ROWS, keep_best=True, state=whole())
    kept = advanced(TWO, keep_best=True)
    assert Training(TWO, ROWS, keep_best=True, state=kept).best(1)[0].epoch == 1


@given(st.integers(0, 5343) | st.integers(0, 700), st.binary(min_size=1, max_size=9), st.integers(0, 9))
@settings(max_examples=30)
def test_whatever_bytes_are_written_over_a_state_it_is_refused_or_trained_on(
    at: int, written: bytes, cut: int
) -> None:
    content = whole().content.copy()
    over = content[at : at + len(written)]
    over[:] = np.frombuffer(written, np.uint8)[: over.size]
    state = replace(whole(), content=content[: content.size - (cut if cut < 3 else 0)])
    # A ValueError where the steps are so many that the next ones cannot be counted.
    with contextlib.suppress(EngineError, ValueError):
        assert advanced(TWO, state=state).epoch == 2


def test_a_state_in_memory_that_must_not_be_written_to_is_taken_and_left_alone() -> None:
    content = np.frombuffer(whole().content.tobytes(), np.uint8)
    assert advanced(TWO, state=replace(whole(), content=content)).epoch == 2
    assert content.tobytes() == whole().content.tobytes()
