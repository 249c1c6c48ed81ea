"""Every kind of labels, each with rows of its own and a study that learns them, as installed."""

from pathlib import Path

import pytest

from justfit.data.load import load
from justfit.spec import Study
from justfit.spec.study_file import read_studies
from justfit.workflow import Stored, carry_out

STUDIES = read_studies(Path(__file__).parents[2] / "studies" / "tasks.yaml")


def test_each_task_has_a_study() -> None:
    tasks = {load(study.data).task.name for study in STUDIES}
    assert tasks == {"binary", "multiclass", "multilabel", "regression", "unit_regression"}


@pytest.mark.parametrize(
    "study",
    [*STUDIES[:2], *(pytest.param(study, marks=pytest.mark.slow) for study in STUDIES[2:])],
    ids=lambda study: study.name,
)
def test_the_study_of_a_task_learns_it(study: Study, tmp_path: Path) -> None:
    *_, last = carry_out(study, load(study.data), tmp_path)
    assert isinstance(last, Stored)
    result = last.study.result
    assert result is not None
    assert result["task"] == load(study.data).task.name
    assert result["learned"]
    better = {"accuracy": 1, "mae": -1}
    ((figure, sign),) = [(name, sign) for name, sign in better.items() if name in result["test"]]
    guessed = result["test_baseline"]["figures"][figure]["value"]
    assert sign * result["test"][figure]["value"] > sign * guessed * 1.2 ** (-sign if sign < 0 else 1)
