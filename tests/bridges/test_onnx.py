import importlib
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from bridges.exported import NUMBERS, ROWS, model, texts
from scipy import sparse

from justfit.bridges import onnx as bridge
from justfit.bridges.onnx import write_onnx
from justfit.data.bag_preparation import BagPreparation
from justfit.data.preparation import fit_preparation
from justfit.data.raw import Texts
from justfit.errors import SpecError, StoreError
from justfit.spec import ACTIVATIONS, TASKS, Ngrams
from justfit.store import Model, predict


def answered(made: Model, path: Path, given: np.ndarray) -> np.ndarray:
    """What onnxruntime says of rows."""
    name = write_onnx(made, path)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [each.name for each in session.get_inputs()] == [name]
    (outputs,) = session.run(["outputs"], {name: given})
    return outputs


@pytest.mark.parametrize("task", TASKS)
def test_onnxruntime_gives_the_same_figures_for_numbers_as_they_are_in_the_data(
    tmp_path: Path, task: str
) -> None:
    made = model(task)
    outputs = answered(made, tmp_path / "model.onnx", ROWS)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, predict(made, ROWS).outputs, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_the_same(tmp_path: Path, activation: str) -> None:
    made = model("regression", activation=activation)
    outputs = answered(made, tmp_path / "model.onnx", ROWS)
    np.testing.assert_allclose(outputs, predict(made, ROWS).outputs, rtol=2e-6)


TEXTS = ["word1 word2 word2 word9", "", "word35 unheard word0", " ".join(["word5"] * 7)]


IDS = [[1, 5, 6, 6, 13], [1], [1, 39, 2, 4], [1, 9, 9, 9, 9, 9, 9, 9]]


@pytest.mark.parametrize("skip_top", [0, 7])
@pytest.mark.parametrize("kind", ["multi_hot", "counts", "average"])
def test_onnxruntime_takes_word_ids(tmp_path: Path, kind: str, skip_top: int) -> None:
    made = model("binary", texts(kind, skip_top), embedding=3 if kind == "average" else None)
    length = 9 if kind == "average" else 12
    given = np.array([[0] * (length - len(row)) + row for row in IDS], np.int64)
    expected = predict(made, Texts(TEXTS)).outputs
    outputs = answered(made, tmp_path / "model.onnx", given)
    np.testing.assert_allclose(outputs, expected, rtol=2e-6, atol=1e-6)
    # Padding behind the words, and ids that are no words, change nothing.
    given = np.array([row + [0] * (length - len(row)) for row in IDS], np.int64)
    given[given == 2] = 1_000
    outputs = answered(made, tmp_path / "model.onnx", given)
    np.testing.assert_allclose(outputs, expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("weights", ["multi_hot", "tf_idf"])
def test_onnxruntime_takes_rows_as_prepared_where_preparing_is_no_few_operations(
    tmp_path: Path, weights: str
) -> None:
    preparation = fit_preparation(Ngrams("word", longest=2, min_rows=1, weights=weights), Texts(TEXTS))
    made = model("multiclass", preparation)
    rows = preparation.rows(Texts(TEXTS)).to_csr().toarray()
    outputs = answered(made, tmp_path / "model.onnx", rows)
    np.testing.assert_allclose(outputs, predict(made, Texts(TEXTS)).outputs, rtol=2e-6, atol=1e-6)


def test_onnxruntime_takes_sparse_rows_as_dense_ones(tmp_path: Path) -> None:
    rows = np.array([[0, 1.5, 0, 0], [2, 0, 0, -1]], np.float32)
    made = model("multiclass", BagPreparation(4))
    outputs = answered(made, tmp_path / "model.onnx", rows)
    expected = predict(made, sparse.csr_array(rows)).outputs
    np.testing.assert_allclose(outputs, expected, rtol=2e-6, atol=1e-6)


def test_a_model_without_hidden_layers_is_written_too(tmp_path: Path) -> None:
    made = model("multiclass", hidden=())
    outputs = answered(made, tmp_path / "model.onnx", ROWS[:1])
    np.testing.assert_allclose(outputs, predict(made, ROWS[:1]).outputs, rtol=2e-6)


def test_the_file_says_what_its_outputs_mean_and_is_always_the_same(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    write_onnx(model("multiclass"), path)
    told = {each.key: each.value for each in onnx.load(path).metadata_props}
    assert told == {
        "data": "handmade",
        "task": "multiclass",
        "threshold": "0.5",
        "classes": '["a", "b", "c"]',
    }
    before = path.read_bytes()
    write_onnx(model("multiclass"), path)
    assert path.read_bytes() == before


def test_a_model_too_large_for_the_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "_LARGEST", 100)
    with pytest.raises(SpecError, match="holds at most 2 GB"):
        write_onnx(model(), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere is missing"):
        write_onnx(model(preparation=NUMBERS), tmp_path / "nowhere" / "model.onnx")


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(SpecError, match=r"pip install 'justfit\[onnx\]'"):
        importlib.reload(bridge)
