"""The whole workflow by itself: what it decides, that it can be repeated, and that it finds good networks."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from workflow.handmade import all_figures, numbers

from justfit.data import Dataset
from justfit.data.sources import load_dataset
from justfit.errors import SpecError
from justfit.spec import AllRows, Data, HoldOut, KFold, TestRows
from justfit.spec.study_file import read_studies
from justfit.store import StoredStudy, StudyPaths
from justfit.workflow import (
    Decided,
    EpochDone,
    Event,
    Halved,
    Planned,
    Stored,
    carry_out,
    carry_out_automatically,
)
from justfit.workflow.plan import protocol_for

HANDMADE = Data("handmade")


def searched(
    data: Dataset, store: Path, events: list[Event | str] | None = None, **how: object
) -> StoredStudy:
    """The study that the workflow comes to; its events are appended to ``events``."""
    for event in carry_out_automatically(HANDMADE, data, store, **{"breadth": "quick", **how}):
        if events is not None:
            events.append(event)
        if isinstance(event, Stored):
            return event.study
    raise AssertionError("the workflow ends with Stored")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[StoredStudy, list[Event | str]]:
    """A quick search on numbers of two classes, and its events."""
    events: list[Event | str] = []
    data = numbers("binary", opened=lambda: events.append("opened"))
    return searched(data, tmp_path_factory.mktemp("store"), events), events


def test_every_step_is_decided_in_a_sentence_that_is_kept(
    found: tuple[StoredStudy, list[Event | str]],
) -> None:
    study, events = found
    decided = [event for event in events if isinstance(event, Decided)]
    assert [event.step for event in decided] == [
        "protocol", "baselines", "scale_up", "regularize", "contenders", "contenders",
    ]  # fmt: skip
    for event in decided:
        assert re.fullmatch(r"[A-Z0-9].*\.", event.sentence), event.sentence
    assert study.result is not None
    told = [
        f"{event.step if isinstance(event, Decided) else event.stage}: {event.sentence}"
        for event in events
        if isinstance(event, Decided | Halved)
    ]
    assert study.result["decisions"] == told
    assert isinstance(events[0], Planned)


def test_the_test_rows_are_opened_once_after_all_training(
    found: tuple[StoredStudy, list[Event | str]],
) -> None:
    _, events = found
    assert events.count("opened") == 1
    assert not any(isinstance(event, EpochDone) for event in events[events.index("opened") :])


def test_what_is_tested_is_the_choice_among_contenders_trained_with_several_seeds(
    found: tuple[StoredStudy, list[Event | str]],
) -> None:
    study, _ = found
    result = study.result
    assert result is not None
    *explored, contenders = study.stages
    assert contenders["name"] == "contenders"
    assert result["chosen"] in [network["name"] for network in contenders["networks"]]
    splits = 10  # 240 rows are very few: 5 folds, cut twice
    for stage in explored:
        assert {len(network["runs"]) for network in stage["networks"]} == {splits}
    assert {len(network["runs"]) for network in contenders["networks"]} == {3 * splits}
    assert len(result["final_runs"]) == 3
    assert result["learned"]


@pytest.mark.slow
def test_the_study_file_that_is_left_repeats_all_of_it_exactly(
    found: tuple[StoredStudy, list[Event | str]], tmp_path: Path
) -> None:
    study, _ = found
    (again,) = read_studies(StudyPaths(study.folder).file)
    assert again.id == study.id
    *_, last = carry_out(again, numbers("binary"), tmp_path)
    assert isinstance(last, Stored)
    figures, repeated = all_figures(study), all_figures(last.study)
    assert str(figures).replace(str(study.result and study.result["decisions"]), "[]") == str(repeated)


def test_the_same_search_does_nothing_again(found: tuple[StoredStudy, list[Event | str]]) -> None:
    study, _ = found
    events: list[Event | str] = []
    data = numbers("binary", opened=lambda: events.append("opened"))
    assert searched(data, study.folder.parent, events) == study
    assert not any(isinstance(event, EpochDone) or event == "opened" for event in events)


@pytest.mark.parametrize(
    ("rows", "protocol", "words"),
    [
        (6_000, HoldOut(), "enough to hold a stratified fifth out"),
        (2_000, KFold(4), "each of 4 folds validates once"),
        (240, KFold(5, repeats=2), "5 folds are cut twice"),
    ],
)
def test_the_protocol_follows_from_the_number_of_rows(
    tmp_path: Path, rows: int, protocol: object, words: str
) -> None:
    events = carry_out_automatically(HANDMADE, numbers("binary", train=rows), tmp_path, breadth="quick")
    planned, decided = next(events), next(events)
    assert isinstance(planned, Planned)
    assert isinstance(decided, Decided)
    assert planned.study.validation == protocol
    assert words in decided.sentence
    events.close()  # type: ignore[attr-defined]


def test_where_a_class_has_fewer_rows_than_there_are_folds_they_are_shuffled_and_that_is_said() -> None:
    data = numbers("binary")
    labels = np.where(np.arange(len(data.train)) < 3, 1, 0).astype(np.int64)
    rare = dataclasses.replace(data, train=dataclasses.replace(data.train, labels=labels))
    protocol, why = protocol_for(rare, len(rare.train))
    assert protocol == KFold(5, how="shuffled", repeats=2)
    assert "one class has only 3" in why


def test_a_protocol_can_be_asked_for_and_is_then_not_explained(tmp_path: Path) -> None:
    events: list[Event | str] = []
    study = searched(numbers("binary"), tmp_path, events, protocol=HoldOut("last", 48))
    assert study.spec["validation"]["how"] == "last"
    assert "protocol" not in [event.step for event in events if isinstance(event, Decided)]


@pytest.mark.parametrize("protocol", [TestRows(), AllRows()])
def test_a_search_without_validation_rows_of_its_own_is_refused(tmp_path: Path, protocol: object) -> None:
    with pytest.raises(SpecError, match="chooses by validation rows: hold some out"):
        searched(numbers("binary"), tmp_path, protocol=protocol)
    assert not list(tmp_path.iterdir())


def test_a_breadth_that_is_not_known_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match='Did you mean "thorough"'):
        searched(numbers("binary"), tmp_path, breadth="thorow")


@pytest.mark.slow
def test_when_time_is_over_the_rest_of_the_search_is_left_out_and_what_there_is_is_tested(
    tmp_path: Path,
) -> None:
    events: list[Event | str] = []
    study = searched(numbers("binary"), tmp_path, events, minutes=0)
    left = [event.step for event in events if isinstance(event, Decided) and "left out" in event.sentence]
    assert left == ["scale_up", "regularize", "tune"]
    assert [stage["name"] for stage in study.stages] == ["baselines", "contenders"]
    assert study.result is not None
    assert "test" in study.result


@pytest.mark.parametrize(
    "task",
    [
        "multiclass",
        *(
            pytest.param(task, marks=pytest.mark.slow)
            for task in ("multilabel", "regression", "unit_regression")
        ),
    ],
)
def test_every_task_is_searched_and_learned(tmp_path: Path, task: str) -> None:
    study = searched(numbers(task), tmp_path, protocol=HoldOut(size=0.3))
    assert study.result is not None
    assert study.result["learned"]


def unlearned(make: Callable[[int], Dataset], seeds: range, store: Path) -> list[bool]:
    """Whether something seems to be learned, of one search a seed."""
    found = []
    for seed in seeds:
        result = searched(make(seed), store / str(seed), seed=seed).result
        assert result is not None
        found.append(bool(result["learned"]))
    return found


@pytest.mark.slow
def test_of_shuffled_labels_it_says_that_nothing_was_learned(tmp_path: Path) -> None:
    def shuffled(seed: int) -> Dataset:
        return numbers("binary", train=200, test=400, permuted=True, seed=seed)

    assert sum(unlearned(shuffled, range(20), tmp_path)) <= 1


@pytest.mark.slow
@pytest.mark.usefixtures("real_data")
def test_imdb_is_searched_to_a_small_network_that_is_as_good_as_any_published(tmp_path: Path) -> None:
    for event in carry_out_automatically(Data("imdb"), load_dataset("imdb"), tmp_path):
        if isinstance(event, Stored):
            result = event.study.result
    assert result is not None
    assert result["test_replicates"]["accuracy"]["value"] > 0.886
    layers = [line["outputs"] for line in result["layers"] if line["kind"] == "dense"]
    assert len(layers) <= 3
    assert max(layers) <= 32


def test_what_the_audit_of_the_rows_found_is_told_once_and_kept(
    found: tuple[StoredStudy, list[Event | str]],
) -> None:
    study, events = found
    (planned,) = [event for event in events if isinstance(event, Planned)]
    assert "class_shares" in [finding.what for finding in planned.findings]
    assert study.result is not None
    kept = [(finding["what"], finding["sentence"]) for finding in study.result["audit"]]
    assert kept == [(finding.what, finding.sentence) for finding in planned.findings]
