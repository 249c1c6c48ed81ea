"""Columns that name images, in files beside them."""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.data.files import frame_of, read_frame
from justfit.data.files.frame import Frame, numbered, shape_of
from justfit.data.files.image_paths import images_read, with_images
from justfit.data.user_dataset import DataReport, dataset_of
from justfit.errors import DataError

Image = pytest.importorskip("PIL.Image")
PIXELS = np.arange(24, dtype=np.uint8).reshape(24, 1, 1) + np.arange(12, dtype=np.uint8).reshape(3, 4) * 9


def pictures(folder: Path, count: int = 24) -> list[str]:
    """Small gray images, each of its own, by their paths in the folder."""
    (folder / "some pictures").mkdir(parents=True)
    names = [f"some pictures/{number}.png" for number in range(count)]
    for name, pixels in zip(names, PIXELS, strict=False):
        Image.fromarray(pixels).save(folder / name)
    return names


def rows(folder: Path, names: Sequence[object], name: str = "rows.csv") -> Frame:
    labels = [("a", "b")[number % 2] for number in range(len(names))]
    pd.DataFrame({"photo": names, "label": labels}).to_csv(folder / name, index=False)
    return read_frame(folder / name)


def made(frame: Frame, **asked: object) -> DataReport:
    return dataset_of({"train": frame}, name="made", target="label", **asked)[1]  # type: ignore[arg-type]


def csv_in(path: Path, table: pd.DataFrame) -> None:
    table.to_csv(path, index=False)


def gzipped(path: Path, table: pd.DataFrame) -> None:
    path.write_bytes(gzip.compress(table.to_csv(index=False).encode()))


def json_lines(path: Path, table: pd.DataFrame) -> None:
    table.to_json(path, orient="records", lines=True)


def parquet(path: Path, table: pd.DataFrame) -> None:
    table.to_parquet(path)


@pytest.mark.parametrize(
    ("name", "write"),
    [("a.csv", csv_in), ("a.csv.gz", gzipped), ("a.jsonl", json_lines), ("a.parquet", parquet)],
)
def test_a_column_of_paths_becomes_the_images_whatever_the_file(
    tmp_path: Path, name: str, write: Callable[[Path, pd.DataFrame], None]
) -> None:
    paths = pictures(tmp_path)
    write(tmp_path / name, pd.DataFrame({"photo": paths, "label": ["a", "b"] * 12}))
    frame = with_images({"train": read_frame(tmp_path / name)}, {"label"})["train"]
    assert shape_of(frame.table.schema.field("photo")) == (3, 4)
    assert frame.table.column("photo").to_pylist() == PIXELS.reshape(24, -1).tolist()
    assert frame.table.column_names == ["photo", "label"]
    assert frame.notes[-1] == 'Column "photo": All images are gray, 3 pixels high and 4 wide.'
    assert frame.skipped == ()


def test_the_column_is_typed_as_images_with_the_reason(tmp_path: Path) -> None:
    (column,) = made(rows(tmp_path, pictures(tmp_path))).columns
    assert (column.name, column.kind, column.form) == ("photo", "image", "3,4")
    assert column.reason == "image paths, each image read as 3 x 4 numbers"


@pytest.mark.parametrize(
    ("asked", "kind"), [({"categories": ["photo"]}, "category"), ({"text": ["photo"]}, "text")]
)
def test_what_was_asked_of_the_column_comes_first(
    tmp_path: Path, asked: dict[str, object], kind: str
) -> None:
    (column,) = made(rows(tmp_path, pictures(tmp_path)), **asked).columns
    assert (column.kind, column.reason) == (kind, "as asked")
    with pytest.raises(DataError, match="no column to learn from"):
        made(rows(tmp_path, pictures(tmp_path / "again")), drop=["photo"])


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """An image beside the folder of the file, and not in it."""
    Image.fromarray(PIXELS[0]).save(tmp_path / "outside.png")
    return tmp_path / "outside.png"


