"""The live log that a study leaves, and stopping it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from workflow.handmade import all_figures, carried_out, numbers, small_study

from justfit.errors import EngineError, SpecError, StoppedError
from justfit.spec import Data, Final, HoldOut, Stage
from justfit.store import StudyPaths, holder_of, read_live, read_study, request_stop, study_folders
from justfit.workflow import (
    Chosen,
    EpochDone,
    Event,
    Halved,
    Noted,
    RunDone,
    StageDone,
    StagePlanned,
    Stored,
    carry_out,
    carry_out_automatically,
)
from justfit.workflow.events import ThresholdEpoch

STUDY = small_study()


def folder_in(store: Path) -> Path:
    (folder,) = study_folders(store)
    return folder


def test_the_log_tells_what_was_trained(tmp_path: Path) -> None:
    events: list[Event | str] = []
    stored = carried_out(STUDY, numbers("binary"), tmp_path, events=events)
    live = read_live(stored.folder)
    assert (live.state, live.error, live.progress, live.is_search) == ("ended", None, 1.0, False)
    assert live.planned == ("widths", "dropout")
    assert [stage.name for stage in live.stages if stage.is_done] == ["widths", "dropout"]
    numbered = {network.number: network for stage in live.stages for network in stage.networks}
    assert [numbered[number].name for number in sorted(numbered)] == list(stored.networks)
    for number, network in numbered.items():
        assert network.parameters == stored.networks[network.name]["parameters"]
        for run in stored.runs(network.name):
            kept = live.epochs[number, run.spec["split"], run.spec["seed"]]
            assert [epoch for epoch, _ in kept] == [epoch.epoch for epoch in run.history]
            for (_, figures), epoch in zip(kept, run.history, strict=True):
                expected = {name: getattr(epoch, name) for name in figures}
                assert figures == pytest.approx(expected, rel=1e-5)
    final = {key for key in live.epochs if key[1] == 0}
    assert {seed for _, _, seed in final} == {0, 1}
    assert live.chosen is not None
    assert {number for number, _, _ in final} == {live.chosen["number"]}
    assert set(live.ended.values()) == {"done"}
    trained = {
        (event.stage, event.network, event.split, event.seed)
        for event in events
        if isinstance(event, RunDone)
    }
    assert live.runs == live.all_runs == len(live.ended) == len(trained)
    for name in ("lock", "stop"):
        assert not getattr(StudyPaths(stored.folder), name).exists()


def test_a_study_is_seen_to_run_while_it_does(tmp_path: Path) -> None:
    events = carry_out(STUDY, numbers("binary"), tmp_path)
    for event in events:
        if isinstance(event, StagePlanned):
            live = read_live(folder_in(tmp_path))
            assert (live.state, live.stage) == ("running", event.stage)
            assert holder_of(folder_in(tmp_path)) == live.holder


def stopped_after(events: Iterator[Event], store: Path, runs: int) -> None:
    """Ask for a stop after so many runs have ended."""
    done = 0
    for event in events:
        done += isinstance(event, RunDone)
        if done == runs:
            request_stop(folder_in(store))
            done += 1


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is written, and a wish to stop looked for, after every event."""
    monkeypatch.setattr("justfit.store.live.SECONDS", 0.0)


@pytest.mark.usefixtures("_at_once")
def test_a_study_that_is_asked_to_stop_does_and_goes_on_when_run_again(tmp_path: Path) -> None:
    expected = all_figures(carried_out(STUDY, numbers("binary"), tmp_path / "whole"))
    store = tmp_path / "stopped"
    with pytest.raises(StoppedError, match=r"small-\w+ was stopped, .* Run it again to go on\."):
        stopped_after(carry_out(STUDY, numbers("binary"), store), store, runs=3)
    folder = folder_in(store)
    assert (read_live(folder).state, read_live(folder).error) == ("stopped", None)
    assert read_study(folder).result is None
    assert not StudyPaths(folder).stop.exists()
    kept = {path.name for path in store.glob("runs/*")}
    assert len(kept) >= 3
    events: list[Event | str] = []
    assert all_figures(carried_out(STUDY, numbers("binary"), store, events=events)) == expected
    ended = [event for event in events if isinstance(event, RunDone)]
    assert len(ended) + len(kept) == len(expected["runs"]["final"]) + sum(
        len(runs) for name, runs in expected["runs"].items() if name != "final"
    )
    assert read_live(folder).state == "ended"


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize("at", [EpochDone, Halved, ThresholdEpoch, Chosen])
def test_a_study_stops_with_the_next_epoch_whatever_it_is_at(tmp_path: Path, at: type[Event]) -> None:
    study = small_study(
        stages=(Stage("only", grid={"hidden": [[2], [3], [4], [5], [6], [8]]}, halving=2),),
        replicates=1,
        final=Final(threshold="accuracy"),
    )
    told: list[Event] = []
    with pytest.raises(StoppedError):  # noqa: PT012 - where it stops
        for event in carry_out(study, numbers("binary"), tmp_path):
            if any(isinstance(each, at) for each in told):
                told.append(event)
            elif isinstance(event, at):
                told.append(event)
                request_stop(folder_in(tmp_path))
    assert len(told) <= 2
    assert read_live(folder_in(tmp_path)).state == "stopped"
    assert read_study(folder_in(tmp_path)).result is None


