"""Mistakes that published studies make, and that a study here cannot make, or not without its being said.

One test a mistake, in the order in which they are listed, as a user of the commands would notice it.
"""

import dataclasses
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store.handmade import rewrite
from typer.testing import CliRunner
from workflow.handmade import all_figures, carried_out, do, numbers, small_study, texts

from justfit.cli import app
from justfit.data import Bags, Dataset, Numbers, fit_preparation
from justfit.data.sources import SOURCES, load_dataset
from justfit.data.sources.source import Source
from justfit.data.splits import splits
from justfit.errors import DataError, JustfitError, SealError, SpecError, StoreError
from justfit.report.curves import curves
from justfit.spec import TASKS, Data, Final, HoldOut, KFold, Network, Scaling, Stage
from justfit.spec import Protocol as HowRowsValidate
from justfit.store import StoredStudy, StudyPaths, read_looks, read_model, read_study, study_folders
from justfit.workflow import Event

OVERFITS = {
    "name": "overfits",
    "hidden": [16],
    "epochs": 12,
    "optimizer": {"name": "rmsprop", "learning_rate": 0.05},
}
"""On permuted labels its best epoch is neither the first nor the last."""


def known_as(name: str, make: Callable[[], Dataset]) -> None:
    """Make data known to the commands by a name; the fixture `_commands` forgets it again."""

    def load() -> Dataset:
        return dataclasses.replace(make(), name=name)

    SOURCES[name] = Source(name, name, load().task.name, "ours", "nothing", load)


@pytest.fixture(autouse=True, scope="module")
def _commands() -> Iterator[None]:
    """Data for the commands, and no report written, which other tests look at and which takes long."""
    before = dict(SOURCES)
    known_as("handmade", lambda: numbers("binary", train=120, test=80))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("justfit.report.whole.write_report", lambda _: None)
        yield
    SOURCES.clear()
    SOURCES.update(before)


def justfit(*arguments: object, code: int = 0) -> str:
    """What a command prints; what it refuses is raised."""
    ended = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(ended.exception, JustfitError):
        raise ended.exception
    assert ended.exit_code == code, ended.output
    return ended.output


def told(*arguments: object) -> dict[str, Any]:
    """What a command tells as JSON."""
    found: dict[str, Any] = json.loads(justfit(*arguments, "--json"))
    return found


def result_of(store: Path) -> dict[str, Any]:
    """The result of the only study of a store."""
    (folder,) = study_folders(store)
    result = read_study(folder).result
    assert result is not None
    return result


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[StoredStudy, str, set[str]]:
    """A study that the whole workflow came to, what was printed meanwhile, and the figures it may print."""
    store = tmp_path_factory.mktemp("store")
    printed = justfit("run", "handmade", "--quick", "--validation", "40", "--store", store)
    (folder,) = study_folders(store)
    study = read_study(folder)
    return study, printed, as_printed(study)


def test_1_the_last_layer_follows_from_the_task_and_cannot_be_named(tmp_path: Path) -> None:
    named = "name: a\ndata: wine\ndefaults: {last_layer: {units: 2, activation: relu}}\nstages: {a: {}}\n"
    (tmp_path / "study.yaml").write_text(named)
    said = justfit("check", tmp_path / "study.yaml", code=1)
    assert '"last_layer" would name the last layer, which cannot be named' in said
    for task, outputs, activation in (("binary", 1, "sigmoid"), ("multiclass", 3, "softmax")):
        last = Network((16,)).layers(TASKS[task], outputs)[-1]
        assert (last.units, last.activation) == (outputs, activation)
    justfit("run", "breast_cancer", "--hidden", "2", "--epochs", "1", "--store", tmp_path / "runs")
    assert [result_of(tmp_path / "runs")["layers"][-1][key] for key in ("outputs", "detail")] == [
        1,
        "sigmoid",
    ]


