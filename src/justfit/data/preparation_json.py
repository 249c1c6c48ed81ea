"""A `Preparation` as plain JSON values, and back. Nothing that is read is trusted."""

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.data.ngrams import SCALED, NgramPreparation, ngrams_of
from justfit.data.preparation import NumberPreparation, Preparation, TextPreparation, words_below
from justfit.data.raw import Vocabulary
from justfit.errors import DataError, SpecError
from justfit.spec import Ngrams, Scaling, TextEncoding
from justfit.spec.checks import require_choice, require_number


def preparation_to_json(preparation: Preparation) -> dict[str, object]:
    """``preparation`` as nested dicts and lists of plain values; floats keep every bit."""
    match preparation:
        case TextPreparation(encoding, vocabulary):
            return {
                "kind": "text",
                "encoding": encoding.kind,
                "num_words": encoding.num_words,
                "skip_top": encoding.skip_top,
                "maxlen": encoding.maxlen,
                "words": list(vocabulary.words),
            }
        case NumberPreparation(scaling, names, shift, scale):
            return {
                "kind": "numbers",
                "scaling": scaling.kind,
                "by": scaling.by,
                "columns": list(names),
                "shift": shift.tolist(),
                "scale": scale.tolist(),
            }
        case NgramPreparation(spec, ngrams, weights):
            return {
                "kind": "ngrams",
                **{key: getattr(spec, key) for key in _OF_NGRAMS},
                "ngrams": ngrams.text(),
                "scale": None if weights is None else weights.tolist(),
            }


_OF_NGRAMS = tuple(item.name for item in fields(Ngrams) if item.init)
_KEYS = {
    "text": ("kind", "encoding", "num_words", "skip_top", "maxlen", "words"),
    "numbers": ("kind", "scaling", "by", "columns", "shift", "scale"),
    "ngrams": ("kind", *_OF_NGRAMS, "ngrams", "scale"),
}


def preparation_from_json(values: Mapping[str, object]) -> Preparation:
    """The `Preparation` that `preparation_to_json` gave ``values`` for.

    Raises:
        DataError: a key is missing, unknown, or has a value that cannot be, with the key.
    """
    try:
        kind = require_choice("key kind:", values.get("kind"), tuple(_KEYS))
        if set(values) != set(_KEYS[kind]):
            raise DataError(
                f"preparation: expected the keys {', '.join(_KEYS[kind])}, got {', '.join(map(str, values))}."
            )
        readers: dict[str, Callable[[Mapping[str, Any]], Preparation]]
        readers = {"text": _text, "numbers": _numbers, "ngrams": _ngrams}
        return readers[kind](values)
    except SpecError as error:
        raise DataError(f"preparation: {error}") from error


def _text(values: Mapping[str, Any]) -> TextPreparation:
    encoding = TextEncoding(values["encoding"], values["num_words"], values["skip_top"], values["maxlen"])
    words = _strings(values, "words")
    if len(words) > (room := words_below(encoding.num_words)):
        raise DataError(
            f"preparation, key words: num_words {encoding.num_words} has room for {room}, got {len(words)}."
        )
    return TextPreparation(encoding, Vocabulary(words))


def _numbers(values: Mapping[str, Any]) -> NumberPreparation:
    scaling = Scaling(values["scaling"], values["by"])
    names = _strings(values, "columns")
    shift, scale = (_floats(values, key, len(names)) for key in ("shift", "scale"))
    if not (scale > 0).all():
        column = int(np.argmin(scale))
        raise DataError(f"preparation, key scale, column {column}: expected a number above 0.")
    return NumberPreparation(scaling, names, shift, scale)


def _ngrams(values: Mapping[str, Any]) -> NgramPreparation:
    spec = Ngrams(**{key: values[key] for key in _OF_NGRAMS})
    require_choice("key unit:", spec.unit, ("word", "character"))
    if not isinstance(values["ngrams"], str):
        raise DataError("preparation, key ngrams: expected a text with a line an n-gram.")
    try:
        ngrams = ngrams_of(spec, values["ngrams"])
    except ValueError as error:
        raise DataError(f"preparation, key ngrams: {error}.") from error
    scale = None
    if spec.weights in SCALED:
        wide = _floats(values, "scale", ngrams.columns)
        if (too_large := np.abs(wide) > np.finfo(np.float32).max).any():
            column = int(np.argmax(too_large))
            raise DataError(f"preparation, key scale, column {column}: {wide[column]} is too large.")
        scale = wide.astype(np.float32)
    elif values["scale"] is not None:
        raise DataError(f"preparation, key scale: the weights {spec.weights} have none.")
    return NgramPreparation(spec, ngrams, scale)


def _strings(values: Mapping[str, object], key: str) -> tuple[str, ...]:
    items = values[key]
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise DataError(f"preparation, key {key}: expected a list of texts.")
    if len(set(items)) != len(items):
        raise DataError(f"preparation, key {key}: a name stands there twice.")
    return tuple(items)


def _floats(values: Mapping[str, object], key: str, count: int) -> npt.NDArray[np.float64]:
    items = values[key]
    if not isinstance(items, list) or len(items) != count:
        raise DataError(f"preparation, key {key}: expected a list of {count} numbers, one a column.")
    numbers = [
        require_number(f"key {key}, column {column}:", item, -math.inf) for column, item in enumerate(items)
    ]
    return np.array(numbers, np.float64)
