import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from justfit.errors import SpecError, StudyFileError
from justfit.spec import OPTIMIZERS, SCHEDULES
from justfit.spec.settings import SETTINGS, check_settings
from justfit.spec.study_file import parse_studies
from justfit.spec.study_reader import (
    DATA_KEYS,
    FINAL_KEYS,
    HOLD_OUT_KEYS,
    K_FOLD_KEYS,
    STAGE_KEYS,
    STUDY_KEYS,
)
from justfit.spec.study_schema import study_schema
from justfit.spec.study_yaml import Problems, plain_value, read_yaml

SCHEMA = study_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
ROOT = Path(__file__).parents[2]


def documents(text: str) -> list[Any]:
    problems = Problems()
    found = [plain_value(document) for document in read_yaml(text, problems)]
    assert not problems.found
    return found


def keys(schema: dict[str, Any]) -> set[str]:
    assert schema["additionalProperties"] is False
    return set(schema["properties"])


def test_it_is_a_schema_and_plain_json() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_it_has_every_key_that_the_reader_knows_and_no_other() -> None:
    parts = SCHEMA["properties"]
    assert keys(SCHEMA) == set(STUDY_KEYS)
    assert keys(parts["data"]["anyOf"][1]) == set(DATA_KEYS)
    assert keys(parts["validation"]["anyOf"][2]) == set(HOLD_OUT_KEYS)
    assert keys(parts["validation"]["anyOf"][3]) == set(K_FOLD_KEYS)
    assert keys(parts["final"]["anyOf"][1]) == set(FINAL_KEYS)
    assert keys(SCHEMA["$defs"]["stage"]) == set(STAGE_KEYS)
    assert keys(SCHEMA["$defs"]["settings"]) == keys(SCHEMA["$defs"]["lists"]) == set(SETTINGS)


VALID = [
    "data: wine\nstages: {a: }",
    "data: {name: imdb, rows: 100, encoding: counts, num_words: 4, skip_top: 0, maxlen: 1}\nstages: {a: {}}",
    "data: {name: mnist, scaling: divide, by: 255}\nstages: {a: {}}",
    *(
        f"data: wine\nstages: {{a: {{}}}}\nvalidation: {said}"
        for said in (
            "0.2",
            "5000",
            "first:10000",
            "last:0.4",
            "k_fold:4",
            "k_fold:4:in_order",
            "test",
            "{hold_out: 0.2, how: last, train: 0.5, seed: 3}",
            "{k_fold: 4, how: grouped, repeats: 2}",
        )
    ),
    "data: wine\nvalidation: none\nstages: {a: {}}\nfinal: {of: a, epochs: last, train_on: all_rows}",
    "name: x y-1.0\ndata: wine\nseed: 0\nfit: true\nselect: val_loss\nrule: best\nfinal: none\nstages: {a: }",
    "data: wine\nstages: {a: {hidden: [], dropout: 0.5, l2: [], schedule: 'cosine:3,warmup=1'}}",
    "data: wine\nstages: {a: {}}\nfinal: {threshold: f1}",
    "data: wine\nstages: {a: {optimizer: 'sgd:momentum=0.9'}}",
    "data: wine\nstages: {a: {}, b: {from: a}, c: {from: {winner_of: b}, networks: [{name: x, epochs: 1}]}}",
    "data: wine\nstages: {a: {grid: {hidden: {taper: [1, 1/2, 0.25, 2], of: [8]}}, zip: {epochs: [1, 2]}}}",
    "data: wine\nstages: {a: {grid: {hidden: [[8], []], optimizer: [adam, {name: ftrl, learning_rate: 1}]}}}",
]


@pytest.mark.parametrize("text", VALID)
def test_what_the_reader_takes_is_valid(text: str) -> None:
    assert parse_studies(text)
    (document,) = documents(text)
    VALIDATOR.validate(document)


