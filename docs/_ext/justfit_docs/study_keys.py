"""The study-file reference, made of the JSON Schema that `justfit schema` prints."""

import json
from typing import Any

from justfit.spec.study_schema import study_schema
from justfit_docs.marked import code

Schema = dict[str, Any]


def study_keys() -> str:
    """Every key of a study file: type, default, meaning and an example, as Markdown."""
    schema = study_schema()
    parts, definitions = schema["properties"], schema["$defs"]
    data, final = (_objects(parts[key])[0] for key in ("data", "final"))
    hold_out, k_fold = _objects(parts["validation"])
    settings = {key: definitions[key] for key in definitions["settings"]["properties"]}
    stage = definitions["stage"]["properties"]
    chapters = [
        ("study", "The study", schema),
        ("data", "`data`", data),
        ("ngrams", "`ngrams` of `data`", _objects(data["properties"]["ngrams"])[0]),
        ("files", "`files` of `data`", _objects(data["properties"]["files"])[0]),
        ("hold-out", "`validation`: a hold-out", hold_out),
        ("k-fold", "`validation`: k folds", k_fold),
        ("stage", "A stage", {"properties": {key: stage[key] for key in stage if key not in settings}}),
        ("settings", "Settings of a network", {"properties": settings}),
        ("optimizer", "The kinds of `optimizer`", {}),
        ("schedule", "The kinds of `schedule`", {}),
        ("final", "`final`", final),
    ]
    told = []
    for name, title, noun in chapters:
        told += [f"(study-file-{name})=\n## {title}", _ABOUT.get(name, "")]
        if name in settings:
            told += [_kind(each, definitions) for each in _objects(settings[name])]
        needed = noun.get("required", ())
        keys = noun.get("properties", {}).items()
        told += [_key(name, key, each, definitions, required=key in needed) for key, each in keys]
    return "\n\n".join(part for part in told if part)


_ABOUT = {
    "study": "What stands at the top of the file.",
    "data": "In place of a name alone. A key that is left out, or null, leaves the matter to the data set.",
    "files": "Files of your own. What is not said is found by looking at the columns.",
    "hold-out": "In place of a short form such as `0.2`, `5000`, `first:10000` or `last:0.4`.",
    "k-fold": "In place of a short form such as `k_fold:4` or `k_fold:4:in_order`.",
    "stage": "Each of the [settings](#study-file-settings) may stand here, too, for all of its networks.",
    "settings": (
        "They stand in `defaults`, in a stage, in each of its `networks`, and as lists of values to try in "
        "`grid` and `zip`. Where one number stands for each hidden layer, one for all of them will do."
    ),
    "optimizer": "Each with its numbers, as `{name: sgd, momentum: 0.9}` or `sgd:momentum=0.9`.",
    "schedule": "Each with its numbers, as `{name: cosine, epochs: 20}` or `cosine:20,warmup=2`.",
    "final": "What is trained at the end on all training rows, and tested once.",
}


def _key(chapter: str, key: str, schema: Schema, definitions: Schema, *, required: bool) -> str:
    lines = [f"(study-file-{chapter}-{key.replace('_', '-')})=\n### {code(key)}", schema["description"]]
    facts = [f"**Takes** {kind(schema, definitions)}."]
    if required:
        facts.append("**Needed.**")
    elif "default" in schema:
        facts.append(f"**Default** {code(_flow(schema['default']))}.")
    lines.append(" ".join(facts))
    lines += [f"```yaml\n{key}: {_flow(example)}\n```" for example in schema.get("examples", ())]
    return "\n\n".join(lines)


def _kind(noun: Schema, definitions: Schema) -> str:
    """An optimizer or a schedule: its name, what it is, and its numbers."""
    name = noun["properties"]["name"]["const"]
    lines = [f"**{name}**: {noun['description'].replace('``', '`')}\n"]
    for key, each in noun["properties"].items():
        if key != "name":
            default = f", {code(_flow(each['default']))} by default" if "default" in each else ", needed"
            lines.append(
                f"- {code(key)}: {each['description']} {_capital(kind(each, definitions))}{default}."
            )
    return "\n".join(lines)


