import json
import math
from pathlib import Path

import pytest
from report.handmade import FOUR_FOLDS, study
from store.handmade import rewrite

from justfit.errors import SpecError, StoreError
from justfit.report.findings import averaged, findings, trained
from justfit.spec import AllRows
from justfit.store import StudyPaths, read_study
from justfit.store.paths import run_path

TWO = {"a": {"hidden": [4]}, "b": {"hidden": [8]}}


def losses(network: str, _split: int, seed: int) -> list[float]:
    return [0.9, 0.5 if network == "a" else 0.4 + 0.1 * seed, 0.8]


def test_a_finding_is_of_its_own_runs_alone(tmp_path: Path) -> None:
    stored = study(tmp_path, TWO, losses, replicates=2)
    for found in findings(stored):
        assert [run.id for run in found.runs] == stored.networks[found.name]["runs"]
        assert {tuple(run.spec["candidate"]["network"]["hidden"]) for run in found.runs} == {
            tuple(TWO[found.name]["hidden"])
        }


def test_the_best_epoch_is_by_the_figure_that_the_study_chooses_by(tmp_path: Path) -> None:
    (found, _) = findings(study(tmp_path, TWO, losses))
    assert (found.best, found.rank) == (2, 0.5)
    (found, _) = findings(study(tmp_path, TWO, losses, select="val_metric"))
    assert (found.best, found.rank) == (2, pytest.approx(-0.75))  # an accuracy: more is better
    (found, _) = findings(study(tmp_path, TWO, losses, select="val_metric", task="regression"))
    assert (found.best, found.rank) == (1, pytest.approx(0.55))  # an error: less is better


def test_a_network_that_has_no_figure_ranks_last(tmp_path: Path) -> None:
    (found,) = findings(study(tmp_path, {"a": {}}, lambda *_: [math.nan], diverged=("a",)))
    assert (found.best, found.rank, found.diverged) == (None, math.inf, 1)


def test_networks_are_trained_when_all_their_runs_are_kept(tmp_path: Path) -> None:
    stored = study(tmp_path, TWO, losses, validation=FOUR_FOLDS)
    assert trained(stored) == ["a", "b"]
    assert trained(stored, "second") == ["b"]
    run_path(tmp_path, stored.networks["b"]["runs"][3]).unlink()
    assert trained(stored) == ["a"]
    with pytest.raises(SpecError, match=r'stage "secnd" is not known in handmade-.*Did you mean "second"'):
        trained(stored, "secnd")


def test_where_no_row_validates_only_what_was_tested_is_trained(tmp_path: Path) -> None:
    assert trained(study(tmp_path, TWO, losses, validation=AllRows(), chosen="b")) == ["b"]
    assert trained(study(tmp_path / "new", TWO, losses, validation=AllRows())) == []


def test_what_a_mean_is_over_is_told(tmp_path: Path) -> None:
    stored = study(tmp_path, TWO, losses, validation=FOUR_FOLDS, replicates=3)
    runs = stored.runs("a")
    assert averaged([runs, stored.runs("b")]) == "4 folds x 3 replicates"
    assert averaged([[run for run in runs if run.spec["split"] == 2]]) == "3 replicates"
    assert averaged([runs[::3], runs]) == "4 to 12 runs"
    assert averaged([study(tmp_path, TWO, losses).runs("a")]) == ""


def test_a_study_file_that_was_changed_is_told_in_one_sentence(tmp_path: Path) -> None:
    folder = study(tmp_path, TWO, losses).folder
    path = StudyPaths(folder).study
    content = json.loads(path.read_text())
    del content["spec"]["select"]
    rewrite(path, content)
    with pytest.raises(StoreError, match=r"study\.json is .*select.*cut off or changed"):
        findings(read_study(folder))
