"""A study's folder: begun, kept stage by stage, read and removed; done when its result is there."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from justfit.spec import Study, digest, plain
from justfit.spec.study_file import write_studies
from justfit.store.files import (
    broken,
    make_folders,
    remove_folder,
    require_no_link,
    require_writable,
    told,
    write_bytes,
)
from justfit.store.folders import is_done, study_folders
from justfit.store.lock import held
from justfit.store.model import Model, write_model
from justfit.store.paths import StudyPaths, run_path, study_folder
from justfit.store.records import read_record, write_record
from justfit.store.stored_study import StoredStudy

FORMAT = 2
"""Of a study's files."""

SEARCHES = ({"breadth", "minutes", "protocol"}, {"sampler", "trials", "batch", "prune", "minutes"})
"""How a search was asked for: the whole workflow, or one over a space."""


def begin_study(store: Path, study: Study) -> Path:
    """The study's folder, made where it is not there yet.

    Raises:
        StoreError: something else stands there, its study was cut off or changed, the disk is full or the
            folder may not be written.
    """
    folder = study_folder(store, study.name, study.id)
    require_writable(folder)
    make_folders(folder)
    paths = StudyPaths(folder)
    if not paths.study.is_file():
        write_bytes(paths.file, write_studies((study,)).encode())
        write_record(paths.study, FORMAT, {"spec": plain(study)})
    elif digest(_read_spec(paths.study)) != digest(plain(study)):
        raise broken(paths.study, "not the study that its folder is named for")
    return folder


def write_stages(folder: Path, stages: Sequence[Mapping[str, object]]) -> None:
    """Keep the candidates of the stages so far; raises `StoreError` where that cannot be."""
    write_record(StudyPaths(folder).stages, FORMAT, {"stages": list(stages)})


def write_result(folder: Path, result: Mapping[str, object], model: Model | None) -> None:
    """Write what came out, the model before the result: when the result is there, all is.

    Raises:
        StoreError: the disk is full or the folder may not be written.
    """
    if model is not None:
        write_model(model, folder)
    write_record(StudyPaths(folder).result, FORMAT, result)


def read_study(folder: Path) -> StoredStudy:
    """The study in ``folder``, done or not.

    Raises:
        StoreError: there is none, or a file of it is missing, cut off, changed or too new.
    """
    paths = StudyPaths(folder)
    content = _read(paths.study)
    spec = _spec(paths.study, content)
    stages = _read(paths.stages).get("stages") if paths.stages.is_file() else []
    if (wrong := _wrong_stage(stages)) is not None:
        raise broken(paths.stages, f"not a list of stages ({wrong})")
    assert isinstance(stages, list)
    result = _read(paths.result) if is_done(folder) else None
    if result is not None and not _is_list_of_texts(result.get("final_runs")):
        raise broken(paths.result, "not a result (key final_runs: expected a list of ids)")
    search = content.get("search")
    if search is not None and (not isinstance(search, dict) or set(search) not in SEARCHES):
        told = " or ".join(", ".join(sorted(keys)) for keys in SEARCHES)
        raise broken(paths.study, f"not a search (key search: expected {told})")
    return StoredStudy(folder, spec, tuple(stages), result, search)


def _read(path: Path) -> dict[str, Any]:
    return read_record(path, FORMAT)


def _read_spec(path: Path) -> dict[str, Any]:
    return _spec(path, _read(path))


def _spec(path: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    spec = content.get("spec")
    if not isinstance(spec, dict) or not isinstance(spec.get("name"), str):
        raise broken(path, "not a study (key spec: expected an object with a name)")
    return spec


_OF_NETWORK = ("name", "candidate", "parameters", "layers", "runs", "left", "standing")


def _wrong_stage(stages: object) -> str | None:
    """What in ``stages`` is not as `StoredStudy` has it; None where all is."""
    if not isinstance(stages, list):
        return "key stages: expected a list"
    for number, stage in enumerate(stages, start=1):
        if not isinstance(stage, dict) or not isinstance(stage.get("name"), str):
            return f"stage {number}: expected an object with a name"
        if not isinstance(stage.get("networks"), list) or not _is_choice(stage.get("choice", "")):
            return f"stage {number}: expected a list of networks, and a choice (null, or name and reason)"
        for place, network in enumerate(stage["networks"], start=1):
            where = f"stage {number}, network {place}"
            if not isinstance(network, dict) or network.keys() != set(_OF_NETWORK):
                return f"{where}: expected an object with the keys {', '.join(_OF_NETWORK)}"
            if not isinstance(network["name"], str) or not _is_list_of_texts(network["runs"]):
                return f"{where}: expected a name and a list of ids of runs"
    return None


def _is_choice(value: object) -> bool:
    if value is None:
        return True
    return (
        isinstance(value, dict)
        and value.keys() == {"name", "reason"}
        and _is_list_of_texts(list(value.values()))
    )


def _is_list_of_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def remove_study(folder: Path) -> tuple[str, ...]:
    """Remove a study's folder, and the runs that no other study in its store names.

    Killed on the way it leaves the study whole or gone, and perhaps runs that nothing names.

    Returns:
        The ids of the runs removed.

    Raises:
        StoreError: it or another study cannot be read, it is being carried out, or it is a link or may not be
            removed.
    """
    store = folder.parent
    require_no_link(folder)
    with held(folder):
        pass  # whoever carries it out would go on with what is gone
    own = set(_run_ids(read_study(folder)))
    for other in study_folders(store):
        if not other.samefile(folder):
            own -= set(_run_ids(read_study(other)))
    paths = {run_id: run_path(store, run_id) for run_id in sorted(own)}
    removed = tuple(run_id for run_id, path in paths.items() if path.is_file())
    remove_folder(folder)
    for run_id in removed:
        with told(paths[run_id], "removed"):
            paths[run_id].unlink(missing_ok=True)
    return removed


def _run_ids(study: StoredStudy) -> Iterator[str]:
    # Not by `networks`: of two stages' networks with one name it has only the last.
    for stage in study.stages:
        for network in stage["networks"]:
            yield from network["runs"]
    if study.result:
        yield from study.result["final_runs"]
