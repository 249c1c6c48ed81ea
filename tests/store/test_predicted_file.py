"""What a model says of the rows of a file, beside the rows."""

import csv
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from store.test_prediction import COLUMNS, TEXTS, VALUES, model

from justfit.data.columns import Column
from justfit.data.files import Frame, frame_of, read_batches
from justfit.data.files.frame import numbered
from justfit.data.preparation import NumberPreparation
from justfit.errors import DataError, SpecError, StoreError
from justfit.spec import Scaling
from justfit.store import (
    effects,
    explanations,
    network_outputs,
    predict,
    predicted_file,
    predictions,
    write_predictions,
)

ROWS = ["good film", "", "bad, bad and bad", "good bad"] * 5


def csv_of(path: Path, columns: dict[str, list[object]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def test_every_row_of_a_csv_file_gets_what_it_gets_alone(tmp_path: Path) -> None:
    asked = dataclasses.replace(model("binary", TEXTS), columns=(Column("review", "text"),))
    path = csv_of(tmp_path / "in.csv", {"id": list(range(20)), "review": [*ROWS]})
    found = pa.concat_tables([each.table for each in predictions(asked, read_batches(path))])
    assert found.column_names == ["id", "review", "class", "probability of no", "probability of yes"]
    assert found.column("id").to_pylist() == [str(number) for number in range(20)]
    alone = [predict(asked, [row]) for row in ROWS]
    shares = np.concatenate([each.outputs[:, 0] for each in alone])
    np.testing.assert_array_equal(found.column("probability of yes").to_numpy(), shares)
    assert found.column("class").to_pylist() == ["yes" if share > 0.5 else "no" for share in shares]


def test_rows_whose_image_cannot_be_read_are_named_and_the_others_keep_their_order(tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image")
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (8, 2, 3)).astype(np.uint8)
    for number, each in enumerate(pixels):
        pillow.fromarray(each).save(tmp_path / f"{number}.png")
    places = [3, 0, 9, 7, 7, 1]  # of which there is no 9.png
    path = csv_of(tmp_path / "in.csv", {"photo": [f"{each}.png" for each in places], "no": list(range(6))})
    column = Column("photo", "image", form="2,3")
    numbers = NumberPreparation(Scaling("none"), column.numbers, np.zeros(6), np.ones(6))
    asked = dataclasses.replace(model("regression", numbers), columns=(column,))
    (found,) = predictions(asked, read_batches(path), explain=True)
    assert [(each.row, each.reason) for each in found.skipped] == [
        (3, 'column "photo" names "9.png", which is not there')
    ]
    assert found.table.column_names == ["photo", "no", "value", "because"]
    assert found.table.column("photo").to_pylist() == ["3.png", "0.png", "7.png", "7.png", "1.png"]
    assert found.table.column("no").to_pylist() == ["0", "1", "3", "4", "5"]
    expected = predict(asked, pixels[[3, 0, 7, 7, 1]].reshape(5, 6)).outputs[:, 0]
    np.testing.assert_array_equal(found.table.column("value").to_numpy(), expected)


def test_numbers_are_found_by_their_names_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    asked = model("regression")
    height, weight = VALUES.T.tolist()
    path = csv_of(tmp_path / "in.csv", {"weight": weight, "note": ["a", "b", "c", "d"], "height": height})
    (found,) = predictions(asked, read_batches(path))
    assert found.table.column_names == ["weight", "note", "height", "value"]
    np.testing.assert_array_equal(
        found.table.column("value").to_numpy(), predict(asked, VALUES).outputs[:, 0]
    )


def test_pictures_get_their_answers_and_are_not_repeated() -> None:
    names = tuple(f"x ({row},{column})" for row in range(2) for column in range(3))
    scaling = NumberPreparation(Scaling("none"), names, np.zeros(6), np.ones(6))
    asked = dataclasses.replace(model("multiclass", scaling), columns=(Column("x", "image", form="2,3"),))
    pictures = np.random.default_rng(0).random((4, 2, 3))
    (found,) = predictions(asked, [frame_of(pictures)])
    assert found.table.column_names == ["class", *(f"probability of {name}" for name in "abc")]
    expected = predict(asked, pictures.reshape(4, 6)).outputs
    np.testing.assert_array_equal(found.table.column("probability of b").to_numpy(), expected[:, 1])


def test_many_rows_are_asked_for_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicted_file, "_ROWS", 3)
    asked = model("multiclass", TEXTS)
    frame = numbered(pa.table({"text": ROWS}), "The list")
    found = list(predictions(asked, [frame, numbered(pa.table({"text": ["x"]}).slice(1), "none"), frame]))
    assert [len(each.table) for each in found] == [3, 3, 3, 3, 3, 3, 2] * 2
    whole = pa.concat_tables([each.table for each in found])
    np.testing.assert_array_equal(
        whole.column("probability of b").to_numpy(), np.tile(predict(asked, ROWS).outputs[:, 1], 2)
    )


def test_an_explanation_names_what_did_most_to_each_answer() -> None:
    for task, preparation, rows in (
        ("multiclass", TEXTS, ROWS),
        ("binary", TEXTS, ROWS),
        ("regression", None, VALUES),
    ):
        asked = model(task) if preparation is None else model(task, preparation)
        prepared = asked.preparation.rows(
            asked.preparation.raw_from_text(
                rows if preparation else [",".join(map(str, row)) for row in rows.tolist()]
            )
        )
        outputs = network_outputs(asked, prepared)
        labels = predict(asked, rows).labels
        for number, told in enumerate(explanations(asked, prepared, outputs)):
            answer = 0 if labels is None else int(labels[number])
            expected = effects(asked, prepared.take(np.array([number])), answer)[:5]
            assert told == "; ".join(f"{effect.name} {effect.toward:+.2f}" for effect in expected)


def test_a_row_that_says_nothing_has_nothing_to_name() -> None:
    asked = model("regression")
    prepared = asked.preparation.rows(asked.preparation.raw_from_text(["1,10"]))
    assert explanations(asked, prepared, network_outputs(asked, prepared)) == [""]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_predictions_are_written_in_the_format_of_the_name(tmp_path: Path, ending: str) -> None:
    asked = model("binary", TEXTS)
    frame = numbered(pa.table({"text": ROWS}), "The list")
    path = tmp_path / f"out{ending}"
    write_predictions((each.table for each in predictions(asked, [frame], explain=True)), path)
    match ending:
        case ".csv":
            with path.open(newline="") as file:
                rows = list(csv.DictReader(file))
        case ".jsonl":
            rows = [json.loads(line) for line in path.read_text().splitlines()]
        case _:
            rows = pq.read_table(path).to_pylist()
    assert [row["text"] for row in rows] == ROWS
    assert list(rows[0]) == ["text", "class", "probability of no", "probability of yes", "because"]
    shares = [np.float32(row["probability of yes"]) for row in rows]
    np.testing.assert_array_equal(shares, predict(asked, ROWS).outputs[:, 0])
    assert "good" in rows[0]["because"]


def test_another_ending_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"can be written as \.csv, \.jsonl"):
        write_predictions([], tmp_path / "out.xlsx")
    assert not list(tmp_path.iterdir())


def test_a_file_that_breaks_off_leaves_the_old_predictions(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def frames() -> Iterator[Frame]:
        yield numbered(pa.table({"text": ROWS}), "The list")
        raise DataError("row 7 is cut off")

    tables = (each.table for each in predictions(model("binary", TEXTS), frames()))
    with pytest.raises(DataError, match="row 7 is cut off"):
        write_predictions(tables, path)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]
    with pytest.raises(StoreError, match="nowhere is missing"):
        write_predictions([pa.table({"a": [1]})], tmp_path / "nowhere" / "out.csv")


def test_cells_that_are_no_numbers_are_named_with_file_row_and_column(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "in.csv", dict(zip(COLUMNS, ([1, 2, 3], [1, "x", 3]), strict=True)))
    with pytest.raises(DataError, match=r'in\.csv, row 2, column "weight": there is no number'):
        list(predictions(model("regression"), read_batches(path)))
    path = csv_of(tmp_path / "other.csv", {"height": [1], "wieght": [2]})
    with pytest.raises(DataError, match=r'has no column "weight": it has height, wieght\. Did you mean'):
        list(predictions(model("regression"), read_batches(path)))
