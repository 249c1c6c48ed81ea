"""Whatever the native module is given, it answers with a value or an error, and never ends the process.

`scripts/sanitize-python` runs this under the address and undefined-behaviour sanitizers.
"""

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from justfit import _native

REFUSALS = (TypeError, ValueError, RuntimeError, MemoryError, OverflowError)
FUZZ = settings(max_examples=150, suppress_health_check=list(HealthCheck))

_T = TypeVar("_T")


def attempt(call: Callable[..., _T], *arguments: object) -> _T | None:
    """What a call gives, or None where it refuses."""
    try:
        return call(*arguments)
    except REFUSALS:
        return None


# ---- what it is given ----


def mostly(right: st.SearchStrategy[Any], otherwise: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 29).flatmap(lambda number: otherwise if number == 29 else right)


# Sizes are so small that nothing takes time or so large that none can be meant: nothing shall fill memory.
small = st.integers(1, 40)
absurd = st.sampled_from([-(2**70), -(2**63), -1, 0, 2**50, 2**62, 2**63 - 1, 2**63, 2**70])
sizes = mostly(small, absurd)
wild = st.sampled_from([-1.0, 1.0, 1e38, -1e38, float("nan"), float("inf"), -float("inf")])
numbers = st.one_of(st.sampled_from([0.0, 0.5, 0.9, 1e-7]), st.floats(0, 1), wild)
shares = mostly(st.sampled_from([0.0, 0.1, 0.5, 0.999]), wild)

DTYPES = ["f4", "f8", "f2", ">f4", "i4", "i8", "u1", "?", "c8"]
NO_ARRAYS = [None, 3, "values", [1.0, 2.0], b"12345678", memoryview(bytes(8)), np.array([None])]
LAYOUTS: list[Callable[[np.ndarray], np.ndarray]] = [
    np.asfortranarray,
    lambda array: array[::2] if array.ndim else array,
    lambda array: array[..., ::-1] if array.ndim else array,
    lambda array: np.broadcast_to(array, (5, *array.shape)),
    lambda array: np.frombuffer(b"?" + array.tobytes(), array.dtype, offset=1).reshape(array.shape),
]


@st.composite
def arrays(draw: st.DrawFn, dtype: str = "f4", axes: int = 1) -> object:
    """Arrays, often of these kind and axes, else of any kind and layout, and things that are none."""
    if draw(st.integers(0, 19)) == 19:
        return draw(st.sampled_from(NO_ARRAYS))
    count = draw(mostly(st.just(axes), st.integers(0, 3)))
    shape = tuple(draw(st.lists(st.integers(0, 9), min_size=count, max_size=count)))
    values = np.random.default_rng(draw(st.integers(0, 99))).integers(-2, 10, shape)
    values = values.astype(draw(mostly(st.just(dtype), st.sampled_from(DTYPES))))
    return draw(mostly(st.just(lambda array: array), st.sampled_from(LAYOUTS)))(values)


HIDDEN = [kind for kind in _native.Activation.__members__.values() if kind != _native.Activation.softmax]
NUMBERS = (
    *(
        "learning_rate",
        "momentum",
        "rho",
        "beta_1",
        "beta_2",
        "epsilon",
        "weight_decay",
        "initial_accumulator",
    ),
    *("l1", "l2", "clip_norm", "clip_value"),
)


@st.composite
def layers(draw: st.DrawFn) -> _native.LayerSpec:
    fields = dict.fromkeys(
        ("l1", "l2", "activity_l1", "activity_l2", "max_norm"), mostly(st.just(0.0), numbers)
    )
    fields |= {
        "units": sizes,
        "activation": mostly(st.sampled_from(HIDDEN), st.just(_native.Activation.softmax)),
        "bias": st.booleans(),
        "dropout": shares,
    }
    return filled(_native.LayerSpec(), draw, fields)


@st.composite
def members(draw: st.DrawFn) -> _native.MemberSpec:
    schedule = {
        "kind": st.sampled_from([*_native.ScheduleKind.__members__.values()]),
        "warmup_steps": numbers,
        "steps": numbers,
        "factor": numbers,
    }
    optimizer = dict.fromkeys(NUMBERS, st.one_of(st.just(0.0), numbers)) | {
        "kind": st.sampled_from([*_native.OptimizerKind.__members__.values()]),
        "nesterov": st.booleans(),
        "schedule": st.just(filled(_native.ScheduleSpec(), draw, schedule)),
    }
    fields = {
        "layers": mostly(st.lists(layers(), min_size=1, max_size=4), st.just([])),
        "loss": st.sampled_from([*_native.Loss.__members__.values()]),
        "metric": st.sampled_from([*_native.Metric.__members__.values()]),
        "optimizer": st.just(filled(_native.OptimizerSpec(), draw, optimizer)),
        "dropout_seed": st.one_of(st.integers(0, 2**64 - 1), absurd),
    }
    return filled(_native.MemberSpec(), draw, fields)


