import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from cli.begun import begun, diverging, leaked
from cli.ended import Command
from workflow.handmade import carried_out, numbers, small_study

from justfit.spec import AllRows, Final, HoldOut, Stage, Study
from justfit.store import StoredStudy


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StoredStudy:
    """Two folds, two seeds, five networks in two stages."""
    return carried_out(small_study(), numbers("binary"), tmp_path_factory.mktemp("runs"))


def table(out: str) -> list[str]:
    """The lines of the networks."""
    return [
        line for line in out.partition("\n\n")[0].splitlines() if not line.startswith(("network", "LEAKED"))
    ][1:]


def curves(study: StoredStudy, figure: str) -> dict[str, np.ndarray]:
    """A figure of each network, runs down and epochs across."""
    return {
        name: np.array([[getattr(epoch, figure) for epoch in run.history] for run in study.runs(name)])
        for name in study.networks
    }


@pytest.mark.parametrize("figure", ["val_data_loss", "val_loss", "val_metric", "loss", "metric"])
def test_networks_of_all_stages_are_ranked_by_the_mean_at_their_best_epoch(
    command: Command, study: StoredStudy, figure: str
) -> None:
    sign = -1 if figure.endswith("metric") else 1
    arguments = ("compare", "small", "--store", study.folder.parent, "--by", figure)
    told = json.loads(command(*arguments, "--json").out)
    found = curves(study, figure)
    best = {name: int((sign * values.mean(axis=0)).argmin()) for name, values in found.items()}
    means = {name: values.mean(axis=0)[best[name]] for name, values in found.items()}
    assert [each["name"] for each in told["networks"]] == sorted(means, key=lambda name: sign * means[name])
    first = told["networks"][0]["name"]
    for each in told["networks"]:
        name, stands = each["name"], each["standing"]
        values = found[name][:, best[name]]
        assert stands["best_epoch"] == best[name] + 1
        assert stands["value"] == pytest.approx(means[name])
        assert stands["spread"] == pytest.approx(values.std(ddof=1))
        assert each["parameters"] == study.networks[name]["parameters"]
        # 120 rows train in batches of 16: 8 updates an epoch.
        assert each["updates"] == 8 * stands["best_epoch"]
        if name == first:
            assert each["difference"] is None
        else:
            apart = (values - found[first][:, best[first]]).mean()
            assert each["difference"]["value"] == pytest.approx(apart)
            assert each["pairs"] == 4
    printed = table(command(*arguments).out)
    assert [line.partition("  ")[0] for line in printed] == [each["name"] for each in told["networks"]]


def test_the_figure_is_the_loss_without_penalties_unless_another_is_asked_for(
    command: Command, study: StoredStudy
) -> None:
    ended = command("compare", "small", "--store", study.folder.parent)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"small: study {study.id}, best first by val_data_loss\n")
    assert "the study itself chooses" not in ended.out
    by_accuracy = command("compare", "small", "--store", study.folder.parent, "--by", "val_metric").out
    assert "best first by val_accuracy" in by_accuracy
    assert "%" in table(by_accuracy)[0]
    assert "note: the study itself chooses by val_data_loss" in by_accuracy


def test_only_the_networks_of_a_stage_can_be_asked_for(command: Command, study: StoredStudy) -> None:
    out = command("compare", "small", "--store", study.folder.parent, "--stage", "dropout").out
    names = {line.partition("  ")[0] for line in table(out)}
    assert len(names) == 2
    assert all("dropout" in name for name in names)
    error = command("compare", "small", "--store", study.folder.parent, "--stage", "dropuot").error
    assert "expected one of widths, dropout" in error
    assert 'Did you mean "dropout"?' in error


def test_only_folds_are_told_to_share_training_rows(
    command: Command, study: StoredStudy, tmp_path: Path
) -> None:
    words = "intervals over them are narrower than the truth"
    assert words in command("compare", "small", "--store", study.folder.parent).out
    carried_out(small_study(validation=HoldOut()), numbers("binary"), tmp_path)
    assert words not in command("compare", "small", "--store", tmp_path).out


def penalized() -> Study:
    grid = {"l2": [0.0, 0.01]}
    return small_study(
        "penalized", stages=(Stage("l2", {"hidden": [4]}, grid=grid),), replicates=1, final=None
    )


