"""Published figures beside ours: by hand where small, and the published documents whole where slow."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from justfit.data.sources import load_dataset
from justfit.errors import StoreError
from justfit.judge import verdict
from justfit.report import reproduction
from justfit.report.reproduction import FOLDER, published
from justfit.report.reproduction_page import to_html, to_markdown, write_reproduction
from justfit.spec import AllRows, Data, Final, HoldOut, Stage, Study
from justfit.spec.study_file import parse_studies
from justfit.store import StoredStudy
from justfit.workflow import Stored, carry_out

DOCUMENTS = ("workflow", "variants", "kfold", "lecture", "tanh")


def done(study: Study, store: Path) -> StoredStudy:
    *_, last = carry_out(study, load_dataset(study.data.name), store)
    assert isinstance(last, Stored)
    return last.study


@pytest.fixture(scope="session")
def studies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StoredStudy]:
    """A study that validates and one that does not, both small, of two seeds."""
    store = tmp_path_factory.mktemp("store")
    stage = Stage("widths", grid={"hidden": [[4], [8]]})
    first = Study("first", Data("wine"), (stage,), HoldOut(), {"epochs": 6}, replicates=2)
    second = Study(
        "second",
        Data("wine"),
        (Stage("only"),),
        AllRows(),
        {"l2": 0.1, "epochs": 3},
        2,
        final=Final(epochs="last"),
    )
    return {study.name: done(study, store) for study in (first, second)}


def compared(
    monkeypatch: pytest.MonkeyPatch, studies: dict[str, StoredStudy], document: dict[str, Any]
) -> reproduction.Reproduction:
    """A document with these entries beside the small studies."""
    content = {
        "tolerance": {"accuracy": 0.01, "loss": 0.03},
        "small": {"title": "small", "figures": [], **document},
    }
    monkeypatch.setattr(reproduction, "published", lambda: content)
    return reproduction.reproduction("small", studies)


def test_figures_of_runs_are_those_of_their_histories_one_a_replicate(
    monkeypatch: pytest.MonkeyPatch, studies: dict[str, StoredStudy]
) -> None:
    figures = [
        {"study": "first", "network": "4-3", "figure": figure, "published": 0.5}
        for figure in ("peak_val_accuracy", "last_val_accuracy", "last_val_loss", "min_val_loss")
    ]
    rows = compared(monkeypatch, studies, {"figures": figures}).figures
    runs = [run.history for run in studies["first"].runs("4-3")]
    expected = [
        [max(epoch.val_metric for epoch in run) for run in runs],
        [run[-1].val_metric for run in runs],
        [run[-1].val_loss for run in runs],
        [min(epoch.val_loss for epoch in run) for run in runs],
    ]
    for row, values in zip(rows, expected, strict=True):
        assert row.agreement.replicates == 2
        assert row.agreement.ours.value == pytest.approx(sum(values) / 2)


def test_figures_of_the_test_are_those_of_the_final_networks_losses_with_penalties(
    monkeypatch: pytest.MonkeyPatch, studies: dict[str, StoredStudy]
) -> None:
    figures = [
        {"study": "second", "figure": figure, "published": 0.5}
        for figure in ("test_loss", "test_accuracy", "last_accuracy")
    ]
    loss, accuracy, last = compared(monkeypatch, studies, {"figures": figures}).figures
    result = studies["second"].result
    assert result is not None
    means = result["test_replicates"]
    assert loss.agreement.ours.value == pytest.approx(means["loss_with_penalties"]["value"])
    assert means["loss_with_penalties"]["value"] > means["loss"]["value"]
    assert accuracy.agreement.ours.value == pytest.approx(means["accuracy"]["value"])
    finals = [run.history[-1].metric for run in studies["second"].final_runs]
    assert last.agreement.ours.value == pytest.approx(sum(finals) / 2)


def test_the_tolerance_is_that_of_the_kind_of_figure_unless_the_figure_has_its_own(
    monkeypatch: pytest.MonkeyPatch, studies: dict[str, StoredStudy]
) -> None:
    result = studies["first"].result
    assert result is not None
    accuracy = result["test_replicates"]["accuracy"]["value"]
    epoch = result["best_epoch"]
    figures = [
        {"study": "first", "figure": "test_accuracy", "published": accuracy + 0.0099},
        {"study": "first", "figure": "test_accuracy", "published": accuracy + 0.0101},
        {"study": "first", "figure": "best_epoch", "published": epoch + 5, "within": [epoch, epoch + 9]},
        {"study": "first", "figure": "best_epoch", "published": epoch + 5, "because": "one run"},
    ]
    rows = compared(monkeypatch, studies, {"figures": figures}).figures
    assert [row.agreement.within for row in rows] == [True, False, True, False]
    text = to_markdown([compared(monkeypatch, studies, {"figures": figures[3:]})])
    assert f"| {epoch + 5} | {epoch} |  | no | one run |" in text


def test_parameters_must_be_equal(monkeypatch: pytest.MonkeyPatch, studies: dict[str, StoredStudy]) -> None:
    parameters = {"first": {"4-3": 13 * 4 + 4 + 4 * 3 + 3, "8-3": 1, "16-3": 2}}
    rows = compared(monkeypatch, studies, {"parameters": parameters}).parameters
    assert [(row.widths, row.ours, row.agrees) for row in rows] == [
        ("4-3", 71, True),
        ("8-3", 139, False),
        ("16-3", None, False),
    ]


def test_a_figure_that_a_study_lacks_is_named(
    monkeypatch: pytest.MonkeyPatch, studies: dict[str, StoredStudy]
) -> None:
    with pytest.raises(StoreError, match='has no figure "test_r2"'):
        compared(monkeypatch, studies, {"figures": [{"study": "first", "figure": "test_r2", "published": 1}]})


def test_what_is_read_off_a_stage_is_the_verdict_on_each_of_its_networks(
    monkeypatch: pytest.MonkeyPatch, studies: dict[str, StoredStudy]
) -> None:
    readings = [{"study": "first", "stage": "widths", "published": "both overfit"}]
    (reading,) = compared(monkeypatch, studies, {"readings": readings}).readings
    found = {name: verdict([run.history for run in studies["first"].runs(name)]) for name in ("4-3", "8-3")}
    assert reading.ours == tuple(f"{name}: {each.sentence}" for name, each in found.items() if each)
    assert len(reading.ours) == 2


def test_texts_in_the_tables_are_text_and_never_markup(
    monkeypatch: pytest.MonkeyPatch, studies: dict[str, StoredStudy], tmp_path: Path
) -> None:
    evil = "<script>alert(1)</script> | *bold* [link](x)"
    readings = [{"study": "first", "stage": "widths", "published": evil}]
    found = compared(monkeypatch, studies, {"title": evil, "readings": readings})
    assert "<script" not in to_html([found])
    assert "&lt;script&gt;" in to_html([found])
    assert re.search(r"(?<!\\)[|<*\[]", to_markdown([found]).split("## ")[1].splitlines()[0]) is None
    markdown, page = write_reproduction([found], tmp_path / "there")
    assert markdown.read_text() == to_markdown([found])
    assert page.read_text() == to_html([found])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_published_figure_names_a_study_and_a_network_of_its_document(name: str) -> None:
    document = published()[name]
    studies = {study.name: study for study in parse_studies((FOLDER / f"{name}.yaml").read_text(), name)}
    for row in document["figures"]:
        study = studies[row["study"]]
        if network := row.get("network"):
            assert network in [settings.get("name") for stage in study.stages for settings in stage.networks]
    for row in document.get("readings", ()):
        assert row["stage"] in [stage.name for stage in studies[row["study"]].stages]


def test_the_files_that_are_installed_are_those_of_the_project() -> None:
    root = Path(__file__).parents[2] / "studies"
    assert {path.name for path in root.iterdir()} == {path.name for path in FOLDER.iterdir()}
    for path in root.iterdir():
        assert (FOLDER / path.name).read_text() == path.read_text()


@pytest.mark.slow
@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize("name", ["kfold", "lecture", "tanh"])
def test_published_documents_agree_in_most_figures(name: str, tmp_path: Path) -> None:
    studies = {}
    for study in parse_studies((FOLDER / f"{name}.yaml").read_text(), name):
        fewer = dataclasses.replace(study, replicates=min(study.replicates, 3))
        studies[study.name] = done(fewer, tmp_path)
    found = reproduction.reproduction(name, studies)
    assert all(row.agrees for row in found.parameters)
    disagreeing = [(row.study, row.figure) for row in found.figures if not row.agreement.agrees]
    assert len(disagreeing) <= len(found.figures) // 5, disagreeing
    if name == "kfold":
        assert next(row for row in found.figures if row.figure == "best_epoch").agreement.within
