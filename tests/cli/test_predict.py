import csv
import dataclasses
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from cli.begun import begun
from cli.ended import Command
from workflow.handmade import carried_out, do, numbers, small_study, texts

from justfit.data.sources import load_dataset
from justfit.spec import Recipe, RmsProp
from justfit.store import predict, read_model

WINE = b"13,1,2,20,100,2,2,0.3,2,5,1,3,1000"


@pytest.fixture(scope="module")
def opinion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run on texts."""
    train, labels = ["good film", "bad film"] * 40, [1, 0] * 40
    data = texts([*train, "good"], [*labels, 1], train, labels)
    return do(data, tmp_path_factory.mktemp("runs"), recipe=Recipe(RmsProp(0.05), epochs=9)).folder


def test_texts_are_answered_one_line_each_in_their_order(command: Command, opinion: Path) -> None:
    ended = command("predict", opinion, "--text", "a good film", "--text", "a bad film", "--text", "")
    assert (ended.code, ended.err) == (0, "")
    answers = predict(read_model(opinion), ["a good film", "a bad film", ""])
    shares = answers.probabilities().max(axis=1)
    labels = [answers.classes[label] for label in answers.labels]
    assert labels[:2] == ["yes", "no"]
    assert ended.out == "".join(f"{la}\t{share:.4f}\n" for la, share in zip(labels, shares, strict=True))


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"good\nbad\n", ["good", "bad"]),
        (b"good\n\nbad", ["good", "", "bad"]),
        (b"good\r\nbad\r\n", ["good", "bad"]),
        (b"\n\n", ["", ""]),
        (b"\xef\xbb\xbfgood\x0bfilm\x1c\n", ["good film"]),
        (b"", []),
    ],
)
def test_output_lines_stand_beside_input_lines(
    command: Command, opinion: Path, tmp_path: Path, content: bytes, rows: list[str]
) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(content)
    from_file = command("predict", opinion, path)
    assert from_file.out.count("\n") == len(rows)
    assert from_file.out == command("predict", opinion, stdin=content).out
    if rows:
        arguments = [argument for row in rows for argument in ("--text", row)]
        assert from_file.out == command("predict", opinion, *arguments).out


def test_numbers_are_read_with_commas_between(command: Command, store: Path) -> None:
    values = load_dataset("breast_cancer").train.raw.values[:5]
    lines = "\n".join(",".join(f"{value!r}" for value in row) for row in values.tolist())
    ended = command("predict", "breast_cancer", "--store", store, stdin=lines.encode())
    model = read_model(next(store.glob("breast_cancer-*")))
    answers = predict(model, lines.split("\n"))
    assert len(answers.labels) == 5
    for line, label, shares in zip(
        ended.out.splitlines(), answers.labels, answers.probabilities(), strict=True
    ):
        assert line == f"{model.classes[label]}\t{shares[label]:.4f}"


def test_a_regression_answers_in_the_unit_of_its_labels(command: Command, store: Path) -> None:
    dataset = load_dataset("diabetes").train
    lines = "\n".join(",".join(map(repr, row)) for row in dataset.raw.values[:20].tolist())
    out = command("predict", "diabetes", "--store", store, stdin=lines.encode()).out
    values = np.array(out.split(), float)
    assert values.shape == (20,)
    assert (dataset.labels.min() - 50 < values).all()
    assert (values < dataset.labels.max() + 50).all()


def test_a_multilabel_model_answers_each_label_s_probability(command: Command, tmp_path: Path) -> None:
    folder = do(numbers("multilabel"), tmp_path / "runs", epochs=1).folder
    out = command("predict", folder, "--text", "1,2,3,4,5,6", "--text", "0,0,0,0,0,0").out
    for line in out.splitlines():
        cells = line.split("\t")
        assert cells[::2] == ["x", "y", "z"]
        assert all(re.fullmatch(r"[01]\.\d{4}", share) for share in cells[1::2])


def test_a_class_is_printed_as_text_whatever_its_name(command: Command, tmp_path: Path) -> None:
    names = ("[red]no[/red]\t\x1b[2J", "</script>\n:smile:" + "x" * 300)
    data = dataclasses.replace(numbers("binary"), classes=names)
    folder = do(data, tmp_path / "runs", epochs=3).folder
    out = command("predict", folder, *["--text", "1e3,0,0,0,0,0", "--text", "-1e3,0,0,0,0,0"]).out
    printed = {line.rsplit("\t", 1)[0] for line in out.splitlines()}
    assert printed == {r"[red]no[/red]\t\x1b[2J", r"</script>\n:smile:" + "x" * 300}


def test_which_study_is_meant_must_be_clear(command: Command, store: Path) -> None:
    one, other = sorted(path.name for path in store.glob("wine-*"))
    error = command("predict", "wine", "--store", store, "--text", "1").error
    assert f'"wine" may mean {one}, {other} in {store}: give more of the id' in error
    error = command("predict", "wien", "--store", store).error
    assert f'No finished study "wien" at that path or in {store}. Known are breast_cancer-' in error
    assert "There are no studies yet" in command("predict", "wine").error
    for reference in (one, one.removeprefix("wine-"), one.removeprefix("wine-")[:8], store / one):
        assert command("predict", reference, "--store", store, stdin=WINE).out.startswith("class_")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1,2\n", r"Row 0: expected 13 numbers with commas between, got 2 \(columns: alcohol, "),
        (WINE + b"\n\n" + WINE, "Row 1: expected 13 numbers with commas between, got 1"),
        (WINE + b"\n" + WINE.replace(b"20", b"x"), r'Row 1, column 3 \(alc.*\): expected a number, got "x"'),
        (WINE.replace(b"13", b"inf"), r"Row 0, column 0 \(alcohol\): the value is inf"),
        (b"one\n\xff\xfe\n", "line 2: byte 1 is not UTF-8; convert the file first"),
    ],
)
def test_lines_that_are_not_rows_are_told_with_their_place(
    command: Command, store: Path, tmp_path: Path, content: bytes, message: str
) -> None:
    run = min(store.glob("wine-*"))
    assert re.search(message, command("predict", run, stdin=content).error)
    path = tmp_path / "rows.txt"
    path.write_bytes(content)
    assert re.search(message, command("predict", run, path).error)


def test_files_that_cannot_be_read_are_told(command: Command, store: Path, tmp_path: Path) -> None:
    run = min(store.glob("wine-*"))
    assert command("predict", run, "nowhere.txt").error == (
        "nowhere.txt cannot be read: No such file or directory."
    )
    assert 'There is no file or folder "nowhere.csv"' in command("predict", run, "nowhere.csv").error
    assert str(tmp_path) in command("predict", run, tmp_path).error
    assert "cannot be read: Not a directory" in command("predict", run, "/dev/null/x.txt").error


def test_text_and_file_exclude_each_other(command: Command, store: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(WINE)
    error = command("predict", min(store.glob("wine-*")), path, "--text", WINE.decode()).error
    assert error == f"Both --text and the file {path} were given: give one of them."


def test_a_study_that_trains_no_final_network_is_told_to_have_no_model(
    command: Command, tmp_path: Path
) -> None:
    folder = carried_out(small_study(final=None), numbers("binary"), tmp_path / "runs").folder
    error = command("predict", folder, "--text", "1,2,3,4,5,6").error
    assert error == f"{folder} has no model, as its study trains no final network: give it one under final."


def test_only_studies_that_are_done_can_be_asked(command: Command, tmp_path: Path) -> None:
    folder = begun(small_study(), numbers("binary"), tmp_path / "runs", runs=2)
    error = command("predict", "small", "--store", tmp_path / "runs").error
    assert error.startswith('No finished study "small"')
    assert folder.is_dir()


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_a_model_that_was_cut_off_is_told(command: Command, tmp_path: Path, name: str) -> None:
    folder = do(numbers("binary"), tmp_path / "runs", epochs=1).folder
    path = folder / "model" / name
    path.write_bytes(path.read_bytes()[:-20])
    error = command("predict", folder, "--text", "1,2,3,4,5,6").error
    assert str(path) in error
    assert error.endswith(f"Remove {folder} and run the study again.")


def table_of_wine(path: Path, rows: int = 6) -> np.ndarray:
    """The first rows of wine as CSV, with a column that the model does not know."""
    raw = load_dataset("wine").train.raw
    values = raw.values[:rows]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["bottle", *raw.columns])
        writer.writerows([f"no. {number}", *map(repr, row)] for number, row in enumerate(values.tolist()))
    return values


def test_rows_of_a_file_come_back_as_csv_with_columns_added(
    command: Command, store: Path, tmp_path: Path
) -> None:
    run = min(store.glob("wine-*"))
    values = table_of_wine(tmp_path / "wine.csv")
    ended = command("predict", run, tmp_path / "wine.csv")
    assert ended.code == 0
    rows = list(csv.DictReader(io.StringIO(ended.out, newline="")))
    answers = predict(read_model(run), values)
    assert [row["bottle"] for row in rows] == [f"no. {number}" for number in range(6)]
    assert [row["class"] for row in rows] == [answers.classes[label] for label in answers.labels]
    for place, name in enumerate(answers.classes):
        shares = [np.float32(row[f"probability of {name}"]) for row in rows]
        np.testing.assert_array_equal(shares, answers.outputs[:, place])


def test_a_table_in_standard_input_is_answered_as_the_same_file(
    command: Command, store: Path, tmp_path: Path
) -> None:
    run = min(store.glob("wine-*"))
    table_of_wine(tmp_path / "wine.csv")
    content = (tmp_path / "wine.csv").read_bytes()
    expected = command("predict", run, tmp_path / "wine.csv")
    assert command("predict", run, "-", stdin=content) == expected
    rows = [json.dumps(row) for row in csv.DictReader(io.StringIO(content.decode(), newline=""))]
    assert command("predict", run, "-", stdin="\n".join(rows).encode()).out == expected.out
    wrong = command("predict", run, "-", stdin=b"alcohol,malic_acid\n1,2\n").error
    assert wrong.startswith('standard input has no column "ash": it has alcohol, malic_acid')
    assert command("predict", run, "-", stdin=b"").error.startswith("standard input is empty")


def test_a_dash_means_a_text_a_line_where_the_model_takes_texts(command: Command, opinion: Path) -> None:
    content = b"a good film, or is it\n\nbad\n"
    ended = command("predict", opinion, "-", stdin=content)
    assert (ended.code, ended.out.count("\n")) == (0, 3)
    assert ended.out == command("predict", opinion, stdin=content).out
    assert "--text and the file -" in command("predict", opinion, "-", "--text", "good").error


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_predictions_are_written_to_a_file_of_the_format_of_its_name(
    command: Command, store: Path, tmp_path: Path, ending: str
) -> None:
    run = min(store.glob("wine-*"))
    table_of_wine(tmp_path / "wine.csv")
    out = tmp_path / f"answers.{ending}"
    ended = command("predict", run, tmp_path / "wine.csv", "--out", out, "--explain")
    assert (ended.code, ended.out) == (0, "")
    assert f"6 rows written to {out}" in ended.err
    match ending:
        case "csv":
            rows = list(csv.DictReader(io.StringIO(out.read_text())))
        case "jsonl":
            rows = [json.loads(line) for line in out.read_text().splitlines()]
        case _:
            rows = pq.read_table(out).to_pylist()
    assert [row["bottle"] for row in rows] == [f"no. {number}" for number in range(6)]
    assert all(re.match(r"[^;]+ [+-]\d+\.\d\d; ", row["because"]) for row in rows)


def test_a_packed_model_answers_as_its_folder(command: Command, store: Path, tmp_path: Path) -> None:
    run = min(store.glob("wine-*"))
    table_of_wine(tmp_path / "wine.csv")
    assert command("export", run, "--out", tmp_path / "wine.justfit").code == 0
    expected = command("predict", run, tmp_path / "wine.csv").out
    assert command("predict", tmp_path / "wine.justfit", tmp_path / "wine.csv").out == expected
    (tmp_path / "cut.justfit").write_bytes((tmp_path / "wine.justfit").read_bytes()[:-9])
    error = command("predict", tmp_path / "cut.justfit", "--text", WINE.decode()).error
    assert error.startswith(f"{tmp_path / 'cut.justfit'} is no whole justfit model")


def test_lines_can_be_explained_and_written_too(command: Command, opinion: Path, tmp_path: Path) -> None:
    ended = command("predict", opinion, "--text", "a good film", "--text", "bad film", "--explain")
    assert re.match(r"yes\t0\.\d+\t.*good \+\d", ended.out.splitlines()[0])
    assert re.match(r"no\t0\.\d+\t.*bad \+\d", ended.out.splitlines()[1])
    out = tmp_path / "answers.csv"
    assert command("predict", opinion, "--out", out, stdin=b"a good film\nbad film\n").code == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [(row["text"], row["class"]) for row in rows] == [("a good film", "yes"), ("bad film", "no")]
    assert "There are no rows" in command("predict", opinion, "--out", out).error


def test_rows_that_cannot_be_used_are_told_and_counted(
    command: Command, opinion: Path, tmp_path: Path
) -> None:
    path = tmp_path / "in.csv"
    path.write_text("number,review\n1,a good film\n2,bad,film,indeed\n3,bad film\n")
    ended = command("predict", opinion, path)
    assert [row["number"] for row in csv.DictReader(io.StringIO(ended.out))] == ["1", "3"]
    assert "row 2 has no answer: " in ended.err


def test_another_ending_or_a_missing_column_is_told(command: Command, store: Path, tmp_path: Path) -> None:
    run = min(store.glob("wine-*"))
    error = command("predict", run, tmp_path / "no.csv", "--out", "answers.xlsx").error
    assert "predictions can be written as .csv, .jsonl" in error
    (tmp_path / "in.csv").write_text("alcohol,malic_acid\n1,2\n")
    assert (
        'in.csv has no column "ash": it has alcohol, malic_acid'
        in command("predict", run, tmp_path / "in.csv", "--out", "answers.csv").error
    )
    assert not (tmp_path / "answers.csv").exists()


def test_on_a_terminal_control_characters_are_spelt_out(
    command: Command, opinion: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in.csv"
    path.write_text("number,review\n1,a good film\n2,bad \x1b[2J film\n")
    plain = command("predict", opinion, path).out
    assert "\x1b[2J" in plain
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert command("predict", opinion, path).out == plain.replace("\x1b", "\\x1b")
