"""A study trains only what is missing, in any order and company, and goes on where it was killed."""

import dataclasses
import json
import math
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workflow.handmade import all_figures, carried_out, numbers, small_study

import justfit
from justfit.errors import EngineError, SealError, SpecError, StoreError
from justfit.spec import (
    AllRows,
    Data,
    Diverged,
    Epoch,
    Final,
    From,
    HoldOut,
    KFold,
    Stage,
    Study,
    TestRows,
)
from justfit.store import StoredStudy, StudyPaths, read_splits, read_study, splits_key, write_splits
from justfit.workflow import (
    EpochDone,
    Event,
    Planned,
    RunDone,
    StageDone,
    StagePlanned,
    Stored,
    carry_out,
    single,
)

WIDTHS, DROPOUT = small_study().stages
RUNS_A_NETWORK = 2 * 2


def trained(study: Study, store: Path, task: str = "binary") -> list[tuple[str, str, int, int]]:
    """Carries out a study and gives what it trained: stage, network, split and seed."""
    events: list[Event | str] = []
    carried_out(study, numbers(task), store, events=events)
    return [
        (event.stage, event.network, event.split, event.seed)
        for event in events
        if isinstance(event, RunDone)
    ]


def chosen_from(stored: StoredStudy) -> dict[str, Any]:
    assert stored.result is not None
    return stored.result


def test_each_candidate_is_trained_once_with_each_seed_on_each_split_and_the_final_one_with_each_seed(
    tmp_path: Path,
) -> None:
    events: list[Event | str] = []
    data = numbers("binary", opened=lambda: events.append("opened"))
    stored = carried_out(small_study(), data, tmp_path, events=events)
    winner = next(iter(first_standings(events)))
    done = [event for event in events if isinstance(event, RunDone)]
    assert {(event.stage, event.network, event.split, event.seed) for event in done} == {
        *(
            ("widths", name, split, seed)
            for name in ("4-1", "8-1", "4-4-1")
            for split in (1, 2)
            for seed in (0, 1)
        ),
        *(
            ("dropout", f"{winner}, dropout {share}", split, seed)
            for share in (0.2, 0.5)
            for split in (1, 2)
            for seed in (0, 1)
        ),
        *(("final", chosen_from(stored)["chosen"], 1, seed) for seed in (0, 1)),
    }
    assert len(done) == 5 * RUNS_A_NETWORK + 2
    kinds = [event if isinstance(event, str) else type(event).__name__ for event in events]
    told = [kind for kind in kinds if kind not in ("EpochDone", "RunDone")]
    a_stage = ["StagePlanned", "StageDone"]
    assert told == ["Planned", *a_stage, *a_stage, "Chosen", "opened", "Tested", "Stored"]
    stored_runs = {path.stem for path in (tmp_path / "runs").iterdir()}
    assert stored_runs == {run.id for name in stored.networks for run in stored.runs(name)} | set(
        chosen_from(stored)["final_runs"]
    )


def test_a_study_carried_out_again_trains_nothing_and_opens_no_test_rows(tmp_path: Path) -> None:
    first = carried_out(small_study(), numbers("binary"), tmp_path)
    events: list[Event | str] = []
    data = numbers("binary", opened=lambda: events.append("opened"))
    assert carried_out(small_study(), data, tmp_path, events=events) == first
    assert [type(event) for event in events] == [Stored]


THIRD = Stage("third", {"hidden": [3]})


@pytest.mark.parametrize(
    ("changes", "new"),
    [
        ({"name": "another"}, 0),
        ({"stages": (WIDTHS, DROPOUT, THIRD)}, RUNS_A_NETWORK),
        ({"stages": (WIDTHS,), "final": None}, 0),
        ({"replicates": 3}, 5 * 2),
        ({"replicates": 1}, 0),
        ({"replicates": 2, "seed": 1}, 5 * 2),
        ({"final": None}, 0),
        ({"final": Final(of="widths", epochs=2)}, 0),
        ({"validation": KFold(2, repeats=2)}, 5 * 2 * RUNS_A_NETWORK),
        ({"validation": KFold(2, seed=1)}, 5 * RUNS_A_NETWORK),
    ],
    ids=str,
)
def test_a_changed_study_trains_only_the_runs_that_it_changes(
    tmp_path: Path, changes: dict[str, Any], new: int
) -> None:
    stages = {"stages": (WIDTHS, Stage("dropout", {"hidden": [8]}, grid={"dropout": [0.2, 0.5]}))}
    carried_out(small_study(**stages), numbers("binary"), tmp_path)
    if "stages" in changes and len(changes["stages"]) > 1:
        changes = {"stages": (*stages["stages"], THIRD)}
    done = trained(small_study(**(stages | changes)), tmp_path)
    assert len([stage for stage, *_ in done if stage != "final"]) == new


