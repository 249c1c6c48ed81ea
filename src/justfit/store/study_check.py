"""What is wrong with one study's folder, read as its readers do."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from justfit.errors import SpecError, StoreError
from justfit.spec import digest, plain
from justfit.spec.study_file import FILE_LIMIT, parse_studies
from justfit.store import importances, live, looks, mistakes, model, studies
from justfit.store.files import read_bytes, require_format, told
from justfit.store.findings import Finding, read_into
from justfit.store.live_view import read_live
from justfit.store.lock import holder_of
from justfit.store.paths import StudyPaths, run_path
from justfit.store.records import read_record
from justfit.store.stored_study import StoredStudy
from justfit.store.validation import read_validation

_DIGITS = 12
"""Of a study's id, at the end of its folder's name."""


@dataclass
class StudyFound:
    """A study's folder as a check saw it."""

    findings: list[Finding] = field(default_factory=list)
    study: StoredStudy | None = None
    """None where it cannot be read."""
    is_live: bool = False
    """Whether a process carries it out, or may."""


def check_study(folder: Path) -> StudyFound:
    """What is wrong with a study's folder.

    What another process writes meanwhile is no fault: what is found twice counts, of a folder that is there.
    """
    found = _checked(folder)
    if any(each.is_fault for each in found.findings):
        again = _checked(folder)
        again.findings = [each for each in again.findings if each in found.findings and folder.is_dir()]
        return again
    return found


def named_runs(study: StoredStudy) -> Iterator[tuple[str, bool]]:
    """The ids of a study's runs, each with whether it must have been trained."""
    for stage in study.stages:
        for network in stage["networks"]:
            for run_id in network["runs"]:
                yield run_id, study.result is not None or network["standing"] is not None
    for run_id in study.result["final_runs"] if study.result else ():
        yield run_id, True


def _checked(folder: Path) -> StudyFound:
    paths = StudyPaths(folder)
    found = StudyFound(is_live=holder_of(folder) is not None)
    findings = found.findings
    if not paths.study.is_file():
        findings += _without_study(paths, is_live=found.is_live)
        return found
    formats = {paths.study: studies.FORMAT, paths.stages: studies.FORMAT, paths.result: studies.FORMAT}
    for path, newest in formats.items():
        if path.is_file():
            read_into(findings, path, lambda path=path, newest=newest: read_record(path, newest), newest)  # type: ignore[misc]
    if paths.selection.is_file():
        read_into(findings, paths.selection, lambda: looks.read_selection(paths.selection), looks.FORMAT)
    if not {each.path for each in findings} & formats.keys():
        try:
            found.study = studies.read_study(folder)
        except StoreError as error:  # which begins with the file that it is about
            path = next((path for path in formats if str(error).startswith(f"{path} ")), paths.study)
            findings.append(Finding(path, "broken", str(error)))
    if found.study is not None:
        findings += _of_study(found.study, paths)
        if found.study.result is not None and not found.is_live:
            findings += _of_result(found.study, paths)
    read_into(findings, paths.validation, lambda: read_validation(folder))
    read_into(findings, paths.mistakes, lambda: mistakes.read_mistakes(folder), mistakes.FORMAT)
    read_into(findings, paths.importances, lambda: importances.read_importances(folder), importances.FORMAT)
    if not found.is_live:
        findings += _of_live_log(paths)
        findings += _left(paths)
    return found


def _without_study(paths: StudyPaths, *, is_live: bool) -> Iterator[Finding]:
    """Of a folder named like a study's: its first file was not written yet, or has gone."""
    later = (paths.stages, paths.selection, paths.result, paths.model)
    if any(path.is_file() for path in later):
        yield Finding(
            paths.study,
            "missing",
            f"{paths.study} is missing, and other files of its study are there: put it back, or run "
            f"{paths.file} again, which writes it.",
        )
    elif not is_live:
        yield Finding(
            paths.folder,
            "left",
            f"{paths.folder} was begun, and {paths.study.name} was never written: run its study again, or "
            "remove the folder.",
        )


def _of_study(study: StoredStudy, paths: StudyPaths) -> Iterator[Finding]:
    """Whether its files are those of this study, and its runs there."""
    named = paths.folder.name.rpartition("-")[2]
    is_id = len(named) == _DIGITS and not set(named) - set("0123456789abcdef")
    if study.search is None and is_id and named != study.id:
        yield Finding(
            paths.study,
            "broken",
            f"{paths.study} is of a study with the id {study.id}, where its folder is named for {named}: "
            f"it was changed. Run {paths.file} again in another store, and put its {paths.study.name} here.",
        )
    if study.search is None:
        yield from _of_study_file(study, paths.file)
    seen = set()
    for run_id, is_trained in named_runs(study):
        if run_id in seen:
            continue
        seen.add(run_id)
        try:
            path = run_path(paths.folder.parent, run_id)
        except StoreError as error:
            yield Finding(paths.stages, "broken", f"{paths.stages}: {error}")
            continue
        if is_trained and not path.exists():
            yield Finding(
                path,
                "missing",
                f"{path} is missing, and {paths.folder.name} names it as a run that was trained: "
                + _anew(study, paths),
            )


