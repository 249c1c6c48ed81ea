"""The JSON Schema of study files, for editors; made from the nouns, so that it cannot fall behind."""

import dataclasses
import inspect
from collections.abc import Sequence
from typing import Any

from justfit.spec.data import CLASS_WEIGHTS, Data, Files
from justfit.spec.history import MONITORS
from justfit.spec.network import A_LAYER, ACTIVATIONS, MAX_UNITS, Network
from justfit.spec.optimizers import OPTIMIZERS
from justfit.spec.preparation import NGRAM_UNITS, NGRAM_WEIGHTS, SCALINGS, TEXT_ENCODINGS, Ngrams
from justfit.spec.protocol import HOLD_OUTS, K_FOLDS, HoldOut, KFold
from justfit.spec.recipe import MOST_SHUFFLED, Recipe
from justfit.spec.schedule import MOST_EPOCHS, SCHEDULES
from justfit.spec.settings import DEFAULT_HIDDEN, SETTINGS
from justfit.spec.space import MOST_TRIALS, RANGED, SAMPLERS, WHOLE
from justfit.spec.study import MOST_REPLICATES, RULES, THRESHOLDS, Final, Stage, Study
from justfit.spec.study_keys import NOUN_KEYS, NUMBER_KEYS, SETTING_KEYS, Keys
from justfit.spec.task import LOSSES, TASKS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "pattern": r"\S"}
_NAME: Schema = {"type": "string", "pattern": r"^(?!\.)(?=.*\S)[\w\-. ]{1,80}$"}
_ABOVE_0: Schema = {"type": "number", "exclusiveMinimum": 0}
_FROM_0: Schema = {"type": "number", "minimum": 0}
_SHARE: Schema = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
_SEED: Schema = {"type": "integer", "minimum": 0}
_EPOCHS: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_EPOCHS}
_UNITS: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_UNITS}
_SIZE: Schema = {
    "anyOf": [
        {"type": "integer", "minimum": 1},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    ]
}


def study_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of one document of a study file.

    It knows keys, types, choices and ranges. What hangs together, such as the stage that another builds
    on, `justfit.spec.study_file.read_studies` sees besides.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "justfit study",
        **_object(
            Study,
            {
                "name": _NAME,
                "data": {"anyOf": [_TEXT, _data()]},
                "validation": _validation(),
                "replicates": {"type": "integer", "minimum": 1, "maximum": MOST_REPLICATES},
                "seed": _SEED,
                "defaults": {"$ref": "#/$defs/settings"},
                "stages": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": _NAME,
                    "additionalProperties": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/stage"}]},
                },
                "select": {"enum": list(MONITORS)},
                "rule": {"enum": list(RULES)},
                "fit": {"type": "boolean"},
                "final": {"anyOf": [{"const": "none"}, _final()]},
            },
            "data",
            "stages",
        ),
        "$defs": {
            "settings": _closed({key: {"$ref": f"#/$defs/{key}"} for key in SETTINGS}),
            "lists": _closed({key: _list(key) for key in SETTINGS}),
            "space": _closed({key: _dimension(key) for key in SETTINGS}),
            "stage": _stage(),
            **_settings(),
        },
    }


def _object(noun: type, properties: Schema, *required: str) -> Schema:
    """An object with just these keys, described as the noun is, each told as `NOUN_KEYS` tells it."""
    about = (inspect.getdoc(noun) or "").partition("\n")[0].replace("None", "null")
    told = _told(NOUN_KEYS.get(noun.__name__, NUMBER_KEYS), properties, _defaults(noun, required))
    return {"description": about, **_closed({**properties, **told}), "required": list(required)}


def _told(keys: Keys, properties: Schema, defaults: Schema) -> Schema:
    """The keys' schemas with meaning, default and an example, where they have them."""
    found: Schema = {}
    for key, (meaning, example) in keys.items():
        if key in properties:
            left_open = defaults.get(key) is None and {"type": "null"} not in properties[key].get("anyOf", ())
            default = {} if left_open or key not in defaults else {"default": defaults[key]}
            examples = {} if example is None else {"examples": [example]}
            found[key] = {"description": meaning, **default, **examples, **properties[key]}
    return found


_FIELDS = {"size": "hold_out", "folds": "k_fold", "base": "from"}
"""Keys of a study file, by fields that are named otherwise in the nouns."""


