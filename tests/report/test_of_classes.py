import copy
import dataclasses
from pathlib import Path
from typing import Any

import pytest
from report.told import column, drawings, sentences, tables
from workflow.handmade import do, numbers

from justfit.report.blocks import Section
from justfit.report.of_classes import of_classes
from justfit.report.reported import Reported, read_reported

MANY = [f"class {number}" for number in range(30)]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    stored = do(numbers("multiclass"), tmp_path_factory.mktemp("store"), epochs=2).study
    return read_reported(stored.folder.parent, stored.folder.name)


def told(found: Reported, names: list[str] | None = None, **test: Any) -> Section:
    result = copy.deepcopy(found.study.result)
    assert result is not None
    result["test"] |= {"curves": None, "reliability": None} | test  # drawing what is not looked at takes long
    return Section("test", "t", tuple(of_classes(found, result | ({"classes": names} if names else {}))))


def figures_of(name: str, f1: float) -> dict[str, Any]:
    figure = {"value": f1, "low": 0.0, "high": 1.0}
    return {"name": name, "precision": figure, "recall": figure, "f1": figure, "support": 10}


def test_what_is_confused_most_is_told_by_the_class_and_its_share(found: Reported) -> None:
    drawn = drawings(told(found, confusion=[[8, 2, 0], [3, 5, 2], [0, 0, 4]]))["confusion"]
    assert drawn.told == (
        '7 test rows of 24 are confused, most often "b" taken for "a": 3 of 10 rows (30.0%).'
    )
    assert drawn.table is not None
    assert column(drawn.table, "c") == {"a": "0", "b": "2", "c": "4"}


def test_that_nothing_is_confused_is_told(found: Reported) -> None:
    drawn = drawings(told(found, confusion=[[8, 0, 0], [0, 5, 0], [0, 0, 4]]))
    assert drawn["confusion"].told == "No test row is confused with another class."


def test_of_many_classes_the_pairs_confused_most_and_the_weakest_classes_are_told(found: Reported) -> None:
    confusion = [[10] + [0] * 29 for _ in MANY]  # all are taken for the first
    confusion[4] = [12, 1] + [0] * 28
    classes = [figures_of(name, number / 100) for number, name in enumerate(MANY)]
    section = told(found, MANY, confusion=confusion, classes=classes)
    assert "confusion" not in drawings(section)
    pairs, each = tables(section)
    assert pairs.rows[0] == ("class 4", "class 0", "12", "92.3%")
    assert len(pairs.rows) == len(each.rows) == 20
    assert each.caption == "The 20 weakest of 30 classes"
    assert list(column(each, "test rows")) == MANY[:20]
    assert any(said.startswith('"class 0" is told worst, with F1 0.0000') for said in sentences(section))


def test_labels_of_which_a_row_has_several_are_told_by_what_is_missed_and_wrongly_found(
    tmp_path: Path,
) -> None:
    stored = do(numbers("multilabel"), tmp_path, epochs=2).study
    section = told(read_reported(stored.folder.parent, stored.folder.name))
    (table,) = tables(section)
    assert stored.result is not None
    for each, (absent, present) in zip("xyz", stored.result["test"]["label_confusions"], strict=True):
        assert column(table, "missed")[each] == str(present[0])
        assert column(table, "wrongly found")[each] == str(absent[1])


CURVES = [
    {"name": "a", "roc": [[0, 0], [0, 0.5], [0.1, 0.7], [1, 1]], "pr": [[1, 0.2], [0.8, 0.6], [0, 1]]},
    {
        "name": "b",
        "roc": [[0, 0], [0.05, 0.2], [0.05, 0.9], [1, 1]],
        "pr": [[1, 0.2], [0.9, 0.3], [0.9, 0.8], [0, 1]],
    },
]


def test_curves_are_compared_where_5_percent_are_false_and_where_90_percent_are_found(
    found: Reported,
) -> None:
    drawn = drawings(told(found, curves=CURVES))
    assert drawn["roc"].told == (
        'At a false positive rate of 5% recall is from about 60.0% ("a") to about 90.0% ("b").'
    )
    assert drawn["precision-recall"].told == (
        'At a recall of 90% precision is from about 40.0% ("a") to about 80.0% ("b").'
    )
    assert "the 2 with the most rows" in drawn["roc"].caption
    one = drawings(told(found, curves=CURVES[:1]))["roc"]
    assert one.told == "At a false positive rate of 5% recall is about 60.0%."
    assert one.table is not None
    assert "ROC AUC" not in one.table.columns, "it was not stored"
    areas = [{**each, "roc_auc": 0.75, "pr_auc": 0.5} for each in CURVES]
    table = drawings(told(found, curves=areas))["roc"].table
    assert table is not None
    assert column(table, "ROC AUC") == {"a": "0.7500", "b": "0.7500"}


def a_bin(probability: float, share: float, rows: int = 10) -> dict[str, Any]:
    return {
        "probability": probability,
        "rows": rows,
        "share": {"value": share, "low": share - 0.1, "high": share + 0.1},
    }


def test_calibration_is_told_with_the_group_furthest_beside_chance(found: Reported) -> None:
    drawn = drawings(told(found, reliability=[a_bin(0.25, 0.3), a_bin(0.75, 0.5, 30)]))["calibration"]
    assert "The mean probability of the answer is 62.5%, and 45.0% came true" in drawn.told
    assert (
        "1 lies beside what chance explains: around 75.0% probabilities are too high, with 50.0%"
        in drawn.told
    )
    assert drawn.table is not None
    assert drawn.table.rows[1] == ("75.0%", "30", "50.0%", "40.0% to 60.0%")
    within = drawings(told(found, reliability=[a_bin(0.25, 0.3)]))["calibration"]
    assert within.told.endswith("In every group of answers that is within what chance explains.")


def test_leaked_figures_are_marked(found: Reported) -> None:
    section = told(dataclasses.replace(found, leaked=True), curves=CURVES)
    assert "LEAKED" in drawings(section)["roc"].told
    (table,) = tables(section)
    assert all("LEAKED" in cell for cell in table.rows[0][1:4])