def _anew(study: StoredStudy, paths: StudyPaths) -> str:
    """How a study comes to what it lacks; one that is done is not carried out again as long as it is."""
    if study.result is None:
        return "run that study again, which makes it again."
    return (
        f"move {paths.result.name} out of its folder, and run {paths.file} again, which makes what is "
        "missing and goes on with the look at test rows that is logged."
    )


def _of_study_file(study: StoredStudy, path: Path) -> Iterator[Finding]:
    """The study file is there to be read and changed, so that another one is no fault."""
    try:
        (found,) = parse_studies(read_bytes(path, FILE_LIMIT).decode())
        says_it = digest(plain(found)) == digest(study.spec)
    except (SpecError, StoreError, ValueError):
        says_it = False
    if not says_it:
        yield Finding(
            path,
            "unused",
            f"{path} is missing, cut off or changed, and does not say the study of its folder any more: "
            "nothing reads it, but run it with care.",
        )


def _of_result(study: StoredStudy, paths: StudyPaths) -> Iterator[Finding]:
    """Of a study that is done, what was written before its result."""
    found: list[Finding] = []
    expected = [paths.stages]
    if study.spec.get("final") is not None:
        expected.append(paths.selection)
        _of_model(paths, found)
    for path in expected:
        if not path.is_file():
            message = f"{path} is missing, and {paths.folder.name} is done: {_anew(study, paths)}"
            found.append(Finding(path, "missing", message))
    yield from found


def _of_model(paths: StudyPaths, found: list[Finding]) -> None:
    """The two files of a model, which are checked together; the sentence names the one that is wrong."""
    before = len(found)
    read_into(found, paths.model, lambda: model.read_model(paths.folder), model.FORMAT)
    for place in range(before, len(found)):
        each = found[place]
        if each.message.startswith(f"{paths.weights} ") or not paths.weights.is_file():
            kind = "broken" if paths.weights.is_file() else "missing"
            found[place] = Finding(paths.weights, kind, each.message)


def _of_live_log(paths: StudyPaths) -> Iterator[Finding]:
    """The live log of a study that nobody carries out, in which no line is being written."""
    if not paths.live.is_file():
        return
    found: list[Finding] = []
    torn = read_into(found, paths.live, lambda: torn_bytes(paths.live))
    if (
        torn is not None
        and read_into(found, paths.live, lambda: _require_live_format(paths.live)) is not None
    ):
        read_into(found, paths.live, lambda: read_live(paths.folder))
    for each in found:
        newer = each.message.endswith("upgrade justfit.")
        yield Finding(each.path, "newer" if newer else each.kind, each.message)
    if torn:
        yield Finding(
            paths.live,
            "torn",
            f"{paths.live} ends with {torn:,} bytes of a line that was cut off: expected the end of a line. "
            "Nothing reads them; justfit store check --repair removes them.",
        )


def _require_live_format(path: Path) -> bool:
    """True; raises `StoreError` where a newer justfit has begun the log."""
    with told(path, "read"), path.open("rb") as file:
        line = file.readline(2**16)
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return True  # which `read_live` tells, or which is torn
    if isinstance(values, dict) and isinstance(values.get("format"), int) and values["format"] > live.FORMAT:
        require_format(path, values, live.FORMAT)
    return True


def torn_bytes(path: Path) -> int:
    """How many bytes at the end of a file of lines are a line without its end; raises `StoreError`."""
    with told(path, "read"), path.open("rb") as file:
        torn, place = 0, file.seek(0, 2)
        while place:
            size = min(place, 2**16)
            place -= size
            file.seek(place)
            _, end, tail = file.read(size).rpartition(b"\n")
            torn += len(tail)
            if end:
                break
    return torn


def _left(paths: StudyPaths) -> Iterator[Finding]:
    """A lock, or a request to stop, of a process that is gone."""
    for path in (paths.lock, paths.stop):
        if path.exists():
            yield Finding(
                path,
                "left",
                f"{path} was left by a process that is gone: nothing waits for it, and the next one that "
                "carries the study out removes it.",
            )
