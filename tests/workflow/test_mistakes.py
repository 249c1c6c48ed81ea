"""Mistakes that published studies make, and that a study here cannot make, or not without its being said."""

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workflow.handmade import all_figures, carried_out, do, numbers, small_study, texts

from justfit.cli.show_run import LEAKED, show_plan, show_result
from justfit.data import Bags, Numbers, fit_preparation
from justfit.data.sources import load_dataset
from justfit.errors import DataError, SealError, SpecError, StoreError
from justfit.report import curves
from justfit.spec import (
    SETTINGS,
    TASKS,
    AllRows,
    Final,
    HoldOut,
    KFold,
    Network,
    Recipe,
    Scaling,
    Stage,
    TestRows,
    candidate_of,
)
from justfit.store import StoredStudy, read_model
from justfit.workflow import Event, Planned

PERMUTED = {
    "name": "overfits",
    "hidden": [16],
    "epochs": 12,
    "optimizer": {"name": "rmsprop", "learning_rate": 0.05},
}
"""On permuted labels its best epoch is neither the first nor the last."""


def result_of(stored: StoredStudy) -> dict[str, Any]:
    assert stored.result is not None
    return stored.result


@pytest.mark.parametrize(
    ("task", "outputs", "activation"),
    [("binary", 1, "sigmoid"), ("multiclass", 3, "softmax"), ("multilabel", 3, "sigmoid")],
)
def test_1_the_last_layer_follows_from_the_task_and_cannot_be_named(
    task: str, outputs: int, activation: str
) -> None:
    assert not {"last_activation", "output_activation", "outputs", "last_layer"} & set(SETTINGS)
    with pytest.raises(
        SpecError, match='setting "last_layer" would name the last layer, which cannot be named'
    ):
        candidate_of({"hidden": [16], "last_layer": {"units": 2, "activation": "relu"}})
    last = Network((16,)).layers(TASKS[task], outputs)[-1]
    assert (last.units, last.activation) == (outputs, activation)


def test_2_test_rows_are_sealed_until_the_end_and_opened_once(tmp_path: Path) -> None:
    opened: list[int] = []
    events: list[Event | str] = []
    data = numbers("binary", opened=lambda: opened.append(len(events)))
    carried_out(small_study(), data, tmp_path, events=events)
    assert len(opened) == 1
    kinds = [type(event).__name__ for event in events]
    assert kinds[opened[0] :] == ["Tested", "Stored"], "nothing is trained or chosen after they are opened"
    with pytest.raises(SealError):
        data.sealed.open()


def test_2_figures_chosen_by_test_rows_are_marked_as_leaked_wherever_they_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for validation, is_leaked in ((TestRows(), True), (KFold(2), False)):
        events: list[Event | str] = []
        stored = carried_out(small_study(validation=validation), numbers("binary"), tmp_path, events=events)
        assert result_of(stored)["leaked"] is is_leaked
        planned = events[0]
        assert isinstance(planned, Planned)
        show_plan(planned)
        assert (LEAKED in capsys.readouterr().out) is is_leaked
        show_result(stored, TASKS["binary"])
        assert (LEAKED in capsys.readouterr().out) is is_leaked


def test_3_replicates_give_every_figure_that_chooses_or_is_tested_an_interval(tmp_path: Path) -> None:
    stored = carried_out(small_study(replicates=5), numbers("binary"), tmp_path)
    for network in stored.networks.values():
        standing = network["standing"]
        assert standing["runs"] == 5 * 2
        assert standing["interval"]["low"] < standing["value"] < standing["interval"]["high"]
    accuracy = result_of(stored)["test_replicates"]["accuracy"]
    assert len(accuracy["values"]) == 5
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]


def test_3_the_choice_is_by_the_mean_over_runs_and_not_by_the_luckiest_one(tmp_path: Path) -> None:
    study = small_study(replicates=6, stages=(Stage("a", grid={"hidden": [[1], [2], [3]]}),))
    stored = carried_out(study, numbers("binary", permuted=True), tmp_path)
    means = {
        name: np.mean([[e.val_data_loss for e in run.history] for run in stored.runs(name)], axis=0).min()
        for name in stored.networks
    }
    assert result_of(stored)["chosen"] == min(means, key=means.__getitem__)


