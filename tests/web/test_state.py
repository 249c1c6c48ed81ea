import json
import os
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from web.asking import Site
from workflow.handmade import carried_out, numbers, small_study

from justfit.spec import HoldOut
from justfit.store import StudyPaths, begin_study
from justfit.store.lock import held
from justfit.web.state import Kept, State


def test_nothing_changes_where_no_file_does(whole_store: Path) -> None:
    state = State(whole_store)
    first = state.look()
    assert state.look() == first
    assert state.changed_since(first) == []


def test_a_new_study_a_changed_one_and_one_that_is_gone_are_told(tmp_path: Path) -> None:
    state = State(tmp_path / "store")
    before = state.look()
    folder = begin_study(tmp_path / "store", small_study())
    began = state.look()
    assert began > before
    assert state.changed_since(before) == [folder.name]
    os.utime(StudyPaths(folder).study, (1, 1))
    changed = state.look()
    assert (changed > began, state.changed_since(began)) == (True, [folder.name])
    shutil.rmtree(folder)
    assert state.look() > changed
    assert (state.changed_since(changed), state.names()) == ([folder.name], [])


def test_studies_that_have_come_and_gone_are_forgotten_at_last(tmp_path: Path) -> None:
    state = State(tmp_path)
    first = state.look()
    for number in range(6_000):
        state.has_changed(f"study-{number}")
    told = state.changed_since(first)
    assert len(told) == 5_000
    assert {"study-1000", "study-5999"} <= set(told), "the last stay"
    state.has_changed("study-1000")
    state.has_changed("another")
    assert {"study-1000", "another"} <= set(state.changed_since(first)), "what changes again stays longer"


def test_a_process_that_carries_a_study_out_is_seen_to_come_and_go(tmp_path: Path) -> None:
    folder = begin_study(tmp_path, small_study())
    state = State(tmp_path)
    before = state.look()
    with held(folder):
        during = state.look()
        assert during > before
    assert state.look() > during


@pytest.mark.parametrize(
    "name", ["", ".", "..", "runs", "../store", "nothing-0123456789ab", "small-0123456789ab/../.."]
)
def test_only_a_name_of_a_study_that_is_there_gives_a_folder(tmp_path: Path, name: str) -> None:
    begin_study(tmp_path / "store", small_study())
    assert State(tmp_path / "store").folder(name) is None


def test_a_study_is_judged_anew_when_it_has_changed_and_not_before(tmp_path: Path) -> None:
    study = carried_out(small_study(), numbers("binary"), tmp_path)
    state = State(tmp_path)
    first = state.judged(study.folder)
    assert state.judged(study.folder) is first
    os.utime(StudyPaths(study.folder).stages, (1, 1))
    assert state.judged(study.folder) is not first


def test_what_is_kept_of_a_study_is_let_go_of_when_it_is_removed(tmp_path: Path) -> None:
    folders = [begin_study(tmp_path, small_study(name)) for name in ("one", "two")]
    state = State(tmp_path)
    kept = state.kept(100)
    state.look()
    for folder in folders:
        kept.put(folder.name, folder.name)
    shutil.rmtree(folders[0])
    state.look()
    assert [kept.get(folder.name) for folder in folders] == [None, folders[1].name]


def test_what_is_too_large_to_be_kept_pushes_nothing_out() -> None:
    kept: Kept[str, int] = Kept(10)
    kept.put("a", 1, 4)
    kept.put("b", 2, 11)
    assert (kept.get("a"), kept.get("b")) == (1, None)
    kept.put("a", 3, 11)
    kept.put("c", 4, 10)
    assert (kept.get("a"), kept.get("c")) == (None, 4)


def test_what_was_not_used_for_the_longest_time_is_let_go_of() -> None:
    kept: Kept[str, int] = Kept(10)
    for name in ("a", "b", "c"):
        kept.put(name, 1, 4)
        kept.get("a")
    assert [kept.get(name) for name in ("a", "b", "c")] == [1, None, 1]


