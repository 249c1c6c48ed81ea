from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import justfit
from justfit.errors import SpecError, StoreError
from justfit.judge.compared_networks import compare_networks
from justfit.store import StoredStudy, begin_study, read_study
from justfit.store.paths import run_path


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StoredStudy:
    stages = (
        justfit.Stage("widths", grid={"hidden": [[2], [16]]}),
        justfit.Stage("l2", {"hidden": [16], "l2": 0.01}),
    )
    asked = justfit.Study("compared", justfit.Data("wine"), stages, defaults={"epochs": 5}, replicates=4)
    return justfit.run(asked, store=tmp_path_factory.mktemp("compared"))


def figures(study: StoredStudy, network: str, figure: str, epoch: int) -> list[float]:
    return [getattr(run.history[epoch - 1], figure) for run in study.runs(network)]


@pytest.mark.parametrize("by", ["val_data_loss", "val_metric"])
def test_a_row_has_the_mean_of_its_runs_and_scipy_s_interval_of_the_difference(
    study: StoredStudy, by: str
) -> None:
    best, *others = compare_networks(study, by).table().to_pylist()
    assert best["difference"] is None
    assert best["verdict"] is None
    first = np.array(figures(study, best["network"], by, best["best_epoch"]))
    assert best["value"] == pytest.approx(first.mean())
    assert len(others) == 2
    for row in others:
        own = np.array(figures(study, row["network"], by, row["best_epoch"]))
        paired = stats.ttest_rel(own, first)
        between = paired.confidence_interval(0.95)
        assert row["value"] == pytest.approx(own.mean())
        assert row["difference"] == pytest.approx((own - first).mean())
        assert (row["difference_low"], row["difference_high"]) == pytest.approx((between.low, between.high))
        assert row["p"] >= paired.pvalue * (1 - 1e-9), "corrected for all pairs"
        assert row["pairs"] == 4
        assert not row["is_leaked"]


def test_only_the_networks_of_a_stage_are_compared_where_one_is_named(study: StoredStudy) -> None:
    table = compare_networks(study, stage="widths").table()
    assert sorted(table.column("network").to_pylist()) == ["16-3", "2-3"]


def test_losses_with_penalties_are_told_to_differ_in_what_they_hold(study: StoredStudy) -> None:
    with_penalties, chooses = compare_networks(study, "val_loss").notes
    assert with_penalties.startswith("val_loss includes the penalties")
    assert chooses == "the study itself chooses by val_data_loss"
    assert compare_networks(study).notes == ()


def test_what_cannot_be_compared_is_told(study: StoredStudy, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match='figure "val_acc" is not known'):
        compare_networks(study, "val_acc")
    with pytest.raises(SpecError, match='stage "width" is not known'):
        compare_networks(study, stage="width")
    with pytest.raises(StoreError, match="set fit: true in its file"):
        compare_networks(study, "fit_loss")
    asked = justfit.Study("begun", justfit.Data("wine"), (justfit.Stage("only"),))
    with pytest.raises(StoreError, match="has no runs to compare: its first stage has not begun"):
        compare_networks(read_study(begin_study(tmp_path, asked)))


def test_a_network_whose_runs_are_not_all_trained_comes_last_without_figures(tmp_path: Path) -> None:
    stage = justfit.Stage("widths", grid={"hidden": [[2], [4]]})
    asked = justfit.Study(
        "s", justfit.Data("wine"), (stage,), defaults={"epochs": 2}, replicates=2, final=None
    )
    study = justfit.run(asked, store=tmp_path)
    run_path(tmp_path, study.runs("4-3")[0].id).unlink()
    first, last = compare_networks(study).table().to_pylist()
    assert (first["network"], last["network"]) == ("2-3", "4-3")
    assert (last["value"], last["runs"]) == (None, 1)
