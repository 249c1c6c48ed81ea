from typing import Any

import pytest

from justfit.errors import SpecError
from justfit.spec import MONITORS, Recipe


@pytest.mark.parametrize(
    "arguments",
    [
        {"batch_size": 1, "epochs": 1, "patience": 1},
        {"epochs": 1_000_000},
        {"clip_norm": 1e-9},
        {"shuffle_block": 1},
        {"clip_value": 5},
        *({"monitor": monitor} for monitor in MONITORS),
    ],
)
def test_what_is_legal_is_kept(arguments: dict[str, Any]) -> None:
    recipe = Recipe(**arguments)
    assert {key: getattr(recipe, key) for key in arguments} == arguments


def test_equal_numbers_make_equal_recipes() -> None:
    assert repr(Recipe(clip_norm=1)) == repr(Recipe(clip_norm=1.0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shuffle_block": 0}, r"shuffle_block must be a whole number from 1 to 1,?000,?000, got 0"),
        ({"shuffle_block": True}, "shuffle_block must be a whole number"),
        ({"batch_size": 0}, "batch_size must be a whole number at least 1, got 0"),
        ({"batch_size": 1.0}, r"batch_size must be a whole number at least 1, got 1\.0"),
        ({"epochs": 0}, "epochs is 0, so nothing would be trained: give at least 1"),
        ({"epochs": -1}, "epochs must be a whole number from 1 to 1000000, got -1"),
        ({"epochs": 10**7}, "epochs must be a whole number from 1 to 1000000, got 10000000"),
        ({"clip_norm": 0}, r"clip_norm must be a number in \(0, inf\), got 0"),
        ({"clip_norm": float("inf")}, r"clip_norm must be a number in \(0, inf\), got inf"),
        ({"clip_value": -1}, r"clip_value must be a number in \(0, inf\), got -1"),
        ({"clip_norm": 1, "clip_value": 1}, "clip_norm and clip_value are both given: give one of them"),
        ({"patience": 0}, "patience must be a whole number at least 1, got 0"),
        ({"patience": 2.5}, r"patience must be a whole number at least 1, got 2\.5"),
        ({"monitor": "val_los"}, 'monitor "val_los" is not known: .* Did you mean "val_loss"'),
        ({"monitor": "loss"}, 'monitor "loss" is not known: expected one of val_data_loss, val_loss, val_m'),
        ({"monitor": None}, 'monitor "None" is not known'),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_with_its_key(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Recipe(**arguments)
