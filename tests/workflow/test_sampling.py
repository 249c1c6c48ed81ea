"""Searching a space batch by batch, with samplers that propose what is written here."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from workflow.handmade import all_figures, carried_out, numbers, small_study

from justfit.data import Dataset
from justfit.errors import SpecError
from justfit.judge import mean_curve
from justfit.spec import AllRows, From, Settings, Stage, Study, TestRows
from justfit.store import StoredStudy, read_run, study_folders
from justfit.workflow import Chosen, Decided, Event, Planned, RunDone, StageDone, Stored
from justfit.workflow.sampling import Tried, carry_out_search
from justfit.workflow.searched import require_searchable, searched_stage, with_sampler

PROPOSED: list[Settings] = [
    {"hidden": (4,), "dropout": 0.1},
    {"hidden": (8,), "dropout": 0.2},
    {"hidden": (4,), "dropout": 0.1},
    {"hidden": (4, 4), "dropout": 0.25},
    {"hidden": (8,), "dropout": 0.05},
]
SPACE = {"hidden": [[4], [8], [4, 4]], "dropout": {"from": 0, "to": 0.3}}


def study(**changes: Any) -> Study:
    """Two folds and seeds of each network, of up to 8 epochs."""
    defaults = {"batch_size": 16, "epochs": 8, "learning_rate": 0.02}
    return small_study(**{"stages": (Stage("drawn", space=SPACE),), "defaults": defaults, **changes})


class Written:
    """Proposes what is written above; some of it is pruned as soon as it may be."""

    def __init__(self, *pruned: int) -> None:
        self.pruned, self.asked = pruned, 0
        self.seen: dict[int, int] = {}
        self.told: dict[int, Tried] = {}

    def ask(self, count: int) -> list[Settings]:
        self.asked += count
        return PROPOSED[self.asked - count : self.asked]

    def is_pruned(self, trial: int, values: Sequence[float]) -> bool:
        self.seen[trial] = len(values)
        return trial in self.pruned

    def tell(self, trial: int, tried: Tried) -> None:
        self.told[trial] = tried


def searched(
    asked: Study,
    store: Path,
    sampler: Written | None = None,
    data: Dataset | None = None,
    events: list[Event] | None = None,
    **how: Any,
) -> StoredStudy:
    how = {"kind": "written", "trials": 5, "batch": 3, **how}
    for event in carry_out_search(asked, data or numbers("binary"), store, sampler or Written(), **how):
        if events is not None:
            events.append(event)
        if isinstance(event, Stored):
            return event.study
    raise AssertionError("a search ends with Stored")


def test_what_was_tried_becomes_a_study_that_can_be_carried_out_without_a_sampler(tmp_path: Path) -> None:
    events: list[Event] = []
    found = searched(study(), tmp_path / "searched", events=events)
    (stage,) = found.spec["stages"]
    assert [{**network, "hidden": tuple(network["hidden"])} for network in stage["networks"]] == [
        PROPOSED[number] for number in (0, 1, 3, 4)
    ]
    listed = dataclasses.replace(study(), stages=(Stage("drawn", networks=tuple(stage["networks"])),))
    again = all_figures(carried_out(listed, numbers("binary"), tmp_path / "listed"))
    assert found.result is not None
    decisions = found.result["decisions"]
    assert decisions == [
        (
            "drawn: Proposed by written: 5 networks, 3 at a time, by val_data_loss alone and with seed 0; "
            "pruned 0, diverged at once 0."
        )
    ]
    assert all_figures(found) == {**again, "result": {**again["result"], "decisions": decisions}}
    assert study_folders(tmp_path / "searched") == [found.folder]
    told = [type(event) for event in events if isinstance(event, Planned | Decided | StageDone | Chosen)]
    assert told == [Planned, StageDone, Decided, StageDone, Decided, Decided, StageDone, Chosen]


def test_a_sampler_is_told_the_mean_over_splits_and_seeds_epoch_by_epoch(tmp_path: Path) -> None:
    sampler = Written()
    searched(study(), tmp_path, sampler)
    assert list(sampler.told) == [0, 1, 2, 3, 4]
    for trial, tried in sampler.told.items():
        assert tried.settings == PROPOSED[trial]
        assert len(tried.runs) == 4
        curve = mean_curve([read_run(tmp_path, run).history for run in tried.runs], "val_data_loss")
        assert curve is not None
        assert tried.values == curve.mean
        assert tried.value == min(curve.mean)
        assert tried.left is None
    assert sampler.told[0].name == sampler.told[2].name == "4-1, dropout 0.1"


def test_a_figure_of_which_more_is_better_is_told_by_its_highest_epoch(tmp_path: Path) -> None:
    sampler = Written()
    events: list[Event] = []
    searched(study(select="val_metric"), tmp_path, sampler, events=events)
    best = max(sampler.told.values(), key=lambda tried: tried.value or 0)
    assert all(tried.value == max(tried.values) for tried in sampler.told.values())
    (*_, last, _) = [event.sentence for event in events if isinstance(event, Decided)]
    assert f"the best is {best.name} (val_metric {best.value:.4f} in epoch " in last


def test_who_is_pruned_stands_as_the_shorter_run_that_it_is(tmp_path: Path) -> None:
    sampler = Written(1, 3)
    found = searched(study(), tmp_path, sampler, prune=True)
    assert sampler.told[1].left == sampler.told[3].left == 2
    assert [len(tried.values) for _, tried in sorted(sampler.told.items())] == [8, 2, 8, 2, 8]
    lengths = {name: {len(run.history) for run in found.runs(name)} for name in found.networks}
    assert lengths == {
        "4-1, dropout 0.1": {8},
        "8-1, dropout 0.2, epochs 2": {2},
        "4-4-1, dropout 0.25, epochs 2": {2},
        "8-1, dropout 0.05": {8},
    }
    # Asked after 2 and 4 epochs of 8, and no more once it has left.
    assert sampler.seen == {0: 4, 1: 2, 3: 2, 4: 4}


def test_a_search_that_was_stopped_goes_on_and_comes_to_the_same(tmp_path: Path) -> None:
    whole = searched(study(), tmp_path / "whole", Written(1), prune=True)
    events = carry_out_search(
        study(),
        numbers("binary"),
        tmp_path / "store",
        Written(1),
        kind="written",
        trials=5,
        batch=3,
        prune=True,
    )
    ended = 0
    for event in events:
        ended += isinstance(event, RunDone)
        if ended == 6:
            break
    events.close()  # type: ignore[attr-defined]
    (stopped,) = study_folders(tmp_path / "store")
    assert stopped.name != whole.folder.name
    trained: list[Event] = []
    again = searched(study(), tmp_path / "store", Written(1), events=trained, prune=True)
    assert all_figures(again) == all_figures(whole)
    assert study_folders(tmp_path / "store") == [again.folder]
    # 4 different networks of 4 runs each and 2 at the end; what had ended is not trained again.
    assert sum(isinstance(event, RunDone) for event in trained) <= 4 * 4 + 2 - 6


def test_more_trials_train_only_what_is_new(tmp_path: Path) -> None:
    searched(study(), tmp_path, trials=3)
    events: list[Event] = []
    searched(study(), tmp_path, events=events)
    names = {event.network for event in events if isinstance(event, RunDone) and event.stage != "final"}
    assert names == {"4-4-1, dropout 0.25", "8-1, dropout 0.05"}


def test_other_stages_of_the_study_follow(tmp_path: Path) -> None:
    later = Stage("activations", grid={"activation": ["tanh"]}, base=From("drawn", winner=True))
    found = searched(study(stages=(*study().stages, later)), tmp_path)
    assert [stage["name"] for stage in found.stages] == ["drawn", "activations"]
    assert found.stages[1]["networks"][0]["name"].startswith(f"{found.stages[0]['choice']['name'][:4]}")


def test_after_its_minutes_no_batch_begins(tmp_path: Path) -> None:
    found = searched(study(), tmp_path, minutes=0)
    assert found.result is not None
    assert found.result["decisions"][0] == ("drawn: 2 of 5 networks are left out: the 0 minutes are over.")
    assert len(found.networks) == 2


def test_the_test_rows_are_opened_once_after_the_last_batch(tmp_path: Path) -> None:
    events: list[Any] = []
    searched(study(), tmp_path, data=numbers("binary", opened=lambda: events.append("opened")), events=events)
    assert events.count("opened") == 1
    last = max(number for number, event in enumerate(events) if isinstance(event, Decided))
    assert events.index("opened") > last


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"validation": TestRows()}, "chooses by validation rows: hold some out"),
        (
            {"stages": (Stage("a"), Stage("b", space=SPACE, base=From("a")))},
            "stage b builds on a, and a search begins with the study's defaults",
        ),
        ({"stages": (Stage("a", space=SPACE, halving=2),)}, "stage a has halving, for which all networks"),
        ({"stages": (Stage("a"),)}, "has no stage with a space, so there is nothing to search"),
        (
            {"stages": (Stage("a", space=SPACE), Stage("b", space=SPACE))},
            r"has 2 stages with a space \(a, b\), and a search is about one",
        ),
        (
            {"stages": (Stage("a", grid={"dropout": [0]}, zip={"l2": [0]}),)},
            "stage a has zip or networks besides its grid",
        ),
    ],
)
def test_what_cannot_be_searched_is_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        require_searchable(study(**changes))


def test_where_nothing_validates_nothing_is_searched() -> None:
    with pytest.raises(SpecError, match="chooses by validation rows"):
        require_searchable(study(validation=AllRows(), final=dataclasses.replace(study().final, epochs=3)))  # type: ignore[type-var]


def test_a_grid_can_be_drawn_from_and_a_sampler_changed() -> None:
    gridded = study(stages=(Stage("first"), Stage("g", grid={"dropout": [0, 0.1, 0.2]})))
    assert searched_stage(gridded).name == "g"
    drawn = with_sampler(gridded, "quasi_random", 2).stages[1]
    assert (drawn.grid, drawn.space) == ({}, {"dropout": (0, 0.1, 0.2)})
    assert (drawn.sampler, drawn.trials) == ("quasi_random", 2)
    crossed = with_sampler(gridded, "grid", None).stages[1]
    assert (crossed.sampler, crossed.trials) == ("grid", None)
