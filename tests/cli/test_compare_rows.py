"""Networks that studies have chosen, on the same validation rows."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from cli.ended import Command
from scipy import stats
from workflow.handmade import carried_out, numbers, small_study

from justfit.data.sources import SOURCES, load_dataset
from justfit.data.sources.source import Source
from justfit.spec import Data, HoldOut, KFold, Network, Protocol, Recipe, TestRows
from justfit.store import StoredStudy, read_validation, write_validation
from justfit.workflow import run


@pytest.fixture
def handmade(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data sets of numbers of each task, known by their tasks' names."""
    for task in ("multilabel", "regression"):

        def load(task: str = task) -> object:
            return dataclasses.replace(numbers(task), name=task)

        monkeypatch.setitem(SOURCES, task, Source(task, task, task, "ours", "nothing", load))


def cancer(store: Path, units: int, protocol: Protocol | None = None, epochs: int = 4) -> StoredStudy:
    return run("breast_cancer", Network((units,)), Recipe(epochs=epochs), protocol=protocol, store=store)


def test_two_studies_are_compared_row_by_row_by_mcnemar_s_test_and_by_their_losses(
    command: Command, tmp_path: Path
) -> None:
    one, two = cancer(tmp_path, 1, epochs=1), cancer(tmp_path, 16)
    looks = (tmp_path / "looks.jsonl").read_bytes()
    ended = command("compare", one.id, two.id, "--store", tmp_path)
    told = json.loads(command("compare", one.id, two.id, "--store", tmp_path, "--json").out)
    assert (tmp_path / "looks.jsonl").read_bytes() == looks, "no test row is opened"
    accuracy, loss = told["comparisons"]
    labels, outputs = load_dataset("breast_cancer").train.labels, []
    for study in (one, two):
        kept = read_validation(study.folder)
        assert kept is not None
        rows, found = kept
        outputs.append(found[:, 0].astype(float))
    labels = labels[rows]
    first, other = ((each > 0.5) == labels for each in outputs)
    assert (accuracy["rows"], accuracy["id"]) == (len(rows), two.id)
    assert accuracy["first_value"] == pytest.approx(first.mean())
    assert accuracy["value"] == pytest.approx(other.mean())
    assert accuracy["difference"]["value"] == pytest.approx(other.mean() - first.mean())
    losses = [-np.log(np.where(labels == 1, each, 1 - each)) for each in outputs]
    apart = losses[1] - losses[0]
    assert loss["difference"]["value"] == pytest.approx(apart.mean(), rel=1e-5)
    low, high = stats.norm.interval(0.95, apart.mean(), stats.sem(apart))
    width = high - low
    assert loss["difference"]["low"] == pytest.approx(low, abs=0.2 * width)
    assert loss["difference"]["high"] == pytest.approx(high, abs=0.2 * width)
    assert (loss["verdict"], accuracy["verdict"]) == ("better", "better"), "one epoch of one unit is little"
    assert ended.out.startswith(f"breast_cancer {one.id}: 1-1, on validation rows of breast_cancer\n")
    assert f"{accuracy['value']:.1%}" in ended.out


@pytest.mark.slow
def test_p_is_corrected_for_all_comparisons(command: Command, tmp_path: Path) -> None:
    studies = [cancer(tmp_path, units) for units in (2, 4, 8)]
    whole = json.loads(
        command("compare", *(study.id for study in studies), "--store", tmp_path, "--json").out
    )["comparisons"]
    assert len(whole) == 4
    alone = [
        json.loads(command("compare", studies[0].id, other.id, "--store", tmp_path, "--json").out)
        for other in studies[1:]
    ]
    pairs = [each for told in alone for each in told["comparisons"]]
    assert [each["difference"] for each in whole] == [each["difference"] for each in pairs]
    assert all(one["p"] >= other["p"] for one, other in zip(whole, pairs, strict=True))


def test_what_is_stored_is_read_and_no_network_trained_again(command: Command, tmp_path: Path) -> None:
    one, two = cancer(tmp_path, 2), cancer(tmp_path, 4)
    rows = np.arange(10)
    write_validation(one.folder, rows, np.full((10, 1), 0.25, np.float32))
    write_validation(two.folder, rows, np.full((10, 1), 0.75, np.float32))
    told = json.loads(command("compare", one.id, two.id, "--store", tmp_path, "--json").out)
    labels = load_dataset("breast_cancer").train.labels[:10]
    assert told["comparisons"][0]["first_value"] == pytest.approx(np.mean(labels == 0))
    assert told["comparisons"][0]["value"] == pytest.approx(np.mean(labels == 1))


@pytest.mark.slow
def test_only_rows_that_validate_in_both_are_compared(command: Command, tmp_path: Path) -> None:
    one, two = cancer(tmp_path, 2, HoldOut()), cancer(tmp_path, 2, KFold(3))
    told = json.loads(command("compare", one.id, two.id, "--store", tmp_path, "--json").out)
    train = len(load_dataset("breast_cancer").train)
    assert {each["rows"] for each in told["comparisons"]} == {round(train / 5)}
    third = cancer(tmp_path, 2, HoldOut("first", 10))
    fourth = cancer(tmp_path, 2, HoldOut("last", 10))
    assert "No row validates both" in command("compare", third.id, fourth.id, "--store", tmp_path).error


@pytest.mark.usefixtures("handmade")
@pytest.mark.parametrize(
    ("task", "figures"),
    [pytest.param("multilabel", ["accuracy", "loss"], marks=pytest.mark.slow), ("regression", ["mae"])],
)
def test_every_task_is_compared_by_its_own_figures(
    command: Command, tmp_path: Path, task: str, figures: list[str]
) -> None:
    studies = [
        carried_out(
            small_study(data=Data(task), defaults={"epochs": epochs}, validation=HoldOut(), replicates=1),
            load_dataset(task),
            tmp_path,
        )
        for epochs in (1, 20)
    ]
    told = json.loads(command("compare", *(each.id for each in studies), "--store", tmp_path, "--json").out)
    assert [each["figure"] for each in told["comparisons"]] == figures
    assert told["comparisons"][-1]["verdict"] == "better"


@pytest.mark.slow
def test_what_cannot_be_compared_row_by_row_is_told(command: Command, tmp_path: Path) -> None:
    one = cancer(tmp_path, 2)
    assert "named twice" in command("compare", one.id, one.id, "--store", tmp_path).error
    wine = run("wine", Network((2,)), Recipe(epochs=1), store=tmp_path)
    assert (
        "other training rows than the first" in command("compare", one.id, wine.id, "--store", tmp_path).error
    )
    leaked = cancer(tmp_path, 2, TestRows())
    assert "Test rows validate in" in command("compare", one.id, leaked.id, "--store", tmp_path).error
    assert "leave them out" in command("compare", one.id, wine.id, "--by", "loss", "--store", tmp_path).error


def test_rows_that_are_no_longer_those_of_the_study_are_told(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = cancer(tmp_path, 2), cancer(tmp_path, 4)
    source = SOURCES["breast_cancer"]
    changed = dataclasses.replace(load_dataset("breast_cancer"), fingerprint="f" * 16)
    monkeypatch.setitem(SOURCES, "breast_cancer", dataclasses.replace(source, load=lambda: changed))
    assert "was carried out on other rows" in command("compare", one.id, two.id, "--store", tmp_path).error
    assert "was carried out on other rows" in command("mistakes", one.id, "--store", tmp_path).error
