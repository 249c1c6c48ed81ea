"""The whole workflow from Python, on rows in memory or in a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from justfit import load, search
from justfit.errors import DataError
from justfit.spec import HoldOut

HOW: dict[str, Any] = {"breadth": "quick", "protocol": HoldOut(size=0.3), "minutes": 0}


def table(rows: int = 120) -> dict[str, list[Any]]:
    random = np.random.default_rng(0)
    size = random.normal(size=rows)
    return {
        "size": size.tolist(),
        "colour": ["red" if value > 0.8 else "blue" for value in random.random(rows)],
        "kind": ["big" if value > 0 else "small" for value in size],
    }


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(dict, marks=pytest.mark.slow),
        pytest.param(pd.DataFrame, marks=pytest.mark.slow),
        pl.DataFrame,
    ],
    ids=["dict", "pandas", "polars"],
)
def test_frames_of_every_kind_give_the_same_figures(tmp_path: Path, made: Any) -> None:
    result = search(made(table()), "kind", store=tmp_path / "frame", **HOW).result
    expected = search(pd.DataFrame(table()), "kind", store=tmp_path / "pandas", **HOW).result
    assert result is not None
    assert expected is not None
    assert result["test"] == expected["test"]
    assert result["test"]["accuracy"]["value"] > 0.8
    assert result["data"] == "data"


@pytest.mark.slow
def test_labels_may_stand_beside_an_array_or_texts(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(150, 3))
    labels = np.where(values[:, 1] > 0, "yes", "no")
    result = search(values, labels, name="made", store=tmp_path, **HOW).result
    assert result is not None
    assert result["classes"] == ["no", "yes"]
    assert result["test"]["accuracy"]["value"] > 0.8
    texts = [f"it was {'fine' if label == 'yes' else 'dull'} {row % 7}" for row, label in enumerate(labels)]
    result = search(texts, labels.tolist(), store=tmp_path, **HOW).result
    assert result is not None
    assert result["test"]["accuracy"]["value"] > 0.9


def test_sparse_rows_are_searched_as_they_are_and_predicted_again(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = sparse.random_array((300, 100_000), density=1e-4, rng=random, format="lil")
    labels = np.arange(300) % 2
    rows[np.flatnonzero(labels), random.integers(3, 9, 150)] = 2.5
    study = search(rows.tocoo(), labels, store=tmp_path, **HOW)
    assert study.result is not None
    assert study.result["rows"] == {"train": 168, "validation": 72, "test": 60}
    assert study.result["test"]["accuracy"]["value"] > 0.9
    model = load(study.folder)
    predicted = model.predict(sparse.csr_matrix(rows))
    assert (predicted.labels == labels).mean() > 0.9
    for again in (rows[7:9].toarray(), rows[7:9].tocsc(), rows[7:9].toarray().astype(np.float32)):
        np.testing.assert_array_equal(model.predict(again).outputs, predicted.outputs[7:9])
    for wrong in (["a text"], {"x_1": [1.0]}):
        with pytest.raises(DataError, match="trained on sparse rows of 100,000"):
            model.predict(wrong)
    with pytest.raises(DataError, match="expected rows of 100000 numbers, got 99999"):
        model.predict(sparse.csr_array(rows[:, 1:]))


def test_a_file_is_searched_as_the_command_line_does(tmp_path: Path) -> None:
    pd.DataFrame(table()).to_csv(tmp_path / "rows.csv", index=False)
    columns = {"drop": ["colour"]}
    study = search(tmp_path / "rows.csv", "kind", store=tmp_path / "store", columns=columns, **HOW)
    assert study.spec["data"]["files"]["drop"] == ["colour"]
    assert study.folder.name.startswith("rows-")


@pytest.mark.parametrize(
    ("rows", "target", "message"),
    [
        (table(), None, "Say what to learn"),
        (table(), "kin", 'Did you mean "kind"'),
        (table(), ["a", "b"], "There are 120 rows but 2 labels"),
        (sparse.eye(20).tocsr(), [0, 1] * 9, "There are 20 rows but 18 labels"),
        (sparse.csr_array((0, 5)), [], "has no rows"),
        (sparse.csr_array([[0.0, np.nan]] * 20), [0, 1] * 10, "Row 0: the value at index 1 is nan"),
        (sparse.csr_array([[0.0, 1e300]] * 20), [0, 1] * 10, "Row 0: the value at index 1 is inf"),
        (sparse.csr_array([[0.0, 1j]] * 20), [0, 1] * 10, "must be real numbers of two axes, got complex"),
        ("rows.csv", [0, 1], "Rows of a file have their labels in a column"),
        (np.zeros((0, 2)), [], "has no rows"),
        (3, "y", "Expected a data frame, an array"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, rows: Any, target: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        search(rows, target, store=tmp_path, **HOW)