def _defaults(noun: type, required: Sequence[str] = ()) -> Schema:
    """The defaults of a noun's fields as a study file would say them, of keys that may be missing."""
    nouns = {"validation": 0.2, "optimizer": "rmsprop", "schedule": "constant", "final": {}}
    found: Schema = {}
    for each in dataclasses.fields(noun):
        key = _FIELDS.get(each.name, each.name)
        if key in required or (key == "name" and noun is not Study):
            continue
        if key in nouns and each.default is dataclasses.MISSING:
            found[key] = nouns[key]
        elif each.default is not dataclasses.MISSING:
            found[key] = list(each.default) if isinstance(each.default, tuple) else each.default
        elif each.default_factory is dict:
            found[key] = {}
    return found


def _closed(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _settings() -> dict[str, Schema]:
    """The schema of each setting, by key."""
    numbers = {key: _SHARE if key == "dropout" else _FROM_0 for key in A_LAYER}
    defaults = {"hidden": list(DEFAULT_HIDDEN), "learning_rate": None, "name": None}
    found = {
        "hidden": {"type": "array", "items": _UNITS},
        "activation": {"enum": list(ACTIVATIONS)},
        **{key: {"anyOf": [item, {"type": "array", "items": item}]} for key, item in numbers.items()},
        "input_dropout": _SHARE,
        "embedding": _or_null(_UNITS),
        "optimizer": _named(OPTIMIZERS, ":"),
        "batch_size": _or_null({"type": "integer", "minimum": 1}),
        "epochs": _EPOCHS,
        "loss": _or_null({"enum": list(LOSSES)}),
        "schedule": _named(SCHEDULES, ":,"),
        "clip_norm": _or_null(_ABOVE_0),
        "clip_value": _or_null(_ABOVE_0),
        "patience": _or_null({"type": "integer", "minimum": 1}),
        "monitor": {"enum": list(MONITORS)},
        "shuffle_block": _or_null({"type": "integer", "minimum": 1, "maximum": MOST_SHUFFLED}),
        "learning_rate": _or_null(_ABOVE_0),
        "name": _or_null(_TEXT),
    }
    return _told(SETTING_KEYS, found, {**_defaults(Network), **_defaults(Recipe), **defaults})


def _named(kinds: dict[str, Any], separators: str) -> Schema:
    """A noun by its name, by its short form, or as a mapping of its numbers."""
    short: Schema = {"type": "string", "pattern": f"^({'|'.join(kinds)})([{separators}].*)?$"}
    forms: list[Schema] = [{"enum": list(kinds)}, short]
    for name, kind in kinds.items():
        fields = [field for field in dataclasses.fields(kind) if field.init]
        numbers = {field.name: _NUMBERS.get(field.name, _FROM_0) for field in fields}
        needed = [field.name for field in fields if field.default is dataclasses.MISSING]
        forms.append(_object(kind, {"name": {"const": name}, **numbers}, "name", *needed))
    return {"anyOf": forms}


_NUMBERS: dict[str, Schema] = {
    "nesterov": {"type": "boolean"},
    "learning_rate": _ABOVE_0,
    "epsilon": _ABOVE_0,
    "every": {**_ABOVE_0, "maximum": MOST_EPOCHS},
    "epochs": {**_ABOVE_0, "maximum": MOST_EPOCHS},
    "factor": {**_ABOVE_0, "maximum": 1},
    "momentum": {**_FROM_0, "maximum": 1},
    "floor": {**_FROM_0, "maximum": 1},
    "warmup": {**_FROM_0, "maximum": MOST_EPOCHS},
    "rho": _SHARE,
    "beta_1": _SHARE,
    "beta_2": _SHARE,
}
"""Numbers of optimizers and schedules, which mean the same in all of them; the others are from 0 up."""


def _list(key: str) -> Schema:
    """The values to try of a setting."""
    values: Schema = {"type": "array", "minItems": 1, "items": {"$ref": f"#/$defs/{key}"}}
    if key != "hidden":
        return values
    share: Schema = {
        "anyOf": [_ABOVE_0, {"type": "string", "pattern": r"^(\d{1,9}(/\d{1,9})?|\d{0,9}\.\d{1,9})$"}]
    }
    rule = _closed(
        {
            "taper": {"type": "array", "minItems": 1, "items": share},
            "of": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 1}},
        }
    )
    return {"anyOf": [values, {**rule, "required": ["taper", "of"]}]}