def test_2_test_rows_are_opened_once_and_last_and_figures_that_they_chose_are_marked(tmp_path: Path) -> None:
    opened: list[int] = []
    events: list[Event | str] = []
    data = numbers("binary", opened=lambda: opened.append(len(events)))
    carried_out(small_study(), data, tmp_path / "own", events=events)
    (at,) = opened
    assert [type(event).__name__ for event in events[at:]] == ["Tested", "Stored"], "nothing is chosen after"
    with pytest.raises(SealError):
        data.sealed.open()
    arguments = ("handmade", "--hidden", "4", "--epochs", "2", "--store", tmp_path)
    for how, is_leaked in (("test", True), ("0.25", False)):
        store = tmp_path / how
        said = [justfit("run", *arguments[:-1], store, "--validation", how)]
        said += [justfit(command, "handmade", "--store", store) for command in ("show", "compare")]
        said.append(justfit("list", "--store", store))
        assert [("LEAKED" in each) for each in said] == [is_leaked] * 4
        assert len(read_looks(store)) == 1


def test_3_figures_have_intervals_and_differences_that_chance_makes_are_called_ties(tmp_path: Path) -> None:
    stages = (Stage("alike", grid={"dropout": [0.0, 0.01]}),)
    for replicates, verdict in ((1, None), (4, "tie")):
        study = small_study(stages=stages, replicates=replicates, validation=HoldOut(size=60))
        carried_out(study, numbers("binary"), tmp_path / str(replicates))
        best, other = told("compare", "small", "--store", tmp_path / str(replicates))["networks"]
        assert other["verdict"] == verdict, "one run each tells nothing"
        interval = best["standing"]["interval"]
        assert (interval["low"] is None) == (replicates == 1)
        reason = result_of(tmp_path / str(replicates))["reason"]
        words = "one run each cannot tell a tie" if replicates == 1 else "tie"
        assert words in reason
    accuracy = result_of(tmp_path / "4")["test"]["accuracy"]
    assert accuracy["low"] < accuracy["value"] < accuracy["high"]


@pytest.mark.slow
def test_4_every_figure_that_is_printed_is_a_stored_one_and_changes_with_it(
    searched: tuple[StoredStudy, str, set[str]], tmp_path: Path
) -> None:
    study, printed, stored = searched
    shown = justfit("show", study.folder)
    lost = [
        (figure, line)
        for line in (printed + shown).splitlines()
        if "of their epochs" not in line  # which tells how far the training is
        for figure in figures(line, study) - stored
    ]
    assert not lost
    # Were figures found by chance, others with another last digit would be found as often.
    found = {figure for line in shown.splitlines() for figure in figures(line, study) if len(figure) > 5}
    assert len(found) > 40
    assert sum(beside(figure) in stored for figure in found) < len(found) / 4
    folder = tmp_path / study.folder.name
    shutil.copytree(study.folder.parent, tmp_path, dirs_exist_ok=True)
    assert justfit("show", folder).replace(str(tmp_path), "") == shown.replace(str(study.folder.parent), "")
    path = StudyPaths(folder).result
    figure = str(study.result and study.result["test"]["accuracy"]["value"])
    rewrite(path, json.loads(path.read_text().replace(figure, "0.12345")))
    assert re.search(r"accuracy +12\.3%", justfit("show", folder))
    doubled(tmp_path, study, study.result and study.result["chosen"])
    assert sentences(justfit("show", folder), "validation loss") != sentences(shown, "validation loss")


def test_5_no_epochs_are_an_error_and_a_plot_is_of_its_own_runs_alone(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"epochs is 0, so nothing would be trained"):
        justfit("run", "handmade", "--epochs", "0", "--store", tmp_path)
    stored = carried_out(small_study(), numbers("binary"), tmp_path)
    for name in ("4-1", "8-1"):
        rows = [row for rows in curves(stored, name).to_dict()["datasets"].values() for row in rows]
        drawn = {round(value, 9) for row in rows for value in row.values() if isinstance(value, float)}
        for figure in ("data_loss", "val_data_loss", "metric", "val_metric"):
            values = np.mean([[getattr(e, figure) for e in run.history] for run in stored.runs(name)], axis=0)
            assert {round(float(value), 9) for value in values} <= drawn
    with pytest.raises(StoreError, match='has no network "9-1"'):
        justfit("plot", "small", "--network", "9-1", "--store", tmp_path)


