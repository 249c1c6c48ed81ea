import datetime
import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import justfit
from justfit.bridges.mlflow_model import write_mlflow_model
from justfit.errors import DataError
from justfit.spec import Network, Recipe
from justfit.store import Model, StoredStudy

with warnings.catch_warnings():
    # MLflow's, of a type hint of its own.
    warnings.filterwarnings("ignore", r".*Any type hint", UserWarning)
    from mlflow.pyfunc import PyFuncModel, load_model

TEXTS = [f"{'good' if number % 2 else 'bad'} film number {number} <b>of it</b>" for number in range(60)]


def run(rows: object, target: str, folder: Path, **files: object) -> StoredStudy:
    path = folder / "rows.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    data = justfit.Data(path.stem, files={"train": str(path), "target": target, **files})  # type: ignore[arg-type]
    return justfit.run(data, Network((4,)), Recipe(epochs=2, batch_size=16), store=folder / "runs")


def loaded(study: StoredStudy, folder: Path) -> PyFuncModel:
    write_mlflow_model(study.folder, folder)
    return load_model(str(folder))


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> StoredStudy:
    return justfit.run("wine", Network((4,)), Recipe(epochs=2), store=tmp_path_factory.mktemp("runs"))


def assert_same(answered: pd.DataFrame, model: Model, rows: object) -> None:
    """Class and probabilities, or the value, are those of `justfit.load(...).predict`, bit for bit."""
    expected = model.predict(rows).named()
    assert list(answered.columns) == list(expected)
    for name, column in expected.items():
        np.testing.assert_array_equal(answered[name].to_numpy(), np.asarray(column))


def test_a_frame_is_answered_as_justfit_answers_it(wine: StoredStudy, tmp_path: Path) -> None:
    raw = justfit.load_dataset("wine").train.raw
    rows = pd.DataFrame(raw.values[:9], columns=list(raw.columns))
    model = loaded(wine, tmp_path / "model")
    assert_same(model.predict(rows), justfit.load(wine.folder), rows)
    assert_same(model.predict(rows.to_dict("records")), justfit.load(wine.folder), rows)
    assert model.metadata.signature.inputs.input_names() == list(raw.columns)
    assert model.metadata.signature.outputs.input_names() == list(model.predict(rows).columns)
    whole = rows.astype({"proline": "int64"})
    assert_same(model.predict(whole), justfit.load(wine.folder), whole)


def test_the_folder_has_no_pickle_and_asks_for_justfit(wine: StoredStudy, tmp_path: Path) -> None:
    write_mlflow_model(wine.folder, tmp_path / "model")
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert names == {"MLmodel", "model.justfit", "input_example.json", "python_env.yaml", "requirements.txt"}
    assert (tmp_path / "model" / "requirements.txt").read_text().startswith("justfit[mlflow]>=")
    assert not any(b"\x80\x04" in path.read_bytes()[:2] for path in (tmp_path / "model").iterdir())


def test_the_same_model_is_written_from_its_file(wine: StoredStudy, tmp_path: Path) -> None:
    write_mlflow_model(wine.folder, tmp_path / "one")
    write_mlflow_model(tmp_path / "one" / "model.justfit", tmp_path / "two")
    first, second = ((tmp_path / name / "model.justfit").read_bytes() for name in ("one", "two"))
    assert first == second


def test_a_list_of_texts_is_answered_and_so_is_a_frame_of_them(tmp_path: Path) -> None:
    study = run({"review": TEXTS, "opinion": [text[:4] for text in TEXTS]}, "opinion", tmp_path)
    model = loaded(study, tmp_path / "model")
    own = justfit.load(study.folder)
    assert_same(model.predict(pd.DataFrame({"review": TEXTS[:5]})), own, TEXTS[:5])
    assert_same(model.predict([{"review": text} for text in TEXTS[:5]]), own, TEXTS[:5])
    assert_same(model.predict(TEXTS[:5]), own, TEXTS[:5])
    with pytest.raises(DataError, match="review"):
        model.predict(pd.DataFrame({"other": TEXTS[:5]}))


def test_a_table_of_all_kinds_is_answered_with_its_gaps(tmp_path: Path) -> None:
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(number) for number in range(60)]
    rows = {
        "size": [None if number % 7 == 0 else number / 8 for number in range(60)],
        "rooms": [number % 5 for number in range(60)],
        "town": ["A/b" if number % 2 else "Ö" for number in range(60)],
        "sold": [day.isoformat() for day in days],
        "note": TEXTS,
        "price": [100.5 + number**1.5 for number in range(60)],
    }
    study = run(rows, "price", tmp_path, text=("note",), categories=("town",))
    model = loaded(study, tmp_path / "model")
    frame = pd.DataFrame(rows).drop(columns="price").head(8)
    assert_same(model.predict(frame), justfit.load(study.folder), frame)


@pytest.mark.parametrize("name", ["wine", "diabetes", "digit_traits"])
def test_the_example_of_a_row_is_answered(tmp_path: Path, name: str) -> None:
    study = justfit.run(name, Network((4,)), Recipe(epochs=1), store=tmp_path / "runs")
    model = loaded(study, tmp_path / "model")
    answered = model.predict(model.input_example)
    assert len(answered) == 1
    assert {"wine": "class", "diabetes": "value", "digit_traits": "classes"}[name] == answered.columns[0]


ALONE = """
import sys, json
from mlflow.pyfunc import load_model
answered = load_model(sys.argv[1]).predict(json.loads(sys.argv[2]))
loaded = [name for name in sys.modules if name.startswith(("justfit.engine", "justfit.workflow"))]
print(json.dumps([answered["class"].tolist(), loaded]))
"""


@pytest.mark.slow
def test_loading_and_answering_takes_none_of_what_trains(tmp_path: Path) -> None:
    study = run({"review": TEXTS, "opinion": [text[:4] for text in TEXTS]}, "opinion", tmp_path)
    write_mlflow_model(study.folder, tmp_path / "model")
    texts = ["a good film", "a bad film"]
    ended = subprocess.run(
        [sys.executable, "-c", ALONE, str(tmp_path / "model"), json.dumps(texts)],
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    own = justfit.load(study.folder).predict(texts)
    assert json.loads(ended.stdout) == [[own.classes[label] for label in own.labels], []]


def test_pictures_are_rows_of_numbers(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 60)
    pictures = (random.random((60, 4, 5)) * (100 + 100 * labels[:, None, None])).astype(np.uint8)
    np.savez(tmp_path / "pictures.npz", x_train=pictures, y_train=labels)
    data = justfit.Data("pictures", files={"train": str(tmp_path / "pictures.npz"), "target": "y"})  # type: ignore[arg-type]
    study = justfit.run(data, Network((4,)), Recipe(epochs=2, batch_size=16), store=tmp_path / "runs")
    model = loaded(study, tmp_path / "model")
    rows = pictures[:3].reshape(3, 20).astype(np.float64)
    assert_same(model.predict(rows), justfit.load(study.folder), rows)
    assert model.input_example.shape == (1, 20)