def test_another_select_chooses_anew_from_the_same_runs(tmp_path: Path) -> None:
    # Without a penalty both losses are the same figure, so that nothing else can differ.
    events: list[Event | str] = []
    one = carried_out(small_study(), numbers("binary"), tmp_path)
    carried_out(small_study(select="val_loss"), numbers("binary"), tmp_path, events=events)
    assert {event.stage for event in events if isinstance(event, RunDone)} == {"final"}
    by_accuracy = small_study(select="val_metric", stages=(WIDTHS,), final=None)
    assert trained(by_accuracy, tmp_path) == []
    standing = read_study(tmp_path / f"small-{by_accuracy.id}").result["standing"]
    assert standing["figure"] == "val_metric"
    means = {
        name: np.mean([[epoch.val_metric for epoch in run.history] for run in one.runs(name)], axis=0).max()
        for name in ("4-1", "8-1", "4-4-1")
    }
    assert standing["value"] == pytest.approx(max(means.values()))


def test_what_is_stored_without_the_fit_is_trained_anew_where_the_study_asks_for_it(tmp_path: Path) -> None:
    study = small_study(stages=(WIDTHS,))
    without = carried_out(study, numbers("binary"), tmp_path)
    before = {name: without.runs(name) for name in without.networks}
    fitting = dataclasses.replace(study, fit=True)
    assert len(trained(fitting, tmp_path)) == 3 * RUNS_A_NETWORK + 2
    after = {name: without.runs(name) for name in without.networks}
    for run in [*(run for runs in after.values() for run in runs), *without.final_runs]:
        assert all(epoch.fit_loss is not None for epoch in run.history)
    cleared = {
        name: [
            [dataclasses.replace(e, fit_loss=None, fit_metric=None, seconds=0.0) for e in run.history]
            for run in runs
        ]
        for name, runs in after.items()
    }
    assert cleared == {
        name: [[dataclasses.replace(e, seconds=0.0) for e in run.history] for run in runs]
        for name, runs in before.items()
    }
    # And a study that does not ask for it leaves it where it is.
    assert len(trained(dataclasses.replace(study, name="third"), tmp_path)) == 2
    assert all(epoch.fit_loss is not None for run in without.final_runs for epoch in run.history)


@pytest.mark.parametrize("task", ["binary", pytest.param("regression", marks=pytest.mark.slow)])
def test_the_same_study_gives_the_same_figures_with_any_number_of_threads(tmp_path: Path, task: str) -> None:
    figures = [
        all_figures(carried_out(small_study(), numbers(task), tmp_path / str(threads), threads=threads))
        for threads in (1, 2, 5)
    ]
    assert figures[0] == figures[1] == figures[2]


def test_the_order_of_candidates_and_stages_changes_no_run(tmp_path: Path) -> None:
    other = Stage("other", grid={"hidden": [[6], [2, 2]], "batch_size": [16, 40]})
    turned = [
        Stage("other", grid={"batch_size": [40, 16], "hidden": [[2, 2], [6]]}),
        Stage("widths", grid={"hidden": [[4, 4], [8], [4]]}),
    ]
    one = all_figures(carried_out(small_study(stages=(WIDTHS, other)), numbers("binary"), tmp_path / "1"))
    two = all_figures(carried_out(small_study(stages=turned), numbers("binary"), tmp_path / "2"))
    assert one["runs"] == two["runs"]
    for key in ("chosen", "best_epoch", "epochs", "standing", "final_runs", "test", "test_replicates"):
        assert one["result"][key] == two["result"][key], key


