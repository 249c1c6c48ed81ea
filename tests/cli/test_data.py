import dataclasses
import re

import numpy as np
import pytest
from cli.ended import Command

from justfit.data.sources import SOURCES, load_dataset


def test_every_data_set_is_listed_on_a_line_of_its_own(command: Command) -> None:
    ended = command("data")
    assert (ended.code, ended.err) == (0, "")
    header, *lines = ended.out.splitlines()
    assert header.split() == ["name", "what", "it", "is", "task", "needs"]
    for line, source in zip(lines, SOURCES.values(), strict=True):
        cells = re.split(r" {2,}", line.strip())
        assert cells == [source.name, source.about, source.task, source.needs]


def test_a_row_of_numbers_is_a_table_of_its_columns(command: Command) -> None:
    ended = command("data", "show", "wine", "--row", "3")
    train = load_dataset("wine").train
    lines = ended.out.splitlines()
    label = int(train.labels[3])
    assert lines[0] == f"wine, training row 3 of {len(train)}, label {label} (class_{label})"
    shown = dict(line.split() for line in lines[2:])
    assert shown == {
        name: f"{value:g}" for name, value in zip(train.raw.columns, train.raw.values[3], strict=True)
    }


def test_a_picture_is_drawn(command: Command) -> None:
    ended = command("data", "show", "digits", "--row", "1")
    pixels = load_dataset("digits").train.raw.values[1].reshape(8, 8)
    drawn = ended.out.splitlines()[1:]
    assert [len(line) for line in drawn] == [16] * 8
    ink = np.array([[line[column] != " " for column in range(0, 16, 2)] for line in drawn])
    assert (ink[pixels >= 8]).all()
    assert not ink[pixels == 0].any()


def test_a_number_to_learn_is_shown_as_label(command: Command) -> None:
    first = command("data", "show", "diabetes").out.splitlines()[0]
    assert re.fullmatch(r"diabetes, training row 0 of 353, label \d+\.\d+", first)


def test_texts_are_shown_whole_and_the_shortest_is_found(command: Command, opinions: list[str]) -> None:
    ended = command("data", "show", "opinions", "--row", "2")
    assert ended.out == (
        "opinions, training row 2 of 81, label 0 (no)\nbad film\n\twith [red]lines[/red] and \\x1b[2J in it\n"
    )
    ended = command("data", "show", "opinions", "--shortest")
    assert ended.out == f"opinions, training row 80 of 81, label 1 (yes)\n{opinions[80]}\n"


@pytest.mark.slow
@pytest.mark.usefixtures("real_data")
def test_reviews_are_shown_as_ids_and_words(command: Command) -> None:
    heading, ids, words = command("data", "show", "imdb", "--row", "0").out.splitlines()
    assert heading == "imdb, training row 0 of 25,000, label 1 (positive)"
    assert ids.startswith("218 ids: 1, 14, 22, 16, 43, 530, 973, ")
    assert len(words.split()) == 217
    assert words.startswith("this film was ")
    shortest = command("data", "show", "imdb", "--shortest").out.splitlines()
    assert shortest[1].startswith("11 ids: 1, ")


def test_an_audit_says_a_finding_a_line_the_worst_first(command: Command, opinions: list[str]) -> None:
    ended = command("data", "audit", "opinions")
    assert (ended.code, ended.err) == (0, "")
    *lines, last = ended.out.splitlines()
    levels = [line.partition(":")[0] for line in lines]
    assert levels == sorted(levels, key=("error", "warning", "note").index)
    assert (levels, last) == (["warning", "note", "note"], "opinions: 0 errors, 1 warning, 2 notes")
    repeats = len(opinions) - len(set(opinions))
    assert any(line.startswith(f"warning: {repeats} training rows repeat an earlier one") for line in lines)


def test_an_audit_that_finds_what_would_stop_a_run_ends_so(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    wine = load_dataset("wine")
    one = wine.train.take(np.flatnonzero(wine.train.labels == 1))
    source = dataclasses.replace(SOURCES["wine"], load=lambda: dataclasses.replace(wine, train=one))
    monkeypatch.setitem(SOURCES, "wine", source)
    ended = command("data", "audit", "wine")
    assert ended.code == 1
    first, *_, last = ended.out.splitlines()
    assert first == (
        f'error: All {len(one)} training rows are of class "class_1", so there is nothing to tell apart: '
        "give rows of the other classes, too."
    )
    assert last.startswith("wine: 1 error, 0 warnings, ")
    error = command("run", "wine", "--hidden", "4").error
    assert error == f"wine: {first.removeprefix('error: ')}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("imbd",), 'There is no data set "imbd": expected one of .* Did you mean "imdb"'),
        (("wine", "--row", "142"), "wine has training rows 0 to 141: there is no row 142"),
        (("wine", "--row", "-1"), "there is no row -1"),
        (("wine", "--shortest"), "wine has rows of numbers, which are all of one length: give --row"),
    ],
)
def test_what_there_is_not_is_told(command: Command, arguments: tuple[str, ...], message: str) -> None:
    assert re.search(message, command("data", "show", *arguments).error)
