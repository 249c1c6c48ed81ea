"""What is kept of a study's mistakes is what ``justfit mistakes`` tells, and what its own network says."""

import base64
import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from workflow.handmade import COLUMNS, carried_out, dataset, do, numbers, small_study, texts

from justfit.cli.held_out import held_out
from justfit.cli.mistakes_found import found_mistakes
from justfit.cli.mistakes_kept import MOST, keep_mistakes, png
from justfit.cli.what_matters import ROWS
from justfit.data import Dataset, Numbers
from justfit.data.columns import Column
from justfit.errors import StoreError
from justfit.spec import Adam, AllRows, HoldOut, KFold, Network, Recipe, Scaling, TestRows
from justfit.store import StoredStudy, StudyPaths, begin_study, effects, read_mistakes, read_study
from justfit.store.mistakes import LONGEST_TEXT


def opened(address: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,"))))


def test_mistakes_are_made_once_and_then_stay(tmp_path: Path) -> None:
    data = numbers("binary")
    stored = do(data, tmp_path, protocol=KFold(2), epochs=2).study
    looks = (tmp_path / "looks.jsonl").read_bytes()
    kept = keep_mistakes(stored, data)
    assert kept is not None
    assert kept == read_mistakes(stored.folder)
    found = found_mistakes(held_out(stored, data), MOST, ())
    for key in ("network", "epochs", "splits", "rows", "figure", "all", "mistakes_in_all", "groups"):
        assert kept[key] == found[key]
    assert [each["row"] for each in kept["mistakes"]] == [each["row"] for each in found["mistakes"]]
    assert (tmp_path / "looks.jsonl").read_bytes() == looks, "no test row is opened"
    written = StudyPaths(stored.folder).mistakes.stat().st_mtime_ns
    assert keep_mistakes(stored, data) == kept
    assert StudyPaths(stored.folder).mistakes.stat().st_mtime_ns == written


def test_long_texts_are_cut_and_stay_texts(tmp_path: Path) -> None:
    rows = [f"{'bad' if number % 2 else 'good'} <b>{'x' * 3_000}" for number in range(40)]
    data = texts(rows, [number % 3 % 2 for number in range(40)], ["good", "bad"], [0, 1])
    kept = keep_mistakes(do(data, tmp_path, epochs=1, protocol=HoldOut(size=20)).study, data)
    assert kept is not None
    assert kept["mistakes"]
    for each in kept["mistakes"]:
        assert each["text"] == rows[each["row"]][:LONGEST_TEXT]


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression", "unit_regression"])
def test_the_columns_that_decide_labels_matter_most(tmp_path: Path, task: str) -> None:
    data = numbers(task)
    recipe = Recipe(Adam(0.02), batch_size=16, epochs=15)
    stored = do(data, tmp_path, protocol=KFold(2), recipe=recipe).study
    kept = keep_mistakes(stored, data)
    assert kept is not None
    assert kept["matter"]["rows"] == ROWS
    deciding = {"binary": 2, "unit_regression": 1}.get(task, 3) if task != "regression" else 1
    first = kept["matter"]["columns"][:deciding]
    assert {each["name"] for each in first} == set(COLUMNS[:deciding])
    for each in first:
        match task:
            case "multilabel" | "multiclass":  # a label or class is the one whose own column is high
                assert each["speaks_for"] == data.classes[COLUMNS.index(each["name"])]
            case "binary":
                assert each["speaks_for"] == "yes"
            case _:
                assert each["speaks_for"] is None
        assert each["toward"] > 0
        assert each["moved"] >= each["toward"] - 1e-9


def test_what_matters_is_the_mean_of_what_leaving_out_does_row_by_row(tmp_path: Path) -> None:
    rows = [f"{word} film" for word in ("good", "bad", "fine", "poor") * 10]
    data = texts(rows, [1, 0, 1, 0] * 10, ["good", "bad"], [1, 0])
    stored = do(data, tmp_path, epochs=2, protocol=HoldOut(size=20)).study
    kept, held = keep_mistakes(stored, data), held_out(stored, data)
    assert kept is not None
    moved: dict[str, float] = {}
    for row in held.rows:
        prepared = held.models[0].preparation.rows(data.train.raw.take(np.array([row])))
        for effect in effects(held.models[0], prepared, 1):
            moved[effect.name] = moved.get(effect.name, 0.0) + abs(effect.toward) / len(held.rows)
    assert {each["name"]: each["moved"] for each in kept["matter"]["columns"]} == pytest.approx(moved)
    of = {each["name"]: each for each in kept["matter"]["columns"]}
    assert of["film"]["rows"] == len(held.rows)
    for name, each in of.items():
        if name in ("good", "bad", "fine", "poor"):
            assert each["rows"] == sum(rows[row].startswith(name) for row in held.rows)
            assert each["moved"] == pytest.approx(abs(each["toward"])), "it stands in like rows"


def pictures(columns: tuple[Column, ...], shape: tuple[int, ...]) -> tuple[Dataset, np.ndarray]:
    random = np.random.default_rng(0)
    values = random.integers(0, 256, (60, int(np.prod(shape)))).astype(np.float32)
    values[0] = 255
    names = tuple(f"pixel {number}" for number in range(values.shape[1]))
    labels = random.integers(0, 2, 60)
    data = dataset(
        "binary", (Numbers(values, names), labels), (Numbers(values, names), labels), Scaling("divide", 255)
    )
    return dataclasses.replace(data, columns=columns), values


@pytest.mark.parametrize("shape", [(8, 8), (6, 9), (5, 4, 3)])
def test_pictures_are_kept_as_they_are_and_no_pixel_is_said_to_matter(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    form = ",".join(map(str, shape))
    data, values = pictures((Column("scan", "image", form=form),), shape)
    kept = keep_mistakes(do(data, tmp_path, epochs=1, protocol=HoldOut(size=30)).study, data)
    assert kept is not None
    assert kept["matter"] is None
    assert kept["mistakes"]
    for each in kept["mistakes"]:
        image = opened(each["picture"])
        assert image.mode == ("L" if len(shape) == 2 else "RGB")
        larger = image.height // shape[0]
        assert image.size == (shape[1] * larger, shape[0] * larger)
        assert max(image.size) >= 96
        np.testing.assert_array_equal(
            np.asarray(image)[::larger, ::larger], values[each["row"]].reshape(shape).astype(np.uint8)
        )


def test_a_large_picture_is_no_larger_as_a_file() -> None:
    assert opened(png(np.zeros((300, 200)), 255)).size == (200, 300)
    assert opened(png(np.full((2, 2), 16.0), 16)).getextrema() == (255, 255)
    assert opened(png(np.array([[-1.0, 2.0]]), 1)).getextrema() == (0, 255)


def nothing(stored: StoredStudy, data: Dataset) -> None:
    assert keep_mistakes(stored, data) is None
    assert not StudyPaths(stored.folder).mistakes.exists()


def test_where_nothing_can_be_found_out_nothing_is_kept_and_nothing_is_said(tmp_path: Path) -> None:
    study, data = small_study(validation=TestRows()), numbers("binary")
    nothing(carried_out(study, numbers("binary"), tmp_path / "leaked"), data)
    nothing(do(numbers("binary"), tmp_path / "all", protocol=AllRows()).study, data)
    nothing(read_study(begin_study(tmp_path, small_study())), data)


def test_rows_that_cannot_be_had_any_more_are_no_error(tmp_path: Path) -> None:
    stored = do(numbers("binary"), tmp_path, Network((2,)), epochs=1).study
    assert keep_mistakes(stored) is None, "there is no data set of that name"


def test_a_broken_file_is_told_and_not_replaced(tmp_path: Path) -> None:
    data = numbers("binary")
    stored = do(data, tmp_path, Network((2,)), epochs=1).study
    StudyPaths(stored.folder).mistakes.write_text("{")
    with pytest.raises(StoreError, match=r"mistakes\.json"):
        keep_mistakes(stored, data)