def test_a_network_has_the_same_figures_alone_and_beside_others(tmp_path: Path) -> None:
    beside = carried_out(small_study(), numbers("binary"), tmp_path / "1")
    alone = small_study(stages=(Stage("one", {"hidden": [8]}),))
    one = all_figures(carried_out(alone, numbers("binary"), tmp_path / "2"))
    assert all_figures(beside)["runs"]["8-1"] == one["runs"]["8-1"]
    # In a store with other studies' runs, too.
    assert all_figures(carried_out(alone, numbers("binary"), tmp_path / "1")) == one


def test_a_run_that_two_stages_ask_for_is_trained_once(tmp_path: Path) -> None:
    stages = (WIDTHS, Stage("again", {"hidden": [8]}), Stage("more", {"dropout": 0.0}, base=From("widths")))
    done = trained(small_study(stages=stages), tmp_path)
    assert len([stage for stage, *_ in done if stage != "final"]) == 3 * RUNS_A_NETWORK
    assert {stage for stage, *_ in done} == {"widths", "final"}


KILLED = """
import os, signal, sys
from pathlib import Path
from workflow.handmade import numbers, small_study
from justfit.workflow import carry_out

def carry_out_until(what, count, store):
    def step():
        nonlocal count
        if count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        count -= 1

    if what == "written":
        replace = Path.replace
        def replacing(self, target):
            step()
            return replace(self, target)
        Path.replace = replacing
    for event in carry_out(small_study(stages=small_study().stages[:1]), numbers("binary"), store, threads=2):
        if what == "told":
            step()

what, store, *moments = sys.argv[1:]
for moment in moments:
    child = os.fork()  # so that what takes long to import is imported once
    if child == 0:
        carry_out_until(what, int(moment), Path(store.replace("MOMENT", moment)))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Carries a study out for each moment, ending it by SIGKILL after so many events were told or files written.

The next file is whole then, but not yet in its place. Prints 0 for a study that came to its end before.
"""


def killed(what: str, store: Path, moments: Iterable[int]) -> list[int]:
    """The exit codes of studies killed at these moments, each in the store of its own where so named."""
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, what, str(store), *(str(moment) for moment in moments)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[1])},
    )
    return [int(line) for line in ended.stdout.split()]


@pytest.mark.slow
@pytest.mark.parametrize(("what", "moments"), [("told", range(0, 90, 6)), ("written", range(25))])
def test_a_study_killed_at_any_moment_and_run_again_ends_with_the_same_figures(
    tmp_path: Path, what: str, moments: range
) -> None:
    study = small_study(stages=(WIDTHS,))
    expected = all_figures(carried_out(study, numbers("binary"), tmp_path / "whole"))
    ends = killed(what, tmp_path / "MOMENT", moments)
    assert set(ends) == {-signal.SIGKILL, 0}, "the last moments come after the end"
    assert ends == sorted(ends)
    for moment, end in zip(moments, ends, strict=True):
        store = tmp_path / str(moment)
        kept = {path.stem for path in store.glob("runs/*.json")} - set(expected["result"]["final_runs"])
        done = [stage for stage, *_ in trained(study, store)]
        assert len(kept) + done.count("widths") == 3 * RUNS_A_NETWORK
        assert done.count("final") in ((2,) if end else (0,))
        assert all_figures(read_study(store / f"small-{study.id}")) == expected, moment


@pytest.mark.slow
def test_a_study_killed_again_and_again_ends_with_the_same_figures(tmp_path: Path) -> None:
    study = small_study(stages=(WIDTHS,))
    expected = all_figures(carried_out(study, numbers("binary"), tmp_path / "whole"))
    store = tmp_path / "killed"
    assert killed("told", store, (3, 20, 20)) == [-signal.SIGKILL] * 3
    assert killed("written", store, (0, 1, 2)) == [-signal.SIGKILL] * 3
    assert all_figures(carried_out(study, numbers("binary"), store)) == expected
    assert not list(store.rglob(".*")), "what was written aside is removed"


