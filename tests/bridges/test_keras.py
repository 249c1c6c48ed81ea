import importlib
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from bridges.exported import ROWS, model, texts

from justfit.bridges import keras as bridge
from justfit.bridges.keras import write_keras
from justfit.data.raw import Texts
from justfit.errors import SpecError, StoreError
from justfit.spec import ACTIVATIONS, TASKS
from justfit.store import Model, predict

pytestmark = pytest.mark.filterwarnings(
    # Of Keras under NumPy 2.
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


def answered(made: Model, path: Path, given: np.ndarray) -> np.ndarray:
    """What Keras says of rows."""
    name = write_keras(made, path)
    opened = keras.models.load_model(path)
    assert opened.inputs[0].name == name
    outputs: np.ndarray = opened.predict(given, verbose=0)
    return outputs


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_keras_gives_the_same_figures_for_numbers_as_they_are_in_the_data(tmp_path: Path, task: str) -> None:
    made = model(task)
    outputs = answered(made, tmp_path / "model.keras", ROWS)
    np.testing.assert_allclose(outputs, predict(made, ROWS).outputs, rtol=2e-6, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_the_same(tmp_path: Path, activation: str) -> None:
    made = model("regression", activation=activation)
    outputs = answered(made, tmp_path / "model.keras", ROWS)
    np.testing.assert_allclose(outputs, predict(made, ROWS).outputs, rtol=2e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["multi_hot", "average"])
def test_keras_takes_texts_as_prepared_rows(tmp_path: Path, kind: str) -> None:
    made = model("binary", texts(kind), embedding=3 if kind == "average" else None)
    given = Texts(["word1 word2 word2 word9", "", "word35 unheard word0"])
    rows = made.preparation.rows(given).to_csr().toarray()
    outputs = answered(made, tmp_path / "model.keras", rows)
    np.testing.assert_allclose(outputs, predict(made, given).outputs, rtol=2e-6, atol=1e-6)


def test_a_model_without_hidden_layers_is_written_too(tmp_path: Path) -> None:
    made = model("multiclass", hidden=())
    outputs = answered(made, tmp_path / "model.keras", ROWS)
    np.testing.assert_allclose(outputs, predict(made, ROWS).outputs, rtol=2e-6)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere is missing"):
        write_keras(model(), tmp_path / "nowhere" / "model.keras")


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(SpecError, match=r"pip install 'justfit\[keras\]'"):
        importlib.reload(bridge)
