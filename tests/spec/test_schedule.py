from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.errors import SpecError
from justfit.spec import SCHEDULES, Constant, CosineDecay, Recipe, Schedule, StepDecay, parse_schedule

POSITIVE, FROM_0 = r"\(0, 1e\+06\]", r"\[0, 1e\+06\]"


def test_a_schedule_is_known_by_its_name_and_by_default_constant() -> None:
    schedules = (Constant(), StepDecay(10, 0.5), CosineDecay(20))
    assert {schedule.name: type(schedule) for schedule in schedules} == SCHEDULES
    assert Recipe().schedule == Constant(warmup=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(warmup=-1), f"warmup must be a number in {FROM_0}, got -1"),
        (lambda: Constant(warmup="2"), f"warmup must be a number in {FROM_0}, got '2'"),
        (lambda: StepDecay(0, 0.5), f"every must be a number in {POSITIVE}, got 0"),
        (lambda: StepDecay(1e7, 0.5), f"every must be a number in {POSITIVE}, got 10000000.0"),
        (lambda: StepDecay(10, 0), r"factor must be a number in \(0, 1\], got 0"),
        (lambda: StepDecay(0.5, 10), r"factor must be a number in \(0, 1\], got 10"),
        (lambda: StepDecay(10, 0.5, float("nan")), f"warmup must be a number in {FROM_0}, got nan"),
        (lambda: CosineDecay(0), f"epochs must be a number in {POSITIVE}, got 0"),
        (lambda: CosineDecay(float("inf")), f"epochs must be a number in {POSITIVE}, got inf"),
        (lambda: CosineDecay(20, floor=2), r"floor must be a number in \[0, 1\], got 2"),
        (lambda: CosineDecay(20, warmup=-1), f"warmup must be a number in {FROM_0}, got -1"),
        (lambda: Recipe(schedule="cosine"), "must be Constant, StepDecay or CosineDecay, got 'cosine'"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_with_its_key(make: Callable[[], object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        make()


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("constant", Constant()),
        ("constant,warmup=2", Constant(2)),
        ("step:10:0.5", StepDecay(10, 0.5)),
        ("step:0.5:1", StepDecay(0.5, 1)),
        ("step:10,factor=0.1", StepDecay(10, 0.1)),
        ("step,factor=0.1,every=3", StepDecay(3, 0.1)),
        ("cosine:20", CosineDecay(20)),
        (" cosine : 20 : 0.1 , warmup = 1.5 ", CosineDecay(20, 0.1, 1.5)),
    ],
)
def test_a_schedule_is_read_from_its_short_form(text: str, schedule: Schedule) -> None:
    assert parse_schedule(text) == schedule


@given(st.floats(0.01, 99), st.floats(0.01, 1), st.floats(0, 99))
def test_every_number_of_a_schedule_can_be_given_in_the_short_form(
    first: float, second: float, warmup: float
) -> None:
    assert parse_schedule(f"constant,warmup={warmup}") == Constant(warmup)
    assert parse_schedule(f"step:{first}:{second},warmup={warmup}") == StepDecay(first, second, warmup)
    assert parse_schedule(f"cosine:{first}:{second},warmup={warmup}") == CosineDecay(first, second, warmup)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "cosin:20",
            r'schedule "cosin" is not known: expected one of constant, step, cosine\. .* "cosine"\?',
        ),
        ("", 'schedule "" is not known: expected one of constant, step, cosine'),
        ("cosine", 'schedule "cosine" is not understood: expected such as cosine:20 or cosine:20,warmup=2'),
        ("step:10", 'schedule "step:10" is not understood: expected such as step:10:0.5 or step:10:0.5,warm'),
        ("step:10:0.5:2", "is not understood: expected such as step:10:0.5 or step:10:0.5,warmup=2"),
        ("constant:2", "is not understood: expected such as constant or constant,warmup=2"),
        ("cosine:20,2", r'schedule "cosine:20,2" is not understood: expected numbers such as .* got "2"'),
        ("cosine:", 'schedule "cosine:": epochs must be a number, .* got ""'),
        ("cosine:twenty", 'schedule "cosine:twenty": epochs must be a number, .* got "twenty"'),
        ("cosine:20,warmpu=2", 'schedule key "warmpu" is not known in .* Did you mean "warmup"'),
        ("cosine:20,epochs=30", 'schedule "cosine:20,epochs=30" gives epochs twice: give it once'),
        ("step:0.5:10", r"factor must be a number in \(0, 1\], got 10"),
        ("cosine:-1", "epochs must be a number in .* got -1"),
    ],
)
def test_a_short_form_that_cannot_be_is_told_what_is_wrong_with_it(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse_schedule(text)