AT_ONCE = """
import sys
from pathlib import Path
from workflow.handmade import carried_out, numbers, small_study

carried_out(small_study(sys.argv[2]), numbers("binary"), Path(sys.argv[1]), threads=1)
"""


def at_once(store: Path, *names: str) -> list[tuple[int, str]]:
    """Exit code and errors of processes that carry studies of these names out at the same time."""
    environment = {"PYTHONPATH": str(Path(__file__).parents[1])}
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, str(store), name],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    errors = [process.communicate()[1] for process in begun]
    return [(process.returncode, error) for process, error in zip(begun, errors, strict=True)]


@pytest.mark.slow
def test_two_studies_with_the_same_runs_can_be_carried_out_at_once(tmp_path: Path) -> None:
    assert at_once(tmp_path / "both", "small", "other") == [(0, ""), (0, "")]
    for name in ("small", "other"):
        study = small_study(name)
        expected = all_figures(carried_out(study, numbers("binary"), tmp_path / "alone"))
        assert all_figures(read_study(tmp_path / "both" / f"{name}-{study.id}")) == expected


@pytest.mark.slow
def test_of_two_that_carry_the_same_study_out_at_once_one_is_told_who_does(tmp_path: Path) -> None:
    ends = at_once(tmp_path / "both", "small", "small")
    refused = [error for code, error in ends if code]
    # Where one begins after the other's end, it finds all done.
    assert len(refused) <= 1
    assert all("is being carried out already, by process" in error for error in refused)
    found = read_study(tmp_path / "both" / f"small-{small_study().id}")
    assert all_figures(found) == all_figures(
        carried_out(small_study(), numbers("binary"), tmp_path / "alone")
    )


@pytest.mark.parametrize("count", [1, 20, 57])
def test_a_study_that_was_closed_goes_on_where_it_was(tmp_path: Path, count: int) -> None:
    expected = all_figures(carried_out(small_study(), numbers("binary"), tmp_path / "whole"))
    events: Iterator[Event] = carry_out(small_study(), numbers("binary"), tmp_path / "1")
    done = [next(events) for _ in range(count)]
    events.close()  # type: ignore[attr-defined]
    kept = {(each.stage, each.network, each.split, each.seed) for each in done if isinstance(each, RunDone)}
    assert not kept & set(trained(small_study(), tmp_path / "1"))
    assert all_figures(read_study(tmp_path / "1" / f"small-{small_study().id}")) == expected


def first_standings(events: list[Event | str]) -> Mapping[str, object]:
    return next(event.standings for event in events if isinstance(event, StageDone))


def mean_curve_of(stored: StoredStudy, name: str, figure: str) -> list[float]:
    histories = [run.history for run in stored.runs(name)]
    return [
        sum(getattr(history[at], figure) for history in histories) / len(histories)
        for at in range(min(len(history) for history in histories))
    ]


@pytest.mark.parametrize("select", ["val_data_loss", "val_metric"])
def test_the_smallest_network_within_one_standard_error_wins_and_says_why(
    tmp_path: Path, select: str
) -> None:
    study = small_study(
        stages=(Stage("widths", grid={"hidden": [[2], [4], [8], [16]]}), DROPOUT),
        validation=KFold(2, repeats=2),
        select=select,
    )
    events: list[Event | str] = []
    stored = carried_out(study, numbers("binary"), tmp_path, events=events)
    sign = -1 if select == "val_metric" else 1
    for stage in stored.stages:
        means, errors, sizes = {}, {}, {}
        for network in stage["networks"]:
            name, at = network["name"], network["standing"]["best_epoch"] - 1
            runs = np.array([sign * getattr(run.history[at], select) for run in stored.runs(name)])
            splits = runs.reshape(4, 2).mean(axis=1)
            means[name], sizes[name] = splits.mean(), network["parameters"]
            # Of two folds as many rows validate as train.
            errors[name] = np.sqrt((1 / 4 + 1) * splits.var(ddof=1))
        best = min(means, key=means.__getitem__)
        within = [name for name in means if means[name] <= means[best] + errors[best]]
        done = next(e for e in events if isinstance(e, StageDone) and e.stage == stage["name"])
        assert done.choice is not None
        assert stage["choice"] == {"name": done.choice.name, "reason": done.choice.reason}
        assert sizes[done.choice.name] == min(sizes[name] for name in within)
        assert done.choice.name in done.choice.reason
        assert f"{abs(means[best]):.4f}" in done.choice.reason
    winner = stored.networks[stored.stages[0]["choice"]["name"]]["candidate"]["network"]
    for network in stored.stages[1]["networks"]:
        assert network["candidate"]["network"]["hidden"] == winner["hidden"]
    result = chosen_from(stored)
    assert result["chosen"] in result["reason"]


