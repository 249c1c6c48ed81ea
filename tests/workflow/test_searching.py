"""The whole workflow from Python, on rows in memory or in a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from justfit import search
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


@pytest.mark.parametrize("made", [dict, pd.DataFrame, pl.DataFrame], ids=["dict", "pandas", "polars"])
def test_frames_of_every_kind_give_the_same_figures(tmp_path: Path, made: Any) -> None:
    result = search(made(table()), "kind", store=tmp_path / "frame", **HOW).result
    expected = search(pd.DataFrame(table()), "kind", store=tmp_path / "pandas", **HOW).result
    assert result is not None
    assert expected is not None
    assert result["test"] == expected["test"]
    assert result["test"]["accuracy"]["value"] > 0.8
    assert result["data"] == "data"


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
        (sparse.eye(20).tocsr(), [0, 1] * 10, "Sparse rows cannot be searched yet"),
        ("rows.csv", [0, 1], "Rows of a file have their labels in a column"),
        (np.zeros((0, 2)), [], "has no rows"),
        (3, "y", "Expected a data frame, an array"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, rows: Any, target: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        search(rows, target, store=tmp_path, **HOW)
