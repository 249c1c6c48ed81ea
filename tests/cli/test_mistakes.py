"""``justfit mistakes``: what is printed is in what the study's own network says of validation rows."""

import json
import re
from pathlib import Path

import pytest
from cli.ended import Command

from justfit.spec import KFold, Network, Recipe
from justfit.store import read_study, read_validation, study_folders
from justfit.workflow import run


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
