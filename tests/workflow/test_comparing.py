from pathlib import Path

import pandas as pd
import pytest

import justfit
from justfit.errors import SpecError
from justfit.store import StoredStudy
from justfit.workflow import ComparedChoices


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> tuple[StoredStudy, StoredStudy]:
    store = tmp_path_factory.mktemp("store")
    one, two = (
        justfit.run("breast_cancer", justfit.Network((units,)), justfit.Recipe(epochs=epochs), store=store)
        for units, epochs in ((1, 1), (16, 4))
    )
    return one, two


def test_a_study_is_compared_by_itself_or_by_what_finds_it(
    studies: tuple[StoredStudy, StoredStudy],
) -> None:
    one, _ = studies
    by_itself = justfit.compare(one).table()
    assert justfit.compare(one.id, store=one.folder.parent).table() == by_itself
    assert justfit.compare(one.folder).table() == by_itself


def test_what_two_studies_chose_is_compared_row_by_row(studies: tuple[StoredStudy, StoredStudy]) -> None:
    one, two = studies
    looks = (one.folder.parent / "looks.jsonl").read_bytes()
    found = justfit.compare(one, two)
    assert isinstance(found, ComparedChoices)
    frame = pd.DataFrame.from_arrow(found.table()).set_index("figure")
    assert list(frame.index) == ["accuracy", "loss"]
    apart = frame["value"] - frame["first_value"]
    assert frame["difference"].tolist() == pytest.approx(apart.tolist())
    assert (frame["difference_low"] < frame["difference"]).all()
    assert frame["verdict"].tolist() == ["better", "better"]
    name = "breast_cancer"
    assert repr(found) == f'<"1-1" of {name} compared with "16-1" of {name} on validation rows of {name}>'
    assert (one.folder.parent / "looks.jsonl").read_bytes() == looks, "no test row is opened"


def test_a_ranking_of_one_study_is_not_asked_of_several(studies: tuple[StoredStudy, StoredStudy]) -> None:
    with pytest.raises(SpecError, match="by and stage rank the networks of one study"):
        justfit.compare(*studies, by="val_loss")


def test_a_study_is_not_compared_with_itself_nor_with_one_of_other_rows(
    studies: tuple[StoredStudy, StoredStudy], tmp_path: Path
) -> None:
    one, _ = studies
    with pytest.raises(SpecError, match="named twice"):
        justfit.compare(one, one)
    other = justfit.run("wine", recipe=justfit.Recipe(epochs=1), store=tmp_path)
    with pytest.raises(SpecError, match="on other training rows than the first study"):
        justfit.compare(one, other)
