"""Successive halving: the worse half leaves, what it was stays true, and no company changes a figure."""

import dataclasses
from pathlib import Path

import pytest
from workflow.handmade import all_figures, carried_out, numbers, small_study, untimed

from justfit.errors import SpecError
from justfit.spec import AllRows, Final, KFold, Stage, Study
from justfit.store import read_run
from justfit.workflow import Event, Halved, carry_out

NETWORKS = Stage("widths", grid={"hidden": [[1], [2], [4], [8], [16], [4, 4], [8, 8], [16, 16], [2, 2]]})
HALVED = dataclasses.replace(NETWORKS, halving=2)


def study(stage: Stage = HALVED, name: str = "halved", epochs: int = 8, **changes: object) -> Study:
    defaults = {**small_study().defaults, "epochs": epochs}
    return small_study(name, **({"stages": (stage,), "defaults": defaults, "final": None} | changes))


def test_after_each_rung_the_better_half_goes_on_until_four_are_left(tmp_path: Path) -> None:
    events: list[Event | str] = []
    stored = carried_out(study(), numbers("binary"), tmp_path, events=events)
    halved = [event for event in events if isinstance(event, Halved)]
    assert [(event.epoch, len(event.left), len(event.stay)) for event in halved] == [(2, 4, 5), (4, 2, 3)]
    for event in halved:
        best = {
            name: min(
                sum(run.history[at].val_data_loss for run in stored.runs(name)) for at in range(event.epoch)
            )
            for name in (*event.left, *event.stay)
        }
        assert max(best[name] for name in event.stay) <= min(best[name] for name in event.left)
    first, second = (event.left for event in halved)
    left = {**dict.fromkeys(first, 2), **dict.fromkeys(second, 4)}
    for name, network in stored.networks.items():
        assert network["left"] == left.get(name)
        assert {len(run.history) for run in stored.runs(name)} == {left.get(name, 8)}
    assert stored.stages[0]["choice"]["name"] not in left


def test_what_left_is_the_beginning_of_what_it_would_have_become_and_the_others_are_undisturbed(
    tmp_path: Path,
) -> None:
    halved = carried_out(study(), numbers("binary"), tmp_path / "halved")
    whole = carried_out(study(NETWORKS, "whole"), numbers("binary"), tmp_path / "whole")
    for name in halved.networks:
        for short, long in zip(halved.runs(name), whole.runs(name), strict=True):
            assert untimed(short.history) == untimed(long.history)[: len(short.history)]
            assert short.spec["candidate"]["recipe"]["epochs"] == len(short.history)
            assert short.updates * len(long.history) == long.updates * len(short.history)


def test_the_sentence_tells_who_left_and_by_which_figures() -> None:
    event = Halved("widths", "val_data_loss", 2, ("a", "b"), ("c", "d"), 0.5, 0.25)
    assert event.sentence == (
        "After epoch 2, 2 of 4 networks leave, with a val_data_loss of 0.5000 at best, where those that stay "
        "have 0.2500 at worst."
    )
    unmeasured = Halved("widths", "val_data_loss", 2, ("a",), ("c",), None, 0.25)
    assert unmeasured.sentence == (
        "After epoch 2, 1 of 2 networks leaves, with a val_data_loss of no finite value."
    )


@pytest.mark.parametrize(
    "threads", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(5, marks=pytest.mark.slow)]
)
def test_threads_change_no_figure(tmp_path: Path, threads: int) -> None:
    one = carried_out(study(), numbers("binary"), tmp_path / "one", threads=3)
    other = carried_out(study(), numbers("binary"), tmp_path / "other", threads=threads)
    assert all_figures(one) == all_figures(other)


@pytest.mark.parametrize(
    "stop", [3, 120, *(pytest.param(stop, marks=pytest.mark.slow) for stop in (30, 80, 160, 200))]
)
def test_a_study_that_was_killed_decides_the_same_again(tmp_path: Path, stop: int) -> None:
    whole = carried_out(study(), numbers("binary"), tmp_path / "whole")
    events = carry_out(study(), numbers("binary"), tmp_path / "killed")
    for _ in range(stop):
        next(events)
    events.close()  # type: ignore[attr-defined]
    assert all_figures(carried_out(study(), numbers("binary"), tmp_path / "killed")) == all_figures(whole)


