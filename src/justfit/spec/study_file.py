"""Study files: YAML to `Study` and back. All that cannot be is told at once, each with its line."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from justfit.errors import StudyFileError
from justfit.spec.data import Data, Files
from justfit.spec.preparation import Ngrams
from justfit.spec.protocol import AllRows, HoldOut, KFold, Protocol, TestRows
from justfit.spec.study import Final, Stage, Study
from justfit.spec.study_reader import STUDY_KEYS, StudyReader
from justfit.spec.study_yaml import Problem, Problems, read_yaml, yaml_lines

FILE_LIMIT = 2**20
"""Bytes of a study file."""


def read_studies(path: str | Path) -> tuple[Study, ...]:
    """The studies of a file of YAML, one a document; one without ``name`` has the file's.

    Raises:
        StudyFileError: the file is missing, longer than 1 MB or not UTF-8, or says what cannot be: all of it
            at once, each with its line.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _refused(
            str(path), Problem(None, None, "", f"cannot be read, {reason}: check the name.")
        ) from error
    return studies_of(content, path.stem, str(path))


def studies_of(content: bytes, name: str, file: str) -> tuple[Study, ...]:
    """The studies of a file's content; arguments and errors are those of `parse_studies` and `read_studies`.

    Args:
        content: of the file, or its first `FILE_LIMIT` bytes and one more.
        name: of a study that has none.
        file: for messages.
    """
    if len(content) > FILE_LIMIT:
        raise _refused(file, Problem(None, None, "", "is longer than 1 MB, which no study needs."))
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte {error.start + 1} of the file is not UTF-8: convert the file first."
        raise _refused(file, Problem(line, None, "", message)) from error
    return parse_studies(text, name, file)


def parse_studies(text: str, name: str = "study", file: str | None = None) -> tuple[Study, ...]:
    """The studies of a YAML text, one a document.

    Args:
        text: of the file.
        name: of a study that has none.
        file: for messages.

    Raises:
        StudyFileError: what cannot be: all of it at once, each with its line.

    >>> parse_studies("{data: wine, stages: {small: {hidden: [4]}}}")[0].stages[0].settings
    {'hidden': (4,)}
    """
    problems = Problems()
    documents = read_yaml(text, problems)
    studies: list[Study] = []
    names: dict[str, int] = {}
    for document in documents:
        if len(documents) > 1 and document.value is None:
            continue  # what stands before a first or after a last ---
        study, place = StudyReader(document, name, problems).read()
        if study is None:
            continue
        if study.name in names:
            problems.add(
                place,
                f'two studies are named "{study.name}", the first in line {names[study.name]}: give each '
                "document its own name.",
            )
        names.setdefault(study.name, place.line)
        studies.append(study)
    if not studies and not problems.found:
        problems.tell(Problem(None, None, "", "is empty: give at least data and stages."))
    if problems.found:
        raise _refused(file or f"{name}.yaml", *problems.found)
    return tuple(studies)


def _refused(file: str, *problems: Problem) -> StudyFileError:
    ordered = tuple(sorted(problems, key=lambda problem: problem.line or 0))
    return StudyFileError("\n".join(problem.told(file) for problem in ordered), ordered)


def write_studies(studies: Sequence[Study]) -> str:
    """YAML that `read_studies` reads as the same studies; what is as by default is left out.

    >>> print(write_studies([Study("first", Data("wine"), (Stage("small", {"hidden": [4]}),))]), end="")
    name: first
    data: wine
    stages:
      small: {hidden: [4]}
    """
    return "---\n".join("".join(f"{line}\n" for line in yaml_lines(_document(study))) for study in studies)


def _document(study: Study) -> dict[str, object]:
    document: dict[str, object] = {"name": study.name}
    data = _given(study.data)
    document["data"] = study.data.name if len(data) == 1 else data
    for field in sorted(dataclasses.fields(Study), key=lambda field: STUDY_KEYS.index(field.name)):
        value = getattr(study, field.name)
        usual = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        if field.name in ("name", "data") or value == usual:
            continue
        match value:
            case HoldOut() | KFold() | TestRows() | AllRows():
                document[field.name] = _said_protocol(value)
            case Final():
                document[field.name] = _given(value)
            case None:
                document[field.name] = "none"
            case tuple():
                document[field.name] = {stage.name: _said_stage(stage) for stage in value}
            case _:
                document[field.name] = value
    return document


def _given(noun: Data | Files | Ngrams | Final | HoldOut | KFold) -> dict[str, object]:
    """A noun's fields that are not as by default."""
    given = {
        field.name: getattr(noun, field.name)
        for field in dataclasses.fields(noun)
        if field.init and getattr(noun, field.name) != field.default
    }
    return {
        key: _given(value) if isinstance(value, Files | Ngrams) else value for key, value in given.items()
    }


def _said_protocol(protocol: Protocol) -> str | dict[str, object]:
    match protocol:
        case HoldOut(size=size):
            return {
                "hold_out": size,
                **{key: value for key, value in _given(protocol).items() if key != "size"},
            }
        case KFold(folds=folds):
            return {
                "k_fold": folds,
                **{key: value for key, value in _given(protocol).items() if key != "folds"},
            }
        case TestRows():
            return "test"
        case AllRows():
            return "none"


def _said_stage(stage: Stage) -> dict[str, object]:
    base = stage.base
    said: dict[str, object] = {}
    if base is not None:
        said["from"] = {"winner_of": base.stage} if base.winner else base.stage
    if stage.replicates is not None:
        said["replicates"] = stage.replicates
    if stage.halving is not None:
        said["halving"] = stage.halving
    said |= stage.settings
    listed = ("space", "trials", "sampler", "grid", "zip")
    said |= {key: value for key in listed if (value := getattr(stage, key))}
    if stage.networks != ({},):
        said["networks"] = stage.networks
    return said
