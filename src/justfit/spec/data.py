"""`Data`: which rows a study is about, by name or in files, and how they are prepared."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from justfit.errors import SpecError
from justfit.spec.checks import is_text, nearest, require_choice, require_flag, require_integer
from justfit.spec.preparation import Ngrams, PreparationSpec, Scaling, TableEncoding, TextEncoding
from justfit.spec.task import TASKS

CLASS_WEIGHTS = ("balanced",)
"""What `Data.class_weights` may be, besides None."""

_OF_TEXTS = ("encoding", "num_words", "skip_top", "maxlen")
_OF_NUMBERS = ("scaling", "by")


@dataclass(frozen=True)
class Files:
    """Files of rows, the column to learn, and what is not left to looking at the other columns."""

    train: str | tuple[str, ...]
    """Path of the file or folder with the rows that train; also a list of paths, a pattern such as
    ``rows/*.parquet``, or an address such as ``s3://bucket/rows``, as for the rows that validate and test."""
    target: str
    """The column that holds the labels."""
    validation: str | tuple[str, ...] | None = None
    """Path of rows that validate; None where they are taken from the training rows."""
    test: str | tuple[str, ...] | None = None
    """Path of rows that test; None where a fifth of the training rows is sealed."""
    task: str | None = None
    """One of `justfit.spec.TASKS`; None to infer it from the labels."""
    text: tuple[str, ...] = ()
    """Columns to take as text."""
    categories: tuple[str, ...] = ()
    """Columns to take as categories."""
    numbers: tuple[str, ...] = ()
    """Columns to take as numbers."""
    drop: tuple[str, ...] = ()
    """Columns to leave out."""
    seed: int = 0
    """Of the choice of the rows that are sealed."""
    strict: bool = False
    """Whether to stop at rows that cannot be used, instead of leaving them out."""

    def __post_init__(self) -> None:
        for key in ("train", "validation", "test"):
            if (value := getattr(self, key)) is not None:
                object.__setattr__(self, key, _path(key, value))
        if not is_text(self.target):
            raise SpecError(
                f"target must be the name of the column that holds the labels, got {self.target!r}."
            )
        if self.task is not None:
            require_choice("task", self.task, tuple(TASKS))
        for key in ("text", "categories", "numbers", "drop"):
            object.__setattr__(self, key, _names(key, getattr(self, key)))
        require_integer("seed", self.seed, 0)
        require_flag("strict", self.strict)

    @property
    def parts(self) -> dict[str, str | tuple[str, ...]]:
        """The paths that are given, by part."""
        paths = {"train": self.train, "validation": self.validation, "test": self.test}
        return {part: path for part, path in paths.items() if path is not None}


@dataclass(frozen=True)
class Data:
    """Which rows a study is about, and how they are prepared; None leaves it to the data set."""

    name: str
    """As ``justfit data`` lists them; of files any name."""
    rows: int | None = None
    """Only so many of the training rows, from the first; None for all."""
    encoding: str | None = None
    num_words: int | None = None
    skip_top: int | None = None
    maxlen: int | None = None
    scaling: str | None = None
    by: float | None = None
    ngrams: Ngrams | None = None
    """How texts become n-grams, in place of an encoding. A mapping of its fields will do."""
    class_weights: str | None = None
    """``balanced`` lets each class weigh the same in losses, however few its rows; None each row."""
    files: Files | None = None
    """Where the rows are; None where the name says it. A mapping of its fields will do."""

    def __post_init__(self) -> None:
        if not is_text(self.name):
            raise SpecError(f"data must be the name of a data set, got {self.name!r}.")
        if self.rows is not None:
            require_integer("rows", self.rows, 2)
        if self.class_weights is not None:
            require_choice("class_weights", self.class_weights, CLASS_WEIGHTS)
        object.__setattr__(self, "files", _noun(Files, "files", self.files))
        object.__setattr__(self, "ngrams", _noun(Ngrams, "ngrams", self.ngrams))
        if self.ngrams is not None and (wrong := self._given(_OF_TEXTS)):
            key = "encoding" if "kind" in wrong else next(iter(wrong))
            raise SpecError(f"ngrams and {key} are two ways to prepare texts: give one of them.")
        TextEncoding(**self._given(_OF_TEXTS))
        Scaling(**self._given(_OF_NUMBERS))

    def preparation(self, default: PreparationSpec) -> PreparationSpec:
        """The data set's own preparation with what is given here in its place.

        Raises:
            SpecError: what is given is for rows of another kind.

        >>> Data("imdb", num_words=1_000).preparation(TextEncoding()).num_words
        1000
        """
        match default:
            case TableEncoding(text=text):
                self._refuse(_OF_NUMBERS, "a table, whose numbers are standardized", _OF_TEXTS)
                return dataclasses.replace(default, text=self._of_texts(text))
            case TextEncoding() | Ngrams():
                self._refuse(_OF_NUMBERS, "text", _OF_TEXTS)
                return self._of_texts(default)
            case Scaling(kind=kind):
                self._refuse((*_OF_TEXTS, "ngrams"), "numbers", _OF_NUMBERS)
                given = self._given(_OF_NUMBERS)
                if given.get("kind", kind) != kind:
                    return Scaling(**given)  # what another kind divides by is not meant
                return dataclasses.replace(default, **given)

    def _of_texts(self, default: TextEncoding | Ngrams) -> TextEncoding | Ngrams:
        if self.ngrams is not None:
            return self.ngrams
        if given := self._given(_OF_TEXTS):
            start = default if isinstance(default, TextEncoding) else TextEncoding()
            return dataclasses.replace(start, **given)
        return default

    def _refuse(self, keys: tuple[str, ...], kind: str, fits: tuple[str, ...]) -> None:
        if wrong := [key for key in keys if getattr(self, key) is not None]:
            raise SpecError(
                f"{self.name} has rows of {kind}, so {' and '.join(wrong)} does not fit: give "
                f"{' or '.join(fits)}."
            )

    def _given(self, keys: tuple[str, ...]) -> dict[str, Any]:
        given = {key: value for key in keys if (value := getattr(self, key)) is not None}
        return {"kind" if key in ("encoding", "scaling") else key: value for key, value in given.items()}


def data_in(path: str, **files: Any) -> Data:
    """The rows of a file, named as it is.

    >>> data_in("my data/reviews.csv.gz", target="sentiment").name
    'reviews'
    """
    parts = [part for part in PurePath(path).parts if not set(part) & set("*?")]  # without a pattern
    stem = (parts or [""])[-1].lstrip(".").split(".")[0]
    name = "".join(letter if letter.isalnum() or letter in "_- " else "_" for letter in stem).strip()
    return Data(name[:80] or "data", files=Files(path, **files))


def _noun(kind: type[Files] | type[Ngrams], what: str, value: object) -> Any:
    """A noun, or what a mapping of its fields makes."""
    if value is None or isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        raise SpecError(f"{what} must be a mapping of its settings, got {value!r}.")
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    kept = {field.name for field in dataclasses.fields(kind)} - set(fields)  # what `plain` says besides
    value = {key: inner for key, inner in value.items() if key not in kept}
    for key in value:
        if key not in fields:
            raise SpecError(
                f'{what} has no key "{key}": known are {", ".join(fields)}.{nearest(str(key), tuple(fields))}'
            )
    if lacks := [
        name for name, field in fields.items() if field.default is dataclasses.MISSING and name not in value
    ]:
        raise SpecError(f"{what} lacks {' and '.join(lacks)}.")
    return kind(**value)


_PASSWORD = re.compile(r"\w+://[^/@]*:[^/@]*@")


def _path(key: str, value: object) -> str | tuple[str, ...]:
    """A path, or several; none of them with a password, which would be stored with the study."""
    paths = [value] if isinstance(value, str) else value
    if not isinstance(paths, list | tuple) or not paths or not all(is_text(each) for each in paths):
        raise SpecError(f"{key} must be the path of a file or folder, or a list of paths, got {value!r}.")
    if any(_PASSWORD.match(each) for each in paths):
        raise SpecError(
            f"{key} names a password, which would be stored with the study: leave it out, and give it in the "
            "way that fsspec's package for such paths says."
        )
    return value if isinstance(value, str) else tuple(paths)


def _names(key: str, value: object) -> tuple[str, ...]:
    values = (value,) if isinstance(value, str) else value
    if not isinstance(values, tuple | list) or not all(is_text(each) for each in values):
        raise SpecError(f"{key} must be names of columns, got {value!r}.")
    return tuple(values)