def test_6_the_best_epoch_is_one_number_everywhere_and_counts_from_1(tmp_path: Path) -> None:
    known_as("permuted", lambda: numbers("binary", permuted=True))
    study = small_study(data=Data("permuted"), stages=(Stage("a", OVERFITS),), seed=3)
    stored = carried_out(study, load_dataset("permuted"), tmp_path)
    curve = np.mean([[e.val_data_loss for e in run.history] for run in stored.runs("overfits")], axis=0)
    best = int(np.argmin(curve)) + 1
    assert 1 < best < 12
    result = result_of(tmp_path)
    assert result["best_epoch"] == result["epochs"] == result["standing"]["best_epoch"] == best
    assert [epoch.epoch for epoch in stored.final_runs[0].history] == [*range(1, best + 1)]
    assert told("compare", "small", "--store", tmp_path)["networks"][0]["standing"]["best_epoch"] == best
    assert f"epochs: {best}, on" in justfit("mistakes", "small", "--store", tmp_path)
    assert f"\n{best} best " in justfit("show", "small", "1", "--store", tmp_path)
    said = justfit("show", "small", "--store", tmp_path)
    assert f"chosen: overfits, best epoch {best} by val_data_loss" in said
    assert f"overfits, {best} epochs on" in said


def test_7_networks_are_compared_by_their_loss_without_penalties(tmp_path: Path) -> None:
    networks = ({"name": "plain"}, {"name": "penalized", "l2": 0.03})
    study = small_study(stages=(Stage("a", {"hidden": [16]}, networks=networks),))
    stored = carried_out(study, numbers("binary"), tmp_path)
    for run in stored.runs("penalized"):
        assert all(epoch.val_loss > epoch.val_data_loss + 0.02 for epoch in run.history)
    for each in told("compare", "small", "--store", tmp_path)["networks"]:
        stands = each["standing"]
        losses = [run.history[stands["best_epoch"] - 1].val_data_loss for run in stored.runs(each["name"])]
        assert (stands["figure"], stands["value"]) == ("val_data_loss", pytest.approx(np.mean(losses)))
    by_loss = justfit("compare", "small", "--by", "val_loss", "--store", tmp_path)
    assert "val_loss includes the penalties" in by_loss


def test_8_training_rows_are_measured_like_validation_rows_where_both_are_compared(tmp_path: Path) -> None:
    study = small_study(fit=True, stages=(Stage("a", {"name": "one", "dropout": 0.5}),))
    stored = carried_out(study, numbers("binary"), tmp_path)
    for run in stored.runs("one"):
        assert all(epoch.fit_loss < epoch.data_loss for epoch in run.history[1:]), "dropout was on"
    fit = told("show", "small", "--store", tmp_path)["stages"][0]["networks"][0]["fit"]
    assert fit["training"] == "fit_loss"


def test_9_a_split_in_file_order_that_differs_beyond_chance_is_named_with_the_fix(tmp_path: Path) -> None:
    def by_label() -> Dataset:
        data = numbers("binary")
        return dataclasses.replace(data, train=data.train.take(np.argsort(data.train.labels, kind="stable")))

    known_as("sorted", by_label)
    for number, (how, is_warned) in enumerate(
        (("first:60", True), ("k_fold:2:in_order", True), ("60", False))
    ):
        said = justfit(
            "run", "sorted", "--epochs", "1", "--validation", how, "--store", tmp_path / str(number)
        )
        warned = [line for line in said.splitlines() if line.startswith("warning: Split 1")]
        assert bool(warned) is is_warned
        assert all("let a stratified or shuffled split validate" in line for line in warned)
        kept = [each["sentence"] for each in result_of(tmp_path / str(number))["audit"]]
        assert [line.removeprefix("warning: ") in kept for line in warned] == [True] * len(warned)


def test_10_rows_that_validate_are_stratified_unless_file_order_is_asked_for() -> None:
    labels = np.repeat([0, 1], [750, 250])
    asked: dict[HowRowsValidate, set[float]] = {
        HoldOut(): {0.25},
        KFold(4): {0.25},
        KFold(4, how="in_order"): {0.0, 1.0},
    }
    for protocol, shares in asked.items():
        found = splits(protocol, labels, TASKS["binary"])
        assert {round(float(labels[split.validation].mean()), 2) for split in found} == shares


