import json
from pathlib import Path
from typing import Any

import pytest
from store.handmade import MODEL, RESULT, history, keep_runs, keep_study, rewrite, run, study

from justfit.errors import SpecError, StoreError
from justfit.spec import plain
from justfit.store import (
    StudyPaths,
    begin_study,
    find_study,
    has_run,
    is_done,
    read_model,
    read_study,
    remove_study,
    study_folders,
)
from justfit.store.lock import held

WINE, IMDB = study("wine"), study("imdb")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_study_is_read_as_it_was_written(tmp_path: Path) -> None:
    runs = keep_runs(tmp_path, 0, 1, 2)
    folder = keep_study(tmp_path, WINE, {"a": runs[:2], "b": runs[1:]}, runs[2:])
    found = read_study(folder)
    assert folder == tmp_path / f"wine-{WINE.id}"
    assert (found.folder, found.name, found.id) == (folder, "wine", WINE.id)
    assert json.dumps(found.spec) == json.dumps(plain(WINE))
    assert found.result == {**RESULT, "final_runs": runs[2:]}
    assert [stage["name"] for stage in found.stages] == ["first"]
    assert list(found.networks) == ["a", "b"]
    assert [each.id for each in found.runs("b")] == runs[1:]
    assert found.runs("b")[0].history == history()
    assert [each.id for each in found.final_runs] == runs[2:]
    assert read_model(folder).run_id == MODEL.run_id


def test_a_study_that_has_only_begun_can_be_read(tmp_path: Path) -> None:
    folder = begin_study(tmp_path, WINE)
    found = read_study(folder)
    assert (found.name, found.id, found.stages, found.result) == ("wine", WINE.id, (), None)
    assert (found.networks, found.final_runs) == ({}, ())
    assert not is_done(folder)


def test_a_study_is_done_when_its_result_is_there(tmp_path: Path) -> None:
    folder = keep_study(tmp_path, WINE, done=False)
    assert not is_done(folder)
    assert is_done(keep_study(tmp_path, WINE))
    assert not is_done(tmp_path / ("x" * 5000))


def test_a_study_goes_on_in_the_folder_it_began_in(tmp_path: Path) -> None:
    folder = keep_study(tmp_path, WINE)
    content = StudyPaths(folder).study.read_bytes()
    assert begin_study(tmp_path, WINE) == folder
    assert StudyPaths(folder).study.read_bytes() == content
    assert is_done(folder)


def test_another_study_in_the_place_of_one_is_not_gone_on_with(tmp_path: Path) -> None:
    wine, imdb = (StudyPaths(begin_study(tmp_path, each)) for each in (WINE, IMDB))
    imdb.study.replace(wine.study)
    with pytest.raises(
        StoreError, match=f"not the study that its folder is named for.* Remove {wine.folder}"
    ):
        begin_study(tmp_path, WINE)


def test_what_stands_in_a_studys_place_is_left_alone(tmp_path: Path) -> None:
    in_the_way = tmp_path / f"wine-{WINE.id}"
    in_the_way.write_text("precious")
    with pytest.raises(StoreError, match="something else stands there"):
        begin_study(tmp_path, WINE)
    assert in_the_way.read_text() == "precious"


def test_a_study_keeps_its_id_where_its_folder_is_copied_to(tmp_path: Path) -> None:
    folder = keep_study(tmp_path, WINE).rename(tmp_path / "copied")
    assert read_study(folder).id == WINE.id


def test_a_network_that_is_not_there_is_answered_with_the_nearest(tmp_path: Path) -> None:
    found = read_study(keep_study(tmp_path, WINE, {"16-8-1": [], "16-8-4-1": []}))
    with pytest.raises(
        StoreError, match=r'no network "16-8-2"\. It has "16-8-1", "16-8-4-1"\. Did you mean "16'
    ):
        found.runs("16-8-2")
    with pytest.raises(StoreError, match="It has none yet"):
        read_study(begin_study(tmp_path, IMDB)).runs("x")


@pytest.mark.parametrize(
    "name", ["../wine", "a/b", "..", ".hidden", "", " ", "a\0b", "a\nb", "x" * 81, "C:\\x"]
)
def test_no_name_leads_out_of_the_store(name: str) -> None:
    with pytest.raises(SpecError, match="name"):
        study(name)


@pytest.mark.parametrize("name", ["wine", "Wein Nr. 2", "größe_1", "x" * 80, "a..b", "imdb-0123456789ab"])
def test_what_may_be_a_name_stands_in_the_store_and_is_found(tmp_path: Path, name: str) -> None:
    folder = keep_study(tmp_path, study(name))
    assert folder.parent == tmp_path
    assert find_study(tmp_path, name) == folder


# Broken files


