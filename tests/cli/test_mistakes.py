"""``justfit mistakes``: what is printed is in what the study's own network says of validation rows."""

import dataclasses
import json
import re
from pathlib import Path

import pytest
from cli.ended import Command
from workflow.handmade import COLUMNS, numbers

from justfit.data.sources import SOURCES
from justfit.data.sources.source import Source
from justfit.spec import Adam, Data, Final, HoldOut, KFold, Network, Recipe, Stage, Study
from justfit.store import read_study, read_validation, study_folders
from justfit.workflow import Stored, carry_out, run


def test_mistakes_are_told_with_what_moved_them_doubtful_labels_and_groups(
    command: Command, tmp_path: Path
) -> None:
    stored = run("wine", Network((8,)), Recipe(epochs=3), protocol=KFold(3), store=tmp_path / "s")
    looks = (tmp_path / "s" / "looks.jsonl").read_bytes()
    ended = command("mistakes", "wine", "--store", tmp_path / "s", "--by", "alcohol", "--most", "3")
    assert (ended.code, ended.err) == (0, "")
    assert (tmp_path / "s" / "looks.jsonl").read_bytes() == looks, "no test row is opened"
    told = json.loads(
        command("mistakes", "wine", "--store", tmp_path / "s", "--by", "alcohol", "--most", "3", "--json").out
    )
    lines = ended.out.splitlines()
    network = told["network"]
    assert lines[0] == (
        f"wine {stored.id}: {network}, epochs: {told['epochs']}, on 142 validation rows of 3 splits"
    )
    assert lines[1].startswith(f"accuracy {told['all']['value']:.1%}, 95% interval ")
    assert round((1 - told["all"]["value"]) * 142) == told["mistakes_in_all"]
    shown = [line for line in lines if re.match(r"training row \d+: label class_\d, predicted", line)]
    assert len(shown) == len(told["mistakes"]) == 3
    for line, mistake in zip(shown, told["mistakes"], strict=True):
        assert line == (
            f"training row {mistake['row']}: label {mistake['label']}, predicted {mistake['answer']} with "
            f"{mistake['size']:.1%}"
        )
        assert mistake["effects"]
    for title, rows in (("class", 3), ("alcohol", 4)):
        start = next(number for number, line in enumerate(lines) if line.split()[:2] == [title, "rows"])
        groups = told["groups"][title]
        assert len(groups) == rows
        assert sum(group["rows"] for group in groups) == 142
        for line, group in zip(lines[start + 1 : start + 1 + rows], groups, strict=True):
            assert line.startswith(group["name"])
            assert f"{group['figure']['value']:.1%}" in line
    found = read_validation(stored.folder)
    assert found is not None
    assert found[0].tolist() == [*range(142)]


@pytest.mark.slow
def test_texts_stand_on_one_line_as_text_never_as_markup(command: Command, opinions: list[str]) -> None:
    assert len(opinions) == 81
    command("run", "opinions", "--hidden", "4", "--epochs", "1", "--optimizer", "sgd:momentum=0.0")
    (folder,) = study_folders(Path("justfit-runs"))
    ended = command("mistakes", "opinions", "--most", "3")
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in ended.out
    result = read_study(folder).result
    assert result is not None
    told = json.loads(command("mistakes", "opinions", "--most", "3", "--json").out)
    assert told["mistakes"], "one epoch at a low rate learns little"
    lines = ended.out.splitlines()
    for mistake in told["mistakes"]:
        assert mistake["text"] == opinions[mistake["row"]]
        line = next(n for n, each in enumerate(lines) if each.startswith(f"training row {mistake['row']}: "))
        assert lines[line + 1].startswith("  ")
        assert "film with [red]" in lines[line + 1]
    assert {"words", "class"} == set(told["groups"])


def test_a_digit_is_drawn_small(command: Command, tmp_path: Path) -> None:
    run("digits", Network((8,)), Recipe(epochs=2), store=tmp_path / "s")
    told = json.loads(command("mistakes", "digits", "--store", tmp_path / "s", "--json").out)
    ended = command("mistakes", "digits", "--store", tmp_path / "s")
    for mistake in told["mistakes"]:
        assert [len(line) for line in mistake["picture"]] == [16] * 8
        assert "\n".join(f"  {line}".rstrip() for line in mistake["picture"]) in "\n".join(
            line.rstrip() for line in ended.out.splitlines()
        )


