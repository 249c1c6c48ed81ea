import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.report.look import LOOKS, Axis, apart, field_axis, looks, shown, ticks, value_axis, wrapped


@pytest.mark.parametrize("last", [1, 2, 9, 10, 11, 20, 21, 99, 100, 1234, 1_000_000])
def test_epochs_on_the_axis_are_whole_and_begin_with_1(last: int) -> None:
    found = ticks(last)
    assert found[0] == 1
    assert found == sorted(set(found))
    assert 0.5 * last <= found[-1] <= last
    assert len(found) <= 11


@given(st.lists(st.tuples(st.floats(-50, 450), st.floats(5, 40)), min_size=1, max_size=20))
def test_labels_never_touch_and_keep_their_order(labels: list[tuple[float, float]]) -> None:
    wanted, sizes = [list(each) for each in zip(*labels, strict=True)]
    found = apart(wanted, sizes, 400)
    order = sorted(range(len(found)), key=lambda number: (wanted[number], number))
    for before, after in itertools.pairwise(order):
        assert found[after] - found[before] >= (sizes[before] + sizes[after]) / 2 - 1e-6
    assert min(place - size / 2 for place, size in zip(found, sizes, strict=True)) >= -1e-6
    if sum(sizes) <= 400:
        assert max(place + size / 2 for place, size in zip(found, sizes, strict=True)) <= 400 + 1e-6


def test_labels_with_room_stand_where_they_want() -> None:
    assert apart([300, 100, 200], [15, 15, 15], 400) == [300, 100, 200]


@given(st.text(max_size=400))
def test_any_text_is_shown_in_few_lines_without_what_could_break_a_picture(text: str) -> None:
    lines = wrapped(text, 30, 2)
    assert 1 <= len(lines) <= 2
    assert all(len(line) <= 30 for line in lines)
    assert shown("".join(lines)) == "".join(lines)
    assert "\x00" not in "".join(lines)
    "".join(lines).encode()  # no half of a surrogate pair


def test_names_that_differ_at_their_ends_differ_when_they_are_cut() -> None:
    names = [f"{'a network with a name that is long ' * 5} {number}" for number in range(3)]
    assert len({tuple(wrapped(name)) for name in names}) == 3


@given(st.floats(1e-6, 1e6), st.floats(1.001, 1e6), st.booleans(), st.floats(0, 1))
def test_share_and_value_of_an_axis_are_inverse(
    low: float, factor: float, is_log: bool, share: float
) -> None:
    axis = Axis(low, low * factor, is_log)
    assert axis.share(axis.value(share)) == pytest.approx(share, abs=1e-6)
    assert axis.share(axis.low) == pytest.approx(0, abs=1e-9)
    assert axis.share(axis.high) == pytest.approx(1)


def test_equal_values_have_an_axis_with_room() -> None:
    for axis in (value_axis([0.5, 0.5]), value_axis([0.0]), field_axis([16])):
        assert axis.low < axis.high


def test_a_band_far_wider_than_the_values_does_not_press_them_flat() -> None:
    axis = value_axis([0.4, 0.6], [(0.0, 100.0), (0.3, 0.7)])
    assert axis.high < 1.5


def test_of_too_many_things_the_best_have_a_look() -> None:
    assert looks([0.0] * len(LOOKS)) == list(LOOKS)
    found = looks([float(number) for number in range(43, 0, -1)])
    assert [number for number, look in enumerate(found) if look] == list(range(36, 43))
