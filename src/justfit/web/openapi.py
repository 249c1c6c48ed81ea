"""The HTTP interface as OpenAPI 3.1 describes it, for people and for programs."""

from importlib.metadata import version
from typing import Any

from justfit.judge.selection import FIGURES
from justfit.web.openapi_schemas import ID, NUMBER, RUN, SCHEMAS, STUDY, TEXT, array, maybe, named, record
from justfit.web.predicting import AT_ONCE, MOST_ROWS, MOST_WAITING
from justfit.web.security import MOST_AT_ONCE

Described = dict[str, Any]

_IN_PATH = {
    "study": ("The name of a study's folder.", STUDY),
    "number": ("The number of a network, from 1.", NUMBER),
    "kind": ("The name of a chart of the report.", TEXT),
    "started": ("As it was given when something was started.", ID),
}

_REFUSED = {
    400: "What was asked cannot be; the sentence says why.",
    404: "There is no such thing.",
    409: "It cannot be now, or a file of the store is broken.",
    413: "Too large.",
    415: "Sent as something else than was expected.",
    503: "Too much at once, or it took too long.",
}


def _operation(summary: str, answered: Described, refused: tuple[int, ...], **more: Any) -> Described:
    """An operation that gives JSON, and an error with a sentence."""
    error = {"application/json": {"schema": named("Error")}}
    return {
        "summary": summary,
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": answered}}},
            **{str(code): {"description": _REFUSED[code], "content": error} for code in refused},
        },
        **more,
    }


def _query(name: str, what: str, schema: Described, *, required: bool = False) -> Described:
    return {"name": name, "in": "query", "required": required, "description": what, "schema": schema}


def _body(schema: Described, kind: str = "application/json") -> Described:
    return {"required": True, "content": {kind: {"schema": schema}}}


_QUEUE = (
    f"{AT_ONCE} questions are answered at a time and {MOST_WAITING} wait; more are refused at once by 503, "
    "with Retry-After, the seconds after which to ask again."
)

_FILE = {"type": "string", "format": "binary", "description": "At most 200 MB."}

_ASKED: dict[str, Described] = {
    "/api/studies": _operation("All studies, the last written first.", named("Studies"), (409,)),
    "/api/studies/{study}": _operation("A study but for its curves.", named("Study"), (404, 409)),
    "/api/studies/{study}/curves": _operation(
        "Mean curves of a figure over the epochs.",
        named("Curves"),
        (400, 404, 409),
        parameters=[
            _query("figure", "What is drawn.", {"enum": list(FIGURES), "default": "val_data_loss"}),
            _query(
                "networks",
                "Numbers of networks with commas between; by default the best 20.",
                {"type": "string", "pattern": "^[1-9][0-9]{0,5}(,[1-9][0-9]{0,5}){0,99}$"},
            ),
        ],
    ),
    "/api/studies/{study}/networks/{number}": _operation(
        "A network but for its curves.", named("Network"), (400, 404, 409)
    ),
    "/api/studies/{study}/takes": _operation(
        "What a row is made of that a study's model is asked about.", named("Takes"), (404, 409)
    ),
    "/api/compare": _operation(
        "Networks of any studies side by side.",
        named("Comparison"),
        (400, 404, 409),
        parameters=[
            _query(
                "run",
                "A network as STUDY:NUMBER; may be given again.",
                {**array(RUN), "minItems": 1, "maxItems": 100},
                required=True,
            )
        ],
    ),
    "/api/charts/{study}/{kind}": _operation(
        "A chart of the report, as Vega-Lite.", {"type": "object"}, (404, 409)
    ),
    "/api/data": _operation("The data sets that are known by name.", named("DataSets"), (400, 503)),
    "/api/started/{started}": _operation(
        "How it goes on with what was started.", named("Started"), (404, 409)
    ),
}

_DONE: dict[str, Described] = {
    "/api/studies/{study}/stop": _operation(
        "Stop a study after the current epoch; what is trained is kept.", named("Done"), (400, 404, 409)
    ),
    "/api/studies/{study}/resume": _operation(
        "Go on with a study that has stopped.", named("Done"), (400, 404, 409, 503)
    ),
    "/api/uploads": _operation(
        "Send a file of rows.",
        named("Upload"),
        (400, 409, 413, 415, 503),
        requestBody=_body(record({"file": _FILE}), "multipart/form-data"),
    ),
    "/api/look": _operation(
        "What rows are made of, and what is wrong with them.",
        named("Look"),
        (400, 404, 409, 413, 415, 503),
        requestBody=_body(named("Rows")),
    ),
    "/api/start": _operation(
        "Begin the whole workflow on some rows.",
        record({"study": maybe(TEXT), "started": ID, "message": TEXT}),
        (400, 404, 409, 413, 415, 503),
        requestBody=_body(named("RowsToTrain")),
    ),
    "/predict": _operation(
        "Ask a study's model about rows.",
        named("Predictions"),
        (400, 404, 409, 413, 415, 503),
        requestBody=_body(named("Questions")),
        description=f"At most {MOST_ROWS:,} rows and 8 MB at once, which may take 30 seconds. {_QUEUE}",
    ),
    "/predict/file": {
        "summary": "Ask a study's model about the rows of a file.",
        "description": "What a spreadsheet would take for a formula has an apostrophe before it in the CSV "
        f"that comes; numbers stay as they are. {_QUEUE}",
        "requestBody": _body(record({"file": _FILE, "study": STUDY}), "multipart/form-data"),
        "responses": {
            "200": {"description": "The rows and the answers.", "content": {"text/csv": {"schema": TEXT}}},
            **{
                str(code): {
                    "description": _REFUSED[code],
                    "content": {"application/json": {"schema": named("Error")}},
                }
                for code in (400, 404, 409, 413, 415, 503)
            },
        },
    },
}

_EVENTS = {
    "summary": "What changes, as it changes: server-sent events.",
    "description": "`hello` comes first, with `version` and `server`; `changed` has `study` and `version`.",
    "responses": {
        "200": {"description": "A stream.", "content": {"text/event-stream": {"schema": TEXT}}},
        "503": {
            "description": "Too many pages listen.",
            "content": {"application/json": {"schema": named("Error")}},
        },
    },
}


def openapi() -> Described:
    """The description of all addresses that programs ask."""
    operations = [
        *(("get", path, each) for path, each in _ASKED.items()),
        ("get", "/api/events", _EVENTS),
        *(("post", path, each) for path, each in _DONE.items()),
    ]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "justfit",
            "version": version("justfit"),
            "description": "The studies of a store: watched, compared, asked, started and stopped. "
            f"More than {MOST_AT_ONCE} requests at a time are refused, by 503.",
        },
        "paths": {
            path: {how: {**each, "parameters": _parameters(path, each)}} for how, path, each in operations
        },
        "components": {"schemas": SCHEMAS},
    }


def _parameters(path: str, operation: Described) -> list[Described]:
    inside = [
        {"name": name, "in": "path", "required": True, "description": what, "schema": schema}
        for name, (what, schema) in _IN_PATH.items()
        if f"{{{name}}}" in path
    ]
    return [*inside, *operation.get("parameters", ())]
