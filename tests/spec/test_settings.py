from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.errors import SpecError
from justfit.spec import (
    Adam,
    Candidate,
    Constant,
    CosineDecay,
    Network,
    Recipe,
    RmsProp,
    Sgd,
    StepDecay,
    candidate_of,
)
from justfit.spec.settings import LAST_LAYER, SETTINGS, check_settings, settings_of, values_of


def test_settings_left_out_are_as_by_default() -> None:
    assert candidate_of({}) == Candidate(Network((16, 16)), Recipe())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("adam", Adam()),
        ("sgd:momentum=0.9,nesterov=true", Sgd(momentum=0.9, nesterov=True)),
        ({"name": "sgd", "momentum": 0.9}, Sgd(momentum=0.9)),
        (Adam(0.5), Adam(0.5)),
    ],
)
def test_an_optimizer_is_a_name_a_short_form_a_mapping_or_itself(said: object, meant: object) -> None:
    assert candidate_of({"optimizer": said}).recipe.optimizer == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("constant", Constant()),
        ("step:10:0.5", StepDecay(10, 0.5)),
        ({"name": "cosine", "epochs": 20, "floor": 0.1}, CosineDecay(20, 0.1)),
        (CosineDecay(3), CosineDecay(3)),
    ],
)
def test_a_schedule_is_a_short_form_a_mapping_or_itself(said: object, meant: object) -> None:
    assert candidate_of({"schedule": said}).recipe.schedule == meant


def test_a_learning_rate_is_the_optimizer_s_whatever_that_is() -> None:
    assert candidate_of({"learning_rate": 0.5}).recipe.optimizer == RmsProp(0.5)
    assert candidate_of({"learning_rate": 0.5, "optimizer": "adam"}).recipe.optimizer == Adam(0.5)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"hiden": [16]}, 'setting "hiden" is not known: .* Did you mean "hidden"'),
        ({"epochs": 0}, "epochs is 0, so nothing would be trained: give at least 1"),
        ({"epochs": True}, "epochs must be a whole number from 1 to 1000000, got True"),
        ({"optimizer": 5}, "optimizer must be one of sgd, .* with its numbers, got 5"),
        ({"optimizer": {"name": "sgd", "rho": 1}}, 'optimizer key "rho" is not known of sgd'),
        ({"optimizer": {"momentum": 1}}, 'optimizer "None" is not known'),
        ({"schedule": {"name": "step", "every": 3}}, "schedule step lacks factor: give it a number"),
        ({"schedule": 5}, "schedule must be one of constant, step, cosine with its numbers, got 5"),
        ({"name": ""}, "name must be a text, got ''"),
        ({"loss": "mean"}, 'loss "mean" is not known: expected one of binary_crossentropy'),
    ],
)
def test_settings_that_cannot_be_are_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        candidate_of(said)


@pytest.mark.parametrize("key", LAST_LAYER)
def test_the_last_layer_cannot_be_named(key: str) -> None:
    assert key not in SETTINGS
    with pytest.raises(SpecError, match=f'"{key}" would name the last layer, which cannot be named'):
        candidate_of({key: 1})


def test_numbers_for_each_layer_are_checked_also_where_the_widths_are_not_yet_known() -> None:
    check_settings({"dropout": [0.5, 0.25, 0.0], "l2": [0.1]})
    with pytest.raises(SpecError, match=r"dropout must be a number in \[0, 1\), got 7"):
        check_settings({"dropout": [0.5, 7]})
    with pytest.raises(SpecError, match="dropout must be one number or one for each of 1 hidden layers"):
        check_settings({"dropout": [0.5, 0.5], "hidden": [16]})


@pytest.mark.parametrize(
    ("rule", "widths"),
    [
        ({"taper": [1, 1], "of": [16, 32]}, ((16, 16), (32, 32))),
        ({"taper": [1, "1/2", "1/4"], "of": [8, 16]}, ((8, 4, 2), (16, 8, 4))),
        ({"taper": [2, 1.5, "0.5"], "of": [4]}, ((8, 6, 2),)),
        ({"taper": (1,), "of": (7,)}, ((7,),)),
    ],
)
def test_widths_by_rule_are_in_these_proportions(rule: dict[str, Any], widths: object) -> None:
    assert values_of("hidden", rule) == widths


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"taper": [1, "1/3"], "of": [16]}, r"gives 16-16/3: widths must be whole and at least 1"),
        ({"taper": [1, 0], "of": [16]}, "gives 16-0: widths must be whole"),
        ({"taper": [-1], "of": [16]}, "gives -16: widths must be whole"),
        ({"taper": [1], "of": [0]}, "a width under of must be a whole number at least 1, got 0"),
        ({"taper": [1], "of": [1.5]}, "a width under of must be a whole number"),
        ({"taper": [], "of": [1]}, "a rule for hidden must be such as {taper: "),
        ({"taper": [1]}, "a rule for hidden must be such as {taper: "),
        ({"taper": 1, "of": 8}, "a rule for hidden must be such as {taper: "),
        ({"tapered": [1], "of": [8]}, 'key of a rule for hidden "tapered" is not known'),
        *(
            ({"taper": [share], "of": [8]}, "taper must list shares such as 1, 1/2 or 0.25, got")
            for share in (
                "1/0",
                "half",
                "",
                "-1/2",
                "1e999999999",
                "9" * 5_000,
                True,
                None,
                [1],
                1e999,
                float("nan"),
            )
        ),
    ],
)
def test_a_rule_that_cannot_be_is_refused_at_once(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        values_of("hidden", rule)


@pytest.mark.parametrize("values", [64, "64", None, {"taper": [1], "of": [1]}])
def test_values_to_try_must_be_listed(values: object) -> None:
    with pytest.raises(SpecError, match="batch_size must be a list of values to try"):
        values_of("batch_size", values)
    with pytest.raises(SpecError, match="batch_size is an empty list, so nothing would be trained"):
        values_of("batch_size", [])


CANDIDATES = st.builds(
    Candidate,
    st.builds(
        Network,
        st.lists(st.integers(1, 99), max_size=3).map(tuple),
        st.sampled_from(["relu", "tanh"]),
        dropout=st.floats(0, 0.9),
        l2=st.floats(0, 1),
        embedding=st.none() | st.integers(1, 9),
    ),
    st.builds(
        Recipe,
        st.builds(Adam, st.floats(1e-6, 1))
        | st.builds(Sgd, st.floats(1e-6, 1), st.floats(0, 1), st.booleans()),
        st.none() | st.integers(1, 99),
        st.integers(1, 99),
        schedule=st.just(Constant()) | st.builds(StepDecay, st.integers(1, 9), st.floats(0.1, 1)),
        patience=st.none() | st.integers(1, 9),
    ),
)


@given(CANDIDATES)
def test_a_candidate_comes_back_from_its_settings(candidate: Candidate) -> None:
    assert candidate_of(settings_of(candidate)) == candidate
