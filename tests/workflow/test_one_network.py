"""The study of one network: train, take the best epoch, train anew on all rows, test once, keep it all."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from workflow.handmade import COLUMNS, Done, dataset, do, labels_of, numbers, texts, untimed

import justfit
from justfit.data import Dataset, Numbers, Texts
from justfit.errors import DataError, EngineError, SealError, SpecError, StoreError
from justfit.spec import Adam, Data, Diverged, HoldOut, Network, Recipe, RmsProp, Scaling, Sgd, plain
from justfit.store import predict, read_model
from justfit.workflow import EpochDone, Event, Planned, RunDone, StagePlanned, Stored, carry_out, single


def without_times(done: Done) -> object:
    histories = {name: untimed(history) for name, history in done.histories.items()}
    return done.run_specs, histories, {**done.result, "seconds": None}


def test_test_rows_are_opened_once_and_only_when_the_final_network_is_trained(tmp_path: Path) -> None:
    events: list[Event | str] = []
    data = numbers("binary", opened=lambda: events.append("opened"))
    stored = do(data, tmp_path, epochs=4, events=events)
    best = stored.result["best_epoch"]
    stages = [(event.stage, event.epoch.epoch) for event in events if isinstance(event, EpochDone)]
    assert stages == [("network", n + 1) for n in range(4)] + [("final", n + 1) for n in range(best)]
    kinds = [event if isinstance(event, str) else type(event).__name__ for event in events]
    trained = [*["EpochDone"] * 4, "RunDone", "StageDone", "Chosen", *["EpochDone"] * best, "RunDone"]
    assert kinds == ["Planned", "StagePlanned", *trained, "opened", "Tested", "Stored"]
    with pytest.raises(SealError):
        data.sealed.open()


def test_the_plan_tells_rows_layers_parameters_and_what_to_beat(tmp_path: Path) -> None:
    events: list[Event | str] = []
    stored = do(numbers("multiclass"), tmp_path, Network((8, 4), dropout=(0.5, 0)), events=events)
    plan, stage = events[:2]
    assert isinstance(plan, Planned)
    assert isinstance(stage, StagePlanned)
    assert dataclasses.asdict(plan.rows) == {"train": 192, "validation": 48, "test": 200}
    (network,) = stage.networks
    assert [(layer.kind, layer.outputs, layer.detail, layer.parameters) for layer in network.layers] == [
        ("dense", 8, "relu", 6 * 8 + 8),
        ("dropout", 8, "0.5", 0),
        ("dense", 4, "relu", 8 * 4 + 4),
        ("dense", 3, "softmax", 4 * 3 + 3),
    ]
    assert (network.name, network.parameters) == ("8-4-3", 56 + 36 + 15)
    assert (network.epochs, network.runs, network.missing) == (5, 1, 1)
    assert plan.notes == ("Made by hand.",)
    assert plan.baseline.figures.accuracy.value < 0.5
    assert stored.result["chosen"] == "8-4-3"
    assert stored.folder.name == f"handmade-{plan.study.id}"
    assert stored.study.spec == json.loads(json.dumps(plain(plan.study)))


def test_a_stored_study_is_read_and_not_done_again(tmp_path: Path) -> None:
    first = do(numbers("binary"), tmp_path)
    events: list[Event | str] = []
    data = numbers("binary", opened=lambda: events.append("opened"))
    assert do(data, tmp_path, events=events).study == first.study
    assert [type(event) for event in events] == [Stored]
    assert len(data.sealed.open()) == 200


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_the_same_spec_gives_the_same_figures_whatever_the_threads(tmp_path: Path, task: str) -> None:
    network = Network((24, 8), dropout=0.3, l2=0.001)
    runs = [do(numbers(task), tmp_path / str(n), network, threads=n) for n in (1, 2, 5)]
    assert without_times(runs[0]) == without_times(runs[1]) == without_times(runs[2])
    kernels = [read_model(run.folder).kernels for run in runs]
    for other in kernels[1:]:
        for one, two in zip(kernels[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


def test_the_same_spec_of_texts_gives_the_same_figures_whatever_the_threads(tmp_path: Path) -> None:
    words = np.random.default_rng(0).choice([f"w{n}" for n in range(40)], size=(150, 9))
    rows = [" ".join(row) for row in words]
    labels = [int("w1" in row or "w2" in row) for row in words]
    runs = [
        do(texts(rows[:100], labels[:100], rows[100:], labels[100:]), tmp_path / str(n), threads=n)
        for n in (1, 3)
    ]
    assert without_times(runs[0]) == without_times(runs[1])


def test_another_seed_gives_other_figures_on_the_same_split(tmp_path: Path) -> None:
    runs = [do(numbers("binary"), tmp_path, seed=seed) for seed in (0, 1)]
    assert runs[0].folder != runs[1].folder
    assert untimed(runs[0].histories["validation"]) != untimed(runs[1].histories["validation"])
    assert runs[0].result["validation_baseline"] == runs[1].result["validation_baseline"]


def test_the_chosen_epoch_has_the_lowest_validation_loss_and_the_final_training_as_many_epochs(
    tmp_path: Path,
) -> None:
    # Permuted labels are learned by heart, so that the validation loss soon rises.
    stored = do(numbers("binary", permuted=True), tmp_path, Network((32,)), epochs=30)
    losses = [epoch.val_data_loss for epoch in stored.histories["validation"]]
    assert len(losses) == 30
    assert stored.result["best_epoch"] == 1 + losses.index(min(losses)) < 30
    assert [epoch.epoch for epoch in stored.histories["final"]] == [
        *range(1, stored.result["best_epoch"] + 1)
    ]
    assert {epoch.val_loss for epoch in stored.histories["final"]} == {None}
    assert stored.result["updates"] == 15 * stored.result["best_epoch"]


def training_figures(stored: Done) -> list[tuple[float, float]]:
    return [(epoch.loss, epoch.metric) for epoch in stored.histories["validation"]]


def validation_losses(stored: Done) -> list[float | None]:
    return [epoch.val_loss for epoch in stored.histories["validation"]]


def test_words_that_only_validation_rows_have_teach_the_choosing_network_nothing(tmp_path: Path) -> None:
    train = ["good fine film", "bad poor film"] * 20

    def done(validation: list[str], store: str) -> Done:
        data = texts(train + validation, [0, 1] * 25, ["good zebra zebra zebra", "bad yak"], [0, 1])
        return do(data, tmp_path / store, protocol=HoldOut("last", 10))

    plain_words = done(["good film", "bad film"] * 5, "plain")
    new_words = done(["aardvark aardvark good film", "beaver bad film"] * 5, "new")
    assert training_figures(plain_words) == training_figures(new_words)
    # Unknown words share a column, whose weights start at random: only they can tell the rows apart.
    assert validation_losses(plain_words) != validation_losses(new_words)


def test_the_final_vocabulary_has_all_training_words_and_no_word_of_test_rows(tmp_path: Path) -> None:
    train = ["good film", "bad film"] * 20 + ["good aardvark", "bad beaver"]
    data = texts(train, [0, 1] * 21, ["good zebra zebra", "bad yak"] * 30, [0, 1] * 30)
    model = read_model(do(data, tmp_path, protocol=HoldOut("last", 2)).folder)
    assert set(model.preparation.vocabulary.words) == {"good", "bad", "film", "aardvark", "beaver"}


def with_outlier(part: str, size: float) -> Dataset:
    """Numbers of which one row, in the named part, has a column ``size`` times too large."""
    random = np.random.default_rng(1)
    train, test = random.normal(size=(100, 6)), random.normal(size=(50, 6))
    labels = labels_of("binary", train), labels_of("binary", test)
    {"validation": train, "test": test}[part][-1, 5] *= size
    parts = [(Numbers(values, COLUMNS), part) for values, part in zip((train, test), labels, strict=True)]
    return dataset("binary", *parts, Scaling("standard"))


def test_an_outlier_among_validation_rows_does_not_scale_the_training_rows(tmp_path: Path) -> None:
    protocol = HoldOut("last", 20)
    one = do(with_outlier("validation", 1), tmp_path / "1", protocol=protocol)
    other = do(with_outlier("validation", 1e6), tmp_path / "2", protocol=protocol)
    assert training_figures(one) == training_figures(other)
    assert validation_losses(one) != validation_losses(other)


def test_an_outlier_among_test_rows_changes_neither_the_choice_nor_the_model(tmp_path: Path) -> None:
    runs = [do(with_outlier("test", size), tmp_path / str(size)) for size in (1, 1e6)]
    for name in ("validation", "final"):
        assert untimed(runs[0].histories[name]) == untimed(runs[1].histories[name])
    models = [read_model(run.folder) for run in runs]
    np.testing.assert_array_equal(models[0].preparation.scale, models[1].preparation.scale)
    np.testing.assert_array_equal(models[0].kernels[0], models[1].kernels[0])
    assert runs[0].result["test"] != runs[1].result["test"]


@pytest.mark.parametrize(("how", "validates_well"), [("first", False), ("last", True)])
def test_rows_validate_in_file_order_where_asked(tmp_path: Path, how: str, validates_well: bool) -> None:
    data = numbers("binary")
    data.train.labels[:48] = 1 - data.train.labels[:48]  # the first fifth is labelled the wrong way round
    epochs = 10 if how == "first" else 30
    stored = do(data, tmp_path, epochs=epochs, protocol=HoldOut(how, 48))
    last = stored.histories["validation"][-1].val_metric
    assert (last > 0.6) if validates_well else (last < 0.2)


def test_a_stratified_hold_out_keeps_the_shares_of_classes(tmp_path: Path) -> None:
    rows = [f"word{number % 7}" for number in range(100)]
    labels = sorted([0] * 90 + [1] * 10)
    stored = do(texts(rows, labels, rows, labels), tmp_path, epochs=1)
    classes = stored.result["validation_baseline"]["figures"]["classes"]
    assert [row["support"] for row in classes] == [18, 2]


@pytest.mark.parametrize("optimizer", [Sgd(1e30), RmsProp(1e30), Adam(1e30)])
@pytest.mark.parametrize("task", ["regression", "multiclass"])
@pytest.mark.parametrize("batch_size", [16, 1000])
def test_a_network_that_diverges_says_what_to_do_and_is_not_trained_again(
    tmp_path: Path, optimizer: Sgd | RmsProp | Adam, task: str, batch_size: int
) -> None:
    events: list[Event | str] = []
    message = r'"8-8-\d" cannot be tested: it diverged before one epoch .* Lower the learning rate, or scale'
    for _ in range(2):
        data = numbers(task, opened=lambda: events.append("opened"))
        with pytest.raises(EngineError, match=message):
            do(data, tmp_path, Network((8, 8)), recipe=Recipe(optimizer, batch_size, 3), events=events)
    assert "opened" not in events
    (outcome,) = [event.outcome for event in events if isinstance(event, RunDone)]
    assert isinstance(outcome, Diverged)
    assert not list(tmp_path.rglob("result.json"))
    assert not list(tmp_path.rglob("model*"))


def test_a_network_that_diverges_later_is_chosen_from_the_epochs_before(tmp_path: Path) -> None:
    stored = do(numbers("regression"), tmp_path, Network(()), recipe=Recipe(Sgd(10.0), 48, epochs=30))
    assert 1 <= len(stored.histories["validation"]) < 30
    assert len(stored.histories["final"]) == stored.result["best_epoch"]


def test_rows_of_the_wrong_kind_are_refused_before_anything_is_trained_or_written(tmp_path: Path) -> None:
    study = single(Data("handmade", encoding="multi_hot"))
    with pytest.raises(SpecError, match="handmade has rows of numbers, so encoding does not fit: give scal"):
        list(carry_out(study, numbers("binary"), tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_store_that_is_a_file_is_told_and_left_alone(tmp_path: Path) -> None:
    store = tmp_path / "runs"
    store.write_text("mine")
    with pytest.raises(StoreError, match="runs"):
        do(numbers("binary"), store, epochs=1)
    assert store.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [store]


def test_the_main_job_from_python(tmp_path: Path) -> None:
    run = justfit.run("breast_cancer", justfit.Network((16, 16), dropout=0.5), store=tmp_path)
    accuracy = run.result["test"]["accuracy"]
    assert accuracy["value"] > 0.9 > run.result["test_baseline"]["figures"]["accuracy"]["value"]
    assert accuracy["low"] < accuracy["value"] < accuracy["high"]
    model = justfit.read_model(run.folder)
    answers = justfit.predict(model, [",".join(["1e3"] * 30), ",".join(["0"] * 30)])
    np.testing.assert_allclose(answers.probabilities().sum(axis=1), 1, rtol=1e-6)
    with pytest.raises(DataError, match="takes rows of 30 numbers, got texts"):
        justfit.predict(model, Texts(["a text"]))
    again = justfit.run("breast_cancer", justfit.Network((16, 16), dropout=0.5), store=str(tmp_path))
    assert again == run


def test_an_unknown_data_set_is_told_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'no data set "wines": expected one of .* Did you mean "wine"'):
        justfit.run("wines", store=tmp_path)


def test_predictions_are_those_that_were_tested(tmp_path: Path) -> None:
    data = numbers("regression")
    stored = do(data, tmp_path)
    test = numbers("regression").sealed.open()
    errors = np.abs(predict(read_model(stored.folder), test.raw).outputs[:, 0] - test.labels)
    assert stored.result["test"]["mae"]["value"] == pytest.approx(errors.mean(), rel=1e-5)