@pytest.mark.usefixtures("_at_once")
def test_a_study_whose_final_networks_train_stops_too(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):  # noqa: PT012 - where it stops
        for event in carry_out(STUDY, numbers("binary"), tmp_path):
            if isinstance(event, EpochDone) and event.stage == "final":
                request_stop(folder_in(tmp_path))
                assert event.epoch.epoch == 1
    assert read_study(folder_in(tmp_path)).result is None


@pytest.mark.slow
def test_a_stop_that_is_wanted_as_a_search_ends_holds_for_the_study_that_it_came_to(
    tmp_path: Path,
) -> None:
    with pytest.raises(StoppedError):  # noqa: PT012 - where it stops
        for event in quick(tmp_path):
            if isinstance(event, StageDone) and event.stage == "contenders":
                request_stop(folder_in(tmp_path))
    assert read_study(folder_in(tmp_path)).search is not None


def test_a_study_whose_reader_goes_away_was_stopped_and_one_that_cannot_go_on_failed(tmp_path: Path) -> None:
    events = carry_out(STUDY, numbers("binary"), tmp_path / "closed")
    while not isinstance(next(events), EpochDone):
        pass
    events.close()  # type: ignore[attr-defined]
    assert read_live(folder_in(tmp_path / "closed")).state == "stopped"
    wild = {"name": "wild", "hidden": [], "optimizer": {"name": "sgd", "learning_rate": 1e30}}
    study = small_study(stages=(Stage("only", networks=(wild,)),), replicates=1)
    with pytest.raises(EngineError) as failed:
        carried_out(study, numbers("regression"), tmp_path / "failed")
    live = read_live(folder_in(tmp_path / "failed"))
    assert (live.state, live.error) == ("failed", str(failed.value))


def test_a_log_that_cannot_be_written_is_noted_once_and_the_study_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StudyPaths, "live", property(lambda paths: paths.folder / "nowhere" / "live.jsonl"))
    *events, last = carry_out(STUDY, numbers("binary"), tmp_path)
    assert isinstance(last, Stored)
    (noted,) = [event for event in events if isinstance(event, Noted)]
    assert noted.sentence.startswith("How the study goes on cannot be seen live: ")
    assert noted.sentence.endswith(" The study goes on.")


def quick(store: Path) -> Iterator[Event]:
    data = numbers("binary", 60, 20)
    return carry_out_automatically(Data("handmade"), data, store, breadth="quick", protocol=HoldOut())


@pytest.mark.usefixtures("_at_once")
def test_a_search_can_be_seen_and_stopped_and_gives_way_to_its_study(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        stopped_after(quick(tmp_path), tmp_path, runs=5)
    folder = folder_in(tmp_path)
    search = read_study(folder)
    assert search.search == {"breadth": "quick", "minutes": None, "protocol": True}
    assert search.result is None
    assert [stage["name"] for stage in search.stages] == ["baselines", "scale_up"]
    assert not StudyPaths(folder).file.exists()
    live = read_live(folder)
    assert (live.state, live.is_search, live.stage) == ("stopped", True, None)
    assert live.planned[:3] == ("baselines", "scale_up", "regularize")
    assert live.decisions
    *_, last = quick(tmp_path)
    assert isinstance(last, Stored)
    assert folder_in(tmp_path) == last.study.folder != folder
    assert last.study.search is None
    assert read_live(last.study.folder).state == "ended"


def test_a_search_of_nothing_that_can_be_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SpecError):
        list(carry_out_automatically(Data("handmade"), numbers("binary"), tmp_path, breadth="huge"))
    assert list(tmp_path.iterdir()) == []