def test_a_search_that_goes_on_as_another_study_is_found_there(
    serving: Callable[..., Site], tmp_path: Path
) -> None:
    site = serving(tmp_path)
    one = begin_study(tmp_path, small_study())
    other = begin_study(tmp_path, small_study("other", validation=HoldOut()))
    with held(one):
        assert site.get(f"/api/studies/{one.name}").json()["state"] == "unfinished", "there is no log"
        log = json.loads(StudyPaths(one).lock.read_text())
        begun = {"what": "begun", "format": 1, **log}
        StudyPaths(other).live.write_text(json.dumps(begun) + "\n")
    shutil.rmtree(one)
    gone = site.get(f"/api/studies/{one.name}")
    assert (gone.status_code, gone.json()["study"]) == (404, other.name)
    page = site.get(f"/studies/{one.name}")
    assert (page.status_code, page.headers["location"]) == (307, f"/studies/{other.name}")


@pytest.fixture
def vanishing(whole_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Makes a study that is removed at the moment when a function begins to read it; gives its name."""

    def make(reader: str) -> str:
        study = next(whole_store.glob("reviews-*"))
        folder = shutil.copytree(study, tmp_path / study.name)
        module, _, name = f"justfit.web.{reader}".rpartition(".")
        read = getattr(import_module(module), name)

        def removed_first(*given: Any) -> Any:
            shutil.rmtree(folder, ignore_errors=True)
            return read(*given)

        monkeypatch.setattr(f"{module}.{name}", removed_first)
        return study.name

    return make


def test_a_study_that_is_removed_while_it_is_read_is_not_there(
    serving: Callable[..., Site], tmp_path: Path, vanishing: Callable[[str], str]
) -> None:
    study = vanishing("state.read_study")
    asked = serving(tmp_path).get(f"/api/studies/{study}")
    assert (asked.status_code, f'no study "{study}"' in asked.json()["error"]) == (404, True)


def test_a_study_that_is_removed_while_its_model_is_read_is_not_there(
    serving: Callable[..., Site], tmp_path: Path, vanishing: Callable[[str], str]
) -> None:
    study = vanishing("predicting.load")
    asked = serving(tmp_path).post("/predict", json={"study": study, "row": "good film"})
    assert (asked.status_code, f'no study "{study}"' in asked.json()["error"]) == (404, True)


def test_a_study_that_is_removed_while_the_list_is_made_is_left_out_of_it(
    serving: Callable[..., Site], tmp_path: Path, vanishing: Callable[[str], str]
) -> None:
    vanishing("answers_studies.listed")
    asked = serving(tmp_path).get("/api/studies").json()
    assert (asked["studies"], asked["broken"]) == ([], [])


def test_a_list_of_many_studies_opens_no_run(
    serving: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = carried_out(small_study(), numbers("binary"), tmp_path)
    for number in range(40):
        folder = begin_study(tmp_path, small_study(f"study {number}", seed=number))
        shutil.copy(StudyPaths(study.folder).stages, StudyPaths(folder).stages)
    opened: list[object] = []
    monkeypatch.setattr("justfit.web.state.read_run", lambda *given: opened.append(given))
    found = serving(tmp_path).get("/api/studies").json()["studies"]
    assert (len(found), opened) == (41, [])
    assert all(each["runs_trained"] >= 20 for each in found)


def test_of_a_study_that_goes_on_only_new_runs_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = carried_out(small_study(), numbers("binary"), tmp_path)
    state = State(tmp_path)
    before = state.judged(study.folder)
    opened: list[str] = []
    monkeypatch.setattr("justfit.web.state.read_run", lambda _, run_id: opened.append(run_id))
    os.utime(StudyPaths(study.folder).stages, (1, 1))
    after = state.judged(study.folder)
    assert (after is not before, opened) == (True, [])