def kind(schema: Schema, definitions: Schema) -> str:  # noqa: C901, PLR0911, PLR0912 - a kind each
    """What a value may be, in words.

    >>> kind({"type": "integer", "minimum": 1}, {})
    'a whole number from 1'
    """
    match schema:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            return "[settings](#study-file-settings)" if name == "settings" else _of_definition(name)
        case {"anyOf": list(ways)}:
            told = list(dict.fromkeys(kind(way, definitions) for way in ways))
            return " or ".join([", ".join(told[:-1]), told[-1]]) if len(told) > 1 else told[0]
        case {"enum": list(values)}:
            return "one of " + ", ".join(code(_flow(value)) for value in values)
        case {"const": value}:
            return code(_flow(value))
        case {"type": "null"}:
            return "`null`"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "integer"}:
            return f"a whole number{_range(schema)}"
        case {"type": "number"}:
            return f"a number{_range(schema)}"
        case {"type": "array", "items": dict(items)}:
            at_least = "a list of at least one, each " if schema.get("minItems") else "a list, each "
            return at_least + kind(items, definitions)
        case {"type": "object", "properties": {"name": {"const": str(name)}}}:
            return f"a mapping with name {code(name)}"
        case {"type": "object", "properties": dict(keys)}:
            chapter = next((to for key, to in _CHAPTERS.items() if key in keys), "")
            of = f"[a mapping](#study-file-{chapter})" if chapter else "a mapping"
            return of if len(keys) >= _FEW else f"{of} with {' and '.join(map(code, keys))}"
        case {"type": "object"}:
            return "a mapping"
        case {"type": "string", "pattern": str(pattern)} if "{1,80}" in pattern:
            return "a text of at most 80 letters, digits, `_`, `-`, `.` and spaces"
        case {"type": "string", "pattern": str(pattern)} if pattern.startswith("^("):
            return "a short form"
    return "a text"


_FEW = 4
"""Keys of a mapping that are named; of one with more, its chapter."""

_CHAPTERS = {
    "hold_out": "hold-out",
    "k_fold": "k-fold",
    "train_on": "final",
    "longest": "ngrams",
    "strict": "files",
    "class_weights": "data",
}
"""Chapters, by a key that only its mapping has."""


def _of_definition(name: str) -> str:
    told = {
        "space": "a mapping of [settings](#study-file-settings) to lists of values, or, of numbers, "
        "to ranges such as `{from: 0.0001, to: 0.1, log: true}`",
        "stage": "a [stage](#study-file-stage)",
        "lists": "a mapping of [settings](#study-file-settings) to lists of values to try; `hidden` also "
        "takes a rule such as `{taper: [1, 1/2], of: [8, 16]}`, which gives 8-4 and 16-8",
    }
    return told.get(name) or f"[{name}](#study-file-settings-{name.replace('_', '-')})"


def _range(schema: Schema) -> str:
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    start = f" from {low:,}" if low is not None else f" above {above:,}" if above is not None else ""
    end = f" to {high:,}" if high is not None else f" to below {below:,}" if below is not None else ""
    return start + end


def _objects(schema: Schema) -> list[Schema]:
    """The mappings with known keys among the ways to say a value."""
    ways = schema.get("anyOf", [schema])
    return [way for way in ways if way.get("properties")]


def _flow(value: object) -> str:
    """A value in YAML's flow style.

    >>> _flow({"hidden": [4, 0.5], "fit": True})
    '{hidden: [4, 0.5], fit: true}'
    """
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case float():
            return f"{value:g}"
        case str() if ": " not in value and not value.startswith(("[", "{")) and "," not in value:
            return value
    return json.dumps(value)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