@pytest.mark.parametrize("name", ["study", "stages", "result"])
def test_a_file_cut_off_at_any_point_is_named_with_the_folder_to_remove(tmp_path: Path, name: str) -> None:
    folder = keep_study(tmp_path, WINE, {"a": keep_runs(tmp_path, 0)})
    path = getattr(StudyPaths(folder), name)
    content = path.read_bytes()
    for length in range(0, len(content) - 2, 17):
        path.write_bytes(content[:length])
        with pytest.raises(StoreError, match=path.name) as caught:
            read_study(folder)
        assert str(caught.value).endswith(f"Remove {folder} and run the study again.")


NETWORK = {
    "name": "a",
    "candidate": {},
    "parameters": 1,
    "layers": [],
    "runs": [],
    "left": None,
    "standing": None,
}


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("study", {"format": 3}, "upgrade justfit"),
        ("study", {"spec": []}, "key spec: expected an object with a name"),
        ("study", {"spec": {"name": 1}}, "key spec: expected an object with a name"),
        ("stages", {"format": 3}, "upgrade justfit"),
        ("stages", {"stages": {}}, "key stages: expected a list"),
        ("stages", {"stages": [[]]}, "stage 1: expected an object with a name"),
        ("stages", {"stages": [{"name": "s"}]}, "stage 1: expected a list of networks"),
        ("stages", {"stages": [{"name": "s", "networks": []}]}, "a list of networks, and a choice"),
        (
            "stages",
            {"stages": [{"name": "s", "choice": {"name": "a", "reason": 1}, "networks": []}]},
            "a list of networks, and a choice",
        ),
        (
            "stages",
            {"stages": [{"name": "s", "choice": None, "networks": [{}]}]},
            "network 1: expected an object with the keys",
        ),
        (
            "stages",
            {"stages": [{"name": "s", "choice": None, "networks": [NETWORK, {**NETWORK, "runs": [1]}]}]},
            "stage 1, network 2: expected a name and a list of ids",
        ),
        ("result", {"format": 3}, "upgrade justfit"),
        ("result", {"final_runs": None}, "key final_runs: expected a list of ids"),
    ],
)
def test_a_changed_file_is_refused_with_what_is_wrong(
    tmp_path: Path, name: str, change: dict[str, Any], message: str
) -> None:
    folder = keep_study(tmp_path, WINE)
    path = getattr(StudyPaths(folder), name)
    rewrite(path, {**json.loads(path.read_text()), **change})
    with pytest.raises(StoreError, match=message) as caught:
        read_study(folder)
    assert path.name in str(caught.value)


def test_a_run_whose_id_leads_out_of_the_store_is_neither_read_nor_removed(tmp_path: Path) -> None:
    outside = tmp_path / "precious.json"
    outside.write_text("{}")
    folder = keep_study(tmp_path / "store", WINE, {"a": ["../../precious"]})
    with pytest.raises(StoreError, match="is no id of a run"):
        read_study(folder).runs("a")
    with pytest.raises(StoreError, match="is no id of a run"):
        remove_study(folder)
    assert outside.read_text() == "{}"
    assert is_done(folder)


# Finding


def test_a_study_is_found_by_path_folder_name_or_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    wine, imdb = keep_study(store, WINE), keep_study(store, IMDB)
    elsewhere = keep_study(tmp_path, WINE).rename(tmp_path / "elsewhere")
    assert find_study(store, str(elsewhere)) == elsewhere
    assert find_study(store, wine.name) == wine
    for reference in ("w", "wine", "wine-", WINE.id, WINE.id[:6]):
        assert find_study(store, reference) == wine
    assert find_study(store, "imd") == imdb
    monkeypatch.chdir(tmp_path)
    assert find_study(store, "elsewhere") == Path("elsewhere")
    monkeypatch.chdir(wine)
    assert find_study(store, ".") == wine


def test_a_whole_name_means_its_study_though_others_begin_so_too(tmp_path: Path) -> None:
    wine = keep_study(tmp_path, WINE)
    keep_study(tmp_path, study("wine2"))
    assert find_study(tmp_path, "wine") == wine


def test_two_studies_of_one_name_are_told_apart_by_the_id(tmp_path: Path) -> None:
    one, other = keep_study(tmp_path, WINE), keep_study(tmp_path, study("wine", seed=1))
    with pytest.raises(StoreError, match=r'"wine" may mean wine-.*, wine-.* in .*: give more of the id'):
        find_study(tmp_path, "wine")
    for folder in (one, other):
        assert find_study(tmp_path, folder.name[: len("wine-") + 6]) == folder


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (f"wine-{WINE.id[:-1]}x", f'Did you mean "wine-{WINE.id}"'),
        ("zzz", f"Known are imdb-{IMDB.id}, wine-{WINE.id}"),
        ("", 'No study ""'),
        ("~nobody", 'No study "~nobody"'),
        ("x" * 5000, "No study"),
        ("nul\0", "No study"),
        ("..", "No study"),
    ],
)
def test_a_reference_that_means_no_study_is_told_what_there_is(
    tmp_path: Path, reference: str, message: str
) -> None:
    for each in (WINE, IMDB):
        keep_study(tmp_path / "store", each)
    with pytest.raises(StoreError, match=message):
        find_study(tmp_path / "store", reference)


