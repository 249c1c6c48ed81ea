"""What a notebook shows, by IPython itself; in the slow tests by a real kernel, as Jupyter runs it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output
from nbclient import NotebookClient

import justfit
from justfit.bridges import notebook
from justfit.bridges.notebook_progress import progress
from justfit.bridges.notebook_shown import bundles
from justfit.errors import StoreError
from justfit.store import StoredStudy, begin_study, read_study
from justfit.store.paths import run_path
from justfit.watching import watch_with

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StoredStudy:
    """Three networks, one of a hostile name, two runs each."""
    networks = [{"hidden": [2]}, {"hidden": [16]}, {"hidden": [16], "dropout": 0.5, "name": HOSTILE}]
    asked = justfit.Study(
        "shown",
        justfit.Data("wine"),
        (justfit.Stage("networks", networks=networks),),
        defaults={"epochs": 4},
        replicates=2,
    )
    return justfit.run(asked, store=tmp_path_factory.mktemp("shown"))


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def shown(kind: str, value: object) -> tuple[str, list[dict[str, Any]]]:
    """The HTML that an object displays, and the bundles of its charts."""
    first, *charts = bundles(kind, value)
    assert first["text/plain"] == repr(value)
    return first["text/html"], charts


def spec_in(chart: dict[str, Any]) -> dict[str, Any]:
    (spec,) = (value for kind, value in chart.items() if kind.startswith("application/vnd.vegalite."))
    assert chart["image/svg+xml"].startswith("<svg")
    return dict(spec)


def test_a_study_shows_its_data_its_test_its_networks_and_their_curves(study: StoredStudy) -> None:
    html, (chart,) = shown("stored_study", study)
    assert study.result is not None
    for told in ("wine: which of 3 classes a row has", "Validation: hold-out, stratified", "2 seeds each"):
        assert told in html
    accuracy = study.result["test"]["accuracy"]
    assert f"{100 * accuracy['value']:.1f}% (95% interval {100 * accuracy['low']:.1f}% to " in html
    assert "How 3 networks stand" in html
    assert "chosen</td>" in html
    assert "LEAKED" not in html
    assert {"2-3", "16-3"} <= set(json.dumps(spec_in(chart)).split('"'))


@pytest.mark.slow
def test_texts_from_data_stay_texts_in_html_charts_and_progress(study: StoredStudy) -> None:
    html, (chart,) = shown("stored_study", study)
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    for text in (html, chart["image/svg+xml"]):
        assert "<img" not in text
    compared, _ = shown("compared_networks", justfit.compare(study))
    assert "&lt;img" in compared
    assert "<img" not in compared


@pytest.mark.slow
def test_every_figure_of_a_leaked_study_is_marked(tmp_path: Path) -> None:
    recipe = justfit.Recipe(epochs=2)
    leaked = justfit.run("wine", recipe=recipe, protocol=justfit.TestRows(), store=tmp_path)
    for kind, value in (("stored_study", leaked), ("run", leaked.runs("16-16-3")[0])):
        html, (chart,) = shown(kind, value)
        assert html.count("LEAKED") >= 4
        assert "leaked" in json.dumps(spec_in(chart)["title"])
    assert "LEAKED" in repr(leaked)


@pytest.mark.slow
def test_a_run_shows_its_epochs_and_four_curves(study: StoredStudy) -> None:
    run = study.runs("16-3")[0]
    html, (chart,) = shown("run", run)
    assert "hidden widths 16, rmsprop, batches of" in html
    assert "lowest validation loss" in html
    panels = spec_in(chart)["hconcat"]
    drawn = [{row.get("name") for row in rows} for rows in spec_in(chart)["datasets"].values()]
    assert len(panels) == 2
    assert sum("validation" in names for names in drawn) >= 2
    assert sum("training" in names for names in drawn) >= 2


def test_a_study_to_be_carried_out_shows_its_stages_and_how_many_networks_they_have() -> None:
    stages = (
        justfit.Stage("widths", grid={"hidden": [[4], [8], [16]]}),
        justfit.Stage("rates", base=justfit.From("widths", winner=True), grid={"learning_rate": [0.1, 0.01]}),
        justfit.Stage("all", base=justfit.From("widths"), grid={"dropout": [0, 0.5]}),
    )
    html, charts = shown("study", justfit.Study("asked", justfit.Data("wine"), stages, justfit.KFold(4)))
    assert not charts
    assert "3 stages, 11 networks" in html
    for told in ("the winner of widths", "each network of widths", "learning rate", "4 folds, stratified"):
        assert told in html


def test_a_model_shows_what_it_tells_and_its_layers(study: StoredStudy) -> None:
    model = justfit.load(study.folder)
    html, charts = shown("model", model)
    assert not charts
    assert "Classes: class_0, class_1, class_2." in html
    parameters = sum(kernel.size for kernel in model.kernels) + sum(
        b.size for b in model.biases if b is not None
    )
    assert f"Layers: {parameters:,} trained parameters" in html


@pytest.mark.slow
def test_comparisons_show_differences_with_intervals_and_verdicts(study: StoredStudy, tmp_path: Path) -> None:
    html, (chart,) = shown("compared_networks", justfit.compare(study, by="val_metric"))
    assert "3 networks, the best first by validation accuracy" in html
    assert "The study itself chooses by val_data_loss." in html
    assert spec_in(chart)
    one, two = (
        justfit.run("wine", justfit.Network((units,)), justfit.Recipe(epochs=2), store=tmp_path)
        for units in (2, 32)
    )
    html, charts = shown("compared_choices", justfit.compare(one, two))
    assert not charts
    assert html.count("<tr") == 3
    assert "accuracy</td>" in html


def test_a_study_that_has_only_begun_says_so(tmp_path: Path) -> None:
    asked = justfit.Study("begun", justfit.Data("wine"), (justfit.Stage("only"),))
    html, charts = shown("stored_study", read_study(begin_study(tmp_path, asked)))
    assert "begun is not done yet: so far 0 runs of 0 networks are trained." in html
    assert not charts


def test_files_that_cannot_be_read_are_a_sentence(tmp_path: Path) -> None:
    broken = justfit.run("wine", recipe=justfit.Recipe(epochs=2), store=tmp_path)
    run_path(tmp_path, broken.runs("16-16-3")[0].id).write_text("{")
    (only,) = bundles("stored_study", broken)
    assert only["text/plain"].startswith(f"{broken!r}\n")
    assert ".json" in only["text/plain"]


def displayed(outputs: list[RichOutput]) -> dict[str, list[str]]:
    """The texts that each display showed one after the other, by its id."""
    found: dict[str, list[str]] = {}
    for output in outputs:
        found.setdefault(output.transient["display_id"], []).append(output.data["text/plain"])
    return found


def test_progress_is_one_display_that_ends_in_a_line(shell: InteractiveShell, tmp_path: Path) -> None:
    assert shell is not None
    now = iter(range(10_000))
    watch_with(lambda: progress(lambda: float(next(now))))  # so that no update is left out
    stage = justfit.Stage("networks", networks=[{"hidden": [4]}, {"hidden": [8], "name": HOSTILE}])
    asked = justfit.Study("watched", justfit.Data("wine"), (stage,), defaults={"epochs": 3})
    try:
        with capture_output() as captured:
            justfit.run(asked, store=tmp_path)
        with capture_output() as again:
            justfit.run(asked, store=tmp_path)
    finally:
        watch_with(None)
    assert (captured.stdout, captured.stderr) == ("", "")
    (told,) = displayed(captured.outputs).values()
    assert told[0].startswith("watched, stage networks: 0 of 2 networks, 0 of 2 runs")
    assert any("2 of 2 networks" in each for each in told)
    assert any("Lowest validation loss of a run so far: 1." in each for each in told)
    assert told[-1].startswith("watched is carried out: 3 runs trained in ")
    assert told[-1].endswith("was chosen.")
    assert all("<img" not in output.data["text/html"] for output in captured.outputs)
    assert not again.outputs, "what is stored already is not trained, and nothing is told of it"


def test_progress_of_a_study_that_is_stopped_says_so(shell: InteractiveShell, tmp_path: Path) -> None:
    assert shell is not None
    watch_with(progress)
    recipe = justfit.Recipe(optimizer=justfit.Sgd(learning_rate=1e30), epochs=2)
    try:
        with capture_output() as captured, pytest.raises(justfit.JustfitError, match="diverged"):
            justfit.run("wine", recipe=recipe, store=tmp_path)
    finally:
        watch_with(None)
    (told,) = displayed(captured.outputs).values()
    assert told[-1].startswith("wine was stopped after ")
    assert "diverged in epoch 1." in told[-1]


def test_a_shell_without_a_kernel_is_left_as_it_is(shell: InteractiveShell) -> None:
    assert notebook.register() is False
    formatter = shell.display_formatter.ipython_display_formatter
    assert not formatter.deferred_printers
    assert not hasattr(StoreError, "_render_traceback_")


CELLS = """
import sys, warnings
warnings.simplefilter("error")
import justfit
print(*sorted({"altair", "numpy", "justfit.workflow"} & set(sys.modules)))
===
stage = justfit.Stage("widths", {"epochs": 3}, {"hidden": [[4], [8]]})
study = justfit.run(justfit.Study("small", justfit.Data("wine"), (stage,)), store="store")
===
study
===
study.table().to_pandas()
===
def asked():
    return justfit.run("wien")

asked()
"""


@pytest.mark.slow
def test_in_a_real_kernel_objects_progress_and_errors_are_shown_from_the_import_on(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in CELLS.split("===")]
    book = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(
        book,
        timeout=120,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    nbformat.validate(book)
    imported, trained, shown_study, frame, failed = (cell.outputs for cell in book.cells)
    assert [output.text for output in imported] == ["\n"], "nothing heavy is loaded, nothing warns"
    assert len(trained) == 1, "progress is updated in place"
    assert trained[0].data["text/plain"].startswith("small is carried out: 3 runs trained in ")
    assert [output.output_type for output in shown_study] == ["display_data", "display_data"]
    assert "How 2 networks stand" in shown_study[0].data["text/html"]
    assert "image/svg+xml" in shown_study[1].data
    assert frame[0].output_type == "execute_result"
    (error,) = failed
    assert error.ename == "DataError"
    lines = "\n".join(error.traceback)
    assert "Cell In[5], line 4" in lines
    assert "asked()\n" in lines
    assert 'return justfit.run("wien")' in lines
    assert 'Did you mean "wine"?' in lines
    assert "sources" not in lines.partition("DataError")[0], "nothing of what happened inside justfit"
