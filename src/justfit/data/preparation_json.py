"""A `Preparation` as plain JSON values and arrays, and back. Nothing that is read is trusted.

What has a few numbers a column is JSON; a vocabulary, which may have millions of words, is two arrays.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from justfit.data.bag_preparation import BagPreparation
from justfit.data.columns import INPUTS, Column, of_kind
from justfit.data.ngrams import SCALED, NgramPreparation, ngrams_of
from justfit.data.preparation import NumberPreparation, Preparation, TextPreparation, words_below
from justfit.data.raw import Vocabulary
from justfit.data.table_preparation import Levels, NumberColumns, TablePreparation
from justfit.errors import DataError, SpecError
from justfit.spec import Ngrams, Scaling, TextEncoding
from justfit.spec.checks import require_choice, require_integer, require_number

Arrays = dict[str, npt.NDArray[Any]]
"""Of a preparation, by name; safetensors keeps them beside the weights."""


def preparation_to_parts(preparation: Preparation) -> tuple[dict[str, object], Arrays]:
    """``preparation`` as nested dicts and lists of plain values, and its arrays; floats keep every bit."""
    match preparation:
        case TextPreparation(encoding, vocabulary):
            words, offsets = words_to_arrays(vocabulary.words)
            values: dict[str, object] = {
                "kind": "text",
                "encoding": encoding.kind,
                "num_words": encoding.num_words,
                "skip_top": encoding.skip_top,
                "maxlen": encoding.maxlen,
            }
            return values, {"words": words, "word_offsets": offsets}
        case NumberPreparation(scaling, names, shift, scale):
            values = {
                "kind": "numbers",
                "scaling": scaling.kind,
                "by": scaling.by,
                "columns": list(names),
                "shift": shift.tolist(),
                "scale": scale.tolist(),
            }
            return values, {}
        case NgramPreparation(spec, ngrams, weights):
            arrays: Arrays = {"ngrams": np.frombuffer(ngrams.text().encode(), np.uint8)}
            if weights is not None:
                arrays["scale"] = weights
            return {"kind": "ngrams", **{key: getattr(spec, key) for key in _OF_NGRAMS}}, arrays
        case TablePreparation():
            return _table_to_parts(preparation)
        case BagPreparation(columns):
            return {"kind": "bags", "columns": columns}, {}


_OF_COLUMN = ("name", "kind", "form")
_OF_TABLE = ("median", "shift", "scale")


def _table_to_parts(preparation: TablePreparation) -> tuple[dict[str, object], Arrays]:
    arrays: Arrays = {}
    for place, levels in enumerate(preparation.categories):
        names = f"levels{place}", f"level_offsets{place}"
        arrays |= dict(zip(names, words_to_arrays(levels.levels), strict=True))
    texts = []
    for place, text in enumerate(preparation.texts):
        values, own = preparation_to_parts(text)
        texts.append(values)
        arrays |= {f"text{place}.{name}": array for name, array in own.items()}
    return {
        "kind": "table",
        "inputs": [{key: getattr(column, key) for key in _OF_COLUMN} for column in preparation.inputs],
        **{key: getattr(preparation.numbers, key).tolist() for key in (*_OF_TABLE, "flagged")},
        "missing": [levels.missing for levels in preparation.categories],
        "texts": texts,
    }, arrays


_OF_NGRAMS = tuple(item.name for item in fields(Ngrams) if item.init)
_KEYS = {
    "text": ("kind", "encoding", "num_words", "skip_top", "maxlen"),
    "numbers": ("kind", "scaling", "by", "columns", "shift", "scale"),
    "table": ("kind", "inputs", *_OF_TABLE, "flagged", "missing", "texts"),
    "ngrams": ("kind", *_OF_NGRAMS),
    "bags": ("kind", "columns"),
}
_ARRAYS = {"text": ("words", "word_offsets"), "numbers": (), "bags": ()}


def preparation_from_parts(
    values: Mapping[str, object], arrays: Mapping[str, npt.NDArray[Any]]
) -> Preparation:
    """The `Preparation` that `preparation_to_parts` gave ``values`` and ``arrays`` for.

    Raises:
        DataError: a key or an array is missing, unknown, or has a value that cannot be, with its name.
    """
    try:
        kind = require_choice("key kind:", values.get("kind"), tuple(_KEYS))
        if set(values) != set(_KEYS[kind]):
            raise DataError(
                f"preparation: expected the keys {', '.join(_KEYS[kind])}, got {', '.join(map(str, values))}."
            )
        if kind == "table":
            return _table(values, arrays)
        if kind == "ngrams":
            return _ngrams(values, arrays)
        if set(arrays) != set(_ARRAYS[kind]):
            wanted, found = ", ".join(_ARRAYS[kind]) or "none", ", ".join(arrays) or "none"
            raise DataError(f"preparation: expected the arrays {wanted}, got {found}.")
        if kind == "bags":
            return BagPreparation(require_integer("key columns:", values["columns"], 1, 2**31 - 1))
        return _text(values, arrays) if kind == "text" else _numbers(values)
    except SpecError as error:
        raise DataError(f"preparation: {error}") from error


def words_to_arrays(words: Sequence[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    r"""Words as their UTF-8 bytes end to end (uint8), and where each begins (int64, one more: the end).

    >>> words, offsets = words_to_arrays(["the", "café"])
    >>> bytes(words), offsets.tolist()
    (b'thecaf\xc3\xa9', [0, 3, 8])
    """
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    offsets = np.zeros(len(words) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(words)), out=offsets[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), offsets


def words_from_arrays(
    name: str, words: npt.NDArray[Any], offsets: npt.NDArray[Any], most: int
) -> tuple[str, ...]:
    """The words that `words_to_arrays` gave the arrays for.

    Args:
        name: of the first array, for messages.
        words: bytes end to end.
        offsets: where each begins, and the end of the last.
        most: how many there may be.

    Raises:
        DataError: the arrays do not fit each other, bytes are no UTF-8, there are more words or one stands
            there twice.
    """
    where = f"preparation, array {name}:"
    if words.dtype != np.uint8 or offsets.dtype != np.int64 or (words.ndim, offsets.ndim) != (1, 1):
        raise DataError(f"{where} expected bytes (uint8), and int64 offsets, one axis each.")
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(words) or (np.diff(offsets) < 0).any():
        raise DataError(f"{where} expected offsets that rise from 0 to its {len(words)} bytes.")
    if len(offsets) - 1 > most:
        raise DataError(f"{where} there is room for {most} words, got {len(offsets) - 1}.")
    content, ends = words.tobytes(), offsets.tolist()
    try:
        found = tuple(content[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(ends))
    except UnicodeDecodeError as error:
        raise DataError(f"{where} a word is not UTF-8 ({error.reason}).") from error
    if len(set(found)) != len(found):
        raise DataError(f"{where} a word stands there twice.")
    return found


def _text(values: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> TextPreparation:
    encoding = TextEncoding(values["encoding"], values["num_words"], values["skip_top"], values["maxlen"])
    room = words_below(encoding.num_words)
    words = words_from_arrays("words", arrays["words"], arrays["word_offsets"], room)
    return TextPreparation(encoding, Vocabulary(words))


def _numbers(values: Mapping[str, Any]) -> NumberPreparation:
    scaling = Scaling(values["scaling"], values["by"])
    names = _strings(values, "columns")
    shift, scale = (_floats(values, key, len(names)) for key in ("shift", "scale"))
    _require_scale(scale)
    return NumberPreparation(scaling, names, shift, scale)


def _table(values: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> TablePreparation:
    inputs = _inputs(values["inputs"])
    count, categories, texts = (
        sum(len(column.numbers) for column in inputs),
        len(of_kind(inputs, "category")),
        len(of_kind(inputs, "text")),
    )
    median, shift, scale = (_floats(values, key, count) for key in _OF_TABLE)
    _require_scale(scale)
    flagged, missing = _flags(values, "flagged", count), _flags(values, "missing", categories)
    if not isinstance(values["texts"], list) or len(values["texts"]) != texts:
        raise DataError(f"preparation, key texts: expected a list of {texts} preparations.")
    left = dict(arrays)
    levels = []
    for place in range(categories):
        words, offsets = (_taken(left, f"{name}{place}") for name in ("levels", "level_offsets"))
        levels.append(
            Levels(words_from_arrays(f"levels{place}", words, offsets, len(offsets)), missing[place])
        )
    of_texts = []
    for place, each in enumerate(values["texts"]):
        own = {name: _taken(left, name) for name in arrays if name.startswith(f"text{place}.")}
        of_text = {name.partition(".")[2]: array for name, array in own.items()}
        is_text = isinstance(each, dict) and each.get("kind") in ("text", "ngrams")
        text = preparation_from_parts(each, of_text) if is_text else None
        if not isinstance(text, TextPreparation | NgramPreparation):
            raise DataError(f"preparation, key texts, place {place}: expected the preparation of a text.")
        of_texts.append(text)
    if left:
        raise DataError(f"preparation: the arrays {', '.join(left)} belong to no column.")
    numbers = NumberColumns(median, shift, scale, np.array(flagged, bool))
    return TablePreparation(inputs, numbers, tuple(levels), tuple(of_texts))


def _inputs(items: object) -> tuple[Column, ...]:
    expected = "preparation, key inputs: expected a list of columns with " + ", ".join(_OF_COLUMN) + "."
    if not isinstance(items, list):
        raise DataError(expected)
    for item in items:
        if not isinstance(item, dict) or set(item) != set(_OF_COLUMN):
            raise DataError(expected)
        if not all(isinstance(value, str) for value in item.values()) or item["kind"] not in INPUTS:
            raise DataError(expected)
    columns = tuple(Column(item["name"], item["kind"], form=item["form"]) for item in items)
    if not columns or len({column.name for column in columns}) != len(columns):
        raise DataError("preparation, key inputs: there is no column, or a name stands there twice.")
    return columns


def _flags(values: Mapping[str, object], key: str, count: int) -> list[bool]:
    items = values[key]
    if (
        not isinstance(items, list)
        or len(items) != count
        or not all(isinstance(item, bool) for item in items)
    ):
        raise DataError(f"preparation, key {key}: expected a list of {count} times true or false.")
    return items


def _require_scale(scale: npt.NDArray[np.float64]) -> None:
    if not (scale > 0).all():
        column = int(np.argmin(scale))
        raise DataError(f"preparation, key scale, column {column}: expected a number above 0.")


def _taken(arrays: Arrays, name: str) -> npt.NDArray[Any]:
    if name not in arrays:
        raise DataError(f"preparation: the array {name} is missing.")
    return arrays.pop(name)


def _ngrams(values: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> NgramPreparation:
    spec = Ngrams(**{key: values[key] for key in _OF_NGRAMS})
    require_choice("key unit:", spec.unit, ("word", "character"))
    wanted = {"ngrams", "scale"} if spec.weights in SCALED else {"ngrams"}
    if set(arrays) != wanted:
        expected, found = ", ".join(sorted(wanted)), ", ".join(arrays) or "none"
        raise DataError(f"preparation: expected the arrays {expected}, got {found}.")
    text = arrays["ngrams"]
    if text.dtype != np.uint8 or text.ndim != 1:
        raise DataError("preparation, array ngrams: expected the bytes of a text.")
    try:
        ngrams = ngrams_of(spec, text.tobytes().decode())
    except ValueError as error:
        raise DataError(f"preparation, array ngrams: {error}.") from error
    scale = arrays.get("scale")
    if scale is not None and (
        scale.dtype != np.float32 or scale.shape != (ngrams.columns,) or not np.isfinite(scale).all()
    ):
        raise DataError(f"preparation, array scale: expected {ngrams.columns} finite numbers of float32.")
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