def test_a_network_that_the_study_names_is_said_to_be_named(tmp_path: Path) -> None:
    study = small_study(stages=(WIDTHS,))
    first = carried_out(dataclasses.replace(study, final=None), numbers("binary"), tmp_path)
    other = next(name for name in first.networks if name != chosen_from(first)["chosen"])
    named = dataclasses.replace(study, name="named", final=Final(of=other))
    result = chosen_from(carried_out(named, numbers("binary"), tmp_path))
    assert result["reason"] == f"{other} is named in the study."


@pytest.mark.parametrize(
    "select",
    [
        "val_data_loss",
        pytest.param("val_loss", marks=pytest.mark.slow),
        pytest.param("val_metric", marks=pytest.mark.slow),
    ],
)
def test_the_winner_has_the_best_mean_curve_over_folds_repeats_and_replicates(
    tmp_path: Path, select: str
) -> None:
    study = small_study(
        stages=(Stage("widths", grid={"hidden": [[2], [16]], "l2": [0.0, 0.02]}), DROPOUT),
        validation=KFold(2, repeats=2),
        select=select,
        rule="best",
    )
    events: list[Event | str] = []
    stored = carried_out(study, numbers("binary", permuted=True), tmp_path, events=events)
    sign = -1 if select == "val_metric" else 1
    for stage in stored.stages:
        bests = {}
        for network in stage["networks"]:
            assert len(network["runs"]) == 2 * 2 * 2
            curve = [sign * value for value in mean_curve_of(stored, network["name"], select)]
            bests[network["name"]] = min(curve)
            assert network["standing"]["best_epoch"] == 1 + curve.index(min(curve))
            assert sign * network["standing"]["value"] == pytest.approx(min(curve))
            at = network["standing"]["best_epoch"] - 1
            spread = np.std([getattr(r.history[at], select) for r in stored.runs(network["name"])], ddof=1)
            assert network["standing"]["spread"] == pytest.approx(spread)
        told = next(e.standings for e in events if isinstance(e, StageDone) and e.stage == stage["name"])
        assert list(told) == sorted(bests, key=bests.__getitem__)
    better = stored.networks[next(iter(first_standings(events)))]["candidate"]["network"]
    for network in stored.stages[1]["networks"]:
        found = network["candidate"]["network"]
        assert found == better | {"dropout": found["dropout"]}, "dropout builds on the winner of widths"
    result = chosen_from(stored)
    all_bests = {name: min(sign * v for v in mean_curve_of(stored, name, select)) for name in stored.networks}
    assert result["chosen"] == min(all_bests, key=all_bests.__getitem__)
    best = stored.networks[result["chosen"]]["standing"]["best_epoch"]
    assert result["best_epoch"] == result["epochs"] == best
    for run in stored.final_runs:
        assert run.spec["candidate"]["recipe"]["epochs"] == result["epochs"] == len(run.history)
        assert run.spec["protocol"] == {"name": "all_rows"}


