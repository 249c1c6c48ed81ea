"""What the short forms of nouns on the command line have in common."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from justfit.errors import SpecError
from justfit.spec.checks import require_choice


def read_arguments(kind: type, what: str, text: str, pairs: Iterable[str]) -> dict[str, Any]:
    """Numbers and flags of a noun, by their keys; their values are for the noun to check.

    Args:
        kind: the noun, a dataclass.
        what: what is read, for messages.
        text: all of it, for messages.
        pairs: such as ``momentum=0.9`` or ``nesterov=true``.

    Raises:
        SpecError: a pair that is none, a key that the noun lacks, or one that comes twice.
    """
    keys = tuple(field.name for field in dataclasses.fields(kind) if field.init)
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals:
            raise SpecError(
                f'{what} "{text}" is not understood: expected numbers such as {keys[0]}=0.5 with commas '
                f'between, got "{pair}".'
            )
        require_choice(f"{what} key", key, keys, f'in "{text}"')
        if key in found:
            raise SpecError(f'{what} "{text}" gives {key} twice: give it once.')
        found[key] = _value(what, text, key, value)
    return found


def _value(what: str, text: str, key: str, value: str) -> float | bool:
    if value in ("true", "false"):
        return value == "true"
    try:
        return float(value)
    except ValueError:
        raise SpecError(
            f'{what} "{text}": {key} must be a number, or true or false, got "{value}".'
        ) from None
