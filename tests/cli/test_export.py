import sys
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pytest
from cli.ended import Command

from justfit.data.sources import load_dataset
from justfit.store import load, predict


@pytest.fixture
def wine(store: Path) -> Path:
    return min(store.glob("wine-*"))


VALUES = load_dataset("wine").train.raw.values[:7]


def test_a_model_becomes_one_file_to_hand_on(command: Command, wine: Path, tmp_path: Path) -> None:
    ended = command("export", wine, "--out", "my model.justfit")
    assert (ended.code, ended.out, ended.err) == (0, "written to my model.justfit\n", "")
    found = load(tmp_path / "my model.justfit")
    np.testing.assert_array_equal(found.predict(VALUES).outputs, load(wine).predict(VALUES).outputs)


def test_a_model_becomes_a_file_for_onnxruntime(command: Command, wine: Path, tmp_path: Path) -> None:
    ended = command("export", wine, "--to", "onnx", "--out", "wine.onnx")
    assert ended.out == "written to wine.onnx; its input: numbers\n"
    session = onnxruntime.InferenceSession(tmp_path / "wine.onnx", providers=["CPUExecutionProvider"])
    (outputs,) = session.run(None, {"numbers": VALUES.astype(np.float64)})
    np.testing.assert_allclose(outputs, predict(load(wine), VALUES).outputs, rtol=2e-6, atol=1e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras under NumPy 2
def test_a_model_becomes_a_file_for_keras(command: Command, wine: Path, tmp_path: Path) -> None:
    command("export", wine, "--out", "wine.justfit")
    ended = command("export", "wine.justfit", "--out", "wine.keras")
    assert ended.out == "written to wine.keras; its input: numbers\n"
    outputs = keras.models.load_model(tmp_path / "wine.keras").predict(VALUES, verbose=0)
    np.testing.assert_allclose(outputs, predict(load(wine), VALUES).outputs, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "wine.pt"), 'to "pt" is not known'),
        (("--out", "wine"), 'to "" is not known'),
        (("--to", "keras", "--out", "wine.onnx"), '"wine.onnx" should end in .keras'),
        (("--to", "kears", "--out", "wine.keras"), "Did you mean"),
    ],
)
def test_another_format_is_refused(
    command: Command, wine: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert message in command("export", wine, *arguments).error


def test_a_package_that_is_missing_is_told_with_how_to_get_it(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "justfit.bridges.onnx", raising=False)
    error = command("export", "nothing", "--out", "model.onnx").error
    assert error == "ONNX files need its package: pip install 'justfit[onnx]'."