def test_a_stage_can_build_on_every_candidate_of_another_or_on_winners_in_a_row(tmp_path: Path) -> None:
    stages = (
        WIDTHS,
        Stage("all", {"dropout": 0.5}, base=From("widths")),
        Stage("next", grid={"batch_size": [8, 32]}, base=From("all", winner=True)),
        Stage("last", grid={"l2": [0.001, 0.01]}, base=From("next", winner=True)),
    )
    stored = carried_out(small_study(stages=stages, validation=HoldOut()), numbers("binary"), tmp_path)
    names = {stage["name"]: [network["name"] for network in stage["networks"]] for stage in stored.stages}
    assert names["all"] == ["4-1, dropout 0.5", "8-1, dropout 0.5", "4-4-1, dropout 0.5"]

    def winner(at: int) -> dict[str, Any]:
        return min(stored.stages[at]["networks"], key=lambda network: network["standing"]["value"])

    for network, batch_size in zip(stored.stages[2]["networks"], (8, 32), strict=True):
        expected = json.loads(json.dumps(winner(1)["candidate"]))
        expected["recipe"]["batch_size"] = batch_size
        assert network["candidate"] == expected
    for network, l2 in zip(stored.stages[3]["networks"], (0.001, 0.01), strict=True):
        before = winner(2)["candidate"]
        layers = len(before["network"]["hidden"])
        assert network["candidate"] == before | {"network": before["network"] | {"l2": [l2] * layers}}


def test_the_plan_tells_what_is_stored_already(tmp_path: Path) -> None:
    carried_out(small_study(replicates=1, stages=(WIDTHS,)), numbers("binary"), tmp_path)
    events: list[Event | str] = []
    carried_out(small_study(), numbers("binary"), tmp_path, events=events)
    first, second = (event for event in events if isinstance(event, StagePlanned))
    assert [(each.runs, each.missing) for each in first.networks] == [(4, 2)] * 3
    assert [(each.runs, each.missing) for each in second.networks] == [(4, 4)] * 2


def test_splits_are_kept_and_used_again(tmp_path: Path) -> None:
    study, data = small_study(stages=(WIDTHS,)), numbers("binary")
    carried_out(study, data, tmp_path)
    key = splits_key(data.fingerprint, study.validation)
    kept = read_splits(tmp_path, key, study.validation, 240)
    assert kept is not None
    assert sorted(row for split in kept for row in split.validation.tolist()) == list(range(240))
    # Were they to come out otherwise one day, those that are kept would still be used.
    turned = tuple(reversed(kept))
    write_splits(tmp_path / "turned", key, turned)
    write_splits(tmp_path / "same", key, kept)
    losses = []
    for store in ("same", "turned"):
        stored = carried_out(study, numbers("binary"), tmp_path / store)
        losses.append([run.history[0].val_loss for run in stored.runs("8-1")])
    assert losses[0] != losses[1]


def test_only_the_first_rows_train_and_validate_where_so_asked_and_all_test_rows_test(tmp_path: Path) -> None:
    events: list[Event | str] = []
    study = small_study(data=Data("handmade", rows=100), stages=(WIDTHS,))
    data = numbers("binary")
    data.train.labels[100:] = 1 - data.train.labels[100:]  # which must not matter
    stored = carried_out(study, data, tmp_path, events=events)
    planned = next(event for event in events if isinstance(event, Planned))
    assert dataclasses.asdict(planned.rows) == {"train": 50, "validation": 50, "test": 200}
    assert planned.notes == ("Made by hand.", "Only the first 100 of 240 training rows are used.")
    result = chosen_from(stored)
    assert result["final_rows"] == 100
    assert sum(map(sum, result["test"]["confusion"])) == 200
    whole = carried_out(small_study(stages=(WIDTHS,)), numbers("binary"), tmp_path)
    ids = [{run for network in each.networks.values() for run in network["runs"]} for each in (stored, whole)]
    assert not ids[0] & ids[1]
    again = carried_out(
        dataclasses.replace(study, data=Data("handmade", rows=100)), numbers("binary"), tmp_path / "2"
    )
    assert all_figures(again)["runs"] == all_figures(stored)["runs"]


DIVERGING = Stage(
    "rates",
    networks=({"name": "wild", "optimizer": {"name": "sgd", "learning_rate": 1e30}}, {"name": "tame"}),
)


