import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from workflow.handmade import carried_out, dataset, do, numbers, small_study

from justfit.cli.show_run import show_plan, show_result
from justfit.data import Numbers
from justfit.spec import TASKS, Final, Network, Recipe, RmsProp, Scaling, Sgd
from justfit.store import StudyPaths
from justfit.workflow import Event, Planned


def test_a_lower_learning_rate_is_advised_where_training_ended_early(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = do(numbers("regression"), tmp_path, Network(()), recipe=Recipe(Sgd(10.0), 48, epochs=30))
    show_result(stored.study, TASKS["regression"])
    out = capsys.readouterr().out
    ended = len(stored.histories["validation"]) + 1
    assert f"\nIn epoch {ended} the loss became infinite or not a number, so only epochs before it" in out
    assert "try a lower learning rate." in out
    assert "try more epochs" not in out


def test_no_advice_is_given_where_the_best_epoch_was_in_the_middle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = do(numbers("binary", permuted=True), tmp_path, Network((32,)), epochs=30)
    show_result(stored.study, TASKS["binary"])
    out = capsys.readouterr().out
    assert "try " not in out
    assert "stopped" not in out


def test_where_patience_ended_the_training_is_told_and_no_lower_learning_rate_advised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = Recipe(RmsProp(0.05), batch_size=16, epochs=60, patience=3)
    stored = do(numbers("binary"), tmp_path, Network((32,)), recipe=recipe)
    show_result(stored.study, TASKS["binary"])
    out, best = capsys.readouterr().out, stored.result["best_epoch"]
    assert f"\nTraining stopped after epoch {best + 3} of 60, as none was better than epoch {best}.\n" in out
    assert "try " not in out


def test_a_network_that_diverges_before_its_patience_ends_is_told_to_have_diverged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = Recipe(Sgd(10.0), 48, epochs=30, patience=29)
    show_result(do(numbers("regression"), tmp_path, Network(()), recipe=recipe).study, TASKS["regression"])
    assert "try a lower learning rate." in capsys.readouterr().out


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(Network((8,)), marks=pytest.mark.slow),
        Network((8,), dropout=0.5),
        pytest.param(Network((8,), input_dropout=0.5), marks=pytest.mark.slow),
    ],
)
def test_curves_tell_of_dropout_where_the_network_has_some(
    tmp_path: Path, network: Network, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = do(numbers("binary"), tmp_path, network)
    show_result(stored.study, TASKS["binary"])
    assert f"written to {stored.folder}" in capsys.readouterr().out
    page = StudyPaths(stored.folder).report.read_text()
    assert ("dropout on" in page) == (network != Network((8,)))
    assert f"best epoch {stored.result['best_epoch']}" in page


def test_class_names_are_shown_as_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("[red]one[/red]", "two\x1b[2J\n", "</script>" + "long " * 60)
    data = dataclasses.replace(numbers("multiclass"), classes=names)
    stored = do(data, tmp_path)
    show_result(stored.study, data.task)
    out = capsys.readouterr().out
    for shown in ("[red]one[/red]", r"two\x1b[2J\n", "</script>" + "long " * 60):
        assert out.count(shown.strip()) == 3, "a line of figures, a row and a column of the confusion"
    assert "\x1b" not in out


@pytest.mark.slow
def test_many_classes_are_left_to_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = np.arange(300) % 25
    values = np.random.default_rng(0).normal(size=(300, 2))
    rows = Numbers(values, ("a", "b")), labels
    data = dataset("multiclass", rows, rows, Scaling("standard"))
    data = dataclasses.replace(data, classes=tuple(f"class {n}" for n in range(25)))
    show_result(do(data, tmp_path, epochs=1).study, data.task)
    out = capsys.readouterr().out
    assert "25 classes: their figures stand in the study's folder." in out
    assert "class 7" not in out


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("binary", 'always "yes", validation accuracy'),
        ("multilabel", 'always "x, y", validation accuracy'),
        ("regression", r"always 5\d\d\.\d, validation mae"),
    ],
)
def test_the_baseline_is_told_in_the_words_of_the_task(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], task: str, answer: str
) -> None:
    data = numbers(task)
    if task == "binary":
        data.train.labels[:60] = 1
    if task == "multilabel":
        data.train.labels[:100] = (1, 1, 0)
    if task == "regression":
        data.train.labels[:] += 20
    events: list[Event | str] = []
    do(data, tmp_path, epochs=1, events=events)
    plan = events[0]
    assert isinstance(plan, Planned)
    show_plan(plan)
    assert re.search(f"common-sense baseline: {answer} ", capsys.readouterr().out)


def test_test_figures_of_classes_stand_a_line_each_with_what_the_baseline_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = do(numbers("binary"), tmp_path)
    show_result(stored.study, TASKS["binary"])
    test = stored.result["test"]
    lines = {line[:19].strip(): line.split() for line in capsys.readouterr().out.splitlines()}
    for name, key, words in (
        ("macro F1", "macro_f1", 2),
        ("Brier score", "brier", 2),
        ("calibration error", "ece", 2),
        ("ROC AUC", "roc_auc", 2),
        ("PR AUC", "pr_auc", 2),
    ):
        value, low, high = (f"{test[key][end]:.4f}" for end in ("value", "low", "high"))
        assert lines[name][words : words + 4] == [value, low, "to", high]
    balanced = test["balanced_accuracy"]["value"]
    assert lines["balanced accuracy"][2] == f"{100 * balanced:.1f}%"
    assert lines["balanced accuracy"][-1] == "50.0%"


def test_a_threshold_that_was_chosen_is_told_with_what_it_is_good_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = small_study(final=Final(threshold="f1"))
    stored = carried_out(study, numbers("binary"), tmp_path)
    show_result(stored, TASKS["binary"])
    assert stored.result is not None
    found = stored.result["threshold"]
    assert (
        f"class yes above a probability of {found['value']:.4f}, the best F1 score on 240 validation rows: "
        f"{found['f1']:.4f}\n"
    ) in capsys.readouterr().out
