from pathlib import Path

import pytest
from report.handmade import study

from justfit.report.fields import FIELDS, places_of, value_of
from justfit.report.findings import findings
from justfit.spec import Settings


def value(store: Path, settings: Settings, field: str) -> float | str:
    (found,) = findings(study(store, {"n": settings}, lambda *_: [0.5]))
    return value_of(found, field)


@pytest.mark.parametrize(
    ("settings", "field", "expected"),
    [
        ({"dropout": 0.5}, "dropout", 0.5),
        ({"hidden": [8, 8, 8], "dropout": [0.5, 0, 0.5]}, "dropout", "0.5/0/0.5"),
        ({"hidden": []}, "dropout", 0.0),
        ({"hidden": []}, "hidden", "none"),
        ({"hidden": []}, "units", 0),
        ({"hidden": [16, 8]}, "units", 16),
        ({"hidden": [16, 8]}, "layers", 2),
        ({"optimizer": "adam", "learning_rate": 0.01}, "learning_rate", 0.01),
        ({"optimizer": "adam", "learning_rate": 0.01}, "optimizer", "adam"),
        ({"clip_norm": None}, "clip_norm", "none"),
        ({"clip_norm": 2.0}, "clip_norm", 2.0),
        ({}, "schedule", "constant"),
        ({"schedule": "step:10:0.5"}, "schedule", "step"),
    ],
)
def test_a_field_has_the_value_that_the_network_was_trained_with(
    tmp_path: Path, settings: Settings, field: str, expected: float | str
) -> None:
    found = value(tmp_path, settings, field)
    if field == "schedule":
        assert str(found).startswith(str(expected))
    else:
        assert found == expected


def test_every_field_has_a_value(tmp_path: Path) -> None:
    for field in FIELDS:
        assert isinstance(value(tmp_path, {}, field), int | float | str), field


def test_numbers_stand_where_they_are_and_anything_else_side_by_side() -> None:
    assert places_of([32, 16, 32]) == (None, [32, 16, 32])
    assert places_of([0.5, 0.0]) == (None, [0.5, 0.0])
    assert places_of([2.0, "none", 1.0]) == (["1", "2", "none"], [1, 2, 0])
    assert places_of([0.0, 0.001, 0.1]) == (["0", "0.001", "0.1"], [0, 1, 2])