def test_a_network_that_diverges_does_not_stop_the_others_and_stands_last(tmp_path: Path) -> None:
    events: list[Event | str] = []
    stored = carried_out(small_study(stages=(DIVERGING,)), numbers("binary"), tmp_path, events=events)
    ended = {event.network: type(event.outcome).__name__ for event in events if isinstance(event, RunDone)}
    assert ended == {"wild": "Diverged", "tame": "Done"}
    done = next(event for event in events if isinstance(event, StageDone))
    assert list(done.standings) == ["tame", "wild"]
    assert done.standings["wild"] is None
    assert chosen_from(stored)["chosen"] == "tame"
    assert all(isinstance(run.outcome, Diverged) for run in stored.runs("wild"))
    alone = carried_out(
        small_study("alone", stages=(Stage("rates", {"name": "tame"}),)),
        numbers("binary"),
        tmp_path / "alone",
    )
    assert all_figures(alone)["runs"]["tame"] == all_figures(stored)["runs"]["tame"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {},
            '"wild" cannot be tested: it diverged before one epoch .* Lower the learning rate, or scale the',
        ),
        ({"final": Final(of="all")}, "Stage all has no winner: each of its networks diverged"),
        ({"stages": [Stage("more", base=From("all", winner=True))]}, "Stage all has no winner: each of its"),
    ],
)
def test_where_all_diverge_that_is_said_and_nothing_is_trained_again(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    stages = (Stage("all", networks=DIVERGING.networks[:1]), *changes.pop("stages", ()))
    events: list[Event | str] = []
    for _ in range(2):
        data = numbers("binary", opened=lambda: events.append("opened"))
        with pytest.raises(EngineError, match=message):
            carried_out(small_study(stages=stages, **changes), data, tmp_path, events=events)
    assert len([event for event in events if isinstance(event, RunDone)]) == RUNS_A_NETWORK
    assert "opened" not in events
    (folder,) = tmp_path.glob("small-*")
    assert read_study(folder).result is None


def test_a_network_that_is_asked_for_by_a_name_that_no_stage_has_is_told_at_the_end(tmp_path: Path) -> None:
    study = small_study(final=Final(of="8-1, dropout 0.3"))
    with pytest.raises(
        SpecError, match=r'of "8-1, dropout 0\.3" is not known under final: expected one of widths'
    ):
        carried_out(study, numbers("binary"), tmp_path)
    assert len(list(tmp_path.glob("runs/*.json"))) == 5 * RUNS_A_NETWORK


def test_a_run_whose_file_is_torn_is_named(tmp_path: Path) -> None:
    stored = carried_out(small_study(), numbers("binary"), tmp_path)
    path = tmp_path / "runs" / f"{stored.networks['8-1']['runs'][2]}.json"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StoreError, match=f"{path} is not valid JSON .*: it was cut off or changed"):
        carried_out(small_study("another"), numbers("binary"), tmp_path)


def test_splits_that_are_torn_are_named(tmp_path: Path) -> None:
    study, data = small_study(), numbers("binary")
    carried_out(study, data, tmp_path)
    path = tmp_path / "splits" / f"{splits_key(data.fingerprint, study.validation)}.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StoreError, match=str(path)):
        carried_out(small_study("another"), numbers("binary"), tmp_path)


def test_a_run_is_kept_the_moment_it_ends_and_a_study_can_be_read_while_it_goes_on(tmp_path: Path) -> None:
    stages, ended = [], 0
    for event in carry_out(small_study(), numbers("binary"), tmp_path):
        if isinstance(event, RunDone):
            ended += 1
            assert len(list(tmp_path.glob("runs/*.json"))) == ended
        if isinstance(event, RunDone | StageDone | Planned):
            stored = read_study(next(tmp_path.glob("small-*")))
            assert stored.result is None
            stages.append(len(stored.stages))
    assert ended == 5 * RUNS_A_NETWORK + 2
    assert stages == sorted(stages)
    assert set(stages) == {0, 1, 2}


def test_epochs_are_told_as_they_are_stored(tmp_path: Path) -> None:
    events: list[Event | str] = []
    stored = carried_out(small_study(), numbers("regression"), tmp_path, events=events)
    told: dict[tuple[str, int, int], list[Epoch]] = {}
    for event in events:
        if isinstance(event, EpochDone) and event.stage != "final":
            told.setdefault((event.network, event.split, event.seed), []).append(event.epoch)
    for name in stored.networks:
        for run in stored.runs(name):
            assert tuple(told[name, run.spec["split"], run.spec["seed"]]) == run.history


