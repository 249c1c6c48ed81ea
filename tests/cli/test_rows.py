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