INVALID = [
    "stages: {a: {}}",
    "data: wine",
    "data: wine\nstages: {}",
    "data: wine\nstages: [a]",
    "data: wine\nstages: {a: {}}\nrepliates: 3",
    "data: wine\nstages: {a: {}}\nreplicates: 0",
    "data: wine\nstages: {a: {}}\nseed: -1",
    "data: wine\nstages: {a: {}}\nselect: val_los",
    "data: wine\nstages: {a: {}}\nrule: smallest",
    "data: wine\nstages: {a: {}}\nfit: 1",
    "data: wine\nstages: {a/b: {}}",
    "name: .x\ndata: wine\nstages: {a: {}}",
    "data: {num_words: 10}\nstages: {a: {}}",
    "data: {name: imdb, num_words: 3}\nstages: {a: {}}",
    "data: wine\nstages: {a: {}}\nvalidation: frist:3",
    "data: wine\nstages: {a: {}}\nvalidation: {how: first}",
    "data: wine\nstages: {a: {}}\nvalidation: {k_fold: 1}",
    "data: wine\nstages: {a: {}}\nvalidation: {hold_out: 1.5}",
    "data: wine\nstages: {a: {}}\nvalidation: {hold_out: 0.5, repeats: 3}",
    "data: wine\nstages: {a: {}}\nfinal: some",
    "data: wine\nstages: {a: {}}\nfinal: {epochs: 0}",
    "data: wine\nstages: {a: {}}\nfinal: {epochs: first}",
    "data: wine\nstages: {a: {output_activation: tanh}}",
    "data: wine\nstages: {a: {from: {winer_of: b}}}",
    "data: wine\nstages: {a: {grid: {epochs: 3}}}",
    "data: wine\nstages: {a: {grid: {epochs: []}}}",
    "data: wine\nstages: {a: {grid: {epochs: [0]}}}",
    "data: wine\nstages: {a: {grid: {hidden: {taper: [1]}}}}",
    "data: wine\nstages: {a: {grid: {hidden: {taper: [half], of: [8]}}}}",
    "data: wine\nstages: {a: {networks: []}}",
    "data: wine\nstages: {a: {optimizer: {name: sgd, rho: 1}}}",
    "data: wine\nstages: {a: {schedule: {name: step, every: 3}}}",
]


@pytest.mark.parametrize("text", INVALID)
def test_what_is_not_valid_the_reader_refuses_too(text: str) -> None:
    (document,) = documents(text)
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(StudyFileError):
        parse_studies(text)


PROBES: list[Any] = [
    None, True, False, "x", "", "relu", "adam", "val_loss", "mse", "constant", -1, 0, 1, 2, 65_536, 65_537,
    10**6, 10**6 + 1, -0.5, 0.5, 0.999, 1.5, [], [1], [0.5, 0.25], [1.5], [-1], ["x"], [[1]], {},
    {"name": "sgd"}, {"name": "cosine", "epochs": 3}, {"name": "cosine"},
]  # fmt: skip


def takes(key: str, value: object) -> bool:
    try:
        check_settings({key: value})
    except SpecError:
        return False
    return True


@pytest.mark.parametrize("key", SETTINGS)
def test_the_schema_takes_of_each_setting_just_what_the_nouns_take(key: str) -> None:
    setting = VALIDATOR.evolve(schema={"$ref": f"#/$defs/{key}", "$defs": SCHEMA["$defs"]})
    for value in PROBES:
        assert setting.is_valid(value) == takes(key, value), (key, value)


@pytest.mark.parametrize(("setting", "kinds"), [("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)])
def test_the_schema_takes_of_each_number_just_what_the_nouns_take(
    setting: str, kinds: dict[str, Any]
) -> None:
    validator = VALIDATOR.evolve(schema={"$ref": f"#/$defs/{setting}", "$defs": SCHEMA["$defs"]})
    needed = {"step": {"every": 1, "factor": 1}, "cosine": {"epochs": 1}}
    for name, kind in kinds.items():
        for key in kind.__dataclass_fields__.keys() - {"name"}:
            for value in (None, True, "x", -1, 0, 0.5, 1, 1.5, 10**6, 10**6 + 1):
                if (name, key, value) == ("ftrl", "initial_accumulator_value", 0):
                    continue  # the one optimizer that refuses what others take
                noun = {"name": name, **needed.get(name, {}), key: value}
                assert validator.is_valid(noun) == takes(setting, noun), noun


def examples() -> list[tuple[str, str]]:
    """Study files, and the studies in the README, each with where it stands."""
    found = [(file.name, file.read_text()) for file in sorted((ROOT / "studies").glob("*.yaml"))]
    blocks = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    found += [(f"README.md, {number}", block) for number, block in enumerate(blocks, 1)]
    return [(name, text) for name, text in found if re.search(r"^stages:", text, re.MULTILINE)]


def test_every_study_of_the_readme_and_of_the_project_is_valid_and_can_be_read() -> None:
    found = examples()
    assert found
    for name, text in found:
        if not name.endswith("_as_published.yaml"):
            assert parse_studies(text, file=name)
            for document in documents(text):
                VALIDATOR.validate(document)


def test_what_was_published_though_it_cannot_be_is_refused_by_both() -> None:
    for name, text in examples():
        if name.endswith("_as_published.yaml"):
            with pytest.raises(StudyFileError):
                parse_studies(text, file=name)
            assert not all(VALIDATOR.is_valid(document) for document in documents(text))