def test_11_the_best_epoch_is_tested_and_the_last_one_only_where_asked(tmp_path: Path) -> None:
    study = small_study(stages=(Stage("a", OVERFITS),))
    epochs = {}
    for epoch in ("best", "last"):
        asked = dataclasses.replace(study, final=Final(epochs=epoch))
        carried_out(asked, numbers("binary", permuted=True), tmp_path / epoch)
        result = result_of(tmp_path / epoch)
        epochs[epoch] = result["epochs"], result["best_epoch"]
    best = epochs["best"][0]
    assert epochs == {"best": (best, best), "last": (12, best)}
    assert best < 12


def test_12_updates_and_seconds_stand_beside_epochs(tmp_path: Path) -> None:
    stages = (Stage("a", grid={"batch_size": [8, 60]}),)
    carried_out(small_study(stages=stages, validation=HoldOut(size=60)), numbers("binary"), tmp_path)
    for each in told("compare", "small", "--store", tmp_path)["networks"]:
        an_epoch = 23 if "batch 8" in each["name"] else 3  # of 180 rows
        assert each["updates"] == an_epoch * each["standing"]["best_epoch"]
        assert each["seconds"] > 0
    for command in ("show", "compare"):
        said = justfit(command, "small", "--store", tmp_path)
        assert re.search(r"best epoch .*updates +seconds", said)
    assert re.search(
        r"epochs on 240 rows, \d+ updates, \d+\.\d s", justfit("show", "small", "--store", tmp_path)
    )


@pytest.mark.slow
def test_13_what_is_said_of_networks_rests_on_their_stored_runs(
    searched: tuple[StoredStudy, str, set[str]], tmp_path: Path
) -> None:
    study, _, stored = searched
    assert study.result is not None
    decisions = [*study.result["decisions"], study.result["reason"]]
    assert set(decisions) <= set(justfit("show", study.folder).splitlines())
    named = {name for name in study.networks if any(name in decision for decision in decisions)}
    assert study.result["chosen"] in named
    assert all(study.runs(name) for name in named)
    assert not [(figure, said) for said in decisions for figure in figures(said, study) - stored]
    # What is decided is decided from runs: with other ones stored, the same search says something else.
    shutil.copytree(study.folder.parent, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / study.folder.name)
    first = next(iter(study.networks))
    old, new = (f"{value:.4f}" for value in doubled(tmp_path, study, first))
    assert any(old in decision for decision in decisions)
    justfit("run", "handmade", "--quick", "--validation", "40", "--store", tmp_path)
    again = result_of(tmp_path)["decisions"]
    assert any(new in decision for decision in again)
    assert not any(old in decision for decision in again)
    only = do(numbers("binary"), tmp_path / "only")
    assert only.result["reason"].endswith("is the only network."), "nothing is best without a comparison"


def test_14_rows_of_text_are_sparse_and_dense_ones_that_do_not_fit_are_refused_with_the_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("justfit.data.preparation.memory", lambda: 3 * 10**9)
    columns = tuple(str(column) for column in range(10_000))
    published = Numbers(np.broadcast_to(np.zeros(()), (25_000, 10_000)), columns)
    with pytest.raises(DataError, match=r"25,000 rows of 10,000 numbers would take 2\.0 GB as dense rows"):
        fit_preparation(Scaling("standard"), published)
    ten, labels = [f"word{number % 7} and more" for number in range(40)], [number % 2 for number in range(40)]
    data = texts(ten, labels, ten, labels)
    model = read_model(do(data, tmp_path).folder)
    assert isinstance(model.preparation.rows(data.train.raw), Bags)


def test_15_the_same_study_gives_the_same_figures_alone_or_after_others_on_any_processors(
    tmp_path: Path,
) -> None:
    one = carried_out(small_study(), numbers("binary"), tmp_path / "a", threads=1)
    do(numbers("binary"), tmp_path / "b")
    reverse = small_study(stages=tuple(small_study().stages[:1]), name="first")
    carried_out(reverse, numbers("binary"), tmp_path / "b", threads=2)
    two = carried_out(small_study(), numbers("binary"), tmp_path / "b", threads=2)
    assert all_figures(one) == all_figures(two)
    assert one.folder.name == two.folder.name


