import copy
import dataclasses
from pathlib import Path
from typing import Any

import pytest
from report.told import column, drawings, figures, sentences, tables, warnings
from workflow.handmade import carried_out, do, numbers, small_study

from justfit.report import of_test
from justfit.report.blocks import Section
from justfit.report.reported import Reported, read_reported
from justfit.spec import Final, HoldOut, TestRows
from justfit.store import StoredStudy, begin_study, read_study
from justfit.workflow import carry_out


def reported(stored: StoredStudy) -> Reported:
    return read_reported(stored.folder.parent, stored.folder.name)


def with_result(found: Reported, **changes: Any) -> Section:
    """The section of a study whose result is changed so, as an earlier version stored it: without charts."""
    result = {**copy.deepcopy(found.study.result or {}), **changes}
    for key in ("curves", "reliability", "residuals"):
        result["test"].pop(key, None)
    section = of_test.test(dataclasses.replace(found, study=dataclasses.replace(found.study, result=result)))
    assert section is not None
    return section


@pytest.fixture(scope="module")
def multiclass(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    stored = carried_out(small_study(), numbers("multiclass"), tmp_path_factory.mktemp("store"))
    return reported(stored)


def test_every_figure_stands_beside_the_baselines_with_both_intervals(multiclass: Reported) -> None:
    result, section = multiclass.study.result, with_result(multiclass)
    assert result is not None
    table, means, *_ = tables(section)
    test, base = result["test"], result["test_baseline"]["figures"]
    values, intervals = column(table, "value"), column(table, "95% interval")
    for name, key in (
        ("loss", "loss"),
        ("macro F1", "macro_f1"),
        ("ROC AUC", "roc_auc"),
        ("Brier score", "brier"),
    ):
        assert values[name] == f"{test[key]['value']:.4f}"
        assert intervals[name] == f"{test[key]['low']:.4f} to {test[key]['high']:.4f}"
    assert values["accuracy"] == f"{test['accuracy']['value']:.1%}"
    assert column(table, "baseline")["accuracy"] == f"{base['accuracy']['value']:.1%}"
    low, high = base["accuracy"]["low"], base["accuracy"]["high"]
    assert column(table, "its 95% interval")["accuracy"] == f"{low:.1%} to {high:.1%}"
    assert column(means, "mean")["accuracy"] == f"{result['test_replicates']['accuracy']['value']:.1%}"
    assert column(means, "of mean outputs")["loss"] == f"{result['test_ensemble']['loss']['value']:.4f}"
    assert section is not None
    assert figures(section)["accuracy"] == test["accuracy"]
    assert "LEAKED" not in str(section)


def test_rows_opened_once_are_said_to_be_so(multiclass: Reported) -> None:
    section = with_result(multiclass)
    assert sentences(section)[0] == (
        "The 200 test rows stayed sealed until the choice was stored, and this study opened them once."
    )
    assert section is not None
    assert warnings(section) == []


def test_a_second_look_is_told_with_its_reason_and_warned_of(tmp_path: Path) -> None:
    study, data = small_study(replicates=1), numbers
    carried_out(study, data("binary"), tmp_path)
    *_, stored = carry_out(study, data("binary"), tmp_path, again="the first was misread")
    section = of_test.test(reported(stored.study))  # type: ignore[union-attr]
    assert section is not None
    (said,) = warnings(section)
    assert said.startswith(
        "The 200 test rows were opened 2 times by this study, the last time for this reason: "
    )
    assert '"the first was misread"' in said


def test_looks_of_other_studies_are_told_with_their_names(tmp_path: Path) -> None:
    for name in ("first", "second"):
        stored = carried_out(small_study(name, replicates=1), numbers("binary"), tmp_path)
    section = of_test.test(reported(stored))
    assert section is not None
    (said,) = warnings(section)
    assert said.startswith(
        "Other studies of this store had opened the test rows of handmade once before (first):"
    )
    assert figures(section)["looks_of_others"] == 1


def test_a_look_that_was_resumed_and_many_before_it_are_told(multiclass: Reported) -> None:
    earlier = [
        {"when": "2026-01-01T00:00:00+00:00", "study": study, "name": name, "reason": None}
        for study, name in (("0123456789ab", "other"), (multiclass.study.id, "small"))
    ]
    looks = {"data": "x", "number": 9, "of_study": 2, "resumed": True, "reason": None, "earlier": earlier}
    section = with_result(multiclass, looks=looks)
    said = sentences(section)
    assert "opened 2 times by this study. Each look" in said[0]
    assert "7 times before (among them other):" in said[1]
    assert "it is counted once" in said[2]


def test_a_leak_is_told_first_and_beside_every_figure(tmp_path: Path) -> None:
    study = small_study(validation=TestRows(), final=Final())
    section = of_test.test(reported(carried_out(study, numbers("binary"), tmp_path)))
    assert section is not None
    assert sentences(section)[0].startswith("LEAKED: the 200 test rows validated")
    for table in tables(section)[:2]:
        assert all(row[1].endswith("LEAKED") for row in table.rows)
    for drawing in drawings(section).values():
        assert "(leaked)" in str(drawing.chart.to_dict()["title"])
    assert not any("sealed" in said or "More was learned" in said for said in sentences(section))


def test_whether_anything_was_learned_is_told(multiclass: Reported) -> None:
    said = "Nothing was learned that can be told from guessing: the 95% interval of ROC AUC"
    assert any(text.startswith(said) for text in warnings(with_result(multiclass, learned=False)))
    learned = with_result(multiclass, learned=True)
    assert any(text.startswith("More was learned than guessing") for text in sentences(learned))


def test_a_threshold_is_told(tmp_path: Path) -> None:
    study = small_study(validation=HoldOut(size=80), replicates=1, final=Final(threshold="f1"))
    stored = carried_out(study, numbers("binary"), tmp_path)
    section = of_test.test(reported(stored))
    assert stored.result is not None
    decided = stored.result["threshold"]
    said = f'The answer is "yes" above a probability of {decided["value"]:.4f}, chosen for the best F1'
    assert any(text.startswith(said) for text in sentences(section))


@pytest.mark.parametrize(
    "task",
    [
        "multiclass",
        "regression",
        *(pytest.param(task, marks=pytest.mark.slow) for task in ("binary", "multilabel", "unit_regression")),
    ],
)
def test_every_task_has_its_charts_and_a_result_of_an_earlier_version_has_none_of_them(
    tmp_path: Path, task: str
) -> None:
    found = reported(do(numbers(task), tmp_path, epochs=2).study)
    expected = {
        "multilabel": {"roc", "precision-recall", "calibration"},
        "binary": {"confusion", "roc", "precision-recall", "calibration"},
        "multiclass": {"confusion", "roc", "precision-recall", "calibration"},
    }.get(task, {"predictions"})
    assert set(drawings(of_test.test(found))) == expected
    assert set(drawings(with_result(found))) == expected & {"confusion"}


def test_a_study_without_a_test_says_so_and_one_that_is_not_done_says_nothing(tmp_path: Path) -> None:
    untested = reported(carried_out(small_study(final=None), numbers("binary"), tmp_path))
    (said,) = sentences(of_test.test(untested))
    assert said.startswith("Nothing was tested")
    assert of_test.test(reported(read_study(begin_study(tmp_path, small_study("begun"))))) is None