def test_a_study_of_one_network_from_python(tmp_path: Path) -> None:
    study = justfit.Study(
        "first",
        justfit.Data("wine"),
        (justfit.Stage("widths", grid={"hidden": [[4], [16]], "epochs": [5]}),),
        validation=justfit.KFold(3),
    )
    stored = justfit.run(study, store=tmp_path)
    assert stored.folder == tmp_path / f"first-{study.id}"
    assert {name: len(network["runs"]) for name, network in stored.networks.items()} == {
        "4-3, epochs 5": 3,
        "16-3, epochs 5": 3,
    }
    assert justfit.run(study, store=tmp_path) == stored


@pytest.mark.parametrize("threads", [0, -1, 100_000, True])
def test_threads_that_cannot_be_are_refused(tmp_path: Path, threads: int) -> None:
    with pytest.raises(SpecError, match="threads must be a whole number from 1 to"):
        next(iter(carry_out(small_study(), numbers("binary"), tmp_path, threads=threads)))
    assert not list(tmp_path.iterdir())


def test_test_rows_that_validate_are_opened_first_and_mark_everything_as_leaked(tmp_path: Path) -> None:
    events: list[Event | str] = []
    data = numbers("binary", opened=lambda: events.append("opened"))
    stored = carried_out(small_study(validation=TestRows()), data, tmp_path, events=events)
    assert events[0] == "opened"
    assert events.count("opened") == 1
    planned = events[1]
    assert isinstance(planned, Planned)
    assert planned.is_leaked
    assert dataclasses.asdict(planned.rows) == {"train": 240, "validation": 200, "test": 200}
    result = chosen_from(stored)
    assert result["leaked"] is True
    # What validated is what was tested: trained on as many rows with the same seeds it is the same network.
    at, run = result["best_epoch"] - 1, stored.runs(result["chosen"])[0]
    assert result["test"]["accuracy"]["value"] == pytest.approx(run.history[at].val_metric, abs=0.06)
    with pytest.raises(SealError):
        data.sealed.open()
    assert not list(tmp_path.glob("splits/*")), "there are none to keep"


def test_what_is_not_leaked_says_so(tmp_path: Path) -> None:
    assert chosen_from(carried_out(small_study(), numbers("binary"), tmp_path))["leaked"] is False


def test_without_validation_the_network_is_trained_on_all_rows_and_tested(tmp_path: Path) -> None:
    events: list[Event | str] = []
    study = small_study(validation=AllRows(), final=Final(of="8-1", epochs="last"), stages=(WIDTHS,))
    stored = carried_out(study, numbers("binary"), tmp_path, events=events)
    result = chosen_from(stored)
    assert (result["chosen"], result["epochs"], result["best_epoch"], result["standing"]) == (
        "8-1",
        4,
        None,
        None,
    )
    assert (result["final_rows"], result["validation_baseline"]) == (240, None)
    assert {event.stage for event in events if isinstance(event, RunDone)} == {"final"}
    assert not [event for event in events if isinstance(event, StageDone)]
    assert all(network["runs"] == [] for network in stored.networks.values())
    assert math.isfinite(result["test"]["loss"]["value"])
    one = single("handmade", protocol=AllRows())
    assert chosen_from(carried_out(one, numbers("binary"), tmp_path))["epochs"] == 20
    of_stage = small_study(
        validation=AllRows(), final=Final("second", 1), stages=(WIDTHS, Stage("second", {"hidden": [3]}))
    )
    assert chosen_from(carried_out(of_stage, numbers("binary"), tmp_path))["chosen"] == "3-1"


def test_the_study_and_its_files_are_where_the_paths_say(tmp_path: Path) -> None:
    stored = carried_out(small_study(), numbers("binary"), tmp_path)
    paths = StudyPaths(stored.folder)
    for path in (paths.study, paths.stages, paths.result, paths.model, paths.weights):
        assert path.is_file()
    assert {path.name for path in tmp_path.iterdir()} == {
        "runs",
        "splits",
        "looks.jsonl",
        stored.folder.name,
    }
