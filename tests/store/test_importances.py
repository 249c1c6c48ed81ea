import json
from pathlib import Path

import pytest
from store.handmade import rewrite

from justfit.errors import StoreError
from justfit.store import StudyPaths
from justfit.store.importances import Importances, read_importances, write_importances

FOUND = Importances("PED-ANOVA", 40, {"learning_rate": 0.75, "dropout": 0.25})


def test_importances_are_read_as_they_were_written_and_written_once(tmp_path: Path) -> None:
    assert read_importances(tmp_path) is None
    write_importances(tmp_path, FOUND)
    assert read_importances(tmp_path) == FOUND
    before = StudyPaths(tmp_path).importances.stat()
    write_importances(tmp_path, FOUND)
    assert StudyPaths(tmp_path).importances.stat() == before


@pytest.mark.parametrize(
    "change",
    [{"shares": {"dropout": 2}}, {"shares": ["dropout"]}, {"trials": "40"}, {"evaluator": ""}, {"more": 1}],
    ids=str,
)
def test_a_changed_file_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    write_importances(tmp_path, FOUND)
    path = StudyPaths(tmp_path).importances
    rewrite(path, {**json.loads(path.read_text()), **change})
    with pytest.raises(StoreError, match=r"importances\.json is not importances"):
        read_importances(tmp_path)
