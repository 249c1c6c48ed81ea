"""What a request asks, checked: JSON without surprises, and values of the kinds that are expected."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

LONGEST_TEXT = 1_000
"""Characters of a name, such as a column's."""


class Refused(HTTPException):
    """What cannot be done, with the sentence that says why.

    Args:
        sentence: for people.
        status: of HTTP.
        headers: of the answer.
        moved: the study as which the one that was asked for goes on.
    """

    def __init__(
        self,
        sentence: str,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        *,
        moved: str | None = None,
    ) -> None:
        super().__init__(status, sentence, headers)
        self.moved = moved


def refusal(error: HTTPException) -> Response:
    """The answer to what cannot be done."""
    moved = getattr(error, "moved", None)
    told = {"error": error.detail} | ({"study": moved} if moved else {})
    return answer(told, error.status_code, error.headers)


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON; numbers that are not finite are null."""
    text = json.dumps(finite(value), allow_nan=False, separators=(",", ":"))
    return Response(text, status, headers, "application/json")


def finite(value: object) -> object:
    """A value whose numbers are finite or None.

    >>> finite({"loss": [1.0, float("inf")]})
    {'loss': [1.0, None]}
    """
    match value:
        case float():
            return float(value) if math.isfinite(value) else None
        case Mapping():
            return {str(key): finite(each) for key, each in value.items()}
        case list() | tuple():
            return [finite(each) for each in value]
    return value


async def json_of(request: Request, known: Sequence[str]) -> dict[str, Any]:
    """The object in a request's body.

    Args:
        request: whose body is read.
        known: the keys that it may have.

    Raises:
        Refused: it is not announced as JSON, is none, is no object, or has other keys.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused("Send JSON, with the header Content-Type: application/json.", 415)
    body = await request.body()
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
        if b"\\ud" in body.lower():  # half a character, which no text can hold
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Refused(f"The body is no JSON: {why}.") from error
    if not isinstance(value, dict):
        raise Refused(f"Send a JSON object with {', '.join(known)}.")
    if others := [key for key in value if key not in known]:
        raise Refused(f'There is no key "{others[0][:100]}": known are {", ".join(known)}.')
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def text_in(values: Mapping[str, Any], key: str, *, needed: bool = False) -> str | None:
    """A short text; None where it is not given.

    Raises:
        Refused: it is needed and not given, or is no text of at most `LONGEST_TEXT` characters.
    """
    value = values.get(key)
    if value is None and not needed:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_TEXT or "\0" in value:
        raise Refused(f"{key} must be a text of 1 to {LONGEST_TEXT:,} characters.")
    return value


def texts_in(values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Short texts, such as the names of columns; none where they are not given.

    Raises:
        Refused: it is anything else.
    """
    value = values.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > 1_000:
        raise Refused(f"{key} must be a list of at most 1,000 names.")
    return tuple(text_in({key: each}, key, needed=True) or "" for each in value)


def flag_in(values: Mapping[str, Any], key: str) -> bool:
    """Whether something is wanted; raises `Refused` where it is neither true nor false."""
    value = values.get(key, False)
    if not isinstance(value, bool):
        raise Refused(f"{key} must be true or false.")
    return value


def whole(text: str, what: str, most: int = 10**6) -> int:
    """A number from 1; raises `Refused` where a text is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise Refused(f"{what} must be a whole number from 1 to {most:,}, and not {text[:50]!r}.")
    return int(text)


def require_known(request: Request, *known: str) -> None:
    """Refuse a question with other parameters than these."""
    if others := [key for key in request.query_params if key not in known]:
        told = f"known are {', '.join(known)}" if known else "none is known"
        raise Refused(f'There is no parameter "{others[0][:100]}": {told}.')