def test_a_store_that_is_not_there_has_no_studies(tmp_path: Path) -> None:
    assert study_folders(tmp_path / "store") == []
    with pytest.raises(StoreError, match="There are no studies yet"):
        find_study(tmp_path / "store", "0")


def test_where_only_finished_studies_are_asked_for_others_are_not_found(tmp_path: Path) -> None:
    folder = keep_study(tmp_path, WINE, done=False)
    for reference in (str(folder), folder.name, "wine", WINE.id):
        assert find_study(tmp_path, reference) == folder
        with pytest.raises(StoreError, match=r"No finished study .* There are no studies yet"):
            find_study(tmp_path, reference, done=True)


def test_other_folders_are_no_studies_and_one_that_may_not_be_entered_hides_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = keep_study(tmp_path, WINE)
    keep_runs(tmp_path, 0)
    (tmp_path / ".wine.partial-0123abcd-1-elsewhere").mkdir()
    (tmp_path / "closed").mkdir()
    is_file = Path.is_file

    def refuse(path: Path) -> bool:
        if path.parent.name == "closed":
            raise PermissionError(13, "Permission denied")
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", refuse)
    assert study_folders(tmp_path) == [folder]


# Removing


def test_removing_a_study_removes_its_runs_but_those_that_another_study_names(tmp_path: Path) -> None:
    ids = keep_runs(tmp_path, 0, 1, 2, 3, 4)
    wine = keep_study(tmp_path, WINE, {"a": ids[:2], "b": ids[1:3]}, [ids[3]])
    imdb = keep_study(tmp_path, IMDB, {"a": [ids[2]]}, [ids[3]], done=True)
    assert remove_study(wine) == tuple(sorted(ids[:2]))
    assert names(tmp_path) == [imdb.name, "runs"]
    assert [has_run(tmp_path, run_id) for run_id in ids] == [False, False, True, True, True]
    assert [each.id for each in read_study(imdb).final_runs] == [ids[3]]


def test_runs_of_a_study_that_is_not_done_are_kept_for_it(tmp_path: Path) -> None:
    ids = keep_runs(tmp_path, 0)
    wine = keep_study(tmp_path, WINE, {"a": ids})
    keep_study(tmp_path, IMDB, {"a": ids}, done=False)
    assert remove_study(wine) == ()
    assert has_run(tmp_path, ids[0])


def test_runs_of_networks_of_one_name_in_two_stages_are_all_kept(tmp_path: Path) -> None:
    ids = keep_runs(tmp_path, 0, 1)
    wine = keep_study(tmp_path, WINE, {"a": ids})
    imdb = keep_study(tmp_path, study("imdb"), {"a": ids[:1]})
    stages = json.loads(StudyPaths(imdb).stages.read_text())
    stages["stages"].append({"name": "second", "choice": None, "networks": [{**NETWORK, "runs": ids[1:]}]})
    rewrite(StudyPaths(imdb).stages, stages)
    assert remove_study(wine) == ()
    assert all(has_run(tmp_path, run_id) for run_id in ids)


def test_a_run_that_is_gone_already_is_not_missed(tmp_path: Path) -> None:
    folder = keep_study(tmp_path, WINE, {"a": [run(9).id]})
    assert remove_study(folder) == ()
    assert names(tmp_path) == []


def test_a_study_that_is_being_carried_out_is_not_removed(tmp_path: Path) -> None:
    folder = keep_study(tmp_path, WINE, {"a": keep_runs(tmp_path, 0)})
    with held(folder), pytest.raises(StoreError, match=r"is being carried out already, by .*justfit stop"):
        remove_study(folder)
    assert is_done(folder)
    assert remove_study(folder) == (run(0).id,)


def test_links_are_not_followed(tmp_path: Path) -> None:
    kept = keep_study(tmp_path / "elsewhere", WINE, {"a": keep_runs(tmp_path / "elsewhere", 0)})
    store = tmp_path / "store"
    folder = keep_study(store, IMDB)
    (folder / "link").symlink_to(kept)
    (store / "linked").symlink_to(kept)
    with pytest.raises(StoreError, match="linked is a link"):
        remove_study(store / "linked")
    remove_study(folder)
    assert names(store) == ["linked"]
    assert is_done(kept)
    assert has_run(tmp_path / "elsewhere", run(0).id)


def test_while_one_study_is_broken_no_runs_are_removed_that_may_be_its_own(tmp_path: Path) -> None:
    ids = keep_runs(tmp_path, 0)
    wine = keep_study(tmp_path, WINE, {"a": ids})
    imdb = keep_study(tmp_path, IMDB, {"a": ids})
    StudyPaths(imdb).stages.write_text("{")
    with pytest.raises(StoreError, match=f"{imdb.name}/stages.json"):
        remove_study(wine)
    assert is_done(wine)
