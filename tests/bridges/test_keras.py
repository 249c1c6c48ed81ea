import importlib
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from bridges.exported import ROWS, model, texts
from sklearn.datasets import load_wine

import justfit
from justfit.bridges import keras as bridge
from justfit.bridges.keras import to_keras, write_keras
from justfit.bridges.keras_compiled import read_recipe
from justfit.bridges.keras_layers import read_layers
from justfit.data.raw import Texts
from justfit.errors import SpecError, StoreError
from justfit.spec import (
    ACTIVATIONS,
    TASKS,
    Adam,
    Constant,
    CosineDecay,
    KFold,
    Network,
    Recipe,
    Sgd,
    StepDecay,
)
from justfit.store import Model, StoredStudy, pack_model, predict, read_model

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


def outputs(made: keras.Sequential, rows: np.ndarray) -> np.ndarray:
    """What a Keras model says of rows, without the compiling of its ``predict``."""
    return np.asarray(made(rows.astype(np.float32)))


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_a_keras_model_gives_the_same_outputs_and_is_compiled_for_its_task(task: str) -> None:
    made = to_keras(model(task))
    np.testing.assert_allclose(outputs(made, ROWS), predict(model(task), ROWS).outputs, rtol=2e-6, atol=1e-6)
    expected = {"multiclass": "sparse_categorical_crossentropy"}.get(task, TASKS[task].loss())
    assert made.loss == expected
    assert type(made.optimizer) is keras.optimizers.RMSprop


def test_a_keras_model_has_what_regularizes_the_network() -> None:
    network = Network(
        (7, 5),
        dropout=(0.5, 0),
        l1=0.01,
        l2=(0, 0.02),
        activity_l1=0.03,
        activity_l2=(0.04, 0),
        max_norm=(0, 2),
        input_dropout=0.1,
    )
    plain = model("binary", texts("multi_hot"))
    made = to_keras(Model(**{**vars(plain), "network": network}))
    stack = read_layers(made)
    assert stack.layers == network.layers(TASKS["binary"], 1)
    assert stack.input_dropout == 0.1


@pytest.mark.slow
def test_a_keras_model_of_texts_takes_prepared_rows() -> None:
    made = model("binary", texts("average"), embedding=3)
    given = Texts(["word1 word2 word2 word9", "", "word35 unheard word0"])
    rows = made.preparation.rows(given).to_csr().toarray()
    np.testing.assert_allclose(
        outputs(to_keras(made), rows), predict(made, given).outputs, rtol=2e-6, atol=1e-6
    )


def trained(store: Path, recipe: Recipe) -> StoredStudy:
    """A study of one network on the embedded wine."""
    return justfit.run("wine", Network((8,), "tanh", dropout=0.25), recipe, store=store)


@pytest.mark.slow
def test_a_study_is_compiled_as_it_was_trained(tmp_path: Path) -> None:
    recipe = Recipe(
        Adam(0.5, 0.75), batch_size=16, epochs=3, clip_norm=0.5, schedule=CosineDecay(2, 0.5, warmup=1)
    )
    study = trained(tmp_path, recipe)
    assert study.result is not None
    for source in (study, study.folder, str(study.folder)):
        made = to_keras(source)
        assert read_recipe(made.optimizer, 16, 3, -(-study.result["final_rows"] // 16)) == recipe
        assert [layer.dropout for layer in read_layers(made).layers] == [0.25, 0]
    pack_model(study.folder, tmp_path / "wine.justfit")
    for source in (tmp_path / "wine.justfit", read_model(study.folder)):
        made = to_keras(source)
        assert type(made.optimizer) is keras.optimizers.RMSprop
        np.testing.assert_array_equal(
            np.asarray(made.layers[-1].bias.value), read_model(study.folder).biases[-1]
        )


@pytest.mark.slow  # Keras compiles
def test_keras_trains_it_further_and_so_does_justfit(tmp_path: Path) -> None:
    study = trained(tmp_path, Recipe(Adam(0.01), batch_size=16, epochs=3, schedule=StepDecay(2, 0.5)))
    rows, labels = load_wine(return_X_y=True)
    theirs, ours = to_keras(study), to_keras(study)
    for history in (
        theirs.fit(rows, labels, epochs=5, verbose=0),
        justfit.from_keras(ours).fit(rows, labels, epochs=5, verbose=0),
    ):
        assert history.history["loss"][-1] < history.history["loss"][0]
        assert history.history["accuracy"][-1] > 0.9


def test_what_keras_has_no_schedule_for_is_told(tmp_path: Path) -> None:
    for number, schedule in enumerate((Constant(warmup=1), StepDecay(2, 0.5, warmup=1))):
        study = trained(tmp_path / str(number), Recipe(Sgd(0.1), epochs=1, schedule=schedule))
        with pytest.raises(SpecError, match=f"The schedule {schedule.name} warms up over 1 epochs"):
            to_keras(study)


def test_what_has_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        to_keras(tmp_path / "nowhere")
    widths = justfit.Stage("widths", grid={"hidden": [[2]]})
    spec = justfit.Study("widths", justfit.Data("wine"), (widths,), KFold(3), final=None)
    with pytest.raises(StoreError, match="has no model"):
        to_keras(justfit.run(spec, store=tmp_path))


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(SpecError, match=r"pip install 'justfit\[keras\]'"):
        importlib.reload(bridge)