def test_a_regression_has_its_largest_errors_and_no_doubtful_labels(command: Command, store: Path) -> None:
    ended = command("mistakes", "diabetes", "--store", store, "--most", "2")
    assert (ended.code, ended.err) == (0, "")
    assert len(re.findall(r"^training row \d+: label \S+, predicted \S+ off by \S+$", ended.out, re.M)) == 2
    assert "labels that may be wrong" not in ended.out
    assert "raised by: " in ended.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mistakes", "wine", "--by", "alkohol"), "alcohol"),
        (("mistakes", "wine", "--network", "9-9"), 'has no network "9-9"'),
        (("mistakes", "wines"), "wine"),
    ],
)
def test_what_is_not_there_is_told(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    run("wine", Network((4,)), Recipe(epochs=1), store=tmp_path / "s")
    assert message in command(*arguments, "--store", tmp_path / "s").error


@pytest.mark.slow
def test_the_surest_mistakes_of_each_class_are_drawn_where_rows_are_pictures(
    command: Command, tmp_path: Path
) -> None:
    stored = run("digits", Network((8,)), Recipe(epochs=2), store=tmp_path / "s")
    out = ("--out", tmp_path / "found.png", "--out", tmp_path / "found.html")
    ended = command("mistakes", "digits", "--store", tmp_path / "s", "--most", "2", *out)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith(f"written to {tmp_path / 'found.html'}\n")
    assert (tmp_path / "found.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "found.html").read_text()
    told = json.loads(command("mistakes", "digits", "--store", tmp_path / "s", "--json").out)
    surest = told["mistakes"][0]
    assert f'"{surest["answer"]}, {surest["size"]:.1%}"' in page
    assert f'"row {surest["row"]:,}"' in page
    assert "http-equiv" in page
    assert stored.id in ended.out


def test_rows_that_are_no_pictures_are_not_drawn(command: Command, store: Path, tmp_path: Path) -> None:
    arguments = ("mistakes", "diabetes", "--store", store, "--out")
    assert "are no square pictures" in command(*arguments, tmp_path / "a.png").error
    assert 'ends in ".gif"' in command(*arguments, tmp_path / "a.gif").error
    assert not list(tmp_path.glob("a.*"))


def test_where_rows_have_several_labels_each_is_told_by_itself(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = dataclasses.replace(numbers("multilabel"), name="several")
    monkeypatch.setitem(SOURCES, "several", Source("several", "", "multilabel", "", "", lambda: data))
    stored = run("several", Network((4,)), Recipe(epochs=2), protocol=KFold(2), store=tmp_path)
    arguments = ("mistakes", "several", "--store", tmp_path, "--by", COLUMNS[0], "--most", "1000")
    told = json.loads(command(*arguments, "--json").out)
    kept = read_validation(stored.folder)
    assert kept is not None
    rows, outputs = kept
    labels = data.train.labels[rows] > 0.5
    wrong = (outputs > 0.5) != labels
    assert told["all"]["value"] == pytest.approx(1 - wrong.mean())
    assert told["mistakes_in_all"] == len(told["mistakes"]) == wrong.sum()
    sizes = [mistake["size"] for mistake in told["mistakes"]]
    assert sizes == sorted(sizes, reverse=True)
    for mistake in told["mistakes"]:
        name = mistake["answer"].removeprefix("not ")
        column = data.classes.index(name)
        place = rows.tolist().index(mistake["row"])
        assert wrong[place, column]
        assert {mistake["label"], mistake["answer"]} == {name, f"not {name}"}
        assert (mistake["label"] == name) == labels[place, column]
        sure = outputs[place, column] if mistake["answer"] == name else 1 - outputs[place, column]
        assert mistake["size"] == pytest.approx(float(sure))
    by_label = {group["name"]: group for group in told["groups"]["label"]}
    assert {name: group["figure"]["value"] for name, group in by_label.items()} == pytest.approx(
        dict(zip(data.classes, (1 - wrong.mean(axis=0)).tolist(), strict=True))
    )
    assert all(group["figure"]["high"] <= 1 for group in told["groups"][COLUMNS[0]])
    out = command(*arguments).out
    assert f"wrong answers: {wrong.sum():,}; labels that may be wrong" in out
    first = told["mistakes"][0]
    assert f"label {first['label']}, predicted {first['answer']} with {first['size']:.1%}" in out


def test_what_moved_an_answer_that_a_label_is_absent_is_what_lowers_its_output(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = dataclasses.replace(numbers("multilabel"), name="several")
    monkeypatch.setitem(SOURCES, "several", Source("several", "", "multilabel", "", "", lambda: data))
    run("several", Network(()), Recipe(Adam(0.05), epochs=20), store=tmp_path)
    told = json.loads(command("mistakes", "several", "--store", tmp_path, "--most", "50", "--json").out)
    # A label is present where its own column is high, so of a linear network that column decides.
    mean = data.train.raw.values.mean(axis=0)  # type: ignore[union-attr]
    for mistake in told["mistakes"]:
        column = data.classes.index(mistake["answer"].removeprefix("not "))
        own = next((each for each in mistake["effects"] if each["name"] == COLUMNS[column]), None)
        above = data.train.raw.values[mistake["row"], column] > mean[column]  # type: ignore[union-attr]
        if own is not None:
            assert (own["toward"] > 0) == (above != mistake["answer"].startswith("not "))


def test_answers_are_by_the_threshold_that_the_study_has_decided_on(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = dataclasses.replace(numbers("binary"), name="two")
    monkeypatch.setitem(SOURCES, "two", Source("two", "", "binary", "", "", lambda: data))
    stages = (Stage("a", {"hidden": [2], "epochs": 2}),)
    study = Study("two", Data("two"), stages, HoldOut(size=80), final=Final(threshold="f1"))
    *_, stored = carry_out(study, data, tmp_path)
    assert isinstance(stored, Stored)
    told = json.loads(command("mistakes", "two", "--store", tmp_path, "--most", "100", "--json").out)
    kept, result = read_validation(stored.study.folder), stored.study.result
    assert kept is not None
    assert result is not None
    decided = result["threshold"]["value"]
    assert decided != 0.5
    right = (kept[1][:, 0] > decided) == data.train.labels[kept[0]]
    assert told["all"]["value"] == pytest.approx(right.mean())
    assert {mistake["row"] for mistake in told["mistakes"]} == set(kept[0][~right].tolist())


@pytest.mark.slow
def test_rows_of_a_table_are_told_by_their_cells_and_grouped_by_any_column(
    command: Command, tmp_path: Path
) -> None:
    lines = [
        f"{'' if number == 7 else 20 + number % 50},{('red', 'blue', '')[number % 3]},"
        f"{'no' if number % 5 else 'yes'}"
        for number in range(90)
    ]
    (tmp_path / "sales.csv").write_text("\n".join(["age,colour,bought", *lines]) + "\n")
    command(
        "run", "sales.csv", "--target", "bought", "--hidden", "2", "--epochs", "1", "--validation", "k_fold:3"
    )
    arguments = ("mistakes", "sales", "--by", "colour", "--by", "age", "--most", "2")
    ended = command(*arguments)
    assert (ended.code, ended.err) == (0, "")
    told = json.loads(command(*arguments, "--json").out)
    groups = {
        name: {each["name"]: each["rows"] for each in told["groups"][name]} for name in ("colour", "age")
    }
    assert set(groups["colour"]) == {"red", "blue", "missing"}
    assert sum(groups["colour"].values()) == sum(groups["age"].values()) == told["rows"]
    for mistake in told["mistakes"]:
        assert re.fullmatch(r"(age \d+)?(, )?(colour (red|blue))?", mistake["text"])
        assert mistake["text"] in ended.out
    assert "expected one of age, colour" in command("mistakes", "sales", "--by", "size").error