def test_16_a_vocabulary_is_that_of_rows_that_train_and_published_ranks_are_noted(tmp_path: Path) -> None:
    train, labels = [f"seen{number % 7}" for number in range(40)], [number % 2 for number in range(40)]
    note = "The ranks of words were published from all rows."
    data = texts(train, labels, [f"unseen{number}" for number in range(40)], labels)
    known_as("ranked", lambda: dataclasses.replace(data, notes=(note,)))
    said = justfit("run", "ranked", "--hidden", "2", "--epochs", "1", "--store", tmp_path)
    assert f"note: {note}\n" in said
    (folder,) = study_folders(tmp_path)
    model = read_model(folder)
    assert set(model.preparation.vocabulary.words) == {f"seen{number}" for number in range(7)}
    assert model.notes == (note,)


@pytest.mark.slow
@pytest.mark.usefixtures("real_data")
def test_16_the_ranks_of_imdb_s_words_are_said_to_be_of_test_rows_too() -> None:
    (note,) = load_dataset("imdb").notes
    assert "published from all 50,000 reviews, test rows included" in note


_FIGURE = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+%?|%)")
"""A share, or a number with decimals."""


def figures(line: str, study: StoredStudy) -> set[str]:
    """The figures of a printed line, without those of names, confidence levels and advice."""
    for name in sorted(study.networks, key=len, reverse=True):
        line = re.sub(rf"(?<![\w.,-]){re.escape(name)}(?![\w%-]|[.,]\d)", "", line)
    line = line.partition(": try ")[0].replace("95% interval", "").replace("95%", "", "95% conf" in line)
    return set(_FIGURE.findall(line))


def as_printed(study: StoredStudy) -> set[str]:
    """All stored figures of a study and what the judge makes of its runs, in every form of printing."""
    halvings = [stage["halving"] for stage in study.spec["stages"] if stage.get("halving")]
    losses = [
        [epoch.val_data_loss for epoch in run.history] for name in study.networks for run in study.runs(name)
    ]
    # What a network had come to when the worse half left.
    at_halvings = [
        min(each[: times * first]) for first in halvings for times in (1, 2, 4, 8) for each in losses
    ]
    everything = [told("show", study.folder), list(study.stages), at_halvings]
    forms = ("{:.4f}", "{:,.1f}", "{:.3f}", "{:.4g}", "{:.3g}", "{:g}", "{}")
    found = {form.format(abs(value)) for value in leaves(everything) for form in forms}
    return found | {f"{100 * abs(value):.1f}%" for value in leaves(everything)}


def leaves(value: object) -> Iterator[float]:
    """The numbers in plain values."""
    match value:
        case bool():
            return
        case int() | float():
            yield value
        case Mapping():
            for inner in value.values():
                yield from leaves(inner)
        case list() | tuple():
            for inner in value:
                yield from leaves(inner)


def beside(figure: str) -> str:
    """The same figure with another last digit."""
    digits = [place for place, letter in enumerate(figure) if letter.isdigit()]
    last = digits[-1]
    return f"{figure[:last]}{(int(figure[last]) + 5) % 10}{figure[last + 1 :]}"


def sentences(out: str, words: str) -> list[str]:
    """The printed lines with some words in them."""
    return [line for line in out.splitlines() if words in line]


def doubled(store: Path, study: StoredStudy, network: str) -> tuple[float, float]:
    """Double the validation losses of all runs of a network in a copy of a study's store.

    Returns:
        Its lowest mean validation loss before and after.
    """
    for run in study.runs(network):
        path = store / "runs" / f"{run.id}.json"
        content = json.loads(path.read_text())
        for row in content["history"]:
            row |= {key: 2 * row[key] for key in ("val_loss", "val_data_loss")}
        rewrite(path, content)
    value = study.networks[network]["standing"]["value"]
    return value, 2 * value