def test_rows_without_an_image_of_the_folder_are_left_out_with_row_and_reason(
    tmp_path: Path, outside: Path
) -> None:
    folder = tmp_path / "mine"
    paths: list[object] = list(pictures(folder))
    (folder / "broken.png").write_bytes((folder / "some pictures/1.png").read_bytes()[:45])
    (folder / "a folder.png").mkdir()
    (folder / "link.png").symlink_to(outside)
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "inner.png").symlink_to("some pictures/2.png")
    paths[3] = "some pictures/missing.png"
    paths[5] = str(folder / "some pictures/5.png")
    paths[6] = "../outside.png"
    paths[7] = "link.png"
    paths[8] = "broken.png"
    paths[9] = None
    paths[10] = "inner.png"
    paths[11] = "./some pictures/../some pictures/11.png "
    paths[12] = "a folder.png"
    paths[13] = "x" * 5000 + ".png"
    paths[14] = "loop.png"
    report = made(rows(folder, paths))
    found = {each.row: each.reason for each in report.left_out}
    assert sorted(found) == [4, 6, 7, 8, 9, 10, 13, 14, 15]
    assert found[4] == 'column "photo" names "some pictures/missing.png", which is not there'
    assert "no path in the folder of the file" in found[6]
    assert found[7].endswith('"../outside.png", which leads out of the folder of the file')
    assert found[8].endswith('"link.png", which leads out of the folder of the file')
    assert 'names "broken.png", which is no image that can be read' in found[9]
    assert found[10] == 'column "photo" names no image'
    assert found[13].endswith("which is not there")
    assert found[14].endswith("which cannot be the name of a file")
    with pytest.raises(DataError, match=r"9 rows cannot be used, the first is row 4 of .*rows\.csv: column"):
        made(rows(folder, paths), strict=True)


def test_names_of_pictures_that_are_elsewhere_are_no_images(tmp_path: Path) -> None:
    names = pictures(tmp_path)
    mostly_gone = [*names[:11], *(f"gone{number}.png" for number in range(29))]
    with pytest.raises(DataError, match=r"photo: names of pictures, most of which are not in the file's"):
        made(rows(tmp_path, mostly_gone))
    sometimes = [*names[:20], *(f"no path at all {number}" for number in range(4))]
    assert made(rows(tmp_path, sometimes)).columns[0].kind == "text"
    in_memory = frame_of({"photo": names * 2, "label": ["a", "b"] * 24})
    with pytest.raises(DataError, match="no column to learn from"):
        made(in_memory)


def test_pictures_none_of_which_can_be_read_are_told(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(24)]
    for name in names:
        (tmp_path / name).write_text("no image")
    with pytest.raises(
        DataError, match=r'column "photo" names images\. None of 24 images .* drop the column'
    ):
        made(rows(tmp_path, names))


def test_test_rows_are_read_in_the_shape_of_the_training_rows(tmp_path: Path) -> None:
    train = rows(tmp_path / "a", pictures(tmp_path / "a"))
    others = pictures(tmp_path / "b", 4)
    Image.fromarray(np.full((30, 20, 3), 77, np.uint8)).save(tmp_path / "b" / others[0])
    read = with_images({"train": train, "test": rows(tmp_path / "b", others)}, {"label"})
    assert shape_of(read["test"].table.schema.field("photo")) == (3, 4)
    assert read["test"].table.column("photo")[0].as_py() == [77] * 12
    gone = rows(tmp_path / "b", ["gone.png", "gone too.png"], "gone.csv")
    with pytest.raises(DataError, match=r'gone\.csv has no row with images .* names "gone too\.png"'):
        with_images({"train": train, "test": gone}, {"label"})


@given(st.lists(st.text(max_size=12), min_size=1, max_size=6))
def test_whatever_stands_in_a_cell_only_images_of_the_folder_are_read(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any cell" / "inner"
    folder.mkdir(parents=True, exist_ok=True)
    for path in (folder / "in.png", folder.parent / "out.png"):
        Image.fromarray(PIXELS[0]).save(path)
    cells = [*cells, "in.png", "../out.png", "\0in.png", "~/in.png", "file:in.png", "/", "..", "in.png/.."]
    frame = replace(numbered(pa.table({"photo": cells}), "any.csv"), folder=folder)
    read = images_read(frame, {"photo": (3, 4)})
    assert [cells[row - 1].strip() for row in read.rows] == ["in.png"] * len(read)
    assert len(read) + len(read.skipped) == len(cells)


def test_several_columns_and_names_that_come_again_give_each_row_its_images(tmp_path: Path) -> None:
    names = pictures(tmp_path)
    table = pd.DataFrame({"left": names[:2] * 10, "right": names[4:24], "no": range(20)})
    table.loc[3, "right"] = "gone.png"
    table.to_csv(tmp_path / "pairs.csv", index=False)
    frame = images_read(read_frame(tmp_path / "pairs.csv"), {"left": (3, 4), "right": (3, 4)})
    kept = [row for row in range(20) if row != 3]
    assert frame.rows.tolist() == [row + 1 for row in kept]
    assert frame.table.column("no").to_pylist() == [str(row) for row in kept]
    assert frame.table.column("left").to_pylist() == [PIXELS[row % 2].ravel().tolist() for row in kept]
    assert frame.table.column("right").to_pylist() == [PIXELS[row + 4].ravel().tolist() for row in kept]
