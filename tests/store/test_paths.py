from pathlib import Path

import pytest

import justfit
from justfit.errors import StoreError
from justfit.store import StudyPaths
from justfit.store.paths import looks_path, run_path, splits_path, study_folder, to_remove

SOURCE = Path(justfit.__file__).parent
STORE = Path("store")
STUDY = StudyPaths(study_folder(STORE, "wine", "0123456789ab"))
FILES = [getattr(STUDY, name) for name, value in vars(StudyPaths).items() if isinstance(value, property)]


def test_no_other_source_file_knows_the_names_of_a_studys_files() -> None:
    assert len(FILES) == 15
    for source in SOURCE.rglob("*.py"):
        text = source.read_text()
        known = [path.name for path in FILES if f'"{path.name}"' in text or f"'{path.name}'" in text]
        assert known == [] or source == SOURCE / "store" / "paths.py", f"{source} names {known}"


def test_every_file_stands_in_its_folder_and_in_the_specification() -> None:
    specification = (SOURCE / "store" / "README.md").read_text()
    for path in FILES:
        assert str(path.relative_to(STUDY.folder)) in specification
    for path in (run_path(STORE, "0123456789ab"), splits_path(STORE, "0123456789ab")):
        assert str(path.relative_to(STORE)).replace("0123456789ab", "<id>") in specification
    assert looks_path(STORE).name in specification


@pytest.mark.parametrize(
    "run_id", ["", "..", "../../secret", "0123456789AB", "0123456789abc", "0123456789a", "0123456789ab\n"]
)
def test_what_is_no_id_of_a_run_leads_nowhere(run_id: str) -> None:
    with pytest.raises(StoreError, match="is no id of a run: expected 12 of the digits"):
        run_path(STORE, run_id)


def test_a_broken_file_of_a_study_is_remedied_by_its_folder_and_a_run_or_splits_alone() -> None:
    assert {to_remove(path) for path in FILES if path != STUDY.mistakes} == {STUDY.folder}
    assert to_remove(STUDY.mistakes) == STUDY.mistakes
    for path in (run_path(STORE, "0123456789ab"), splits_path(STORE, "0123456789ab")):
        assert to_remove(path) == path