@pytest.mark.parametrize(("figure", "other"), [("val_loss", "val_data_loss"), ("loss", "data_loss")])
def test_losses_with_penalties_are_told_to_include_them(
    command: Command, study: StoredStudy, tmp_path: Path, figure: str, other: str
) -> None:
    carried_out(penalized(), numbers("binary"), tmp_path)
    words = f"note: {figure} includes the penalties on weights and outputs"
    out = command("compare", "penalized", "--store", tmp_path, "--by", figure).out
    assert words in out
    assert f"compare by {other} to leave them out" in out
    assert (
        "includes the penalties"
        not in command("compare", "penalized", "--store", tmp_path, "--by", other).out
    )
    # Where no network has penalties the two are the same.
    assert words not in command("compare", "small", "--store", study.folder.parent, "--by", figure).out


def test_one_run_each_has_neither_spread_nor_interval(command: Command, tmp_path: Path) -> None:
    carried_out(small_study(validation=HoldOut(), replicates=1), numbers("regression"), tmp_path)
    told = json.loads(command("compare", "small", "--store", tmp_path, "--json").out)
    second = told["networks"][1]
    assert (second["standing"]["spread"], second["difference"]["low"], second["pairs"]) == (None, None, 1)
    assert " to " not in table(command("compare", "small", "--store", tmp_path).out)[1]


def test_each_network_is_better_worse_or_a_tie_against_the_best(command: Command, study: StoredStudy) -> None:
    told = json.loads(command("compare", "small", "--store", study.folder.parent, "--json").out)["networks"]
    lines = table(command("compare", "small", "--store", study.folder.parent).out)
    assert (told[0]["p"], told[0]["verdict"]) == (None, None)
    for each, line in zip(told[1:], lines[1:], strict=True):
        assert each["verdict"] == ("worse" if each["p"] < 0.05 else "tie")
        assert each["verdict"] in line.split()
        assert f"{each['p']:.4f}" in line.split()


def test_leaked_figures_are_marked(command: Command, tmp_path: Path) -> None:
    carried_out(leaked(), numbers("binary"), tmp_path)
    out = command("compare", "leaky", "--store", tmp_path).out
    assert out.splitlines()[1].startswith("LEAKED: ")
    assert all("LEAKED" in line for line in table(out))
    told = json.loads(command("compare", "leaky", "--store", tmp_path, "--json").out)
    assert told["leaked"] is True
    assert all(each["leaked"] for each in told["networks"])


def test_a_network_that_diverged_comes_last_and_is_told(command: Command, tmp_path: Path) -> None:
    study = carried_out(diverging(), numbers("regression"), tmp_path)
    ended = command("compare", "wild", "--store", tmp_path)
    assert (ended.code, ended.err) == (0, "")
    first = min(run.outcome.epoch for run in study.runs("wild"))
    assert f"\nwild: 4 of 4 runs diverged, the first in epoch {first}\n" in ended.out
    told = json.loads(command("compare", "wild", "--store", tmp_path, "--json").out)
    assert [each["name"] for each in told["networks"]] == ["tame", "wild"]


def test_networks_whose_runs_are_not_all_trained_are_left_out(command: Command, tmp_path: Path) -> None:
    # Runs end split by split: after ten of twelve each network has those of the first fold.
    begun(small_study(), numbers("binary"), tmp_path, runs=3)
    error = command("compare", "small", "--store", tmp_path).error
    assert "has all its runs trained: run it again" in error
    begun(small_study(), numbers("binary"), tmp_path, runs=8)
    told = json.loads(command("compare", "small", "--store", tmp_path, "--json").out)
    trained = {each["name"]: each["runs_trained"] for each in told["networks"]}
    assert sum(trained.values()) == 11
    complete = [each["name"] for each in told["networks"] if each["standing"]]
    assert complete == [name for name in trained if trained[name] == 4]
    assert "3/4" in command("compare", "small", "--store", tmp_path).out


def test_what_cannot_be_compared_is_told(command: Command, study: StoredStudy, tmp_path: Path) -> None:
    store = study.folder.parent
    error = command("compare", "small", "--store", store, "--by", "val_los").error
    assert 'figure "val_los" is not known' in error
    assert "Did you mean" in error
    error = command("compare", "small", "--store", store, "--by", "fit_loss").error
    assert error.endswith("has measured fit_loss: set fit: true in its file, and run that.")
    stages = (dataclasses.replace(small_study().stages[0], grid={"hidden": [[4]]}),)
    whole = small_study("whole", stages=stages, validation=AllRows(), final=Final(epochs=2))
    carried_out(whole, numbers("binary"), tmp_path)
    assert (
        "has no runs to compare: no row validates." in command("compare", "whole", "--store", tmp_path).error
    )
    wild = dataclasses.replace(
        diverging(), stages=(Stage("only", networks=diverging().stages[0].networks[:1]),)
    )
    begun(wild, numbers("regression"), tmp_path, runs=4)
    error = command("compare", "wild", "--store", tmp_path).error
    assert "has measured val_data_loss in one epoch of all its runs: they diverged." in error