@st.composite
def cohorts(draw: st.DrawFn) -> _native.CohortSpec:
    fields = {
        "columns": sizes,
        "sparse": st.booleans(),
        "batch_size": sizes,
        "threads": mostly(st.integers(1, 3), st.sampled_from([-1, 0, 1025, 2**31, 2**40])),
        "input_dropout": mostly(st.just(0.0), shares),
        "input_dropout_seed": st.integers(0, 2**64 - 1),
    }
    return filled(_native.CohortSpec(), draw, fields)


def filled(struct: _T, draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Any]]) -> _T:
    """The struct with drawn fields, but those it refuses."""
    for name, strategy in fields.items():
        attempt(setattr, struct, name, draw(strategy))
    return struct


# ---- what it answers ----


@FUZZ
@given(arrays("i8"), arrays("i4"), arrays(), arrays(axes=2), arrays(axes=2), sizes)
def test_any_arrays_are_taken_or_refused(  # noqa: PLR0917 - as the module takes them
    longs: object, integers: object, floats: object, table: object, kernel: object, size: int
) -> None:
    attempt(_native.bags, longs, integers, floats, size)
    attempt(_native.class_targets, integers, size, floats)
    attempt(_native.number_targets, table, floats)
    rows = attempt(_native.dense, table)
    if rows is None:
        return
    linear = [_native.Activation.linear]
    attempt(_native.predict, rows, [kernel], [floats], linear, 2)
    attempt(_native.predict, rows, [kernel, table], [None, floats], linear * 2, size)
    if isinstance(kernel, np.ndarray) and kernel.dtype == np.float32 and kernel.size:
        fitting = np.resize(kernel, (np.shape(table)[1], 3))
        np.testing.assert_allclose(
            _native.predict(rows, [fitting], [None], linear, 2), table @ fitting, rtol=1e-5
        )


@FUZZ
@given(
    st.lists(st.integers(0, 5), max_size=7).map(lambda lengths: [0, *itertools.accumulate(lengths)]),
    st.lists(st.integers(-3, 3), max_size=8),
    sizes,
    st.booleans(),
    st.data(),
)
def test_any_bags_are_taken_or_refused_and_those_taken_can_be_used(
    indptr: list[int], noise: list[int], columns: int, ones: bool, data: st.DataObject
) -> None:
    last = min(columns - 1, 50) if columns > 0 else 50
    indices = data.draw(
        st.lists(
            mostly(st.integers(0, last), st.sampled_from([-1, -(2**31), 2**31 - 1, 60])),
            min_size=indptr[-1],
            max_size=indptr[-1],
        )
    )
    if data.draw(st.integers(0, 3)) == 3:
        indptr = [a + b for a, b in itertools.zip_longest(indptr, noise, fillvalue=0)]
    values = np.ones(len(indices), np.float32) if ones else np.arange(len(indices), dtype=np.float32)
    rows = attempt(_native.bags, np.array(indptr, np.int64), np.array(indices, np.int32), values, columns)
    if rows is None or columns > 40:
        return
    kernel = np.ones((columns, 3), np.float32)
    outputs = _native.predict(rows, [kernel], [None], [_native.Activation.relu], 2)
    sums = [values[a:b].sum() for a, b in itertools.pairwise(indptr)]
    np.testing.assert_array_equal(outputs, np.repeat(sums, 3).reshape(-1, 3))


few = st.integers(1, 3)
texts = mostly(
    st.lists(st.text("ab é!\n\0\ud800\u4e2d\U0001f600", max_size=12), max_size=8),
    st.sampled_from([[None], [3], "text", None, [b"a"], ["a" * 70_000, "b " * 9_000]]),
)


@FUZZ
@given(texts, texts, st.booleans(), st.booleans(), mostly(st.integers(1, 4), absurd), st.data())
def test_any_texts_and_n_grams_are_taken_or_refused(  # noqa: PLR0917 - as the module takes them
    given: object, others: object, characters: bool, punctuation: bool, longest: int, data: st.DataObject
) -> None:
    draw, kind = data.draw, (characters, punctuation, longest)
    limits = draw(sizes), draw(mostly(st.floats(0.01, 1), wild)), draw(sizes), draw(mostly(few, absurd))
    fit = attempt(_native.Ngrams.fit, given, *kind, *limits)
    lines = draw(st.text("ab 1\t\n\0é\ud800", max_size=30)) if fit is None else fit.text()
    read = attempt(_native.Ngrams.read, lines, *kind)
    assert fit is None or read is None or read.text() == lines
    for ngrams in (fit, read, attempt(_native.Ngrams.hashed, *kind, draw(mostly(small, absurd)))):
        if ngrams is None:
            continue
        fitting = np.ones(min(ngrams.columns, 99), np.float32)
        scale = draw(st.one_of(st.sampled_from([None, fitting]), arrays()))
        norm, threads = draw(st.sampled_from([*_native.Norm.__members__.values()])), draw(mostly(few, absurd))
        found = attempt(ngrams.rows, others, draw(st.booleans()), scale, norm, threads)
        if found is not None and ngrams.columns:  # without an n-gram there is no row to make
            assert _native.bags(*found, ngrams.columns)


