"""Stored studies as tables, read by pandas and polars themselves."""

from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import justfit
from justfit.spec import Epoch
from justfit.store import StoredStudy, begin_study, read_study
from justfit.store.paths import run_path


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StoredStudy:
    """Two stages with three networks, one of which stands in both, each in two runs."""
    stages = (
        justfit.Stage("widths", grid={"hidden": [[4], [8]]}),
        justfit.Stage("both", networks=[{"hidden": [8]}, {"hidden": [8], "dropout": 0.5}]),
    )
    asked = justfit.Study("tables", justfit.Data("wine"), stages, defaults={"epochs": 3}, replicates=2)
    return justfit.run(asked, store=tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def leaked(tmp_path_factory: pytest.TempPathFactory) -> StoredStudy:
    recipe = justfit.Recipe(epochs=2)
    return justfit.run(
        "wine", recipe=recipe, protocol=justfit.TestRows(), store=tmp_path_factory.mktemp("leak")
    )


def test_the_networks_are_a_row_each_in_every_stage_they_stand_in(study: StoredStudy) -> None:
    rows = study.table().to_pylist()
    assert [(row["stage"], row["network"]) for row in rows] == [
        ("widths", "4-3"),
        ("widths", "8-3"),
        ("both", "8-3"),
        ("both", "8-3, dropout 0.5"),
    ]
    for row in rows:
        standing = study.networks[row["network"]]["standing"]
        assert (row["value"], row["best_epoch"]) == (standing["value"], standing["best_epoch"])
        assert (row["low"], row["high"]) == (standing["interval"]["low"], standing["interval"]["high"])
        assert (row["runs"], row["hidden"]) == (2, [int(row["network"][0])])
    assert study.result is not None
    assert {row["network"] for row in rows if row["is_chosen"]} == {study.result["chosen"]}


def test_every_epoch_of_every_run_is_a_row_and_the_final_runs_come_last(study: StoredStudy) -> None:
    frame = study.curves().to_pandas()
    runs = [run for name in study.networks for run in study.runs(name)]
    assert len(frame) == sum(len(run.history) for run in (*runs, *study.final_runs))
    assert list(frame.loc[frame["stage"] == "final", "split"].unique()) == [0]
    for run in runs:
        found = frame[frame["run"] == run.id]
        assert found["epoch"].tolist() == [1, 2, 3]
        assert found["val_data_loss"].tolist() == [epoch.val_data_loss for epoch in run.history]
    assert set(Epoch.__dataclass_fields__) < set(frame.columns)


def test_figures_of_test_rows_stand_beside_the_baseline_s(study: StoredStudy) -> None:
    assert study.result is not None
    rows = {row["figure"]: row for row in study.figures().to_pylist()}
    tested, guessed = study.result["test"]["accuracy"], study.result["test_baseline"]["figures"]["accuracy"]
    assert [rows["accuracy"][key] for key in ("value", "low", "high")] == list(tested.values())
    assert rows["accuracy"]["baseline"] == guessed["value"]
    assert rows["loss"]["baseline"] is None


def test_every_row_of_a_leaked_study_says_so(study: StoredStudy, leaked: StoredStudy) -> None:
    for stored, expected in ((study, False), (leaked, True)):
        for table in (stored.table(), stored.curves(), stored.figures()):
            assert table.num_rows
            assert set(table.column("is_leaked").to_pylist()) == {expected}


def test_tables_go_to_pandas_and_polars_as_they_are(study: StoredStudy) -> None:
    table = study.table()
    by_pandas, by_polars = pd.DataFrame.from_arrow(table), pl.DataFrame(table)
    assert by_pandas["network"].tolist() == by_polars["network"].to_list() == table["network"].to_pylist()
    assert by_polars["value"].to_list() == by_pandas["value"].tolist()
    assert pa.table(by_polars).num_rows == table.num_rows


def test_of_a_study_that_has_only_begun_the_tables_are_empty_and_keep_their_columns(
    study: StoredStudy, tmp_path: Path
) -> None:
    begun = read_study(
        begin_study(tmp_path, justfit.Study("begun", justfit.Data("wine"), (justfit.Stage("only"),)))
    )
    for empty, full in (
        (begun.table(), study.table()),
        (begun.curves(), study.curves()),
        (begun.figures(), study.figures()),
    ):
        assert empty.num_rows == 0
        assert empty.schema == full.schema
    assert repr(begun).endswith("on wine: 0 networks, not done>")


def test_runs_that_are_not_trained_are_left_out_of_the_curves(tmp_path: Path) -> None:
    stored = justfit.run("wine", recipe=justfit.Recipe(epochs=2), replicates=2, store=tmp_path)
    (name,) = stored.networks
    first, second = stored.runs(name)
    run_path(tmp_path, first.id).unlink()
    found = stored.curves().to_pandas()
    assert second.id in set(found["run"])
    assert first.id not in set(found["run"])


def test_a_study_and_a_run_are_told_in_a_line(study: StoredStudy, leaked: StoredStudy) -> None:
    assert study.result is not None
    assert f'3 networks, "{study.result["chosen"]}" chosen, test accuracy ' in repr(study)
    assert "LEAKED" in repr(leaked)
    assert "LEAKED" not in repr(study)
    run = study.runs("4-3")[0]
    lowest = min(epoch.val_data_loss or 0.0 for epoch in run.history)
    assert repr(run).startswith(f"<run {run.id} on wine: 3 epochs, split 1, seed 0, lowest validation loss")
    assert f"{lowest:.4f}" in repr(run)
    assert all(len(repr(each)) < 250 for each in (study, leaked, run, justfit.load(study.folder)))


def test_predictions_are_a_table_a_row_an_answer(study: StoredStudy) -> None:
    answers = justfit.load(study.folder).predict(justfit.load_dataset("wine").train.raw)
    frame = answers.table().to_pandas()
    assert answers.labels is not None
    assert frame["class"].tolist() == [answers.classes[label] for label in answers.labels]
    assert frame.drop(columns="class").to_numpy().tolist() == answers.probabilities().tolist()