def _dimension(key: str) -> Schema:
    """The values of a setting to draw from: a list, or a range of numbers."""
    if key not in RANGED:
        return _list(key)
    number: Schema = {"type": "integer", "minimum": 1} if key in WHOLE else _FROM_0
    ends = dict.fromkeys(("from", "to"), number)
    return {"anyOf": [_list(key), {**_closed({**ends, "log": {"type": "boolean"}}), "required": list(ends)}]}


def _stage() -> Schema:
    winner = {**_closed({"winner_of": _NAME}), "required": ["winner_of"]}
    settings = {"$ref": "#/$defs/settings"}
    return _object(
        Stage,
        {
            "from": {"anyOf": [_NAME, winner]},
            "replicates": {"type": "integer", "minimum": 1, "maximum": MOST_REPLICATES},
            "halving": _EPOCHS,
            "grid": {"$ref": "#/$defs/lists"},
            "zip": {"$ref": "#/$defs/lists"},
            "networks": {"type": "array", "minItems": 1, "items": settings},
            "space": {"$ref": "#/$defs/space"},
            "trials": {"type": "integer", "minimum": 1, "maximum": MOST_TRIALS},
            "sampler": {"enum": list(SAMPLERS)},
            **{key: {"$ref": f"#/$defs/{key}"} for key in SETTINGS},
        },
    )


def _data() -> Schema:
    return _object(
        Data,
        {
            "name": _TEXT,
            "rows": _or_null({"type": "integer", "minimum": 2}),
            "encoding": _or_null({"enum": list(TEXT_ENCODINGS)}),
            "num_words": _or_null({"type": "integer", "minimum": 4, "maximum": 100_000_000}),
            "skip_top": _or_null(_SEED),
            "maxlen": _or_null({"type": "integer", "minimum": 1, "maximum": 1_000_000}),
            "scaling": _or_null({"enum": list(SCALINGS)}),
            "by": _or_null(_ABOVE_0),
            "ngrams": _or_null(_ngrams()),
            "class_weights": _or_null({"enum": list(CLASS_WEIGHTS)}),
            "files": _or_null(_files()),
        },
        "name",
    )


def _ngrams() -> Schema:
    return _object(
        Ngrams,
        {
            "unit": {"enum": list(NGRAM_UNITS)},
            "longest": {"type": "integer", "minimum": 1, "maximum": 5},
            "min_rows": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
            "max_share": {**_ABOVE_0, "maximum": 1},
            "most": _or_null({"type": "integer", "minimum": 1, "maximum": 2**31 - 2}),
            "hashed": _or_null({"type": "integer", "minimum": 2, "maximum": 100_000_000}),
            "weights": {"enum": list(NGRAM_WEIGHTS)},
            "punctuation": {"type": "boolean"},
        },
    )


def _files() -> Schema:
    paths: Schema = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
    names: Schema = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
    return _object(
        Files,
        {
            "train": paths,
            "target": _TEXT,
            "validation": _or_null(paths),
            "test": _or_null(paths),
            "task": _or_null({"enum": list(TASKS)}),
            **dict.fromkeys(("text", "categories", "numbers", "drop"), names),
            "seed": _SEED,
            "strict": {"type": "boolean"},
        },
        "train",
        "target",
    )


def _validation() -> Schema:
    hold_out = {"hold_out": _SIZE, "how": {"enum": list(HOLD_OUTS)}, "train": _or_null(_SIZE), "seed": _SEED}
    k_fold = {
        "k_fold": {"type": "integer", "minimum": 2},
        "how": {"enum": list(K_FOLDS)},
        "repeats": {"type": "integer", "minimum": 1},
        "seed": _SEED,
    }
    kinds = "|".join(("test$", "none$", "k_fold:", *(f"{how}:" for how in HOLD_OUTS), r"[\d.]"))
    return {
        "anyOf": [
            {"type": "string", "pattern": f"^({kinds})"},
            _SIZE,
            _object(HoldOut, hold_out, "hold_out"),
            _object(KFold, k_fold, "k_fold"),
        ]
    }


def _final() -> Schema:
    return _object(
        Final,
        {
            "of": _or_null(_TEXT),
            "epochs": {"anyOf": [{"enum": ["best", "last"]}, _EPOCHS]},
            "train_on": {"enum": ["all_rows", "training_part"]},
            "threshold": _or_null({"enum": list(THRESHOLDS)}),
        },
    )