def test_5_no_epochs_is_an_error_wherever_epochs_can_be_given() -> None:
    for make in (
        lambda: Recipe(epochs=0),
        lambda: candidate_of({"epochs": 0}),
        lambda: small_study(defaults={"epochs": 0}),
        lambda: Final(epochs=0),
    ):
        with pytest.raises(SpecError, match=r"epochs.* is 0, so nothing would be trained"):
            make()


def test_5_curves_are_drawn_of_a_network_s_own_runs_and_of_no_other_s(tmp_path: Path) -> None:
    stored = carried_out(small_study(), numbers("binary"), tmp_path)
    for name in ("4-1", "8-1"):
        rows = [row for rows in curves(stored, name).to_dict()["datasets"].values() for row in rows]
        shown = {round(value, 9) for row in rows for value in row.values() if isinstance(value, float)}
        for figure in ("data_loss", "val_data_loss", "metric", "val_metric"):
            values = np.mean([[getattr(e, figure) for e in run.history] for run in stored.runs(name)], axis=0)
            assert {round(float(value), 9) for value in values} <= shown
    with pytest.raises(StoreError, match='has no network "9-1"'):
        curves(stored, "9-1")
    untrained = small_study(
        validation=AllRows(), stages=(Stage("a", {"name": "untrained"}), Stage("b")), final=Final("b", 1)
    )
    with pytest.raises(SpecError, match="untrained"):
        curves(carried_out(untrained, numbers("binary"), tmp_path), "untrained")


def test_6_the_best_epoch_is_one_number_everywhere_and_counts_from_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = small_study(stages=(Stage("a", PERMUTED),))
    stored = carried_out(study, numbers("binary", permuted=True), tmp_path)
    result = result_of(stored)
    curve = np.mean([[e.val_data_loss for e in run.history] for run in stored.runs("overfits")], axis=0)
    best = int(np.argmin(curve)) + 1
    assert 1 < best < 12
    assert result["best_epoch"] == result["epochs"] == result["standing"]["best_epoch"] == best
    assert [epoch.epoch for epoch in stored.final_runs[0].history] == [*range(1, best + 1)]
    show_result(stored, TASKS["binary"])
    said = re.findall(r"\b(\d+) epochs|[Ee]poch (\d+)", capsys.readouterr().out)
    assert said
    assert {int(one or other) for one, other in said} == {best}


def test_7_networks_are_compared_by_their_loss_without_penalties(tmp_path: Path) -> None:
    # A penalty so small per weight that it hardly trains otherwise, but that counts much in sum.
    networks = ({"name": "plain"}, {"name": "penalized", "l2": 0.03})
    stored = carried_out(
        small_study(stages=(Stage("a", {"hidden": [16]}, networks=networks),)), numbers("binary"), tmp_path
    )
    for run in stored.runs("penalized"):
        assert all(epoch.val_loss > epoch.val_data_loss + 0.02 for epoch in run.history)
    for name in ("plain", "penalized"):
        standing = stored.networks[name]["standing"]
        losses = [run.history[standing["best_epoch"] - 1].val_data_loss for run in stored.runs(name)]
        assert standing["figure"] == "val_data_loss"
        assert standing["value"] == pytest.approx(np.mean(losses))


def test_8_training_rows_can_be_measured_like_validation_rows(tmp_path: Path) -> None:
    stored = carried_out(
        small_study(fit=True, stages=(Stage("a", {"name": "one", "dropout": 0.5}),)),
        numbers("binary"),
        tmp_path,
    )
    for run in stored.runs("one"):
        assert all(
            math.isfinite(epoch.fit_loss) and epoch.fit_loss != epoch.data_loss for epoch in run.history
        )


def test_9_a_split_in_file_order_whose_label_shares_differ_beyond_chance_is_named_with_the_fix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = HoldOut(how="first", size=60)
    for validation, is_warned in ((asked, True), (KFold(2, how="in_order"), True), (KFold(2), False)):
        data = numbers("binary")
        by_label = np.argsort(data.train.labels, kind="stable")
        data = dataclasses.replace(data, train=data.train.take(by_label))
        events: list[Event | str] = []
        stored = carried_out(small_study(validation=validation), data, tmp_path, events=events)
        planned = events[0]
        assert isinstance(planned, Planned)
        show_plan(planned)
        told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning: Split 1")]
        assert bool(told) is is_warned
        kept = [found["sentence"] for found in result_of(stored)["audit"] if found["what"] == "split_shares"]
        assert bool(kept) is is_warned
        if is_warned:
            assert told[0] == f"warning: {kept[0]}"
            assert "let a stratified or shuffled split validate" in told[0]


