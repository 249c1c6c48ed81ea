import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store.handmade import keep_runs, keep_study, rewrite, study

from justfit.errors import StoreError
from justfit.store import (
    StudyPaths,
    find_study,
    load,
    read_live,
    read_looks,
    read_run,
    read_study,
    read_validation,
    study_folders,
    trained_runs,
)
from justfit.store.checking import Checked, check_store
from justfit.store.lock import held
from justfit.store.repairing import repair_store
from justfit.store.studies import FORMAT

EXAMPLES = sorted((Path(__file__).parent / "stored_examples").glob("format_*"))
"""What each version of justfit has left, the oldest first."""
NEWEST = EXAMPLES[-1]
SAID = json.loads((NEWEST / "said.json").read_text())
FILES = sorted(str(path.relative_to(NEWEST / "store")) for path in (NEWEST / "store").rglob("*.*"))
CHECKED = [name for name in FILES if not name.endswith("study.yaml")]
"""Those that readers depend on."""
FOLDER = "example-25a2eada5ca5"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A copy of a store of a finished study, to be damaged."""
    return shutil.copytree(NEWEST / "store", tmp_path / "store")


def faults(store: Path) -> dict[str, str]:
    """The kinds of all that is wrong, by path within the store."""
    checked = check_store(store)
    for each in checked.findings:
        assert str(each.path) in each.message or str(each.path.parent) in each.message
        assert each.message.endswith(".")
    return {str(each.path.relative_to(store)): each.kind for each in checked.faults}


def notes(checked: Checked) -> list[tuple[str, str]]:
    return [(each.path.name, each.kind) for each in checked.notes]


def content(store: Path) -> dict[str, str]:
    """The hash of every file."""
    return {
        str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(store.rglob("*"))
        if path.is_file()
    }


def dead_process() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


def test_there_is_an_example_of_each_format_and_the_newest_is_what_is_written_now() -> None:
    assert [path.name for path in EXAMPLES] == [f"format_{number}" for number in range(1, FORMAT + 1)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_a_store_of_each_format_opens_and_says_what_it_said_when_it_was_written(example: Path) -> None:
    store, said = example / "store", json.loads((example / "said.json").read_text())
    found = read_study(find_study(store, "example"))
    standings = {name: network["standing"] for name, network in found.networks.items()}
    assert {
        name: {key: each[key] for key in ("value", "best_epoch")} for name, each in standings.items()
    } == (said["networks"])
    assert found.result["chosen"] == said["chosen"]
    assert found.result["test"]["accuracy"]["value"] == said["accuracy"]
    losses = {
        run_id: [e.data_loss for e in read_run(store, run_id).history] for run_id in trained_runs(store)
    }
    assert losses == said["losses"]
    assert len(read_looks(store)) == 1
    assert read_validation(found.folder) is not None
    assert read_live(found.folder).state == "ended"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_a_model_of_a_store_of_each_format_predicts_what_it_predicted(example: Path) -> None:
    model, said = load(example / "store" / FOLDER), json.loads((example / "said.json").read_text())
    assert model.predict(np.asarray(said["rows"])).outputs == pytest.approx(
        np.asarray(said["probabilities"]), rel=1e-5
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_a_whole_store_has_no_faults_and_what_was_read_is_counted(example: Path) -> None:
    checked = check_store(example / "store")
    assert checked.findings == ()
    assert checked.read == {"studies": 1, "runs": 3, "splits": 1, "looks": 1, "uploads": 0}


def require_named_when_cut(store: Path, name: str, step: int) -> None:
    path = store / name
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, step):  # the last byte ends the line, and tells nothing
        path.write_bytes(whole[:length])
        # Of the live log whole lines may be all that there is, as of a process that was killed.
        is_whole = name.endswith("live.jsonl") and (not length or whole[length - 1 : length] == b"\n")
        assert faults(store).keys() == (set() if is_whole else {name}), length


@pytest.mark.parametrize("name", CHECKED)
def test_a_file_cut_off_anywhere_is_named_and_no_other(store: Path, name: str) -> None:
    require_named_when_cut(store, name, step=(store / name).stat().st_size // 8)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in CHECKED if (NEWEST / "store" / name).stat().st_size < 2_000]
)
def test_a_small_file_cut_off_at_every_tenth_byte_is_named_and_no_other(store: Path, name: str) -> None:
    require_named_when_cut(store, name, step=10)


@pytest.mark.parametrize("name", [name for name in CHECKED if name.endswith(("json", "jsonl"))])
def test_a_byte_that_is_no_ascii_is_found_in_each_text(store: Path, name: str) -> None:
    path = store / name
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 3] ^= 0x80
    path.write_bytes(whole)
    assert faults(store) == {name: "broken"}


TRUTHS = [name for name in CHECKED if not name.endswith("live.jsonl")]
"""Files of which every byte counts; a live log is the truth of nothing."""


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(TRUTHS), data=st.data())
def test_whatever_happens_to_a_file_is_found_and_named(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    store = shutil.copytree(NEWEST / "store", tmp_path / "store", dirs_exist_ok=True)
    path = store / name
    whole = bytearray(path.read_bytes())
    what = data.draw(st.sampled_from(["a bit", "cut short", "zeros", "made longer"]))
    place = data.draw(st.integers(0, len(whole) - 1))
    if what == "a bit":
        whole[place] ^= 1 << data.draw(st.integers(0, 7))
    elif what == "cut short":
        del whole[place:]
    elif what == "zeros":
        whole[place:] = bytes(len(whole) - place)
    else:
        whole += data.draw(st.binary(min_size=1, max_size=9))
    if bytes(whole) == path.read_bytes():
        return
    path.write_bytes(whole)
    found = faults(store)
    assert name in found
    assert found[name] in ("broken", "newer", "torn", "missing")


@pytest.mark.slow
@pytest.mark.parametrize("name", TRUTHS)
def test_a_file_in_the_place_of_another_is_found_and_named(store: Path, name: str) -> None:
    path = store / name
    whole = path.read_bytes()
    for other in TRUTHS:
        content = whole if other == name else (store / other).read_bytes()
        if content != whole:
            path.write_bytes(content)
            assert faults(store).get(name) in ("broken", "newer", "torn", "missing"), other


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_changed_row_of_a_split_is_found(store: Path, place: int) -> None:
    (path,) = (store / "splits").iterdir()
    rows = bytearray(path.read_bytes())
    rows[-1 - 8 * 30 if place == 100 else place] ^= 0x40
    path.write_bytes(rows)
    assert faults(store) == {f"splits/{path.name}": "broken"}


@pytest.mark.parametrize(
    "name",
    [name for name in CHECKED if not name.endswith(("result.json", "validation.safetensors", "live.jsonl"))],
)
def test_a_file_that_is_gone_is_named_where_something_depends_on_it(store: Path, name: str) -> None:
    (store / name).unlink()
    can_be_made_again = name.endswith("mistakes.json")
    assert faults(store) == ({} if can_be_made_again else {name: "missing"})


@pytest.mark.parametrize("name", [name for name in CHECKED if name.endswith(("json", "live.jsonl"))])
def test_a_newer_format_is_told_with_a_word_on_upgrading_and_left_by_a_repair(store: Path, name: str) -> None:
    path = store / name
    text = path.read_text()
    present = next(f'"format": {number}' for number in (1, 2, 3) if f'"format": {number}' in text[:50])
    path.write_text(text.replace(present, '"format": 99', 1))
    (fault,) = check_store(store).faults
    assert (fault.path, fault.kind) == (path, "newer")
    assert fault.message.endswith(": upgrade justfit.")
    before = content(store)
    assert repair_store(check_store(store)) == ()
    assert content(store) == before


def test_a_study_that_is_not_the_one_its_folder_is_named_for_is_named(store: Path) -> None:
    path = StudyPaths(store / FOLDER).study
    rewrite(path, json.loads(path.read_text().replace('"epochs": 2', '"epochs": 3')))
    assert faults(store) == {f"{FOLDER}/study.json": "broken"}


def test_what_nothing_names_is_told_and_is_no_fault(store: Path) -> None:
    shutil.rmtree(store / FOLDER)
    checked = check_store(store)
    assert checked.faults == ()
    assert {kind for _, kind in notes(checked)} == {"unused"}
    assert len(checked.notes) == 3, "splits are of stored runs"


def test_a_changed_study_file_is_told_and_is_no_fault(store: Path) -> None:
    StudyPaths(store / FOLDER).file.write_text("name: other\ndata: wine\nstages: {a: {hidden: [3]}}\n")
    assert notes(check_store(store)) == [("study.yaml", "unused")]


def test_a_run_that_a_study_waits_for_is_no_fault(tmp_path: Path) -> None:
    first, second = keep_runs(tmp_path, 0, 1)
    keep_study(tmp_path, study(final=None), {"a": [first, second]}, done=False)
    (tmp_path / "runs" / f"{second}.json").unlink()
    assert {name: kind for name, kind in faults(tmp_path).items() if name.startswith("runs")} == {}


def test_uploads_are_read_by_their_hash(store: Path) -> None:
    rows = b"a,b\n1,2\n"
    path = store / "uploads" / hashlib.sha256(rows).hexdigest()[:12] / "rows.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(rows)
    assert notes(check_store(store)) == [("rows.csv", "unused")]
    path.write_bytes(rows[:-3])
    assert list(faults(store).values()) == ["broken"]


@pytest.mark.parametrize("folder", ["", "runs", "splits", FOLDER, f"{FOLDER}/model"])
def test_what_a_dead_writer_left_aside_is_told_and_removed_and_that_of_a_living_one_kept(
    store: Path, folder: str
) -> None:
    before = content(store)
    living = store / folder / f".a.json.partial-01234567-{os.getppid()}-{platform.node()}"
    elsewhere = store / folder / f".b.json.partial-01234567-{os.getppid()}-elsewhere"
    dead = store / folder / f".c.json.partial-01234567-{dead_process()}-{platform.node()}"
    for path in (living, elsewhere, dead):
        path.write_bytes(b"{")
    checked = check_store(store)
    assert [(each.path, each.kind) for each in checked.findings] == [(dead, "left")]
    assert repair_store(checked) == (f"removed {dead}",)
    assert check_store(store).findings == ()
    living.unlink()
    elsewhere.unlink()
    assert content(store) == before


def test_a_study_folder_that_was_only_begun_is_told(store: Path) -> None:
    (store / "other-0123456789ab").mkdir()
    assert notes(check_store(store)) == [("other-0123456789ab", "left")]


@pytest.mark.parametrize("name", ["looks.jsonl", f"{FOLDER}/live.jsonl"])
def test_a_torn_last_line_is_cut_by_a_repair_after_it_is_kept(store: Path, name: str) -> None:
    before = content(store)
    with (store / name).open("ab") as file:
        file.write(b'{"when": "20')
    assert faults(store) == {name: "torn"}
    (sentence,) = repair_store(check_store(store))
    assert sentence.startswith(f"removed 12 bytes without the end of a line from {store / name}, kept as ")
    (kept,) = (store / "broken").iterdir()
    assert kept.read_bytes() == b'{"when": "20'
    assert check_store(store).findings == ()
    kept.unlink()
    assert content(store) == before


def test_what_is_being_written_is_no_fault_and_a_repair_leaves_the_study_alone(store: Path) -> None:
    folder = store / FOLDER
    paths = StudyPaths(folder)
    dead = folder / f".c.json.partial-01234567-{dead_process()}-{platform.node()}"
    with held(folder):
        dead.write_bytes(b"{")
        with paths.live.open("ab") as file:
            file.write(b'{"what": "ep')
        paths.weights.write_bytes(b"of the next model, whose description is still to come")
        checked = check_store(store)
        assert checked.faults == ()
        assert repair_store(checked) == ()
        assert dead.exists()
        (store / "runs").joinpath(f"{sorted(SAID['losses'])[0]}.json").write_bytes(b"{")
        assert repair_store(check_store(store)) == ()
    assert len(check_store(store).faults) == 3


def test_a_lock_of_a_process_that_is_gone_is_removed(store: Path) -> None:
    paths = StudyPaths(store / FOLDER)
    holder = {"process": dead_process(), "machine": platform.node(), "started": "", "process_start": None}
    paths.lock.write_text(json.dumps(holder))
    paths.stop.touch()
    checked = check_store(store)
    assert notes(checked) == [("study.lock", "left"), ("study.stop", "left")]
    assert repair_store(checked) == (f"removed {paths.lock}", f"removed {paths.stop}")
    assert check_store(store).findings == ()


def test_a_broken_run_is_moved_aside_and_named_as_missing(store: Path) -> None:
    run_id = sorted(SAID["losses"])[0]
    path = store / "runs" / f"{run_id}.json"
    path.write_bytes(path.read_bytes()[:500])
    kept = store / "broken" / path.name
    assert repair_store(check_store(store)) == (f"moved {path} to {kept}, so that it is trained again",)
    assert kept.stat().st_size == 500
    assert faults(store) == {f"runs/{path.name}": "missing"}
    path.write_bytes(b"{")
    repair_store(check_store(store))
    assert sorted(each.name for each in kept.parent.iterdir()) == [f"2-{path.name}", path.name]


def test_a_result_that_cannot_be_read_is_named_and_never_touched(store: Path) -> None:
    path = StudyPaths(store / FOLDER).result
    path.write_bytes(path.read_bytes()[:100])
    before = content(store)
    assert repair_store(check_store(store)) == ()
    assert content(store) == before
    assert faults(store) == {f"{FOLDER}/result.json": "broken"}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    damage=st.lists(
        st.tuples(st.sampled_from(FILES), st.integers(0, 2_000), st.binary(max_size=3)), max_size=4
    )
)
def test_a_check_never_changes_a_byte_and_never_fails(
    tmp_path: Path, damage: list[tuple[str, int, bytes]]
) -> None:
    store = tmp_path / "store"
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(NEWEST / "store", store)
    for name, place, written in damage:
        whole = (store / name).read_bytes()
        (store / name).write_bytes(whole[:place] + written)
    before = content(store)
    assert check_store(store).store == store
    assert content(store) == before


def test_a_store_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere is missing"):
        check_store(tmp_path / "nowhere")
    assert study_folders(tmp_path) == []
    assert check_store(tmp_path).findings == ()


def test_a_study_folder_that_may_not_be_read_is_named_and_the_others_are_checked(store: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may read everything")
    (store / "other-0123456789ab").mkdir(mode=0)
    assert faults(store) == {"other-0123456789ab": "unreadable"}
