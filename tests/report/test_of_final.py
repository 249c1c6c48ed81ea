from pathlib import Path

import pytest
from report.handmade import rows_of
from report.told import column, drawings, figures, sentences, tables
from workflow.handmade import carried_out, do, numbers, small_study

from justfit.report import of_final
from justfit.report.reported import Reported, read_reported
from justfit.spec import AllRows, Final, TestRows
from justfit.store import StoredStudy, begin_study, read_study


def reported(stored: StoredStudy) -> Reported:
    return read_reported(stored.folder.parent, stored.folder.name)


def test_layers_training_curves_and_each_seed_are_told(tmp_path: Path) -> None:
    stored = carried_out(small_study(), numbers("multiclass"), tmp_path)
    result, section = stored.result, of_final.final(reported(stored))
    assert result is not None
    assert section is not None
    layers, seeds = tables(section)
    assert column(layers, "parameters") == {
        **{layer["kind"]: f"{layer['parameters']:,}" for layer in result["layers"]},
        "total": f"{stored.networks[result['chosen']]['parameters']:,}",
    }
    said = sentences(section)
    assert said[0].startswith(f"{result['chosen']} was trained anew on all 240 training rows for ")
    assert f"{result['updates']:,} updates of its weights with each of 2 seeds" in said[0]
    assert "rmsprop with a learning rate of 0.02, 16 rows at a time" in said[1]
    values = result["test_replicates"]["accuracy"]["values"]
    assert list(column(seeds, "test accuracy").values()) == [f"{value:.1%}" for value in values]
    for run in stored.final_runs:
        cells = column(seeds, "training loss")
        assert cells[str(run.spec["seed"])] == f"{run.history[-1].data_loss:.4f}"
    found = figures(section)
    assert (found["epochs"], found["rows"], found["values"]) == (result["epochs"], 240, values)


def test_curves_are_told_and_drawn_as_they_are_stored(tmp_path: Path) -> None:
    stored = carried_out(small_study(replicates=1), numbers("binary"), tmp_path)
    assert stored.result is not None
    drawn = drawings(of_final.final(reported(stored)))["final-curves"]
    runs = stored.runs(stored.result["chosen"])
    means = [
        sum(run.history[epoch].val_data_loss or 0 for run in runs) / len(runs)
        for epoch in range(len(runs[0].history))
    ]
    assert drawn.table is not None
    assert list(column(drawn.table, "validation loss").values()) == [f"{mean:.4f}" for mean in means]
    assert drawn.table.marked == {stored.result["best_epoch"] - 1}
    assert f"to its lowest, {min(means):.4f}, in epoch {means.index(min(means)) + 1}" in drawn.told
    values = {row["value"] for row in rows_of(drawn.chart) if "value" in row}
    assert set(means) <= values


def test_without_validation_the_final_runs_are_what_is_drawn(tmp_path: Path) -> None:
    stored = do(numbers("multiclass"), tmp_path, protocol=AllRows()).study
    drawn = drawings(of_final.final(reported(stored)))["final-curves"]
    assert "No row validates." in drawn.told
    assert drawn.table is not None
    assert drawn.table.columns == ("epoch", "training loss", "training accuracy")


def test_a_leak_is_marked_at_every_figure_of_rows_that_validate(tmp_path: Path) -> None:
    study = small_study(validation=TestRows(), final=Final())
    section = of_final.final(reported(carried_out(study, numbers("binary"), tmp_path)))
    assert "the best epoch on the test rows, LEAKED" in sentences(section)[0]
    drawn = drawings(section)["final-curves"]
    assert drawn.told.count("LEAKED") == 2
    assert drawn.table is not None
    for name in ("validation loss", "validation accuracy"):
        assert all(cell.endswith(" LEAKED") for cell in column(drawn.table, name).values())
    assert all(cell.endswith(" LEAKED") for cell in column(tables(section)[1], "test accuracy").values())


def test_a_study_that_is_not_done_or_tests_nothing_has_no_final_network(tmp_path: Path) -> None:
    study = small_study()
    assert of_final.final(reported(read_study(begin_study(tmp_path, study)))) is None
    untested = carried_out(small_study("untested", final=None), numbers("binary"), tmp_path)
    assert of_final.final(reported(untested)) is None


@pytest.mark.parametrize(
    "task",
    [
        "regression",
        *(pytest.param(task, marks=pytest.mark.slow) for task in ("unit_regression", "multilabel")),
    ],
)
def test_every_task_is_told(tmp_path: Path, task: str) -> None:
    stored = do(numbers(task), tmp_path, epochs=2).study
    section = of_final.final(reported(stored))
    metric = "accuracy" if task == "multilabel" else "mae"
    drawn = drawings(section)["final-curves"]
    assert drawn.table is not None
    assert f"validation {metric}" in drawn.table.columns