def test_10_folds_and_hold_outs_are_stratified_unless_file_order_is_asked_for() -> None:
    assert (KFold().how, HoldOut().how) == ("stratified", "stratified")
    assert small_study(validation=KFold(4, how="in_order")).validation.how == "in_order"


def test_11_the_best_epoch_is_tested_and_the_last_one_only_where_asked(tmp_path: Path) -> None:
    study = small_study(stages=(Stage("a", PERMUTED),))
    data = numbers("binary", permuted=True)
    best = result_of(carried_out(study, data, tmp_path))
    assert best["epochs"] == best["best_epoch"] < 12
    asked = dataclasses.replace(study, final=Final(epochs="last"))
    last = result_of(carried_out(asked, numbers("binary", permuted=True), tmp_path))
    assert (last["epochs"], last["best_epoch"]) == (12, best["best_epoch"])


def test_12_updates_and_seconds_stand_beside_epochs(tmp_path: Path) -> None:
    stages = (Stage("a", grid={"batch_size": [8, 60]}),)
    stored = carried_out(small_study(stages=stages, validation=HoldOut(size=60)), numbers("binary"), tmp_path)
    updates = {
        network["candidate"]["recipe"]["batch_size"]: {run.updates for run in stored.runs(name)}
        for name, network in stored.networks.items()
    }
    assert updates == {8: {4 * 23}, 60: {4 * 3}}
    assert all(run.seconds > 0 for name in stored.networks for run in stored.runs(name))
    result = result_of(stored)
    assert result["updates"] == stored.final_runs[0].updates
    assert result["seconds"] > 0


def test_15_the_same_study_gives_the_same_figures_again(tmp_path: Path) -> None:
    one, two = (carried_out(small_study(), numbers("binary"), tmp_path / name) for name in "ab")
    assert all_figures(one) == all_figures(two)
    assert one.folder.name == two.folder.name


def test_14_rows_of_text_are_sparse_and_dense_ones_that_do_not_fit_are_refused_with_the_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("justfit.data.preparation.memory", lambda: 3 * 10**9)
    published = Numbers(
        np.broadcast_to(np.zeros(()), (25_000, 10_000)), tuple(str(column) for column in range(10_000))
    )
    with pytest.raises(DataError, match=r"25,000 rows of 10,000 numbers would take 2\.0 GB as dense rows"):
        fit_preparation(Scaling("standard"), published)
    ten, labels = [f"word{number % 7} and more" for number in range(40)], [number % 2 for number in range(40)]
    data = texts(ten, labels, ten, labels)
    model = read_model(do(data, tmp_path).folder)
    assert isinstance(model.preparation.rows(data.train.raw), Bags)


def test_16_a_vocabulary_is_that_of_the_rows_that_train_and_published_ranks_are_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train, labels = [f"seen{number % 7}" for number in range(40)], [number % 2 for number in range(40)]
    data = texts(train, labels, [f"unseen{number}" for number in range(40)], labels)
    note = "The ranks of words were published from all rows."
    events: list[Event | str] = []
    done = do(dataclasses.replace(data, notes=(note,)), tmp_path, events=events)
    model = read_model(done.folder)
    assert set(model.preparation.vocabulary.words) == {f"seen{number}" for number in range(7)}
    assert done.result["notes"] == [note]
    assert model.notes == (note,)
    planned = events[0]
    assert isinstance(planned, Planned)
    show_plan(planned)
    assert f"note: {note}\n" in capsys.readouterr().out


@pytest.mark.usefixtures("real_data")
def test_16_the_ranks_of_imdb_s_words_are_said_to_be_of_test_rows_too() -> None:
    (note,) = load_dataset("imdb").notes
    assert "published from all 50,000 reviews, test rows included" in note


def test_rows_of_which_nothing_can_be_learned_stop_a_study_before_anything_is_trained(tmp_path: Path) -> None:
    data = numbers("binary")
    telling = dataclasses.replace(
        data.train, raw=Numbers(np.column_stack([data.train.raw.values, data.train.labels]), tuple("abcdefg"))
    )
    events: list[Event | str] = []
    with pytest.raises(DataError, match=r"handmade: 1 column \(g\) tells the label of every training row"):
        carried_out(small_study(), dataclasses.replace(data, train=telling), tmp_path, events=events)
    assert not events
