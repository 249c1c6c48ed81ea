"""`NgramPreparation`: texts to bags of word or character n-grams, counted in native code."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from justfit import _native
from justfit.data.raw import Raw, Texts
from justfit.data.rows import Bags, Float32
from justfit.errors import DataError
from justfit.machine import MOST_THREADS, available_threads
from justfit.spec import Ngrams

SCALED = ("tf_idf", "log_count_ratio")
"""Weights for which training rows teach each column a factor."""

_NORMS = {"tf_idf": _native.Norm.length, "average": _native.Norm.sum}
_COUNTED = ("counts", "tf_idf", "average")

# Letters of scripts without blanks between words: Thai and Lao; Burmese; Khmer; Tai; kana; Chinese.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\uaa60-\uaa7f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\u3040-\u30ff\u31f0-\u31ff"
    "\uff66-\uff9f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_LETTER = re.compile(r"[^\W\d_]")
_LOOKED_AT = 1_000  # texts, and characters of each, when the unit is chosen


@dataclass(frozen=True, eq=False)
class NgramPreparation:
    """Texts to `Bags`; the n-grams and factors are those of the training rows.

    A half of a surrogate pair, which no encoding can hold, counts as U+FFFD.
    """

    spec: Ngrams
    """With the unit that ``auto`` became."""
    ngrams: _native.Ngrams
    scale: Float32 | None
    """The factor of each column, ``[columns]``, where ``spec.weights`` is one of `SCALED`; else None."""

    @property
    def columns(self) -> int:
        """Columns of the rows it makes."""
        return self.ngrams.columns

    def rows(self, raw: Raw) -> Bags:
        """The rows of ``raw``; of a text without a known n-gram, a row without an entry.

        Raises:
            DataError: ``raw`` is not texts.
        """
        if not isinstance(raw, Texts):
            raise DataError("This preparation takes texts, and these rows are none.")
        weights = self.spec.weights
        indptr, indices, values = self.ngrams.rows(
            raw.texts,
            weights in _COUNTED,
            self.scale,
            _NORMS.get(weights, _native.Norm.none),
            _threads(raw),
        )
        return Bags(indptr, indices, values, self.columns)

    def raw_from_text(self, lines: Sequence[str]) -> Texts:
        """Raw rows from what a user types: each line is a text."""
        return Texts(lines)

    @cached_property
    def names(self) -> Sequence[str]:
        """The n-gram of each column, words with a blank between; none where columns are hashed."""
        return [] if self.spec.hashed else self.ngrams.text().split("\n")

    def column_name(self, column: int) -> str:
        """The n-gram that a column of the rows stands for."""
        return f"(n-grams of hash {column})" if self.spec.hashed else self.names[column]


def fit_ngrams(spec: Ngrams, raw: Texts, labels: npt.NDArray[np.generic] | None = None) -> NgramPreparation:
    """What ``spec`` learns from training texts, and for ``log_count_ratio`` from their class numbers.

    Columns are ranked by the rows that hold the n-gram; of equally frequent n-grams the shorter come
    first, then the lower in the order of their words' code points.

    Raises:
        DataError: no n-gram stands in enough rows, or ``log_count_ratio`` got no labels of two classes.

    >>> preparation = fit_ngrams(Ngrams(longest=2, min_rows=1), Texts(["Good film!", "good GOOD plot"]))
    >>> preparation.names
    ['good', '!', 'film', 'plot', 'film !', 'good film', 'good good', 'good plot']
    >>> preparation.rows(Texts(["A good plot"])).indices.tolist()
    [0, 3, 7]
    """
    spec = dataclasses.replace(spec, unit=_unit(spec, raw))
    ngrams = count_ngrams(spec, raw)
    if not ngrams.columns:
        what = f"{spec.unit} or run of up to {spec.longest} {spec.unit}s"
        share = "" if spec.max_share == 1 else f" and at most {spec.max_share:.0%} of them"
        raise DataError(
            f"No {what} stands in at least {spec.min_rows} of the {len(raw)} training texts{share}: "
            "give more rows, a lower min_rows or a higher max_share."
        )
    scale = None
    if spec.weights in SCALED:
        present = NgramPreparation(dataclasses.replace(spec, weights="multi_hot"), ngrams, None).rows(raw)
        scale = _idf(present) if spec.weights == "tf_idf" else _log_count_ratio(present, labels)
    return NgramPreparation(spec, ngrams, scale)


def count_ngrams(spec: Ngrams, raw: Texts) -> _native.Ngrams:
    """The n-grams of training texts that get a column."""
    if spec.hashed:
        return ngrams_of(spec, "")
    characters = _unit(spec, raw) == "character"
    most = 2**31 - 2 if spec.most is None else spec.most
    return _native.Ngrams.fit(
        raw.texts,
        characters,
        spec.punctuation,
        spec.longest,
        spec.min_rows,
        spec.max_share,
        most,
        _threads(raw),
    )


def ngrams_of(spec: Ngrams, lines: str) -> _native.Ngrams:
    """The n-grams that ``_native.Ngrams.text`` gave ``lines`` for; hashed ones have no lines.

    Raises:
        ValueError: a line is no such n-gram or stands there twice, or there are none, or more than
            ``spec.most``.
    """
    characters = spec.unit == "character"
    if spec.hashed:
        if lines:
            raise ValueError("hashed n-grams have no names")
        return _native.Ngrams.hashed(characters, spec.punctuation, spec.longest, spec.hashed)
    ngrams = _native.Ngrams.read(lines, characters, spec.punctuation, spec.longest)
    if not 1 <= ngrams.columns <= (spec.most or ngrams.columns):
        raise ValueError(f"expected 1 to {spec.most} lines, got {ngrams.columns}")
    return ngrams


def _unit(spec: Ngrams, raw: Texts) -> str:
    if spec.unit != "auto":
        return spec.unit
    looked_at = [text[:_LOOKED_AT] for text in raw.texts[:: len(raw) // _LOOKED_AT + 1]]
    unspaced = sum(len(_UNSPACED.findall(text)) for text in looked_at if not text.isascii())
    letters = sum(len(_LETTER.findall(text)) for text in looked_at)
    return "character" if 2 * unspaced > letters else "word"


def _idf(present: Bags) -> Float32:
    rows = np.bincount(present.indices, minlength=present.columns)
    return np.asarray(1.0 + np.log((1.0 + len(present)) / (1.0 + rows)), np.float32)


def _log_count_ratio(present: Bags, labels: npt.NDArray[np.generic] | None) -> Float32:
    """log((p / |p|) / (q / |q|)) of each column, p and q how many rows of class 1 and 0 hold it, plus 1."""
    if labels is None or labels.shape != (len(present),) or not np.isin(labels, (0, 1)).all():
        raise DataError(
            "The weights log_count_ratio compare two classes, and these rows do not have the labels of two: "
            "take tf_idf or multi_hot."
        )
    is_one = np.repeat(labels == 1, np.diff(present.indptr))
    p, q = (1.0 + np.bincount(present.indices[of], minlength=present.columns) for of in (is_one, ~is_one))
    return np.asarray(np.log(p / p.sum()) - np.log(q / q.sum()), np.float32)


def _threads(raw: Texts) -> int:
    """A few texts are ready before a second thread has started."""
    return 1 if len(raw) < 64 else min(available_threads(), MOST_THREADS)
