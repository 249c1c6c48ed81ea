"""Files of one's own on the command line: from the file to a tested network, and what is said of its rows."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from cli.ended import Command
from PIL import Image

from justfit.spec.study_file import read_studies
from justfit.store import StudyPaths, read_study

WORDS = {"good": ("fine", "lovely", "warm", "kind"), "bad": ("dull", "cold", "awful", "poor")}


def reviews(path: Path, rows: int = 120, *, blank: bool = False, start: int = 0) -> Path:
    """Short texts, a number and a category, whose labels follow from the words."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "review", "stars", "city", "sentiment"])
        for number in range(start, start + rows):
            label = "good" if number % 2 else "bad"
            words = WORDS[label]
            text = f"it was {words[number % 4]} and {words[number // 4 % 4]}, said guest {number}"
            city = ("Oslo", "Rome", "Lima")[number % 3]
            writer.writerow([f"r{number:05}", text, number % 7, city, "" if blank and number == 5 else label])
    return path


def test_a_file_is_typed_trained_and_tested_without_a_study_file(command: Command, tmp_path: Path) -> None:
    path = reviews(tmp_path / "reviews.csv", blank=True)
    ended = command("run", str(path), "--target", "sentiment", "--hidden", "8", "--epochs", "15")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    kinds = dict(line.split()[:2] for line in lines[:7])
    assert kinds == {
        "column": "kind", "id": "id", "review": "text", "stars": "number", "city": "category",
        "sentiment": "target", "1": "row",
    }  # fmt: skip
    assert "binary" in lines[5]
    assert f"  row 6 of {path}: no label" in lines
    folder = Path(lines[-1].removeprefix("written to "))
    assert folder.name.startswith("reviews-")
    result = read_study(folder).result
    assert result is not None
    assert result["test"]["accuracy"]["value"] > 0.9
    assert sum(result["rows"].values()) == 119
    assert StudyPaths(folder).left_out.read_text() == f"file,row,reason\n{path},6,no label\n"
    (study,) = read_studies(StudyPaths(folder).file)
    assert study.data.files is not None
    assert study.data.files.train == str(path)
    again = command("run", str(StudyPaths(folder).file))
    assert again.code == 0
    assert again.out.splitlines()[-1] == lines[-1], "the study file that is left means the same"


def test_files_of_each_part_are_used_as_such(command: Command, tmp_path: Path) -> None:
    train = reviews(tmp_path / "a.csv", 80)
    parts = {
        "validation": reviews(tmp_path / "b.csv", 30, start=80),
        "test": reviews(tmp_path / "c.csv", 20, start=110),
    }
    options = [each for part, path in parts.items() for each in (f"--{part}", str(path))]
    asked = ("--target", "sentiment", "--hidden", "4", "--epochs", "3", "--drop", "stars", "--drop", "city")
    ended = command("run", "--train", str(train), *options, *asked)
    assert (ended.code, ended.err) == (0, "")
    assert "80 rows train, 30 validate; 20 test rows are sealed" in ended.out
    assert re.search(r"^stars +id +left out, as asked", ended.out, re.M)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("reviews.csv",), '"reviews.csv" is a file: give the column to learn, as --target NAME.'),
        (("reviews.csv", "--target", "sentimnt"), 'Did you mean "sentiment"?'),
        (("revews.csv", "--target", "sentiment"), "revews.csv"),
        (("wine", "--drop", "ash"), "--drop belongs to a file of rows"),
        (("reviews.csv", "--target", "sentiment", "--task", "regression"), "sentiment"),
        (
            ("reviews.csv", "--target", "sentiment", "--scaling", "none", "--hidden", "4"),
            "scaling does not fit",
        ),
    ],
)
def test_what_cannot_be_is_one_sentence(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], message: str
) -> None:
    reviews(tmp_path / "reviews.csv")
    monkeypatch.chdir(tmp_path)
    ended = command("run", *given)
    assert ended.code == 1
    assert message in ended.err
    assert ended.err.startswith("error: ")
    assert len(ended.err.splitlines()) == 1


def test_a_data_set_and_a_file_at_once_are_not_understood(command: Command) -> None:
    ended = command("run", "wine", "--train", "reviews.csv")
    assert ended.code == 2
    assert "say what to run" in ended.err


def test_strict_stops_at_rows_that_cannot_be_used(command: Command, tmp_path: Path) -> None:
    path = reviews(tmp_path / "reviews.csv", blank=True)
    ended = command("run", str(path), "--target", "sentiment", "--strict")
    assert ended.code == 1
    assert "the first is row 6" in ended.err


def test_a_file_can_be_looked_at_and_audited_before(command: Command, tmp_path: Path) -> None:
    path = reviews(tmp_path / "reviews.csv")
    shown = command("data", "show", str(path), "--target", "sentiment", "--row", "3")
    assert shown.code == 0
    assert "training row 3 of 96" in shown.out
    audited = command("data", "audit", str(path), "--target", "sentiment")
    assert audited.code == 0
    assert audited.out.splitlines()[-1].startswith(f"{path}: 0 errors")


