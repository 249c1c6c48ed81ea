"""Finished studies of which some runs are gone."""

import copy
import dataclasses
import json
from pathlib import Path

import pytest
from workflow.handmade import all_figures, carried_out, numbers, small_study

from justfit.errors import StoreError
from justfit.spec import Stage, Study, TestRows
from justfit.store import StoredStudy, StudyPaths, read_looks, read_study, write_stages
from justfit.store.paths import broken_folder, run_path
from justfit.workflow import Event, Noted, RunDone

STUDY = small_study(replicates=1)


def again(store: Path, study: Study = STUDY) -> list[Event]:
    """The events of a study that is run again, whose test rows must stay sealed."""

    def opened() -> None:
        raise AssertionError("the test rows were opened")

    events: list[Event | str] = []
    carried_out(study, numbers("binary", opened=opened), store, events=events)
    return [event for event in events if not isinstance(event, str)]


def lose(stored: StoredStudy, *ids: str) -> None:
    for run_id in ids:
        run_path(stored.folder.parent, run_id).unlink()


def kept(stored: StoredStudy) -> list[bytes]:
    paths = StudyPaths(stored.folder)
    return [path.read_bytes() for path in (paths.result, paths.stages, paths.selection, paths.model)]


def noted(events: list[Event]) -> list[str]:
    return [event.sentence for event in events if isinstance(event, Noted)]


def test_only_what_is_lost_is_trained_again_and_comes_to_the_same_while_the_result_stands(
    tmp_path: Path,
) -> None:
    stored = carried_out(STUDY, numbers("binary"), tmp_path)
    figures, files, looks = all_figures(stored), kept(stored), read_looks(tmp_path)
    first, cut = stored.networks["4-1"]["runs"][0], stored.networks["8-1"]["runs"][1]
    (final,) = stored.result["final_runs"]
    lose(stored, first, final)
    path = run_path(tmp_path, cut)
    path.write_bytes(path.read_bytes()[:300])
    events = again(tmp_path)
    (told,) = noted(events)
    assert told.startswith(f"{stored.folder.name} is done, but lacks 3 runs: {first} (4-1, missing), ")
    assert f"{cut} (8-1, broken)" in told
    assert f"{final} (the final {stored.result['chosen']}, missing)" in told
    assert told.endswith("trained again; its result stands, and its test rows stay sealed.")
    trained = [(each.stage, each.network, each.split) for each in events if isinstance(each, RunDone)]
    assert trained == [("widths", "4-1", 1), ("widths", "8-1", 2), ("final", stored.result["chosen"], 1)]
    assert all_figures(read_study(stored.folder)) == figures
    assert kept(stored) == files
    assert read_looks(tmp_path) == looks
    assert [each.stat().st_size for each in broken_folder(tmp_path).iterdir()] == [300]
    assert len(again(tmp_path)) == 1


def test_runs_that_left_a_stage_early_are_trained_as_far_as_they_came(tmp_path: Path) -> None:
    study = small_study(
        stages=(Stage("only", grid={"hidden": [[2], [3], [4], [5], [6], [8]]}, halving=1),), replicates=1
    )
    stored = carried_out(study, numbers("binary"), tmp_path)
    figures = all_figures(stored)
    left = [network for network in stored.stages[0]["networks"] if network["left"] == 1]
    stayed = next(network for network in stored.stages[0]["networks"] if network["left"] is None)
    lose(stored, left[0]["runs"][0], stayed["runs"][1])
    assert sum(isinstance(event, RunDone) for event in again(tmp_path, study)) == 2
    assert all_figures(read_study(stored.folder)) == figures


def test_a_network_that_stands_otherwise_than_it_is_stored_is_told(tmp_path: Path) -> None:
    stored = carried_out(STUDY, numbers("binary"), tmp_path)
    stages = copy.deepcopy(stored.stages)
    network = next(each for each in stages[0]["networks"] if each["name"] == "4-1")
    now, network["standing"]["value"] = network["standing"]["value"], 0.125
    write_stages(stored.folder, stages)
    lose(stored, network["runs"][0])
    told = noted(again(tmp_path))[-1]
    assert f'not all networks of {stored.folder.name} stand as they are stored: "4-1" in stage widths' in told
    assert f"(0.125 stored, {now} now)" in told
    assert read_study(stored.folder).stages == stages


def test_a_run_of_a_newer_format_is_left_alone(tmp_path: Path) -> None:
    stored = carried_out(STUDY, numbers("binary"), tmp_path)
    path = run_path(tmp_path, stored.networks["4-1"]["runs"][0])
    newer = {**json.loads(path.read_text()), "format": 99}
    path.write_text(json.dumps(newer))
    with pytest.raises(StoreError, match="upgrade justfit"):
        again(tmp_path)
    assert json.loads(path.read_text()) == newer


def test_where_test_rows_validate_the_look_that_training_takes_is_logged_with_its_reason(
    tmp_path: Path,
) -> None:
    study = dataclasses.replace(STUDY, stages=STUDY.stages[:1], validation=TestRows())
    stored = carried_out(study, numbers("binary"), tmp_path)
    figures = all_figures(stored)
    lose(stored, stored.networks["4-1"]["runs"][0])
    events: list[Event | str] = []
    carried_out(study, numbers("binary"), tmp_path, events=events)
    assert "LEAKED" in noted([each for each in events if not isinstance(each, str)])[0]
    first, second = read_looks(tmp_path)
    assert (first.reason, second.reason) == (
        None,
        "runs that were lost are trained again, which test rows validate",
    )
    assert all_figures(read_study(stored.folder)) == figures