@pytest.mark.slow
@FUZZ
@given(
    cohorts(),
    mostly(st.lists(members(), min_size=1, max_size=4), st.just([])),
    mostly(st.sampled_from([None, "avx512", "avx2", "plain"]), st.just("abacus")),
    st.data(),
)
def test_any_cohort_is_taken_or_refused_and_does_what_it_is_told_or_refuses_it(
    spec: _native.CohortSpec, given: list[_native.MemberSpec], instructions: str | None, data: st.DataObject
) -> None:
    outputs = data.draw(sizes)
    if data.draw(mostly(st.just(True), st.just(False))):
        given = [ending_alike(member, outputs) for member in given]
    cohort = attempt(_native.Cohort, spec, given, instructions)
    if cohort is None:
        return
    count = data.draw(st.integers(0, 70))
    rows = some_rows(spec, count, ones=data.draw(st.booleans()))
    order = np.array(
        data.draw(mostly(st.permutations(range(count)), st.lists(st.integers(-1, count)))), np.int64
    )
    for _ in range(data.draw(st.integers(1, 8))):
        take_step(cohort, rows, some_targets(data, count, given[0].layers[-1].units), order, data)


def take_step(
    cohort: _native.Cohort,
    rows: _native.Rows,
    targets: _native.Targets,
    order: np.ndarray,
    data: st.DataObject,
) -> None:
    """Calls one method, as it should be or not."""
    draw, some = data.draw, st.integers(0, 3)
    match draw(st.sampled_from(["train", "evaluate", "predict", "retain", "get", "set", "state", "stop"])):
        case "train":
            steps = draw(mostly(st.integers(1, 9), absurd))
            attempt(cohort.train_epoch, rows, targets, draw(mostly(st.just(order), arrays("i8"))), steps)
        case "evaluate":
            attempt(cohort.evaluate, rows, targets)
        case "predict":
            attempt(cohort.predict, draw(mostly(some, absurd)), rows)
        case "retain":
            attempt(cohort.retain, draw(st.lists(some, max_size=3)))
        case "get":
            place = draw(some), draw(mostly(some, absurd))
            if (parts := attempt(cohort.get_layer, *place)) is not None:
                cohort.set_layer(*place, *parts)
        case "set":
            attempt(cohort.set_layer, draw(some), draw(some), draw(arrays(axes=2)), draw(arrays()))
        case "state":
            attempt(cohort.set_state, draw(mostly(changed(cohort.state()), arrays("u1"))))
        case _:
            if draw(st.booleans()):
                cohort.stop()


@st.composite
def changed(draw: st.DrawFn, state: np.ndarray) -> np.ndarray:
    """A cohort's state with other bytes here and there, or the same."""
    state[draw(st.lists(st.integers(0, len(state) - 1), max_size=9))] = draw(st.integers(0, 255))
    return state


def ending_alike(member: _native.MemberSpec, outputs: int) -> _native.MemberSpec:
    """The member with a last layer that fits those of others, and class numbers as labels."""
    last = _native.LayerSpec()
    attempt(setattr, last, "units", outputs)
    last.activation = _native.Activation.softmax
    member.layers = [*member.layers[:-1], last]
    return member


def some_rows(spec: _native.CohortSpec, count: int, ones: bool) -> _native.Rows:
    random = np.random.default_rng(0)
    values = np.ones((count, spec.columns)) if ones else random.normal(size=(count, spec.columns))
    if not spec.sparse:
        return _native.dense(values.astype(np.float32))
    present = random.random(values.shape) < 0.3
    indptr = np.concatenate(([0], np.cumsum(present.sum(axis=1))))
    return _native.bags(
        indptr, np.nonzero(present)[1].astype(np.int32), values[present].astype(np.float32), spec.columns
    )


def some_targets(data: st.DataObject, count: int, outputs: int) -> _native.Targets:
    count += data.draw(mostly(st.just(0), st.integers(0, 2)))
    outputs += data.draw(mostly(st.just(0), st.integers(0, 2)))
    weights = data.draw(
        st.sampled_from([None, np.full(count, 0.5, np.float32), np.full(count, np.nan, np.float32)])
    )
    if data.draw(st.booleans()):
        return _native.class_targets((np.arange(count) % outputs).astype(np.int32), outputs, weights)
    return _native.number_targets(np.full((count, outputs), data.draw(numbers), np.float32), weights)