@pytest.mark.slow
def test_a_column_of_image_paths_is_learned_and_predicted_in_the_size_that_was_trained(
    command: Command, tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    for part, count, side in (("train", 60, 9), ("new", 6, 20)):
        folder = tmp_path / part / "pictures"
        folder.mkdir(parents=True)
        lines = ["photo,note,light"]
        for number in range(count):
            pixels = random.integers(0, 120, (side, side)) + 130 * (number % 2)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
            lines.append(f"pictures/{number}.png,{number % 5},{('no', 'yes')[number % 2]}")
        lines[4] = "pictures/gone.png,1,no"
        (tmp_path / part / "rows.csv").write_text("\n".join(lines))
    path = tmp_path / "train" / "rows.csv"
    ended = command("run", str(path), "--target", "light", "--hidden", "8", "--epochs", "10")
    assert (ended.code, ended.err) == (0, "")
    assert re.search(r"^photo +image +image paths, each image read as 9 x 9 numbers", ended.out, re.M)
    assert f'row 4 of {path}: column "photo" names "pictures/gone.png", which is not there' in ended.out
    study = Path(ended.out.splitlines()[-1].removeprefix("written to "))
    told = command("predict", str(study), str(tmp_path / "new" / "rows.csv"))
    assert told.code == 0
    assert 'row 4 has no answer: column "photo" names "pictures/gone.png", which is not there' in told.err
    answered = list(csv.DictReader(told.out.splitlines()))
    assert [row["photo"] for row in answered] == [f"pictures/{number}.png" for number in (0, 1, 2, 4, 5)]
    assert all(row["light"] == row["class"] for row in answered)


@pytest.mark.slow
def test_test_and_validation_arrays_beside_training_ones_are_used(command: Command, tmp_path: Path) -> None:
    random = np.random.default_rng(0)

    def arrays(part: str, rows: int) -> dict[str, np.ndarray]:
        return {f"x_{part}": random.normal(size=(rows, 3)), f"y_{part}": np.arange(rows) % 2}

    np.savez(tmp_path / "all.npz", **arrays("train", 40), **arrays("test", 14), **arrays("valid", 12))
    ended = command("run", str(tmp_path / "all.npz"), "--target", "y", "--hidden", "4", "--epochs", "2")
    assert (ended.code, ended.err) == (0, "")
    assert "40 rows train, 12 validate; 14 test rows are sealed" in ended.out
    assert "note: The test rows are x_test, y_test of all.npz." in ended.out


@pytest.mark.parametrize(
    ("target", "why"), [("kind", "3 different whole numbers in 88 rows"), ("price", "numbers from 0 to 13")]
)
def test_a_number_that_is_missing_as_label_is_left_out_and_its_row_is_named(
    command: Command, tmp_path: Path, target: str, why: str
) -> None:
    lines = ["size,kind,price", *(f"{n * n % 31},{n % 3},{n * n % 97 / 7:.3f}" for n in range(90))]
    lines[8], lines[20] = "5,nan,nan", "5,,  "
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(lines))
    asked = (str(path), "--target", target, "--drop", "price" if target == "kind" else "kind")
    ended = command("data", "audit", *asked)
    assert (ended.code, ended.err) == (0, "")
    assert "2 rows left out" in ended.out
    assert f'  row 8 of {path}: the label "nan" stands for a missing one' in ended.out.splitlines()
    assert f"  row 20 of {path}: no label" in ended.out.splitlines()
    assert why in ended.out
    strict = command("run", *asked, "--strict")
    assert f"2 rows cannot be used, the first is row 8 of {path}" in strict.err


@pytest.mark.slow
def test_the_first_of_several_sheets_is_read_and_the_others_are_named(
    command: Command, tmp_path: Path
) -> None:
    book = pytest.importorskip("openpyxl").Workbook()
    book.active.title = "flowers"
    for row in [("size", "kind"), *((n * n % 31, ("a", "b")[n * n % 31 > 10]) for n in range(60))]:
        book.active.append(row)
    for name in ("prices", "old"):
        book.create_sheet(name).append(("other", "table"))
    book.save(tmp_path / "garden.xlsx")
    asked = ("--target", "kind", "--hidden", "4", "--epochs", "2")
    ended = command("run", str(tmp_path / "garden.xlsx"), *asked)
    assert (ended.code, ended.err) == (0, "")
    assert 'note: Only the first sheet, "flowers", is read, not "prices", "old".' in ended.out


@pytest.mark.slow
def test_a_folder_of_images_is_learned_and_predicted_in_the_size_that_was_trained(
    command: Command, tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    for part, count in (("train", 30), ("new", 3)):
        for name, light in (("dark", 0), ("light", 130)):
            folder = tmp_path / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = random.integers(0, 120, (12 + number % 3, 10, 3)) + light
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
    ended = command("run", str(tmp_path / "train"), "--target", "class", "--hidden", "8", "--epochs", "10")
    assert (ended.code, ended.err) == (0, "")
    study = Path(ended.out.splitlines()[-1].removeprefix("written to "))
    told = command("predict", str(study), str(tmp_path / "new"))
    assert told.code == 0
    answered = list(csv.DictReader(told.out.splitlines()))
    assert len(answered) == 6
    assert all(row["class"] == row["class (predicted)"] for row in answered)