def test_runs_that_another_study_trained_longer_change_no_figure_and_are_not_trained_again(
    tmp_path: Path,
) -> None:
    alone = carried_out(study(), numbers("binary"), tmp_path / "alone")
    carried_out(study(NETWORKS, "whole"), numbers("binary"), tmp_path / "shared")
    events: list[Event | str] = []
    beside = carried_out(study(), numbers("binary"), tmp_path / "shared", events=events)
    assert all_figures(beside) == all_figures(alone)
    assert {type(event).__name__ for event in events} == {
        "Planned", "StagePlanned", "Halved", "StageDone", "Chosen", "Stored",
    }  # fmt: skip


def test_a_network_that_left_elsewhere_is_trained_to_its_end_where_it_stays(tmp_path: Path) -> None:
    halved = carried_out(study(), numbers("binary"), tmp_path)
    left = [name for name, network in halved.networks.items() if network["left"]]
    few = Stage(
        "widths", networks=tuple({"hidden": halved_hidden(halved, name)} for name in left[:3]), halving=2
    )
    stored = carried_out(study(few, "few"), numbers("binary"), tmp_path)
    for name in stored.networks:
        assert {len(run.history) for run in stored.runs(name)} == {8}


def halved_hidden(stored: object, name: str) -> list[int]:
    return list(stored.networks[name]["candidate"]["network"]["hidden"])  # type: ignore[attr-defined]


def test_a_run_that_ended_of_its_own_before_its_network_left_stays_as_it_is(tmp_path: Path) -> None:
    def impatient(stage: Stage, name: str) -> Study:
        defaults = {**study().defaults, "epochs": 16, "patience": 1}
        return study(stage, name, defaults=defaults)

    halved = carried_out(impatient(HALVED, "halved"), numbers("binary", permuted=True), tmp_path / "halved")
    whole = carried_out(impatient(NETWORKS, "whole"), numbers("binary", permuted=True), tmp_path / "whole")
    ended = 0
    for name, network in halved.networks.items():
        for short, long in zip(halved.runs(name), whole.runs(name), strict=True):
            if len(long.history) < (network["left"] or 99):
                assert short.id == long.id
                ended += network["left"] is not None
            assert untimed(short.history) == untimed(long.history)[: len(short.history)]
    assert ended, "otherwise this shows nothing"


def test_networks_that_diverge_leave_first(tmp_path: Path) -> None:
    wild = {"optimizer": {"name": "sgd", "learning_rate": 1e30}}
    networks = tuple({"hidden": [units], **wild} for units in (3, 5)) + tuple(
        {"hidden": [n]} for n in (4, 8, 16)
    )
    events: list[Event | str] = []
    stage = Stage("some", networks=networks, halving=2)
    stored = carried_out(study(stage), numbers("binary"), tmp_path, events=events)
    (halved,) = [event for event in events if isinstance(event, Halved)]
    assert len(halved.stay) == 3
    assert all("sgd" in name for name in halved.left)
    assert stored.stages[0]["choice"] is not None


def test_the_next_stage_builds_on_a_winner_that_stayed(tmp_path: Path) -> None:
    stages = (HALVED, Stage("dropout", grid={"dropout": [0.2]}, base=dataclasses.replace(_winner())))
    stored = carried_out(study(stages=stages), numbers("binary"), tmp_path)
    (built,) = stored.stages[1]["networks"]
    winner = stored.networks[stored.stages[0]["choice"]["name"]]
    assert winner["left"] is None
    assert built["candidate"]["network"]["hidden"] == winner["candidate"]["network"]["hidden"]


def _winner() -> object:
    return small_study().stages[1].base


def test_without_rows_that_validate_nothing_can_be_halved() -> None:
    with pytest.raises(SpecError, match="nothing tells which half is worse: leave halving out"):
        study(validation=AllRows(), final=Final(epochs=2))


def test_the_test_rows_of_a_halved_study_are_opened_once_at_the_end(tmp_path: Path) -> None:
    events: list[Event | str] = []
    data = numbers("binary", opened=lambda: events.append("opened"))
    stored = carried_out(study(final=Final(), validation=KFold(2)), data, tmp_path, events=events)
    assert events.count("opened") == 1
    halved = [number for number, event in enumerate(events) if isinstance(event, Halved)]
    assert events.index("opened") > max(halved)
    for run_id in stored.stages[0]["networks"][0]["runs"]:
        assert read_run(tmp_path, run_id).id == run_id
