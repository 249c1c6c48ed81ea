from collections.abc import Iterator
from typing import Any

import jsonschema

from justfit.spec.study_schema import study_schema

SCHEMA = study_schema()


def described(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key of the mappings in a schema, with its place; what is named elsewhere stands in its place."""
    if isinstance(schema, list):
        for each in schema:
            yield from described(each, path)
    elif isinstance(schema, dict):
        for key, inner in schema.items():
            if key == "properties":
                for name, each in inner.items():
                    reference = each.get("$ref", "").rpartition("/")[2]
                    yield f"{path}.{name}", {**SCHEMA["$defs"].get(reference, {}), **each}
            if key not in ("examples", "default"):
                yield from described(inner, path if key in ("anyOf", "properties") else f"{path}.{key}")


KEYS = [
    (place, each) for place, each in described(SCHEMA) if ".lists." not in place and ".space." not in place
]


def test_every_key_says_what_it_means() -> None:
    assert len(KEYS) > 100
    inside = ("taper", "of", "winner_of", "from", "to", "log")  # of mappings that are told as a whole
    without = {place for place, each in KEYS if "description" not in each}
    assert {place for place in without if not place.endswith(inside)} == set()


def test_examples_and_defaults_are_what_the_key_takes() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    examples = 0
    for place, each in KEYS:
        own = validator.evolve(schema={**each, "$defs": SCHEMA["$defs"]})
        for value in [*each.get("examples", ()), *([each["default"]] if "default" in each else [])]:
            assert own.is_valid(value), (place, value)
            examples += 1
    assert examples > 150


def test_each_setting_has_the_default_of_its_noun() -> None:
    defaults = {
        key: SCHEMA["$defs"][key]["default"] for key in ("epochs", "dropout", "activation", "optimizer")
    }
    assert defaults == {"epochs": 20, "dropout": 0.0, "activation": "relu", "optimizer": "rmsprop"}
