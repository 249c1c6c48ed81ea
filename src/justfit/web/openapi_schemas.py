"""What goes over the wire, as JSON Schema."""

from typing import Any

from justfit.spec import TASKS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
REAL: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
RUN: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_ -]{1,100}-[0-9a-f]{12}:[1-9][0-9]{0,4}$"}
NUMBER: Schema = {"type": "integer", "minimum": 1, "maximum": 1_000_000}
ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{16}$"}
STUDY: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_ -]{1,100}-[0-9a-f]{12}$"}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 1_000, "pattern": r"^[^\x00]+$"}
STATE: Schema = {"enum": ["running", "done", "unfinished", "failed"]}


def maybe(schema: Schema) -> Schema:
    """That, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def array(items: Schema) -> Schema:
    """A list of such."""
    return {"type": "array", "items": items}


def named(name: str) -> Schema:
    """What stands in `SCHEMAS` under a name."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(keys: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object with these keys and no others."""
    return {
        "type": "object",
        "properties": keys,
        "required": [key for key in keys if key not in optional],
        "additionalProperties": False,
    }


def _by_name(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


_OF_STUDY = {"study": TEXT, "name": TEXT, "id": TEXT, "data": TEXT, "state": STATE, "leaked": FLAG}
"""What tells a study from others."""

_SPAN = record({"value": REAL, "low": maybe(REAL), "high": maybe(REAL)})
_GOING = {"progress": maybe(REAL), "seconds_left": maybe(REAL), "error": maybe(TEXT)}
_CHOICE = maybe(record({"name": TEXT, "reason": maybe(TEXT)}))

_STANDS = {
    "best_epoch": maybe(NUMBER),
    "figure": maybe(record({"value": REAL, "low": maybe(REAL), "high": maybe(REAL), "spread": maybe(REAL)})),
    "metric": maybe(REAL),
    "difference": maybe(_SPAN),
    "p": maybe(REAL),
    "verdict": maybe({"enum": ["better", "worse", "tie"]}),
    "updates": maybe(COUNT),
    "seconds": maybe(REAL),
}
_LINE = {
    "number": NUMBER,
    "name": TEXT,
    "stages": array(TEXT),
    "parameters": COUNT,
    "runs_trained": COUNT,
    "runs_planned": COUNT,
    "left": maybe(NUMBER),
    "fit": maybe(record({"kind": TEXT, "onset": maybe(NUMBER), "sentence": TEXT})),
    "settings": _by_name({"type": ["number", "string"]}),
    **_STANDS,
}
_CURVE = {
    "number": NUMBER,
    "name": TEXT,
    "epochs": array(NUMBER),
    "mean": array(REAL),
    "low": maybe(array(maybe(REAL))),
    "high": maybe(array(maybe(REAL))),
    "best": maybe(NUMBER),
    "live": FLAG,
}
_EFFECT = record({"name": TEXT, "toward": REAL})
_LABEL: Schema = {"type": ["string", "number"]}

_OF_FILE = {
    "upload": {**NAME, "description": "The id of a file that was sent."},
    "target": {**NAME, "description": "The column to learn."},
    "task": {"enum": list(TASKS)},
    "text": {**array(NAME), "maxItems": 1_000, "description": "Columns to take as text."},
    "drop": {**array(NAME), "maxItems": 1_000, "description": "Columns to leave out."},
}
_BY_NAME = {"data": {**NAME, "description": "The name of a data set."}}
_QUICK = {"quick": {**FLAG, "description": "Whether to try few networks."}}
_CELL = {"type": "number", "minimum": -1e300, "maximum": 1e300}
_CELLS = {"anyOf": [_CELL, {"type": ["string", "boolean", "null"]}]}
_KINDS = (
    {"type": "string", "description": "A text, or numbers with commas between."},
    {"type": "object", "additionalProperties": _CELLS, "minProperties": 1, "description": "By column."},
    {**array(_CELL), "minItems": 1, "description": "Numbers."},
)
_ROW: Schema = {"anyOf": list(_KINDS)}
_SEVERAL: Schema = {"anyOf": [{**array(kind), "minItems": 1, "maxItems": 10_000} for kind in _KINDS]}
_QUESTION = {"study": STUDY, "explain": {**FLAG, "description": "Whether to tell what moved each answer."}}

SCHEMAS: dict[str, Schema] = {
    "Error": {
        **record({"error": TEXT, "study": TEXT}, optional=("study",)),
        "description": "A sentence; and of a search that goes on as another study, that study.",
    },
    "Done": record({"done": FLAG, "message": TEXT}),
    "Studies": record(
        {
            "store": TEXT,
            "studies": array(
                record(
                    {
                        **_OF_STUDY,
                        "networks": COUNT,
                        "runs_trained": COUNT,
                        "runs_planned": COUNT,
                        "chosen": maybe(TEXT),
                        "test": maybe(
                            record(
                                {
                                    "figure": {"enum": ["accuracy", "mae"]},
                                    "value": REAL,
                                    "low": maybe(REAL),
                                    "high": maybe(REAL),
                                    "seeds": COUNT,
                                }
                            )
                        ),
                        "written": {"type": "string", "format": "date-time"},
                        **_GOING,
                    }
                )
            ),
            "broken": array(record({"folder": TEXT, "error": TEXT})),
            "version": COUNT,
        }
    ),
    "Study": record(
        {
            **_OF_STUDY,
            "metric": TEXT,
            "select": TEXT,
            "protocol": TEXT,
            "replicates": NUMBER,
            "seed": COUNT,
            "rows": maybe(_by_name(COUNT)),
            "notes": array(TEXT),
            "warnings": array(TEXT),
            "decisions": array(TEXT),
            "stages": array(
                record(
                    {
                        "name": TEXT,
                        "state": {"enum": ["done", "running", "unfinished", "waiting"]},
                        "networks": array(NUMBER),
                        "choice": _CHOICE,
                    }
                )
            ),
            "networks": array(record(_LINE)),
            "chosen": maybe(record({"name": TEXT, "epochs": maybe(NUMBER), "reason": maybe(TEXT)})),
            "test": maybe(_by_name(_SPAN)),
            **_GOING,
            "can_stop": FLAG,
            "can_resume": FLAG,
            "version": COUNT,
        }
    ),
    "Curves": record({"figure": TEXT, "name": TEXT, "curves": array(record(_CURVE))}),
    "Network": record(
        {
            "study": TEXT,
            "leaked": FLAG,
            **_LINE,
            "layers": array(record({"kind": TEXT, "detail": TEXT, "outputs": COUNT, "parameters": COUNT})),
            "runs": array(
                record(
                    {
                        "id": TEXT,
                        "split": NUMBER,
                        "seed": COUNT,
                        "state": {"enum": ["done", "diverged", "running", "waiting"]},
                        "epochs": COUNT,
                    }
                )
            ),
            "confusion": maybe(
                record(
                    {
                        "classes": array(TEXT),
                        "counts": array(array(COUNT)),
                        "rows": {"enum": ["test", "validation"]},
                    }
                )
            ),
            "mistakes": maybe(
                array(
                    record(
                        {
                            "row": COUNT,
                            "label": _LABEL,
                            "answer": _LABEL,
                            "size": REAL,
                            "text": maybe(TEXT),
                            "picture": maybe(TEXT),
                            "effects": array(_EFFECT),
                        }
                    )
                )
            ),
            "looks_at": maybe(array(record({"name": TEXT, "toward": REAL, "speaks_for": maybe(TEXT)}))),
            "toward_class": maybe(TEXT),
            "test": maybe(_by_name(_SPAN)),
        }
    ),
    "Takes": record(
        {
            "kind": {"enum": ["text", "columns", "picture", "numbers"]},
            "columns": maybe(array(record({"name": TEXT, "kind": TEXT, "values": maybe(array(TEXT))}))),
            "height": maybe(NUMBER),
            "width": maybe(NUMBER),
            "low": maybe(REAL),
            "high": maybe(REAL),
            "count": COUNT,
            "classes": maybe(array(TEXT)),
        }
    ),
    "Comparison": record(
        {
            "figure": TEXT,
            "metric": TEXT,
            "networks": array(
                record(
                    {
                        "study": TEXT,
                        "number": NUMBER,
                        "name": TEXT,
                        "leaked": FLAG,
                        "value": maybe(REAL),
                        "low": maybe(REAL),
                        "high": maybe(REAL),
                        "best_epoch": maybe(NUMBER),
                        "parameters": COUNT,
                        "difference": maybe(_SPAN),
                        "p": maybe(REAL),
                        "verdict": maybe({"enum": ["better", "worse", "tie"]}),
                        "same_rows": FLAG,
                    }
                )
            ),
            "notes": array(TEXT),
            "curves": record(
                {"figure": TEXT, "name": TEXT, "curves": array(record({"study": TEXT, **_CURVE}))}
            ),
        }
    ),
    "DataSets": record({"sets": array(record({"name": TEXT, "sentence": TEXT, "needs": TEXT}))}),
    "Started": record(
        {
            "study": maybe(TEXT),
            "state": {"enum": ["starting", "running", "done", "failed"]},
            "message": TEXT,
        }
    ),
    "Upload": record({"upload": ID, "name": TEXT, "columns": maybe(array(TEXT))}),
    "Look": record(
        {
            "rows": COUNT,
            "columns": array(record({"name": TEXT, "kind": TEXT, "reason": TEXT})),
            "task": maybe(record({"name": TEXT, "reason": TEXT})),
            "targets": array(TEXT),
            "audit": array(record({"level": TEXT, "sentence": TEXT})),
            "notes": array(TEXT),
            "left_out": COUNT,
        }
    ),
    "Rows": {
        "oneOf": [record(_BY_NAME), record(_OF_FILE, optional=("target", "task", "text", "drop"))],
    },
    "RowsToTrain": {
        "oneOf": [
            record(_BY_NAME | _QUICK, optional=("quick",)),
            record(_OF_FILE | _QUICK, optional=("task", "text", "drop", "quick")),
        ]
    },
    "Questions": {
        "oneOf": [
            record(_QUESTION | {"rows": _SEVERAL}, optional=("explain",)),
            record(_QUESTION | {"row": _ROW}, optional=("explain",)),
        ]
    },
    "Predictions": record(
        {
            "study": TEXT,
            "network": TEXT,
            "classes": maybe(array(TEXT)),
            "notes": array(TEXT),
            "predictions": array(
                record(
                    {
                        "class": maybe(TEXT),
                        "classes": maybe(array(TEXT)),
                        "probabilities": maybe(array(REAL)),
                        "value": maybe(REAL),
                        "moved": maybe(array(_EFFECT)),
                    }
                )
            ),
        }
    ),
}
"""By the name that `named` refers to."""
